"""What `kscale run` prints: each cell before and after, then where it loses.

run_table   the whole of a finished run
cell_line   one cell, as it finishes
saved_line  the last line
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from rich.text import Text

from kscale.judge import rows, wording
from kscale.judge.rows import Row
from kscale.judge.verdict import Verdict
from kscale.measure import stats
from kscale.report import calibrated, cells, coefficients, table_own, table_short, today
from kscale.report.cells import Footnotes
from kscale.report.columns import Entry, Titles, lay_out
from kscale.report.text import clean, clean_prose, joined, paragraph
from kscale.results.record import BUSY_PCT, STOLEN_PCT, Cell, Machine, MechanismInfo, Result, VariantRecord
from kscale.units import NS_PER_S, show_counted, show_ns

BASELINE, OPTIMIZED = "baseline", "optimized"
TITLES = Titles(BASELINE, OPTIMIZED, ("95 % interval", "n"))


def run_table(result: Result, width: int, *, verbose: bool = False) -> Text:
    """Return the table of a run for *width* columns: heading, rows, footnotes, losses."""
    notes = Footnotes()
    found = [
        entry
        for cell in result.cells
        if cell.status == "ok"
        for entry in _entries(rows.described(result, cell), cell, notes, verbose=verbose)
    ]
    lines = [*_heading(result, width), Text(), *lay_out(found, TITLES, width)]
    lines.extend(_mean(result, width))
    lines.extend(_footer(result, notes, width))
    if len(found) > table_short.SCREEN:
        lines.extend((Text(), *table_short.summary(result, width)))
    if verbose:
        lines.extend(_details(result, width))
    return joined(lines)


def cell_line(info: MechanismInfo, cell: Cell, width: int) -> Text:
    """Return one finished cell in a line, for display while the run goes on: its time, else its headline."""
    where = f"{clean(cell.mechanism)} · {clean(cell.label)}"
    after = next(iter(afters(cell)), None)
    found = [] if after is None else list(rows.of_cell(info, cell, BASELINE, after))
    told = [row for row in found if row.ratio is not None or row.info.headline][:1]
    if not told:
        return joined(paragraph(f"{where}: {_skipped(cell)}", width, rest="  "))
    (row,) = told
    before, after = wording.sides(row)
    said = f"{where}: {cells.metric_name(row)} {before} → {after}, "
    change = cells.judged(row)
    lines = paragraph(f"{said}{change.plain}", width, rest="  ")
    lines[-1].stylize(change.style, max(0, len(lines[-1]) - len(change)))
    return joined(lines)


def saved_line(path: str, seconds: float) -> Text:
    """Return the last line of a run: where it is kept and what to type next."""
    again = f"next: kscale compare {BASELINE} {OPTIMIZED}"
    return Text(f"saved {clean(path)} in {_seconds(seconds)} · {again}", "dim")


def _heading(result: Result, width: int) -> Iterator[Text]:
    """Return what was run where, and what to be careful with."""
    mechanisms = len({cell.mechanism for cell in result.cells})
    name = clean(result.scenario.name)
    facts = [
        show_counted(mechanisms, "mechanism"),
        show_counted(len(result.cells), "cell"),
        f"seed {result.run.seed}",
        machine_line(result.machine),
    ]
    for number, line in enumerate(paragraph(" · ".join([name, *facts]), width)):
        if number == 0:
            line.stylize("bold", 0, len(name))
        yield line
    yield from table_own.plugins(result, width)
    for note in cautions(result):
        yield from paragraph(note, width, first="note  ", rest="      ", style="yellow")


def machine_line(machine: Machine) -> str:
    """Return the machine in a few words."""
    cores = f"{show_counted(machine.cores_logical, 'core')}, {clean(machine.cpu_model)}"
    return f"{cores}, container" if machine.container else cores


def cautions(result: Result) -> Iterator[str]:
    """Return what may have disturbed the run, what it affects and what to do."""
    exact = "exact counters are not affected"
    if result.run.status == "interrupted":
        again = "the same kscale sweep goes on" if result.run.sweep else "go on with kscale run --resume"
        yield f"interrupted: only finished cells are shown; {again}"
    if not _timed(result):
        return
    if result.run.quick:
        yield f"quick: 6 pairs at most, for a first look; no baseline for a gate; {exact}"
    governor = result.machine.governor
    if governor not in {None, "performance"}:
        yield f"CPU governor is {clean(governor)}: times may wander; {exact}"
    if result.load.other_cpu_pct > BUSY_PCT:
        share = wording.percent(result.load.other_cpu_pct / 100)
        yield f"other programs used {share} of a core: times may wander; {exact}"
    if result.load.steal_pct > STOLEN_PCT:
        share = wording.percent(result.load.steal_pct / 100)
        yield f"the host took {share} of a core away (steal): times may wander; {exact}"


def _entries(info: MechanismInfo, cell: Cell, notes: Footnotes, *, verbose: bool) -> Iterator[Entry]:
    """Return a cell's rows: optimized first, each followed by the further variants that differ."""
    after, *others = afters(cell) or ("",)
    if not after:
        return
    main = list(rows.of_cell(info, cell, BASELINE, after))
    further = [row for name in others for row in rows.of_cell(info, cell, BASELINE, name)]
    cell_notes = tuple(clean_prose(note) for note in cell.notes)
    for row in main:
        if not (verbose or row.info.headline):
            continue
        yield _entry(row, notes, cell_notes, verbose=verbose, main=True)
        for extra in further:
            if extra.metric == row.metric and (row.ratio is not None or extra.verdict is not Verdict.SAME):
                yield _entry(extra, notes, (), verbose=verbose)


