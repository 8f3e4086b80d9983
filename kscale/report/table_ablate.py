"""What `kscale ablate` prints: a sentence, the figure before, what each optimization buys, the figure after.

The Shapley values add up to the difference, as shown too. Three layouts by the room there is: with
titles and bars, without titles, or two lines for each optimization. Ids wrap, numbers never do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rich.text import Text

from kscale.clusterwide import toggles, words
from kscale.clusterwide.ablate import Ablation, Part, Valued
from kscale.report import ablate_wording as wording
from kscale.report import adding_up, grid
from kscale.report import columns as layouts
from kscale.report.adding_up import Scale
from kscale.report.grid import GAP, Column
from kscale.report.text import clean, joined, paragraph

INDENT = "  "
STACKED_WIDEST = 78
LONGEST_NAME = 24  # columns of a set's
BAR = 14  # columns of the longest bar
EIGHTHS = "▏▎▍▌▋▊▉█"
WORSE_BAR = "░"
MOST_PAIRS = 4


@dataclass(frozen=True, slots=True)
class Row:
    """What one optimization buys, as shown."""

    part: Part
    value: Fraction
    quanta: int  # as shown

    def seen(self, to: Scale) -> bool:
        """Say whether any of its numbers is more than nothing as shown."""
        return bool(self.quanta or to.rounded(self.part.alone) or to.rounded(self.part.last))

    def worse(self, better: str) -> bool:
        """Say whether the metric gets worse by it."""
        return self.value != 0 and (self.value > 0) == (better == "lower")


def ablate_table(found: Ablation, width: int) -> Text:
    """Return the table for *width* columns."""
    to = scale_of(found)
    every, nothing = rows_of(found, to)
    rows = [row for row in every if row.seen(to)]
    lines = paragraph(wording.head(found), width, rest=INDENT, style="dim")
    lines += paragraph(wording.sets(found), width, rest=INDENT, style="dim")
    lines += paragraph(wording.MODELLED, width, rest=INDENT, style="magenta")
    lines.append(Text())
    lines += paragraph(wording.sentence(found), width, style="bold")
    if found.bounds:
        lines += paragraph(f"! {wording.bounds(found)}", width, rest=INDENT, style="yellow")
    lines.append(Text())
    lines += _layout(found, rows, to, width)
    small = [row.part for row in every if not row.seen(to)]
    for said in (*wording.below(found, small, to), *wording.zeros(nothing)):
        lines += paragraph(said, width, first=INDENT, rest=INDENT * 2, style="dim")
    lines.append(Text())
    lines += _pairs(found, to, width)
    for said in wording.legend(found):
        lines += paragraph(said, width, style="dim")
    return joined(lines)


def scale_of(found: Ablation) -> Scale:
    """Return how the numbers of an account are written."""
    ends = (found.value_before.amount, found.value_after.amount)
    gain = max((Fraction(abs(part.numerator), found.denominator) for part in found.parts), default=Fraction())
    return adding_up.scale(max(*ends, int(gain)), found.unit, gain)


def rows_of(found: Ablation, to: Scale) -> tuple[list[Row], list[Part]]:
    """Return what each adds, the largest value first, and those that do nothing to the metric."""
    nothing = [part for part in found.parts if not (part.numerator or part.alone or part.last)]
    some = [part for part in found.parts if part not in nothing]
    some.sort(key=lambda part: -abs(part.numerator))  # of equals the first in print order
    values = [Fraction(part.numerator, found.denominator) for part in some]
    quanta, _ = adding_up.parts(found.value_before.amount, values, to)
    return [Row(*one) for one in zip(some, values, quanta, strict=True)], nothing


def _layout(found: Ablation, rows: Sequence[Row], to: Scale, width: int) -> Iterator[Text]:
    """Yield before, a row for each optimization, their sum and after, in the roomiest layout that fits."""
    body = _numbers(found, rows, to)
    first, last = _headings(found)
    column = [first, *(_named(row) for row in rows), Text("sum", "dim"), last]
    names = Column("optimization", column, name=True)
    titles = Column("", _inner([Text(_title(row), "dim") for row in rows]))
    bars = Column("", _inner([_bar(found, row, rows) for row in rows]))
    for columns in ([names, titles, bars, *body], [names, bars, *body], [names, *body]):
        widths = grid.fitted(columns, width)
        if widths is not None:
            yield grid.titles(columns, widths)
            for number in range(len(names.cells)):
                yield from grid.row(columns, number, widths)
            return
    yield from _stacked(found, rows, to, min(width, STACKED_WIDEST))


def _headings(found: Ablation) -> tuple[Text, Text]:
    """Return what both sets are called; where that is long, the head names them."""
    names = [clean(words.heading(wording.label(one))) for one in (found.before, found.after)]
    if max(map(len, names)) > LONGEST_NAME:
        names = ["before", "after"]
    first, last = (Text(name, "bold") for name in names)
    return first, last


def _numbers(found: Ablation, rows: Sequence[Row], to: Scale) -> list[Column]:
    """Return the columns of values: that of a bound is marked, and that of the sum is what they add up to."""
    first, last = (_total(one, to) for one in (found.value_before, found.value_after))
    total = sum(row.quanta for row in rows)
    shapley = [
        first,
        *(_gain(found, row, to) for row in rows),
        Text(to.text(total, signed=True), "dim"),
        last,
    ]
    errors = [Column("±", _inner([Text(error(row.part, to), "dim") for row in rows]), right=True)]
    return [
        Column("Shapley value", shapley, right=True),
        *([] if found.exact else errors),
        Column("", _inner([_worse(found, row) for row in rows])),
        Column("alone", _inner([Text(wording.alone(row.part, to)) for row in rows]), right=True),
        Column("last", _inner([Text(wording.last(row.part, to)) for row in rows]), right=True),
    ]


def _inner(cells: Sequence[Text]) -> list[Text]:
    """Return a column that has nothing beside the ends and the sum."""
    return [Text(), *cells, Text(), Text()]


def _named(row: Row) -> Text:
    """Return the id of a row, with a minus if it is taken out."""
    return Text(f"{'' if row.part.joins else '-'}{row.part.toggle}")


def _title(row: Row) -> str:
    """Return what a row's optimization does, in a few words."""
    return toggles.find(row.part.toggle).title


