"""The mechanism watch-bookmark: closed forms, its promise, where it loses, what the profiles change."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bookmark_works import CLUSTER, cluster, near, run, works_of

from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import bookmarks
from kscale.mechanisms import bookmark_load, bookmark_size, bookmark_times, watch_bookmark
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome
from kscale.mechanisms.bookmark_size import HOUR, SECOND, Params
from kscale.scenario import profiles

MINUTE = 60 * SECOND


@pytest.mark.parametrize("ring", [100, 1000, 3000])
def test_without_bookmarks_chance_decides(ring: int) -> None:
    """P(410) = exp(-f N) and (1 / f) (1 - exp(-f N) (1 + f N)) events a return, whatever the rate."""
    for rate in (20.0, 60.0):
        work = works_of(ring=ring, events_per_s=rate, reconnect_ns=0, duration_ns=4 * HOUR)[BASELINE]
        f, n = 1 / 1000, ring
        assert near(work["relists"] / work["returns"], math.exp(-f * n), 0.05)
        scanned = (1 - math.exp(-f * n) * (1 + f * n)) / f
        assert near(work["init_events"] / work["returns"], scanned, 0.08)


@pytest.mark.parametrize("reconnect", [0, SECOND, 4 * SECOND])
def test_a_bookmark_before_the_end_leaves_two_seconds(reconnect: int) -> None:
    """Orderly ends under the policy of 1.15: rate x (2 s + time until the client is back)."""
    works = works_of(match_ppm=1, ring=5000, events_per_s=50.0, reconnect_ns=reconnect)
    work = works["deadline"]
    assert work["relists"] == 0
    assert near(work["init_events"] / work["returns"], 50 * (2 + reconnect / SECOND), 0.03)
    assert work["bookmarks"] == work["returns"]
    assert works[OPTIMIZED]["init_events"] == work["init_events"]


@pytest.mark.parametrize("reconnect", [0, 10 * SECOND])
def test_a_bookmark_a_minute_leaves_half_a_minute(reconnect: int) -> None:
    """Abrupt ends under the policy of 1.19: U(0, 60 s) and the time until the client is back."""
    works = works_of(ends="abrupt", match_ppm=1, ring=20_000, events_per_s=50.0, reconnect_ns=reconnect)
    work = works[OPTIMIZED]
    assert work["relists"] == 0
    assert near(work["init_events"] / work["returns"], 50 * (30 + reconnect / SECOND), 0.03)
    assert works["deadline"] == {**works[BASELINE], "upstream": 0}  # the server did not know


def test_a_server_restarted_refuses_what_is_older() -> None:
    """Without bookmarks a client's last event is since the new server's start, or it lists: exp(-f r age)."""
    age, rate = 100, 5.0
    works = works_of(
        ends="restart",
        watchers=1000,
        match_ppm=2000,
        events_per_s=rate,
        restarted_ns=age * SECOND,
        every_ns=5 * MINUTE,
        ring=10_000,
        duration_ns=HOUR // 2,
    )
    work = works[BASELINE]
    wanted = math.exp(-rate * 0.002 * age)
    assert near(work["relists"] / (work["watchers"] * work["moves"]), wanted, 0.1)


@pytest.mark.tiny
@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_variants_agree_and_their_counters_repeat(profile: str) -> None:
    """A seed fixes every counter; each is described by a metric."""
    on = cluster(profile, nodes=20)
    params: dict[str, Any] = {"ends": "restart", "duration_ns": HOUR // 4, "events_per_s": 1.0}
    works = works_of(on, **params)
    assert works == works_of(on, **params)
    for work in works.values():
        assert work.keys() == {metric.name for metric in watch_bookmark.METRICS}
        assert work["resumed"] + work["relists"] == work["returns"]
        assert work["resynced"] >= work["init_events"] >= work["init_matches"]


def test_counters_of_one_load() -> None:
    """The counters of one load, so that a change of any is seen."""
    works = works_of(ends="failover", events_per_s=20.0, ring=500, duration_ns=HOUR // 2)
    shared = {name: {work[name] for work in works.values()} for name in ("returns", "moves", "events")}
    assert shared == {"returns": {5066}, "moves": {2}, "events": {35_624}}
    pinned = ("init_events", "relists", "bytes_relisted", "bookmarks", "init_matches", "resynced", "resumed")
    assert {name: [work[counter] for counter in pinned] for name, work in works.items()} == {
        BASELINE: [471_249, 3008, 307_990_178, 0, 3, 1_975_249, 2058],
        OPTIMIZED: [408_340, 695, 71_161_294, 30_387, 7, 755_840, 4371],
        "deadline": [313_551, 1168, 119_591_931, 3074, 5, 897_551, 3898],
        "progress": [408_340, 695, 71_161_294, 30_387, 7, 755_840, 4371],
    }
    assert [work["relists_peak"] for work in works.values()] == [606, 348, 600, 348]
    assert {work["ring_events"] for work in works.values()} == {500}
    assert works[OPTIMIZED]["relists"] < works["deadline"]["relists"] < works[BASELINE]["relists"]
    assert works[BASELINE]["relists_peak"] > 100  # everyone is back within a second
    work = works[BASELINE]
    assert work["objects_relisted"] == work["relists"] * 10_000 // 1000
    assert work["init_cpu_ns"] == work["init_events"] * CLUSTER.costs["watch_init_event_ns"]


@pytest.mark.parametrize(
    ("rate", "ring", "left"),
    [
        (20.0, 1000, 0.044),
        (100.0, 1000, 0.22),
        (500.0, 1000, 1.0),
        (100.0, 8333, 0.037),
        (500.0, 102_400, 0.10),
    ],
)
def test_three_percent_is_one_region_of_a_surface(rate: float, ring: int, left: float) -> None:
    """What a bookmark before each time-out leaves, for 10,000 clients: 2 r f / (1 - exp(-f N))."""
    works = works_of(watchers=10_000, events_per_s=rate, ring=ring, duration_ns=10 * MINUTE)
    assert near(works["deadline"]["resynced"] / works[BASELINE]["resynced"], left, 0.05)


def test_what_is_executed_and_what_is_modelled() -> None:
    """Lists and resumptions follow from look-ups in a real history; the rest is arithmetic on it."""
    named = {metric.name: metric for metric in watch_bookmark.METRICS}
    measured = {name for name, metric in named.items() if metric.provenance == "measured"}
    assert measured == {"relists", "resumed", "ring_events"}
    headline = [name for name, metric in named.items() if metric.headline]
    assert headline == ["relists", "bytes_relisted", "init_events", "bookmarks"]


def test_the_history_is_that_of_the_profile() -> None:
    """Fixed by type to 1.18, then grown to span 75 s."""
    assert works_of(events_per_s=50.0)[BASELINE]["ring_events"] == 1000
    assert works_of(events_per_s=50.0, type="secrets")[BASELINE]["ring_events"] == 100
    newer = works_of(cluster("k8s-1.20"), events_per_s=50.0, ends="abrupt")
    assert newer[BASELINE]["ring_events"] == 6400
    assert newer[OPTIMIZED]["relists"] == 0  # a minute and 15 s more
    assert bookmark_size.history(profiles.get("k8s-1.36"), Params(ring=7)) == (7, 7)


@pytest.mark.tiny
def test_when_bookmarks_are_sent() -> None:
    """Each minute until the one 2 s before the time-out; at once with it only one."""
    lengths = np.array([300, 302, 330, 362, 59, 62]) * SECOND
    ends = lengths.copy()
    ends[2] = 200 * SECOND  # broken off
    load = bookmark_load.make(cluster(nodes=2), Params(events_per_s=0.1, duration_ns=HOUR // 4))
    watches = np.zeros((bookmarks.WATCH, len(ends)), dtype=np.int64)
    watches[bookmarks.END] = ends
    load = replace(load, begins=np.zeros(len(ends), dtype=np.int64), deadlines=lengths, watches=watches)
    sent, last = bookmark_times.before_the_end(load, *bookmark_times.each_period(load))
    assert sent.tolist() == [5, 5, 3, 6, 1, 1]
    assert (last // SECOND).tolist() == [298, 300, 180, 360, 57, 60]
    sent, last = bookmark_times.before_the_end(load, *bookmark_times.nothing(load))
    assert sent.tolist() == [1, 1, 0, 1, 1, 1]
    unforeseen = replace(load, foreseen=False)
    sent, last = bookmark_times.before_the_end(unforeseen, *bookmark_times.each_period(unforeseen))
    assert sent.tolist() == [5, 5, 3, 6, 0, 1]


def test_a_bookmark_ahead_of_its_time_is_caught() -> None:
    """A client told of more than it was sent misses events, and is named."""
    load = bookmark_load.make(CLUSTER, Params(events_per_s=50.0, reconnect_ns=SECOND, duration_ns=HOUR // 4))
    server = watch_bookmark.build_deadline(load)
    ahead = np.where(server.bookmark >= 0, server.bookmark + 10_000_000, server.bookmark)
    broken = watch_bookmark.run(replace(server, bookmark=ahead))
    with pytest.raises(WrongAnswer, match=r"deadline gives watcher \d+ \d+ events that its client was not"):
        watch_bookmark.agree(load, run(load) | {"deadline": broken})


def test_a_lost_or_repeated_return_is_caught() -> None:
    """Each client comes back as often as its watches end, and is never sent an event of its own twice."""
    load = bookmark_load.make(CLUSTER, Params(events_per_s=50.0, duration_ns=HOUR // 4))
    outcomes = run(load)
    for column, said in ((bookmarks.RESUMES, "returns, not"), (bookmarks.REPEATED, "1 events sent to its")):
        answer = outcomes[OPTIMIZED].answer.copy()
        answer[5, column] += 1
        broken = outcomes | {OPTIMIZED: Outcome(outcomes[OPTIMIZED].work, answer)}
        with pytest.raises(WrongAnswer, match=rf"optimized gives watcher 5 .*{said}"):
            watch_bookmark.agree(load, broken)


@pytest.mark.tiny
def test_what_cannot_be_simulated_is_refused() -> None:
    """No such type, too little or too much of it, a server in use before it is started: one line each."""
    small = cluster(nodes=2)
    with pytest.raises(KscaleError, match=r"no objects of type 'pod'; did you mean 'pods'"):
        bookmark_load.make(small, Params(type="pod"))
    with pytest.raises(KscaleError, match=r"1e-05 events a second at least, got 1e-06"):
        bookmark_load.make(small, Params(events_per_s=1e-6))
    with pytest.raises(KscaleError, match=r"most are 50,000,000 and 10,000,000; lower events_per_s"):
        bookmark_load.make(small, Params(events_per_s=1e6))
    with pytest.raises(KscaleError, match=r"1.18e\+07 watches, most are 50,000,000 and 10,000,000"):
        bookmark_size.plan(small, Params(watchers=500_000, events_per_s=1.0, duration_ns=5 * HOUR // 2))
    with pytest.raises(ValueError, match=r"restarted_ns must be below half of every_ns"):
        Params(ends="restart", restarted_ns=5 * MINUTE)


@pytest.mark.tiny
def test_the_time_of_a_watch_grows_with_their_number() -> None:
    """A plan for many watches is not that for few, multiplied: their arrays do not fit the caches."""
    small = cluster(nodes=20)
    few, many = (
        bookmark_size.cost_ns(small, Params(watchers=count, events_per_s=1.0)) for count in (5000, 500_000)
    )
    assert many > 180 * few
    assert many > 3e9  # 11 s for loading and two variants


@pytest.mark.tiny
def test_memory_is_above_what_is_held() -> None:
    """The bound covers the arrays of the load and of a server."""
    small = cluster(nodes=20)
    params = Params(events_per_s=5.0, duration_ns=HOUR)
    load = bookmark_load.make(small, params)
    server = watch_bookmark.build_periodic(load)
    arrays = (
        load.times,
        load.watches,
        load.begins,
        load.deadlines,
        server.rvs,
        server.bookmark,
        server.rings,
    )
    held = sum(one.nbytes for one in arrays)
    assert bookmark_size.memory(small, params) > held
    assert watch_bookmark.losses({BASELINE: works_of(small, events_per_s=5.0)[BASELINE]}) == ()
