"""The way from one wall to another, one optimization after the other.

Greedy: of those that are left, the one goes first that by arithmetic takes most from the station that broke,
if a run beyond the wall shows that it moves the wall at all; then the next best. Where no single one does,
those of the fewest stations that break one after the other go together. Those that lower the wall come last.
What is left changes nothing between the last step and the end.

Both ends are walls of all seeds. The steps are those of the seed that holds least at the end, as it decides
there, and are found less closely.

The steps depend on their order, as every waterfall does; contributions that do not are `kscale ablate`'s.
The first wall and all gains come to the last wall, exactly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

from kscale.clusterwide import search
from kscale.clusterwide.search import Run
from kscale.clusterwide.toggles import Toggles, ordered
from kscale.clusterwide.walls import Wall, Walls

GAIN, LOSS = Fraction(3, 2), Fraction(3, 4)  # least that a wall is thought to move by
AT_ONCE = 2  # candidates that are tried at a time, whatever the number of cores


@dataclass(frozen=True, slots=True)
class Step:
    """What some optimizations changed, on top of those before."""

    changed: tuple[str, ...]  # one, or several that only help together; on if they are among the wall's
    wall: Wall
    gain: int  # on the axis; below 0: they lower the wall

    @property
    def added(self) -> bool:
        """Say whether they were put on, not taken out."""
        return set(self.changed) <= set(self.wall.toggles)


@dataclass(frozen=True, slots=True)
class Path:
    """The steps, and what took no part."""

    steps: tuple[Step, ...]
    left: tuple[str, ...]  # toggles that differ between the ends, and change nothing after the last step


@dataclass(frozen=True, slots=True)
class _Way:
    """Where all steps lead, and how they are looked for."""

    end: Wall
    walls: Walls
    seed: int

    @property
    def close(self) -> Fraction:
        """Return the factor within which walls are taken for equal."""
        return 1 + Fraction(self.walls.bounds.way_ppm, search.PPM)

    def rest(self, on: Toggles) -> Toggles:
        """Return the toggles that are not yet as they are at the end."""
        return on ^ frozenset(self.end.toggles)

    def holds(self, on: Toggles, value: int) -> bool:
        """Say whether every objective is kept at a value."""
        return _holds(self.walls.hold([on], value, self.seed)[0])


def path(start: Wall, end: Wall, walls: Walls) -> Path:
    """Return the way from *start* to *end*."""
    on, here, steps = frozenset(start.toggles), start, list[Step]()
    way = _Way(end, walls, _weakest(start, end))
    while way.rest(on):
        changed = _next(here, on, way)
        if not changed:
            break
        on ^= changed
        wall = _wall(here, on, changed, way) if way.rest(on) else end
        steps.append(Step(ordered(changed), wall, wall.holds_at - here.holds_at))
        here = wall
    left = ordered(way.rest(on))
    if here.holds_at != end.holds_at:  # by less than the precision: no run tells the two apart
        steps, left = _ended(start, end, steps, left)
    return Path(tuple(steps), left)


def _weakest(start: Wall, end: Wall) -> int:
    """Return the seed that holds least at the end, then at the start, then the first: that decides there."""
    before = dict(start.limits)
    return min(end.limits, key=lambda one: (one[1], before.get(one[0], 0)))[0]


def _ended(
    start: Wall, end: Wall, steps: list[Step], left: tuple[str, ...]
) -> tuple[list[Step], tuple[str, ...]]:
    """Return the steps with the last one ending at the wall of the end."""
    if not steps:
        return [Step(left, end, end.holds_at - start.holds_at)], ()
    before = steps[-2].wall if len(steps) > 1 else start
    last = replace(steps[-1], wall=end, gain=end.holds_at - before.holds_at)
    return [*steps[:-1], last], left


def _next(here: Wall, on: Toggles, way: _Way) -> Toggles:
    """Return what to change next; nothing if the rest does not move the wall."""
    if way.end.holds_at > here.holds_at * way.close:
        return _gainers(here, on, way)
    if way.end.holds_at * way.close < here.holds_at:
        return _losers(here, on, way)
    return frozenset()


def _gainers(here: Wall, on: Toggles, way: _Way) -> Toggles:
    """Return what moves the wall up: one toggle if any does alone, else several together.

    One with which some station still has more than it can do there is not tried alone.
    """
    value = _beyond(here, way)
    ordering = _by_relief(here.station, on, way.rest(on), value, way.walls)
    able = [one for one in ordering if _fits(on ^ {one}, value, way)]
    for batch in _batches(able):
        runs = way.walls.hold([on ^ {each} for each in batch], value, way.seed)
        for one, run in zip(batch, runs, strict=True):
            if _holds(run):
                return frozenset((one,))
    return _together(here.station, on, value, way)


def _together(station: str, on: Toggles, value: int, way: _Way) -> Toggles:
    """Return toggles that only together keep every objective at *value*, none of them for nothing.

    By arithmetic first, each for the station that is fullest then; by runs from there on.
    """
    group, rest = frozenset[str](), way.rest(on)
    while group != rest:
        group |= {_by_relief(station, on ^ group, rest - group, value, way.walls)[0]}
        loads = way.walls.known.load(on ^ group, value)
        if max(loads.values(), default=0) > search.PPM:
            station = max(loads, key=loads.__getitem__)
            continue
        (run,) = way.walls.hold([on ^ group], value, way.seed)
        if _holds(run):
            break
        station = run.station if run else station
    for one in reversed(ordered(group)):
        if len(group) > 1 and way.holds(on ^ group ^ {one}, value):
            group -= {one}
    return group


def _fits(on: Toggles, value: int, way: _Way) -> bool:
    """Say whether by arithmetic no station has more than it can do."""
    return max(way.walls.known.load(on, value).values(), default=0) <= search.PPM


def _losers(here: Wall, on: Toggles, way: _Way) -> Toggles:
    """Return what moves the wall down: the first toggle with which it breaks where it held, else all."""
    for batch in _batches(ordered(way.rest(on))):
        runs = way.walls.hold([on ^ {each} for each in batch], here.holds_at, way.seed)
        for one, run in zip(batch, runs, strict=True):
            if not _holds(run):
                return frozenset((one,))
    return way.rest(on)


def _wall(here: Wall, on: Toggles, changed: Toggles, way: _Way) -> Wall:
    """Return the wall after a change, looked for where arithmetic says that it has moved to."""
    walls, most = way.walls, way.walls.bounds.most
    before, after = walls.known.reach(on ^ changed).value, walls.known.reach(on).value
    factor = Fraction(most if after is None else after, max(1, most if before is None else before))
    if way.end.holds_at < here.holds_at:
        return walls.near(on, [here.holds_at, round(here.holds_at * min(factor, LOSS))], way.seed)
    tried = _beyond(here, way)
    guess = tried * max(factor, GAIN)
    first = search.guesses(guess) if guess < way.end.holds_at else _ends(way)
    return walls.near(on, [tried, *(value for value in first if value > tried)], way.seed)


def _ends(way: _Way) -> list[int]:
    """Return both sides of the last wall, as far apart as walls on the way may be."""
    breaks = way.end.breaks_at
    return [way.end.holds_at] + ([] if breaks is None else [int(way.end.holds_at * way.close)])


def _beyond(here: Wall, way: _Way) -> int:
    """Return a value that is beyond the wall by more than the precision, and holds at the end."""
    broke = here.broke_at(way.seed) or here.breaks_at
    if broke is None:
        return way.end.holds_at
    return min(way.end.holds_at, search.neat(broke * way.close, way.walls.bounds.way_ppm))


def _by_relief(station: str, on: Toggles, rest: Toggles, value: int, walls: Walls) -> list[str]:
    """Return *rest*, first those that leave least load on a station, then on the fullest; ties in order."""

    def load(one: str) -> tuple[int, int]:
        """Return the load of that station, and of the fullest, with one more changed."""
        found = walls.known.load(on ^ {one}, value)
        return found.get(station, 0), max(found.values(), default=0)

    return sorted(ordered(rest), key=load)


def _batches(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield names a few at a time."""
    left = iter(names)
    while batch := tuple(islice(left, AT_ONCE)):
        yield batch


def _holds(run: Run | None) -> bool:
    """Say whether a run was made and kept every objective."""
    return run is not None and run.holds
