"""One cell of a sweep as it travels to whoever runs it: plain values, no functions."""

from collections.abc import Mapping
from dataclasses import dataclass

from kscale.measure.timing import Settings
from kscale.plugins.source import Source
from kscale.scenario.recorded import Recorded
from kscale.scenario.schema import Scenario

Value = bool | int | float | str | None

SEED = "scenario.seed"  # the parameter of a cell that tells its seed, where a sweep has several


@dataclass(frozen=True, slots=True)
class Place:
    """A scenario at one point of the axes that vary it, with one seed: what a cluster is built from."""

    scenario: Scenario  # resolved, without its sweep
    recorded: Recorded | None  # of an imported cluster
    sha256: str  # of the scenario, as Loaded.sha256


@dataclass(frozen=True, slots=True)
class Task:
    """One mechanism at one point, to be run once, by whoever is free."""

    key: str  # content hash: of the place, the mechanism, its parameters, variants, kscale's code, settings
    place: str  # Place.sha256
    mechanism: str
    params: Mapping[str, Value]  # the mechanism's own, as results keep them
    variants: tuple[str, ...]
    point: Mapping[str, Value]  # what of the scenario is varied, and SEED: kept among the cell's parameters
    label: str  # the whole point, as people say it


@dataclass(frozen=True, slots=True)
class Work:
    """What an engine gets: tasks in the order of the sweep, and all that they need."""

    tasks: tuple[Task, ...]
    places: Mapping[str, Place]  # by Place.sha256
    settings: Settings  # how each cell is measured
    plugins: tuple[Source, ...] = ()
    force: bool = False  # run it although memory looks too small

    @property
    def timed(self) -> bool:
        """Say whether cells are timed: then no machine may run two at once."""
        return self.settings.timing
