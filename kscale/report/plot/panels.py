"""Which maps a sweep makes: of each mechanism over one or two amounts, at each value of what else varies."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kscale.errors import KscaleError, did_you_mean
from kscale.judge import seeds
from kscale.judge.rows import Row
from kscale.judge.seeds import Point
from kscale.report.plot import amounts, chosen, crossing, names, turns
from kscale.report.plot.amounts import Axis
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.crossing import Height, Segment
from kscale.report.plot.turns import Turn
from kscale.results.record import MechanismInfo, Result, Value
from kscale.units import LONGEST, quote

AXES = 2
MOST = 60  # values along an axis; more cannot be told apart

Held = tuple[tuple[str, Value], ...]
Places = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One map, or one curve: a mechanism over one or two amounts."""

    mechanism: str
    axes: tuple[Axis, ...]  # across, and down if there are two
    held: Held  # what else was swept, here at one value
    turns: Mapping[Places, Turn]  # by number of the value on each axis
    missing: Mapping[Places, str]  # points that were not measured: skipped, failed

    @property
    def at(self) -> str:
        """Return what is held, in words."""
        return ", ".join(f"{amounts.spoken(key)} {amounts.said(key, value)}" for key, value in self.held)

    @property
    def squares(self) -> int:
        """Return how many points it has room for."""
        return math.prod(len(axis.values) for axis in self.axes)

    @property
    def line(self) -> list[Segment]:
        """Return where both sides cost the same, on a map of two amounts."""
        heights = {
            place: Height(one.log, (one.sure or one.equal) and self._even(place))
            for place, one in self.turns.items()
        }
        across, down = self.axes
        return list(crossing.segments(across.places, down.places, heights))

    def _even(self, place: Places) -> bool:
        """Say whether places beside a point are true ones: not beside 0 on a log axis."""
        return all(
            axis.scale.even(axis.amounts[at], axis.amounts[-1])
            for axis, at in zip(self.axes, place, strict=True)
        )

    @property
    def metric(self) -> str:
        """Return what is compared, in words."""
        return turns.metric(next(iter(self.turns.values())))


def of(asked: Asked) -> list[Panel]:
    """Return every map and every curve; KscaleError if there is none."""
    result = asked.results[0]
    rows = {cell.key: row for cell, row in chosen.compared(result, asked)}
    groups: dict[str, list[Point]] = {}
    for point in seeds.points(result):
        groups.setdefault(point.mechanism, []).append(point)
    groups = {name: found for name, found in groups.items() if any(_rows(point, rows) for point in found)}
    if not groups:
        raise NothingToDraw(f"{', '.join(asked.called)}: nothing to draw: no cell has both sides")
    swept = {name: _swept(found) for name, found in groups.items()}
    known = {key for axes in swept.values() for key, axis in axes.items() if axis is not None}
    asked = replace(asked, by=tuple(_key(name, known) for name in asked.by))
    _check(asked, result, swept)
    along = {name: _along(asked, axes) for name, axes in swept.items()}
    return [
        panel
        for name, found in groups.items()
        if along[name]
        for panel in _of_mechanism(asked, along[name], swept[name], found, rows)
    ]


def _swept(points: Sequence[Point]) -> dict[str, Axis | None]:
    """Return each parameter with several values, as an axis if they are amounts, in the order of the file."""
    keys = dict.fromkeys(key for point in points for key in point.params)
    values = {key: {repr(point.params.get(key)): point.params.get(key) for point in points} for key in keys}
    return {key: amounts.axis(key, list(found.values())) for key, found in values.items() if len(found) > 1}


def _key(name: str, known: Collection[str]) -> str:
    """Return a parameter as cells have it, which a sweep may name with its mechanism's name before it."""
    own = name.rpartition(".")[2]
    return own if name not in known and own in known else name


def _along(asked: Asked, swept: Mapping[str, Axis | None]) -> tuple[Axis, ...]:
    """Return the axes of a mechanism's maps: those asked for, else the two with most values."""
    found = {key: axis for key, axis in swept.items() if axis is not None}
    if asked.by:
        return tuple(found[key] for key in asked.by) if set(asked.by) <= found.keys() else ()
    longest = sorted(found, key=lambda key: -len(found[key].values))[:AXES]  # of equals the first
    return tuple(axis for key, axis in found.items() if key in longest)


