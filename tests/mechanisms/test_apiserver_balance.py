"""The mechanism apiserver-balance: shares known in advance, its promise, its losing regimes, its profiles."""

from dataclasses import replace

import numpy as np
import pytest
from balance_loads import VARIANTS, cluster, outcomes, works

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import balance, balance_servers
from kscale.mechanisms import apiserver_balance, balance_faults, balance_load
from kscale.mechanisms.apiserver_balance import GOAWAY, RECONNECT, RESHUFFLE, SURGE
from kscale.mechanisms.balance_params import SECOND, Params
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.scenario.cluster import Cluster

MILLION = 1_000_000
QUIET = 0.01  # requests a second: only connections matter
# 900 clients need 4.5 cores: too many for one server of these, and enough for three
LOSS = Params(fault="loss", requests_per_s=1, cores=2, duration_ns=200 * SECOND, liveness=0)


def shares(nodes: int, servers: int, variant: str, **params: object) -> list[float]:
    """Return the share of clients at each server at the end, the fullest first."""
    on = cluster(nodes=nodes, servers=servers)
    load = balance_load.make(on, Params(requests_per_s=QUIET, **params))  # type: ignore[arg-type]
    state = VARIANTS[variant].build(load)
    VARIANTS[variant].run(state)
    found = np.sort(state.servers[:, balance_servers.CONNECTIONS])[::-1][:servers]
    return [float(one) / nodes for one in found]


@pytest.mark.parametrize(
    ("servers", "balancer", "expected"),
    [
        (3, "random", [0.625, 0.375, 0]),
        (5, "random", [0.36, 0.30, 0.22, 0.12, 0]),
        (3, "least-connections", [0.5, 0.5, 0]),
        (5, "least-connections", [0.25, 0.25, 0.25, 0.25, 0]),
    ],
)
def test_shares_after_a_restart_of_one_after_the_other(
    servers: int, balancer: str, expected: list[float]
) -> None:
    """What clients that stay where they are come to: the server restarted last has none."""
    assert shares(20_000, servers, BASELINE, balancer=balancer) == pytest.approx(expected, abs=0.012)


@pytest.mark.parametrize("servers", [3, 5])
def test_shares_after_a_surge_and_after_a_loss(servers: int) -> None:
    """A new set gets even shares; the one that was not lost keeps all."""
    assert shares(20_000, servers, SURGE) == pytest.approx([1 / servers] * servers, abs=0.012)
    assert shares(2_000, servers, BASELINE, fault="loss") == [1, *[0] * (servers - 1)]


