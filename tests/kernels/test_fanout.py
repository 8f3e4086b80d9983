"""Watch fan-out kernels against plain Python: who is concerned, and who gets what."""

from collections.abc import Callable
from unittest import mock

import numpy as np
import pytest
import watch_loads
from hypothesis import given, settings
from reference import fanout as twin

from kscale.kernels import fanout, fanout_match
from kscale.mechanisms import watch_fanout, watch_server
from kscale.mechanisms.base import Outcome
from kscale.mechanisms.watch_load import WatchLoad

RUNS: dict[str, Callable[[WatchLoad], Outcome]] = {
    "scan": lambda load: watch_fanout.run_scan(watch_fanout.build_scan(load)),
    "screen": lambda load: watch_fanout.run_screen(watch_fanout.build_scan(load)),
    "index": lambda load: watch_fanout.run_index(watch_fanout.build_index(load)),
}


def check(load: WatchLoad) -> None:
    """Every kernel gives every watcher what the slow twin gives it."""
    server, watchers = watch_loads.simulate(load)
    tail = len(watchers) - load.everything
    expected = [
        [len(w.got), w.lost, w.ended, watch_loads.checksum(w.got) if i < tail else 0]
        for i, w in enumerate(watchers)
    ]
    for name, run in RUNS.items():
        outcome = run(load)
        assert outcome.answer.tolist() == expected, name
        assert outcome.work["waited_ns"] == server.waited, name
        assert outcome.work["waits"] == server.waits, name
        assert outcome.work["terminated"] == sum(w.ended >= 0 for w in watchers), name
        assert outcome.work["drops"] == sum(w.lost for w in watchers), name


@settings(max_examples=300, deadline=None)
@given(watch_loads.loads())
def test_every_watcher_gets_what_the_slow_twin_gives_it(load: WatchLoad) -> None:
    """Deliveries and their order, losses, ends and waits are those of one event at a time."""
    check(load)


@settings(max_examples=60, deadline=None)
@given(watch_loads.loads())
def test_how_many_events_are_matched_at_a_time_changes_nothing(load: WatchLoad) -> None:
    """Also where `found` holds hardly one event's watchers."""
    with mock.patch.object(watch_server, "EVENTS", 2):
        check(load)


BUSY = [(i % 3, i % 3 if i % 5 else -1, i % 2) for i in range(40)]
BORDERS = {
    "no events": watch_loads.load([], scopes=[0], nodes=[1], everything=2),
    "no watchers": watch_loads.load(BUSY),
    "one watcher of everything": watch_loads.load(BUSY, everything=1),
    "one watcher of a node": watch_loads.load(BUSY, nodes=[2]),
    "a watcher without events": watch_loads.load(BUSY, nodes=[9], scopes=[4]),
    "channels of 0": watch_loads.load(BUSY, nodes=[0, 1, 2], scopes=[0], everything=2, cap=0),
    "channels of 1": watch_loads.load(BUSY, nodes=[0, 1, 2], scopes=[0], everything=2, cap=1),
    "nobody reads": watch_loads.load(BUSY, nodes=[0, 1, 2], scopes=[0, 1], everything=3, take=0),
    "everyone is slow": watch_loads.load(BUSY, nodes=[0, 1, 2], scopes=[0, 1], everything=3, take=1),
    "in turn": watch_loads.load(BUSY, nodes=[0, 1], scopes=[1], everything=3, take=1, together=False),
    "a wait over many ticks": watch_loads.load(
        BUSY, nodes=[0], everything=2, take=[0, 1, 1], tick=watch_loads.MS
    ),
    "a pod that moves": watch_loads.load([(3, 1, 0), (1, 3, 0), (1, 1, 0), (-1, 1, 0)], nodes=[1, 1, 3]),
    "a whole vector of everything": watch_loads.load(BUSY, everything=watch_server.LANES, cap=2, take=1),
    "one more": watch_loads.load(BUSY, everything=watch_server.LANES + 1, cap=2, take=1),
}


@pytest.mark.tiny
@pytest.mark.parametrize("load", BORDERS.values(), ids=BORDERS.keys())
def test_borders(load: WatchLoad) -> None:
    """The least and the odd loads follow the same rules."""
    check(load)


