"""The table of scores by class as mechanisms use it: room for it, a run over it, and the bytes it holds.

See kernels/scheduling_classes.py and kernels/scheduling_table.py.
"""

from dataclasses import dataclass

import numpy as np

from kscale.kernels import scheduling_classes as by_class
from kscale.kernels import scheduling_scores as scores
from kscale.kernels.scheduling_exhaustive import PENDING
from kscale.kernels.scheduling_table import BLOCK, PANEL
from kscale.mechanisms import scheduling
from kscale.mechanisms.scheduling import Floats, Groups, Longs, Pending, Shorts

CACHE_BYTES = 64 * 2**20
MOST_LEVELS = 16  # of a rule, in an estimate


@dataclass(frozen=True, slots=True)
class Table:
    """The state of placing by class."""

    pending: Pending
    state: Floats
    row_of: Groups
    slot_of: Groups
    in_slot: Floats
    table: Shorts
    most: Shorts
    ties: Shorts
    log: Groups
    node_of: Groups


def build(pending: Pending, cache: int) -> Table:
    """Set room for scores aside: as many rows as there are, or as *cache* bytes allow."""
    rules = pending.rules
    levels = np.diff(rules.first)
    rows = levels[rules.rule]
    blocks = blocks_of(pending.nodes.count)
    slots = slots_of(int(rows.sum()), int(levels.max(initial=1)), slot_bytes(pending), cache)
    return Table(
        pending=pending,
        state=pending.state.copy(),
        row_of=(np.cumsum(rows) - rows).astype(np.int32),
        slot_of=np.full(int(rows.sum()), by_class.NOWHERE, dtype=np.int32),
        in_slot=np.full((len(pending.asks), slots), 0.0),
        table=pending.scratch(slots, blocks, BLOCK),
        most=pending.scratch(slots, panels_of(blocks)),
        ties=pending.scratch(slots, panels_of(blocks)),
        log=np.full(len(pending.klass), PENDING, dtype=np.int32),
        node_of=np.full(len(pending.klass), PENDING, dtype=np.int32),
    )


def run(way: int, table: Table) -> Longs:
    """Place every pod by the table of its class; return the kernel's counters."""
    work = np.zeros(by_class.WORK, dtype=np.int64)
    by_class.place_by_class(
        table.state, *scheduling.problem(table.pending), table.row_of, table.slot_of, table.in_slot,
        table.table, table.most, table.ties, table.log, way, table.node_of, work,
    )  # fmt: skip
    return work


def held_bytes(table: Table) -> int:
    """Return the bytes of the rows that are in the table."""
    return int(np.count_nonzero(table.slot_of != by_class.NOWHERE)) * slot_bytes(table.pending)


def blocks_of(nodes: int) -> int:
    """Return the blocks that hold so many nodes, an odd number (see kernels/scheduling_table.py)."""
    return -(-nodes // BLOCK) | 1


def panels_of(blocks: int) -> int:
    """Return for how many blocks summaries are kept: whole panels."""
    return -(-blocks // PANEL) * PANEL


def slot_bytes(pending: Pending) -> int:
    """Return what one cached row takes: its scores, their summary, its requests."""
    blocks, size = blocks_of(pending.nodes.count), 1 if pending.small else 2
    return (blocks * BLOCK + 2 * panels_of(blocks)) * size + len(pending.asks) * 8


def slots_of(rows: int, levels: int, size: int, cache: int) -> int:
    """Return how many rows are cached: all, as many as fit, and never fewer than one class needs."""
    return max(1, levels, min(rows, cache // size))


def most_bytes(nodes: int, classes: int, groups: int, extended: int, cache: int) -> int:
    """Return about the most that a table of so many classes takes."""
    blocks, levels = blocks_of(nodes), min(groups, MOST_LEVELS)
    row = blocks * BLOCK + 2 * panels_of(blocks) + (scores.ASKS + extended) * 8
    return min(max(cache, levels * row), classes * levels * row)
