"""One node's answer to one pod, as kube-scheduler computes it, in loops that vectorise.

State is float64[COLUMNS + e, n]: a row for each number kept of a node, so that a loop over
nodes reads contiguous memory. All values are integers below 2^53 except the
reciprocals, and every result is the integer Kubernetes gets, proved so:

  LeastAllocated  floor(x * 100 / cap) is computed as floor((x * 100 + 0.5) * (1 / cap)). The 0.5
                  keeps the product half a step, 0.5 / cap, away from every integer, and two
                  roundings of a value <= 100.5 move it by at most 2^-45: exact for cap <= 2^44.
  MostAllocated   of a resource is 100 - ceil(x * 100 / cap), x what would stay free, and -ceil(y) is
                  floor(-y): the same loop with RCP negative and -0.5, floor((x * 100 - 0.5) * (-1 / cap)),
                  which is as far from every integer. The mean of two such, truncated, is again 100
                  and the floor of the mean of what is negative. So which of the two it is costs the
                  loop nothing: the sign of FIT says it, and the 100 are added once.
  Balanced        is defined in IEEE doubles: the same divisions in the same order.

A node without cpu or without memory needs no branch: RCP is 0 for what it lacks, SHARE is the
reciprocal of the number of resources it has, and both BAL rows hold LACKING, which swallows any
request, so that both fractions are exactly 1 and their deviation 0. For MostAllocated a node without
both has 200 for one RCP and 1 for SHARE: nothing is free, (0 - 0.5) * 200 is -100, and the score 0.

ASKS is float64[ASKS + e, k], the same for a pod class. A request of 0 is written as
-inf in its WANT row: Kubernetes does not check what is not asked for.

A score is 1 + weighted LeastAllocated + weighted BalancedAllocation, and 0 on a node that
cannot take the pod. What depends on the whole feasible set comes later (`levels`
in scheduling_exhaustive). Sources: kubernetes/kubernetes noderesources/least_allocated.go @05c351a9,
most_allocated.go @9d3a8c1d, balanced_allocation.go @02d7708a, PR 135573 (delta), fit.go @903b1f7e.

The helpers here are inlined into kernels of the other scheduling files. numba's cache looks only at the file
of the kernel itself; that is safe because kscale keeps a cache for each state of all kernels
(measure/machine.py, tests/conftest.py).
"""

from typing import SupportsInt

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Floats = NDArray[np.float64]
Groups = NDArray[np.int32]
Scores = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int32]

# Rows of `state`; the free amounts may be negative on a node that was overfull from the start.
BAL_CPU = 0  # allocatable millicores, or LACKING
BAL_MEM = 1  # allocatable bytes, or LACKING
RCP_CPU = 2  # 1 / allocatable millicores, or 0; negative for MostAllocated, see above
RCP_MEM = 3  # 1 / allocatable bytes, or 0
SHARE = 4  # 1 / number of (cpu, memory) that the node has, or 0
FREE_CPU = 5  # millicores not requested
FREE_MEM = 6  # bytes not requested
SPARE_CPU = 7  # as FREE, by the requests with defaults for containers that state none
SPARE_MEM = 8
ROOM = 9  # pods that may still come
NOW = 10  # BalancedAllocation of the node as it is, 0..100; read by the delta form only
FREE_EPH = 11  # bytes of ephemeral storage not requested
COLUMNS = 12  # the first extended resource

# Rows of `asks`.
WANT_CPU = 0  # millicores, or -inf
WANT_MEM = 1  # bytes, or -inf
CPU = 2  # millicores requested
MEM = 3  # bytes requested
NZ_CPU = 4  # millicores, with defaults
NZ_MEM = 5  # bytes, with defaults
FIT = 6  # weight of LeastAllocated, or minus that of MostAllocated; one of them, for all classes
BALANCE = 7  # weight of BalancedAllocation; 0 for a pod that requests neither
WANT_EPH = 8  # bytes, or -inf
ASKS = 9  # the first extended resource, amount or -inf

FULL = 100.0  # points of a whole
LACKING = 2.0**200  # any request added to it is rounded away
LARGEST_CAPACITY = 2**44  # millicores or bytes, see above


@inline
def strategy(fit: float) -> tuple[float, float, float]:
    """Return (weight, half, base) of a row FIT: what `score` takes in place of it."""
    return abs(fit), (-0.5 if fit < 0.0 else 0.5), 1.0 - FULL * min(0.0, fit)


