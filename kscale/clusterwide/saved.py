"""Simulations as they are saved, and saved ones as they were."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kscale.clusterwide.figures import Range
from kscale.clusterwide.record import LIFE, STATIONS, VERBS, Pod, Quantiles, Simulated, Sli, Station, Verdict
from kscale.errors import KscaleError
from kscale.results import simulations
from kscale.results.simulation import FaultRecord, QuantilesRecord, RunRecord, Saved
from kscale.scenario.cluster import Fault
from kscale.units import quote

INDICATORS = (*VERBS, "pod-startup")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A run, what its optimizations are called, and how far its figures go over the draws."""

    label: str  # none, all, today, or ids with commas
    run: Simulated
    ranges: Mapping[str, Range] = field(default_factory=dict)
    broken_draws: int = 0  # of the draws, those in which an objective breaks


def record(one: Labelled) -> RunRecord:
    """Return a run as it is saved."""
    of_draws = {"ranges": dict(one.ranges), "broken_draws": one.broken_draws}
    return RunRecord.model_validate({**asdict(one.run), "label": one.label, **of_draws})


def faults(found: Sequence[Fault]) -> list[FaultRecord]:
    """Return faults as they are saved."""
    return [FaultRecord.model_validate(asdict(one)) for one in found]


def load(path: Path) -> Saved:
    """Return the simulation in a file; KscaleError, in one line that names it, if it is no whole one."""
    return _whole(simulations.load(path), str(path))


def parse(data: bytes, where: str) -> Saved:
    """Return the simulation in *data*; *where* is named in complaints."""
    return _whole(simulations.parse(data, where), where)


def _whole(saved: Saved, where: str) -> Saved:
    """Return *saved*; KscaleError if something is wrong with it."""
    wrong = fault(saved)
    if wrong is not None:
        raise KscaleError(f"{where}: damaged: {wrong}")
    return saved


def runs(saved: Saved) -> tuple[Labelled, ...]:
    """Return the runs of a saved simulation."""
    return tuple(Labelled(one.label, _run(one), one.ranges, one.broken_draws) for one in saved.runs)


def faults_of(saved: Saved) -> tuple[Fault, ...]:
    """Return the faults of a saved simulation."""
    return tuple(Fault(**one.model_dump()) for one in saved.faults)


def fault(saved: Saved) -> str | None:
    """Return what is wrong with a saved simulation beyond its schema, or None."""
    for one in saved.runs:
        wrong = _fault(one)
        if wrong is not None:
            return f"run {quote(one.label)}: {wrong}"
    labels = [one.label for one in saved.runs]
    return "two runs of one name" if len(set(labels)) < len(labels) else None


def _fault(one: RunRecord) -> str | None:
    """Return what a run lacks, or has too much of."""
    stations = one.stations
    faults = {
        f"its stations are not {', '.join(STATIONS)}": tuple(each.name for each in stations) != STATIONS,
        f"its indicators are not {', '.join(INDICATORS)}": tuple(sli.name for sli in one.slis) != INDICATORS,
        f"its stages are not of {', '.join(LIFE)}": not set(one.stages) <= set(LIFE),
        "a pod's life is not whole": any(len(pod.times) != len(LIFE) for pod in one.sample),
        "the station to blame is none": bool(one.blame) and one.blame not in STATIONS,
        "it ended after its end": one.ended_ns > one.duration_ns,
        "a station lost something": any(each.entered - each.left != each.inside for each in stations),
    }
    return next((said for said, wrong in faults.items() if wrong), None)


def _run(one: RunRecord) -> Simulated:
    """Return a run as it was."""
    plain = {name: getattr(one, name) for name in _PLAIN}
    return Simulated(
        **plain,
        toggles=tuple(one.toggles),
        slis=tuple(Sli(sli.name, tuple(map(_quantiles, sli.windows))) for sli in one.slis),
        stages={name: _quantiles(stage) for name, stage in one.stages.items()},
        scheduling=_quantiles(one.scheduling),
        stations=tuple(Station(**station.model_dump()) for station in one.stations),
        series={name: tuple(values) for name, values in one.series.items()},
        sample=tuple(Pod(pod.number, pod.node, tuple(pod.times)) for pod in one.sample),
        verdicts=tuple(Verdict(**verdict.model_dump()) for verdict in one.verdicts),
    )


_PLAIN = (
    "seed",
    "nodes",
    "pods",
    "objects",
    "pod_changes_milli",
    "duration_ns",
    "ended_ns",
    "stopped",
    "events",
    "counts",
    "blame",
    "settings",
)


def _quantiles(one: QuantilesRecord) -> Quantiles:
    """Return a distribution as it was."""
    return Quantiles(**one.model_dump())
