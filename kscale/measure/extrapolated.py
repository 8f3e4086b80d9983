"""Where a cell uses coefficients beyond the settings that they were measured at, as far as that is known."""

from typing import Any

from kscale.mechanisms.base import Mechanism, Settings
from kscale.results.record import Extrapolated
from kscale.scenario.cluster import Cluster


def of(mechanism: Mechanism, cluster: Cluster, params: Any) -> list[Extrapolated]:  # noqa: ANN401 - the mechanism's own
    """Return the coefficients that a cell uses beyond where they were measured."""
    known, asked = _known(mechanism, cluster), _asked(mechanism, cluster, params)
    return [
        Extrapolated(coefficient=name, setting=setting, measured=over[setting], used=used)
        for name, over in known.items()
        for setting, used in asked.get(name, {}).items()
        if setting in over and _beyond(used, over[setting])
    ]


def unchecked(mechanism: Mechanism, cluster: Cluster, params: Any) -> list[str]:  # noqa: ANN401 - the mechanism's own
    """Return the coefficients of which nothing tells whether a cell uses them where they were measured."""
    asked = _asked(mechanism, cluster, params)
    return [
        name
        for name, over in _known(mechanism, cluster).items()
        if name not in asked or (asked[name] and not asked[name].keys() & over.keys())
    ]


def _known(mechanism: Mechanism, cluster: Cluster) -> dict[str, dict[str, tuple[int, int]]]:
    """Return where the coefficients that a mechanism reads were measured, of those that say it."""
    coefficients = cluster.costs.coefficients
    return {name: over for name in mechanism.costs if (over := coefficients[name].over) is not None}


def _asked(mechanism: Mechanism, cluster: Cluster, params: Any) -> Settings:  # noqa: ANN401 - the mechanism's own
    """Return where a cell uses coefficients; nothing if no one measured what its mechanism reads."""
    if mechanism.settings is None or not _known(mechanism, cluster):
        return {}
    return mechanism.settings(cluster, params)


def _beyond(used: tuple[int, int], measured: tuple[int, int]) -> bool:
    """Return whether a range is left by more than a tenth: what is nearly in it was as good as measured."""
    return used[0] * 10 < measured[0] * 9 or used[1] * 10 > measured[1] * 11
