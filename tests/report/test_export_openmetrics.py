import pytest
from export_subjects import (
    NASTY,
    all_subjects,
    gated,
    hostile,
    of_results,
    of_variants,
    three_results,
    without_verdict,
)
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from sample_results import Made, cell, result

from kscale.report.export import openmetrics, values
from kscale.report.export.subject import Subject
from kscale.results.record import MechanismInfo, MetricInfo

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(subject: Subject) -> Series:
    """Return every value by name and labels; a name and labels that come twice are an error."""
    found: Series = {}
    for family in text_string_to_metric_families(openmetrics.render(subject)):  # type: ignore[no-untyped-call]  # it has no types
        assert family.documentation
        assert family.name.endswith(f"_{family.unit}") or not family.unit
        for sample in family.samples:
            assert sample.timestamp is None
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found
            found[key] = sample.value
    return found


def value(series: Series, name: str, **labels: str) -> float:
    """Return the one value of *name* with these labels among others."""
    (one,) = [
        number
        for (family, found), number in series.items()
        if family == name and labels.items() <= dict(found).items()
    ]
    return one


@pytest.mark.parametrize("name", [*all_subjects()])
def test_a_reader_takes_every_subject(name: str) -> None:
    """The reference parser, strict about names, units, order and the end."""
    read(all_subjects()[name])
    assert openmetrics.render(all_subjects()[name]).endswith("# EOF\n")


def test_values_read_back_equal() -> None:
    """Every number of a run, in seconds, bytes, shares and counts."""
    made = result()
    series = read(Subject((made,)))
    scales = {
        "ns": ("kscale_time_seconds", 1e9),
        "s": ("kscale_time_seconds", 1.0),
        "bytes": ("kscale_size_bytes", 1.0),
        "ppm": ("kscale_share_ratio", 1e6),
    }
    for one in values.of(made):
        family, scale = scales.get(one.info.unit, ("kscale_work", 1.0))
        labels = {
            "mechanism": one.cell.mechanism,
            "variant": one.variant,
            "metric": one.metric,
            **{key: str(point) for key, point in one.cell.params.items()},
        }
        assert value(series, family, **labels) == one.value / scale
        if one.low is not None and one.high is not None:
            assert value(series, "kscale_time_low_seconds", **labels) == one.low / scale
            assert value(series, "kscale_time_high_seconds", **labels) == one.high / scale


def test_what_is_not_measured_says_so() -> None:
    """Provenance is a label of every number."""
    series = read(Subject((result(),)))
    labels = [dict(found) for (name, found), _ in series.items() if name != "kscale_run_info"]
    assert {one["provenance"] for one in labels} == {"measured", "modelled"}
    assert {one["provenance"] for one in labels if one["metric"] == "startup_p99"} == {"modelled"}


def test_a_mean_in_thousandths_is_a_number() -> None:
    """A unit per 1000 is written as what it means."""
    metric = MetricInfo(kind="exact", unit="nodes / 1000", better="lower", provenance="measured")
    info = MechanismInfo(title="t", source="s", per="", metrics={"mean_milli": metric}, variants={})
    made = result([cell("m", "l", {}, {"baseline": Made(10, 1, {"mean_milli": 1500})}, pairs=0)])
    series = read(Subject((made.model_copy(update={"mechanisms": {"m": info}}),)))
    assert value(series, "kscale_work", metric="mean_milli", unit="nodes") == 1.5


def test_a_comparison_has_changes_and_verdicts() -> None:
    """Ratios with their intervals, and one verdict a row."""
    subject = of_results()
    series = read(subject)
    row = subject.comparisons[0].worst_first[0]
    assert row.ratio is not None
    labels = {
        "from": "main",
        "to": "head",
        "mechanism": row.mechanism,
        "variant": row.variant,
        "metric": row.metric,
    }
    labels |= {"events": "1000000"}
    assert value(series, "kscale_change_ratio", **labels) == row.ratio.value
    assert value(series, "kscale_change_low_ratio", **labels) == row.ratio.low
    assert value(series, "kscale_verdict", verdict="worse", **labels) == 1
    told = [1 for name, _ in series if name == "kscale_verdict"]
    assert len(told) == len(subject.comparisons[0].rows)


def test_a_change_from_nothing_is_infinite() -> None:
    """OpenMetrics has a word for it."""
    series = read(of_variants())
    assert value(series, "kscale_change_ratio", metric="class_hits", case="mixed") == float("inf")


def test_a_gate_has_its_code_and_counts() -> None:
    """An alert needs no more."""
    series = read(gated())
    assert value(series, "kscale_gate_exit_code") == 1
    assert value(series, "kscale_gate_decisions", status="failed") == 4
    assert value(read(without_verdict()), "kscale_gate_exit_code") == 3


def test_results_of_one_name_stay_apart() -> None:
    """A series twice would be refused."""
    series = read(three_results())
    names = {dict(labels)["result"] for (name, labels), _ in series.items() if name == "kscale_run_info"}
    assert names == {"main", "head", "main (2)"}


def test_parameters_become_labels() -> None:
    """Their names made valid, and never those of other labels."""
    params = {"a-b": 1, "a_b": 2, "9": 3, "variant": 4, "é": 5, "__x": 6, "unset": None}
    made = result([cell("watch-fanout", "l", params, {"baseline": Made(10, 1, {"events": 7})}, pairs=0)])
    series = read(Subject((made,)))
    (labels,) = [dict(found) for (name, found), _ in series.items() if name == "kscale_work"]
    assert labels["variant"] == "baseline"
    assert labels["param_variant"] == "4"
    assert labels["param_9"] == "3"
    assert "unset" not in labels
    assert {labels["a_b"], labels["param_a_b"]} == {"1", "2"}
    assert not [name for name in labels if name.startswith("__")]


@given(st.text() | st.just(NASTY) | st.text(alphabet='\\"\n{}#, =\ud800\u202e'))
def test_any_name_is_a_label(name: str) -> None:
    """Whatever a name holds, each number is one series."""
    made = hostile(f"a{name}")
    series = read(Subject((made,)))
    assert sum(family == "kscale_work" for family, _ in series) == 3
