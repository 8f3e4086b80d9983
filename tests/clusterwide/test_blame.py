"""Which station is blamed: make one the bottleneck, and giving it more must help."""

from typing import Any

import pytest
from made_sizes import S, ran, sized

from kscale.clusterwide import toggles
from kscale.clusterwide.record import Simulated
from kscale.clusterwide.simulate import Asked, simulate
from kscale.clusterwide.toggles import NONE, Toggles

LEASES = frozenset({"node-lease"})


def run(on: Toggles = NONE, seconds: int = 40, **more: Any) -> Simulated:  # noqa: ANN401 - keys of a scenario
    """Return a run of a small cluster with other settings."""
    return ran(sized(**more), on, seconds=seconds)


def test_the_scheduler_is_blamed_when_pods_wait_for_it() -> None:
    """1,000 nodes for each of 200 pods a second are too many evaluations; samples of them are not."""
    slow = run(nodes=1000, changes=400)
    assert slow.blame == "scheduler"
    assert run(frozenset({"sched-sampling"}), nodes=1000, changes=400).blame != "scheduler"


def test_the_store_is_blamed_when_it_is_full() -> None:
    """Also where another station is full from the first second, and has nothing to do with it."""
    plane = {"etcd": {"quota": "300MiB"}, "controller_qps": 5}
    full = run(seconds=120, nodes=400, changes=4, control_plane=plane)
    assert full.counts["no-space"] > 0
    assert full.blame == "etcd-store"
    room = run(seconds=120, nodes=400, changes=4, control_plane={"etcd": {"quota": "8GiB"}})
    assert room.holds
    assert room.blame == ""


def test_the_cores_are_blamed_when_requests_wait_for_them() -> None:
    """One server of one core does not serve what three of 32 do."""
    reads = {"reads": {"get": "3000/s", "list-node": "0/s", "list-namespace": "0/s", "list-all": "0/s"}}
    few = run(LEASES, control_plane={"apiservers": 1, "apiserver_cores": 1}, simulation=reads)
    assert few.blame == "apiserver-cpu"
    assert run(LEASES, simulation=reads).holds


def test_clients_are_blamed_when_what_is_asked_for_is_never_sent() -> None:
    """A QPS below what is wanted: nothing else waits, every latency is good, and yet it breaks."""
    slow = run(changes=40, control_plane={"controller_qps": 10})
    broken = [one.objective for one in slow.verdicts if not one.holds]
    assert broken == ["waiting"]
    assert slow.blame == "clients"
    assert run(changes=40).holds


def test_nobody_is_blamed_for_a_zone_that_is_cut_off() -> None:
    """Pods that go there wait, and no station is anywhere near full."""
    cut = {"faults": [{"kind": "partition", "at": "5s", "lasts": "60s", "zone": 1}]}
    found = run(toggles.ALL, changes=10, simulation=cut)
    assert not found.holds
    assert found.blame == ""


@pytest.mark.parametrize("seed", [0, 1])
def test_a_run_that_ends_early_blames_as_the_whole_run_does(seed: int) -> None:
    """The station is that of what broke."""
    of = sized(nodes=1000, changes=500)
    early = simulate(of, Asked(NONE, seed, duration_ns=60 * S, early=True))
    assert early.ended_ns < 60 * S
    assert early.blame == ran(of, seed=seed, seconds=60).blame == "scheduler"
