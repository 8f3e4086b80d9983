"""Runs one task in this process, whichever engine it belongs to."""

import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kscale.engine.task import Place, Task
from kscale.errors import Interrupted, KscaleError, NotEnoughMemory, WrongAnswer
from kscale.measure import memory, parameters, runner
from kscale.measure.plan import PlannedCell
from kscale.measure.timing import Allowance, Settings
from kscale.mechanisms.base import Mechanism
from kscale.mechanisms.registry import MECHANISMS
from kscale.plugins import load
from kscale.plugins.source import Source
from kscale.results.check import digest
from kscale.results.record import Cell
from kscale.scenario import build
from kscale.scenario.cluster import Cluster

LONGEST = 300  # characters of what a bug says


class Unseen:
    """Is told of each pair, and shows nothing: a worker has no screen."""

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        """Hear of it."""


@dataclass(slots=True)
class Runner:
    """What a process that runs tasks keeps between them: the latest cluster, and loaded plugins."""

    plugins: tuple[Source, ...] = ()
    mechanisms: tuple[Mechanism, ...] = MECHANISMS
    built: tuple[str, Cluster] | None = None  # Place.sha256, and what was built of it
    alone: threading.Lock = field(default_factory=threading.Lock)  # the collector and kernels' states are one

    def run(
        self,
        place: Place,
        task: Task,
        settings: Settings,
        plugins: Sequence[Source] = (),
        *,
        force: bool = False,
    ) -> Cell:
        """Return the task's cell; skipped or failed, with the reason, where it cannot be run.

        Skipped is what can be run nowhere, by what the task is. Failed is what may be run later, as there is
        too little memory now (*force* does not ask), and what meets a bug, in a mechanism or in a plugin.
        WrongAnswer if its variants disagree; KscaleError if a plugin cannot be loaded.
        """
        with self.alone:
            if tuple(plugins) != self.plugins:
                self.mechanisms, self.plugins = load.joined(MECHANISMS, plugins), tuple(plugins)
            mechanism = next(one for one in self.mechanisms if one.id == task.mechanism)
            cell = PlannedCell(mechanism, parameters.kept(mechanism, task.params), task.variants, task.label)
            try:
                cluster = self._cluster(place, force=force)
                memory.check_cells(cluster, [cell], force=force)
                found = runner.measure_cell(cell, cluster, settings, Unseen(), _allowance(settings))
            except (WrongAnswer, Interrupted):
                raise
            except KscaleError as error:
                return without(task, _status(error), str(error))
            except MemoryError:
                return without(task, "failed", "there was not enough memory")
            except Exception as error:  # noqa: BLE001 - the other cells are as good as ever
                return without(task, "failed", _said(error))
        return found.model_copy(update={"params": {**found.params, **task.point}})

    def _cluster(self, place: Place, *, force: bool) -> Cluster:
        """Return the cluster of a place; the latest one is kept."""
        if self.built is None or self.built[0] != place.sha256:
            self.built = None  # two at once may not fit
            needed = build.memory(place.scenario)
            memory.require(needed, f"the cluster of {place.scenario.name}", force=force)
            self.built = place.sha256, build.build(place.scenario, place.recorded)
        return self.built[1]


def without(task: Task, status: str, why: str) -> Cell:
    """Return the cell of a task that was not run, with the reason; *status* is skipped or failed."""
    return Cell.model_validate(
        {
            "mechanism": task.mechanism,
            "params": {**task.params, **task.point},
            "label": task.label,
            "status": status,
            "notes": [why],
            "digest": digest({}),
            "seconds": 0.0,
            "variants": {},
        }
    )


def _status(error: KscaleError) -> str:
    """Return what becomes of a cell that an error says cannot be run; what a plugin raises is its cause."""
    return "failed" if isinstance(error, NotEnoughMemory) or error.__cause__ is not None else "skipped"


def _said(error: Exception) -> str:
    """Return what a bug raised, in a line: the last one of its traceback, and the place in the code."""
    (last,) = traceback.extract_tb(error.__traceback__)[-1:]
    words = " ".join("".join(traceback.format_exception_only(error)).split())[:LONGEST]
    return f"a bug: {words} ({Path(last.filename).name}:{last.lineno})"


def _allowance(settings: Settings) -> Allowance:
    """Return the time of one cell: each has its own, whatever the others take."""
    return Allowance(share_s=settings.cell_cap_s, even_s=settings.cell_cap_s)
