"""What a mechanism won and where it lost, side by side and as plainly."""

from collections.abc import Iterator, Sequence

from kscale.judge import wording
from kscale.judge.compare import Comparison
from kscale.judge.rows import Row
from kscale.judge.verdict import Verdict
from kscale.report import cells
from kscale.report.page.view import Ledger, Ledgers, Point
from kscale.report.plot.asked import OPTIMIZED
from kscale.report.table_compare import worth_showing
from kscale.report.text import clean, clean_prose
from kscale.results.record import Result


def of_results(comparison: Comparison, mechanism: str) -> Ledgers:
    """Return what is better and what is worse than in the other result."""
    rows = _rows(comparison, mechanism)
    a, b = clean(comparison.a.name), clean(comparison.b.name)
    better, worse = (_points(comparison, rows, verdict) for verdict in (Verdict.BETTER, Verdict.WORSE))
    return Ledgers(
        f"Better in {b} than in {a}",
        _ledger(better, _further(comparison, rows, Verdict.BETTER), "Nothing is surely better."),
        f"Worse in {b} than in {a}",
        _ledger(worse, _further(comparison, rows, Verdict.WORSE), _nothing(rows, "Nothing is worse.")),
    )


def of_variants(
    comparison: Comparison, mechanism: str, result: Result, *, named: bool = False, whose: str = ""
) -> Ledgers:
    """Return where a variant gains on another and where it loses, in the mechanism's own words too.

    *named* puts the variant into the headings, *whose* also the result, where the page has several.
    """
    rows = _rows(comparison, mechanism)
    variant = clean(comparison.b.name)
    tail = f": {variant} in {whose}" if whose else f": {variant}" if named else ""
    better, worse = (_points(comparison, rows, verdict) for verdict in (Verdict.BETTER, Verdict.WORSE))
    own = _own_words(result, mechanism) if comparison.b.name == OPTIMIZED else ()
    none = _nothing(rows, "Nothing lost here.", skipped=_skipped(result, mechanism))
    return Ledgers(
        f"Where it gains{tail}",
        _ledger(better, _further(comparison, rows, Verdict.BETTER), "Nothing is surely better here."),
        f"Where it loses{tail}",
        _ledger((*worse, *own), _further(comparison, rows, Verdict.WORSE), none),
    )


def _rows(comparison: Comparison, mechanism: str) -> tuple[Row, ...]:
    """Return the rows of one mechanism."""
    return tuple(row for row in comparison.rows if row.mechanism == mechanism)


def _ledger(points: Sequence[Point], further: str, none: str) -> Ledger:
    """Return one side; *none* is said only if there is nothing else to say."""
    return Ledger(tuple(points), further, "" if points or further else none)


def _points(comparison: Comparison, rows: Sequence[Row], verdict: Verdict) -> tuple[Point, ...]:
    """Return the rows of the short table that got a verdict, times first, the largest change first."""
    found = [row for row in rows if row.verdict is verdict and worth_showing(row, comparison)]
    return tuple(
        Point(
            at=clean(row.at if comparison.of == "variants" else f"{row.at} · {row.variant}"),
            said=f"{cells.metric_name(row)} {wording.change(row)}",
            sure=cells.sureness(row).plain,
        )
        for row in sorted(found, key=lambda row: (row.ratio is None, row.severity))
    )


def _further(comparison: Comparison, rows: Sequence[Row], verdict: Verdict) -> str:
    """Return how many rows beside those of the short table got a verdict."""
    number = sum(row.verdict is verdict and not worth_showing(row, comparison) for row in rows)
    some = "counter is" if number == 1 else "counters are"
    return f"{number} further {some} {verdict}, listed below" if number else ""


def _own_words(result: Result, mechanism: str) -> Iterator[Point]:
    """Return the losses the mechanism itself found."""
    for cell in result.cells:
        if cell.mechanism == mechanism:
            yield from (Point(clean(cell.label), clean_prose(said)) for said in cell.losses)


def _nothing(rows: Sequence[Row], none: str, *, skipped: bool = False) -> str:
    """Return *none* if it is true: only what was judged can be free of a loss."""
    unclear = sum(row.verdict is Verdict.UNCLEAR for row in rows)
    unjudged = sum(row.verdict is None and cells.verdict_words(row) != cells.DIFFERS for row in rows)
    if not rows:
        return "Nothing was compared here, so no loss could show."
    doubts = [f"{unclear} unclear"] if unclear else []
    doubts.extend([f"{unjudged} not judged"] if unjudged else [])
    doubts.extend(["some points not run"] if skipped else [])
    return f"No loss seen, but {', '.join(doubts)}." if doubts else none


def _skipped(result: Result, mechanism: str) -> bool:
    """Say whether a point of a mechanism was not run."""
    return any(cell.mechanism == mechanism and cell.status != "ok" for cell in result.cells)
