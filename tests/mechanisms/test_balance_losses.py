"""What apiserver-balance says where a variant is worse than the baseline: whole sentences."""

import pytest
from balance_loads import cluster, works

from kscale.mechanisms import apiserver_balance
from kscale.mechanisms.apiserver_balance import RECONNECT, SURGE
from kscale.mechanisms.balance_params import SECOND, Params
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Work

MINUTE = 60 * SECOND
EVEN: Work = {
    "servers": 3,
    "rejected": 1_000,
    "given_up": 20,
    "request_p99_ns": 100_000_000,
    "request_max_ns": 2 * SECOND,
    "connections_opened": 500,
    "tls_cpu_ns": 750_000_000,
    "extra_server_ns": 0,
    "balanced": 1,
    "unbalanced_ns": 0,
    "rejected_late": 0,
    "share_1_ppm": 333_333,
    "watch_share_ppm": 333_333,
}


def said(name: str, **other: int) -> tuple[str, ...]:
    """Return what is said of a variant that differs from an even baseline in some counters."""
    return apiserver_balance.losses({BASELINE: EVEN, name: {**EVEN, **other}})


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("other", "line"),
    [
        ({"rejected": 1_001}, "1,001 attempts are rejected, before 1,000"),
        ({"given_up": 21}, "21 requests are given up, before 20"),
        ({"request_p99_ns": 106_000_000}, "p99 of a request is 106 ms, before 100 ms"),
        ({"request_max_ns": 3 * SECOND}, "the longest request took 3 s, before 2 s"),
        (
            {"connections_opened": 600, "tls_cpu_ns": 900_000_000},
            "600 connections opened, 900 ms of CPU, before 500",
        ),
        ({"extra_server_ns": 120 * SECOND}, "twice the servers, 6 in place of 3, for 40 s"),
        (
            {"balanced": 0, "unbalanced_ns": 9 * MINUTE, "share_1_ppm": 448_000, "watch_share_ppm": 448_000},
            "not balanced at the end, after 9 min: one server has 44.8 % of the clients",
        ),
        ({"rejected_late": 77}, "not over at the end: 77 attempts are rejected in the last tenth"),
        (
            {"watch_share_ppm": 600_000},
            "one server has 33.3 % of the clients' requests and 60.0 % of their watches",
        ),
    ],
)
def test_each_loss_is_a_sentence(other: dict[str, int], line: str) -> None:
    """One counter worse, one sentence; nothing is said of another."""
    assert said(RECONNECT, **other) == (f"reconnect: {line}",)


@pytest.mark.tiny
def test_nothing_is_said_of_what_is_better_or_hardly_worse() -> None:
    """Less of everything; p99 and connections up to a 20th more."""
    assert said(RECONNECT) == ()
    assert said(RECONNECT, rejected=0, given_up=0, request_p99_ns=1, connections_opened=0) == ()
    assert said(RECONNECT, request_p99_ns=105_000_000, connections_opened=525) == ()


@pytest.mark.tiny
def test_a_baseline_that_never_balances_is_said_to() -> None:
    """The time without balance ends with the run, not by itself."""
    never = {**EVEN, "balanced": 0, "unbalanced_ns": 9 * MINUTE, "share_1_ppm": 626_000}
    assert apiserver_balance.losses({BASELINE: never, OPTIMIZED: EVEN}) == (
        "baseline: not balanced at the end, after 9 min: one server has 62.6 % of the clients",
    )


def test_a_surge_can_be_worse_than_restarts_in_turn() -> None:
    """Upgrades that wait for no cache: a whole new set is cold for all clients at once."""
    params = Params(requests_per_s=0.4, wait_warm=False, duration_ns=150 * SECOND)
    found = works(cluster(nodes=5_000), params, BASELINE, SURGE)
    assert apiserver_balance.losses(found) == (
        "baseline: not balanced at the end, after 2.25 min: one server has 62.4 % of the clients",
        "surge: 99,598 attempts are rejected, before 56,986",
        "surge: 2,716 requests are given up, before 1,736",
        "surge: p99 of a request is 10 s, before 8.13 s",
        "surge: twice the servers, 6 in place of 3, for 20 s",
    )
