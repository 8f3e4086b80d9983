"""The points of a sweep in its table: each of a few, else in how many a variant wins and where it turns."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.text import Text

from kscale.judge import wording
from kscale.judge.seeds import PPM, Change
from kscale.judge.verdict import Verdict
from kscale.judge.winning import Series, Turns, loss, turns
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.report import cells, grid, sweep_words
from kscale.report.columns import Entry, Titles, lay_out
from kscale.report.grid import Column
from kscale.report.text import clean, paragraph
from kscale.units import show_counted, show_ratio

MOST_ROWS = 24  # of points; more are counted
MOST_LINES = 3  # of a row of counts; where names would wrap more often, sentences are easier to read
MOST_TURNS = 8  # lines on where a variant turns; more are counted
EVERYWHERE = "all points"
COUNTED = (Verdict.BETTER, Verdict.WORSE, Verdict.SAME, Verdict.UNCLEAR)
ONE_SEED, SEEDS = Titles(BASELINE, OPTIMIZED, ("",)), Titles(BASELINE, OPTIMIZED, ("over seeds", "n"))


def lines(found: Sequence[Series], width: int, *, verbose: bool = False) -> Iterator[Text]:
    """Yield every point, if they are few or *verbose*; else the main metric's points, if those are few.

    What is not shown point by point is counted, and so are all losses.
    """
    every, main = list(_worth_showing(found)), _main(found)
    rows = sum(len(one.changes) for one in every)
    few = sum(len(one.changes) for one in main)
    if verbose or rows <= MOST_ROWS:
        yield from _points(found if verbose else every, width)
    elif few <= MOST_ROWS // 2:
        yield from (*_points(main, width), Text())
    if rows > MOST_ROWS:
        yield from (Text(),) if verbose else ()
        yield from _digest([one for one in every if one.directed], width)
    yield from _turning(every, width)


def interval(change: Change) -> str:
    """Return how far seeds differ in a change, in the words' own unit; empty if they do not."""
    if not change.varies:
        return ""
    low, high = change.low, change.high
    if change.row.info.unit == PPM:
        ends = [wording.percent(end / 1_000_000, signed=True).removesuffix(" %") for end in (low, high)]
        return f"{ends[0]} … {ends[1]} points"
    if low > 0 and change.row.change <= 1 / wording.RATIO_FROM:
        return f"{show_ratio(1 / high)} … {show_ratio(1 / low)}"
    if change.row.change >= wording.RATIO_FROM or low <= 0:
        return f"{show_ratio(low)} … {show_ratio(high)}"
    ends = [wording.percent(end - 1, signed=True) for end in (low, high)]
    return f"{ends[0].removesuffix(' %')} … {ends[1]}"


def _worth_showing(found: Sequence[Series]) -> Iterator[Series]:
    """Yield optimized in any case, and another variant where it differs from the baseline."""
    for one in found:
        if one.variant == OPTIMIZED or one.differs:
            yield one


def _main(found: Sequence[Series]) -> list[Series]:
    """Return for each mechanism the first metric that has a better direction, of its first variant."""
    first: dict[str, Series] = {}
    for one in found:
        if one.directed:
            first.setdefault(one.mechanism, one)
    return list(first.values())


def _points(found: Sequence[Series], width: int) -> list[Text]:
    """Return a row for each point of each series, those of one point together."""
    several = any(change.seeds > 1 for one in found for change in one.changes)
    entries = []
    for _, group in groupby(found, key=lambda one: one.mechanism):
        of = [(one, dict(zip(map(id, one.at), one.changes, strict=True))) for one in group]
        for at in dict.fromkeys(at for _, changes in of for at in changes):
            entries += [_entry(one, changes[at], several=several) for one, changes in of if at in changes]
    return lay_out(entries, SEEDS if several else ONE_SEED, width)


def _entry(one: Series, change: Change, *, several: bool) -> Entry:
    """Return a point of a series as text."""
    row = change.row
    before, after = wording.sides(row)
    sure = cells.sureness(row)
    return Entry(
        mechanism=clean(row.mechanism),
        at=clean(row.at),
        name=Text(_name(one)),
        before=Text(before),
        after=Text(after),
        change=cells.judged(row),
        more=(Text(interval(change)) if change.seeds > 1 and change.varies else sure,)
        + ((Text(str(change.seeds)),) if several else ()),
    )


def _name(one: Series) -> str:
    """Return a series' metric, and its variant unless it is optimized."""
    name = cells.metric_name(one.changes[0].row)
    return name if one.variant == OPTIMIZED else f"{name} · {clean(one.variant)}"


