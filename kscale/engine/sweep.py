"""A scenario and its axes to the tasks of a sweep."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from math import prod

import kscale
from kscale.engine import keys
from kscale.engine.axes import Axis
from kscale.engine.keys import Meant
from kscale.engine.task import SEED, Place, Task, Value
from kscale.errors import KscaleError
from kscale.measure import estimate, machine, parameters
from kscale.measure import plan as cells_of
from kscale.measure.plan import Over, PlannedCell
from kscale.measure.point import DEFAULTS, Point, narrow, say
from kscale.measure.timing import Settings
from kscale.mechanisms.base import Mechanism
from kscale.plugins.source import Source
from kscale.scenario import load
from kscale.scenario.load import Loaded

MOST_TASKS = 20_000
LARGEST_SEED = 2**62


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
    plan: str  # hash of all tasks' keys, in order; equal on machines whose cells go together
    over: Mapping[str, tuple[Value, ...]]  # each axis by its key: its values as cells keep them


@dataclass(frozen=True, slots=True)
class _Spot:
    """One place, and what of it is varied."""

    place: Place
    point: Mapping[str, Value]


def plan(
    loaded: Loaded,
    mechanisms: Sequence[Mechanism],
    axes: Sequence[Axis],
    seeds: Sequence[int],
    settings: Settings,
    *,
    only: Sequence[str] = (),
    overrides: Sequence[str] = (),
    plugins: Sequence[Source] = (),
) -> Sweep:
    """Return the tasks; KscaleError on the first thing wrong, before any work.

    Axes of mechanisms take the place of what the scenario says of those, as *overrides* do, and only
    mechanisms with an axis are run if any has one. An override of no effect is refused. *only* narrows as it
    does for a run, also by what of the scenario is varied: cluster.nodes.count=5k.
    """
    meant = keys.meant(loaded, mechanisms, axes)
    over = [one for of in meant for one in of.over()]
    places = [one for one in meant if not one.mechanisms]
    by_kind = [[one for one in only if ("=" in one) is valued] for valued in (False, True)]
    planned = cells_of.plan(
        loaded, mechanisms, only=by_kind[0], overrides=overrides, over=over, most=MOST_TASKS
    )
    count = len(planned) * len(seeds) * prod(len(one.axis.values) for one in places)
    if count > MOST_TASKS:
        raise KscaleError(
            f"the sweep has {count:,} cells, at most {MOST_TASKS:,} are run; take fewer values or seeds"
        )
    if seeds[-1] > LARGEST_SEED:
        raise KscaleError(f"the last seed would be {seeds[-1]:,}; at most {LARGEST_SEED:,}")
    cells = _labelled(planned, {(one.mechanism, one.key) for one in over})
    spots = list(_spots(loaded, places, seeds))
    stamp = _Stamp(settings, plugins)
    found = [(_task(spot, cell, stamp), cell) for spot in spots for cell in cells]
    found = narrow(
        found,
        by_kind[1],
        lambda one: Point(one[0].mechanism, {**one[0].params, **one[0].point}, one[0].label),
    )
    tasks = tuple(task for task, _ in found)
    used, keys_used = {task.place for task in tasks}, {cell.key for _, cell in found}
    kept = tuple(cell for cell in cells if cell.key in keys_used)
    run = {cell.mechanism.id for cell in kept}
    _check_overrides(overrides, over, run)
    return Sweep(
        loaded=loaded.with_seed(seeds[0]),
        axes=tuple(axes),
        seeds=tuple(seeds),
        tasks=tasks,
        places={spot.place.sha256: spot.place for spot in spots if spot.place.sha256 in used},
        cells=kept,
        mechanisms=tuple(one for one in mechanisms if one.id in run),
        settings=settings,
        plugins=tuple(plugins),
        plan=_hash([stamp.of(task, cell) for task, cell in found]),
        over={one.axis.key: tuple(_values(one, tasks)) for one in meant},
    )


def _check_overrides(overrides: Sequence[str], over: Sequence[Over], run: Collection[str]) -> None:
    """Raise KscaleError if one would be of no effect: of a mechanism that is not run, or of a varied key."""
    varied = {(one.mechanism, one.key): one.said for one in over}
    for text in overrides:
        mechanism, _, key = text.partition("=")[0].strip().partition(".")
        if mechanism not in run:
            raise KscaleError(
                f"--set {text}: this sweep does not run {mechanism}; it runs: {', '.join(sorted(run))}"
            )
        if (mechanism, key) in varied:
            raise KscaleError(
                f"--set {text}: {key} is varied by {varied[mechanism, key]}; leave one of the two out"
            )


def _values(meant: Meant, tasks: Sequence[Task]) -> dict[Value, None]:
    """Return the values of an axis that tasks have, in their order."""
    if not meant.mechanisms:
        return dict.fromkeys(task.point[meant.kept_as] for task in tasks)
    own = [task.params for task in tasks if task.mechanism in meant.mechanisms]
    return dict.fromkeys(params[meant.name] for params in own if meant.name in params)


class _Stamp:
    """What the key of every task holds beside the task itself."""

    def __init__(self, settings: Settings, plugins: Sequence[Source]) -> None:
        """Read it once."""
        self.settings = settings
        self.code = [kscale.__version__, machine.code_stamp(), [source.sha256 for source in plugins]]
        self.fingerprint = machine.facts().fingerprint if settings.timing else ""

    def of(self, task: Task, cell: PlannedCell) -> list[object]:
        """Return all that decides what a cell holds; where it is timed, but for the machine."""
        timed = asdict(self.settings) if estimate.is_timed(cell, self.settings) else None
        what = [task.place, task.mechanism, dict(task.params), list(task.variants), dict(task.point)]
        return [*what, self.code, timed]

    def key(self, task: Task, cell: PlannedCell) -> str:
        """Return the task's key: times are good on the machine only that took them."""
        timed = estimate.is_timed(cell, self.settings)
        return _hash([self.of(task, cell), self.fingerprint if timed else None])


