"""What each optimization buys as documents: JSON (kscale.ablation/1), CSV and Markdown.

schema       "kscale.ablation/1"
provenance   "modelled": every value follows from coefficients
kscale       version that wrote it
scenario, nodes, pods, seed
duration_ns  of a run; 0: the scenario's
metric, unit, better (lower or higher)
before, after           ids of the optimizations that are on
value_before, value_after   each with amount, and bound: a latency that was never answered, counted as the
             run's length, or a limit that was not reached
exact        all orders were counted
orders       that were drawn; 0 if all were counted
runs         different sets of optimizations; bounds: of them with a value that is only a bound
denominator  of every Shapley value
parts        each with toggle, joins (false: it is taken out), numerator, standard_error (rounded up; null:
             too few orders), alone, last, quiet (no output changes by it), alone_unseen, last_unseen (both
             values are bounds); the sum of all numerators is (value_after - value_before) x denominator
pairs        each with one, two, amount: value(all) - value(all without one) - value(all without two)
             + value(all without both)
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import asdict
from fractions import Fraction
from typing import Any, Final

from kscale import __version__
from kscale.clusterwide.ablate import Ablation
from kscale.report import ablate_wording as wording
from kscale.report import table_ablate
from kscale.report.export.documents import dumps
from kscale.report.export.markdown import text
from kscale.report.export.spreadsheet import field

SCHEMA: Final = "kscale.ablation/1"
COLUMNS: Final = (
    "scenario",
    "metric",
    "unit",
    "value_before",
    "value_after",
    "toggle",
    "shapley",
    "numerator",
    "denominator",
    "standard_error",
    "alone",
    "last",
    "quiet",
    "provenance",
)


def render_json(found: Ablation) -> str:
    """Return one JSON document, a part or a pair a line."""
    tree: dict[str, Any] = {
        "schema": SCHEMA,
        "provenance": "modelled",
        "kscale": __version__,
        **asdict(found),
    }
    tree["exact"] = found.exact
    lists = {name: ",\n".join(dumps(one) for one in tree.pop(name)) for name in ("parts", "pairs")}
    body = ",\n".join(
        f'"{name}": [\n{lines}\n]' if lines else f'"{name}": []' for name, lines in lists.items()
    )
    return f"{dumps(tree)[:-1]},\n{body}}}\n"


def render_csv(found: Ablation) -> str:
    """Return a row for each optimization."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for part in found.parts:
        row = {
            **asdict(found),
            **asdict(part),
            "value_before": found.value_before.amount,
            "value_after": found.value_after.amount,
            "shapley": float(Fraction(part.numerator, found.denominator)),
            "provenance": "modelled",
        }
        writer.writerow([field(row[name]) for name in COLUMNS])
    return out.getvalue()


def render_markdown(found: Ablation) -> str:
    """Return the finding and a table, a row for each optimization."""
    to = table_ablate.scale_of(found)
    rows, nothing = table_ablate.rows_of(found, to)
    lines = [
        f"**{text(wording.sentence(found))}**",
        "",
        *([f"- {text(wording.bounds(found))}", ""] if found.bounds else []),
        "| optimization | Shapley value | ± | alone | last |",
        "|---|---:|---:|---:|---:|",
        f"| **before** | **{to.text(to.rounded(found.value_before.amount))}** | | | |",
    ]
    for row in rows:
        part = row.part
        gain = f"{to.text(row.quanta, signed=True)}{' (worse)' if row.worse(found.better) else ''}"
        error = table_ablate.error(part, to)
        lines.append(
            f"| {part.toggle} | {gain} | {error} | {wording.alone(part, to)} | {wording.last(part, to)} |"
        )
    lines.append(f"| **after** | **{to.text(to.rounded(found.value_after.amount))}** | | | |")
    said = [*wording.zeros(nothing), *wording.legend(found), wording.head(found), wording.MODELLED]
    return "\n".join([*lines, "", *(f"- {text(one)}" for one in said)]) + "\n"


FORMATS: Mapping[str, Callable[[Ablation], str]] = {
    "json": render_json,
    "csv": render_csv,
    "markdown": render_markdown,
}
