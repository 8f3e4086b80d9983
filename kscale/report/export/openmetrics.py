"""OpenMetrics text: gauges for a Pushgateway or a textfile collector; no timestamps.

A family for each kind of unit, since a family has one unit; the label `metric` says which number
it is. Intervals are gauges of their own, with _low and _high before the unit.
"""

import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from kscale.judge import wording
from kscale.judge.compare import Comparison
from kscale.judge.decision import Judgement, Status
from kscale.report import cells
from kscale.report.export import values
from kscale.report.export.entries import params_of
from kscale.report.export.spelling import one_line
from kscale.report.export.subject import Subject
from kscale.report.export.values import Value
from kscale.results.record import Result
from kscale.units import NS_PER_S

Labels = Mapping[str, object]
Point = tuple[str, Labels, float]  # family, labels, value

FAMILIES: Mapping[str, tuple[str, str]] = {  # name without its unit: unit, help
    "kscale_time": ("seconds", "Time: the median of a run, or of a unit of work if the label per names one."),
    "kscale_time_low": ("seconds", "Lower end of the 95 % interval of kscale_time_seconds."),
    "kscale_time_high": ("seconds", "Upper end of the 95 % interval of kscale_time_seconds."),
    "kscale_time_spread": ("ratio", "Half the interquartile range of the times over their median."),
    "kscale_time_samples": ("", "Samples behind kscale_time_seconds."),
    "kscale_size": ("bytes", "Size."),
    "kscale_share": ("ratio", "Share of a whole."),
    "kscale_work": ("", "Work counted; the label unit says of what."),
    "kscale_change": ("ratio", "After over before; the label metric says of what."),
    "kscale_change_low": ("ratio", "Lower end of the 95 % interval of kscale_change_ratio."),
    "kscale_change_high": ("ratio", "Upper end of the 95 % interval of kscale_change_ratio."),
    "kscale_change_margin": ("ratio", "Change up to which a row is not judged worse or better."),
    "kscale_verdict": ("", "1 for the verdict of each row."),
    "kscale_gate_exit_code": ("", "Exit code of the gate: 0 passed, 1 failed, 3 no verdict."),
    "kscale_gate_decisions": ("", "Decisions of the gate, by status."),
}
UNITS = {  # unit in a result: family, how many of it make one
    "ns": ("kscale_time", NS_PER_S),
    "s": ("kscale_time", 1),
    "bytes": ("kscale_size", 1),
    "ppm": ("kscale_share", 1_000_000),
}
_NOT_A_NAME = re.compile(r"[^a-zA-Z0-9_]")


def render(subject: Subject, *, samples: bool = False) -> str:  # noqa: ARG001 - a gauge has one value
    """Return the exposition, ended by # EOF."""
    found: dict[str, dict[str, float]] = {family: {} for family in FAMILIES}
    written: tuple[Labels, str] = (
        {},
        "{}",
    )  # the points of one number follow each other, with the same labels
    for family, labels, value in _points(subject):
        series = found[family]
        written = written if labels is written[0] else (labels, _labels(labels))
        series[written[1] if written[1] not in series else _labels({**labels, "twin": len(series)})] = value
    lines = list(_runs(subject))
    for family, series in found.items():
        if series:
            unit, about = FAMILIES[family]
            name = f"{family}_{unit}" if unit else family
            lines += [
                f"# TYPE {name} gauge",
                *([f"# UNIT {name} {unit}"] if unit else []),
                f"# HELP {name} {about}",
            ]
            lines += [f"{name}{labels} {_number(value)}" for labels, value in series.items()]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _runs(subject: Subject) -> Iterator[str]:
    """Return what is to be known of each result, as labels."""
    runs = list(subject.named())
    if runs:
        yield from ("# TYPE kscale_run info", "# HELP kscale_run Where the numbers come from.")
    for name, result in runs:
        yield f"kscale_run_info{_labels(_about(name, result))} 1"


