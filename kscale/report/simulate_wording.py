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
UNKNOWN = "not answered"  # of a quantile: when the run ended, or so many were refused or given up
POD_STARTUP = "pod-startup"
REFUSED = ("no-space", "etcd-busy", "given-up")  # counters of what was never to be answered
SETTINGS = {"clients": "control_plane.controller_qps"}  # that limits are made of
NONE_ASKED = "-"
KEPT, BROKEN, BLAMED = "✓", "x", "!"


def finding(shown: Sequence[Labelled], draws: int = 0) -> str:
    """Return one sentence: of each run whether every objective is kept, else what limits and what it does.

    A second one if coefficients were drawn and an objective breaks in a draw.
    """
    return f"{_found(shown)}{_drawn(shown, draws)}"


def _found(shown: Sequence[Labelled]) -> str:
    """Return the sentence about the coefficients as they are."""
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


def _drawn(shown: Sequence[Labelled], draws: int) -> str:
    """Return the sentence about the draws, with a blank before it; nothing if none breaks an objective."""
    if not any(one.broken_draws for one in shown):
        return ""
    first = shown[0].label
    said = [
        f"{of_draws(one.broken_draws, draws)} {clean_prose(words.chosen(one.label, first if number else ''))}"
        for number, one in enumerate(shown)
    ]
    return f" With coefficients drawn within their ranges an objective breaks in {', in '.join(said)}."


def of_draws(broken: int, draws: int) -> str:
    """Return in how many draws: "4 of 6 draws"."""
    return f"{show_count(broken)} of {show_many(draws, 'draw')}"


def _clause(run: Simulated) -> str:
    """Return what became of one run."""
    if run.holds:
        return "every objective is kept"
    if not run.blame:
        return symptom(run)
    limit = words.STATIONS[run.blame]
    be = "are" if limit.endswith("s") else "is"
    setting = f" ({SETTINGS[run.blame]})" if run.blame in SETTINGS else ""
    return f"{limit}{setting} {be} the limit: {symptom(run)}"


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
        return f"{what}: more than 1 % {_unanswered(run, worst.objective)}"
    return f"{what}: {amount(worst.worst, worst.unit)}, at most {amount(worst.at_most, worst.unit)} is right"


def _unanswered(run: Simulated, objective: str) -> str:
    """Return what became of those without an answer: they were under way at the end, or given up before."""
    if objective == POD_STARTUP:
        return "did not run when the run ended"
    lost = any(run.counts.get(name) for name in REFUSED)
    return f"{'were refused, given up or ' if lost else ''}had no answer when the run ended"


def worst(run: Simulated, one: Verdict) -> str:
    """Return the figure of an objective; where its P99 was not answered, P90 if that alone breaks it."""
    if one.worst is not None:
        return amount(one.worst, one.unit)
    window = next((sli.worst for sli in run.slis if sli.name == one.objective), None)
    if window is None or window.p90 is None or window.p90 <= one.at_most:
        return UNKNOWN
    return f"> {show_ns(window.p90)}"


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
    """Return P50 / P99 / largest; from the first that is not answered on, that it is not, or is above P90."""
    if one is None or not one.count:
        return NONE_ASKED
    parts: list[str] = []
    for value in (one.p50, one.p99, one.largest):
        if value is None:
            above = one.p90 if len(parts) == 1 else None  # it is P99 that is not known
            parts.append(UNKNOWN if above is None else f"> {show_ns(above)}")
            break
        parts.append(show_ns(value))
    return " / ".join(parts)


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
    """Yield what went wrong on purpose, which run ended before its time, and which pods have no room."""
    yield from (f"fault: {drawn.fault(one)}" for one in faults)
    for one in shown:
        if one.run.stopped:
            when = f"{show_ns(one.run.ended_ns)} of {show_ns(one.run.duration_ns)}"
            yield f"{clean(words.heading(one.label))} ended at {when}: {clean_prose(one.run.stopped)}"
    for one in shown:
        pending = one.run.counts.get("pods-pending", 0)
        if pending:
            asked = show_many(one.run.counts.get("pods-asked", pending), "pod")
            fit = "fit" if pending > 1 else "fits"
            said = f"{show_count(pending)} of {asked} {fit} no node (left out of start-up and scheduling)"
            yield f"{clean(words.heading(one.label))}: {said}"
