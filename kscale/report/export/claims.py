"""Claims as documents: JSON (kscale.claims/1), JSON Lines, CSV and Markdown.

schema    "kscale.claims/1"
kscale    version that wrote it
counts    by kind (A, R, M): held, of (that count), fitted, not_reproducible, share; of held and of:
          own_held, own_of with a figure whose band is its own, not 5 % (A) or a factor of 2 (M)
calibrated  of claims that a calibration answers, not among the counts: held, of (those measured),
          not_measured
claims    each with
    id, title, kind, source, stated
    setup         null, or name, profile, cluster (counts of nodes, pods ..., times in ns, seed; null: not
                  known) and cells, each with mechanism and params
    provenance    of ours: measured or modelled
    assumes       sentences
    not_reproducible   why, else ""
    verdict       reproduced, in band, fitted, undecided, outside, not reproducible as stated,
                  not measured here
    counted       whether it counts for or against the models
    calibrated    whether ours is read from a calibration of a real etcd, which is counted apart
    fitted_by     names of the coefficients that were fitted to it
    coefficients  that the set-up reads: by name, as a result keeps them
    figures       each with what, unit, published, low, high (null: no end), ours, its interval
                  (95 %, two ends; null: not timed, or measured once), factor (null: none, or a bound),
                  in_band, verdict; ours, factor and in_band are null of one that is not measured
"""

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from kscale import __version__
from kscale.judge.claims import verdict
from kscale.judge.claims.verdict import Finding, Judged
from kscale.mechanisms.base import Mechanism
from kscale.report import claims_wording as wording
from kscale.report.export.documents import dumps
from kscale.report.export.markdown import text
from kscale.report.export.spreadsheet import field

SCHEMA: Final = "kscale.claims/1"
Render = Callable[[Sequence[Finding], Sequence[Mechanism]], str]
COLUMNS: Final = (
    "id",
    "title",
    "kind",
    "figure",
    "unit",
    "published",
    "low",
    "high",
    "ours",
    "ours_low",
    "ours_high",
    "factor",
    "verdict",
    "claim_verdict",
    "counted",
    "provenance",
    "source",
    "setup",
    "not_reproducible",
)
_TITLES = ("", "verdict", "id", "claim", "figure", "published", "ours", "factor", "band", "ours is", "source")
_RIGHT = frozenset({"published", "ours", "factor"})


def render_json(findings: Sequence[Finding], mechanisms: Sequence[Mechanism]) -> str:
    """Return one JSON document, a claim a line."""
    head = {
        "schema": SCHEMA,
        "kscale": __version__,
        "counts": {kind: _count(findings, kind) for kind in wording.KINDS},
        "calibrated": _calibrated(findings),
    }
    claims = ",\n".join(dumps(fields(one, mechanisms)) for one in findings)
    return f'{dumps(head)[:-1]},\n"claims": [\n{claims}\n]}}\n'


def render_lines(findings: Sequence[Finding], mechanisms: Sequence[Mechanism]) -> str:
    """Return a line of JSON for each claim."""
    return "".join(f"{dumps(fields(one, mechanisms))}\n" for one in findings)


