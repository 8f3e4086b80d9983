"""`compare --fail-over PERCENT`: one margin for every time, the shorthand of a gate with a policy."""

from collections.abc import Sequence

from kscale.errors import GateFailed, NoVerdict
from kscale.judge import verdict, wording
from kscale.judge.compare import Comparison
from kscale.judge.rows import Row
from kscale.judge.verdict import Verdict
from kscale.measure import stats
from kscale.measure.stats import Ratio

LISTED = 3  # failures named in the one line of an error
APART = 2  # times as wide a margin where times were not taken in pairs: the machine may have changed


def failures(comparison: Comparison, percent: float) -> tuple[str, ...]:
    """Return a line for each thing that fails a gate whose margin for times is *percent*.

    A time fails when its whole interval is beyond the margin (twice that if it was not taken in
    pairs), or beyond twice the noise floor if that is more. Between two results any worse counter and
    anything gone fail too; between two variants they do not: an optimization may pay with one
    counter for another.
    """
    lines = [_failure(row, percent) for row in comparison.worst_first if _fails(row, percent, comparison)]
    if comparison.of == "results":
        lines.extend(f"{key} is gone" for key in comparison.gone)
    return tuple(lines)


def margins(comparison: Comparison, percent: float) -> str:
    """Return the margin in words, with that of times not taken in pairs if there are any."""
    apart = any(row.ratio is not None and not row.ratio.paired for row in comparison.rows)
    return f"{percent:g} %" + (f", {APART * percent:g} % for times not taken in pairs" if apart else "")


def check(comparisons: Sequence[Comparison], percent: float, lost: Sequence[str] = ()) -> None:
    """Raise GateFailed, naming the worst, if anything fails; NoVerdict if nothing a gate looks at was judged.

    NoVerdict too if sides are *lost*: each is said why it could not be compared.
    Between two variants that is the times; between two results counters are judged too, unless
    there are times and none of them got a verdict.
    """
    sides = len(comparisons) + len(lost)
    found = [line for comparison in comparisons for line in _named(comparison, percent, sides)]
    if found:
        more = f"; and {len(found) - LISTED} more" if len(found) > LISTED else ""
        raise GateFailed(f"{len(found)} failed: {'; '.join(found[:LISTED])}{more}")
    if lost:
        raise NoVerdict("; ".join(lost))
    silent = next(filter(None, (unjudged(comparison) for comparison in comparisons)), "")
    if silent:
        raise NoVerdict(f"nothing was judged: {silent}")


def unjudged(comparison: Comparison) -> str:
    """Return why a gate has nothing to go by; empty if it has."""
    times = [row for row in comparison.rows if row.info.kind == "timing"]
    looked_at = times if times or comparison.of != "results" else comparison.rows
    if any(row.verdict is not None for row in looked_at):
        return ""
    what = "no time has a verdict" if looked_at is times else "no row has a verdict"
    return f"{what} (too few pairs, another machine, other work, or counted only)"


def _named(comparison: Comparison, percent: float, sides: int) -> Sequence[str]:
    """Return the failures, each with the side that failed if there are several."""
    lines = failures(comparison, percent)
    return lines if sides == 1 else [f"{comparison.b.name}: {line}" for line in lines]


def _fails(row: Row, percent: float, comparison: Comparison) -> bool:
    """Say whether a row fails a gate of *percent*."""
    if row.verdict is None:
        return False
    if row.ratio is not None:
        return verdict.of_timing(row.ratio, _margin(row.ratio, percent)) is Verdict.WORSE
    return row.verdict is Verdict.WORSE and comparison.of == "results"


def _failure(row: Row, percent: float) -> str:
    """Return the line of one failed row."""
    where = f"{row.cell} {row.variant}.{row.metric}"
    if row.ratio is None:
        before, after = wording.sides(row)
        return f"{where} {wording.change(row)} ({before} → {after}, tolerance 0)"
    start = wording.percent(row.ratio.low - 1, signed=True)
    margin = wording.percent(_margin(row.ratio, percent))
    apart = "" if row.ratio.paired else " without pairs"
    return f"{where} {wording.change(row)} (interval starts at {start}, margin {margin}{apart})"


def _margin(ratio: Ratio, percent: float) -> float:
    """Return the margin of a time as a fraction."""
    return stats.effective_margin((1 if ratio.paired else APART) * percent / 100, ratio.bias)
