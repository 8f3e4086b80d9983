"""A whole run: cells in order, each kept as soon as it is finished, and an orderly end.

Ctrl-C and SIGTERM end the run between two samples or at the end of the running kernel:
finished cells are saved, the journal stays, and `--resume` goes on with it. A second signal
ends at once, which still loses no finished cell.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import kscale
from kscale.errors import Interrupted, KscaleError, WrongAnswer
from kscale.measure import described, machine, memory, runner, stopping, timing
from kscale.measure.machine import LoadMeter
from kscale.measure.plan import PlannedCell
from kscale.measure.timing import Allowance, Settings
from kscale.results import journal
from kscale.results.journal import Header, Journal
from kscale.results.record import (
    Cell,
    Git,
    Machine,
    MachineLoad,
    MechanismInfo,
    PluginRef,
    Result,
    Run,
    ScenarioRef,
    SweepRef,
)
from kscale.results.store import Store
from kscale.scenario import build, costs
from kscale.scenario.load import Loaded


class Observer(timing.Observer, Protocol):
    """Is told what goes on, and shows it or not."""

    def start(self, cells: Sequence[PlannedCell], finished: Sequence[Cell]) -> None:
        """Hear of all *cells* of the run, and of those *finished* by the run that is resumed."""

    def cell_start(self, cell: PlannedCell) -> None:
        """Hear that a cell begins."""

    def cell_done(self, cell: Cell) -> None:
        """Hear of a finished cell."""


@dataclass(frozen=True, slots=True)
class Request:
    """How a run was asked for."""

    argv: list[str]
    name: str | None = None
    resume: bool = False
    force: bool = False  # whatever memory says; and replace a result of that name
    plugins: tuple[PluginRef, ...] = ()  # whose variants are among those of the cells


def run(
    loaded: Loaded,
    cells: Sequence[PlannedCell],
    settings: Settings,
    observer: Observer,
    store: Store,
    request: Request,
) -> Result:
    """Measure *cells* and return the saved result.

    Raises Interrupted or WrongAnswer after saving the finished cells, KscaleError if there is
    not enough memory or nowhere to write.
    """
    began = time.monotonic()
    memory.check_cluster(loaded, force=request.force)
    meter, place, commit = LoadMeter.start(), machine.facts(), machine.git()
    asked = _hash([[cell.key, *cell.variants] for cell in cells], settings.timing, *_told(request.plugins))
    kept = _journal(loaded, place, commit, store, asked, resume=request.resume)
    done = list(kept.cells)
    before_s = sum(cell.seconds for cell in done)
    observer.start(cells, done)
    stop: Interrupted | WrongAnswer | None = None
    with stopping.stoppable() as stopper:
        try:
            for cell in _measured(loaded, cells, settings, observer, {cell.key for cell in done}, request):
                with stopper.held():
                    kept.append(cell)
                    done.append(cell)
                observer.cell_done(cell)
        except (Interrupted, WrongAnswer) as stopped:
            stop = stopped
        except BaseException:
            if not done:
                kept.remove()
            raise
    origin = Origin(
        id=kept.header.id,
        started=kept.header.started,
        seconds=before_s + time.monotonic() - began,
        stopped=stop is not None,
        kscale=kscale.__version__,
        code=kept.header.code,
        peak_rss_bytes=machine.peak_rss_bytes(),
        git=commit,
        machine=place,
        load=meter.stop(),
    )
    model = costs.model(loaded.scenario.profile, loaded.scenario.costs)
    infos = {cell.mechanism.id: described.mechanism(cell.mechanism, model) for cell in cells}
    result = record(loaded, settings, request, origin, infos, _in_order(done, cells))
    if stop is not None:
        raise _stopped(stop, result, store, kept, len(cells))
    store.save(result, replace=request.force)
    kept.remove()
    if request.name:
        store.path_of(result.run.id).unlink(missing_ok=True)  # of the interrupted run this one completes
    return result


@dataclass(frozen=True, slots=True)
class Origin:
    """Which code measured where and when, as a result keeps it."""

    id: str
    started: str  # UTC, ISO 8601
    seconds: float
    stopped: bool
    kscale: str
    code: str
    peak_rss_bytes: int
    git: Git | None
    machine: Machine
    load: MachineLoad
    together: str | None = None


def record(
    loaded: Loaded,
    settings: Settings,
    request: Request,
    origin: Origin,
    mechanisms: dict[str, MechanismInfo],
    cells: list[Cell],
    sweep: SweepRef | None = None,
) -> Result:
    """Return the result of a run, or of a sweep; one that was stopped gets no name."""
    return Result(
        schema="kscale.result/1",
        run=Run(
            id=origin.id,
            name=None if origin.stopped else request.name,
            started=origin.started,
            seconds=round(origin.seconds, 3),
            status="interrupted" if origin.stopped else "complete",
            argv=[portable(argument) for argument in request.argv],
            kscale=origin.kscale,
            seed=loaded.scenario.seed,
            peak_rss_bytes=origin.peak_rss_bytes,
            quick=settings.quick,
            code=origin.code,
            together=origin.together,
            sweep=sweep,
            plugins=list(request.plugins),
        ),
        scenario=ScenarioRef(
            name=loaded.scenario.name,
            path=loaded.path,
            sha256=loaded.sha256,
            resolved=loaded.resolved(),
            costs=described.costs(loaded),
        ),
        git=origin.git,
        machine=origin.machine,
        load=origin.load,
        mechanisms=mechanisms,
        cells=cells,
    )


def portable(argument: str) -> str:
    """Return a command-line argument without the folders of this machine: results hold no user name."""
    name, equals, value = argument.rpartition("=")
    path = Path(value)
    if not path.is_absolute():
        return argument
    here = Path.cwd()
    kept = path.relative_to(here) if path.is_relative_to(here) else Path(path.name)
    return f"{name}{equals}{kept}"


def _told(plugins: Sequence[PluginRef]) -> list[list[str]]:
    """Return what tells one version of plugins from another."""
    return [[one.name, one.sha256] for one in plugins]


def _hash(*parts: object) -> str:
    """Return a hash of plain values."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _journal(
    loaded: Loaded, place: Machine, commit: Git | None, store: Store, asked: str, *, resume: bool
) -> Journal:
    """Return a new journal, or the one to go on with; KscaleError if there is none."""
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    header = Header(
        id=store.new_id(started, commit.sha if commit else loaded.sha256),
        started=started,
        kscale=kscale.__version__,
        scenario_sha256=loaded.sha256,
        but_costs_sha256=_hash(sorted((loaded.resolved() | {"costs": None}).items())),
        seed=loaded.scenario.seed,
        fingerprint=place.fingerprint,
        code=machine.code_stamp(),
        asked=asked,
    )
    if not resume:
        return journal.create(store.folder, header)
    found = journal.find(store.folder, header)
    if found is None:
        what = f"{loaded.scenario.name} with seed {loaded.scenario.seed} and these options"
        why = (
            "; of one that was, the costs have changed"
            if journal.of_other_costs(store.folder, header)
            else ""
        )
        raise KscaleError(
            f"--resume: no interrupted run of {what}, by this code on this machine, in {store.folder}{why}"
        )
    journal.repair(found)
    return found


