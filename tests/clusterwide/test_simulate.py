"""The whole control plane on one clock: its books balance, and it counts what its mechanisms count alone."""

import hashlib
import json
from dataclasses import asdict

import pytest
from made_sizes import QUIET, S, cluster, ran, sized

from kscale.clusterwide import arithmetic, books, costing, load, scheduling, size, toggles, world
from kscale.clusterwide.record import STATIONS, Simulated
from kscale.clusterwide.simulate import Asked, simulate
from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_stations as cs
from kscale.kernels import cluster_tables as ct
from kscale.mechanisms import node_lease
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.mechanisms.lease_load import Params

LEASES = frozenset({"node-lease"})


def digest(run: Simulated) -> str:
    """Return the hash of every number a run came to."""
    whole = asdict(run)
    kept = {
        name: whole[name] for name in ("events", "slis", "stages", "stations", "counts", "series", "sample")
    }
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


@pytest.mark.tiny
def test_equal_seeds_give_equal_runs_with_and_without_the_jit() -> None:
    """The same digests in both passes of the suite, on every machine."""
    of = sized(nodes=12, changes=3)
    found = {
        name: digest(ran(of, set_, seconds=6))
        for name, set_ in (("none", toggles.NONE), ("all", toggles.ALL))
    }
    assert found == {"none": "98cb8e089b3fc40e", "all": "861ca1f99eba2a49"}


def test_another_seed_is_another_run() -> None:
    """Pods come at other times, nodes beat at others."""
    of = sized()
    assert digest(ran(of)) == digest(ran(of))
    assert digest(ran(of)) != digest(ran(of, seed=1))


@pytest.mark.parametrize(
    "on", ["none", "all", "all,-node-lease", "etcd-offload", "etcd-sharding,etcd-freelist"]
)
def test_nothing_is_lost_and_nothing_happens_twice(on: str) -> None:
    """Every pod that was asked for runs in the end; conservation and Little's law hold at every station."""
    of = sized(changes=10)
    run = ran(of, toggles.parse(on, {}), seconds=40)
    assert run.counts["pods-asked"] == 200
    late = [pod for pod in run.sample if pod.times[-1] is None]
    assert all(pod.times[0] is not None and pod.times[0] > 36 * S for pod in late)
    for one in run.stations:
        assert one.entered - one.left == one.inside
        assert one.area_ns == one.sojourn_ns
    assert run.holds


