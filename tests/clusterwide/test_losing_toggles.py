"""Optimizations lose in the whole cluster where their mechanisms lose: copies, connections, outside reads."""

from dataclasses import replace

import pytest
from made_sizes import QUIET, S, ran, sized

from kscale.clusterwide import arithmetic, costing, size
from kscale.clusterwide.toggles import NONE
from kscale.kernels import cluster_tables as ct

STANDBY, BALANCE, OFFLOAD = (
    frozenset({name}) for name in ("controller-standby", "apiserver-balance", "etcd-offload")
)


def test_a_learner_costs_nothing_where_nothing_fails() -> None:
    """A toggle that does nothing changes nothing, in any output."""
    of = sized(changes=5)
    assert replace(ran(of, frozenset({"etcd-learner"})), toggles=()) == ran(of)


def test_a_warm_copy_hears_of_everything_all_the_time() -> None:
    """One more watch of nodes, pods and other objects, encoded for it too; nothing else is different."""
    of = sized(changes=5, simulation={"reads": QUIET, "events_per_change": 0})
    cold, warm = ran(of), ran(of, STANDBY)
    assert warm.counts["deliveries"] - cold.counts["deliveries"] == cold.counts["events-published"]
    assert warm.counts["writes"] == cold.counts["writes"]
    assert warm.station("apiserver-cpu").busy_ns > cold.station("apiserver-cpu").busy_ns
    tables = costing.of(of, STANDBY)
    assert tables.clients == costing.of(of, NONE).clients + 1
    assert arithmetic.loads(of, STANDBY)["apiserver-cpu"] > arithmetic.loads(of)["apiserver-cpu"]


def test_only_clients_that_were_refused_several_times_move() -> None:
    """Three refusals within ten seconds, as in apiserver-balance; before, at most so many watches ended."""
    plane = {"apiservers": 2, "apiserver_cores": 1}
    of = sized(nodes=30, changes=3000, control_plane=plane)
    run = ran(of, BALANCE, seconds=10)
    assert run.counts["refused-429"] > 100
    assert 0 < run.counts["clients-moved"] <= run.counts["refused-429"] // 3 + of.nodes


def test_a_kubelet_that_is_cut_off_stays_where_it_is() -> None:
    """It reaches no server that could refuse it."""
    cut = {"faults": [{"kind": "partition", "at": "5s", "lasts": "20s", "zone": 1}]}
    calm, run = ran(sized(nodes=60), BALANCE, seconds=30), ran(sized(nodes=60, simulation=cut), BALANCE)
    assert run.counts["heartbeats-missed"] + run.counts["refused-429"] > 0
    assert run.counts["clients-moved"] <= calm.counts["clients-moved"]


def test_who_moves_pays_for_a_handshake() -> None:
    """Each client that takes another server costs it one, and so does each that lost its server."""
    of, more = sized(nodes=300), 40_000_000
    dear = size.with_costs(of, {"tls_handshake_cpu_ns": of.costs["tls_handshake_cpu_ns"] + more})
    for on, moves in ((NONE, False), (BALANCE, True)):
        run, other = ran(of, on, seconds=60), ran(dear, on, seconds=60)
        moved = run.counts["clients-moved"]
        assert (moved > 0) == moves
        busy = other.station("apiserver-cpu").busy_ns - run.station("apiserver-cpu").busy_ns
        assert busy == pytest.approx(moved * more, rel=0.02)
    assert arithmetic.loads(of, BALANCE)["apiserver-cpu"] > arithmetic.loads(of)["apiserver-cpu"]


def test_who_lost_its_server_pays_for_a_handshake() -> None:
    """Also without balanced servers: a connection that broke is made again, and secured again."""
    lost = {"faults": [{"kind": "apiserver-restart", "at": "5s", "lasts": "5s", "count": 1}]}
    of, more = sized(nodes=300, simulation=lost), 10_000_000
    dear = size.with_costs(of, {"tls_handshake_cpu_ns": of.costs["tls_handshake_cpu_ns"] + more})
    run, other = ran(of, seconds=30), ran(dear, seconds=30)
    busy = other.station("apiserver-cpu").busy_ns - run.station("apiserver-cpu").busy_ns
    calm = ran(sized(nodes=300), seconds=30)
    again = sum(run.counts[name] - calm.counts[name] for name in ("resumed", "gone-410"))
    assert 50 < again <= run.counts["clients-moved"]
    assert busy == again * more


def test_values_outside_of_etcd_are_read_outside() -> None:
    """A read pays a round trip and its bytes there; etcd walks its index only, and serves from it."""
    of = sized(profile="k8s-1.14")
    inside, outside = costing.of(of, NONE).requests, costing.of(of, OFFLOAD).requests
    trip, ps = of.costs["outside_round_trip_ns"], of.costs["outside_ps_per_byte"]
    pod = 10_240
    for kind, values in ((ct.GET, 1), (ct.LIST_NODE, of.pods), (ct.LIST_ALL, of.pods)):
        wait = outside[kind, ct.WAIT] - inside[kind, ct.WAIT]
        assert wait == trip + values * pod * ps // 1000
        assert outside[kind, ct.CPU] == inside[kind, ct.CPU]
    walked = of.pods * (pod - costing.INDEX_BYTES) * of.costs["list_etcd_cpu_ps_per_byte"] // 1000
    less = inside[ct.LIST_ALL, ct.ETCD_CPU] - outside[ct.LIST_ALL, ct.ETCD_CPU]
    assert less == pytest.approx(walked, abs=1)
    assert outside[ct.LIST_ALL, ct.HOLD] < inside[ct.LIST_ALL, ct.HOLD]
    assert outside[ct.GET, ct.ETCD_CPU] == inside[ct.GET, ct.ETCD_CPU]
    cached = frozenset({"list-index"})
    without, with_it = (costing.of(of, on).requests for on in (cached, cached | OFFLOAD))
    for kind in (ct.LIST_NODE, ct.LIST_ALL):
        assert without[kind].tolist() == with_it[kind].tolist()
    reading = sized(simulation={"reads": QUIET | {"get": "20/s"}})
    late = {on: ran(reading, on).slis for on in (NONE, OFFLOAD)}
    slowest = {on: max(w.largest or 0 for w in found[1].windows) for on, found in late.items()}
    assert slowest[OFFLOAD] >= slowest[NONE] + trip // 2
    assert slowest[OFFLOAD] < S