@inline
def allocated(
    rcp_cpu: float, rcp_mem: float, share: float, spare_cpu: float, spare_mem: float,
    nz_cpu: float, nz_mem: float, half: float,
) -> float:  # fmt: skip
    """Return LeastAllocated, an integer 0..100: the mean of what would stay free, truncated twice.

    With half = -0.5, and reciprocals to match, MostAllocated less 100.
    """
    cpu = spare_cpu - nz_cpu
    mem = spare_mem - nz_mem
    cpu = max(0.0, cpu)
    mem = max(0.0, mem)
    cpu_score = np.floor((cpu * 100.0 + half) * rcp_cpu)
    mem_score = np.floor((mem * 100.0 + half) * rcp_mem)
    return float(np.floor((cpu_score + mem_score) * share))


@inline
def level(bal_cpu: float, bal_mem: float, free_cpu: float, free_mem: float, cpu: float, mem: float) -> float:
    """Return BalancedAllocation of 1.22 to 1.35 with the pod on the node, an integer 50..100."""
    cpu_share = (bal_cpu - free_cpu + cpu) / bal_cpu
    mem_share = (bal_mem - free_mem + mem) / bal_mem
    cpu_share = min(1.0, cpu_share)
    mem_share = min(1.0, mem_share)
    return float(np.floor((1.0 - abs(cpu_share - mem_share) / 2.0) * 100.0))


@inline
def score(
    bal_cpu: float, bal_mem: float, rcp_cpu: float, rcp_mem: float, share: float,
    free_cpu: float, free_mem: float, spare_cpu: float, spare_mem: float, room: float, now: float,
    want_cpu: float, want_mem: float, cpu: float, mem: float, nz_cpu: float, nz_mem: float,
    fit: float, half: float, base: float, balance: float, delta: bool,
) -> float:  # fmt: skip
    """Return the score of a node by cpu, memory and pod count; arguments are rows of state, then asks.

    fit, half and base are what `strategy` makes of the row FIT.
    """
    fits = (free_cpu >= want_cpu) & (free_mem >= want_mem) & (room >= 1.0)
    least = allocated(rcp_cpu, rcp_mem, share, spare_cpu, spare_mem, nz_cpu, nz_mem, half)
    balanced = level(bal_cpu, bal_mem, free_cpu, free_mem, cpu, mem)
    if delta:
        balanced = np.floor((50.0 + balanced - now) * 0.5) + 50.0
    return base + fit * least + balance * balanced if fits else 0.0


@inline
def score_loop(
    state: Floats, lo: int, hi: int, asks: Floats, c: int, delta: bool, fit: float, half: float, base: float,
    out: Scores,
) -> None:  # fmt: skip
    """Write the scores of nodes lo..hi by cpu, memory and pod count.

    Slices and not offsets: with indices that start at 0 the compiler sees that none is negative.
    """
    want_cpu, want_mem, cpu, mem = asks[WANT_CPU, c], asks[WANT_MEM, c], asks[CPU, c], asks[MEM, c]
    nz_cpu, nz_mem, balance = asks[NZ_CPU, c], asks[NZ_MEM, c], asks[BALANCE, c]
    bal_cpu, bal_mem, share = state[BAL_CPU, lo:hi], state[BAL_MEM, lo:hi], state[SHARE, lo:hi]
    rcp_cpu, rcp_mem = state[RCP_CPU, lo:hi], state[RCP_MEM, lo:hi]
    free_cpu, free_mem, room = state[FREE_CPU, lo:hi], state[FREE_MEM, lo:hi], state[ROOM, lo:hi]
    spare_cpu, spare_mem, now = state[SPARE_CPU, lo:hi], state[SPARE_MEM, lo:hi], state[NOW, lo:hi]
    for i in range(out.size):
        out[i] = score(
            bal_cpu[i], bal_mem[i], rcp_cpu[i], rcp_mem[i], share[i],
            free_cpu[i], free_mem[i], spare_cpu[i], spare_mem[i], room[i], now[i],
            want_cpu, want_mem, cpu, mem, nz_cpu, nz_mem, fit, half, base, balance, delta,
        )  # fmt: skip


@inline
def score_span(state: Floats, lo: int, hi: int, asks: Floats, c: int, delta: bool, out: Scores) -> None:
    """Write the scores of nodes lo..hi for class *c* to *out*, constraints of the class aside.

    Resources that few pods ask for are further passes, made only for classes that ask.
    """
    fit, half, base = strategy(asks[FIT, c])
    if half > 0.0:
        score_loop(state, lo, hi, asks, c, delta, fit, 0.5, 1.0, out)  # constants: 3 % faster than a number
    else:
        score_loop(state, lo, hi, asks, c, delta, fit, half, base, out)
    for r in range(asks.shape[0] - WANT_EPH):  # ephemeral storage, then extended resources
        want = asks[WANT_EPH + r, c]
        if want > 0.0:
            free = state[FREE_EPH + r, lo:hi]
            for i in range(out.size):
                out[i] *= free[i] >= want


