"""Lists on the virtual clock against a plain server in exact fractions, and against arithmetic."""

import random
from itertools import accumulate

import numpy as np
import pytest
from reference import lists

from kscale.kernels import draws, list_queue
from kscale.scenario import draw
from kscale.scenario.draw import Stream

MS = 1_000_000
S = 1000 * MS


def rules(**given: int) -> list_queue.Longs:
    """Return rules: a service of 1 s at full speed, no wait, by default."""
    made = np.zeros(list_queue.RULES, dtype=np.int64)
    default = {
        "SERVICE": S,
        "SPEED": 1000,
        "LIMIT": 400,
        "RETRY": S,
        "TRIES": 10,
        "PATIENCE": 3 * S,
        "TIMEOUT": 60 * S,
    }
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
    random_state = draw.generators(seed, Stream.LIST_CACHE, 0, 2)
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
@pytest.mark.parametrize("timeout", [5 * S, 600 * S])
def test_sharing_agrees_with_exact_fractions(speed: int, limit: int, timeout: int) -> None:
    """The same refusals and time-outs, and latencies but for the rounding of each step, for bursts."""
    cases = random.Random(speed + limit)  # noqa: S311 - test data
    arrivals = sorted(cases.randrange(20 * S) for _ in range(40))
    made = rules(SPEED=speed, LIMIT=limit, TRIES=3, TIMEOUT=timeout)
    latency, _, seen = serve(arrivals, made)
    twin = lists.Sharing(S, speed, limit, retry=S, tries=3, timeout=timeout)
    twin.serve(arrivals)
    ours = [seen[i] for i in (list_queue.REFUSED, list_queue.FAILED, list_queue.TIMED_OUT)]
    assert ours == [twin.refused, twin.failed, twin.timed_out]
    assert twin.timed_out > 0 or speed > 300 or timeout > 5 * S
    rounding = 1 + 40 * 1000 // speed  # ns a step: a ns of work, by how many share
    assert max(abs(latency[i] - twin.done[i]) for i in range(40)) <= 2 * 40 * 4 * rounding


@pytest.mark.tiny
def test_refusals_come_again_and_are_given_up() -> None:
    """One runs for 5 s, the other is refused each second, three times in all; that is no answer in 2 s."""
    latency, _, seen = serve([0, 1], rules(SERVICE=5 * S, LIMIT=1, TRIES=2))
    assert latency == [5 * S, 60 * S]
    assert seen[:3] == [3, 0, 1]


@pytest.mark.tiny
def test_a_list_is_cancelled_after_the_time_out() -> None:
    """Two share from 30 s on and neither ends in time; the third has the first one's place, and does."""
    arrivals = [0, 30 * S, 61 * S]
    latency, _, seen = serve(arrivals, rules(SERVICE=45_400 * MS, LIMIT=2))
    assert latency == [60 * S, 60 * S, 59_900 * MS]
    assert seen[list_queue.TIMED_OUT] == 2
    assert seen[list_queue.PEAK] == 2


FRESH = {"FRESH": 1, "ROUND_TRIP": MS, "LAG": 2 * MS, "SERVICE": MS}


@pytest.mark.tiny
def test_an_idle_requester_asks_at_once() -> None:
    """Writes to other types all the time and no event: who comes first is told after two hops and the lag."""
    arrivals = [130 * MS + i * S for i in range(20)]
    _, waited, seen = serve(arrivals, rules(**FRESH, ASK=100 * MS, OTHERS=1))
    assert waited == [3 * MS] * 20
    assert seen[list_queue.STALE] == 0


@pytest.mark.tiny
def test_etcd_is_not_asked_again_within_the_period() -> None:
    """The second comes 10 ms after the first: it waits for the next question, 100 ms after the first one."""
    _, waited, _ = serve([S, S + 10 * MS, S + 90 * MS], rules(**FRESH, ASK=100 * MS, OTHERS=1))
    assert waited == [3 * MS, 93 * MS, 13 * MS]


