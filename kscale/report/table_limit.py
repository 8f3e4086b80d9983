"""What `kscale limit` prints: a sentence, both walls, the way between them as bars, what took no part.

Two layouts by the room there is: a column for everything, or a heading with facts below it. Bars take
what the numbers leave. A bar is the wall after its step: what was there before, then what was gained,
or lost.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.text import Text

from kscale.clusterwide.limit import Limit
from kscale.clusterwide.path import Step
from kscale.clusterwide.walls import Wall, bare
from kscale.report import columns as layouts
from kscale.report import grid
from kscale.report import limit_wording as wording
from kscale.report.grid import GAP, Column
from kscale.report.text import clean, joined, paragraph

INDENT = "  "
STACKED_WIDEST = 78
HAD, GAINED, LOST = "▒", "█", "░"
WIDEST_BAR, NARROWEST_BAR = 48, 8  # columns
MODELLED = "modelled: times follow from coefficients, nothing was measured"
LEGEND = (
    "holds: the largest at which all seeds keep every objective; breaks: the least at which one does not; "
    "arithmetic: where a station's load reaches its capacity, without any waiting"
)
ORDER = "gains depend on the order of the steps; kscale ablate gives those that do not"


def limit_table(found: Limit, width: int) -> Text:
    """Return the text for *width* columns."""
    lines = paragraph(wording.head(found), width, rest=INDENT, style="dim")
    lines.extend(paragraph(MODELLED, width, rest=INDENT, style="magenta"))
    lines.append(Text())
    lines.extend(paragraph(wording.finding(found), width, style="bold"))
    for said in (*wording.notes(found), *wording.losses(found)):
        lines.extend(paragraph(f"! {said}", width, rest=INDENT, style="yellow"))
    lines.append(Text())
    lines.extend(_walls(found, width))
    if found.steps:
        lines.append(Text())
        lines.extend(_way(found, width))
    for said in wording.rest(found):
        lines.extend(paragraph(said, width, rest=INDENT))
    lines.append(Text())
    for said in (LEGEND, *([f"{_bars()}; {ORDER}"] if found.steps else [])):
        lines.extend(paragraph(said, width, rest=INDENT, style="dim"))
    return joined(lines)


def _ends(found: Limit) -> list[tuple[str, Wall]]:
    """Return both walls with what their sets are called; one if they are the same."""
    both = list(zip(found.wish.names, (found.before, found.after), strict=True))
    return both[:1] if found.wish.before == found.wish.after else both


def _walls(found: Limit, width: int) -> Iterator[Text]:
    """Yield the walls: a row each, or a heading with facts below it."""
    ends = _ends(found)
    titles = ("holds", "breaks", "over seeds", f"of its {bare(found.wish.axis, found.own)}")
    facts = [
        (wording.holds(wall), wording.breaks(wall), wording.interval(wall), wording.headroom(found, wall))
        for _, wall in ends
    ]
    columns = [
        Column("", [Text(clean(name), "bold") for name, _ in ends], name=True),
        *(
            Column(title, [Text(row[number], "bold" if number == 0 else "") for row in facts], right=True)
            for number, title in enumerate(titles)
        ),
        Column("station", [Text(wording.station(wall)) for _, wall in ends], name=True),
        Column("objective", [Text(wording.what(wall)) for _, wall in ends], name=True),
    ]
    last = Column("arithmetic", [Text(wording.arithmetic(wall), "dim") for _, wall in ends], name=True)
    for chosen in ([*columns, last], columns):
        widths = grid.fitted(chosen, width - GAP)
        if widths is not None:
            yield Text(INDENT).append_text(grid.titles(chosen, widths))
            for number in range(len(ends)):
                yield from (Text(INDENT).append_text(line) for line in grid.row(chosen, number, widths))
            return
    for (name, wall), row in zip(ends, facts, strict=True):
        yield from _stacked(name, [f"{title} {fact}" for title, fact in zip(titles, row, strict=True)], width)
        said = [f"station {wording.station(wall)}", wording.what(wall)]
        yield from layouts.facts_lines(said, min(width, STACKED_WIDEST))


def _stacked(name: str, facts: Sequence[str], width: int) -> Iterator[Text]:
    """Yield a heading and its facts."""
    yield from paragraph(clean(name), width, style="bold")
    yield from layouts.facts_lines(facts, min(width, STACKED_WIDEST))


def _way(found: Limit, width: int) -> Iterator[Text]:
    """Yield the steps as rows with bars, between the first total and the last."""
    first, last = found.wish.names
    axis = found.wish.axis
    yield from paragraph(f"from {clean(first)} to {clean(last)}, one after the other", width, style="bold")
    walls = [found.before, *(one.wall for one in found.steps), found.after]
    titles = [clean(first), *(f"{_sign(one)} {wording.step(one)}" for one in found.steps), clean(last)]
    gains = ["", *(wording.gain(axis, one.gain) for one in found.steps), ""]
    colours = ["", *("green" if one.gain > 0 else "red" if one.gain < 0 else "" for one in found.steps), ""]
    columns = [
        Column("", [Text(title) for title in titles], name=True),
        Column("holds", [Text(bare(axis, wall.holds_at)) for wall in walls], right=True),
        Column("change", [Text(said, tone) for said, tone in zip(gains, colours, strict=True)], right=True),
    ]
    then = Column("then breaks", [Text(wording.station(wall), "dim") for wall in walls])
    yield from _with_bars(columns, then, _spans(found), width)


def _with_bars(
    columns: Sequence[Column], then: Column, spans: Sequence[tuple[int, int, bool]], width: int
) -> Iterator[Text]:
    """Yield rows, with bars in the room that is left, and with what breaks then if there is room for both."""
    for rest in ([then], []):
        room = width - GAP - sum(column.widest() + GAP for column in (*columns, *rest))
        if room >= NARROWEST_BAR:
            break
    room = min(WIDEST_BAR, room)
    chosen = list(columns)
    if room >= NARROWEST_BAR:
        chosen.append(Column("", [_bar(span, spans, room) for span in spans]))
    chosen.extend(rest)
    widths = grid.fitted(chosen, width - GAP) or [column.least() for column in chosen]
    yield Text(INDENT).append_text(grid.titles(chosen, widths))
    for number in range(len(spans)):
        yield from (Text(INDENT).append_text(line) for line in grid.row(chosen, number, widths))


def _spans(found: Limit) -> list[tuple[int, int, bool]]:
    """Return for each row the wall before, the wall after, and whether it is one of the ends."""
    totals = [found.before.holds_at]
    totals.extend(one.wall.holds_at for one in found.steps)
    steps = [(before, after, False) for before, after in pairwise(totals)]
    return [(0, totals[0], True), *steps, (0, totals[-1], True)]


def _bar(span: tuple[int, int, bool], spans: Sequence[tuple[int, int, bool]], room: int) -> Text:
    """Return a bar: what is kept of the wall before, then what was gained or lost."""
    most = max(1, *(max(before, after) for before, after, _ in spans))
    before, after, end = span
    if end:
        return Text(GAINED * _cells(after, most, room), "bold")
    kept, all_of_it = _cells(min(before, after), most, room), _cells(max(before, after), most, room)
    rest = max(all_of_it - kept, 1 if before != after else 0)
    tone = "green" if after > before else "red"
    return Text(HAD * kept, "dim").append((GAINED if after > before else LOST) * rest, tone)


def _cells(value: int, most: int, room: int) -> int:
    """Return the columns of a value, at least one for any; one is kept for what changes."""
    return max(1 if value else 0, (value * (room - 1) * 2 + most) // (2 * most))


def _sign(one: Step) -> str:
    """Return the mark of a step: put on, or taken out."""
    return "+" if one.added else "-"


def _bars() -> str:
    """Return what bars are made of."""
    return f"bars: {HAD} the wall before, {GAINED} gained, {LOST} lost"
