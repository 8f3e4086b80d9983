"""Saved results: a line each, and the facts of one."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.text import Text

from kscale.clusterwide import words
from kscale.errors import KscaleError
from kscale.report import grid
from kscale.report.grid import Column
from kscale.report.text import clean, clean_prose, joined, paragraph
from kscale.results import store
from kscale.results.baselines import Kept, commit, doubts
from kscale.results.record import Result
from kscale.results.simulation import Saved
from kscale.units import NS_PER_S, show_bytes, show_count, show_counted, show_ns

TITLES = ("name", "run", "date", "scenario", "commit", "machine", "cells", "")
WRAPPED = frozenset({"name", "scenario", "machine"})
INDENT = "  "


def listing(found: Sequence[Kept], unnamed: int, width: int) -> Text:
    """Return a line for each result, or two where there is no room; *unnamed* ones are counted."""
    rows = [(one, _row(one)) for one in found]
    readable = [row for one, row in rows if one.result is not None]
    columns = [
        Column(title, [Text(row[place]) for row in readable], right=title == "cells", name=title in WRAPPED)
        for place, title in enumerate(TITLES)
    ]
    widths = grid.fitted(columns, width) if readable else None
    if widths is not None:
        body = [grid.titles(columns, widths)]
        body.extend(line for place in range(len(readable)) for line in grid.row(columns, place, widths))
    else:
        body = [line for row in readable for line in _stacked(row, width)]
    lines = (
        body
        if readable
        else [Text("no result has a name; kscale baseline save NAME gives one to the latest")]
    )
    for one in found:
        if one.result is None:
            lines.extend(paragraph(f"{clean(one.name)}: {one.wrong}", width, rest=INDENT, style="yellow"))
        stem = store.stem(Path(one.name))
        if stem != one.name:
            said = f"{clean(stem)} means the plain file, not the packed {clean(one.name)} beside it"
            lines.extend(paragraph(said, width, first="note  ", rest="      ", style="yellow"))
    if unnamed:
        what = "run without a name" if unnamed == 1 else "runs without a name"
        lines.extend(
            [Text(), *paragraph(f"{show_count(unnamed)} {what}: --all lists them", width, style="dim")]
        )
    return joined(lines)


def simulations(found: Sequence[tuple[str, Saved | KscaleError]], width: int) -> Text:
    """Return a heading, and for each simulation its name, scenario and runs, or what is wrong with it."""
    lines = [Text(), Text("simulations", "bold")]
    for name, one in found:
        if isinstance(one, KscaleError):
            lines.extend(
                paragraph(f"{clean(name)}: {clean_prose(str(one))}", width, rest=INDENT, style="yellow")
            )
            continue
        date = [one.made.started[:10]] if one.made is not None else []
        runs = ", ".join(words.heading(run.label) for run in one.runs)
        said = " · ".join(clean(part) for part in (name, *date, one.scenario.name, runs))
        lines.extend(paragraph(said, width, rest=INDENT))
    lines.extend(paragraph("kscale show, plot and report take their names", width, style="dim"))
    return joined(lines)


def facts(name: str, path: str, result: Result, width: int) -> Text:
    """Return what is known of one result besides its numbers."""
    lines = paragraph(f"{clean(name)} · {clean(path)}", width, style="bold")
    for note in doubts(result):
        lines.extend(paragraph(note, width, first="note  ", rest="      ", style="yellow"))
    lines.append(Text())
    told = dict(_facts(result))
    widest = max(map(cell_len, told))
    for title, said in told.items():
        first = f"{title}{' ' * (widest - cell_len(title))}{INDENT}"
        lines.extend(paragraph(said, width, first=first, rest=" " * cell_len(first)))
    lines.extend([Text(), Text("cells", "bold")])
    for mechanism, points in _cells(result).items():
        lines.extend(paragraph(mechanism, width, first=INDENT, rest=INDENT * 2))
        lines.extend(
            line for one in points for line in paragraph(one, width, first=INDENT * 2, rest=INDENT * 3)
        )
    return joined(lines)


def _row(one: Kept) -> tuple[str, ...]:
    """Return a result's columns."""
    result = one.result
    if result is None:
        return (clean(one.name),)
    marks = (["quick look"] if result.run.quick else []) + (
        ["interrupted"] if result.run.status == "interrupted" else []
    )
    return (
        clean(one.name),
        clean(result.run.id),
        clean(result.run.started[:10]),
        clean(result.scenario.name),
        clean(commit(result)),
        clean(f"{show_counted(result.machine.cores_logical, 'core')}, {result.machine.cpu_model}"),
        show_count(len(result.cells)),
        ", ".join(marks),
    )