def _about(name: str, result: Result) -> Labels:
    """Return the labels that say where a result comes from."""
    return {
        "result": name,
        "id": result.run.id,
        "status": result.run.status,
        "scenario": result.scenario.name,
        "seed": result.run.seed,
        "kscale": result.run.kscale,
        "commit": result.git.sha if result.git is not None else "",
        "fingerprint": result.machine.fingerprint,
    }


def _points(subject: Subject) -> Iterator[Point]:
    """Return every number of every result, then of every comparison and of the judgement."""
    for name, result in subject.named():
        for value in values.of(result):
            yield from _value(name, value)
    params = params_of(subject)
    for comparison in subject.compared:
        yield from _changes(comparison, params)
    if subject.judgement is not None:
        yield from _judged(subject.judgement)


def _value(name: str, value: Value) -> Iterator[Point]:
    """Return one number of a result and what is known of its sureness."""
    unit = value.info.unit
    family, scale = UNITS.get(unit, ("kscale_work", 1000 if unit.endswith(wording.MILLI) else 1))
    named: dict[str, object] = {"unit": unit.removesuffix(wording.MILLI)} if family == "kscale_work" else {}
    labels: Labels = {
        "result": name,
        "mechanism": value.cell.mechanism,
        "variant": value.variant,
        "metric": value.metric,
        **named,
        "per": value.per,
        "kind": value.info.kind,
        "provenance": value.info.provenance,
    }
    labels = _with_params(labels, value.cell.params)
    yield family, labels, value.value / scale if scale != 1 else value.value
    if value.low is not None and value.high is not None:
        yield "kscale_time_low", labels, value.low / scale
        yield "kscale_time_high", labels, value.high / scale
    if value.spread_pct is not None:
        yield "kscale_time_spread", labels, value.spread_pct / 100
    if value.n is not None:
        yield "kscale_time_samples", labels, value.n


def _changes(comparison: Comparison, params: Mapping[str, Mapping[str, Any]]) -> Iterator[Point]:
    """Return how each row changed, how sure that is, and its verdict."""
    for row in comparison.rows:
        labels = _with_params(
            {
                "from": comparison.a.name,
                "to": comparison.b.name,
                "mechanism": row.mechanism,
                "variant": row.variant,
                "metric": row.metric,
                "per": row.per,
                "kind": row.info.kind,
                "provenance": row.info.provenance,
            },
            params.get(row.cell, {"cell": row.cell}),
        )
        yield "kscale_change", labels, row.change
        if row.ratio is not None and row.ratio.has_interval:
            yield "kscale_change_low", labels, row.ratio.low
            yield "kscale_change_high", labels, row.ratio.high
        if row.verdict is not None:
            yield "kscale_change_margin", labels, row.margin
        yield "kscale_verdict", {**labels, "verdict": cells.verdict_words(row)}, 1


def _judged(judgement: Judgement) -> Iterator[Point]:
    """Return what a gate decided, in numbers."""
    yield "kscale_gate_exit_code", {"policy": judgement.policy}, int(judgement.exit_code)
    for status in Status:
        yield (
            "kscale_gate_decisions",
            {"policy": judgement.policy, "status": status},
            len(judgement.of(status)),
        )


def _with_params(labels: Labels, params: Mapping[str, object]) -> Labels:
    """Return labels with one for each parameter that is set, under a name that is valid and not taken."""
    found = dict(labels)
    for key in sorted(key for key, value in params.items() if value is not None):
        name = _NOT_A_NAME.sub("_", key).lstrip("_") or "param"
        if name in found or name[0].isdigit():
            name = f"param_{name}"
        while name in found:
            name = f"{name}_"
        found[name] = params[key]
    return found


def _labels(labels: Labels) -> str:
    """Return labels as OpenMetrics writes them; empty ones are left out, which means the same."""
    return (
        "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items() if value != "") + "}"
    )


@lru_cache(maxsize=4096, typed=True)
def _escaped(value: object) -> str:
    """Return a label's value, escaped."""
    return one_line(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    """Return a number that reads back equal."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)
