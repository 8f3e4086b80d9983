"""Several sides at once: the first is the reference, each other one is compared with it.

    of_results    a column for each result
    of_variants   a column for each variant of one run
    by            a column for each value of a key: variant, a parameter, git, machine, seed ...

A line is there if at least two sides have its metric.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from kscale.errors import NoVerdict
from kscale.judge import compare, rows
from kscale.judge.alike import Across
from kscale.judge.compare import Comparison, Side
from kscale.judge.rows import Amount, Row
from kscale.results.record import Cell, MetricInfo, Result, VariantRecord


class Named(NamedTuple):
    """A result, and what its column is called."""

    name: str
    result: Result
    meant: str = ""  # which file or run that is, where the name does not say so itself

    @property
    def side(self) -> Side:
        """Return the heading's facts."""
        return replace(compare.side_of(self.result, self.name), meant=self.meant)


@dataclass(frozen=True, slots=True)
class Line:
    """One metric at one place, on every side."""

    mechanism: str
    at: str
    cell: str  # key; of the first side that has it
    variant: str
    metric: str
    info: MetricInfo
    per: str
    amounts: tuple[Amount | None, ...]  # a side each
    rows: tuple[Row | None, ...]  # each side against the first; None for the first itself, and without both

    @property
    def changes(self) -> tuple[Row, ...]:
        """Return what changed against the first side."""
        return tuple(row for row in self.rows if row is not None)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Everything that was said of several sides."""

    by: str  # what the columns are: "result", or the key asked for
    results: tuple[Result, ...]  # that the sides are of: one each, or one for all
    sides: tuple[Side, ...]
    comparisons: tuple[Comparison, ...]  # the first side with each other one
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()  # sides that could not be compared with the first


class Seen(NamedTuple):
    """One variant of one cell, and the column and the line it belongs to."""

    column: int
    place: tuple[object, ...]
    at: str
    result: Result
    cell: Cell
    variant: str
    record: VariantRecord


def of_results(
    named: Sequence[Named], *, by: str = "result", across: Across = "", allow_other_machine: bool = False
) -> SideBySide:
    """Compare the first result with each other one; NoVerdict if none of them has anything in common."""
    first, *others = named
    kept, found, notes = [first], [], []
    for other in others:
        try:
            compared = compare.of_results(
                first.result,
                other.result,
                (first.name, other.name),
                across=across,
                allow_other_machine=allow_other_machine,
            )
        except NoVerdict as nothing:
            notes.append(str(nothing))
            continue
        kept.append(other)
        found.append(replace(compared, a=first.side, b=other.side))
    if not found:
        raise NoVerdict("; ".join(notes))
    seen = [
        Seen(column, (cell.key, variant), f"{cell.label} · {variant}", one.result, cell, variant, record)
        for column, one in enumerate(kept)
        for cell in one.result.cells
        for variant, record in cell.variants.items()
    ]
    by_place = [{(row.cell, row.variant, row.metric): row for row in one.rows} for one in found]
    sides = tuple(one.side for one in kept)
    return SideBySide(
        by, tuple(one.result for one in kept), sides, tuple(found), tuple(lines(seen, by_place)), tuple(notes)
    )


def of_variants(result: Result, names: Sequence[str]) -> SideBySide:
    """Compare the first of several variants of one run with each other one, by their pairs.

    KscaleError if no cell has a variant of that name, NoVerdict if no cell has the first and another.
    """
    first, *others = names
    kept, found, notes = [first], [], []
    for other in others:
        try:
            found.append(compare.of_variants(result, first, other))
            kept.append(other)
        except NoVerdict as nothing:
            notes.append(str(nothing))
    if not found:
        raise NoVerdict("; ".join(notes))
    seen = [
        Seen(kept.index(variant), (cell.key,), cell.label, result, cell, variant, record)
        for cell in result.cells
        for variant, record in cell.variants.items()
        if variant in kept
    ]
    by_place = [{(row.cell, row.metric): row for row in one.rows} for one in found]
    sides = tuple(map(Side, kept))
    return SideBySide("variant", (result,), sides, tuple(found), tuple(lines(seen, by_place)), tuple(notes))


def of_points(result: Result, key: str, values: Sequence[object]) -> SideBySide:
    """Compare the cells where the parameter *key* has its first value with those where it has another.

    Growth is shown, not judged. NoVerdict if no two cells differ in nothing else.
    """
    first, *others = values
    kept, found, notes = [first], [], []
    for other in others:
        try:
            found.append(compare.of_points(result, key, first, other))
            kept.append(other)
        except NoVerdict as nothing:
            notes.append(str(nothing))
    if not found:
        raise NoVerdict("; ".join(notes) or f"every cell has the same {key}: nothing to compare")
    seen = [
        Seen(
            column,
            (compare.place_of(cell, key), variant),
            f"{compare.label_without(cell, key)} · {variant}",
            result,
            cell,
            variant,
            record,
        )
        for column, value in enumerate(kept)
        for cell in compare.at(result, key, value)
        for variant, record in cell.variants.items()
    ]
    places = {cell.key: compare.place_of(cell, key) for cell in result.cells if key in cell.params}
    by_place = [{(places[row.cell], row.variant, row.metric): row for row in one.rows} for one in found]
    sides = (found[0].a, *(one.b for one in found))
    return SideBySide(key, (result,), sides, tuple(found), tuple(lines(seen, by_place)), tuple(notes))


@dataclass(slots=True)
class _Open:
    """A line that is being filled."""

    seen: Seen  # first of its place
    metric: str
    info: MetricInfo
    per: str  # by what the first side divides its times
    records: dict[int, VariantRecord] = field(default_factory=dict)

    def amount(self, column: int, per: str) -> Amount | None:
        """Return the number of one side; None if it has none."""
        record = self.records.get(column)
        if record is None:
            return None
        if self.metric == rows.WALL:
            return rows.amount_of_time(per, record)
        return Amount(record.work[self.metric])


def lines(seen: Iterable[Seen], found: Sequence[dict[Any, Row]]) -> Iterator[Line]:
    """Yield a line for each metric that at least two sides have, in the order of the files.

    *found* has for each side but the first the rows by place and metric. Where not every side
    counted what times are divided by, times of whole runs stand beside each other.
    """
    filled: dict[tuple[object, ...], _Open] = {}
    width = len(found) + 1
    for one in seen:
        for metric, info, per in _metrics(one):
            line = filled.setdefault((*one.place, metric), _Open(one, metric, info, per))
            line.records[one.column] = one.record
    for key, line in filled.items():
        if len(line.records) > 1:
            per = rows.counted_per(line.per, line.records.values())
            yield Line(
                mechanism=line.seen.cell.mechanism,
                at=line.seen.at,
                cell=line.seen.cell.key,
                variant=line.seen.variant,
                metric=line.metric,
                info=line.info,
                per=per,
                amounts=tuple(line.amount(column, per) for column in range(width)),
                rows=(None, *(_told(rows_of.get(key), per) for rows_of in found)),
            )


def _told(row: Row | None, per: str) -> Row | None:
    """Return a change, with a note if it is of times divided in another way than its line's."""
    if row is None or row.per == per:
        return row
    return replace(row, notes=(*row.notes, f"the change is of times divided by {row.per}"))


def _metrics(one: Seen) -> Iterator[tuple[str, MetricInfo, str]]:
    """Yield every metric of a variant: name, rule, by what it is divided."""
    info = rows.described(one.result, one.cell)
    if one.record.wall_ns is not None:
        yield rows.WALL, rows.TIME, info.per
    for name, metric in rows.declared(info, one.record.work):
        yield name, metric, ""