def render_csv(findings: Sequence[Finding], mechanisms: Sequence[Mechanism]) -> str:  # noqa: ARG001 - every format takes both
    """Return a row for each figure; a claim without one is a row without numbers."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([field(row.get(name)) for name in COLUMNS] for one in findings for row in _rows(one))
    return out.getvalue()


def render_markdown(findings: Sequence[Finding], mechanisms: Sequence[Mechanism]) -> str:  # noqa: ARG001 - as above
    """Return how many hold, and the table, a row for each figure."""
    rule = "|".join("---:" if title in _RIGHT else "---" for title in _TITLES)
    counts = [*wording.summary(findings), *filter(None, [wording.outside(findings)])]
    lines = [*(f"- {text(said)}" for said in counts), "", _line(_TITLES), f"|{rule}|"]
    for one in findings:
        lines.extend(_cells(one, judged) for judged in one.figures or (None,))
    why = [
        f"- {text(one.claim.id)}: {text(one.verdict)}: {text(one.claim.not_reproducible)}"
        for one in findings
        if one.claim.not_reproducible
    ]
    return "\n".join([*lines, "", *why, *([""] if why else []), f"<sub>{text(wording.LEGEND)}</sub>"]) + "\n"


FORMATS: Mapping[str, Render] = {
    "json": render_json,
    "jsonl": render_lines,
    "csv": render_csv,
    "markdown": render_markdown,
}


def fields(finding: Finding, mechanisms: Sequence[Mechanism]) -> dict[str, Any]:
    """Return a claim with all that became of it, as plain values."""
    claim, setup = finding.claim, finding.setup
    read = verdict.coefficients(setup, mechanisms) if setup else {}
    return {
        "id": claim.id,
        "title": claim.title,
        "kind": claim.kind,
        "source": claim.source,
        "stated": claim.stated,
        "setup": {
            "name": setup.name,
            "profile": setup.profile,
            "cluster": asdict(setup.inputs) if setup.inputs else None,
            "cells": [{"mechanism": cell.mechanism, "params": dict(cell.params)} for cell in setup.cells],
        }
        if setup
        else None,
        "provenance": claim.provenance,
        "assumes": list(claim.assumes),
        "not_reproducible": claim.not_reproducible,
        "verdict": str(finding.verdict),
        "counted": finding.counted,
        "calibrated": claim.calibrated,
        "fitted_by": list(finding.fitted_by),
        "coefficients": {name: one.model_dump(mode="json") for name, one in read.items()},
        "figures": [_figure(one) for one in finding.figures],
    }


def _figure(one: Judged) -> dict[str, Any]:
    """Return one figure as plain values."""
    known = one.verdict is not verdict.Verdict.NOT_MEASURED
    return {
        "what": one.figure.what,
        "unit": one.figure.unit,
        "published": one.figure.published,
        "low": one.figure.low,
        "high": one.figure.high if math.isfinite(one.figure.high) else None,
        "ours": one.ours if known else None,
        "interval": _finite(one),
        "factor": one.factor if known else None,
        "in_band": one.inside if known else None,
        "verdict": str(one.verdict),
    }


def _finite(one: Judged) -> list[float] | None:
    """Return the interval of ours, if it has two ends."""
    ends = one.interval
    return list(ends) if ends is not None and all(map(math.isfinite, ends)) else None


def _rows(finding: Finding) -> Iterable[dict[str, Any]]:
    """Yield the rows of a claim."""
    claim = finding.claim
    place = {
        "id": claim.id,
        "title": claim.title,
        "kind": claim.kind,
        "claim_verdict": finding.verdict,
        "counted": finding.counted,
        "provenance": claim.provenance,
        "source": claim.source,
        "setup": f"claims/{claim.setup}" if claim.setup else None,
        "not_reproducible": claim.not_reproducible,
    }
    if not finding.figures:
        yield place | {"verdict": finding.verdict}
    for one in finding.figures:
        low, high = _finite(one) or (None, None)
        yield place | _figure(one) | {"figure": one.figure.what, "ours_low": low, "ours_high": high}


def _cells(finding: Finding, one: Judged | None) -> str:
    """Return a figure as a line of a Markdown table."""
    claim = finding.claim
    if one is None:
        mark, said = wording.MARKS[finding.verdict], str(finding.verdict)
        return _line((mark, text(said), text(claim.id), text(claim.title), *[""] * 6, text(claim.source)))
    figure = one.figure
    numbers = (
        wording.amount(figure.published, figure.unit),
        wording.ours(one),
        wording.factor(one),
        wording.band(one),
    )
    return _line(
        (
            wording.MARKS[one.verdict],
            text(one.verdict),
            text(claim.id),
            text(claim.title),
            text(figure.what),
            *(text(number).replace(" ", "\u00a0") for number in numbers),
            claim.provenance,
            text(claim.source),
        )
    )


def _line(cells: Iterable[str]) -> str:
    """Return cells, which are text already, as a line of a table."""
    return f"| {' | '.join(cells)} |"


def _calibrated(findings: Sequence[Finding]) -> dict[str, int]:
    """Return how many claims hold by a calibration, as plain values."""
    found = [one for one in findings if one.claim.calibrated]
    open_ = sum(one.verdict is verdict.Verdict.NOT_MEASURED for one in found)
    return {"held": sum(one.held for one in found), "of": len(found) - open_, "not_measured": open_}


def _count(findings: Sequence[Finding], kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a key of KINDS
    """Return how many of a kind hold, as plain values."""
    found = verdict.count(findings, kind)
    return {
        "held": found.held,
        "of": found.of,
        "fitted": found.fitted,
        "not_reproducible": found.not_reproducible,
        "share": found.share,
        "own_held": found.own_held,
        "own_of": found.own_of,
    }
