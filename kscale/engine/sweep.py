"""A scenario and its axes to the tasks of a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kscale.engine.axes import Axis
from kscale.engine.task import Place, Task
from kscale.measure.plan import PlannedCell
from kscale.measure.timing import Settings
from kscale.mechanisms.base import Mechanism
from kscale.plugins.source import Source
from kscale.scenario.load import Loaded


@dataclass(frozen=True, slots=True)
class Sweep:
    """All points of a sweep, checked, in the order results have them: place by place, cell by cell."""

    loaded: Loaded  # as it was asked for, its first seed set
    axes: tuple[Axis, ...]
    seeds: tuple[int, ...]
    tasks: tuple[Task, ...]
    places: Mapping[str, Place]
    cells: tuple[PlannedCell, ...]  # of one place: the mechanisms' own axes
    mechanisms: tuple[Mechanism, ...]  # that are run, with the variants of plugins
    settings: Settings
    plugins: tuple[Source, ...]
    plan: str  # hash of all tasks' keys, in order


def plan(
    loaded: Loaded,
    mechanisms: Sequence[Mechanism],
    axes: Sequence[Axis],
    seeds: Sequence[int],
    settings: Settings,
    *,
    only: Sequence[str] = (),
    plugins: Sequence[Source] = (),
) -> Sweep:
    """Return the tasks; KscaleError on the first thing wrong, before any work."""
    raise NotImplementedError
