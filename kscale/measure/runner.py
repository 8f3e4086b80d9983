"""One cell, measured: the only clock of the house.

The answer is checked before anything is timed. Then baseline and the other variant take
turns in ABBA order, so that a machine that drifts drifts for both, until the interval of
their ratio is narrow or the time is spent. It stops on precision, never on significance:
whoever measures until a difference is seen will see one. Every run's work is compared
with the first run's, for free. Practice note, section 2.
"""

import time
from collections.abc import Mapping
from contextlib import nullcontext

from kscale.errors import WrongAnswer
from kscale.measure import extrapolated
from kscale.measure.plan import PlannedCell
from kscale.measure.subject import Clock, Subject, heap_set_aside, whole
from kscale.measure.timing import Allowance, Couple, Observer, Settings, Timing
from kscale.results.check import digest
from kscale.results.record import Cell, VariantRecord
from kscale.scenario.cluster import Cluster


def measure_cell(
    cell: PlannedCell,
    cluster: Cluster,
    settings: Settings,
    observer: Observer,
    allowance: Allowance,
    clock: Clock = time.perf_counter_ns,
) -> Cell:
    """Prepare, check, count and time one cell.

    Raises WrongAnswer if the variants disagree or if a counter differs between two runs.
    """
    began = clock()
    timed = settings.timing and not cell.mechanism.simulated
    with heap_set_aside() if timed else nullcontext():  # collecting takes longer than counting a small cell
        subjects = subjects_of(cell, cluster, clock)
        works = agreed_works(cell, subjects)
        notes: list[str] = []
        if timed:
            baseline, *others = subjects.values()
            couples = [Couple(baseline, other) for other in others]
            notes = Timing(cell, settings, observer, allowance, clock, began).run(couples)
        else:
            for subject in subjects.values():
                subject.repeat()
    return Cell(
        mechanism=cell.mechanism.id,
        params=cell.values,
        label=cell.label,
        notes=notes,
        losses=list(cell.mechanism.losses(works)),
        extrapolated=extrapolated.of(cell.mechanism, cluster, cell.params),
        unchecked=extrapolated.unchecked(cell.mechanism, cluster, cell.params),
        digest=digest(works),
        seconds=round((clock() - began) / 1e9, 3),
        variants={
            name: VariantRecord(
                work=works[name],
                wall_ns=subject.samples() if timed else None,
                jit_compile_s=round(subject.compile_ns / 1e9, 3) if timed else None,
            )
            for name, subject in subjects.items()
        },
    )


def subjects_of(cell: PlannedCell, cluster: Cluster, clock: Clock) -> dict[str, Subject]:
    """Return the cell's variants over one workload, the baseline first."""
    mechanism = cell.mechanism
    needed = mechanism.memory(cluster, cell.params)
    workload = mechanism.prepare(cluster, cell.params)
    return {
        name: Subject(
            name,
            where=f"{cell.key}: {name}",
            variant=mechanism.variants[name],
            workload=workload,
            clock=clock,
            state_bytes=needed,
        )
        for name in cell.variants
    }


def agreed_works(cell: PlannedCell, subjects: Mapping[str, Subject]) -> dict[str, dict[str, int]]:
    """Run each variant once, see that they agree, and return the work of each, its quality included.

    The answers, which may be large, are gone when this returns.
    """
    outcomes = {name: subject.first() for name, subject in subjects.items()}
    workload = next(iter(subjects.values())).workload
    try:
        cell.mechanism.agree(workload, outcomes)
    except WrongAnswer as error:
        raise WrongAnswer(f"{cell.key}: {error}") from error
    quality = cell.mechanism.quality
    return {
        name: subject.work | (whole(quality(workload, outcomes[name])) if quality else {})
        for name, subject in subjects.items()
    }
