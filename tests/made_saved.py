"""A saved simulation that nobody ran: both made runs, a fault, few coefficients."""

from typing import Any

import made_simulations as made

from kscale.clusterwide import saved
from kscale.clusterwide.figures import Range
from kscale.clusterwide.saved import Labelled
from kscale.results.record import CostInfo, ScenarioRef
from kscale.results.simulation import Made, Saved
from kscale.scenario import costs
from kscale.scenario.cluster import Fault

RANGES: dict[str, dict[str, Range]] = {
    "none": {
        "pod-startup.p99": (None, None),
        "scheduling.p99": (44 * made.S, None),
        "etcd-log.busy_ppm": (580_000, 580_000),
        "log.bytes_per_min": (200_000_000, 300_000_000),
    },
    "all": {
        "pod-startup.p99": (2 * made.S, 5200 * made.MS),
        "scheduling.p99": (30 * made.MS, 70 * made.MS),
        "etcd-log.busy_ppm": (90_000, 140_000),
        "log.bytes_per_min": (39_000_000, 39_000_000),
    },
}
FAULT = Fault("apiserver-restart", 120 * made.S, 10 * made.S)


def labelled(*labels: str, draws: bool = False) -> tuple[Labelled, ...]:
    """Return runs with labels: `all` keeps every objective, any other breaks some."""
    return tuple(
        Labelled(
            label,
            made.optimized() if label == "all" else made.simulated(),
            RANGES.get(label, {}) if draws else {},
        )
        for label in labels
    )


def saved_simulation(*labels: str, **changes: Any) -> Saved:  # noqa: ANN401 - any of the fields
    """Return what a file holds; without labels the usual two runs."""
    known = costs.of_profile("k8s-1.14").coefficients
    given: dict[str, Any] = {
        "schema": "kscale.simulation/1",
        "kscale": "0.0.0",
        "made": Made(
            id="20261121T025400Z-0123456",
            name="wall",
            started="2026-11-21T02:54:00Z",
            seconds=2.5,
            argv=["simulate", "alibaba-10k", "--save", "wall"],
        ),
        "scenario": ScenarioRef(
            name="alibaba-10k", path="alibaba-10k", sha256="0" * 64, resolved={"name": "alibaba-10k"}
        ),
        "draws": 8,
        "faults": saved.faults([FAULT]),
        "costs": {name: CostInfo(**known[name].model_dump()) for name in sorted(known)[:3]},
        "runs": [saved.record(one) for one in labelled(*(labels or ("none", "all")), draws=True)],
    }
    return Saved(**(given | changes))
