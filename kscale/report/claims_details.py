"""What a claim's figures stand on: set-up, parameters, coefficients, assumptions."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from kscale import units
from kscale.calibrate.record import FigureValue
from kscale.judge.claims import verdict
from kscale.judge.claims.record import Inputs, Ran, Setup
from kscale.judge.claims.verdict import Finding
from kscale.measure import parameters
from kscale.measure.point import DEFAULTS, say
from kscale.mechanisms.base import Mechanism
from kscale.report import coefficients
from kscale.report.text import clean, clean_prose

STEP = "  "  # of a line's depth


def details(finding: Finding, mechanisms: Sequence[Mechanism]) -> list[str]:
    """Return the lines of -v, indented by their depth."""
    return list(_lines(finding, mechanisms))


def _lines(finding: Finding, mechanisms: Sequence[Mechanism]) -> Iterator[str]:
    """Yield each line."""
    claim, setup = finding.claim, finding.setup
    yield f"set-up as published: {clean_prose(claim.stated)}"
    if setup is None:
        yield "our set-up: kscale calibrate etcd" if claim.calibrated else "our set-up: none"
    elif claim.calibrated:
        yield f"our set-up: {clean_prose(setup.name)}"
        yield from (
            f"{STEP}{clean_prose(one.figure.what)}: {_measured(setup.calibrated[one.figure.reads])}"
            for one in finding.figures
            if one.figure.reads in setup.calibrated
        )
    else:
        yield f"our set-up: kscale run claims/{clean(setup.name)} (profile {clean(setup.profile)})"
        if setup.inputs is not None:
            yield f"{STEP}cluster: {_cluster(setup.inputs)}"
        by_id = {mechanism.id: mechanism for mechanism in mechanisms}
        for cell in setup.cells:
            yield f"{STEP}{clean(cell.mechanism)}: {_changed(cell, setup, by_id[cell.mechanism])}"
    for said in claim.assumes:
        yield f"assumed: {clean_prose(said)}"
    read = verdict.coefficients(setup, mechanisms) if setup else {}
    if read:
        yield f"coefficients of the cost model {clean(setup.profile) if setup else ''}:"
    for name, one in read.items():
        yield f"{STEP}{coefficients.line(name, one)}"


def _measured(found: FigureValue) -> str:
    """Return at which settings a figure of a calibration was measured, and how often."""
    often = "once" if found.repeats == 1 else f"{found.repeats} times"
    if found.range is None:
        often += ", so without an interval"
    return f"{clean_prose(found.at)}; measured {often}"


def _cluster(inputs: Inputs) -> str:
    """Return what is run on, and its load, in a line."""
    period = _exact("period_ns", inputs.heartbeat_period_ns).removeprefix("period ")
    size = _exact("status_bytes", inputs.heartbeat_bytes).removeprefix("status ")
    parts = [
        _exact("nodes", inputs.nodes),
        _exact("pods", inputs.pods),
        _exact("objects", inputs.objects),
        f"{inputs.apiservers:,} API server{'' if inputs.apiservers == 1 else 's'}",
        _exact("controllers", inputs.controllers),
        _exact("etcd_members", inputs.etcd_members),
        _exact("fsync_ns", inputs.fsync_ns),
        f"pod changes {units.show_rate(Fraction(repr(inputs.pod_changes_per_s)))}",
        f"node status of {size} every {period}",
        f"seed {inputs.seed}",
    ]
    return ", ".join(parts)


def _changed(cell: Ran, setup: Setup, mechanism: Mechanism) -> str:
    """Return the parameters that are not the mechanism's defaults or that the set-up varies, with units."""
    usual = parameters.values(mechanism.params())
    others = [one.params for one in setup.cells if one.mechanism == cell.mechanism]
    said = [
        _exact(name, value)
        for name, value in cell.params.items()
        if value is not None
        and (value != usual.get(name) or any(other.get(name) != value for other in others))
    ]
    return clean_prose(", ".join(said) or DEFAULTS)


def _exact(name: str, value: object) -> str:
    """Return a parameter in words, in full where its short form is another number: "1,043,564 free pages"."""
    said = say(name, value)
    if not isinstance(value, int) or isinstance(value, bool):
        return said
    short, full = units.show_size(value), f"{value:,}"
    same = units.parse_count(short) == value
    if name.endswith("_ns"):
        short, full = units.show_ns(value), units.exact_duration(value)
        same = units.parse_duration(short) == value
    elif name.endswith("_bytes"):
        short, full = units.show_bytes(value), f"{value:,} B"
        same = units.parse_bytes(short) == value
    return said if same else said.replace(short, full)