def drawn(number: int, mean: int, until: int) -> list[int]:
    """Return the times that the kernel draws from a generator of its own."""
    times, state = [0], draw.generators(1, Stream.LIST_CACHE, 0, 2)[number]
    while mean and times[-1] < until:
        times.append(times[-1] + 1 + draws.waiting(state, mean))
    return times


@pytest.mark.parametrize("ask", [0, 100 * MS])
@pytest.mark.parametrize("notify", [0, 500 * MS])
@pytest.mark.parametrize(
    ("events", "others"), [(0, 20 * MS), (50 * MS, 20 * MS), (300 * MS, 5 * MS), (MS, 0)]
)
@pytest.mark.parametrize("reads", [1, 20, 400])
def test_waits_are_those_of_the_requester(
    ask: int, notify: int, events: int, others: int, reads: int
) -> None:
    """Each read waits just as long as in a server with a timer and waiters, whatever comes when."""
    every = random.Random(reads + ask + notify + events)  # noqa: S311 - test data
    arrivals = sorted(every.randrange(400 * MS * 1000 // reads) for _ in range(400))
    arrivals = [at for at, after in zip(arrivals, [*arrivals[1:], 1 << 62], strict=True) if after > at]
    spans = [50 * mean for mean in (events, others) if mean]  # so that the kernel draws every time
    arrivals = list(accumulate(min(gap, *spans) for gap in np.diff([0, *arrivals]).tolist()))
    made = rules(**FRESH, ASK=ask, NOTIFY=notify, EVENTS=events, OTHERS=others, TRIES=0, LIMIT=10**6)
    _, waited, seen = serve(arrivals, made)
    until = arrivals[-1] + 10 * S
    twin = lists.Freshness(MS, 2 * MS, ask, notify, 3 * S)
    twin.follow(arrivals, drawn(0, events, until), drawn(1, others, until))
    assert waited == [twin.end[i] - at - MS for i, at in enumerate(arrivals)]
    assert seen[list_queue.STALE] == len(twin.late)
    assert not ask or min(np.diff([-S, *twin.requests])) >= ask


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
    assert latency == [60 * S]  # it fails after 43 s, and is not answered in 43 s


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
    """Where reads come all the time and all are behind, waits are uniform, to the period and two hops."""
    arrivals = np.zeros(100_000, dtype=np.int64)
    list_queue.arrive(S // 200, draw.generator(3, Stream.LIST_ARRIVALS), arrivals)
    _, waited, _ = serve(arrivals.tolist(), rules(**FRESH, ASK=100 * MS, OTHERS=1))
    for share in (0.1, 0.5, 0.9, 0.999):
        assert abs(np.quantile(waited, share) - (100 * share + 2) * MS) < 3 * MS


def test_how_often_the_cache_is_behind() -> None:
    """Events and other writes as often as each other: half of all reads meet a cache that lacks one."""
    arrivals = [(i + 1) * S + i * 7919 for i in range(20_000)]
    made = rules(**FRESH, ASK=100 * MS, OTHERS=10 * S, EVENTS=10 * S)
    _, waited, _ = serve(arrivals, made)
    behind = sum(wait > 2 * MS for wait in waited) / len(waited)
    assert 0 < behind < 0.5  # an answered question makes up for other writes, so it is less than half
    never = rules(**FRESH, OTHERS=10 * S, EVENTS=10 * S, PATIENCE=1000 * S, TIMEOUT=10_000 * S)
    _, alone, _ = serve([at * 20 for at in arrivals], never)
    share = sum(wait > 2 * MS for wait in alone) / len(alone)
    assert abs(share - 0.5) < 0.02


def test_arrivals_have_their_mean() -> None:
    """Ascending, and as many a second as asked for."""
    arrivals = np.zeros(100_000, dtype=np.int64)
    last = list_queue.arrive(S, draw.generator(3, Stream.LIST_ARRIVALS), arrivals)
    assert (np.diff(arrivals) >= 0).all()
    assert abs(last / S / 100_000 - 1) < 0.01