def test_books_that_do_not_balance_are_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that came twice, one that was never counted, a pod that ran before it was bound: each is found."""
    of, plan = sized(), load.plan(sized(), 0, 5 * S)
    placed = scheduling.placed(of, toggles.NONE, 0, plan.pods)
    run = world.begin(of, toggles.NONE, 0, 5 * S, placed, plan)
    world.advance(run, 5 * S)
    cs.close(run.stations, 5 * S)
    books.balance(run)
    run.stations[2, cs.ENTERED] += 1
    with pytest.raises(WrongAnswer, match="station 2:"):
        books.balance(run)
    run.stations[2, cs.ENTERED] -= 1
    run.stations[3, cs.SOJOURN] += 7
    with pytest.raises(WrongAnswer, match="inside over time"):
        books.balance(run)
    run.stations[3, cs.SOJOURN] -= 7
    run.pods[0, 5] = 0
    with pytest.raises(WrongAnswer, match="out of order"):
        books.balance(run)


@pytest.mark.parametrize(("on", "variant"), [(toggles.NONE, BASELINE), (LEASES, OPTIMIZED)])
def test_heartbeats_alone_are_those_of_node_lease(on: toggles.Toggles, variant: str) -> None:
    """The same writes, one by one, and the same bytes in the log, but for what is under way at the end."""
    made = cluster(nodes=300, changes=0.001, simulation={"reads": QUIET})
    params = Params(duration_ns=120 * S, failures=0)
    alone = node_lease.MECHANISM
    workload = alone.prepare(made, params)
    work = alone.variants[variant].run(alone.variants[variant].build(workload)).work
    run = ran(size.of(made), on, seconds=120)
    assert run.counts["status-writes"] == work["status_writes"]
    assert run.counts["lease-writes"] == work["lease_writes"]
    sent = run.counts["status-writes"] + run.counts["lease-writes"]
    record = made.costs["etcd_wal_record_bytes"]
    expected = work["status_writes"] * (15_360 + record) + work["lease_writes"] * (300 + record)
    assert 0 <= sent - run.counts["writes"] <= 3
    assert 0 <= expected - run.counts["log-bytes"] <= 3 * (15_360 + record)


def test_the_scheduler_alone_evaluates_every_node() -> None:
    """Without its optimizations each pod costs as many evaluations as there are nodes."""
    run = ran(sized(nodes=70, changes=8), seconds=30)
    done = sum(1 for _ in range(run.stages["scheduled"].count - run.stages["scheduled"].unanswered))
    assert run.counts["evaluations"] == 70 * done
    sampled = ran(sized(nodes=700, changes=8), frozenset({"sched-sampling"}), seconds=30)
    assert sampled.counts["evaluations"] < 700 * sampled.stages["scheduled"].count


def test_every_client_hears_of_every_event() -> None:
    """Deliveries: the clients that watch a type, for each event, and the one kubelet that it concerns."""
    of = sized(changes=6, simulation={"reads": QUIET, "events_per_change": 0, "others_per_change": 0})
    run = ran(of, toggles.NONE, seconds=60)
    clients = of.control_plane.controllers + 1  # and the scheduler
    pods = run.counts["events-published"] - run.counts["status-writes"]
    concerned = run.counts["status-writes"] + sum(
        run.stages[name].count - run.stages[name].unanswered for name in ("bound", "known")
    )
    least = run.counts["events-published"] * clients + concerned
    assert pods > 0
    assert least - 40 * clients <= run.counts["deliveries"] <= least + 2 * run.counts["pods-asked"] * clients


def test_the_index_spares_tests_and_nothing_else() -> None:
    """As many events reach as many watchers; without the index every kubelet's selector is tested."""
    of = sized(nodes=200, changes=6)
    flat, index = ran(of), ran(of, frozenset({"watch-fanout"}))
    assert flat.counts["deliveries"] == index.counts["deliveries"]
    assert flat.counts["tests"] > 2 * index.counts["tests"]


def test_work_follows_the_utilisation_law() -> None:
    """Rate times cost is what each station was busy, for a load that is steady."""
    of = sized(nodes=400, changes=40, profile="k8s-1.36")
    run = ran(of, toggles.ALL, seconds=120)
    tables, rates = costing.of(of, toggles.ALL), load.rates(of, toggles.ALL)
    writes = tables.requests[:, ct.PATH] == ct.PUT
    assert run.counts["writes"] == pytest.approx(rates[writes].sum() * 120 / 1000, rel=0.03)
    scheduler = run.station("scheduler")
    cycles = sum(pod.times[3] is not None for pod in run.sample)
    assert cycles > 0
    mean = tables.scheduler_ns + run.counts["evaluations"] * tables.scheduler_ps_per_evaluation / 1000 / (
        scheduler.left
    )
    assert scheduler.busy_ns == pytest.approx(scheduler.left * mean, rel=0.001)


def test_a_store_that_fills_refuses_writes() -> None:
    """Without leases a small quota is reached in the run: refusals are counted, and break an objective."""
    of = sized(nodes=400, control_plane={"etcd": {"quota": "300MiB"}})
    run = ran(of, toggles.NONE, seconds=120)
    assert run.counts["no-space"] > 0
    assert run.blame == "etcd-store"
    assert not next(one for one in run.verdicts if one.objective == "lost").holds
    assert ran(of, LEASES, seconds=120).counts["no-space"] == 0


def test_a_hopeless_run_ends_early_and_says_why() -> None:
    """It is judged by what there was, and does not hold."""
    of = sized(nodes=400, control_plane={"etcd": {"quota": "300MiB"}})
    run = simulate(of, Asked(toggles.NONE, 0, duration_ns=300 * S, early=True))
    assert run.stopped == "lost"
    assert run.ended_ns < 300 * S
    assert not run.holds


