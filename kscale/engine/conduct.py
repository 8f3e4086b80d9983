"""A sweep from its plan to its result: the journal, the engine, an orderly end.

Each finished cell is put into a journal beside the results as soon as it is heard of. Whatever ends the sweep
early, the same command goes on with it: an interrupt or a crash of kscale loses none of them, a machine that
stops at most those that were done within one second. Of cells that could not be run nothing is kept: they are
tried again.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

import kscale
from kscale.engine import failed, turn
from kscale.engine.base import Engine
from kscale.engine.choose import LOCAL
from kscale.engine.shard import part
from kscale.engine.sweep import Sweep
from kscale.engine.task import Task, Work
from kscale.errors import KscaleError
from kscale.measure import campaign, described, machine, stopping
from kscale.measure.campaign import Origin, Request
from kscale.measure.machine import LoadMeter
from kscale.results import check, resumed
from kscale.results.record import Cell, Git, Result, SweepRef
from kscale.results.resumed import Writer
from kscale.results.store import Store
from kscale.scenario import costs

Shard = tuple[int, int]  # (2, 8): the second of eight

SYNC_S = 1.0  # waiting for the disk takes longer than a small cell


class Observer(Protocol):
    """Is told how far a sweep is."""

    def waits(self, what: str) -> None:
        """Hear, before the start, what it waits for."""

    def start(self, sweep: Sweep, engine: Engine, finished: Sequence[Cell], left: int) -> None:
        """Hear what begins: cells *finished* by an earlier call, and how many are *left*."""

    def cell_done(self, cell: Cell) -> None:
        """Hear of a cell, in the order they are done."""


def conduct(
    sweep: Sweep,
    engine: Engine,
    observer: Observer,
    store: Store,
    request: Request,
    shard: Shard | None = None,
    *,
    fresh: bool = False,
) -> Result:
    """Run what is left of a sweep, or of a shard of it, and return the saved result.

    Cells finished before, by the journal, are not run again, unless *fresh*. Interrupted and WrongAnswer say
    how many cells the journal keeps; KscaleError if no cell of a whole sweep can be run, nothing can be
    written, or another process runs the same. What the observer raises, as its reader is gone, comes through.

    If cells failed (failed.line says which), the result has no name, only its id, and the journal stays.
    """
    if request.name is not None:
        store.check_free(request.name, replace=request.force)
    tasks = sweep.tasks if shard is None else part(sweep.tasks, shard)
    with _journal(journal_of(sweep, store, shard)) as journal, ExitStack() as stack:
        if fresh:
            journal.clear()
        cells = _finished(journal.path, tasks)
        left = [task for task in tasks if task.key not in cells]
        run = _work(sweep, left, force=request.force)
        if run.tasks and run.timed and engine.name == LOCAL:  # a cluster's workers may be anywhere
            stack.enter_context(turn.timed(observer.waits))
        began, meter, place, commit = time.monotonic(), LoadMeter.start(), machine.facts(), machine.git()
        started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        before_s = sum(cell.seconds for cell in cells.values()) / max(1, engine.workers)
        observer.start(sweep, engine, list(cells.values()), len(left))
        peak = _run(run, engine, observer, journal, cells, len(tasks))
        ordered = [cells[task.key] for task in tasks]
        if shard is None:  # a shard without one is saved: the others have theirs
            failed.check_any(ordered)
        lost = failed.line(ordered) is not None
        origin = Origin(
            id=store.new_id(started, _tag(sweep, commit, shard)),
            started=started,
            seconds=before_s + time.monotonic() - began,
            stopped=False,
            kscale=kscale.__version__,
            code=machine.code_stamp(),
            peak_rss_bytes=peak or machine.peak_rss_bytes(),
            git=commit,
            machine=place,
            load=meter.stop(),
        )
        named = replace(request, name=None if lost else request.name)  # the name is for all of it
        result = _result(sweep, named, origin, ordered, reference(sweep, engine.name, shard))
        try:
            store.save(result, replace=request.force)
        except KscaleError as error:
            raise _stopped(error, cells, len(tasks)) from None
        if not lost:
            journal.clear()
    return result


def _result(sweep: Sweep, request: Request, origin: Origin, cells: list[Cell], swept: SweepRef) -> Result:
    """Return the result of cells in the order of the sweep."""
    plugins = tuple(source.ref() for source in sweep.plugins)
    model = costs.model(sweep.loaded.scenario.profile, sweep.loaded.scenario.costs)
    return campaign.record(
        sweep.loaded,
        sweep.settings,
        replace(request, plugins=plugins),
        origin,
        {mechanism.id: described.mechanism(mechanism, model) for mechanism in sweep.mechanisms},
        cells,
        swept,
    )


@contextmanager
def _journal(path: Path) -> Iterator[Writer]:
    """Yield the journal, which is this process's for the block: its twin would run the same cells."""
    with Writer(path) as journal:
        if not journal.claim():
            raise KscaleError(f"another kscale runs this very sweep: {path} is in use; wait until it is done")
        yield journal


