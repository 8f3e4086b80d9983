"""What happens in a simulation is read as people write it, fits the cluster, and becomes records."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import recorded_clusters as small

from kscale.errors import KscaleError
from kscale.scenario import build, load, profiles, recorded, resolve, shipped, simulated
from kscale.scenario.cluster import ControlPlane, Fault, Simulation, Workload
from kscale.scenario.schema import Scenario
from kscale.scenario.schema_simulation import FAULTS, WORKLOADS, ReadsSpec

WHOLE = """
cluster: {nodes: {count: 30}, pods: {count: 600}}
control_plane:
  apiservers: 5
  apiserver_cores: 64
  etcd: {members: 3, cores: 8}
  scheduler_qps: 0
  controller_qps: 20
simulation:
  duration: 10min
  events_per_change: 1.5
  others_per_change: 0.125
  reads: {get: 200/s, list-node: 30/min, list-namespace: 0, list-all: 36/h}
  workloads:
  - {kind: burst, at: 3min, pods: 5k, rate: 500/s}
  - {kind: rolling-update, at: 2min, pods: 200, surge: 10}
  faults:
  - {kind: kubelet-restart, at: 6min, share: 50%}
  - {kind: apiserver-restart, at: 3min, lasts: 20s, count: 2}
  - {kind: etcd-member-loss, at: 3min, lasts: 1h}
  - {kind: partition, at: 4min, lasts: 1min, zone: 2}
  - {kind: controller-crash, at: 5min}
"""
S = profiles.S


def built(text: str) -> tuple[Simulation, ControlPlane]:
    """Return the simulation and the servers of a scenario."""
    cluster = build.build(load.parse(text.encode(), "x.yaml", "x.yaml").scenario)
    return cluster.simulation, cluster.control_plane


def test_everything_given_is_in_the_records() -> None:
    """Rates in 1,000 s, shares in millionths, what happens in order of time."""
    simulation, plane = built(WHOLE)
    assert simulation == Simulation(
        duration_ns=600 * S,
        workloads=(
            Workload("rolling-update", 120 * S, 200, surge=10),
            Workload("burst", 180 * S, 5000, rate_milli=500_000),
        ),
        faults=(
            Fault("apiserver-restart", 180 * S, 20 * S, count=2),
            Fault("etcd-member-loss", 180 * S, 3600 * S),
            Fault("partition", 240 * S, 60 * S, zone=2),
            Fault("controller-crash", 300 * S, 0),
            Fault("kubelet-restart", 360 * S, 0, share_ppm=500_000),
        ),
        events_per_change_milli=1500,
        others_per_change_milli=125,
        gets_milli=200_000,
        list_node_milli=500,
        list_namespace_milli=0,
        list_all_milli=10,
    )
    assert (plane.apiserver_cores, plane.etcd_cores) == (64, 8)
    assert (plane.scheduler_qps, plane.controller_qps) == (0, 20)


def test_without_any_of_it_the_defaults_hold() -> None:
    """Ten minutes of the load, and the scenario is the one it was before there were simulations."""
    simulation, plane = built("seed: 1\n")
    assert simulation == Simulation(
        gets_milli=100_000, list_node_milli=100, list_namespace_milli=1000, list_all_milli=17
    )
    assert (simulation.duration_ns, simulation.events_per_change_milli) == (600 * S, 2000)
    assert (plane.apiserver_cores, plane.etcd_cores) == (32, 16)
    assert (plane.scheduler_qps, plane.controller_qps) == (1000, 1000)
    resolved = load.parse(b"seed: 1\n", "x", "x").resolved()
    assert "simulation" not in resolved
    assert set(resolved["control_plane"]) == {"apiservers", "controllers", "etcd"}
    assert set(resolved["control_plane"]["etcd"]) == {"members", "fsync", "quota"}


def test_an_empty_block_is_the_defaults() -> None:
    """Every key of it may be left out, and so may those of a fault that are not needed."""
    assert built("simulation: {duration: 10min}\n") == built("seed: 0\n")
    simulation, _ = built(
        "simulation:\n  workloads: [{kind: burst, at: 0, pods: 1}, {kind: rolling-update, at: 1s, pods: 9}]\n"
        "  faults: [{kind: apiserver-restart, at: 0}, {kind: kubelet-restart, at: 1s}]\n"
    )
    assert simulation.workloads == (
        Workload("burst", 0, 1),
        Workload("rolling-update", S, 9, surge=3),  # a quarter, rounded up
    )
    assert simulation.faults == (
        Fault("apiserver-restart", 0, 20 * S),
        Fault("kubelet-restart", S, 0, share_ppm=1_000_000),
    )


def test_what_was_resolved_is_read_again() -> None:
    """Nothing changes the second time, and the file's own words come back."""
    first = load.parse(WHOLE.encode(), "x", "x")
    assert resolve.resolve(Scenario.model_validate(first.resolved())) == first.scenario
    as_file = load.parse(json.dumps(first.resolved()).encode(), "x", "x")
    assert as_file.sha256 == first.sha256
    assert built(json.dumps(first.resolved())) == built(WHOLE)
    said = first.resolved()["simulation"]
    assert said["reads"]["list-node"] == "0.5/s"
    assert said["workloads"][1] == {
        "kind": "rolling-update", "at": "2min", "pods": 200, "surge": 10
    }  # fmt: skip


