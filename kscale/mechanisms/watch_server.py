"""An API server that delivers pod events to its watchers; how it finds them is given to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import fanout
from kscale.mechanisms.watch_load import Ints, Longs, WatchLoad

EVENTS = 8192  # matched at a time, so that what was found stays in the cache
LANES = 32  # the tail is filled up to whole vectors, with watchers that have ended
LINE = 64  # bytes of a cache line

Match = Callable[[slice], int]  # fills found and both ends for these events; returns how many it did


@dataclass(frozen=True, slots=True)
class Server:
    """A server and its watchers; see kernels/fanout.py for what the arrays hold."""

    load: WatchLoad
    state: Longs
    tail: Ints
    clock: Longs
    found: Ints
    scope_ends: Ints
    node_ends: Ints
    blocked: Ints


def new(load: WatchLoad) -> Server:
    """Return a server at time 0, with empty channels."""
    filling = -load.everything % LANES
    rows = load.watchers + filling
    state = aligned((rows, fanout.STATE), np.int64)
    state[: load.watchers, fanout.CAP] = load.cap
    state[: load.watchers, fanout.LIMIT] = load.cap
    state[: load.watchers, fanout.TAKE] = load.take
    state[: load.watchers, fanout.ENDED] = -1
    tail = aligned((fanout.TAIL, load.everything + filling), np.int32)
    clock = aligned((fanout.CLOCK,), np.int64)
    clock[fanout.NEXT] = load.rules[fanout.TICK_NS]
    fanout.load_tail(tail, state, clock)
    return Server(
        load=load,
        state=state,
        tail=tail,
        clock=clock,
        found=aligned((2 * EVENTS + rows + 1,), np.int32),
        scope_ends=aligned((EVENTS,), np.int32),
        node_ends=aligned((EVENTS,), np.int32),
        blocked=aligned((rows + 1,), np.int32),
    )


def dispatch(server: Server, match: Match) -> None:
    """Match some events, deliver them, and so on to the last."""
    events = len(server.load.new)
    first = 0
    while first < events:
        count = match(slice(first, first + EVENTS))
        fanout.deliver(
            first,
            count,
            server.found,
            server.scope_ends,
            server.node_ends,
            server.blocked,
            server.tail,
            server.state,
            server.clock,
            server.load.rules,
        )
        first += count
    fanout.finish(events, server.tail, server.state, server.clock)


def aligned(shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
    """Return zeros that start on a cache line, so that equal runs take equal time."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, dtype=np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + size].view(dtype).reshape(shape)
