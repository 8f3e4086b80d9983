"""What `kscale sweep` does with what it was asked for: plan, look ahead, run, print."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kscale import units
from kscale.cli import plugged, progress_sweep
from kscale.cli.output import Outputs
from kscale.engine import axes, choose, failed, forecast, shard
from kscale.engine import sweep as sweeps
from kscale.engine.axes import Axis
from kscale.engine.conduct import conduct
from kscale.engine.forecast import Forecast
from kscale.engine.sweep import Sweep
from kscale.errors import KscaleError, WrongAnswer
from kscale.measure import machine, memory
from kscale.measure.campaign import Request
from kscale.measure.timing import Settings
from kscale.report import console, sweep_next, table_sweep, table_sweep_plan
from kscale.report.export.subject import Subject
from kscale.report.text import joined, paragraph
from kscale.results.record import Result
from kscale.results.store import Store
from kscale.scenario import document, load
from kscale.scenario.load import Loaded

EXAMPLE = "--over etcd-freelist.free_pages=1k..1M/7log, or --seeds 10"
CELL_S = 2.0  # of a timed cell
LEAST_S, MOST_S = 0.01, 3600.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be swept, as the command line has it."""

    over: Sequence[str]
    seeds: int | None
    seed: int | None
    only: Sequence[str]
    overrides: Sequence[str]
    plugin: Sequence[str]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Where:
    """Who runs the cells, and which of them."""

    engine: str
    workers: int | None
    shard: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """What is shown, and how."""

    verbose: bool
    quiet: bool
    color: str


def settings(budget: str | None, *, timed: bool) -> Settings:
    """Return how each cell is measured; KscaleError if the budget is not a sensible time."""
    if budget is None:
        return Settings(budget_s=CELL_S, cell_cap_s=CELL_S, timing=timed)
    try:
        seconds = units.parse_duration(budget) / units.NS_PER_S
    except ValueError as error:
        raise KscaleError(f"--budget: {error}") from error
    if not LEAST_S <= seconds <= MOST_S:
        raise KscaleError(f"--budget: must be 10ms to 1h for a cell, got {budget.strip()}")
    return Settings(budget_s=seconds, cell_cap_s=seconds, timing=timed)


def planned(scenario: str, wish: Wish) -> Sweep:
    """Return the sweep, all of it checked; KscaleError says which option or line of the scenario is wrong."""
    plugins = plugged.read(wish.plugin)
    loaded = load.load(scenario)
    if wish.seed is not None:
        loaded = loaded.with_seed(wish.seed)
    over, seeds = _asked(loaded, wish)
    first = loaded.scenario.seed
    return sweeps.plan(
        loaded,
        plugged.mechanisms(plugins),
        over,
        range(first, first + seeds),
        wish.settings,
        only=wish.only,
        overrides=wish.overrides,
        plugins=plugins,
    )


def plan_only(sweep: Sweep, where: Where, *, color: str) -> None:
    """Print how many cells there are and about what they will take, also of what does not fit; run none."""
    part, name, out = _part(where), sweep.loaded.scenario.name, console.console(color=color)
    tasks = sweep.tasks if part is None else shard.part(sweep.tasks, part)
    if not tasks:
        console.show(
            out, table_sweep_plan.nothing_table(name, where.shard or "", len(sweep.tasks), out.width)
        )
        return
    found = forecast.forecast(replace(sweep, tasks=tasks), force=True)
    here = None
    if choose.is_here(where.engine):
        asked = 1 if sweep.settings.timing else where.workers  # timed cells are run one at a time
        here = table_sweep_plan.Here(asked or _usual(sweep, found), machine.free_bytes())
    console.show(out, table_sweep_plan.plan_table(name, found, here, out.width))