def test_another_simulation_is_another_scenario() -> None:
    """So that nobody compares the two."""
    one, other = (
        load.parse(f"simulation: {{duration: {text}}}\n".encode(), "x", "x") for text in ("1min", "2min")
    )
    assert one.sha256 != other.sha256


HEAD = "control_plane: {apiservers: 3}\nsimulation:\n  duration: 5min\n"
FAULT = HEAD + "  faults:\n  - {kind: controller-crash, at: 1s}\n  - "
WORK = HEAD + "  workloads:\n  - {kind: burst, at: 1s, pods: 1}\n  - "
LOST = "{kind: etcd-member-loss, at: 1min, lasts: 1min}"

# (text, line, key and the rest of the message)
BAD = [
    (FAULT + "{kind: partitoin, at: 1s}", 6, "faults[1].kind: cannot be 'partitoin'; did you mean 'partiti"),
    (FAULT + "{kind: [1], at: 1s}", 6, "faults[1].kind: cannot be a list; known: apiserver-restart, contr"),
    (FAULT + "{at: 1s}", 6, "faults[1].kind: is needed here: apiserver-restart, etcd-member-loss, partition"),
    (FAULT + "partition", 6, "faults[1]: must map keys to values, got 'partition'"),
    (FAULT + "{kind: partition}", 6, "faults[1].at: is needed here"),
    (FAULT + "{kind: partition, at: 1s, zon: 1}", 6, "faults[1].zon: unknown key; did you mean 'zone'?"),
    (
        FAULT + "{kind: controller-crash, at: 1s, zone: 1}",
        6,
        "faults[1].zone: is a key of partition, not of controller-crash, which has kind, at",
    ),
    (
        FAULT + "{kind: controller-crash, at: 1s, lasts: 1s}",
        6,
        "faults[1].lasts: is a key of apiserver-restart or etcd-member-loss or partition, not of contr",
    ),
    (FAULT + "{kind: partition, at: 5min}", 6, "faults[1].at: must be before the end at 5min, got 5min"),
    (FAULT + "{kind: partition, at: -5s}", 6, "faults[1].at: '-5s' is negative"),
    (FAULT + "{kind: partition, at: 25h}", 6, "faults[1].at: must be 0ns to 24h, got 25h"),
    (FAULT + "{kind: partition, at: 1s, lasts: 2d}", 6, "faults[1].lasts: must be 1ms to 24h, got 48h"),
    (FAULT + "{kind: partition, at: 1s, lasts: 0}", 6, "faults[1].lasts: must be 1ms to 24h, got 0ns"),
    (
        FAULT + "{kind: partition, at: 1s, zone: 3}",
        6,
        "faults[1].zone: no node is in zone 3; 3 zones: 0, 1, 2",
    ),
    (
        FAULT + "{kind: partition, at: 1s, zone: 2}\ncluster: {nodes: {count: 2}}",
        6,
        "faults[1].zone: no node is in zone 2; 2 zones: 0, 1",
    ),
    (
        FAULT + "{kind: partition, at: 1s, zone: 1}\ncluster: {trace: openb}",
        6,
        "faults[1].zone: no node is in zone 1; 1 zone: 0",
    ),
    (
        FAULT + "{kind: apiserver-restart, at: 1s, count: 4}",
        6,
        "faults[1].count: must be at most control_plane.apiservers, 3, got 4",
    ),
    (FAULT + "{kind: apiserver-restart, at: 1s, count: 0}", 6, "faults[1].count: must be 1 to 1,000, got 0"),
    (
        FAULT.replace("3}", "3, etcd: {members: 1}}") + LOST,
        6,
        "faults[1].kind: leaves no majority of 1 etcd member; control_plane.etcd.members must be 3 or more",
    ),
    (
        FAULT.replace("3}", "3, etcd: {members: 2}}") + LOST,
        6,
        "faults[1].kind: leaves no majority of 2 etcd members",
    ),
    (
        FAULT + LOST + "\n  - {kind: etcd-member-loss, at: 119s}",
        7,
        "faults[2].at: begins before faults[1] of the same kind is over at 2min, got 119s",
    ),
    (
        FAULT
        + "{kind: apiserver-restart, at: 30s}\n  - {kind: apiserver-restart, at: 1s, lasts: 15s, count: 2}",
        6,
        "faults[1].at: begins before faults[2] of the same kind is over at 31s, got 30s",
    ),
    (FAULT + "{kind: kubelet-restart, at: 1s, share: 0}", 6, "faults[1].share: must be above 0, at most 1"),
    (FAULT + "{kind: kubelet-restart, at: 1s, share: 2}", 6, "faults[1].share: 2 is more than the whole"),
    (
        WORK + "{kind: rolling-updat, at: 1s}",
        6,
        "workloads[1].kind: cannot be 'rolling-updat'; did you mean 'rolling-update'? known: burst",
    ),
    (WORK + "7", 6, "workloads[1]: must map keys to values, got 7"),
    (WORK + "{kind: burst, at: 1s}", 6, "workloads[1].pods: is needed here"),
    (WORK + "{kind: burst, at: 6min, pods: 1}", 6, "workloads[1].at: must be before the end at 5min, got 6m"),
    (WORK + "{kind: burst, at: 1s, pods: 0}", 6, "workloads[1].pods: must be 1 to 1,000,000, got 0"),
    (WORK + "{kind: burst, at: 1s, pods: 2M}", 6, "workloads[1].pods: must be 1 to 1,000,000, got 2,000,000"),
    (WORK + "{kind: burst, at: 1s, pods: 1, rate: 0}", 6, "workloads[1].rate: must be above 0; left out it"),
    (WORK + "{kind: burst, at: 1s, pods: 1, rate: 5}", 6, "workloads[1].rate: 5 is not a rate; write"),
    (WORK + "{kind: burst, at: 1s, pods: 1, rate: -5/s}", 6, "workloads[1].rate: '-5/s' is not a rate"),
    (
        WORK + "{kind: burst, at: 1s, pods: 1, rate: 11M/s}",
        6,
        "workloads[1].rate: must be at most 10M/s, got 11M/s",
    ),
    (
        WORK + "{kind: burst, at: 1s, pods: 1, surge: 1}",
        6,
        "workloads[1].surge: is a key of rolling-update, not of burst, which has kind, at, pods, rate",
    ),
    (
        WORK + "\n  - ".join(["{kind: burst, at: 1s, pods: 1M}"] * 6),
        10,
        "workloads[5].pods: all bursts come to 5,000,001 pods; at most 5,000,000",
    ),
    (
        WORK + "{kind: rolling-update, at: 1s, pods: 20001}",
        6,
        "workloads[1].pods: must be at most the cluster's 20,000 pods, got 20,001",
    ),
    (WORK + "{kind: rolling-update, at: 1s, pods: 9, surge: 0}", 6, "workloads[1].surge: must be 1 to 20"),
    (
        WORK + "{kind: rolling-update, at: 1s, pods: 9, surge: 10}",
        6,
        "workloads[1].surge: must be 1 to the 9 pods replaced, got 10",
    ),
    (HEAD + "  reads: {get: 11M/s}", 4, "reads.get: must be at most 10M/s, got 11M/s"),
    (HEAD + "  reads: {get: -1/s}", 4, "reads.get: '-1/s' is not a rate"),
    (HEAD + "  reads: {list_node: 1/s}", 4, "reads.list_node: unknown key; did you mean 'list-node'? known:"),
    (HEAD + "  reads: {list-all: 1/h}", 4, "reads.list-all: must be 0, or at least 0.001/s (3.6/h), got 1"),
    (HEAD + "  events_per_change: -1", 4, "events_per_change: -1 is negative"),
    (HEAD + "  events_per_change: 0.0001", 4, "events_per_change: 0.0001 has too many decimals"),
    (HEAD + "  others_per_change: 1001", 4, "others_per_change: must be 0 to 1,000, got 1001"),
    (HEAD + "  others_per_change: .inf", 4, "others_per_change: '.inf' is not a number"),
    (HEAD + "  durtion: 1s", 4, "durtion: unknown key; did you mean 'duration'?"),
    (HEAD + "  faults: partition", 4, "faults: must be a list, got 'partition'"),
    (HEAD + "  faults: [" + "{kind: controller-crash, at: 0}, " * 101 + "]", 4, "faults: must have at m"),
    ("simulation: {duration: 0s}", 1, "duration: must be 1s to 24h, got 0ns"),
    ("simulation: {duration: 25h}", 1, "duration: must be 1s to 24h, got 25h"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "said"), BAD, ids=range(len(BAD)))