@pytest.mark.tiny
def test_blocked_watchers_share_a_timer_or_wait_in_turn() -> None:
    """Two clients that never read cost one budget together, in turn also what refills in the meantime."""
    ms = watch_loads.MS
    events = [(-1, -1, 0)] * 6  # the sixth, at 50 ms, finds both channels full and a budget of 25 ms
    for together, waited in ((True, 25 * ms), (False, 25 * ms + 25 * ms // 2)):
        load = watch_loads.load(
            events, scopes=[0], everything=1, cap=5, take=0, refill=500 * ms, together=together
        )
        outcome = RUNS["index"](load)
        assert outcome.answer[:, 2].tolist() == [5, 5]
        assert outcome.work["waited_ns"] == waited


@pytest.mark.tiny
def test_a_slow_client_is_served_within_the_budget() -> None:
    """A client that reads 10 ms after its channel was full costs 10 ms and is not ended."""
    ms = watch_loads.MS
    load = watch_loads.load([(0, 0, 0)] * 6, nodes=[0], cap=5, take=1, tick=60 * ms, refill=500 * ms)
    outcome = RUNS["index"](load)
    assert (outcome.work["waited_ns"], outcome.work["terminated"]) == (10 * ms, 0)
    assert outcome.work["deliveries"] == 6


def match_all(load: WatchLoad, kernel: Callable[..., int], *extra: np.ndarray) -> list[list[int]]:
    """Return the watchers that *kernel* finds for each event."""
    events = len(load.new)
    found = np.zeros(events * load.watchers + load.watchers + 1, dtype=np.int32)
    scope_ends, node_ends = np.zeros(events, dtype=np.int32), np.zeros(events, dtype=np.int32)
    columns = (load.new, load.old, load.namespace)
    assert kernel(*columns, *extra, found, scope_ends, node_ends) == events
    ends = [0, *node_ends.tolist()]
    return [found[ends[i] : ends[i + 1]].tolist() for i in range(events)]


@pytest.mark.parametrize("size", [1, 31, 255, 256, 257, 511, 512, 513, 1025])
def test_matches_at_every_border_of_a_block(size: int) -> None:
    """First, last and no watcher of a group are found at every size, by every kernel."""
    nodes = np.arange(size, dtype=np.int32)
    scopes = np.repeat(np.arange(2, dtype=np.int32), [size, 1])
    ends = np.arange(size + 1, dtype=np.int32) + len(scopes)
    node_from = np.concatenate((ends[:1], ends))
    scope_from = np.array([0, size, size + 1, size + 1], dtype=np.int32)
    spots = sorted({0, size // 2, size - 1})
    rows = [(new, old, namespace) for new in [-1, *spots] for old in [-1, *spots] for namespace in (0, 1, 2)]
    events = [twin.Event(*row) for row in rows]
    expected = twin.matching(events, scopes.tolist(), nodes.tolist())
    load = watch_loads.load(rows, scopes=scopes.tolist(), nodes=nodes.tolist())
    verdicts = np.zeros(len(scopes) + len(nodes), dtype=np.uint8)
    assert match_all(load, fanout_match.by_scan, scopes, nodes, verdicts) == expected
    assert match_all(load, fanout_match.by_screen, scopes, nodes) == expected
    assert match_all(load, fanout_match.by_node, scopes, node_from) == expected
    assert match_all(load, fanout_match.by_node_and_scope, scope_from, node_from) == expected


def test_each_kernel_is_compiled_once() -> None:
    """Equal dtypes at the boundary: one signature each."""
    check(BORDERS["everyone is slow"])
    check(watch_loads.load(BUSY, nodes=[0], scopes=[0], everything=1, scope_index=False))
    kernels = (
        fanout.deliver,
        fanout.finish,
        fanout.load_tail,
        fanout_match.by_scan,
        fanout_match.by_screen,
        fanout_match.by_node,
        fanout_match.by_node_and_scope,
    )
    for kernel in kernels:
        assert len(getattr(kernel, "signatures", [0])) == 1, kernel