def _stacked(row: Sequence[str], width: int) -> Iterator[Text]:
    """Return a result's name, and the rest below it."""
    name, run, date, scenario, sha, machine, cells, marks = row
    yield from paragraph(name, width, style="bold")
    said = [
        run if run != name else "",
        date,
        scenario,
        sha,
        machine,
        f"{cells} {'cell' if cells == '1' else 'cells'}",
        marks,
    ]
    yield from paragraph(" · ".join(part for part in said if part), width, first=INDENT, rest=INDENT)


def _facts(result: Result) -> Iterator[tuple[str, str]]:
    """Return each fact with its title."""
    run, machine, load, scenario = result.run, result.machine, result.load, result.scenario
    yield "run", f"{run.id} · {run.started} · {run.status} in {show_ns(round(run.seconds * NS_PER_S))}"
    yield "command", shlex.join(["kscale", *run.argv])
    yield "scenario", f"{scenario.name} ({scenario.path}, sha256 {scenario.sha256[:12]}) · seed {run.seed}"
    branch = f" on {result.git.branch}" if result.git else ""
    yield (
        "commit",
        f"{result.git.sha if result.git else 'none'}{branch}"
        + (", uncommitted changes" if result.git and result.git.dirty else ""),
    )
    cores = show_counted(machine.cores_logical, "core")
    where = [f"{cores} ({machine.cores_physical} physical), {machine.cpu_model}"]
    where.append(f"{show_bytes(machine.memory_bytes)} of memory")
    where.append(f"{machine.os} {machine.kernel} {machine.arch}")
    where.extend(["container"] if machine.container else [])
    where.extend([f"limited to {machine.cgroup_cpus:g} cpus"] if machine.cgroup_cpus is not None else [])
    where.extend([f"CI {machine.ci}"] if machine.ci else [])
    yield "machine", f"{' · '.join(where)} · fingerprint {machine.fingerprint}"
    threads = show_counted(machine.threads, "thread")
    turbo = {None: "unknown", True: "on", False: "off"}[machine.turbo]
    yield (
        "clock",
        f"governor {machine.governor or 'unknown'} · turbo {turbo} · {threads}",
    )
    versions = (("kscale", run.kscale), ("python", machine.python), ("numpy", machine.numpy))
    yield "versions", ", ".join(f"{name} {said}" for name, said in (*versions, ("numba", machine.numba)))
    before, after = (" ".join(f"{one:g}" for one in side) or "unknown" for side in (load.before, load.after))
    yield (
        "load",
        (
            f"{before} before, {after} after · others used {load.other_cpu_pct:g} % of a core, "
            f"the host took {load.steal_pct:g} %"
        ),
    )
    yield "memory", f"{show_bytes(run.peak_rss_bytes)} at the peak"


def _cells(result: Result) -> Mapping[str, list[str]]:
    """Return the points of each mechanism, each with what it ran."""
    found: dict[str, list[str]] = {}
    for cell in result.cells:
        timed = [len(one.wall_ns.values) for one in cell.variants.values() if one.wall_ns is not None]
        samples = show_counted(sum(timed), "sample") if timed else "counted only"
        said = f"{cell.label}: {', '.join(cell.variants) or cell.status} · {samples}"
        found.setdefault(cell.mechanism, []).append(said)
    return found