def test_what_cannot_be_is_said_in_a_line(text: str, line: int, said: str) -> None:
    """With its place, and what is allowed."""
    with pytest.raises(KscaleError) as caught:
        load.parse(f"{text}\n".encode(), "x.yaml", "x.yaml")
    assert str(caught.value).startswith(f"x.yaml:{line}: simulation.{said}")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{apiservers: 0}", "apiservers: must be 1 to 1,000, got 0"),
        ("{apiserver_cores: 0}", "apiserver_cores: must be 1 to 1,024, got 0"),
        ("{etcd: {cores: 2000}}", "etcd.cores: must be 1 to 1,024, got 2,000"),
        ("{etcd: {members: 0}}", "etcd.members: must be 1 to 9, got 0"),
        ("{scheduler_qps: -1}", "scheduler_qps: -1 is negative"),
        ("{scheduler_qps: 50/s}", "scheduler_qps: '50/s' is not a count"),
        ("{controller_qps: 2M}", "controller_qps: must be 0 to 1,000,000, got 2,000,000"),
        ("{controler_qps: 20}", "controler_qps: unknown key; did you mean 'controller_qps'?"),
    ],
)
def test_servers_that_cannot_be(text: str, said: str) -> None:
    """None, or without cores."""
    with pytest.raises(KscaleError) as caught:
        load.parse(f"control_plane: {text}".encode(), "x.yaml", "x.yaml")
    assert str(caught.value).startswith(f"x.yaml:1: control_plane.{said}")


