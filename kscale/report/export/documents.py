"""JSON: a run alone as its result file; anything compared or judged as one kscale.comparison/1.

schema       "kscale.comparison/1"
kscale       version that wrote it
results      each with name, run, scenario (name, sha256, costs), git (null if none), machine: as in its file;
             extrapolated: each with cell (its key), coefficient, setting, measured, used
comparisons  each with
    a, b          name, meant (what the name stands for), commit, date
    of            variants, results or points
    run           whose variants or points, else ""
    paired        any time was taken in turns
    same_machine
    notes         what is to be known before a number is trusted
    gone, new     cells, variants and counters that only a, or only b, has
    rows          each with
        mechanism, cell (its key), params, label, variant, metric
        kind          exact, timing or resource
        unit, per     a time is ns per one of *per*, or of a whole run if that is ""
        better        lower, higher or none
        provenance    measured, modelled, published or input
        extrapolated  modelled, in a cell that uses coefficients beyond where they were measured
        a, b          both amounts; a_spread_pct, b_spread_pct: half the interquartile range, of times
        change        after over before; null if it is infinite
        low, high, n  95 % interval of a time's change, and how many values it is of; null if none
        paired        of a time; null of others
        margin        fraction the verdict was given by; floor: noise floor, a fraction
        verdict       worse, unclear, better, same; null if it was not judged
        notes
judgement    null if nothing was judged, else
    status        ok, gate_failed or no_verdict; exit_code: 0, 1 or 3
    no_verdict    why there is none, else ""
    policy        file, "defaults", or the option that took its place
    result        name of the one whose requirements were judged
    notes
    decisions     each with subject, status (failed, warned, acknowledged, passed, ignored), said,
                  why, rule, reason, confirmed (null: not measured again); cell, variant, metric and
                  margin of its row, null if it has none
"""

import json
import math
import re
from collections.abc import Sequence
from typing import Any, Final

from kscale import __version__
from kscale.judge.compare import Comparison, Side
from kscale.judge.decision import Judgement
from kscale.report.export.entries import decision_fields, params_of, row_fields
from kscale.report.export.subject import Subject
from kscale.results import store
from kscale.results.record import Result

SCHEMA: Final = "kscale.comparison/1"
_LONE = re.compile("[\ud800-\udfff]")  # halves of a character, which UTF-8 cannot hold


def render(subject: Subject, *, samples: bool = False) -> str:  # noqa: ARG001 - a result file has all samples, a comparison none
    """Return one JSON document; numbers that are not finite are null."""
    if subject.alone is not None:
        return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", store.dumps(subject.alone))
    params = params_of(subject)
    head = {
        "schema": SCHEMA,
        "kscale": __version__,
        "results": [_result(name, result) for name, result in subject.named()],
    }
    parts = [
        dumps(head)[1:-1],
        f'"comparisons": [{_lines([_comparison(one, params) for one in subject.compared])}]',
        f'"judgement": {_judgement(subject.judgement)}',
    ]
    return "{" + ",\n".join(parts) + "}\n"


def dumps(tree: object) -> str:
    """Return JSON on one line, in ASCII: no mark or half of a character gets in a reader's way."""
    try:
        return json.dumps(tree, allow_nan=False)
    except ValueError:  # rare, so that looking for it each time is not worth it
        return json.dumps(_finite(tree), allow_nan=False)


def _finite(tree: object) -> object:
    """Return *tree* with None for what JSON has no number for."""
    if isinstance(tree, dict):
        return {key: _finite(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_finite(value) for value in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree


def _lines(texts: Sequence[str]) -> str:
    """Return the items of a list, one a line."""
    return "\n" + ",\n".join(texts) + "\n" if texts else ""


def _result(name: str, result: Result) -> dict[str, Any]:
    """Return what a reader must know of a result to trust what is said of it."""
    return {
        "name": name,
        "run": result.run.model_dump(mode="json"),
        "scenario": {
            "name": result.scenario.name,
            "sha256": result.scenario.sha256,
            "costs": costs.model_dump(mode="json") if (costs := result.scenario.costs) else None,
        },
        "extrapolated": [
            {"cell": cell.key, **one.model_dump(mode="json")}
            for cell in result.cells
            for one in cell.extrapolated
        ],
        "git": result.git.model_dump(mode="json") if result.git is not None else None,
        "machine": result.machine.model_dump(mode="json"),
    }


def _comparison(comparison: Comparison, params: dict[str, Any]) -> str:
    """Return a comparison as JSON, one row a line."""
    head = {
        "a": _side(comparison.a),
        "b": _side(comparison.b),
        "of": comparison.of,
        "run": comparison.run,
        "paired": comparison.paired,
        "same_machine": comparison.same_machine,
        "notes": list(comparison.notes),
        "gone": list(comparison.gone),
        "new": list(comparison.new),
    }
    rows = [dumps(row_fields(row, params)) for row in comparison.rows]
    return f'{dumps(head)[:-1]}, "rows": [{_lines(rows)}]}}'


def _side(side: Side) -> dict[str, str]:
    """Return one side as its heading names it."""
    return {"name": side.name, "meant": side.meant, "commit": side.commit, "date": side.date}


def _judgement(judgement: Judgement | None) -> str:
    """Return a gate's judgement as JSON, one decision a line; null if nothing was judged."""
    if judgement is None:
        return "null"
    head = {
        "status": judgement.exit_code.name.lower(),
        "exit_code": int(judgement.exit_code),
        "no_verdict": judgement.no_verdict,
        "policy": judgement.policy,
        "result": judgement.result,
        "notes": list(judgement.notes),
    }
    decisions = []
    for decision in judgement.decisions:
        row = decision.row
        about = {
            "cell": row.cell if row is not None else None,
            "variant": row.variant if row is not None else None,
            "metric": row.metric if row is not None else None,
            "margin": row.margin if row is not None else None,  # the policy's
        }
        decisions.append(dumps(decision_fields(decision) | about))
    return f'{dumps(head)[:-1]}, "decisions": [{_lines(decisions)}]}}'
