"""What a result says of its mechanisms and of the coefficients that they read."""

from kscale.measure import parameters
from kscale.mechanisms.base import Mechanism
from kscale.results.record import CostInfo, CostsRef, MechanismInfo, MetricInfo
from kscale.scenario.costs import CostModel
from kscale.scenario.load import Loaded

WALL = MetricInfo(kind="timing", unit="ns", better="lower", provenance="measured", about="wall time of a run")


def costs(loaded: Loaded) -> CostsRef | None:
    """Return where a scenario's coefficients come from; None if it has none of its own."""
    given, measured = loaded.scenario.costs, loaded.measured
    if given is None:
        return None
    return CostsRef(
        path=loaded.costs_path,
        coefficients=len(given.coefficients),
        etcd=measured and measured.etcd,
        endpoint=measured and measured.endpoint,
        cpu=measured and measured.machine.cpu,
        cores=measured and measured.machine.cores,
        date=measured and measured.date,
        fingerprint=measured and measured.machine.fingerprint,
        plan=measured and measured.plan,
        other_cpu_pct=measured and measured.machine.other_cpu_pct,
    )


def mechanism(described: Mechanism, model: CostModel | None = None) -> MechanismInfo:
    """Return what a result says of a mechanism, with its coefficients in *model*, for who imports neither."""
    metrics = {
        metric.name: MetricInfo(
            kind=metric.kind,
            unit=metric.unit,
            better=metric.better,
            provenance=metric.provenance,
            about=metric.about,
            headline=metric.headline,
        )
        for metric in described.metrics
    }
    read = {name: model.coefficients[name] for name in described.costs} if model else {}
    return MechanismInfo(
        title=described.title,
        source=described.source,
        per=described.per,
        metrics={**metrics, "wall_ns": WALL},
        variants={name: variant.about for name, variant in described.variants.items()},
        costs={name: CostInfo(**one.model_dump()) for name, one in read.items()},
        defaults=parameters.values(described.params()),
    )