def _check(asked: Asked, result: Result, swept: Mapping[str, Mapping[str, Axis | None]]) -> None:
    """Complain of parameters that make no map, naming those that would."""
    able = {name: [key for key, axis in keys.items() if axis is not None] for name, keys in swept.items()}
    said = "; ".join(
        f"{names.short(name)}: {', '.join(map(names.short, keys)) or 'none'}" for name, keys in able.items()
    )
    given = quote(",".join(asked.by))
    known = {key for keys in able.values() for key in keys}
    if len(asked.by) > AXES or len(set(asked.by)) < len(asked.by):
        raise KscaleError(f"--by {given}: a map has one or two parameters; swept: {said}")
    for key in asked.by if known else ():
        if key not in known:
            raise KscaleError(f"--by {quote(key)}: no swept amount; {did_you_mean(key[:LONGEST], known)}")
    if known and not any(set(asked.by) <= set(keys) for keys in able.values()):
        raise KscaleError(f"--by {given}: no mechanism was swept over both; swept: {said}")
    if not known:
        name = names.short(result.run.called)
        raise NothingToDraw(f"{name}: nothing to draw: a map takes a swept amount, as kscale sweep makes")


def _of_mechanism(
    asked: Asked,
    along: tuple[Axis, ...],
    swept: Mapping[str, Axis | None],
    points: Sequence[Point],
    rows: Mapping[str, Row],
) -> Iterator[Panel]:
    """Yield the maps of one mechanism: one for each point of the other parameters."""
    info = asked.results[0].mechanisms[points[0].mechanism]
    for axis in along:
        if len(axis.values) > MOST:
            raise KscaleError(
                f"{names.short(points[0].mechanism)}: {len(axis.values)} values of {names.short(axis.key)}"
                f" cannot be told apart, {MOST} can; narrow them with --filter"
            )
    others = [key for key in swept if key not in {axis.key for axis in along}]
    groups: dict[Held, list[Point]] = {}
    for point in points:
        groups.setdefault(tuple((key, point.params.get(key)) for key in others), []).append(point)
    for held in sorted(groups, key=_rank):
        axes = [amounts.axis(one.key, [point.params.get(one.key) for point in groups[held]]) for one in along]
        there = tuple(axis for axis in axes if axis is not None)
        if len(there) == len(along):
            yield from _panel(asked, info, there, held, groups[held], rows)


def _panel(
    asked: Asked,
    info: MechanismInfo,
    axes: tuple[Axis, ...],
    held: Held,
    points: Sequence[Point],
    rows: Mapping[str, Row],
) -> Iterator[Panel]:
    """Yield the map of these points, if any of them was measured."""
    at = {
        tuple(axis.values.index(point.params[axis.key]) for axis in axes): point
        for point in points
        if all(point.params.get(axis.key) is not None for axis in axes)
    }
    found = {place: _rows(point, rows) for place, point in at.items()}
    measured = {place: _turn(asked, info, at[place], several) for place, several in found.items() if several}
    if measured:
        missing = {place: _why(point) for place, point in at.items() if place not in measured}
        yield Panel(points[0].mechanism, axes, held, measured, missing)


def _turn(asked: Asked, info: MechanismInfo, point: Point, rows: Sequence[Row]) -> Turn:
    """Return who wins at a point."""
    found = seeds.changes(info, point, asked.after, asked.before)
    return turns.of_seeds(rows, found[rows[0].metric])


def _why(point: Point) -> str:
    """Return in a word why a point was not measured."""
    status = point.cells[0].status if point.cells else "ok"
    return "not run" if status == "ok" else status


def _rank(held: Held) -> tuple[tuple[float, str], ...]:
    """Return a sort key: amounts by size, before words by their letters."""
    sizes = ((amounts.amount(value), value) for _, value in held)
    return tuple((float("inf"), str(value)) if size is None else (size, "") for size, value in sizes)


def _rows(point: Point, rows: Mapping[str, Row]) -> list[Row]:
    """Return the rows of a point, one a seed."""
    return [rows[cell.key] for cell in point.cells if cell.key in rows]
