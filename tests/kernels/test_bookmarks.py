"""Clients that resume: the kernels against one happening after the other in plain Python."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import watch_ring as twin

from kscale.kernels import bookmarks, watch_ring
from kscale.kernels.watch_ring import Longs
from kscale.scenario import draw
from kscale.scenario.draw import Stream

NEVER = -1


@dataclass(frozen=True)
class Case:
    """A small load; times are plain numbers."""

    times: list[int]
    gaps: list[int]  # between RVs
    first: list[int]
    concerned: list[int]
    watches: list[twin.Watch]
    held: list[int]
    servers: list[tuple[int, int, int]]
    bounds: tuple[int, int]

    @property
    def rvs(self) -> list[int]:
        """RVs ascend with gaps."""
        return np.cumsum(self.gaps).tolist() if self.gaps else []

    def concerns(self, client: int, event: int) -> bool:
        """Clients in a row, round the end."""
        return (client - self.first[event]) % len(self.held) < self.concerned[event]

    def history(self, list_rv: int) -> twin.History:
        """An empty history."""
        return twin.History(*self.bounds, window=30, list_rv=list_rv)


@st.composite
def cases(draw_one: st.DrawFn) -> Case:
    """Return any load of a few clients; what a bookmark says is any version up to then."""
    clients = draw_one(st.integers(1, 5))
    times = np.cumsum(draw_one(st.lists(st.integers(0, 6), max_size=50))).tolist()
    gaps = draw_one(st.lists(st.integers(1, 3), min_size=len(times), max_size=len(times)))
    rvs: list[int] = np.cumsum(gaps).tolist() if gaps else []
    first = [draw_one(st.integers(0, clients - 1)) for _ in times]
    concerned = [draw_one(st.integers(0, clients)) for _ in times]

    def version(time: int) -> int:
        """The store's version at a time."""
        return max([0, *(rv for rv, at in zip(rvs, times, strict=True) if at <= time)])

    watches = []
    for client in range(clients):
        now = draw_one(st.integers(0, 20))
        for _ in range(draw_one(st.integers(0, 5))):
            end = now + draw_one(st.integers(1, 40))
            back = end + draw_one(st.integers(0, 8))
            told = draw_one(st.sampled_from([NEVER, version(now), version(end)]))
            watches.append(twin.Watch(client, end, back, version(back), told))
            now = back
    servers, at = [], 0
    for _ in range(draw_one(st.integers(0, 2))):
        start = at + draw_one(st.integers(1, 60))
        at = start + draw_one(st.integers(1, 30))
        servers.append((start, at, version(start)))
    watches.sort(key=lambda one: one.back)
    bounds = draw_one(st.sampled_from([(3, 3), (4, 16), (8, 8)]))
    return Case(times, gaps, first, concerned, watches, [0] * clients, servers, bounds)


def longs(values: list[int]) -> Longs:
    """Return int64 values."""
    return np.array(values, dtype=np.int64)


def kernels(case: Case, counted: int = 0) -> tuple[Longs, Longs, Longs, Longs]:
    """Return what the kernels make of *case*: told, totals, lists by second, and the clients' versions."""
    watches = np.zeros((bookmarks.WATCH, len(case.watches)), dtype=np.int64)
    for row, name in (
        (bookmarks.WATCHER, "client"),
        (bookmarks.END, "end"),
        (bookmarks.BACK, "back"),
        (bookmarks.FRESH, "fresh"),
    ):
        watches[row] = [getattr(one, name) for one in case.watches]
    clients = len(case.held)
    by_end = np.argsort(watches[bookmarks.END], kind="stable").astype(np.int64)
    bookmarks.follow(longs(case.times), longs(case.first), longs(case.concerned), clients, by_end, watches)
    states = np.zeros((2, watch_ring.STATE), dtype=np.int64)
    states[:, watch_ring.CAPACITY] = states[:, watch_ring.LEAST] = case.bounds[0]
    states[:, watch_ring.MOST], states[:, watch_ring.WINDOW] = case.bounds[1], 30
    told = np.zeros((clients, bookmarks.TOLD), dtype=np.int64)
    totals, a_second = np.zeros(bookmarks.TOTALS, dtype=np.int64), np.zeros(1, dtype=np.int64)
    held = longs(case.held)
    bookmarks.resume(
        longs(case.times),
        longs(case.rvs),
        longs([at for start, move, _ in case.servers for at in (start, move)]),
        longs([list_rv for _, _, list_rv in case.servers]),
        counted,
        watches,
        longs([one.bookmark for one in case.watches]),
        held,
        np.zeros((2, watch_ring.ROWS, case.bounds[1]), dtype=np.int64),
        states,
        a_second,
        told,
        totals,
    )
    return told, totals, a_second, held


