"""One cell in the processes of one or two installations of kscale.

With two, each variant of the first takes turns with the same variant of the second, a few pairs
in each of several processes: where a process's memory lands can make it a tenth slower or
faster for as long as it lives, and only another process shows that.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kscale.errors import WrongAnswer
from kscale.measure import parameters
from kscale.measure.plan import PlannedCell
from kscale.measure.remote import Remote
from kscale.measure.subject import Timed
from kscale.measure.timing import Allowance, Couple, Observer, Settings, Timing
from kscale.results.record import Cell, MechanismInfo, Samples, VariantRecord

ROUNDS = 10  # processes of each side: the interval of their median leaves one out at either end
PAIRS = (2, 10)  # of one round, least and most: their median is what the process witnesses
SHORT_NS = 200_000_000  # a run shorter than that is repeated to warm up


@dataclass(slots=True, kw_only=True)
class RemoteVariant(Timed):
    """A variant of the cell that a worker has open."""

    remote: Remote
    variant: str
    process: list[int] = field(default_factory=list)

    def time(self) -> int:
        """Return ns of `loops` runs on fresh states."""
        answer = self.remote.ask("time", variant=self.variant, loops=self.loops)
        self.build_ns = answer["build_ns"]
        return max(1, int(answer["ns"]))

    def samples(self) -> Samples:
        """Return the samples as they are kept; one that a signal cut short is left out."""
        if not self.process:
            return Samples(order=self.order, values=self.values, loops=self.loops)
        whole = min(len(self.order), len(self.values), len(self.process))
        return Samples(
            order=self.order[:whole],
            values=self.values[:whole],
            loops=self.loops,
            process=self.process[:whole],
        )


@dataclass(slots=True)
class Opened:
    """A cell that a worker has open, and what was measured of it so far."""

    planned: PlannedCell
    answer: Mapping[str, Any]
    variants: Mapping[str, RemoteVariant]
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def info(self) -> MechanismInfo:
        """Return what the worker's kscale says of the mechanism."""
        return MechanismInfo.model_validate(self.answer["describe"])

    def reopen(self, remote: Remote) -> None:
        """Let another process prepare the same cell; WrongAnswer if it does not count the same."""
        again = _ask(remote, self.planned)
        if again["digest"] != self.answer["digest"]:
            raise WrongAnswer(f"{remote.name}: {self.planned.key}: another process counts something else")
        for one in self.variants.values():
            one.remote = remote

    def kept(self) -> Cell:
        """Return the cell as a result keeps it."""
        return Cell(
            mechanism=self.planned.mechanism.id,
            params=self.answer["params"],
            label=self.planned.label,
            notes=self.notes,
            losses=self.answer["losses"],
            extrapolated=self.answer.get("extrapolated", []),  # an older kscale does not say it
            unchecked=self.answer.get("unchecked", []),
            digest=self.answer["digest"],
            seconds=round(self.seconds, 3),
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
    answer = _ask(remote, cell)
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
    return Opened(cell, answer, variants)


def alone(
    remote: Remote, cell: PlannedCell, settings: Settings, observer: Observer, allowance: Allowance
) -> Cell:
    """Return a cell whose variants took turns in one worker."""
    began = time.perf_counter_ns()
    opened = open_cell(remote, cell)
    baseline, *others = opened.variants.values()
    couples = [Couple(baseline, one) for one in others]
    opened.notes = Timing(cell, settings, observer, allowance, time.perf_counter_ns, began).run(couples)
    opened.seconds = (time.perf_counter_ns() - began) / 1e9
    return opened.kept()


def couples_of(base: Opened, head: Opened) -> list[tuple[RemoteVariant, RemoteVariant]]:
    """Return each variant that both have, in the head's order."""
    return [(base.variants[name], one) for name, one in head.variants.items() if name in base.variants]


def take(couples: Sequence[tuple[RemoteVariant, RemoteVariant]], number: int, share_ns: float) -> None:
    """Take the pairs of round *number* of each couple, in ABBA order, within about *share_ns*.

    The loops of a sample are chosen in the first round and kept.
    """
    for stretch, couple in enumerate(couples):
        for one in couple:
            if one.run_ns < SHORT_NS:
                one.warm()
            if number == 0:
                one.calibrate(max(1, round(share_ns / (2 * PAIRS[0] * len(couples)))))
        began = time.perf_counter_ns()
        for done in range(PAIRS[1]):
            if done >= PAIRS[0] and time.perf_counter_ns() - began > share_ns / len(couples):
                break
            base, head = couple
            taken = len(base.values)
            position = 2 * (stretch * ROUNDS * PAIRS[1] + taken)
            first, second = (head, base) if taken % 2 else (base, head)
            for place, one in enumerate((first, second), start=position):
                one.sample(place)
                one.process.append(number)


def _ask(remote: Remote, cell: PlannedCell) -> dict[str, Any]:
    """Return a worker's answer to opening a cell."""
    params = parameters.written(cell.params)
    return remote.ask("cell", mechanism=cell.mechanism.id, params=params, variants=list(cell.variants))