def excess_left(on: Cluster, params: Params, variant: str, after_ns: list[int]) -> list[float]:
    """Return the fullest server's excess over an even share, relative to when the lost ones are back."""
    load = balance_load.make(on, params)
    state = VARIANTS[variant].build(load)
    VARIANTS[variant].run(state)
    ticks = [(load.back_ns + after) * balance_faults.TICKS // params.duration_ns for after in (0, *after_ns)]
    excess = state.samples[ticks, balance.CONNECTIONS] - load.clients / load.servers
    return [float(one / excess[0]) for one in excess[1:]]


def test_sent_away_the_excess_decays_exponentially() -> None:
    """With chance p and rate r the excess falls by exp(-p r t); here p r is 1 in 200 s."""
    params = Params(fault="loss", requests_per_s=0.5, goaway_ppm=10_000, duration_ns=400 * SECOND, cores=1000)
    on, after = cluster("k8s-1.20", nodes=8_000), [100 * SECOND, 200 * SECOND, 300 * SECOND]
    expected = [float(np.exp(-one / SECOND / 200)) for one in after]
    assert excess_left(on, params, GOAWAY, after) == pytest.approx(expected, abs=0.03)
    assert works(on, params, GOAWAY)[GOAWAY]["excess_decay_ns"] == pytest.approx(200 * SECOND, rel=0.05)


def test_reshuffled_the_excess_decays_linearly() -> None:
    """Everyone has moved once after a period; 1/e is left after 1 - 1/e of it."""
    params = Params(fault="loss", requests_per_s=QUIET, duration_ns=400 * SECOND, reshuffle_ns=340 * SECOND)
    on, after = cluster(nodes=8_000), [85 * SECOND, 170 * SECOND, 255 * SECOND]
    assert excess_left(on, params, RESHUFFLE, after) == pytest.approx([0.75, 0.5, 0.25], abs=0.03)
    found = works(on, params, RESHUFFLE)[RESHUFFLE]["excess_decay_ns"]
    assert found == pytest.approx(340 * SECOND * (1 - np.exp(-1)), rel=0.05)


def test_what_never_ends_is_counted_to_the_end() -> None:
    """Unbalanced from the fault on, at a tenth of 400 s; the excess never falls after 20 s more."""
    params = Params(fault="loss", requests_per_s=QUIET, duration_ns=400 * SECOND)
    work = works(cluster(), params, BASELINE)[BASELINE]
    assert (work["unbalanced_ns"], work["excess_decay_ns"], work["balanced"]) == (
        360 * SECOND,
        340 * SECOND,
        0,
    )


def test_the_2019_design_settles_where_staying_does_not() -> None:
    """After a loss the hot server rejects to the end; with the design it is over, and shares are even."""
    found = works(cluster(nodes=900), replace(LOSS, requests_per_s=0.7), BASELINE, OPTIMIZED)
    before, after = found[BASELINE], found[OPTIMIZED]
    assert (before["balanced"], before["share_1_ppm"]) == (0, MILLION)
    assert before["rejected_late"] > 0
    assert (after["balanced"], after["rejected_late"]) == (1, 0)
    assert after["rejected"] < before["rejected"]
    assert after["given_up"] < before["given_up"]
    assert after["share_1_ppm"] < 400_000


def test_loses_a_storm_that_feeds_itself() -> None:
    """Three servers carry the load at 75 % use; after a loss reconnecting clients fill them for good."""
    well, ill = (
        works(cluster(nodes=900), replace(LOSS, fault=fault, duration_ns=600 * SECOND), OPTIMIZED)[OPTIMIZED]
        for fault in ("none", "loss")
    )
    assert (well["balanced"], well["rejected"]) == (1, 0)
    assert (ill["balanced"], ill["unbalanced_ns"] < 60 * SECOND) == (1, True)
    assert ill["rejected_late"] > 50_000


def test_loses_a_rejection_alone_moves_nobody() -> None:
    """However many are rejected: without reconnecting all stay at the one server, with it they leave."""
    found = works(cluster(nodes=900), LOSS, BASELINE, RECONNECT)
    assert found[BASELINE]["rejected"] > 10_000
    assert found[BASELINE]["share_1_ppm"] == MILLION
    assert found[RECONNECT]["share_1_ppm"] < 600_000


def test_loses_goaway_with_one_server() -> None:
    """There is nowhere to go: the same requests, and TLS handshakes."""
    found = works(cluster("k8s-1.20", servers=1), Params(fault="none", goaway_ppm=20_000), BASELINE, GOAWAY)
    assert found[BASELINE]["tls_cpu_ns"] == 0
    assert found[GOAWAY]["connections_opened"] == found[GOAWAY]["sent_away"] > 500
    assert found[GOAWAY]["tls_cpu_ns"] == found[GOAWAY]["sent_away"] * 1_500_000
    assert any("one server only" in line for line in apiserver_balance.losses(found))


def test_loses_watches_lag_behind_requests() -> None:
    """Requests are balanced in minutes, watches stay until their own end, 5 to 10 minutes after."""
    params = Params(fault="loss", requests_per_s=1, goaway_ppm=20_000, duration_ns=400 * SECOND)
    found = works(cluster("k8s-1.20", nodes=600), params, BASELINE, GOAWAY)
    work = found[GOAWAY]
    assert work["unbalanced_ns"] < work["watches_unbalanced_ns"]
    assert work["watch_share_ppm"] > work["share_1_ppm"] + 100_000
    assert any("of their watches" in line for line in apiserver_balance.losses(found))


def test_loses_too_little_for_everyone() -> None:
    """Where even all servers are too few, moving only adds handshakes, and it does not settle."""
    params = replace(LOSS, cores=1, requests_per_s=1, duration_ns=100 * SECOND)
    found = works(cluster(nodes=1_500), params, BASELINE, OPTIMIZED)
    before, after = found[BASELINE], found[OPTIMIZED]
    assert before["rejected_late"] > 0 < after["rejected_late"]
    assert after["connections_opened"] > 10 * before["connections_opened"]
    late = units.show_count(after["rejected_late"])
    line = f"optimized: not over at the end: {late} attempts are rejected in the last tenth"
    assert line in apiserver_balance.losses(found)


def test_loses_a_reshuffle_where_nothing_is_wrong() -> None:
    """Balanced before and after, for two handshakes of each client in 600 s."""
    found = works(cluster(), Params(fault="none"), BASELINE, OPTIMIZED)
    assert found[BASELINE]["connections_opened"] == 0
    assert found[OPTIMIZED]["connections_opened"] == 600
    assert found[OPTIMIZED]["unbalanced_ns"] == found[BASELINE]["unbalanced_ns"] == 0
    line = "nothing was wrong, and clients still moved: 600 connections opened, 900 ms of CPU, before 0"
    assert f"optimized: {line}" in apiserver_balance.losses(found)


def test_an_overloaded_server_is_restarted_by_its_probe() -> None:
    """The restart loop of k/k#57405: full, its probe is rejected, it restarts, and its requests fail."""
    params = replace(LOSS, liveness=2)
    work = works(cluster(nodes=900), params, BASELINE)[BASELINE]
    assert work["restarts"] > 0
    assert work["lost"] > works(cluster(nodes=900), LOSS, BASELINE)[BASELINE]["lost"]


def test_profiles_differ_where_the_versions_did() -> None:
    """No GOAWAY in 1.14; fairness queues 3,800 before it rejects; from 1.31 a cold server rejects reads."""
    params = replace(LOSS, goaway_ppm=20_000, cores=1)
    old, middle, new = (
        works(cluster(profile, nodes=900), params, BASELINE, GOAWAY)
        for profile in ("k8s-1.14", "k8s-1.20", "k8s-1.36")
    )
    assert old[GOAWAY]["sent_away"] == 0 < middle[GOAWAY]["sent_away"]
    assert any("flag not there" in line for line in apiserver_balance.losses(old))
    assert (old[BASELINE]["peak_in_flight"], middle[BASELINE]["peak_in_flight"]) == (600, 3_800)
    assert new[GOAWAY]["rejected"] > middle[GOAWAY]["rejected"]
    assert old[BASELINE]["requests"] == new[BASELINE]["requests"] == 180_000


@pytest.mark.tiny
def test_variants_get_the_same_requests_and_repeat() -> None:
    """A seed fixes every counter; another seed is another load."""
    params = Params(fault="loss", duration_ns=60 * SECOND)
    one, again = (works(cluster(nodes=20), params) for _ in range(2))
    assert one == again
    assert len({work["requests"] for work in one.values()}) == 1
    assert works(cluster(nodes=20, seed=2), params) != one
    assert {metric.name for metric in apiserver_balance.MECHANISM.metrics} == one[BASELINE].keys()


def broken(outcome: Outcome, request: int, ends: int, finished: int | None = None) -> Outcome:
    """Return an outcome in which one request ended otherwise."""
    answer = outcome.answer
    wrong = apiserver_balance.Answer(answer.ends.copy(), answer.finished.copy())
    wrong.ends[request] = ends
    if finished is not None:
        wrong.finished[request] = finished
    return Outcome(outcome.work, wrong)


@pytest.mark.tiny
def test_a_request_lost_or_served_twice_is_caught() -> None:
    """The first one is named; so is one that ended before it was sent, and an attempt that went missing."""
    params = Params(fault="loss", duration_ns=60 * SECOND)
    on = cluster(nodes=20)
    load, found = balance_load.make(on, params), outcomes(on, params)
    for ends, said in ((0, "0 times and gave it up 0"), (2, "2 times"), (257, "1 times and gave it up 1")):
        with pytest.raises(WrongAnswer, match=f"optimized served request 7 {said}"):
            apiserver_balance.agree(load, found | {OPTIMIZED: broken(found[OPTIMIZED], 7, ends)})
    with pytest.raises(WrongAnswer, match="optimized ended request 7 at 3 ns, before it was sent at"):
        apiserver_balance.agree(load, found | {OPTIMIZED: broken(found[OPTIMIZED], 7, 1, 3)})
    fewer = apiserver_balance.Answer(found[OPTIMIZED].answer.ends[:-1], found[OPTIMIZED].answer.finished[:-1])
    with pytest.raises(WrongAnswer, match="optimized ended 239 requests, 240 were sent"):
        apiserver_balance.agree(load, found | {OPTIMIZED: Outcome(found[OPTIMIZED].work, fewer)})
    for name, said in (
        ("attempts", "served and failed attempts"),
        ("retried", "retries and requests given up"),
    ):
        work: Work = {**found[OPTIMIZED].work, name: found[OPTIMIZED].work[name] + 1}
        with pytest.raises(WrongAnswer, match=said):
            apiserver_balance.agree(load, found | {OPTIMIZED: Outcome(work, found[OPTIMIZED].answer)})


@pytest.mark.parametrize("servers", [1, 2, 100, 1000])
@pytest.mark.parametrize("fault", ["upgrade", "loss"])
def test_any_number_of_servers(servers: int, fault: str) -> None:
    """One server or a thousand; several are restarted together where there are many."""
    params = Params(fault=fault, lose=int(servers == 1), requests_per_s=QUIET)  # type: ignore[arg-type]
    found = works(cluster(nodes=500, servers=servers), params)
    assert all(work["served"] + work["given_up"] == 3_000 for work in found.values())
    assert found[SURGE]["share_1_ppm"] >= 990_000 // servers  # a client that asks nothing is not back


def test_nobody_to_connect_to() -> None:
    """All servers at once: requests find none, wait and are tried again."""
    work = works(cluster(), Params(fault="loss", lose=3, down_ns=5 * SECOND), BASELINE)[BASELINE]
    assert work["no_server"] > 0
    assert work["given_up"] == 0
    assert work["request_max_ns"] > 4 * SECOND