def afters(cell: Cell) -> tuple[str, ...]:
    """Return the variants that are shown after the baseline: optimized first, where it was run."""
    if BASELINE not in cell.variants:
        return ()
    others = tuple(name for name in cell.variants if name not in {BASELINE, OPTIMIZED})
    return ((OPTIMIZED,) if OPTIMIZED in cell.variants else ()) + others


def _entry(
    row: Row, notes: Footnotes, cell_notes: tuple[str, ...], *, verbose: bool, main: bool = False
) -> Entry:
    """Return a row as text; the first variant's names the metric, and the variant unless it is optimized."""
    whose = "" if row.variant == OPTIMIZED else f"· {clean(row.variant)}"
    name = " ".join(filter(None, (cells.metric_name(row, verbose=verbose), whose))) if main else whose
    before, after = wording.sides(row)
    said = (*cells.noise_note(row), *(cell_notes if row.ratio is not None else ()))
    return Entry(
        mechanism=clean(row.mechanism),
        at=clean(row.at),
        name=Text(name),
        before=Text(before),
        after=Text(after),
        change=cells.judged(row),
        more=(cells.sureness(row, verbose=verbose), Text(str(row.ratio.n) if row.ratio is not None else "")),
        note=notes.number(said),
    )


def _mean(result: Result, width: int) -> Iterator[Text]:
    """Return the line of the geometric mean over timings that have a verdict."""
    timed = [
        row
        for cell in result.cells
        if {BASELINE, OPTIMIZED} <= cell.variants.keys()
        for row in rows.of_cell(rows.described(result, cell), cell, BASELINE, OPTIMIZED)
        if row.ratio is not None
    ]
    said = cells.mean_words(timed)
    if said:
        yield Text()
        yield from paragraph(said, width)


def _footer(result: Result, notes: Footnotes, width: int) -> Iterator[Text]:
    """Return footnotes, what was skipped, where it loses, and what the kinds mean."""
    numbered = list(_numbered(notes, width))
    losing = [
        (clean(cell.mechanism), clean(cell.label), said)
        for cell in result.cells
        for said in losses(result, cell)
    ]
    if numbered:
        yield from (Text(), *numbered)
    for status in ("failed", "skipped"):
        left = [cell for cell in result.cells if cell.status == status]
        if left:
            yield from (Text(), Text(status, "bold"))
        for cell in left:
            yield from paragraph(
                f"{cell.mechanism} · {cell.label}: {_skipped(cell)}", width, first="  ", rest="    "
            )
    if losing:
        yield from (Text(), Text("where it loses", "bold"))
        yield from _grouped(losing, width)
    for told in (today.said(result), calibrated.said(result)):
        if told:
            yield Text()
            yield from paragraph(told, width, rest="  ")
    beyond = list(calibrated.beyond(result))
    if beyond:
        yield from paragraph(cells.EXTRAPOLATED, width, rest="  ", style="yellow")
    for told in beyond:
        yield from paragraph(told, width, first="  ", rest="    ", style="yellow")
    yield Text()
    yield from paragraph(legend(result), width, style="dim")