def _total(one: Valued, to: Scale) -> Text:
    """Return the value of an end."""
    return Text(f"{'! ' if one.bound else ''}{to.text(to.rounded(one.amount))}", "bold")


def _gain(found: Ablation, row: Row, to: Scale) -> Text:
    """Return what a row adds, green if the metric gets better by it."""
    if not row.quanta:
        return Text(adding_up.SOME if row.value else "0")
    return Text(to.text(row.quanta, signed=True), "red" if row.worse(found.better) else "green")


def _worse(found: Ablation, row: Row) -> Text:
    """Return the word for what makes the metric worse."""
    return Text("worse", "red") if row.worse(found.better) else Text()


def error(part: Part, to: Scale) -> str:
    """Return a standard error, rounded up."""
    if part.standard_error is None:
        return "?"
    if not part.standard_error:
        return "0"
    return to.text(-(-part.standard_error // to.quantum))


def _bar(found: Ablation, row: Row, rows: Sequence[Row]) -> Text:
    """Return a bar as long as the value is large; of another pattern where the metric gets worse."""
    longest = max((abs(one.value) for one in rows), default=0)
    eighths = round(BAR * 8 * abs(row.value) / longest) if longest else 0
    if row.worse(found.better):
        return Text(WORSE_BAR * max(1, eighths // 8), "red")
    whole, part = divmod(max(eighths, int(row.value != 0)), 8)
    return Text(EIGHTHS[-1] * whole + (EIGHTHS[part - 1] if part else ""), "green")


def _stacked(found: Ablation, rows: Sequence[Row], to: Scale, width: int) -> Iterator[Text]:
    """Yield two lines an optimization: its value, then what it buys alone and last."""
    total = to.text(sum(row.quanta for row in rows), signed=True)
    first, last = _headings(found)
    yield _apart(first, _total(found.value_before, to), width)
    for row in rows:
        worse = " worse" if row.worse(found.better) else ""
        yield _apart(Text(INDENT).append_text(_named(row)), _gain(found, row, to).append(worse), width)
        facts = [f"alone {wording.alone(row.part, to)}", f"last {wording.last(row.part, to)}"]
        if not found.exact:
            facts.insert(0, f"± {error(row.part, to)}")
        yield from layouts.facts_lines(facts, width)
    yield _apart(Text("sum", "dim"), Text(total, "dim"), width)
    yield _apart(last, _total(found.value_after, to), width)


def _apart(left: Text, right: Text, width: int) -> Text:
    """Return two texts at the ends of a line."""
    return left.append(" " * max(GAP, width - left.cell_len - right.cell_len)).append_text(right)


def _pairs(found: Ablation, to: Scale, width: int) -> Iterator[Text]:
    """Yield the strongest pairs: what two buy together beyond what each does without the other."""
    strongest = sorted(
        (pair for pair in found.pairs if to.rounded(pair.amount)), key=lambda pair: -abs(pair.amount)
    )
    if not strongest:
        return
    yield Text("pairs, with all others there", "bold")
    for pair in strongest[:MOST_PAIRS]:
        yield from paragraph(wording.pair(found, pair, to), width, first=INDENT, rest=INDENT * 2)
    yield Text()