@pytest.mark.parametrize("profile", ["k8s-1.14", "k8s-1.36"])
def test_a_run_beyond_all_capacity_ends(profile: str) -> None:
    """A thousand times too much: what cannot be done is refused, given up or left waiting, and counted."""
    of = sized(nodes=30, changes=3000, profile=profile, control_plane={"apiservers": 1, "apiserver_cores": 1})
    run = ran(of, toggles.NONE, seconds=20)
    assert run.ended_ns == 20 * S
    assert not run.holds
    assert run.blame in STATIONS


def test_reads_beyond_all_capacity_are_counted_one_by_one() -> None:
    """20,000 a second, of which a core does some hundreds: more than there is room for at first."""
    of = sized(
        nodes=200,
        control_plane={"apiservers": 1, "apiserver_cores": 1},
        simulation={"reads": QUIET | {"get": "20000/s"}},
    )
    run = ran(of, seconds=5)
    assert run.station("clients").peak > 2 * of.nodes + world.SPARE_SLOTS
    assert not run.stopped
    assert not run.holds


def test_a_run_that_has_no_room_left_ends_and_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, at the time at which that was, and its books balance."""
    monkeypatch.setattr(world, "MOST_UNDER_WAY", 20_000)
    of = sized(nodes=200, simulation={"reads": QUIET | {"get": "20000/s"}}, control_plane={"apiservers": 1})
    run = ran(of, seconds=10)
    assert run.stopped == world.DIVERGED
    assert 0 < run.ended_ns < 10 * S
    assert not next(one for one in run.verdicts if one.objective == "lost").holds
    assert run.station("clients").peak <= 20_000


def test_room_is_made_without_changing_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests and events that begin with almost no room give the same run."""
    of = sized(changes=20)
    wanted = digest(ran(of))
    monkeypatch.setattr(world, "SPARE_SLOTS", -2 * of.nodes + 16)
    assert digest(ran(of)) == wanted


def test_who_lists_again_is_counted() -> None:
    """Kubelets that restart list their pods, and so does a cold controller manager; neither was refused."""
    base = sized(nodes=100, changes=5)
    faults = [
        {"kind": "kubelet-restart", "at": "3s", "share": "50%"},
        {"kind": "controller-crash", "at": "5s"},
    ]
    of = sized(nodes=100, changes=5, simulation={"faults": faults})
    before, after = ran(base, seconds=60), ran(of, seconds=60)
    warm = ran(of, frozenset({"controller-standby"}), seconds=60)
    assert before.counts["relists"] == before.counts["gone-410"]
    assert after.counts["relists"] == after.counts["gone-410"] + 50 + 1
    assert warm.counts["relists"] == warm.counts["gone-410"] + 50


@pytest.mark.parametrize("controllers", [0, 1, 7])
def test_the_clients_that_watch_are_one_number(controllers: int) -> None:
    """The scheduler and the controllers, of which there is one at least; for costs, runs and arithmetic."""
    of = sized(control_plane={"controllers": controllers})
    plan = load.plan(of, 0, S)
    run = world.begin(of, toggles.NONE, 0, S, scheduling.placed(of, toggles.NONE, 0, plan.pods), plan)
    assert costing.of(of, toggles.NONE).clients == 1 + max(1, controllers)
    assert len(run.nodes) - of.nodes == run.servers[:, cr.FOLLOWING].sum() == 1 + max(1, controllers)
    assert load.asking_row(of, controllers + 5) < len(run.nodes)


@pytest.mark.parametrize("seconds", [0.5, 4000])
def test_a_duration_out_of_reach_is_refused(seconds: float) -> None:
    """Times are drawn in microseconds of 32 bits; a run has one second at least."""
    with pytest.raises(KscaleError, match="1s to 1h"):
        simulate(sized(), Asked(toggles.NONE, 0, duration_ns=int(seconds * S)))


@pytest.mark.parametrize("on", [toggles.NONE, toggles.ALL])
def test_arithmetic_and_simulation_agree_on_a_calm_cluster(on: toggles.Toggles) -> None:
    """Where nothing waits, load over capacity is what the stations show: the utilisation law."""
    of = sized(nodes=300, changes=20, profile="k8s-1.36")
    run, offered = ran(of, on, seconds=240), arithmetic.offered(of, on)
    for name in ("apiserver-cpu", "etcd-log", "etcd-apply", "scheduler"):
        assert run.station(name).utilisation_ppm == pytest.approx(offered[name].ppm, rel=0.12), name