def journal_of(sweep: Sweep, store: Store, shard: Shard | None = None) -> Path:
    """Return where the finished cells of a sweep that goes on are kept; each shard has its own."""
    cut = "" if shard is None else f"-{shard[0]}of{shard[1]}"
    return store.folder / f"{sweep.loaded.scenario.name}-{sweep.plan[:16]}{cut}{resumed.ENDING}"


def reference(sweep: Sweep, engine: str, shard: Shard | None = None) -> SweepRef:
    """Return what a result says of its sweep."""
    return SweepRef(
        over={key: [one for one in values if one is not None] for key, values in sweep.over.items()},
        seeds=list(sweep.seeds),
        cells=len(sweep.tasks),
        plan=sweep.plan,
        engine=engine,
        shard=None if shard is None else f"{shard[0]}/{shard[1]}",
    )


def _work(sweep: Sweep, tasks: Sequence[Task], *, force: bool) -> Work:
    """Return what an engine gets for some of the tasks."""
    used = {task.place for task in tasks}
    places = {key: place for key, place in sweep.places.items() if key in used}
    return Work(tuple(tasks), places, sweep.settings, sweep.plugins, force)


def _finished(path: Path, tasks: Sequence[Task]) -> dict[str, Cell]:
    """Return by key the cells that a journal has of these tasks, in their order."""
    lines = resumed.read(path)
    found = {task.key: _cell(lines[task.key], task) for task in tasks if task.key in lines}
    return {key: cell for key, cell in found.items() if cell is not None}


def _cell(came: Any, task: Task) -> Cell | None:  # noqa: ANN401 - whatever JSON holds
    """Return a kept cell, or None if it is not one of the task."""
    try:
        cell = Cell.model_validate(came)
    except ValidationError:
        return None
    point = {**task.params, **task.point}
    alike = (
        cell.mechanism == task.mechanism and cell.params == point and set(cell.variants) == set(task.variants)
    )
    return cell if alike and cell.status == "ok" and check.cell_fault(cell) is None else None


def _run(
    work: Work, engine: Engine, observer: Observer, journal: Writer, cells: dict[str, Cell], planned: int
) -> int:
    """Run tasks, put their cells into *cells* and the journal, and return the most memory a process held.

    Whatever KscaleError ends it early says how many of all *planned* cells are kept.
    """
    if not work.tasks:
        return 0
    try:
        return _kept(work, engine, observer, journal, cells)
    except KscaleError as error:
        raise _stopped(error, cells, planned) from None


def _stopped(stop: KscaleError, cells: Mapping[str, Cell], planned: int) -> KscaleError:
    """Return what ends a sweep, saying how many of all cells the journal keeps."""
    kept = sum(cell.status == "ok" for cell in cells.values())
    if not kept:
        return campaign.saying(stop, "no cell was finished")
    return campaign.saying(
        stop, f"{kept:,} of {planned:,} cells are kept; the same command goes on with them"
    )


def _kept(work: Work, engine: Engine, observer: Observer, journal: Writer, cells: dict[str, Cell]) -> int:
    """Run tasks as `_run` does."""
    peak = 0
    with stopping.stoppable() as stopper, closing(engine.run(work)) as running:
        synced = time.monotonic()
        for done in running:
            with stopper.held():
                if done.cell.status == "ok":
                    journal.add(done.task.key, done.cell.model_dump(mode="json"))
                    if time.monotonic() - synced >= SYNC_S:
                        journal.sync()
                        synced = time.monotonic()
                cells[done.task.key] = done.cell
            peak = max(peak, done.peak_rss_bytes)
            observer.cell_done(done.cell)
    return peak


def _tag(sweep: Sweep, commit: Git | None, shard: Shard | None) -> str:
    """Return the end of the id: shards may begin in the same second, and end up in one folder."""
    if shard is not None:
        return hashlib.sha256(f"{sweep.plan} {shard}".encode()).hexdigest()
    return commit.sha if commit else sweep.plan
