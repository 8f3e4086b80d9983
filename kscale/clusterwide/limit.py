"""How large a cluster gets before an objective breaks, without optimizations and with them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kscale.clusterwide import size, workers
from kscale.clusterwide.arithmetic import Arithmetic
from kscale.clusterwide.objectives import WINDOW_NS, Objective
from kscale.clusterwide.path import Path, Step, path
from kscale.clusterwide.record import Simulated, Verdict
from kscale.clusterwide.search import PPM, Probe, Run
from kscale.clusterwide.simulate import Asked, simulate
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import ALL, NONE, Toggles
from kscale.clusterwide.walls import MILLI, Bounds, Known, Observer, Runner, Wall, Walls, Wanted
from kscale.errors import KscaleError, TooLarge

MOST_NODES = 1_000_000  # and in proportion of what else grows
PRECISION_PPM = 20_000
SEEDS = 3
FAULTS = {"etcd-learner": "etcd-member-loss", "controller-standby": "controller-crash"}  # that they are for


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked."""

    axis: str = "nodes"
    before: Toggles = NONE
    after: Toggles = ALL
    names: tuple[str, str] = ("none", "all")  # of both sets, as words.label has them
    objectives: tuple[Objective, ...] = ()  # none: the official ones
    slo: str = "official objectives"  # what they are called
    steps: bool = True
    seeds: tuple[int, ...] = tuple(range(SEEDS))
    precision_ppm: int = PRECISION_PPM
    duration_ns: int = WINDOW_NS
    least: int | None = None  # on the axis; None: 1
    most: int | None = None  # None: that of MOST_NODES


@dataclass(frozen=True, slots=True)
class Limit:
    """Two walls, and what lies between."""

    name: str  # of the scenario
    wish: Wish
    own: int  # how much the scenario has on the axis
    before: Wall
    after: Wall
    path: Path
    unprovoked: tuple[str, ...]  # of path.left, those for faults that the scenario does not have
    runs: int  # that were made

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the steps from one wall to the other."""
        return self.path.steps


def limit(base: Size, wish: Wish, observer: Observer, count: int = 1) -> Limit:
    """Return the walls of a cluster, found in *count* processes; equal for every count.

    KscaleError if nothing can be searched between the bounds.
    """
    bounds = bounds_of(base, wish)
    known = arithmetic_of(base, bounds)
    with workers.Jobs(tried, count) as jobs:
        walls = Walls(bounds, known, runner(base, wish, jobs.each), observer)
        before, after, found = between(walls, wish)
        made = jobs.runs
    kinds = {fault.kind for fault in base.simulation.faults}
    unprovoked = tuple(one for one in found.left if one in FAULTS and FAULTS[one] not in kinds)
    return Limit(base.name, wish, own(base, wish.axis), before, after, found, unprovoked, made)


def between(walls: Walls, wish: Wish) -> tuple[Wall, Wall, Path]:
    """Return both walls, and the way from one to the other if it is wished for."""
    if wish.before == wish.after:
        (only,) = walls.ends([wish.before])
        return only, only, Path((), ())
    before, after = walls.ends([wish.before, wish.after])
    return before, after, path(before, after, walls) if wish.steps else Path((), ())


def wall_of(
    base: Size, asked: Asked, axis: str = "nodes", precision_ppm: int = 50_000, known: Known | None = None
) -> Wall:
    """Return the wall of one set of toggles by one seed, found in this process; `asked` as for a run.

    Picklable, as `partial(wall_of, axis=...)`: for `workers.Jobs`. *known*: what arithmetic knows already.
    """
    wish = Wish(
        axis=axis,
        seeds=(asked.seed,),
        precision_ppm=precision_ppm,
        duration_ns=asked.duration_ns or WINDOW_NS,
        objectives=asked.objectives,
    )
    bounds = bounds_of(base, wish)
    with workers.Jobs(tried) as jobs:
        walls = Walls(
            bounds, known or arithmetic_of(base, bounds), runner(base, wish, jobs.each), Unwatched()
        )
        return walls.quick(asked.toggles)


def tried(cluster: Size, asked: Asked) -> Run | None:
    """Return what a run came to, in short; None if it was too large."""
    try:
        found = simulate(cluster, asked)
    except TooLarge:
        return None
    return short(found)


def short(found: Simulated, value: int = 0) -> Run:
    """Return whether every objective was kept, the one missed most, and the station to blame."""
    worst = max((one for one in found.verdicts if not one.holds), key=_miss, default=None)
    if worst is None:
        return Run(value, found.seed, True, "", "")
    return Run(value, found.seed, False, worst.title, found.blame)


def bounds_of(base: Size, wish: Wish) -> Bounds:
    """Return where to look; KscaleError if there is nothing between."""
    there = own(base, wish.axis)
    if there < 1:
        raise KscaleError(f"--axis {wish.axis}: {base.name} has none: nothing can be in proportion to it")
    most = wish.most if wish.most is not None else max(1, there * MOST_NODES // max(1, base.nodes))
    least = wish.least if wish.least is not None else 1
    if least > most:
        raise KscaleError(f"--from must be at most --to, got {least:,} and {most:,}")
    return Bounds(wish.axis, least, most, wish.precision_ppm, wish.seeds)


def arithmetic_of(base: Size, bounds: Bounds) -> Arithmetic:
    """Return what is known of a cluster between the bounds before anything is run."""
    return Arithmetic(lambda value: sized(base, bounds.axis, value), bounds.least, bounds.most)


def own(base: Size, axis: str) -> int:
    """Return how much a cluster has on an axis; of pod changes, thousandths a second."""
    return round(size.value_of(base, axis) * (MILLI if axis == "pod-changes" else 1))


def sized(base: Size, axis: str, value: int) -> Size:
    """Return a cluster with so much on an axis, as `own` counts it."""
    return size.on(base, axis, value / MILLI if axis == "pod-changes" else value)


def runner(
    base: Size, wish: Wish, each: Callable[[Sequence[workers.Wanted]], Iterator[Run | None]]
) -> Runner:
    """Return what has runs made by *each*, every size made once."""
    sizes: dict[int, Size] = {}

    def runs(wanted: Sequence[Wanted]) -> Iterator[Run | None]:
        """Yield what each came to, at its value."""
        for _, probe in wanted:
            if probe.value not in sizes:
                sizes[probe.value] = sized(base, wish.axis, probe.value)
        asked = [(sizes[probe.value], _asked(wish, on, probe)) for on, probe in wanted]
        for (_, probe), run in zip(wanted, each(asked), strict=True):
            yield None if run is None else Run(probe.value, run.seed, run.holds, run.objective, run.station)

    return runs


class Unwatched:
    """Hears nothing."""

    def ran(self, on: Toggles, run: Run) -> None:
        """Hear of a run."""

    def found(self, wall: Wall) -> None:
        """Hear of a wall."""


def _asked(wish: Wish, on: Toggles, probe: Probe) -> Asked:
    """Return the run of a probe: it may end early, and keeps no pod's life."""
    return Asked(
        on, probe.seed, duration_ns=wish.duration_ns, early=True, sample=0, objectives=wish.objectives
    )


def _miss(one: Verdict) -> Fraction:
    """Return how many times its bound an objective's worst is; unanswered is missed most."""
    if one.worst is None:
        return Fraction(PPM * PPM)
    return Fraction(one.worst, max(1, one.at_most))
