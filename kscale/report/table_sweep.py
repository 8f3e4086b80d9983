"""What `kscale sweep` prints: mechanisms over their points, how costs grow, what was not run, where it loses.

is_sweep      whether a result is one
sweep_table   of a sweep
result_table  of any result: this one, or that of a run
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from kscale.judge import seeds, winning
from kscale.measure.stats import FEWEST
from kscale.report import (
    calibrated,
    cells,
    sweep_growth,
    sweep_points,
    sweep_words,
    table_own,
    table_run,
    today,
)
from kscale.report.text import clean, clean_prose, joined, paragraph
from kscale.results import check
from kscale.results.record import Result, SweepRef
from kscale.units import show_counted

MOST_KINDS = 8  # sentences on losses, and on what was not run; more are counted
DIGITS = 12  # of the hash of all work
OVER_SEEDS = (
    f"numbers are medians over seeds, changes medians of each seed's own; over seeds: 95 % interval from"
    f" {FEWEST} seeds on, else least to most; unclear: not all of it on one side; n: seeds"
)
STATUSES = (("ok", "done"), ("skipped", "skipped"), ("failed", "failed"))
_UNIT = r"(?: ?(?:%|[KMGT]?i?B\b|[nµm]?s\b|min\b|h\b)|[kMGTPEx]\b)"
_FIGURE = re.compile(rf"[0-9]+(?:[.,][0-9]+)*{_UNIT}?")
_PLURAL = re.compile(r"(?<=[a-z])s\b")


def is_sweep(result: Result) -> bool:
    """Say whether a result holds the cells of a sweep."""
    return result.run.sweep is not None


def result_table(result: Result, width: int, *, verbose: bool = False) -> Text:
    """Return the table of a run or of a sweep for *width* columns."""
    table = sweep_table if is_sweep(result) else table_run.run_table
    return table(result, width, verbose=verbose)


def sweep_table(result: Result, width: int, *, verbose: bool = False) -> Text:
    """Return the tables of a sweep for *width* columns: its points, growth, what was not run, losses."""
    found = winning.series(result, every=verbose)
    parts = [
        list(_heading(result, width)),
        list(sweep_points.lines(found, width, verbose=verbose)),
        list(sweep_growth.lines(result, width, verbose=verbose)),
        *(list(_not_run(result, status, width, verbose=verbose)) for status in ("failed", "skipped")),
        list(_losing(result, width, verbose=verbose)),
        list(_footer(result, width)),
    ]
    lines = [line for part in parts if part for line in (Text(), *part)]
    return joined(lines[1:])


def _heading(result: Result, width: int) -> Iterator[Text]:
    """Return what was swept over what, by which engine, and what became of its cells."""
    name, sweep = clean(result.scenario.name), result.run.sweep
    points = Counter(one.mechanism for one in seeds.points(result))
    facts = [name, *_axes(sweep, [*points]), _many(points, sweep)]
    if sweep is not None:
        facts.append(clean(sweep.engine) + (f", shard {clean(sweep.shard)}" if sweep.shard else ""))
    for number, line in enumerate(paragraph(" · ".join(facts), width)):
        if number == 0:
            line.stylize("bold", 0, len(name))
        yield line
    yield from paragraph(f"{_cells(result)} · {table_run.machine_line(result.machine)}", width)
    yield from table_own.plugins(result, width)
    for note in table_run.cautions(result):
        yield from paragraph(note, width, first="note  ", rest="      ", style="yellow")


def _axes(sweep: SweepRef | None, mechanisms: Sequence[str]) -> list[str]:
    """Return the axes, one a fact."""
    over = sweep.over if sweep is not None else {}
    return [sweep_words.axis(key, values, mechanisms) for key, values in over.items()]


def _many(points: Counter[str], sweep: SweepRef | None) -> str:
    """Return how many points there are, of how many mechanisms, and how many seeds each."""
    several = f"{show_counted(len(points), 'mechanism')}, " if len(points) > 1 else ""
    each = f" x {len(sweep.seeds):,} seeds" if sweep is not None and len(sweep.seeds) > 1 else ""
    one = f", seed {sweep.seeds[0]}" if sweep is not None and len(sweep.seeds) == 1 else ""
    return f"{several}{show_counted(points.total(), 'point')}{each}{one}"


def _cells(result: Result) -> str:
    """Return how many cells there are and what became of them."""
    statuses = Counter[str](cell.status for cell in result.cells)
    told = [f"{statuses[status]:,} {word}" for status, word in STATUSES if statuses[status]]
    timed = sum(any(one.wall_ns is not None for one in cell.variants.values()) for cell in result.cells)
    if timed:  # what is simulated is counted only
        told[0] += f" ({timed:,} timed)"
    sweep = result.run.sweep
    of = f" of {sweep.cells:,}" if sweep is not None and sweep.cells != len(result.cells) else ""
    many = f"{len(result.cells):,}{of} cell{'' if len(result.cells) == 1 and not of else 's'}"
    return f"{many}: {', '.join(told) or 'none'}"


def _not_run(result: Result, status: str, width: int, *, verbose: bool) -> Iterator[Text]:
    """Yield why cells have no numbers, each reason once, with how often and one example."""
    found = [
        (
            clean(cell.mechanism),
            clean(cell.label),
            "; ".join(clean_prose(note) for note in cell.notes) or status,
        )
        for cell in result.cells
        if cell.status == status
    ]
    if found:
        yield Text(f"{status}: {show_counted(len(found), 'cell')}", "bold")
        yield from _grouped(found, len(result.cells), width, verbose=verbose)


def _losing(result: Result, width: int, *, verbose: bool) -> Iterator[Text]:
    """Yield where it loses, each kind of sentence once, with how often and one example."""
    found = [
        (clean(cell.mechanism), clean(cell.label), clean_prose(said))
        for cell in result.cells
        for said in table_run.losses(result, cell)
    ]
    if found:
        yield Text("where it loses", "bold")
        yield from _grouped(found, len(result.cells), width, verbose=verbose)


def _grouped(
    found: Sequence[tuple[str, str, str]], in_all: int, width: int, *, verbose: bool
) -> Iterator[Text]:
    """Yield sentences that differ in their figures only as one: the first of them, and how many there are."""
    kinds: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for mechanism, label, said in found:
        kinds.setdefault((mechanism, kind_of(said)), []).append((label, said))
    ordered = sorted(kinds.items(), key=lambda one: -len(one[1]))
    shown = ordered if verbose else ordered[:MOST_KINDS]
    for (mechanism, _), every in shown:
        label, said = every[0]
        often = f"{len(every):,} of {in_all:,} cells, " if len(every) > 1 else ""
        example = f"at {label}" if len(every) == 1 else f"first at {label}"
        yield from paragraph(f"{mechanism} · {often}{example}: {said}", width, first="  ", rest="    ")
    if len(ordered) > len(shown):
        yield Text(f"  and {len(ordered) - len(shown):,} more kinds: --verbose")


def kind_of(said: str) -> str:
    """Return a sentence without its figures and plurals: what is said at one point like at another."""
    return _PLURAL.sub("", _FIGURE.sub("#", said))


def _footer(result: Result, width: int) -> Iterator[Text]:
    """Return what numbers stand on and mean, and the hash of all work."""
    for told in (today.said(result), calibrated.said(result)):
        if told:
            yield from paragraph(told, width, rest="  ")
    beyond = list(calibrated.beyond(result))
    if beyond:
        yield from paragraph(cells.EXTRAPOLATED, width, rest="  ", style="yellow")
    for told in beyond:
        yield from paragraph(told, width, first="  ", rest="    ", style="yellow")
    several = result.run.sweep is not None and len(result.run.sweep.seeds) > 1
    legend = "; ".join([table_run.legend(result), *([OVER_SEEDS] if several else [])])
    yield from paragraph(legend, width, style="dim")
    whole = f"{len(result.cells):,} cell{'' if len(result.cells) == 1 else 's'}"
    equal = "equal for every engine, number of workers and machine"
    yield from paragraph(f"work {check.work(result.cells)[:DIGITS]} · {whole}: {equal}", width, style="dim")
