"""Loads of watches that resume, and what every variant makes of them."""

from typing import Any

from kscale.mechanisms import bookmark_load, watch_bookmark
from kscale.mechanisms.base import Outcome, Work
from kscale.mechanisms.bookmark_load import BookmarkLoad
from kscale.mechanisms.bookmark_size import Params
from kscale.scenario import build
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

VARIANTS = watch_bookmark.MECHANISM.variants


def cluster(profile: str = "k8s-1.14", nodes: int = 1000, seed: int = 3) -> Cluster:
    """Return a cluster."""
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "small",
                "profile": profile,
                "seed": seed,
                "cluster": {
                    "nodes": {"count": nodes},
                    "pods": {"count": nodes * 10, "apps": 10},
                    "objects": {"total": nodes * 40},
                },
            }
        )
    )


CLUSTER = cluster()


def run(load: BookmarkLoad) -> dict[str, Outcome]:
    """Return what every variant makes of *load*."""
    return {name: variant.run(variant.build(load)) for name, variant in VARIANTS.items()}


def works_of(on: Cluster = CLUSTER, **params: Any) -> dict[str, Work]:  # noqa: ANN401 - any parameter
    """Return the work of every variant, after they were seen to agree."""
    load = bookmark_load.make(on, Params(**params))
    outcomes = run(load)
    watch_bookmark.agree(load, outcomes)
    return {name: outcome.work for name, outcome in outcomes.items()}


def near(counted: float, wanted: float, within: float) -> bool:
    """Say whether a figure is within a share of what is wanted."""
    return abs(counted - wanted) <= within * wanted
