"""Two variants of one run, or two results, side by side.

What may be compared is decided in alike.py: equal work only, counters on any machine, times on one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from kscale.errors import KscaleError, NoVerdict, did_you_mean
from kscale.judge import alike, rows
from kscale.judge.alike import Across
from kscale.judge.alike import same_machine as same_machine  # noqa: PLC0414 - asked for by readers of comparisons
from kscale.judge.rows import OTHER_WORK, Row
from kscale.judge.verdict import Verdict
from kscale.measure import point
from kscale.results.record import Cell, Result


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, as its heading names it."""

    name: str
    commit: str = ""  # first seven digits
    date: str = ""  # UTC, of the run
    meant: str = ""  # which file or run the name stands for, where it does not say so itself


class Part(NamedTuple):
    """What only one side has: a cell, a variant of one, or a number of that."""

    mechanism: str
    label: str  # the cell's
    variant: str = ""
    metric: str = ""

    @property
    def said(self) -> str:
        """Return the part as people say it: "sched-sampling · 200k pods · optimized"."""
        return " · ".join(filter(None, self))

    @property
    def where(self) -> str:
        """Return which it is of its mechanism: "200k pods · optimized"."""
        return " · ".join(filter(None, self[1:]))

    @property
    def noun(self) -> str:
        """Return what it is, in a word."""
        if self.metric:
            return "timing" if self.metric == rows.WALL else "counter"
        return "variant" if self.variant else "cell"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was said of two sides."""

    a: Side
    b: Side
    of: Literal["variants", "results", "points"]  # points: cells of one run that differ in one parameter
    paired: bool
    same_machine: bool
    rows: tuple[Row, ...]
    gone: tuple[str, ...] = ()  # cells, variants and counters of a only
    new: tuple[str, ...] = ()  # of b only
    notes: tuple[str, ...] = ()
    run: str = ""  # name of the run whose variants or points are compared
    runs: tuple[str, ...] = ()  # their names, if they are of several; then *run* has them all
    parts: Mapping[str, Part] = field(default_factory=dict, repr=False, compare=False)  # by names above

    def said(self, name: str) -> str:
        """Return what only one side has as people say it: by its label, not by its key."""
        return self.parts[name].said if name in self.parts else name

    @property
    def worst_first(self) -> tuple[Row, ...]:
        """Return the rows by verdict, then by size of change."""
        return tuple(sorted(self.rows, key=lambda row: row.severity))

    def count(self, found: Verdict | None) -> int:
        """Return how many rows got a verdict; None counts those that got none."""
        return sum(row.verdict is found for row in self.rows)


def of_variants(result: Result, a: str, b: str) -> Comparison:
    """Compare two variants of one run by their pairs.

    KscaleError if no cell has a variant of that name, NoVerdict if no cell has both.
    """
    run = result.run.called
    known = {name for cell in result.cells for name in cell.variants}
    for name in (a, b):
        if name not in known:
            raise KscaleError(f"no variant '{name}' in run {run}; {did_you_mean(name, known)}")
    found: list[Row] = []
    gone: dict[str, Part] = {}
    new: dict[str, Part] = {}
    for cell in result.cells:
        if a in cell.variants and b in cell.variants:
            found.extend(rows.of_cell(rows.described(result, cell), cell, a, b))
        elif a in cell.variants or b in cell.variants:
            (gone if a in cell.variants else new)[cell.key] = _whole(cell)
    if not found:
        raise NoVerdict(f"no cell of run {run} has both '{a}' and '{b}': nothing to compare")
    return Comparison(
        *(Side(a), Side(b)),
        of="variants",
        run=run,
        paired=_any_paired(found),
        same_machine=True,
        rows=tuple(found),
        gone=tuple(gone),
        new=tuple(new),
        parts=gone | new,
        notes=(*alike.state(result, run), *_turns(result, run, found)),
    )


def of_results(
    a: Result,
    b: Result,
    names: tuple[str, str] | None = None,
    *,
    across: Across = "",
    allow_other_machine: bool = False,
) -> Comparison:
    """Compare two results, cell by cell and variant by variant, all as *a* declares it.

    *names* head the columns; the results' own names if not given. What is compared *across* differs
    on purpose, so nothing is judged by it; of other costs alone, nothing that a mechanism counts that
    reads them. Times of another machine are judged only if that is allowed. NoVerdict if no cell did
    the same work in both.
    """
    left, right = names or (a.run.called, b.run.called)
    same = same_machine(a.machine, b.machine)
    together = a.run.together is not None and a.run.together == b.run.together
    before, after = ({cell.key: cell for cell in result.cells} for result in (a, b))
    shared = [key for key in before if key in after]
    if not across and alike.other_costs(a, b):
        across = "costs"
    if not shared or not alike.same_work(a, b, across):
        why = f"different work in {len(shared)} cells" if shared else "no cell is in both"
        raise NoVerdict(f"nothing to compare between {left} and {right}: {why}")
    on_purpose = bool(across) and not alike.same_work(a, b)
    found: list[Row] = []
    gone = {key: _whole(cell) for key, cell in before.items() if key not in after}
    new = {key: _whole(cell) for key, cell in after.items() if key not in before}
    for key in [key for key in after if key in before]:
        one, other = before[key], after[key]
        rows.described(b, other)  # complains if nothing is said of it
        compared = rows.of_cells(
            rows.described(a, one), one, other, same_machine=same or allow_other_machine, together=together
        )
        unlike = on_purpose and not (across == "costs" and alike.same_costs(a, b, other.mechanism))
        found.extend(rows.unjudged(row, OTHER_WORK) if unlike else row for row in compared)
        gone.update(_parts(one, other))
        new.update(_parts(other, one))
    if not found:
        raise NoVerdict(f"nothing to compare between {left} and {right}: no number is in both")
    return Comparison(
        *(side_of(a, left), side_of(b, right)),
        of="results",
        paired=together and _any_paired(found),
        same_machine=same,
        rows=tuple(found),
        gone=tuple(gone),
        new=tuple(new),
        parts=gone | new,
        notes=(
            *alike.state(a, left),
            *alike.state(b, right),
            *alike.same_run(a, b, (left, right)),
            *alike.redeclared(a, b, left),
            *alike.differences(a, b, judged=allow_other_machine),
            *alike.moved_points(a, b),
            *([_on_purpose(a, b, across)] if on_purpose else []),
        ),
    )


def _on_purpose(a: Result, b: Result, across: Across) -> str:
    """Return what differs between two results, and what that means for their rows."""
    if across == "costs":
        return f"{alike.costs_said(a, b)}: what mechanisms count that read them is shown, not judged"
    return f"the work differs by {across}: changes are shown, not judged"


def of_points(result: Result, key: str, a: object, b: object) -> Comparison:
    """Compare the cells of one run whose parameter *key* is *a* with those where it is *b*, all else equal.

    They did different work on purpose: growth is shown, not judged. NoVerdict if none match.
    """
    before, after = ({place_of(cell, key): cell for cell in at(result, key, value)} for value in (a, b))
    found: list[Row] = []
    for place, cell in after.items():
        if place in before:
            compared = rows.of_cells(
                rows.described(result, cell), before[place], cell, same_machine=True, together=False
            )
            label = label_without(cell, key)
            found.extend(rows.unjudged(replace(row, at=label), OTHER_WORK) for row in compared)
    gone = {cell.key: _whole(cell) for place, cell in before.items() if place not in after}
    new = {cell.key: _whole(cell) for place, cell in after.items() if place not in before}
    run = result.run.called
    if not found:
        raise NoVerdict(f"no two cells of run {run} differ only in {key} {a} and {b}: nothing to compare")
    return Comparison(
        *(Side(point.say(key, a)), Side(point.say(key, b))),
        of="points",
        run=run,
        paired=False,
        same_machine=True,
        rows=tuple(found),
        gone=tuple(gone),
        new=tuple(new),
        parts=gone | new,
        notes=(*alike.state(result, run), f"the work differs by {key}: growth is shown, not judged"),
    )


def at(result: Result, key: str, value: object) -> list[Cell]:
    """Return the cells whose parameter *key* is *value*."""
    return [cell for cell in result.cells if key in cell.params and _same(cell.params[key], value)]


def place_of(cell: Cell, key: str) -> tuple[object, ...]:
    """Return what a cell is, its parameter *key* left out."""
    return cell.mechanism, *sorted((name, repr(value)) for name, value in cell.params.items() if name != key)


def label_without(cell: Cell, key: str) -> str:
    """Return a cell's point in words, its parameter *key* left out."""
    said = point.say(key, cell.params[key])
    return ", ".join(part for part in cell.label.split(", ") if part != said) or point.DEFAULTS


