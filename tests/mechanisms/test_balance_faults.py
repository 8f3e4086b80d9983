"""What happens to API servers in an upgrade: who waits for whom, in turn and with a whole new set."""

from dataclasses import replace

import pytest
from balance_loads import cluster, works

from kscale.kernels import balance
from kscale.mechanisms import balance_faults
from kscale.mechanisms.apiserver_balance import SURGE
from kscale.mechanisms.balance_params import SECOND, Params
from kscale.mechanisms.base import BASELINE

UPGRADE = Params(down_ns=20 * SECOND, cold_ns=30 * SECOND)


def moments(event: int, servers: int, params: Params, *, surge: bool) -> list[tuple[int, int]]:
    """Return when *event* happens, in s after the fault, and where."""
    found = balance_faults.timeline(servers, params, surge=surge).tolist()
    fault = balance_faults.fault_ns(params)
    return [((when - fault) // SECOND, where) for when, what, where in found if what == event]


@pytest.mark.tiny
@pytest.mark.parametrize(("wait_warm", "step"), [(True, 50), (False, 20)])
def test_both_upgrades_wait_for_the_same(*, wait_warm: bool, step: int) -> None:
    """The next server, or the whole old set, stops when the last one is warm, or when it is only back."""
    params = replace(UPGRADE, wait_warm=wait_warm)
    assert moments(balance.STOP, 3, params, surge=False) == [(0, 0), (step, 1), (2 * step, 2)]
    assert moments(balance.START, 3, params, surge=False) == [(20, 0), (step + 20, 1), (2 * step + 20, 2)]
    assert moments(balance.STOP, 3, params, surge=True) == [(step, 0), (step, 1), (step, 2)]
    assert moments(balance.START, 3, params, surge=True) == [(20, 3), (20, 4), (20, 5)]


@pytest.mark.tiny
@pytest.mark.parametrize(("servers", "at_once"), [(1, 1), (2, 1), (3, 2), (5, 3), (1000, 500)])
def test_a_short_upgrade_takes_several_together_and_never_all(servers: int, at_once: int) -> None:
    """Two steps fit into two thirds of 150 s: half of the servers each."""
    params = replace(UPGRADE, duration_ns=150 * SECOND)
    stopped = moments(balance.STOP, servers, params, surge=False)
    assert [where for _, where in stopped] == list(range(servers))
    assert sum(when == 0 for when, _ in stopped) == at_once
    assert {when for when, _ in stopped} <= {0, 50}
    assert len(moments(balance.START, servers, params, surge=False)) == servers


@pytest.mark.tiny
def test_a_step_of_an_upgrade_fits_into_a_third() -> None:
    """Restart and cold caches together, where the upgrade waits for both."""
    with pytest.raises(ValueError, match=r"^down_ns \+ cold_ns must be at most a third of duration_ns, 30 s"):
        Params(duration_ns=90 * SECOND)
    assert Params(duration_ns=90 * SECOND, wait_warm=False).wait_warm is False
    assert Params(duration_ns=90 * SECOND, fault="loss").down_ns == 20 * SECOND


def test_loses_a_surge_that_does_not_wait() -> None:
    """All clients come to cold servers at once; one after the other, only some do."""
    params = Params(requests_per_s=0.4, wait_warm=False, duration_ns=150 * SECOND)
    found = works(cluster(nodes=5000), params, BASELINE, SURGE)
    assert found[SURGE]["rejected"] > found[BASELINE]["rejected"]
    waited = works(cluster(nodes=5000), replace(params, wait_warm=True), SURGE)[SURGE]
    assert waited["rejected"] == 0
