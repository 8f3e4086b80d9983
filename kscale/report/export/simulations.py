"""Simulations as documents: JSON (kscale.simulation/1, as it is saved), CSV and Markdown.

CSV has a row for each number of each run: run (none, all, today, or ids with commas), optimizations (those
that were on), name, unit, value (empty: not answered), low and high (over the draws; empty: none drawn, or
not answered), provenance. Names:

    <figure>                             as clusterwide/figures.py has them, with low and high
    <indicator>.<window>.<quantile>      windows of five minutes from 1 on; quantile p50, p90, p99, largest
    scheduling.<quantile>                of all pods, from stored to bound
    life.<stage>.<quantile>              from each moment of a pod's life to the next, by the later one
    <station>.<field>                    servers, capacity, busy, entered, left, inside, peak
    count.<name>, setting.<name>         what was counted, what was set
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from kscale.clusterwide import figures, saved, words
from kscale.clusterwide.record import Quantiles
from kscale.clusterwide.saved import Labelled
from kscale.report import simulate_rows, table_simulate
from kscale.report import simulate_wording as wording
from kscale.report.export.documents import dumps
from kscale.report.export.markdown import text
from kscale.report.export.spreadsheet import field
from kscale.results import simulations
from kscale.results.simulation import Saved

COLUMNS: Final = ("run", "optimizations", "name", "unit", "value", "low", "high", "provenance")
Number = tuple[str, str, int | None]  # name, unit, value


def render_json(found: Saved) -> str:
    """Return one JSON document: the file as it is saved."""
    return simulations.dumps(found)


def render_lines(found: Saved) -> str:
    """Return a line of JSON for each run."""
    return "".join(f"{dumps(one.model_dump(mode='json'))}\n" for one in found.runs)


def render_csv(found: Saved) -> str:
    """Return a row for each number."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in saved.runs(found):
        on = ",".join(one.run.toggles)
        for name, unit, value in _numbers(one):
            low, high = one.ranges.get(name.removeprefix("count."), (None, None))
            counted = name.startswith(("count.", "setting."))
            kind = "input" if name.startswith("setting.") else "exact" if counted else "modelled"
            row = (one.label, on, name, unit, value, low, high, kind)
            writer.writerow([field(cell) for cell in row])
    return out.getvalue()


def render_markdown(found: Saved, *, verbose: bool = False) -> str:
    """Return the finding, and the table with its groups."""
    subject = table_simulate.subject(found)
    names = [text(words.heading(one.label)) for one in subject.runs]
    titles = [*names, "change"] if len(names) > 1 else names
    groups = simulate_rows.groups(subject.runs, draws=subject.draws, verbose=verbose)
    lines = [
        f"**{text(wording.finding(subject.runs, subject.draws))}**",
        "",
        text(wording.head(subject.name, subject.runs[0].run)),
        "",
        *(f"- note: {text(said)}" for said in wording.notes(subject.runs, subject.faults)),
        "",
        f"|  | {' | '.join(titles)} |",
        f"|---|{'---:|' * len(titles)}",
    ]
    for group in groups:
        lines.append(f"| **{text(group.title)}** |{' |' * len(titles)}")
        for row in group.rows:
            cells = [text(one.plain) for one in (*row.entries, row.change)][: len(titles)]
            lines.append(f"| {text(row.title)} | {' | '.join(cells)} |")
    lost = simulate_rows.losses(groups)
    lines += ["", *(f"- where it loses: {text(said)}" for said in lost), *([""] if lost else [])]
    legend = f"{table_simulate.modelled(subject)}; {table_simulate.LEGEND}"
    return "\n".join([*lines, f"<sub>{text(legend)}</sub>"]) + "\n"


FORMATS: Mapping[str, Callable[[Saved], str]] = {
    "json": render_json,
    "jsonl": render_lines,
    "csv": render_csv,
    "markdown": render_markdown,
}


def _numbers(one: Labelled) -> Iterator[Number]:
    """Yield every number of a run."""
    run = one.run
    for name, value in figures.figures(run).items():
        if name not in run.counts and name != "scheduling.p99":
            yield name, _unit(name), value
    for sli in run.slis:
        for number, window in enumerate(sli.windows, 1):
            yield from _quantiles(f"{sli.name}.{number}", window)
    yield from _quantiles("scheduling", run.scheduling)
    for name, stage in run.stages.items():
        yield from _quantiles(f"life.{name}", stage)
    for station in run.stations:
        unit = "bytes" if station.name == "etcd-store" else "ns"
        yield f"{station.name}.servers", "", station.servers
        yield f"{station.name}.capacity", unit, station.capacity_ns
        yield f"{station.name}.busy", unit, station.busy_ns
        for field_name in ("entered", "left", "inside", "peak"):
            yield f"{station.name}.{field_name}", "", getattr(station, field_name)
    yield from ((f"count.{name}", "", value) for name, value in run.counts.items())
    yield from ((f"setting.{name}", "", value) for name, value in run.settings.items())


def _unit(name: str) -> str:
    """Return the unit of a figure."""
    if name.endswith(".p99"):
        return "ns"
    if name.endswith("_ppm"):
        return "ppm"
    return "bytes/min" if name.endswith("_per_min") else "bytes"


def _quantiles(name: str, one: Quantiles) -> Iterator[Number]:
    """Yield how many there were, how many were never answered, and the quantiles of the rest."""
    yield f"{name}.count", "", one.count
    yield f"{name}.unanswered", "", one.unanswered
    for quantile in ("p50", "p90", "p99", "largest"):
        yield f"{name}.{quantile}", "ns", getattr(one, quantile)
