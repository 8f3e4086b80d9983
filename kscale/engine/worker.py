"""Runs one task in this process, whichever engine it belongs to."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from kscale.engine.task import Place, Task
from kscale.errors import KscaleError, WrongAnswer
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
        """Return the task's cell; skipped, with the reason, where it cannot be run.

        It cannot if memory looks too small, unless *force*. WrongAnswer if its variants disagree.
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
            except WrongAnswer:
                raise
            except KscaleError as error:
                return without(task, "skipped", str(error))
            except MemoryError:
                return without(task, "failed", "there was not enough memory")
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


def _allowance(settings: Settings) -> Allowance:
    """Return the time of one cell: each has its own, whatever the others take."""
    return Allowance(share_s=settings.cell_cap_s, even_s=settings.cell_cap_s)
