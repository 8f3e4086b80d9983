"""The way from one wall to another, one optimization after the other.

Greedy: of those that are left, the one goes first that by arithmetic takes most from the station that broke,
if a run beyond the wall shows that it moves the wall at all; then the next best. Where no single one does,
those of the fewest stations that break one after the other go together. Those that lower the wall come last.
What is left changes nothing between the last step and the end.

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


def path(start: Wall, end: Wall, walls: Walls) -> Path:
    """Return the way from *start* to *end*."""
    on, target = frozenset(start.toggles), frozenset(end.toggles)
    here, steps = start, list[Step]()
    while on != target:
        changed = _next(here, end, on, walls)
        if not changed:
            break
        on ^= changed
        wall = end if on == target else _wall(here, end, on, changed, walls)
        steps.append(Step(ordered(changed), wall, wall.holds_at - here.holds_at))
        here = wall
    left = ordered(on ^ target)
    if here.holds_at != end.holds_at:  # by less than the precision: no run tells the two apart
        steps, left = _ended(start, end, steps, left)
    return Path(tuple(steps), left)


def _ended(
    start: Wall, end: Wall, steps: list[Step], left: tuple[str, ...]
) -> tuple[list[Step], tuple[str, ...]]:
    """Return the steps with the last one ending at the wall of the end."""
    if not steps:
        return [Step(left, end, end.holds_at - start.holds_at)], ()
    before = steps[-2].wall if len(steps) > 1 else start
    last = replace(steps[-1], wall=end, gain=end.holds_at - before.holds_at)
    return [*steps[:-1], last], left


def _next(here: Wall, end: Wall, on: Toggles, walls: Walls) -> Toggles:
    """Return what to change next; nothing if the rest does not move the wall."""
    close = Fraction(search.PPM + walls.bounds.precision_ppm, search.PPM)
    if end.holds_at > here.holds_at * close:
        return _gainers(here, end, on, walls)
    if end.holds_at * close < here.holds_at:
        return _losers(here, end, on, walls)
    return frozenset()


def _gainers(here: Wall, end: Wall, on: Toggles, walls: Walls) -> Toggles:
    """Return what moves the wall up: one toggle if any does alone, else several together."""
    value = _beyond(here, end, walls)
    rest = on ^ frozenset(end.toggles)
    for batch in _batches(_by_relief(here.station, on, rest, value, walls)):
        for one, run in zip(batch, walls.hold([on ^ {each} for each in batch], value), strict=True):
            if run is not None and run.holds:
                return frozenset((one,))
    return _together(here.station, on, rest, value, walls)


def _together(station: str, on: Toggles, rest: Toggles, value: int, walls: Walls) -> Toggles:
    """Return toggles that only together keep every objective at *value*, none of them for nothing."""
    group: Toggles = frozenset()
    while group != rest:
        group |= {_by_relief(station, on ^ group, rest - group, value, walls)[0]}
        (run,) = walls.hold([on ^ group], value)
        if _holds(run):
            break
        station = run.station if run else station
    for one in reversed(ordered(group)):
        if len(group) > 1 and _holds(walls.hold([on ^ group ^ {one}], value)[0]):
            group -= {one}
    return group


def _losers(here: Wall, end: Wall, on: Toggles, walls: Walls) -> Toggles:
    """Return what moves the wall down: the first toggle with which it breaks where it held, else all."""
    rest = on ^ frozenset(end.toggles)
    for batch in _batches(ordered(rest)):
        for one, run in zip(batch, walls.hold([on ^ {each} for each in batch], here.holds_at), strict=True):
            if not _holds(run):
                return frozenset((one,))
    return rest


def _wall(here: Wall, end: Wall, on: Toggles, changed: Toggles, walls: Walls) -> Wall:
    """Return the wall after a change, looked for where arithmetic says that it has moved to."""
    before, after = walls.known.reach(on ^ changed).value, walls.known.reach(on).value
    most = walls.bounds.most
    factor = Fraction(most if after is None else after, most if before is None else before)
    if end.holds_at < here.holds_at:
        return walls.near(on, [here.holds_at, round(here.holds_at * min(factor, LOSS))])
    tried = _beyond(here, end, walls)
    guess = min(tried * max(factor, GAIN), Fraction(max(end.holds_at, tried)))
    return walls.near(on, [tried, *(value for value in search.guesses(guess) if value > tried)])


def _beyond(here: Wall, end: Wall, walls: Walls) -> int:
    """Return a value that is just beyond the wall, by more than the precision, and holds at the end."""
    if here.breaks_at is None:
        return end.holds_at
    closely = Fraction(search.PPM + walls.bounds.precision_ppm, search.PPM)
    return min(end.holds_at, search.neat(here.breaks_at * closely, walls.bounds.precision_ppm))


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
