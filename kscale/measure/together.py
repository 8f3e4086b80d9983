"""Two installations of kscale, measured in turns: base and head of a change on one machine.

Times taken one after the other differ by what else the machine did meanwhile. Here both
installations take ABBA turns, sample by sample, in ten processes each; two results come out
whose samples are pairs.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kscale.errors import KscaleError
from kscale.measure import campaign, memory, stopping, turns
from kscale.measure.campaign import Observer, Origin, Request
from kscale.measure.machine import LoadMeter
from kscale.measure.plan import PlannedCell
from kscale.measure.remote import Refused, Remote, worker
from kscale.measure.timing import Settings
from kscale.measure.turns import ROUNDS, Opened
from kscale.results.record import Result
from kscale.results.store import Store
from kscale.scenario.load import Loaded

BASE, HEAD = "base", "head"  # in messages, where a result gets no name


@dataclass(frozen=True, slots=True)
class Installation:
    """A kscale: the name its result gets, and the interpreter that has it; None is this one."""

    name: str | None
    python: str | None = None


@dataclass(slots=True)
class Side:
    """One installation and what it has measured."""

    who: Installation
    called: str  # in messages
    remote: Remote | None = None  # the latest
    opened: dict[str, Opened] = field(default_factory=dict)  # by the cell's key
    peak_rss_bytes: int = 0

    def start(self, stack: ExitStack, scenario: Mapping[str, Any], folder: Path) -> Remote:
        """Start a process of this installation that lives as long as *stack*, the cluster built."""
        self.remote = stack.enter_context(worker(self.called, self.who.python))
        self.remote.build(scenario, folder)
        return self.remote

    @property
    def timed(self) -> bool:
        """Say whether anything was timed."""
        return any(one.values for cell in self.opened.values() for one in cell.variants.values())

    def open(self, remote: Remote, cell: PlannedCell) -> Opened:
        """Open a cell in the present process; KscaleError if this kscale does not have it."""
        if cell.key in self.opened:
            self.opened[cell.key].reopen(remote)
        else:
            self.opened[cell.key] = turns.open_cell(remote, cell)
        return self.opened[cell.key]


def run(
    loaded: Loaded,
    cells: Sequence[PlannedCell],
    settings: Settings,
    observer: Observer,
    store: Store,
    request: Request,
    other: Installation,
) -> tuple[Result, Result]:
    """Measure *cells* in both installations; return the saved results, the other's first.

    Raises Interrupted or WrongAnswer after saving what both have measured, KscaleError if the
    other cannot take turns.
    """
    memory.check_cluster(loaded, force=request.force)
    began, meter = time.monotonic(), LoadMeter.start()
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ours = Installation(request.name)
    sides = Side(other, other.name or BASE), Side(ours, ours.name or HEAD)
    stop: KscaleError | None = None
    with stopping.stoppable():
        try:
            measure(sides, cells, loaded.resolved(), loaded.folder, settings, observer)
        except KscaleError as stopped:  # also of a worker that was killed: what is measured is kept
            stop = stopped
    if stop is not None and not all(side.timed for side in sides):
        raise campaign.saying(stop, "nothing was measured yet, nothing is saved")
    load, token = meter.stop(), f"{started} {time.monotonic_ns()}"
    results = []
    for side in sides:
        assert side.remote is not None  # noqa: S101 - both were started
        tag = side.remote.git.sha if side.remote.git else side.remote.code
        origin = Origin(
            id=store.new_id(started, tag),
            started=started,
            seconds=time.monotonic() - began,
            stopped=stop is not None,
            kscale=side.remote.kscale,
            code=side.remote.code,
            peak_rss_bytes=side.peak_rss_bytes,
            git=side.remote.git,
            machine=side.remote.machine,
            load=load,
            together=token,
        )
        infos = {one.planned.mechanism.id: one.info for one in side.opened.values()}
        kept = [one.kept() for one in side.opened.values()]
        named = replace(request, name=side.who.name)
        results.append(campaign.record(loaded, settings, named, origin, infos, kept))
        store.save(results[-1], replace=request.force)
    if stop is not None:
        ids = " and ".join(result.run.id for result in results)
        raise campaign.saying(stop, f"what both had measured is saved as {ids}")
    return results[0], results[1]


def measure(
    sides: tuple[Side, Side],
    cells: Sequence[PlannedCell],
    scenario: Mapping[str, Any],
    folder: Path,
    settings: Settings,
    observer: Observer,
) -> None:
    """Measure each cell in both sides, round by round; each round has processes of its own.

    What the resolved *scenario* imports lies in *folder*.

    A cell that the first side does not have is only counted, and so is a simulated one, in the first round.
    """
    timed = [cell for cell in cells if settings.timing and not cell.mechanism.simulated]
    rounds = [cells, *[timed] * (ROUNDS - 1)] if timed else [cells]
    observer.start([cell for round_ in rounds for cell in round_], ())
    share_ns = 1e9 * min(settings.budget_s / max(1, len(timed)), settings.cell_cap_s) / len(rounds)
    for number, cells_of_round in enumerate(rounds):
        with ExitStack() as stack:
            workers = [side.start(stack, scenario, folder) for side in sides]
            for cell in cells_of_round:
                observer.cell_start(cell)
                began = time.perf_counter()
                couples = _opened(sides, cell)
                if cell in timed:
                    turns.take(couples, number, share_ns)
                for side, remote in zip(sides, workers, strict=True):
                    if cell not in timed:
                        remote.ask("repeat")
                    if cell.key in side.opened:
                        side.opened[cell.key].seconds += time.perf_counter() - began
                observer.cell_done(sides[1].opened[cell.key].kept())
            for side, remote in zip(sides, workers, strict=True):
                peak = int(remote.ask("close")["peak_rss_bytes"])
                side.peak_rss_bytes = max(side.peak_rss_bytes, peak)


def _opened(
    sides: tuple[Side, Side], cell: PlannedCell
) -> list[tuple[turns.RemoteVariant, turns.RemoteVariant]]:
    """Open a cell in the present processes of both sides and return the variants to time in both."""
    base, head = sides
    assert head.remote is not None  # noqa: S101 - both were started
    assert base.remote is not None  # noqa: S101 - as above
    ours = head.open(head.remote, cell)
    try:
        theirs = base.open(base.remote, cell)
    except Refused as error:
        ours.notes = [f"counted only: {error}"]
        return []
    return [] if cell.mechanism.simulated else turns.couples_of(theirs, ours)