def losses(result: Result, cell: Cell) -> Sequence[str]:
    """Return where the cell's optimization lost: a slower time first, then in the mechanism's own words."""
    if not {BASELINE, OPTIMIZED} <= cell.variants.keys():
        return [*cell.losses, *table_own.losses(result, cell)]
    compared = rows.of_cell(rows.described(result, cell), cell, BASELINE, OPTIMIZED)
    slower = [
        row for row in islice(compared, 1) if row.ratio and row.verdict is Verdict.WORSE
    ]  # time is first
    told = [f"slower: {wording.change(row)}" for row in slower]
    return [*told, *cell.losses, *table_own.losses(result, cell)]


def _grouped(losing: Sequence[tuple[str, str, str]], width: int) -> Iterator[Text]:
    """Return losses under their mechanism, each with its point."""
    for mechanism, group in groupby(losing, key=lambda loss: loss[0]):
        yield Text(f"  {mechanism}")
        for _, label, said in group:
            yield from paragraph(f"{label}: {said}", width, first="    ", rest="      ")


def legend(result: Result) -> str:
    """Return what the kinds of number on the page mean."""
    run = {cell.mechanism for cell in result.cells}
    provenances = {
        metric.provenance
        for name, info in result.mechanisms.items()
        for metric in info.metrics.values()
        if name in run and metric.headline
    }
    alone = result.run.sweep is None
    further = any(set(cell.variants) - {BASELINE, OPTIMIZED} for cell in result.cells)
    parts = [
        "exact: counted on executed code, equal on every machine for one seed",
        *(["modelled: computed from a cost model, not measured"] if "modelled" in provenances else []),
        *(
            [f"times: medians measured here{', ± half the interquartile range, n pairs' if alone else ''}"]
            if _timed(result)
            else []
        ),
        *([f"rows '· name': that variant in the place of {OPTIMIZED}"] if further else []),
    ]
    return "; ".join(parts)


def _timed(result: Result) -> bool:
    """Say whether anything was timed."""
    return any(one.wall_ns for cell in result.cells for one in cell.variants.values())


def _numbered(notes: Footnotes, width: int) -> Iterator[Text]:
    """Return the footnotes."""
    for number, text in enumerate(notes.texts, start=1):
        yield from paragraph(text, width, first=f"{cells.raised(number)} ", rest="  ")


def _details(result: Result, width: int) -> Iterator[Text]:
    """Return what only a careful reader asks for: samples, outliers, times, coefficients."""
    yield from (Text(), Text("details", "bold"))
    for cell in result.cells:
        facts = [f"{cell.mechanism} · {cell.label}: {_seconds(cell.seconds)} in all"]
        facts.extend(f"{name}: {', '.join(_samples(record))}" for name, record in cell.variants.items())
        yield from paragraph("; ".join(facts), width, first="  ", rest="    ", style="dim")
    run = {cell.mechanism for cell in result.cells}
    read = {name: info.costs for name, info in result.mechanisms.items() if name in run and info.costs}
    if read:
        yield from (Text(), Text("coefficients behind modelled numbers", "bold"))
        for said in coefficients.of_run(read):
            yield from paragraph(said, width, first="  ", rest="    ", style="dim")


def _samples(record: VariantRecord) -> Iterator[str]:
    """Return how one variant was measured."""
    if record.jit_compile_s is not None:
        yield f"compiled in {_seconds(record.jit_compile_s)}"
    samples = record.wall_ns
    if samples is None or not samples.values:
        yield "not timed"
        return
    yield f"{show_counted(len(samples.values), 'sample')} of {show_counted(samples.loops, 'run')}"
    mild, severe = stats.outliers(stats.per_run(samples))
    if mild or severe:
        yield f"outliers: {mild} mild, {severe} severe, all kept"


def _seconds(seconds: float) -> str:
    """Return a duration."""
    return show_ns(round(seconds * NS_PER_S))


def _skipped(cell: Cell) -> str:
    """Return why a cell has no rows."""
    return "; ".join(clean_prose(note) for note in cell.notes) or (
        "failed" if cell.status == "failed" else "skipped"
    )