@settings(max_examples=300, deadline=None)
@given(cases())
def test_every_client_fares_as_in_the_slow_twin(case: Case) -> None:
    """Returns, lists, events looked at and sent; and nobody misses an event or gets one twice."""
    clients = [twin.Client(rv) for rv in case.held]
    twin.Simulation(
        case.times, case.rvs, case.concerns, case.watches, clients, case.servers, case.history
    ).run()
    told, totals, a_second, _ = kernels(case)
    assert told.tolist() == [[one.resumes, one.relists, one.missed, one.repeated] for one in clients]
    assert told[:, [bookmarks.MISSED, bookmarks.REPEATED]].sum() == 0
    assert totals[bookmarks.SCANNED] == sum(one.scanned for one in clients)
    assert totals[bookmarks.SENT] == sum(one.sent for one in clients)
    assert totals[bookmarks.LOST] == sum(one.lost for one in clients)
    assert a_second.sum() == sum(one.relists for one in clients)


def one_client(watches: list[twin.Watch], events: int = 10, ring: int = 4) -> Case:
    """Return a client of whom only the first of *events* a time unit apart is."""
    return Case(
        list(range(events)),
        [1] * events,
        [0] * events,
        [1] + [0] * (events - 1),
        watches,
        [0],
        [],
        (ring, ring),
    )


@pytest.mark.tiny
def test_a_bookmark_makes_the_difference() -> None:
    """Nine events after its own are more than four; a bookmark of the eighth leaves two to look at."""
    without = twin.Watch(0, 9, 9, fresh=10, bookmark=NEVER)
    told, totals, a_second, held = kernels(one_client([without]))
    assert (told.tolist(), held.tolist()) == ([[1, 1, 0, 0]], [10])
    assert (totals[bookmarks.LOST], a_second.tolist()) == (4, [1])
    told, totals, _, held = kernels(one_client([twin.Watch(0, 9, 9, fresh=10, bookmark=8)]))
    assert (told.tolist(), held.tolist()) == ([[1, 0, 0, 0]], [8])
    assert (totals[bookmarks.SCANNED], totals[bookmarks.SENT]) == (2, 0)


@pytest.mark.tiny
def test_a_bookmark_of_the_future_loses_events() -> None:
    """A client told of a version it has not been sent misses what lies between: that is noticed."""
    told, *_ = kernels(one_client([twin.Watch(0, 5, 9, fresh=10, bookmark=9)]))
    assert told.tolist() == [[1, 0, 3, 0]]


@pytest.mark.tiny
def test_what_comes_before_the_counted_time_only_prepares() -> None:
    """A client refused before it is counted holds the version of its list when it is."""
    early, late = twin.Watch(0, 7, 7, fresh=8, bookmark=NEVER), twin.Watch(0, 9, 9, fresh=10, bookmark=NEVER)
    told, totals, _, held = kernels(one_client([early, late]), counted=8)
    assert (told.tolist(), totals[bookmarks.SCANNED], held.tolist()) == ([[1, 0, 0, 0]], 2, [8])


@pytest.mark.tiny
def test_arrivals_are_a_poisson_process() -> None:
    """Gaps have the mean asked for, and as much spread; times ascend from the last one."""
    generator = draw.generator(1, Stream.BOOKMARKS)
    times = np.empty(20_000, dtype=np.int64)
    bookmarks.arrivals(1000, 500, generator, times)
    gaps = np.diff(times, prepend=1000)
    assert gaps.min() >= 0
    assert abs(gaps.mean() - 500) < 15
    assert abs(gaps.std() - 500) < 25