def _measured(
    loaded: Loaded,
    cells: Sequence[PlannedCell],
    settings: Settings,
    observer: Observer,
    finished: set[str],
    request: Request,
) -> Iterator[Cell]:
    """Yield each cell that is not finished yet, measured.

    The time is shared out anew before each cell: what a cheap one leaves, the dear ones get.
    """
    left = [cell for cell in cells if cell.key not in finished]
    if not left:
        return
    cluster = build.build(loaded.scenario, loaded.recorded)
    memory.check_cells(cluster, left, force=request.force)
    timed = sum(not cell.mechanism.simulated for cell in left)
    budget, even = settings.budget_s, min(settings.budget_s / max(1, timed), settings.cell_cap_s)
    for cell in left:
        observer.cell_start(cell)
        began = time.monotonic()
        allowance = Allowance(share_s=min(budget / max(1, timed), settings.cell_cap_s), even_s=even)
        timed -= not cell.mechanism.simulated
        yield runner.measure_cell(cell, cluster, settings, observer, allowance)
        budget = max(0.0, budget - (time.monotonic() - began))


def _stopped(
    stop: Interrupted | WrongAnswer, result: Result, store: Store, kept: Journal, planned: int
) -> KscaleError:
    """Save what is finished under the run's id and return the error that says so."""
    if not result.cells:
        kept.remove()
        return saying(stop, "no cell was finished, nothing is saved")
    what = f"{len(result.cells)} of {planned} cells finished"
    try:
        path = store.save(result, replace=True)
    except KscaleError as error:  # a full disk must not hide why the run ended
        return saying(stop, f"{what}, kept in {kept.path} ({error})")
    return saying(stop, f"{what}, saved as {path}; --resume goes on")


def saying(stop: KscaleError, more: str) -> KscaleError:
    """Return the same error with *more* said."""
    if isinstance(stop, Interrupted):
        return Interrupted(f"{stop}; {more}", stop.exit_code)
    kind = WrongAnswer if isinstance(stop, WrongAnswer) else KscaleError
    return kind(f"{stop}; {more}")


def _in_order(done: Sequence[Cell], cells: Sequence[PlannedCell]) -> list[Cell]:
    """Return finished cells in the scenario's order."""
    by_key = {cell.key: cell for cell in done}
    return [by_key[cell.key] for cell in cells if cell.key in by_key]