def side_of(result: Result, name: str) -> Side:
    """Return the heading's facts of a result."""
    return Side(name, result.git.sha[:7] if result.git else "", result.run.started[:10])


def _same(a: object, b: object) -> bool:
    """Say whether two parameters are equal; True is not 1."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def _any_paired(found: Sequence[Row]) -> bool:
    """Say whether any time was taken in pairs."""
    return any(row.ratio is not None and row.ratio.paired for row in found)


def _turns(result: Result, name: str, found: Sequence[Row]) -> Iterator[str]:
    """Return why variants of a run that took turns with another one are not pairs."""
    if result.run.together is not None and any(row.ratio is not None for row in found):
        yield f"{name} took turns with another run, variant by variant: its own variants are no pairs"


def _whole(cell: Cell) -> Part:
    """Return a cell as a part."""
    return Part(cell.mechanism, cell.label)


def _parts(one: Cell, other: Cell) -> Iterator[tuple[str, Part]]:
    """Return the variants and counters of a cell that the other one lacks, by name."""
    for name, record in one.variants.items():
        part = Part(one.mechanism, one.label, name)
        if name not in other.variants:
            yield f"{one.key} {name}", part
            continue
        lost = [key for key in record.work if key not in other.variants[name].work]
        if record.wall_ns is not None and other.variants[name].wall_ns is None:
            lost.append(rows.WALL)
        yield from ((f"{one.key} {name}.{key}", part._replace(metric=key)) for key in lost)
