"""The load of API servers: what is refused, and what a plan says of it."""

import pytest
from balance_loads import VARIANTS, cluster

from kscale.errors import KscaleError
from kscale.mechanisms import balance_load
from kscale.mechanisms.balance_params import SECOND, Params
from kscale.mechanisms.base import BASELINE


@pytest.mark.tiny
def test_what_does_not_go_together_is_one_line() -> None:
    """More servers lost than there are, none lost, restarts longer than the time there is."""
    with pytest.raises(KscaleError, match=r"lose must be at most the 3 API servers, got 4$"):
        balance_load.make(cluster(), Params(fault="loss", lose=4))
    with pytest.raises(
        KscaleError, match=r"^apiserver-balance: fault loss needs 2 API servers, or lose: 1; there is 1$"
    ):
        balance_load.make(cluster(servers=1), Params(fault="loss"))
    with pytest.raises(ValueError, match=r"^down_ns must be at most a third of duration_ns, 10 s, got 20 s$"):
        Params(duration_ns=30 * SECOND)
    with pytest.raises(ValueError, match=r"^cold_ns must be at most a third of duration_ns, 10 s, got 11 s$"):
        Params(duration_ns=30 * SECOND, down_ns=SECOND, cold_ns=11 * SECOND)


@pytest.mark.tiny
def test_attempts_are_bounded() -> None:
    """Every request tried to the last, and every reshuffle: 300 x (1,000 x 600 x 11 + 2)."""
    with pytest.raises(
        KscaleError,
        match=r"^apiserver-balance: 300 clients may take 1,980,000,600 attempts, at most 30,000,000;"
        r" lower duration_ns, requests_per_s or retries$",
    ):
        balance_load.make(cluster(), Params(requests_per_s=1000))
    assert balance_load.most_attempts(cluster(), Params(retries=0)) == 300 * (120 + 2)
    assert balance_load.most_attempts(cluster(), Params(retries=1000, reshuffle_ns=SECOND)) == 300 * 120_720


@pytest.mark.tiny
def test_a_plan_counts_what_is_tried_again() -> None:
    """What one server cannot do is tried again ten times; three can do all."""
    quiet, storm = (
        balance_load.cost_ns(
            cluster(nodes=900), Params(fault=fault, requests_per_s=1, cores=2, duration_ns=200 * SECOND)
        )
        for fault in ("none", "loss")
    )
    assert quiet == 1e5 + 180_000 * 305
    assert storm == pytest.approx(1e5 + 180_000 * (305 + 10 * 400 * (1 - 2 / 4.5)))


@pytest.mark.tiny
def test_memory_grows_with_what_is_asked_for() -> None:
    """The bound is above the arrays of the load and of a run."""
    load = balance_load.make(cluster(), Params(duration_ns=120 * SECOND))
    state = VARIANTS[BASELINE].build(load)
    held = sum(one.nbytes for one in (load.arrives, load.asked, load.shuffled, load.rolling, load.surging))
    held += sum(
        one.nbytes for one in (state.jobs, state.finished, state.clients, state.servers, *state.heaps)
    )
    assert balance_load.memory(cluster(), Params(duration_ns=120 * SECOND)) > held
    many = Params(requests_per_s=50, duration_ns=120 * SECOND)
    assert balance_load.memory(cluster(), many) > 1_800_000 * 50