@pytest.mark.parametrize(
    "more",
    [
        "{kind: partition, at: 4min, zone: 1}",  # at the same time in another zone
        "{kind: partition, at: 5min, zone: 2}",  # as soon as the other is over
        "{kind: controller-crash, at: 5min}\n  - {kind: kubelet-restart, at: 6min}",  # what does not last
        "{kind: etcd-member-loss, at: 9min, lasts: 24h}",  # past the end
    ],
)
def test_faults_that_may_be_together(more: str) -> None:
    """Only one of a kind is at a time, each zone for itself."""
    kept = WHOLE.replace("lasts: 1h", "lasts: 1min")
    simulation, _ = built(f"{kept}  - {more}\n")
    assert len(simulation.faults) == 6 + more.count("\n")
    assert simulation.faults == tuple(sorted(simulation.faults, key=lambda one: one.at_ns))


def test_recorded_requests_are_the_reads() -> None:
    """Gets but for leases; lists of pods in sum, split as the assumed ones are; what is given comes first."""
    requests = {"get/pods": 30.0, "get/nodes": 5.0, "get/leases": 9.0, "list/pods": 67.0, "list/nodes": 7.0}
    rates, recorded_ones = simulated.reads(ReadsSpec(), requests)
    assert rates == pytest.approx({"get": 35.0, "list_node": 6.0, "list_namespace": 60.0, "list_all": 1.0})
    assert recorded_ones == ("get", "list_node", "list_namespace", "list_all")
    given = ReadsSpec.model_validate({"get": "1/s", "list-node": "6/s"})
    rates, recorded_ones = simulated.reads(given, requests)
    assert rates == pytest.approx({"get": 1.0, "list_node": 6.0, "list_namespace": 60.0, "list_all": 1.0})
    assert recorded_ones == ("list_namespace", "list_all")
    rates, recorded_ones = simulated.reads(given, {"list/pods": 5.0, "watch/pods": 3.0})
    assert rates == {"get": 1.0, "list_node": 6.0, "list_namespace": 0.0, "list_all": 0.0}
    assert recorded_ones == ("list_namespace", "list_all")
    assert simulated.reads(ReadsSpec(), {"list/nodes": 7.0}) == (simulated.ASSUMED, ())


