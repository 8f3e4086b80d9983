"""The simulation of API servers against plain Python: how each request ended, and who is where."""

from dataclasses import replace

import numpy as np
import pytest
from balance_loads import POLICIES, cells, cluster
from hypothesis import HealthCheck, given, settings
from reference import balance as twin

from kscale.kernels import balance, balance_servers
from kscale.mechanisms import apiserver_balance, balance_counts, balance_load
from kscale.mechanisms.balance_load import BalanceLoad, Policy
from kscale.mechanisms.balance_params import SECOND, Params
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream

ALL = Policy(surge=True, close=True, reconnect=True, reshuffle=True, goaway=True)


def check(load: BalanceLoad, policy: Policy) -> dict[str, int]:
    """Every request, count, sample and place is the slow twin's; return the counts."""
    slow = twin.Run(load, policy, draw.generator(load.seed, Stream.BALANCE_CHOICES))
    state = apiserver_balance.build(load, policy)
    outcome = apiserver_balance.run(state)
    work = outcome.work
    assert {name: work[name] for name in balance_counts.COUNTED} == {
        name: slow.counts[name] for name in balance_counts.COUNTED
    }
    assert state.finished.tolist() == [one.finished for one in slow.requests]
    ends = [
        balance_servers.SERVED * one.served + balance_servers.GIVEN_UP * one.given_up for one in slow.requests
    ]
    assert outcome.answer.ends.tolist() == ends
    assert state.samples[:, :3].tolist() == [list(sample) for sample in slow.samples]
    for column, places in (
        (balance_servers.CONNECTION, [one.connection for one in slow.clients]),
        (balance_servers.WATCH, [one.watch for one in slow.clients]),
    ):
        assert state.clients[:, column].tolist() == [-1 if at is None else at.number for at in places]
    assert state.servers[:, balance_servers.HELD].tolist() == [slow.held(one) for one in slow.servers]
    assert np.array_equal(state.random, slow.random)
    return {name: work[name] for name in work}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells())
def test_every_request_ends_as_in_the_slow_twin(cell: tuple[Cluster, Params]) -> None:
    """All policies, with limits that are reached, probes that fail, and servers that come and go."""
    load = balance_load.make(*cell)
    for policy in (*POLICIES.values(), ALL):
        check(load, policy)


def tight(profile: str = "k8s-1.14", nodes: int = 40, servers: int = 3) -> Cluster:
    """Return a cluster whose servers reject soon."""
    on = cluster(profile, nodes=nodes, servers=servers)
    limits = {"max_inflight_reads": 4, "max_inflight_writes": 3, "fairness_queued": 2}
    costs = {**on.costs, "request_with_events_cpu_ns": 90_000_000}
    return replace(on, profile=replace(on.profile, **limits, goaway_chance_max_ppm=20_000), costs=costs)  # type: ignore[arg-type]


@pytest.mark.tiny
@pytest.mark.parametrize("fault", ["upgrade", "loss", "none"])
def test_a_storm_of_every_kind(fault: str) -> None:
    """Closing, reconnecting, GOAWAY, reshuffles and restarts all happen, as in the slow twin."""
    params = Params(
        fault=fault,  # type: ignore[arg-type]
        requests_per_s=1,
        duration_ns=60 * SECOND,
        down_ns=10 * SECOND,
        cold_ns=10 * SECOND,
        cores=1,
        liveness=1,
        close_above=2,
        reshuffle_ns=20 * SECOND,
        goaway_ppm=20_000,
    )
    counts = check(balance_load.make(tight(), params), ALL)
    for name in ("rejected", "closed", "reshuffled", "sent_away", "restarts", "given_up"):
        assert counts[name] > 0, name


@pytest.mark.tiny
@pytest.mark.parametrize("servers", [1, 2, 7])
@pytest.mark.parametrize("clients", [1, 5])
def test_the_smallest_cells(servers: int, clients: int) -> None:
    """One client, one server, more servers than clients, no request at all."""
    on = cluster(nodes=clients, servers=servers)
    for rate in (1e-9, 1.0):
        params = Params(
            fault="loss",
            lose=servers,
            requests_per_s=rate,
            duration_ns=15 * SECOND,
            down_ns=3 * SECOND,
            cold_ns=0,
        )
        for policy in (Policy(), ALL):
            check(balance_load.make(on, params), policy)


@pytest.mark.tiny
def test_equal_times_have_an_order() -> None:
    """A fault, the end of work, retries, timers, reshuffles, requests."""
    load = balance_load.make(
        tight(nodes=6), Params(requests_per_s=1, duration_ns=30 * SECOND, down_ns=SECOND, cold_ns=SECOND)
    )
    step = SECOND
    together = replace(
        load,
        arrives=load.arrives // step * step,
        asked=np.stack((load.asked[:, 0], np.sign(load.asked[:, 1]) * step), axis=1).astype(np.int32),
        shuffled=np.stack((load.shuffled[:, 0] // step * step, load.shuffled[:, 1]), axis=1),
    )
    for policy in (Policy(), ALL):
        check(together, policy)


def test_one_signature_each() -> None:
    """The kernel is compiled once."""
    for name, policy in POLICIES.items():
        assert name
        check(balance_load.make(cluster(nodes=3), Params(duration_ns=120 * SECOND)), policy)
    found = getattr(balance.simulate, "signatures", [None])
    assert len(found) == 1
