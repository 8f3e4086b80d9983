"""Two installations of kscale, measured in turns: base and head of a change on one machine.

Times taken one after the other differ by what else the machine did meanwhile. Here both
installations run in processes of their own and take ABBA turns, sample by sample; two results
come out whose samples are pairs.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from kscale.errors import Interrupted, WrongAnswer
from kscale.measure import campaign, memory, stopping, turns
from kscale.measure.campaign import Observer, Origin, Request
from kscale.measure.machine import LoadMeter
from kscale.measure.plan import PlannedCell
from kscale.measure.remote import Remote, worker
from kscale.measure.timing import Allowance, Settings
from kscale.results.record import Cell, MechanismInfo, Result
from kscale.results.store import Store
from kscale.scenario.load import Loaded

BASE, HEAD = "base", "head"  # in messages, where a result gets no name


@dataclass(frozen=True, slots=True)
class Other:
    """The installation to take turns with: the name its result gets, and its interpreter."""

    name: str | None
    python: str


@dataclass(slots=True)
class _Side:
    """One installation and what it has measured."""

    name: str | None
    remote: Remote
    cells: list[Cell] = field(default_factory=list)
    infos: dict[str, MechanismInfo] = field(default_factory=dict)
    peak_rss_bytes: int = 0

    def keep(self, opened: turns.Opened, seconds: float, notes: Sequence[str]) -> Cell:
        """Add a measured cell."""
        cell = opened.kept(seconds, notes)
        self.cells.append(cell)
        self.infos[cell.mechanism] = opened.info
        return cell


def run(
    loaded: Loaded,
    cells: Sequence[PlannedCell],
    settings: Settings,
    observer: Observer,
    store: Store,
    request: Request,
    other: Other,
) -> tuple[Result, Result]:
    """Measure *cells* in both installations; return the saved results, the other's first.

    Raises Interrupted or WrongAnswer after saving the cells that both have finished, KscaleError if
    the other cannot take turns.
    """
    memory.check_cluster(loaded, force=request.force)
    began, meter = time.monotonic(), LoadMeter.start()
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stop: Interrupted | WrongAnswer | None = None
    with stopping.stoppable(), _sides(other, request.name, loaded) as sides:
        observer.start(cells, ())
        try:
            _measure(sides, cells, settings, observer)
        except (Interrupted, WrongAnswer) as stopped:
            stop = stopped
    finished = [] if stop and not sides[1].cells else sides
    token = f"{started} {sides[0].remote.code} {sides[1].remote.code} {time.monotonic_ns()}"
    results = []
    for side in finished:
        origin = Origin(
            id=store.new_id(started, side.remote.git.sha if side.remote.git else side.remote.code),
            started=started,
            seconds=time.monotonic() - began,
            stopped=stop is not None,
            kscale=side.remote.kscale,
            code=side.remote.code,
            peak_rss_bytes=side.peak_rss_bytes,
            git=side.remote.git,
            machine=side.remote.machine,
            load=meter.stop(),
            together=token,
        )
        named = replace(request, name=side.name)
        result = campaign.record(loaded, settings, named, origin, side.infos, side.cells)
        store.save(result, replace=request.force)
        results.append(result)
    if stop is not None:
        raise campaign.saying(stop, f"{len(sides[1].cells)} of {len(cells)} cells are finished and saved")
    return results[0], results[1]


@contextmanager
def _sides(other: Other, name: str | None, loaded: Loaded) -> Iterator[tuple[_Side, _Side]]:
    """Yield both installations, each with the cluster built, the other's first."""
    with worker(other.name or BASE, other.python) as theirs, worker(name or HEAD) as ours:
        for remote in (theirs, ours):
            remote.ask("scenario", text=json.dumps(loaded.resolved()))
        yield _Side(other.name, theirs), _Side(name, ours)


def _measure(
    sides: tuple[_Side, _Side], cells: Sequence[PlannedCell], settings: Settings, observer: Observer
) -> None:
    """Measure each cell in both; the time is shared out anew before each."""
    base, head = sides
    budget, even = settings.budget_s, min(settings.budget_s / len(cells), settings.cell_cap_s)
    for i, cell in enumerate(cells):
        observer.cell_start(cell)
        allowance = Allowance(share_s=min(budget / (len(cells) - i), settings.cell_cap_s), even_s=even)
        theirs, ours, notes, seconds = turns.in_turns(
            base.remote, head.remote, cell, settings, observer, allowance
        )
        if theirs is not None:
            base.keep(theirs, seconds, notes)
        observer.cell_done(head.keep(ours, seconds, notes))
        for side in sides:
            side.peak_rss_bytes = int(side.remote.ask("close")["peak_rss_bytes"])
        budget = max(0.0, budget - seconds)