def _digest(found: Sequence[Series], width: int) -> Iterator[Text]:
    """Yield for each series at how many points it wins and loses, and where most."""
    if not found:
        return
    numbers = [
        Column(str(said), [Text(_count(one, said), cells.STYLES[said]) for one in found], right=True)
        for said in COUNTED
        if any(one.count(said) for one in found) or said in {Verdict.BETTER, Verdict.WORSE}
    ]
    place = Column("mechanism", [Text(clean(one.mechanism)) for one in found], name=True)
    columns = [
        Column("metric", [Text(_name(one)) for one in found], name=True),
        Column("points", [Text(f"{len(one.changes):,}") for one in found], right=True),
        *numbers,
        Column("worst", [cells.judged(one.worst.row) for one in found], right=True),
        Column("at", [Text(_at(one, one.worst)) for one in found], name=True),
        Column("best", [cells.judged(one.best.row) for one in found], right=True),
        Column("at", [Text(_at(one, one.best)) for one in found], name=True),
    ]
    wide = _fitted([place, *columns], width)
    narrow = None if wide else _fitted(columns, width - grid.GAP)
    if wide:
        yield grid.titles([place, *columns], wide)
        for number in range(len(found)):
            yield from grid.row([place, *columns], number, wide)
    elif narrow:
        yield from grid.under([place.cells[number].plain for number in range(len(found))], columns, narrow)
    else:
        for one in found:
            yield from paragraph(_sentence(one), width, rest="  ")


def _fitted(columns: Sequence[Column], width: int) -> list[int] | None:
    """Return a width for each column; None if numbers do not fit, or names would wrap too often."""
    widths = grid.fitted(columns, width)
    rows = range(len(columns[0].cells))
    if widths is None or any(len(list(grid.row(columns, number, widths))) > MOST_LINES for number in rows):
        return None
    return widths


def _at(one: Series, change: Change) -> str:
    """Return the point of a change; of one that is the same at all points, that it is."""
    if loss(one.worst) == loss(one.best):
        return EVERYWHERE
    return clean(change.row.at)


def _count(one: Series, said: Verdict) -> str:
    """Return at how many points that is the verdict."""
    return f"{one.count(said):,}"


def _sentence(one: Series) -> str:
    """Return a series in a sentence, where columns do not fit."""
    first, *rest = [said for said in COUNTED if one.count(said) or said is Verdict.WORSE]
    points = show_counted(len(one.changes), "point")
    counts = [
        f"{first} at {_count(one, first)} of {points}",
        *(f"{said} at {_count(one, said)}" for said in rest),
    ]
    ends = [
        f"{word} {cells.judged(change.row).plain} ({_at(one, change)})"
        for word, change in (("worst", one.worst), ("best", one.best))
        if word == "worst" or _at(one, change) != EVERYWHERE
    ]
    return f"{clean(one.mechanism)} · {_name(one)}: {', '.join(counts)}; {', '.join(ends)}"


def _turning(found: Sequence[Series], width: int) -> Iterator[Text]:
    """Yield over which parameters series turn from better to worse or back, and where."""
    said = [_turn(one, over) for one in found if one.directed for over in turns(one)]
    if said:
        yield from (Text(), Text("where it turns", "bold"))
    for line in said[:MOST_TURNS]:
        yield from paragraph(line, width, first="  ", rest="    ")
    if len(said) > MOST_TURNS:
        yield Text(f"  and {len(said) - MOST_TURNS:,} more; they are in the points: --verbose")


def _turn(one: Series, over: Turns) -> str:
    """Return where a series turns over one parameter."""
    name, first = over.parameter, over.found[0]
    head = f"{clean(one.mechanism)} · {_name(one)} over {sweep_words.parameter(name)}:"
    steps = ", ".join(f"{turn.into} from {sweep_words.value(name, turn.first)} on" for turn in over.found)
    before = "better" if first.into == "worse" else "worse"
    if over.lines == 1:
        return f"{head} {before} up to {sweep_words.value(name, first.last)}, {steps}"
    low, high = min(turn.last for turn in over.found), max(turn.first for turn in over.found)
    ends = f"between {sweep_words.value(name, low)} and {sweep_words.value(name, high)}"
    example = f"{clean(first.held)}: {first.into} from {sweep_words.value(name, first.first)} on"
    return f"{head} turns at {over.turning:,} of {over.lines:,} points of the others, {ends} ({example})"
