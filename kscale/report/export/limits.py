"""Walls of a cluster as documents: JSON (kscale.limit/1), CSV and Markdown.

schema      "kscale.limit/1"
kscale      version that wrote it
scenario    its name
axis        nodes, pods, objects or pod-changes
unit        of all values: nodes, pods, objects, thousandths of pod changes/s
own         how much the scenario has
provenance  "modelled"
seeds, precision_ppm, duration_ns, runs     how it was found
objectives  bounds by id, ns or ppm
before, after      walls, each with
    name, toggles           of the set; those that are on
    holds_at                0: no size that was tried keeps every objective
    breaks_at               null: not reached
    low, high               of holds_at over seeds
    arithmetic, arithmetic_station     where a station's load reaches its capacity; null: nowhere
    objective, station      that breaks; to blame. "" if none
    sentences               what else is to be known
    limits                  [seed, limit]
    runs                    each [value, seed, holds, objective, station], in the order they were asked for
steps       each with changed, added (else taken out), gain, and the wall after it
            before.holds_at and all gains come to after.holds_at, exactly
left        toggles that differ, and took no part; unprovoked: those for faults that the scenario lacks

CSV has a row for each wall on the way, Markdown the table of what is printed.
"""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, Final

from kscale import __version__
from kscale.clusterwide.limit import Limit
from kscale.clusterwide.walls import Wall
from kscale.report import limit_wording as wording
from kscale.report.export.documents import dumps
from kscale.report.export.markdown import text
from kscale.report.export.spreadsheet import field

SCHEMA: Final = "kscale.limit/1"
COLUMNS: Final = (
    "wall", "changed", "toggles", "axis", "holds_at", "gain", "breaks_at", "low", "high", "arithmetic",
    "objective", "station", "provenance",
)  # fmt: skip
UNITS = {"pod-changes": "pod changes/s / 1000"}


def render_json(found: Limit) -> str:
    """Return one JSON document, a wall a line."""
    wish = found.wish
    head = {
        "schema": SCHEMA,
        "kscale": __version__,
        "scenario": found.name,
        "axis": wish.axis,
        "unit": UNITS.get(wish.axis, wish.axis),
        "own": found.own,
        "provenance": "modelled",
        "seeds": list(wish.seeds),
        "precision_ppm": wish.precision_ppm,
        "duration_ns": wish.duration_ns,
        "objectives": {one.id: one.at_most for one in wish.objectives},
        "runs": found.runs,
        "left": list(found.path.left),
        "unprovoked": list(found.unprovoked),
    }
    steps = ",\n".join(
        dumps({"changed": list(one.changed), "added": one.added, "gain": one.gain, **_wall(one.wall)})
        for one in found.steps
    )
    first, last = wish.names
    return (
        f'{dumps(head)[:-1]},\n"before": {dumps({"name": first, **_wall(found.before)})},\n'
        f'"steps": [\n{steps}\n],\n"after": {dumps({"name": last, **_wall(found.after)})}}}\n'
    )


def render_csv(found: Limit) -> str:
    """Return a row for each wall, from the first to the last."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for name, changed, gain, wall in _rows(found):
        low, high = wall.interval
        row = (
            name, changed, ",".join(wall.toggles), wall.axis, wall.holds_at, gain, wall.breaks_at, low, high,
            wall.arithmetic, wall.objective, wall.station, "modelled",
        )  # fmt: skip
        writer.writerow([field(cell) for cell in row])
    return out.getvalue()


def render_markdown(found: Limit) -> str:
    """Return the sentence and the way as a table."""
    lines = [f"**{text(wording.finding(found))}**", "", f"{text(wording.head(found))}; modelled", ""]
    lines += ["| | holds | change | objective that breaks | station |", "|---|--:|--:|---|---|"]
    for name, changed, gain, wall in _rows(found):
        said = "" if gain is None else wording.gain(wall.axis, gain)
        cells = (changed or name, wording.holds(wall), said, wording.what(wall), wording.station(wall))
        lines.append(f"| {' | '.join(text(cell) for cell in cells)} |")
    lines += [
        "",
        *(text(said) for said in (*wording.notes(found), *wording.losses(found), *wording.rest(found))),
    ]
    return "\n".join(lines).rstrip() + "\n"


FORMATS: Final[dict[str, Callable[[Limit], str]]] = {
    "json": render_json,
    "csv": render_csv,
    "markdown": render_markdown,
}


def _rows(found: Limit) -> Iterator[tuple[str, str, int | None, Wall]]:
    """Yield each wall on the way: its name, what changed before it, its gain."""
    first, last = found.wish.names
    yield first, "", None, found.before
    for number, one in enumerate(found.steps, 1):
        yield f"step {number}", f"{'' if one.added else '-'}{','.join(one.changed)}", one.gain, one.wall
    yield last, "", None, found.after


def _wall(wall: Wall) -> dict[str, Any]:
    """Return a wall as plain values."""
    low, high = wall.interval
    return {
        "toggles": list(wall.toggles),
        "holds_at": wall.holds_at,
        "breaks_at": wall.breaks_at,
        "low": low,
        "high": high,
        "arithmetic": wall.arithmetic,
        "arithmetic_station": wall.arithmetic_station,
        "objective": wall.objective,
        "station": wall.station,
        "sentences": list(wall.sentences),
        "limits": [list(one) for one in wall.limits],
        "runs": [[run.value, run.seed, run.holds, run.objective, run.station] for run in wall.runs],
    }
