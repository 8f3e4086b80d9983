"""Where a cell uses coefficients beyond the settings that they were measured at."""

from typing import Any

from kscale.mechanisms.base import Mechanism
from kscale.results.record import Extrapolated
from kscale.scenario.cluster import Cluster


def of(mechanism: Mechanism, cluster: Cluster, params: Any) -> list[Extrapolated]:  # noqa: ANN401 - the mechanism's own
    """Return the coefficients that a cell uses beyond where they were measured, as far as that is known."""
    known = {
        name: over for name in mechanism.costs if (over := cluster.costs.coefficients[name].over) is not None
    }
    if not known or mechanism.settings is None:
        return []
    asked = mechanism.settings(cluster, params)
    return [
        Extrapolated(coefficient=name, setting=setting, measured=over[setting], used=used)
        for name, over in known.items()
        for setting, used in asked.get(name, {}).items()
        if setting in over and _beyond(used, over[setting])
    ]


def _beyond(used: tuple[int, int], measured: tuple[int, int]) -> bool:
    """Return whether a range is left by more than a tenth: what is nearly in it was as good as measured."""
    return used[0] * 10 < measured[0] * 9 or used[1] * 10 > measured[1] * 11
