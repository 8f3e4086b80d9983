"""What happens to API servers in the course of a run: restarts, losses, probes, and when it is looked at."""

from collections.abc import Iterator
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import balance
from kscale.mechanisms.balance_params import SECOND, Params

Longs = NDArray[np.int64]

TICKS = 600  # samples, beside the one at the beginning
FAULT_TICK = TICKS // 10  # the fault is at a tenth of the time
PROBE_NS = 10 * SECOND  # liveness probes of a kubelet


def fault_ns(params: Params) -> int:
    """Return when the fault is."""
    return FAULT_TICK * params.duration_ns // TICKS


def timeline(servers: int, params: Params, *, surge: bool) -> Longs:
    """Return what happens, by time: faults, probes, samples; in this order where the time is the same."""
    end = params.duration_ns
    probes = [(now, balance.PROBE, 0) for now in range(PROBE_NS, end + 1, PROBE_NS)]
    samples = [(tick * end // TICKS, balance.SAMPLE, tick) for tick in range(TICKS + 1)]
    faults = _surge(servers, params) if surge and params.fault == "upgrade" else _faults(servers, params)
    found = [*faults, *probes, *samples]
    return np.array(sorted(found, key=itemgetter(balance.WHEN)), dtype=np.int64)


def step_ns(params: Params) -> int:
    """Return how long an upgrade waits for a server that it starts."""
    return params.down_ns + (params.cold_ns if params.wait_warm else 0)


def _surge(servers: int, params: Params) -> Iterator[tuple[int, int, int]]:
    """Yield an upgrade in which a whole new set starts before the old one stops."""
    at = fault_ns(params)
    for s in range(servers, 2 * servers):
        yield at + params.down_ns, balance.START, s
    for event in (balance.LEAVE, balance.STOP):
        for s in range(servers):
            yield at + step_ns(params), event, s


def _faults(servers: int, params: Params) -> Iterator[tuple[int, int, int]]:
    """Yield an upgrade of one server after the other, or a loss of several at once.

    Where one at a time would take more than two thirds of the time, as many are upgraded together as
    needed. That is never all, as a step takes at most a third (see `Params`).
    """
    at = fault_ns(params)
    if params.fault == "loss":
        lost = params.lose or servers - 1
        yield from _down(at, range(servers - lost, servers), balance.LOSE, params)
    elif params.fault == "upgrade":
        step = step_ns(params)
        together = -(-servers // (2 * params.duration_ns // (3 * step)))
        for first in range(0, servers, together):
            batch = range(first, min(first + together, servers))
            yield from _down(at + first // together * step, batch, balance.STOP, params)


def _down(at: int, several: range, how: int, params: Params) -> Iterator[tuple[int, int, int]]:
    """Yield how *several* servers go at once and come back."""
    for event in (balance.LEAVE, how):
        for s in several:
            yield at, event, s
    for s in several:
        yield at + params.down_ns, balance.START, s