def _hash(value: object) -> str:
    """Return the digest of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _labelled(cells: Sequence[PlannedCell], over: set[tuple[str, str]]) -> list[PlannedCell]:
    """Return the cells with labels that say what is varied, not what the scenario gives to all of them."""
    by_mechanism: dict[str, list[PlannedCell]] = {}
    for cell in cells:
        by_mechanism.setdefault(cell.mechanism.id, []).append(cell)
    labelled = []
    for mechanism_id, several in by_mechanism.items():
        values = [cell.values for cell in several]
        varied = {name for name in parameters.names(several[0].mechanism) if _differs(name, values)}
        varied |= {key for of, key in over if of == mechanism_id}
        for cell, held in zip(several, values, strict=True):
            said = [say(name, held[name]) for name in cell.given if name in varied and name in held]
            labelled.append(replace(cell, label=", ".join(said)))
    return labelled


def _differs(name: str, values: Sequence[Mapping[str, Value]]) -> bool:
    """Say whether a parameter has more than one value."""
    return len({str(held.get(name)) for held in values}) > 1


def _spots(loaded: Loaded, axes: Sequence[Meant], seeds: Sequence[int]) -> Iterator[_Spot]:
    """Yield the places of a sweep, the seeds of each together; those of equal values once."""
    seen = set()
    said = {one.name: one.axis.said for one in axes}
    for values in product(*(one.axis.values for one in axes)):
        put = dict(zip(said, values, strict=True))
        here = loaded.varied(put, said) if put else loaded
        point = {one.kept_as: here.value(one.name) for one in axes}
        if tuple(point.values()) in seen:
            continue
        seen.add(tuple(point.values()))
        resolved = here.resolved()  # of 10,000 places most differ in their seed only
        for seed in seeds:
            scenario = here.scenario.model_copy(update={"seed": seed, "sweep": None})
            place = Place(scenario, here.recorded, load.sha256({**resolved, "seed": seed}))
            yield _Spot(place, {**point, SEED: seed} if len(seeds) > 1 else point)


def _task(spot: _Spot, cell: PlannedCell, stamp: _Stamp) -> Task:
    """Return one cell at one place."""
    words = [cell.label] if cell.label else []
    words += [say(name, value) for name, value in spot.point.items()]
    task = Task(
        key="",
        place=spot.place.sha256,
        mechanism=cell.mechanism.id,
        params=cell.values,
        variants=cell.variants,
        point=spot.point,
        label=", ".join(words) or DEFAULTS,
    )
    return replace(task, key=stamp.key(task, cell))
