"""Small clusters of API servers and their loads."""

from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from kscale.mechanisms import apiserver_balance, balance_load
from kscale.mechanisms.balance_params import SECOND, Params
from kscale.mechanisms.base import Outcome, Work
from kscale.scenario import build, profiles
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

VARIANTS = apiserver_balance.MECHANISM.variants
POLICIES = {name: variant.build.keywords["policy"] for name, variant in VARIANTS.items()}  # type: ignore[attr-defined]


@cache
def cluster(profile: str = "k8s-1.14", nodes: int = 300, servers: int = 3, seed: int = 1) -> Cluster:
    """Return a cluster of which only nodes and API servers matter."""
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "small",
                "profile": profile,
                "seed": seed,
                "cluster": {
                    "nodes": {"count": nodes},
                    "pods": {"count": nodes},
                    "objects": {"total": 6 * nodes},
                },
                "control_plane": {"controllers": 0, "apiservers": servers},
            }
        )
    )


def outcomes(on: Cluster, params: Params, *names: str) -> dict[str, Outcome]:
    """Return what variants make of a load, all unless some are named, after they were seen to agree."""
    load = balance_load.make(on, params)
    found = {name: VARIANTS[name].run(VARIANTS[name].build(load)) for name in names or VARIANTS}
    apiserver_balance.agree(load, found)
    return found


def works(on: Cluster, params: Params, *names: str) -> dict[str, Work]:
    """Return their work."""
    return {name: outcome.work for name, outcome in outcomes(on, params, *names).items()}


@st.composite
def cells(draw: st.DrawFn) -> tuple[Cluster, Params]:
    """Draw a few clients and servers, limits that are reached, and any fault."""

    def some(least: int, most: int) -> int:
        return draw(st.integers(least, most))

    on = cluster(draw(st.sampled_from(sorted(profiles.PROFILES))), nodes=some(1, 12), seed=some(0, 3))
    tight: dict[str, Any] = {
        "max_inflight_reads": some(1, 4),
        "max_inflight_writes": some(1, 3),
        "fairness_queued": some(0, 3),
        "goaway_chance_max_ppm": draw(st.sampled_from([0, 20_000])),
        "watch_timeout_min_ns": SECOND,
        "watch_timeout_max_ns": some(1, 8) * SECOND,
    }
    costs = {
        "request_with_events_cpu_ns": some(1, 2_000_000_000),
        "tls_handshake_cpu_ns": some(0, 500_000_000),
        "watch_resume_cpu_ns": some(0, 500_000_000),
        "cold_read_cpu_ppm": some(1_000_000, 4_000_000),
    }
    servers = some(1, 5)
    small = replace(
        on,
        profile=replace(on.profile, **tight),
        costs=costs,  # type: ignore[arg-type]
        control_plane=replace(on.control_plane, apiservers=servers),
    )
    duration = some(9, 45) * SECOND
    return small, Params(
        fault=draw(st.sampled_from(["upgrade", "loss", "none"])),
        lose=some(int(servers == 1), servers),
        balancer=draw(st.sampled_from(["random", "least-connections"])),
        requests_per_s=draw(st.sampled_from([0.2, 1.0, 3.0])),
        write_share=draw(st.sampled_from([0.0, 0.5, 1.0])),
        duration_ns=duration,
        cores=some(1, 3),
        down_ns=some(1, duration // 6),
        cold_ns=some(0, duration // 6),
        wait_warm=draw(st.booleans()),
        retries=some(0, 4),
        liveness=some(0, 2),
        close_above=some(1, 4),
        reconnect_after=some(1, 3),
        reconnect_window_ns=some(1, 5 * SECOND),
        reshuffle_ns=some(SECOND, 30 * SECOND),
        goaway_ppm=20_000,
    )
