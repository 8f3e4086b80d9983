"""What a simulation came to, in a sentence: whether every objective is kept, and if not, what limits."""

from collections.abc import Iterator, Sequence

from kscale.clusterwide import words
from kscale.clusterwide.record import Quantiles, Simulated, Verdict
from kscale.clusterwide.saved import Labelled
from kscale.judge import wording
from kscale.report.plot import runs as drawn
from kscale.report.text import clean, clean_prose
from kscale.scenario.cluster import Fault
from kscale.units import show_count, show_many, show_ns, show_rate

PPM = 1_000_000
UNKNOWN = "not answered"  # of a quantile: the run ended, or so many were given up
NONE_ASKED = "-"
KEPT, BROKEN, BLAMED = "✓", "x", "!"


def finding(shown: Sequence[Labelled]) -> str:
    """Return one sentence: of each run whether every objective is kept, else what limits and what it does."""
    first = shown[0].label
    if len(shown) > 1 and all(one.run.holds for one in shown):
        sets = [words.chosen(one.label, first if number else "") for number, one in enumerate(shown)]
        return f"Every objective is kept, {', '.join(sets[:-1])} and {sets[-1]}."
    clauses = [
        f"{clean_prose(words.chosen(one.label, first if number else ''))} {_clause(one.run)}"
        for number, one in enumerate(shown)
    ]
    said = "; ".join(clauses)
    return f"{said[0].upper()}{said[1:]}."


def _clause(run: Simulated) -> str:
    """Return what became of one run."""
    if run.holds:
        return "every objective is kept"
    if not run.blame:
        return symptom(run)
    limit = words.STATIONS[run.blame]
    be = "are" if limit.endswith("s") else "is"
    return f"{limit} {be} the limit: {symptom(run)}"


def symptom(run: Simulated) -> str:
    """Return what a broken objective does to whom it is for, the worst of them."""
    waits = run.scheduling
    if run.blame == "scheduler" and waits.count:
        if waits.p99 is not None:
            return f"pods wait {show_ns(waits.p99)}"
        return f"{show_count(waits.unanswered)} of {show_many(waits.count, 'pod')} have no node at the end"
    broken = [one for one in run.verdicts if not one.holds]
    worst = max(broken, key=_excess, default=None)
    if worst is None:
        return "every objective is kept"
    what = words.OBJECTIVES.get(worst.objective, clean_prose(worst.title))
    if worst.worst is None:
        return f"{what}: more than 1 % were never answered"
    return f"{what}: {amount(worst.worst, worst.unit)}, at most {amount(worst.at_most, worst.unit)} is right"


def objective(one: Verdict) -> str:
    """Return an objective with its bound: "pod start-up P99 <= 5 s"."""
    part = " P99" if one.unit == "ns" else ""
    return f"{clean_prose(one.title)}{part} <= {amount(one.at_most, one.unit)}"


def _excess(one: Verdict) -> float:
    """Return by how much an objective is missed; what is not answered by most."""
    return float("inf") if one.worst is None else one.worst / max(1, one.at_most)


def amount(value: int, unit: str) -> str:
    """Return a figure in its unit."""
    return show_ns(value) if unit == "ns" else share(value)


def share(ppm: int) -> str:
    """Return parts of a million as per cent."""
    return wording.percent(ppm / PPM)


def quantiles(one: Quantiles | None) -> str:
    """Return P50 / P99 / largest; from the first that is not answered on, that it is not."""
    if one is None or not one.count:
        return NONE_ASKED
    parts: list[str] = []
    for value in (one.p50, one.p99, one.largest):
        if value is None:
            parts.append(UNKNOWN)
            break
        parts.append(show_ns(value))
    return " / ".join(parts)


def answered(value: int | None, unit: str) -> str:
    """Return a figure in its unit, or that it is not answered."""
    return UNKNOWN if value is None else amount(value, unit)


def head(name: str, run: Simulated) -> str:
    """Return what was simulated, in a line."""
    return " · ".join(
        (
            clean(name),
            show_many(run.nodes, "node"),
            f"{show_count(run.pods)} pods",
            f"{show_count(run.objects)} objects",
            f"{show_rate(run.pod_changes_milli / 1000)} pod changes",
            show_ns(run.duration_ns),
            f"seed {run.seed}",
        )
    )


def notes(shown: Sequence[Labelled], faults: Sequence[Fault]) -> Iterator[str]:
    """Yield what went wrong on purpose, and which run ended before its time, and why."""
    yield from (f"fault: {drawn.fault(one)}" for one in faults)
    for one in shown:
        if one.run.stopped:
            when = f"{show_ns(one.run.ended_ns)} of {show_ns(one.run.duration_ns)}"
            yield f"{clean(words.heading(one.label))} ended at {when}: {clean_prose(one.run.stopped)}"
