"""One cell in the processes of one or two installations of kscale.

With two, each variant of the first takes turns with the same variant of the second.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kscale.errors import KscaleError, WrongAnswer
from kscale.measure.plan import PlannedCell
from kscale.measure.remote import Remote, RemoteVariant
from kscale.measure.timing import Allowance, Couple, Observer, Settings, Timing
from kscale.results.record import Cell, MechanismInfo, VariantRecord


@dataclass(frozen=True, slots=True)
class Opened:
    """A cell that a worker has open."""

    remote: Remote
    planned: PlannedCell
    answer: Mapping[str, Any]
    variants: Mapping[str, RemoteVariant]

    @property
    def info(self) -> MechanismInfo:
        """Return what the worker's kscale says of the mechanism."""
        return MechanismInfo.model_validate(self.answer["describe"])

    def kept(self, seconds: float, notes: Sequence[str]) -> Cell:
        """Return the cell as a result keeps it."""
        return Cell(
            mechanism=self.planned.mechanism.id,
            params=self.answer["params"],
            label=self.planned.label,
            notes=list(notes),
            losses=self.answer["losses"],
            digest=self.answer["digest"],
            seconds=round(seconds, 3),
            variants={
                name: VariantRecord(
                    work=self.answer["works"][name],
                    wall_ns=one.samples() if one.values else None,
                    jit_compile_s=round(one.compile_ns / 1e9, 3) if one.values else None,
                )
                for name, one in self.variants.items()
            },
        )


def open_cell(remote: Remote, cell: PlannedCell) -> Opened:
    """Let a worker prepare a cell and run each variant once; KscaleError if its kscale does not have it."""
    answer = remote.ask("cell", mechanism=cell.mechanism.id, params=cell.values, variants=list(cell.variants))
    variants = {
        name: RemoteVariant(
            f"{remote.name}: {name}",
            compile_ns=runs["compile_ns"],
            run_ns=runs["run_ns"],
            remote=remote,
            variant=name,
        )
        for name, runs in answer["runs"].items()
    }
    return Opened(remote, cell, answer, variants)


def alone(
    remote: Remote, cell: PlannedCell, settings: Settings, observer: Observer, allowance: Allowance
) -> Cell:
    """Return a cell whose variants took turns in one worker."""
    began = time.perf_counter_ns()
    opened = open_cell(remote, cell)
    baseline, *others = opened.variants.values()
    couples = [Couple(baseline, one) for one in others]
    notes = Timing(cell, settings, observer, allowance, time.perf_counter_ns, began).run(couples)
    return opened.kept((time.perf_counter_ns() - began) / 1e9, notes)


def in_turns(
    base: Remote,
    head: Remote,
    cell: PlannedCell,
    settings: Settings,
    observer: Observer,
    allowance: Allowance,
) -> tuple[Opened | None, Opened, list[str], float]:
    """Measure a cell in two workers; return both, what to know of the times, and the seconds spent.

    None stands for a base that does not have this cell; then the head only counts.
    """
    began = time.perf_counter_ns()
    ours = open_cell(head, cell)
    theirs: Opened | None = None
    notes: list[str] = []
    try:
        theirs = open_cell(base, cell)
    except WrongAnswer:
        raise
    except KscaleError as error:
        notes.append(f"counted only: {error}")
    opened = [one for one in (theirs, ours) if one is not None]
    if theirs is not None and settings.timing:
        shared = [name for name in theirs.variants if name in ours.variants]
        couples = [Couple(theirs.variants[name], ours.variants[name]) for name in shared]
        notes += Timing(cell, settings, observer, allowance, time.perf_counter_ns, began).run(couples)
    else:
        for one in opened:
            one.remote.ask("repeat")
    return theirs, ours, notes, (time.perf_counter_ns() - began) / 1e9
