"""A tiny cell of every mechanism, and what it counts under every profile; run as a script, as JSON."""

import json
import sys

from kscale.mechanisms.base import Mechanism, Work
from kscale.mechanisms.registry import MECHANISMS, find
from kscale.plugins import points
from kscale.scenario import profiles
from kscale.scenario.cluster import Cluster

TINY = points.TINY
IDS = [mechanism.id for mechanism in MECHANISMS]


def cluster(profile: str) -> Cluster:
    """Return a cluster of a few nodes."""
    return points.tiny_cluster(profile)


def works(mechanism: Mechanism, on: Cluster) -> dict[str, Work]:
    """Return the work of every variant, after they were seen to agree."""
    load = mechanism.prepare(on, mechanism.params(**TINY[mechanism.id]))
    outcomes = {name: one.run(one.build(load)) for name, one in mechanism.variants.items()}
    mechanism.agree(load, outcomes)
    return {name: {key: int(count) for key, count in one.work.items()} for name, one in outcomes.items()}


def all_works() -> dict[str, dict[str, dict[str, Work]]]:
    """Return the work of every tiny cell by mechanism and profile."""
    return {
        name: {profile: works(find(name), cluster(profile)) for profile in sorted(profiles.PROFILES)}
        for name in IDS
    }


if __name__ == "__main__":
    json.dump(all_works(), sys.stdout)
