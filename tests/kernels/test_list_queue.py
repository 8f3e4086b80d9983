"""Lists on the virtual clock against a plain server in exact fractions, and against arithmetic."""

import random

import numpy as np
import pytest
from reference import lists

from kscale.kernels import list_queue
from kscale.scenario import draw
from kscale.scenario.draw import Stream

MS = 1_000_000
S = 1000 * MS


def rules(**given: int) -> list_queue.Longs:
    """Return rules: a service of 1 s at full speed, no wait, by default."""
    made = np.zeros(list_queue.RULES, dtype=np.int64)
    default = {"SERVICE": S, "SPEED": 1000, "LIMIT": 400, "RETRY": S, "TRIES": 10, "PATIENCE": 3 * S}
    for name, value in {**default, **given}.items():
        made[getattr(list_queue, name)] = value
    return made


def serve(
    arrivals: list[int], made: list_queue.Longs, seed: int = 1
) -> tuple[list[int], list[int], list[int]]:
    """Return latencies, waits and what was seen."""
    n = len(arrivals)
    latency, waited = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    seen = np.zeros(list_queue.SEEN, dtype=np.int64)
    random_state = draw.generator(seed, Stream.LIST_CACHE)
    list_queue.serve(np.array(arrivals, dtype=np.int64), made, random_state, latency, waited, seen)
    return latency.tolist(), waited.tolist(), seen.tolist()


@pytest.mark.tiny
def test_two_lists_share_by_hand() -> None:
    """Alone for 0.4 s, then at half speed: the first ends 1.2 s later, the second when it has been alone."""
    latency, _, seen = serve([0, 400 * MS], rules())
    assert latency == [1600 * MS, 1600 * MS]
    assert seen[list_queue.PEAK] == 2
    assert seen[list_queue.DONE] == 2 * S


@pytest.mark.tiny
def test_no_lists_are_served_at_once() -> None:
    """Nothing to do ends."""
    assert serve([], rules()) == ([], [], [0] * list_queue.SEEN)


@pytest.mark.parametrize("speed", [300, 1000, 2500, 400_000])
@pytest.mark.parametrize("limit", [2, 400])
def test_sharing_agrees_with_exact_fractions(speed: int, limit: int) -> None:
    """The same refusals, and latencies but for the rounding of each step, for arrivals in bursts."""
    cases = random.Random(speed + limit)  # noqa: S311 - test data
    arrivals = sorted(cases.randrange(20 * S) for _ in range(40))
    made = rules(SPEED=speed, LIMIT=limit, TRIES=3)
    latency, _, seen = serve(arrivals, made)
    twin = lists.Sharing(S, speed, limit, retry=S, tries=3)
    twin.serve(arrivals)
    assert [seen[list_queue.REFUSED], seen[list_queue.FAILED]] == [twin.refused, twin.failed]
    rounding = 1 + 40 * 1000 // speed  # ns a step: a ns of work, by how many share
    assert max(abs(latency[i] - twin.done[i]) for i in range(40)) <= 2 * 40 * 4 * rounding


@pytest.mark.tiny
def test_refusals_come_again_and_are_given_up() -> None:
    """One runs for 5 s, the other is refused each second, three times in all."""
    latency, _, seen = serve([0, 1], rules(SERVICE=5 * S, LIMIT=1, TRIES=2))
    assert latency == [5 * S, 2 * S]
    assert seen[:3] == [3, 0, 1]


FRESH = {"FRESH": 1, "ROUND_TRIP": MS, "LAG": 2 * MS, "SERVICE": MS}


@pytest.mark.tiny
def test_a_quiet_cache_is_told_at_the_next_period() -> None:
    """Writes to other types all the time and no event: until etcd answers the question of the next period."""
    arrivals = [130 * MS + i * S for i in range(20)]
    _, waited, seen = serve(arrivals, rules(**FRESH, ASK=100 * MS, OTHERS=1))
    at = lists.fresh_at(130 * MS, [], behind=True, ask=100 * MS, notify=0, trip=MS, lag=2 * MS)
    assert waited == [at - 131 * MS] * 20 == [72 * MS] * 20
    assert seen[list_queue.STALE] == 0


@pytest.mark.tiny
def test_without_other_writes_nobody_waits() -> None:
    """A cache that has everything is asked at once."""
    _, waited, _ = serve([S, 2 * S], rules(**FRESH, ASK=100 * MS))
    assert waited == [0, 0]


@pytest.mark.tiny
def test_without_questions_a_quiet_type_is_refused() -> None:
    """3 s of patience, a second until it comes again: ten more times, and then it is given up."""
    latency, waited, seen = serve([S], rules(**FRESH, OTHERS=1))
    assert seen[:3] == [0, 11, 1]
    assert waited == [33 * S]
    assert latency == [11 * (3 * S + MS) + 10 * S]


@pytest.mark.tiny
def test_etcd_tells_by_itself() -> None:
    """Without being asked, but every 5 s: who comes 2 s before it waits until then."""
    _, waited, seen = serve([13 * S], rules(**FRESH, OTHERS=1, NOTIFY=5 * S))
    assert waited == [2 * S + 2 * MS - MS]
    assert seen[list_queue.STALE] == 0


def test_the_next_event_ends_the_wait() -> None:
    """Events every 10 ms on the mean: that is the mean wait too, plus the lag and less the round trip."""
    arrivals = [(i + 1) * 50 * MS + i * 7919 for i in range(20_000)]
    _, waited, _ = serve(arrivals, rules(**FRESH, OTHERS=1, EVENTS=10 * MS))
    assert abs(np.mean(waited) / ((10 + 2 - 1) * MS) - 1) < 0.03


def test_waits_are_even_in_the_period() -> None:
    """Where all are behind, quantiles of the wait are those of a uniform one, to the period and two hops."""
    arrivals = np.zeros(100_000, dtype=np.int64)
    list_queue.arrive(S // 10, draw.generator(3, Stream.LIST_ARRIVALS), arrivals)
    _, waited, _ = serve(arrivals.tolist(), rules(**FRESH, ASK=100 * MS, OTHERS=1))
    for share in (0.1, 0.5, 0.9, 0.999):
        assert abs(np.quantile(waited, share) - (100 * share + 3) * MS) < 1.5 * MS


def test_how_often_the_cache_is_behind() -> None:
    """Events and other writes as often as each other: half of all reads meet a cache that lacks one."""
    arrivals = [(i + 1) * S + i * 7919 for i in range(20_000)]
    made = rules(**FRESH, ASK=100 * MS, OTHERS=10 * S, EVENTS=10 * S)
    _, waited, _ = serve(arrivals, made)
    behind = sum(wait > 2 * MS for wait in waited) / len(waited)
    assert 0 < behind < 0.5  # an answered question makes up for other writes, so it is less than half
    never = rules(**FRESH, OTHERS=10 * S, EVENTS=10 * S, PATIENCE=1000 * S)
    _, alone, _ = serve([at * 20 for at in arrivals], never)
    share = sum(wait > 2 * MS for wait in alone) / len(alone)
    assert abs(share - 0.5) < 0.02


def test_arrivals_have_their_mean() -> None:
    """Ascending, and as many a second as asked for."""
    arrivals = np.zeros(100_000, dtype=np.int64)
    last = list_queue.arrive(S, draw.generator(3, Stream.LIST_ARRIVALS), arrivals)
    assert (np.diff(arrivals) >= 0).all()
    assert abs(last / S / 100_000 - 1) < 0.01