def test_what_was_recorded_is_said() -> None:
    """By the names of the reads."""
    simulation, _ = built("load: {requests: {get/pods: 12/s, get/leases: 2/s}}\n")
    assert (simulation.gets_milli, simulation.list_all_milli) == (12_000, 17)
    assert simulation.recorded_reads == ("get",)


def test_an_imported_cluster_can_be_simulated(tmp_path: Path) -> None:
    """Its zones are those of its file, and of the part of it that is repeated."""
    one = small.everything()
    sha256 = recorded.save(one, tmp_path / "mine.npz")
    path = tmp_path / "mine.yaml"
    holds = f"{{nodes: {one.node_count}, pods: {one.pod_count}, objects: {one.object_count}}}"
    cluster = f"  imported: mine.npz\n  sha256: '{sha256}'\n  holds: {holds}\n"
    happens = (
        "simulation:\n  workloads: [{kind: rolling-update, at: 1s, pods: PODS}]\n"
        "  faults: [{kind: partition, at: 1s, zone: ZONE}]\n"
    )

    def made(zone: int, pods: int = 5, more: str = "") -> Simulation:
        what = happens.replace("ZONE", str(zone)).replace("PODS", str(pods))
        path.write_text(f"cluster:\n{cluster}{more}{what}", encoding="utf-8")
        found = load.load(str(path))
        return build.build(found.scenario, found.recorded).simulation

    assert made(1).faults == (Fault("partition", S, 60 * S, zone=1),)
    assert made(1, 10, "  repeat: 2\n").workloads[0].pods == 10
    for odd, said in (
        ({"zone": 2}, r":7: simulation\.faults\[0\]\.zone: no node is in zone 2; 2 zones: 0, 1$"),
        ({"zone": 1, "pods": 1, "more": "  repeat: 0.4\n"}, r":8: .* no node is in zone 1; 1 zone: 0$"),
        (
            {"zone": 0, "pods": 6},
            r":6: simulation\.workloads\[0\]\.pods: must be at most the cluster's 5 pods",
        ),
    ):
        with pytest.raises(KscaleError, match=said):
            made(**odd)


def test_the_readme_s_example_is_one() -> None:
    """What it calls the defaults are those."""
    text = (shipped.root() / "README.md").read_text(encoding="utf-8")
    example = text.split("## Simulations")[1].split("```yaml\n")[1].split("```")[0]
    simulation, plane = built(example)
    assert {one.kind for one in simulation.workloads} == WORKLOADS.keys()
    assert {one.kind for one in simulation.faults} == FAULTS.keys()
    assert (replace(simulation, workloads=(), faults=()), plane) == built("seed: 0\n")


def test_the_json_schema_has_every_kind() -> None:
    """An editor knows which keys belong to which."""
    schema = Scenario.model_json_schema(by_alias=True)
    kinds = {
        part["properties"]["kind"]["const"]: set(part["properties"])
        for part in schema["$defs"].values()
        if "kind" in part["properties"]
    }
    assert kinds.keys() == WORKLOADS.keys() | FAULTS.keys()
    assert kinds["burst"] == {"kind", "at", "pods", "rate"}
    assert kinds["apiserver-restart"] == {"kind", "at", "lasts", "count"}
    assert set(schema["$defs"]["ReadsSpec"]["properties"]) == {
        "get", "list-node", "list-namespace", "list-all"
    }  # fmt: skip
