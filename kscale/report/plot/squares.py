"""Which squares a heat map has: the rows of one mechanism at every point of two parameters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kscale.errors import KscaleError, did_you_mean
from kscale.judge import compare
from kscale.judge.rows import WALL, Row
from kscale.report.plot import chosen, names, style
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.text import words
from kscale.results.record import Cell
from kscale.units import LONGEST, quote

AXES = 2
MOST = 16, 40  # values across and down; more cannot be read

Value = bool | int | float | str | None
Point = tuple[Value, Value]


@dataclass(frozen=True, slots=True)
class Map:
    """One mechanism over two parameters."""

    name: str
    across: tuple[str, tuple[Value, ...]]  # the parameter and its values, in order
    down: tuple[str, tuple[Value, ...]]
    squares: Mapping[Point, Row]


def maps(asked: Asked) -> Iterator[Map]:
    """Return every map; KscaleError if the parameters are not two, not there, or too many values."""
    drawn = _drawn(asked)
    if not drawn:
        raise NothingToDraw(f"{', '.join(asked.called)}: nothing to draw: no cell has both sides")
    groups: dict[str, list[tuple[Cell, Row]]] = {}
    for cell, row in drawn:
        groups.setdefault(cell.mechanism, []).append((cell, row))
    swept = {name: _swept(points) for name, points in groups.items()}
    _check(asked, swept)
    for name, points in groups.items():
        axes = asked.by or tuple(swept[name])
        if len(axes) == AXES and all(axis in swept[name] for axis in axes):
            yield from _of_mechanism(name, (axes[0], axes[1]), points)


def _check(asked: Asked, swept: Mapping[str, Sequence[str]]) -> None:
    """Complain of parameters that make no map, naming those that would."""
    said = "; ".join(f"{names.short(name)}: {', '.join(axes) or 'none'}" for name, axes in swept.items())
    known = {axis for axes in swept.values() for axis in axes}
    if asked.by and len(asked.by) != AXES:
        raise KscaleError(f"--by {quote(','.join(asked.by))}: a heat map has two parameters; swept: {said}")
    for axis in asked.by:
        if axis not in known:
            raise KscaleError(f"--by {quote(axis)}: not swept; {did_you_mean(axis[:LONGEST], known)}")
    if asked.by and not any(set(asked.by) <= set(axes) for axes in swept.values()):
        raise KscaleError(
            f"--by {quote(','.join(asked.by))}: no mechanism was swept over both; swept: {said}"
        )
    if not asked.by and not any(len(axes) == AXES for axes in swept.values()):
        raise KscaleError(f"a heat map takes two swept parameters: name them with --by X,Y; swept: {said}")


def _drawn(asked: Asked) -> list[tuple[Cell, Row]]:
    """Return the row of each cell: of two variants, or of one variant in two results."""
    if len(asked.results) == 1:
        return chosen.compared(asked.results[0], asked)
    if len(asked.results) != AXES:
        raise KscaleError(f"--kind heatmap takes one or two results, not {len(asked.results)}")
    a, b = asked.called
    found = asked.comparison or compare.of_results(asked.results[0], asked.results[1], (a, b))
    cells = {cell.key: cell for cell in asked.results[1].cells}
    mine = [row for row in found.rows if row.variant == asked.after]
    timed = any(row.ratio is not None for row in mine)
    wanted = asked.metric or (WALL if timed else None)
    kept: dict[str, tuple[Cell, Row]] = {}
    for row in mine:
        if row.info.headline if wanted is None else row.metric == wanted:
            kept.setdefault(row.cell, (cells[row.cell], row))
    return list(kept.values())


def _swept(points: Sequence[tuple[Cell, Row]]) -> list[str]:
    """Return the parameters that have more than one value, in the order of the file."""
    names = dict.fromkeys(name for cell, _ in points for name in cell.params)
    return [name for name in names if len({_key(cell.params.get(name)) for cell, _ in points}) > 1]


def _of_mechanism(mechanism: str, axes: tuple[str, str], points: Sequence[tuple[Cell, Row]]) -> Iterator[Map]:
    """Return the maps of one mechanism: one for each point of the other parameters."""
    others = [name for name in _swept(points) if name not in axes]
    groups: dict[str, list[tuple[Cell, Row]]] = {}
    for cell, row in points:
        held = ", ".join(f"{words(name)} {style.tick_of(cell.params.get(name))}" for name in others)
        groups.setdefault(held, []).append((cell, row))
    for held, group in groups.items():
        metric = names.metric(group[0][1])
        across, down = (_values(axis, group) for axis in axes)
        if len(across) > MOST[0] or len(down) > MOST[1]:
            raise KscaleError(
                f"{mechanism}: {len(across)} x {len(down)} squares cannot be read, {MOST[0]} x {MOST[1]} can;"
                " narrow them with --filter"
            )
        yield Map(
            f"{names.short(mechanism)}: {metric}" + (f" ({held})" if held else ""),
            (axes[0], across),
            (axes[1], down),
            {(cell.params.get(axes[0]), cell.params.get(axes[1])): row for cell, row in group},
        )


def _values(axis: str, points: Sequence[tuple[Cell, Row]]) -> tuple[Value, ...]:
    """Return the values of a parameter: amounts by size, words in the order of the file."""
    values = {_key(cell.params.get(axis)): cell.params.get(axis) for cell, _ in points}
    amounts = [
        value for value in values.values() if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    others = [value for value in values.values() if value not in amounts]
    return (*others, *sorted(amounts))


def _key(value: Value) -> tuple[str, Value]:
    """Return what tells values apart: true is not 1."""
    return type(value).__name__, value
