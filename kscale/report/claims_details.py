"""What a claim's figures stand on: set-up, parameters, coefficients, assumptions."""

from collections.abc import Iterator, Mapping, Sequence

from kscale.judge.claims import verdict
from kscale.judge.claims.verdict import Finding
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
        yield "our set-up: none"
    else:
        yield f"our set-up: kscale run claims/{clean(setup.name)} (profile {clean(setup.profile)})"
        for cell in setup.cells:
            yield f"{STEP}{clean(cell.mechanism)}: {_said(cell.params)}"
    for said in claim.assumes:
        yield f"assumed: {clean_prose(said)}"
    read = verdict.coefficients(setup, mechanisms) if setup else {}
    if read:
        yield f"coefficients of the cost model {clean(setup.profile) if setup else ''}:"
    for name, one in read.items():
        yield f"{STEP}{coefficients.line(name, one)}"


def _said(params: Mapping[str, object]) -> str:
    """Return parameters that are set."""
    return ", ".join(f"{clean(name)}={_value(value)}" for name, value in params.items() if value is not None)


def _value(value: object) -> str:
    """Return a parameter's value; a count with a prefix."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return f"{value:,}" if whole else clean(value)