@inline
def score_one(state: Floats, i: int, asks: Floats, c: int, delta: bool) -> int:
    """Return the score of node *i* for class *c*, constraints of the class aside."""
    fit, half, base = strategy(asks[FIT, c])
    found = score(
        state[BAL_CPU, i], state[BAL_MEM, i], state[RCP_CPU, i], state[RCP_MEM, i], state[SHARE, i],
        state[FREE_CPU, i], state[FREE_MEM, i], state[SPARE_CPU, i], state[SPARE_MEM, i], state[ROOM, i],
        state[NOW, i], asks[WANT_CPU, c], asks[WANT_MEM, c], asks[CPU, c], asks[MEM, c], asks[NZ_CPU, c],
        asks[NZ_MEM, c], fit, half, base, asks[BALANCE, c], delta,
    )  # fmt: skip
    for r in range(asks.shape[0] - WANT_EPH):
        if state[FREE_EPH + r, i] < asks[WANT_EPH + r, c]:
            found = 0.0
    return int(found)


@inline
def place(state: Floats, i: int, asks: Floats, c: int) -> None:
    """Put a pod of class *c* on node *i*."""
    state[FREE_CPU, i] -= asks[CPU, c]
    state[FREE_MEM, i] -= asks[MEM, c]
    state[SPARE_CPU, i] -= asks[NZ_CPU, c]
    state[SPARE_MEM, i] -= asks[NZ_MEM, c]
    state[ROOM, i] -= 1.0
    state[NOW, i] = level(
        state[BAL_CPU, i], state[BAL_MEM, i], state[FREE_CPU, i], state[FREE_MEM, i], 0.0, 0.0
    )
    for r in range(asks.shape[0] - WANT_EPH):
        if asks[WANT_EPH + r, c] > 0.0:
            state[FREE_EPH + r, i] -= asks[WANT_EPH + r, c]


@inline
def remove(state: Floats, i: int, asks: Floats, c: int) -> None:
    """Take a pod of class *c* off node *i*, where `place` had put it."""
    state[FREE_CPU, i] += asks[CPU, c]
    state[FREE_MEM, i] += asks[MEM, c]
    state[SPARE_CPU, i] += asks[NZ_CPU, c]
    state[SPARE_MEM, i] += asks[NZ_MEM, c]
    state[ROOM, i] += 1.0
    state[NOW, i] = level(
        state[BAL_CPU, i], state[BAL_MEM, i], state[FREE_CPU, i], state[FREE_MEM, i], 0.0, 0.0
    )
    for r in range(asks.shape[0] - WANT_EPH):
        if asks[WANT_EPH + r, c] > 0.0:
            state[FREE_EPH + r, i] += asks[WANT_EPH + r, c]


@inline
def signed(number: SupportsInt) -> int:
    """Return an integer of any width as 64 bits with a sign; mixing unsigned ones in would give floats."""
    return int(np.int64(number))


@inline
def default_normalize(raw: int, most: int, reverse: bool) -> int:
    """Return DefaultNormalizeScore of *raw*, 0..100: its share of *most*, the largest over feasible nodes.

    Source: kubernetes/kubernetes plugins/helper/normalize_score.go @2e94b405.
    """
    forward = raw * 100 // most if most > 0 else 0
    return 100 - forward if reverse else forward


@kernel
def rows(
    state: Floats, asks: Floats, c: int, delta: bool, scores: Scores, least: Floats, balanced: Floats
) -> None:
    """Write each node's score for class *c*, and its two parts whether or not the pod fits.

    state     float64[COLUMNS + e, n]
    asks      float64[ASKS + e, k]
    scores    uint8[n]    out: 0, or 1 + weighted sum
    least     float64[n]  out: LeastAllocated, or MostAllocated
    balanced  float64[n]  out: BalancedAllocation, in the form that *delta* chooses
    """
    nodes, half = state.shape[1], strategy(asks[FIT, c])[1]
    score_span(state, 0, nodes, asks, c, delta, scores)
    for i in range(nodes):
        least[i] = allocated(
            state[RCP_CPU, i], state[RCP_MEM, i], state[SHARE, i], state[SPARE_CPU, i], state[SPARE_MEM, i],
            asks[NZ_CPU, c], asks[NZ_MEM, c], half,
        )  # fmt: skip
        least[i] += FULL if half < 0.0 else 0.0
        form = level(
            state[BAL_CPU, i], state[BAL_MEM, i], state[FREE_CPU, i], state[FREE_MEM, i],
            asks[CPU, c], asks[MEM, c],
        )  # fmt: skip
        balanced[i] = np.floor((50.0 + form - state[NOW, i]) * 0.5) + 50.0 if delta else form
