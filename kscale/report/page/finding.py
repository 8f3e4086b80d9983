"""The first line of the page: what was found, in one sentence, and how many numbers say so."""

from collections.abc import Sequence

from kscale.judge import wording
from kscale.judge.compare import Comparison
from kscale.judge.rows import Row
from kscale.judge.verdict import MARKS, Verdict
from kscale.report.cells import metric_name
from kscale.report.page.view import Count
from kscale.report.plot import bars, bars_finding
from kscale.report.plot.asked import Asked
from kscale.report.text import clean
from kscale.results.record import Result


def sentence(comparisons: Sequence[Comparison], results: Sequence[Result]) -> str:
    """Return the finding of the whole page."""
    first = comparisons[0]
    if len(comparisons) > 1:
        each = "; ".join(f"{clean(one.b.name)} {_briefly(one)}" for one in comparisons)
        return f"{len(comparisons)} {first.of} against {clean(first.a.name)}: {each}"
    if first.of == "variants":
        shown = bars.bars(results[0], Asked(tuple(results), before=first.a.name, after=first.b.name))
        if shown:
            return bars_finding.finding(shown, first.b.name)
    return of_comparison(first)


def of_comparison(comparison: Comparison) -> str:
    """Return what one comparison found: losses first, the largest of them named."""
    a, b = clean(comparison.a.name), clean(comparison.b.name)
    judged = len(comparison.rows) - comparison.count(None)
    left = (
        (len(comparison.gone), "gone"),
        (comparison.count(None), "not judged"),
    )
    rest = "".join(f"; {number} {said}" for number, said in left if number)
    if not judged:
        return f"Nothing could be judged between {a} and {b}{rest}"
    of_all = f"of {judged} number{'' if judged == 1 else 's'}"
    worst, best = (_largest(comparison, found) for found in (Verdict.WORSE, Verdict.BETTER))
    better, unclear = comparison.count(Verdict.BETTER), comparison.count(Verdict.UNCLEAR)
    if worst:
        also = f"; better in {better}" if better else ""
        return (
            f"{b} is worse than {a} in {comparison.count(Verdict.WORSE)} {of_all} "
            f"(worst: {_named(worst)}){also}{rest}"
        )
    doubt = f"; {unclear} unclear" if unclear else ""
    if best:
        return (
            f"{b} is better than {a} in {better} {of_all} (best: {_named(best)}), worse in none{doubt}{rest}"
        )
    if unclear:
        return f"{b} is not surely different from {a}: {unclear} {of_all} unclear, the rest the same{rest}"
    every = "the only number" if judged == 1 else f"all {judged} numbers"
    return f"{b} is the same as {a} in {every}{rest}"


def counts(comparison: Comparison) -> tuple[Count, ...]:
    """Return how many rows got each verdict, worst first, none left out."""
    found = [Count(str(one), MARKS[one], str(one), comparison.count(one)) for one in Verdict]
    unjudged = comparison.count(None)
    return (*found, Count("none", "", "not judged", unjudged)) if unjudged else tuple(found)


def _briefly(comparison: Comparison) -> str:
    """Return a comparison in a few words."""
    worse, better = comparison.count(Verdict.WORSE), comparison.count(Verdict.BETTER)
    if worse:
        return f"worse in {worse}"
    if better:
        return f"better in {better}, worse in none"
    return "not judged" if comparison.count(None) == len(comparison.rows) else "not surely different"


def _largest(comparison: Comparison, found: Verdict) -> Row | None:
    """Return the row of that verdict with the largest change, a time before any counter."""
    fitting = [row for row in comparison.worst_first if row.verdict is found]
    return next((row for row in fitting if row.ratio is not None), fitting[0] if fitting else None)


def _named(row: Row) -> str:
    """Return where the largest change is and how large."""
    return f"{clean(row.mechanism)}, {clean(row.at)}: {metric_name(row)} {wording.change(row)}"
