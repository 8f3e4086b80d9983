"""A sweep from its plan to its result: the journal, the engine, an orderly end."""

from collections.abc import Sequence
from typing import Protocol

from kscale.engine.base import Engine
from kscale.engine.sweep import Sweep
from kscale.measure.campaign import Request
from kscale.results.record import Cell, Result
from kscale.results.store import Store


class Observer(Protocol):
    """Is told how far a sweep is."""

    def start(self, sweep: Sweep, engine: Engine, finished: Sequence[Cell], left: int) -> None:
        """Hear what begins: cells *finished* by an earlier call, and how many are *left*."""

    def cell_done(self, cell: Cell) -> None:
        """Hear of a cell, in the order they are done."""


def conduct(
    sweep: Sweep,
    engine: Engine,
    observer: Observer,
    store: Store,
    request: Request,
    shard: tuple[int, int] | None = None,
) -> Result:
    """Run what is left of a sweep, or of a shard of it (2, 8: the second of eight), and save the result.

    Cells finished before, by the journal, are not run again. Interrupted keeps those that are finished;
    KscaleError says which points failed, after the rest is saved.
    """
    raise NotImplementedError