def run(sweep: Sweep, where: Where, request: Request, outputs: Outputs, look: Look, *, fresh: bool) -> None:
    """Run the cells, save the result and print it.

    KscaleError before any work if memory looks too small, and after all of it if cells failed.
    """
    store = Store.default()
    if request.name is not None:
        store.check_free(request.name, replace=request.force)
    part = _part(where)
    workers = _fitting(sweep, where, force=request.force)
    engine = choose.engine(where.engine, workers)
    try:
        with progress_sweep.observer(
            quiet=look.quiet or outputs.machine, color=look.color, streams=outputs.streams
        ) as observer:
            result = conduct(sweep, engine, observer, store, request, part, fresh=fresh)
    except WrongAnswer as error:
        outputs.write_wrong_answer(error)
        raise
    outputs.write(
        Subject((result,)),
        lambda width: table_sweep.sweep_table(result, width, verbose=look.verbose),
        color=look.color,
        streamed=outputs.streams,
    )
    path = store.path_of(result.run.called)
    lost = failed.line(result.cells)
    if lost is not None:
        raise KscaleError(f"{lost}; the rest is saved as {path}; the same command tries them again")
    if not outputs.machine:
        line = _saved(path, result)
        out = console.console(color=look.color)
        console.show(out, joined(paragraph(line, out.width, style="dim")))


def _asked(loaded: Loaded, wish: Wish) -> tuple[list[Axis], int]:
    """Return the axes and the number of seeds: those of the command line, else the scenario's."""
    stated = loaded.scenario.sweep
    seeds = wish.seeds or (stated.seeds if stated else 1)
    if wish.over:
        return [axes.parse(text, axes.option(text)) for text in wish.over], seeds
    found = []
    for key, values in (stated.over if stated else {}).items():
        line, place = document.place(("sweep", "over", key), loaded.lines)
        found.append(axes.of(key, values, document.one_line(f"{loaded.where}:{line}: {place}")))
    if not found and seeds == 1:
        raise KscaleError(f"nothing is varied: give {EXAMPLE}, or a `sweep:` in {loaded.where}")
    return found, seeds


def _part(where: Where) -> tuple[int, int] | None:
    """Return which shard is meant, if one is; KscaleError if it is none, or there is no such engine."""
    choose.check(where.engine)
    return shard.parse(where.shard) if where.shard is not None else None


def _usual(sweep: Sweep, found: Forecast) -> int:
    """Return how many workers suit: one a usable core, as many as fit into memory; one if cells are timed."""
    if sweep.settings.timing:
        return 1
    fit = machine.free_bytes() // found.largest.bytes
    return max(1, min(choose.cores(), fit, len(sweep.tasks)))


def _fitting(sweep: Sweep, where: Where, *, force: bool) -> int:
    """Return the number of workers; KscaleError if they do not fit into memory at the largest cell."""
    if not choose.is_here(where.engine):
        return where.workers or 1  # other machines have memory of their own, and look at it themselves
    found = forecast.forecast(sweep, most=1, force=force)
    largest, free = found.largest, machine.free_bytes()
    at = f" at {largest.label}" if largest.label else ""
    memory.require(largest.bytes, f"{largest.mechanism}{at}", force=force)
    workers = where.workers or _usual(sweep, found)
    if workers * largest.bytes > free and not force:
        needed = f"{largest.mechanism}{at} needs about {units.show_bytes(largest.bytes)} in each"
        fit = f"{units.show_bytes(free)} are free: {free // largest.bytes} fit"
        raise KscaleError(f"--workers {workers}: {needed}, {fit}; or --force")
    return workers


def _saved(path: Path, result: Result) -> str:
    """Return the last line: where it is kept, and what to type next."""
    sweep, called = result.run.sweep, result.run.name or "latest"
    then = sweep_next.picture(sweep, called) if sweep else f"kscale show {called}"
    if sweep and sweep.shard:
        many = int(sweep.shard.partition("/")[2])
        then = f"kscale merge, when all {many:,} shards are there" if many > 1 else f"kscale merge {path}"
    took = units.show_ns(round(result.run.seconds * units.NS_PER_S))
    return f"saved {path} in {took} · next: {then}"
