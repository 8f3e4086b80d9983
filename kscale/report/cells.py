"""Rows of a comparison as entries of a table: the same words and colours in every table."""

from collections.abc import Iterable, Mapping, Sequence

from rich.text import Text

from kscale.judge import wording
from kscale.judge.rows import OTHER_MACHINE, OTHER_WORK, WALL, Row
from kscale.judge.verdict import Verdict
from kscale.measure import power, stats
from kscale.measure.stats import Ratio
from kscale.report.text import clean, singular, words
from kscale.units import show_count

DIFFERS = "differs"  # of a counter for which neither direction is better
MOST_PAIRS = 1_000  # nobody waits for more

STYLES: Mapping[Verdict | None, str] = {
    Verdict.WORSE: "red",
    Verdict.BETTER: "green",
    Verdict.UNCLEAR: "yellow",
    Verdict.SAME: "dim",
    None: "",
}
_DIGITS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


EXTRAPOLATED = "* modelled in a cell that uses coefficients beyond where they were measured"


def extrapolated(shown: Iterable[Row]) -> tuple[str, ...]:
    """Return what the mark behind "modelled" means, if any of the rows has it."""
    return (EXTRAPOLATED,) if any(row.extrapolated for row in shown) else ()


class Footnotes:
    """Notes by number, equal ones under one number."""

    def __init__(self) -> None:
        """Start with none."""
        self.texts: list[str] = []

    def number(self, notes: tuple[str, ...]) -> str:
        """Return the raised numbers of *notes*, new ones added."""
        for note in notes:
            if note not in self.texts:
                self.texts.append(note)
        return " ".join(raised(self.texts.index(note) + 1) for note in notes)


def raised(number: int) -> str:
    """Return a footnote's number."""
    return str(number).translate(_DIGITS)


def metric_name(row: Row, *, verbose: bool = False) -> str:
    """Return a metric as people say it: "time per pod", "ids scanned"."""
    name = named(row.metric, row.per)
    if row.metric == WALL:
        return name
    unit = row.info.unit.removesuffix(wording.MILLI)
    if not verbose or not unit or unit == "ppm" or unit in name.split():
        return name
    return f"{name} ({clean(unit)})"


def named(metric: str, per: str) -> str:
    """Return a metric's name in words; a time is per unit of *per*, or of a whole run."""
    if metric == WALL:
        return f"time per {singular(per)}" if per else "time of a run"
    name = words(metric.removesuffix("_ppm").removesuffix("_milli").removesuffix("_ns"))
    return name.replace(" p99 9", " p99.9")


def sureness(row: Row, *, verbose: bool = False) -> Text:
    """Return how sure a change is: an interval, or the kind of the counter."""
    if row.ratio is not None:
        return Text(wording.interval(row))
    if row.info.provenance != "measured":
        return Text(f"{row.info.provenance}{' *' if row.extrapolated else ''}", "magenta")
    return Text(f"{row.info.kind}, counted here" if verbose else row.info.kind, "dim")


def change(row: Row) -> str:
    """Return what changed, in words; a dash where too few pairs say nothing."""
    return "-" if too_few(row) else wording.change(row)


def judged(row: Row) -> Text:
    """Return what changed, in words; of what is the same or unclear, that it is."""
    if row.ratio is not None and row.verdict is None:
        return Text("-")
    if row.verdict in {Verdict.SAME, Verdict.UNCLEAR}:
        return Text(str(row.verdict), STYLES[row.verdict])
    return Text(wording.change(row), STYLES[row.verdict])


def too_few(row: Row) -> bool:
    """Say whether a time has too few pairs for an interval."""
    return row.ratio is not None and not row.ratio.has_interval


def margin(row: Row) -> str:
    """Return the margin a row was judged by."""
    if row.verdict is None:
        return ""
    return f"± {wording.percent(row.margin)}" if row.margin else "0"


def verdict_words(row: Row) -> str:
    """Return the verdict in words, or why there is none."""
    if row.verdict is not None:
        return f"{row.verdict}: noisy" if row.noisy else str(row.verdict)
    if OTHER_MACHINE in row.notes:
        return OTHER_MACHINE
    if OTHER_WORK in row.notes:
        return OTHER_WORK
    if too_few(row):
        return "too few pairs"
    return "not judged" if row.info.kind == "resource" else DIFFERS


def mean_words(rows: Sequence[Row]) -> str:
    """Return the geometric mean over the times that have a verdict; empty below two of them."""
    timed = [row for row in rows if row.ratio is not None]
    judged = [row.change for row in timed if row.verdict is not None]
    mean = stats.geometric_mean(judged)
    if mean is None or len(judged) == 1:
        return ""
    left = f" ({len(timed) - len(judged)} left out)" if len(timed) > len(judged) else ""
    return f"geometric mean of {len(judged)} timings{left}: {wording.of_time(mean)}"


def noise_note(row: Row) -> tuple[str, ...]:
    """Return what is to be known before a time is trusted."""
    ratio = row.ratio
    if ratio is None:
        return row.notes
    found = list(row.notes)
    if not ratio.has_interval:
        found.append("fewer than 6 pairs: medians only, no interval and no verdict")
    doubts = []
    if row.noisy and ratio.floor is not None:
        floor, margin = wording.percent(ratio.floor), wording.percent(row.margin)
        widened = f", so the margin here is {margin}" if 0 < row.margin <= 2 * ratio.bias else ""
        doubts.append(f"noisy: equal code may seem to differ by {floor}{widened}")
    if row.verdict is Verdict.UNCLEAR:
        doubts.append(_more_pairs(row, ratio))
    return (*found, "; ".join(doubts)) if doubts else tuple(found)


def _more_pairs(row: Row, ratio: Ratio) -> str:
    """Return what an unclear verdict would have needed."""
    shown = wording.percent(power.smallest_change(ratio, row.margin))
    needed = power.pairs_to_decide(ratio, row.margin)
    if needed is None or needed > MOST_PAIRS:
        rest = "it lies so near the margin that more would not decide"
    elif needed > ratio.n:
        rest = f"about {show_count(needed)} would decide"
    else:
        rest = "a few more would decide"
    return f"unclear: {ratio.n} {ratio.witnesses} show a slowdown from {shown} on; {rest}"
