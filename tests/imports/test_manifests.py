"""Manifests and component configurations to what is on today."""

from pathlib import Path

import pytest

from kscale.imports import manifests, manifests_versions
from kscale.imports.facts import Facts
from kscale.imports.manifests_apiserver import GATE_OF, OF_WATCH_CACHE
from kscale.imports.settings import taken
from kscale.mechanisms import registry
from kscale.scenario import profiles

FOLDER = Path(__file__).parent.parent / "vectors" / "manifests"
OPTIMIZATION = "control_plane.optimizations."


def nothing(_done: int, _all: int) -> None:
    """Take progress."""


def of_file(name: str) -> Facts:
    return manifests.read(FOLDER / name, name, nothing)


def of_text(folder: Path, text: str) -> Facts:
    path = folder / "given.yaml"
    path.write_text(text, encoding="utf-8")
    return manifests.read(path, "given.yaml", nothing)


def pod(*flags: str, program: str = "kube-apiserver", image: str = "kube-apiserver:v1.29.3") -> str:
    words = "".join(f"    - {flag!r}\n" for flag in (program, *flags))
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        f"  - image: {image}\n    name: main\n    command:\n{words}"
    )


def said(facts: Facts) -> dict[str, object]:
    """Return the values by key."""
    return {one.key: one.value for one in facts.values}


def read_for_sure(facts: Facts) -> dict[str, object]:
    """Return the values that are no estimates, optimizations by their ids."""
    return {one.key.removeprefix(OPTIMIZATION): one.value for one in facts.values if not one.estimate}


SURE: dict[str, dict[str, object]] = {
    "kubeadm-apiserver.yaml": {
        "apiserver-balance": True,
        "etcd-sharding": False,
        "mechanisms.apiserver-balance.goaway_ppm": 2000,
        "profile": "k8s-1.36",
    },
    "kubeadm-etcd.yaml": {
        "control_plane.etcd.quota": 8 * 2**30,
        "etcd-concurrent-reads": True,
        "etcd-freelist": True,
    },
    "kubeadm-controller-manager.yaml": {
        "mechanisms.controller-standby.requests_per_s": 200,
        "mechanisms.controller-standby.burst": 300,
    },
    "kubeadm-scheduler.yaml": {},
    "kops-apiserver.yaml": {
        "apiserver-balance": False,
        "etcd-sharding": True,
        "mechanisms.etcd-sharding.shards": 2,
        "profile": "k8s-1.20",
    },
    "kops-etcd.yaml": {"control_plane.etcd.quota": 10 * 2**30},
    "gce-apiserver.yaml": {
        "control_plane.etcd.members": 3,
        "apiserver-balance": False,
        "etcd-sharding": True,
        "watch-bookmark": False,
        "mechanisms.etcd-sharding.shards": 3,
        "mechanisms.watch-bookmark.ring": 50 * 5000,
        "profile": "k8s-1.20",
    },
    "kubespray.yaml": {
        "control_plane.etcd.members": 3,
        "apiserver-balance": True,
        "node-lease": True,
        "load.heartbeat.period": "20s",
        "mechanisms.node-lease.status_period_ns": "20s",
        "mechanisms.apiserver-balance.goaway_ppm": 1000,
        "mechanisms.controller-standby.requests_per_s": 100,
        "profile": "k8s-1.36",
    },
    "configmaps.yaml": {"etcd-freelist": False, "list-index": True, "profile": "k8s-1.36"},
    "scheduler-config.yaml": {
        "sched-sampling": True,
        "mechanisms.sched-sampling.percentage": 20,
        "mechanisms.sched-sampling.fit_weight": 5,
        "mechanisms.sched-sampling.balanced_weight": 0,
        "mechanisms.sched-equivalence.fit_weight": 5,
        "mechanisms.sched-equivalence.balanced_weight": 0,
    },
    "kubelet-config.yaml": {
        "node-lease": True,
        "load.heartbeat.period": "10s",
        "mechanisms.node-lease.status_period_ns": "5min",
    },
    "etcd.conf.yaml": {
        "control_plane.etcd.members": 3,
        "control_plane.etcd.quota": 2 * 2**30,
        "etcd-freelist": True,
    },
    "hosted.yaml": {
        "control_plane.apiservers": 4,
        "apiserver-balance": False,
        "etcd-sharding": False,
        **dict.fromkeys(OF_WATCH_CACHE, False),
        "profile": "k8s-1.36",
    },
}


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.yaml")))
def test_a_file_says_what_it_states(name: str) -> None:
    facts = of_file(name)
    assert read_for_sure(facts) == SURE[name]
    assert facts.read
    assert facts.source.format == "manifest"


@pytest.mark.parametrize("name", sorted(SURE))
def test_a_scenario_takes_every_value(name: str) -> None:
    params = {one.id: one.params for one in registry.MECHANISMS}
    for value in of_file(name).values:
        assert taken(value) is not None, value
        if value.key.startswith("mechanisms."):
            _, mechanism, parameter = value.key.split(".")
            assert parameter in params[mechanism].__dataclass_fields__


PRIVATE = (
    "192.0.2", "10.1.0", "10.0.1", "127.0.0.1", "4001", "https", "cp-1", "cp-2", "infra", "a-bucket",
    "a-project", "/etc", "/var", "scheduler.conf", "cluster.local", "tenant", "sidecar", "batch",
    "AnInHousePlugin", "InPlacePodVerticalScaling", "NodeSwap", "node1", "blue", "something-else",
)  # fmt: skip


def test_nothing_is_named() -> None:
    files = sorted(FOLDER.glob("*.yaml"))
    given = "".join(path.read_text(encoding="utf-8") for path in files)
    for facts in (of_file(path.name) for path in files):
        how = (one.how for one in facts.values)
        values = (str(one.value) for one in facts.values)
        told = " ".join((*facts.also, *facts.read, *facts.dropped, *facts.assumed, *how, *values))
        assert not [private for private in PRIVATE if private in told]
    assert all(private in given for private in PRIVATE)


def test_what_is_stated_beats_what_a_version_does() -> None:
    facts = of_file("gce-apiserver.yaml")
    by_key = {one.key: one for one in facts.values}
    assert by_key[f"{OPTIMIZATION}watch-bookmark"].estimate is False
    assert by_key[f"{OPTIMIZATION}watch-encode"].value is True
    assert by_key[f"{OPTIMIZATION}watch-encode"].estimate is True
    assert by_key[f"{OPTIMIZATION}list-index"].value is False
    assert by_key[f"{OPTIMIZATION}etcd-freelist"].value is False  # etcd 3.4 by kubeadm's table


@pytest.mark.parametrize(
    ("minor", "off"),
    [
        (11, {"sched-sampling", "node-lease", "watch-bookmark", "watch-encode", "list-index"}),
        (13, {"node-lease", "watch-bookmark", "watch-encode", "list-index"}),
        (15, {"watch-bookmark", "watch-encode", "list-index"}),
        (16, {"watch-encode", "list-index"}),
        (18, {"list-index"}),
        (19, set()),
        (36, set()),
    ],
)
def test_versions_switch_on_one_after_another(minor: int, off: set[str]) -> None:
    values = manifests_versions.by_kubernetes(minor)
    found = {one.key.removeprefix(OPTIMIZATION): one.value for one in values}
    assert {name for name, on in found.items() if not on} == off
    assert all(one.estimate for one in values)


def test_the_table_agrees_with_the_profiles() -> None:
    for profile in profiles.PROFILES.values():
        minor = int(profile.kubernetes.split(".")[1])
        on = {
            one.key.removeprefix(OPTIMIZATION): one.value for one in manifests_versions.by_kubernetes(minor)
        }
        etcd = manifests_versions.etcd_of(minor)
        assert f"{etcd[0]}.{etcd[1]}" == profile.etcd
        on |= {
            one.key.removeprefix(OPTIMIZATION): one.value
            for one in manifests_versions.by_etcd(etcd, "", estimate=True)
        }
        assert on["watch-encode"] == (profile.watch_encode == "per-event")
        assert on["watch-bookmark"] == (profile.bookmarks == "periodic")
        assert on["list-index"] == (profile.list_cache != "scan")
        assert on.get("watch-fanout", False) == profile.watch_scopes
        assert on["etcd-concurrent-reads"] == (profile.etcd_reads != "blocking")
        assert on["etcd-freelist"] == (profile.etcd_freelist == "hashmap")


def test_every_mechanism_named_is_one() -> None:
    known = {one.id for one in registry.MECHANISMS}
    named = {one.mechanism for one in manifests_versions.BY_KUBERNETES} | set(GATE_OF.values())
    assert named | set(OF_WATCH_CACHE) <= known


@pytest.mark.parametrize(
    ("flags", "value"),
    [
        (("--goaway-chance=0.001",), 1000),
        (("--goaway-chance", "0.001"), 1000),
        (("-goaway-chance=0.001",), 1000),
        (("--goaway_chance=.001",), 1000),
        (("--goaway-chance=0.02", "--goaway-chance=1e-3"), 1000),
        (("--profiling", "--goaway-chance=0.001"), 1000),
        (("--watch-cache", "--goaway-chance=0.001"), 1000),
        (("--goaway-chance=0",), None),
        (("--", "--goaway-chance=0.001"), None),
        ((), None),
    ],
)
def test_flags_are_taken_as_the_component_takes_them(
    tmp_path: Path, flags: tuple[str, ...], value: int | None
) -> None:
    facts = of_text(tmp_path, pod(*flags))
    assert said(facts).get("mechanisms.apiserver-balance.goaway_ppm") == value
    assert said(facts)[f"{OPTIMIZATION}apiserver-balance"] is (value is not None)


def test_lists_add_up_and_single_values_do_not(tmp_path: Path) -> None:
    flags = [
        "--etcd-servers=https://a:1,https://b:1",
        "--etcd-servers=https://c:1",
        "--etcd-servers-overrides=/events#https://d:1",
        "--etcd-servers-overrides=/leases#https://e:1;https://f:1,/pods#https://a:1;https://b:1;https://c:1/",
    ]
    facts = said(of_text(tmp_path, pod(*flags)))
    assert facts["control_plane.etcd.members"] == 3
    assert facts["mechanisms.etcd-sharding.shards"] == 3  # pods are sent to the main one


def test_an_override_to_the_same_etcd_is_no_shard(tmp_path: Path) -> None:
    facts = of_text(
        tmp_path, pod("--etcd-servers=https://a:1", "--etcd-servers-overrides=/events#https://a:1")
    )
    assert said(facts)[f"{OPTIMIZATION}etcd-sharding"] is False
    assert "mechanisms.etcd-sharding.shards" not in said(facts)


@pytest.mark.parametrize(
    ("image", "flags", "on"),
    [
        ("etcd:3.4.13-0", (), False),
        ("quay.io/coreos/etcd:v3.5.0", (), True),
        ("etcd:v3.4.13", ("--experimental-backend-bbolt-freelist-type=map",), True),
        ("etcd:v3.6.1", ("--backend-bbolt-freelist-type", "array"), False),
        ("etcd@sha256:0123", (), None),
        ("registry:5000/etcd", (), None),
    ],
)
def test_the_free_list_is_by_flag_or_by_version(
    tmp_path: Path, image: str, flags: tuple[str, ...], on: bool | None
) -> None:
    facts = said(of_text(tmp_path, pod(*flags, program="etcd", image=image)))
    assert facts.get(f"{OPTIMIZATION}etcd-freelist") is on
    assert facts["control_plane.etcd.quota"] == 2 * 2**30


@pytest.mark.parametrize(
    ("flags", "members", "estimate"),
    [
        (("--initial-cluster=a=http://a:1",), 1, True),  # kubeadm's first
        (("--initial-cluster=a=http://a:1,b=http://b:1",), 2, False),
        (("--initial-cluster=a=http://a:1,b=http://b:1", "--initial-cluster-state=existing"), 2, True),
    ],
)
def test_members_are_those_of_the_beginning(
    tmp_path: Path, flags: tuple[str, ...], members: int, estimate: bool
) -> None:
    facts = of_text(tmp_path, pod(*flags, program="etcd", image="etcd:3.5.1"))
    value = next(one for one in facts.values if one.key == "control_plane.etcd.members")
    assert (value.value, value.estimate) == (members, estimate)


def test_an_etcd_that_does_not_sync(tmp_path: Path) -> None:
    facts = said(of_text(tmp_path, pod("--unsafe-no-fsync", program="etcd", image="etcd:3.5.1")))
    assert facts["control_plane.etcd.fsync"] == "0s"


def test_a_negative_quota_is_none(tmp_path: Path) -> None:
    facts = of_text(tmp_path, pod("--quota-backend-bytes=-1", program="etcd", image="etcd:3.5.1"))
    assert "control_plane.etcd.quota" not in said(facts)
    assert any("no quota" in line for line in facts.also)


@pytest.mark.parametrize(
    ("text", "on", "percentage"),
    [
        ("", True, None),
        ("percentageOfNodesToScore: 0\n", True, None),
        ("percentageOfNodesToScore: 100\n", False, None),
        ("percentageOfNodesToScore: 30\n", True, 30),
        ("percentageOfNodesToScore: 30\nprofiles: [{percentageOfNodesToScore: 100}]\n", False, None),
    ],
)
def test_sampling(tmp_path: Path, text: str, on: bool, percentage: int | None) -> None:
    facts = said(of_text(tmp_path, f"kind: KubeSchedulerConfiguration\n{text}"))
    assert facts[f"{OPTIMIZATION}sched-sampling"] is on
    assert facts.get("mechanisms.sched-sampling.percentage") == percentage


@pytest.mark.parametrize(
    ("text", "period", "status"),
    [
        ("", "10s", None),
        ("nodeStatusUpdateFrequency: 0s\nnodeStatusReportFrequency: 0s\n", "10s", None),
        ("nodeStatusUpdateFrequency: 30s\n", "30s", "30s"),
        ("nodeStatusReportFrequency: 10m\n", "10s", "10min"),
        ("nodeStatusUpdateFrequency: 1m0s\nnodeStatusReportFrequency: 1h30m\n", "1min", "90min"),
    ],
)
def test_periods_of_a_kubelet(tmp_path: Path, text: str, period: str, status: str | None) -> None:
    facts = said(of_text(tmp_path, f"kind: KubeletConfiguration\n{text}"))
    assert facts["load.heartbeat.period"] == period
    assert facts.get("mechanisms.node-lease.status_period_ns") == status


def test_the_answer_of_a_kubelet_is_read(tmp_path: Path) -> None:
    facts = of_text(tmp_path, '{"kubeletconfig":\n\t{"nodeStatusUpdateFrequency": "15s"}}')
    assert said(facts)["load.heartbeat.period"] == "15s"


def test_manifests_of_several_servers_are_counted(tmp_path: Path) -> None:
    one, two = (pod(f"--advertise-address=192.0.2.{i}") for i in (1, 2))
    value = next(v for v in of_text(tmp_path, f"{one}---\n{two}---\n{two}").values if "apiservers" in v.key)
    assert (value.value, value.estimate) == (2, False)
    value = next(v for v in of_text(tmp_path, one).values if "apiservers" in v.key)
    assert (value.value, value.estimate) == (1, True)


def test_servers_of_one_file_that_differ_are_told_each(tmp_path: Path) -> None:
    pods = [
        pod(f"--quota-backend-bytes={gib * 2**30}", program="etcd", image="etcd:3.5.1") for gib in (4, 8, 8)
    ]
    facts = of_text(tmp_path, "---\n".join(pods))
    quotas = [(one.value, one.servers) for one in facts.values if one.key == "control_plane.etcd.quota"]
    assert quotas == [(4 * 2**30, 1), (8 * 2**30, 2)]


def test_what_no_scenario_takes_is_told_or_counted() -> None:
    facts = of_file("kubeadm-apiserver.yaml")
    assert "flag --max-requests-inflight of kube-apiserver: 1600" in facts.also
    assert "feature gate WatchList of kube-apiserver: true" in facts.also
    assert "1 gate of kube-apiserver that no model takes" in facts.dropped
    assert "9 settings of kube-apiserver that no model takes" in facts.dropped
    assert "1 KubeProxyConfiguration, of which nothing is modelled" in of_file("kubespray.yaml").dropped


def test_learners_are_by_kubeadm(tmp_path: Path) -> None:
    key = f"{OPTIMIZATION}etcd-learner"
    text = "kind: ClusterConfiguration\nkubernetesVersion: v1.27.1\n"
    assert said(of_text(tmp_path, text))[key] is False
    assert said(of_text(tmp_path, f"{text}featureGates: {{EtcdLearnerMode: true}}\n"))[key] is True
    assert said(of_text(tmp_path, text.replace("27", "29")))[key] is True
    external = f"{text}etcd: {{external: {{endpoints: ['https://a:1', 'https://b:1']}}}}\n"
    assert key not in said(of_text(tmp_path, external))


def test_a_hyperkube_is_the_component_that_it_runs(tmp_path: Path) -> None:
    text = pod("apiserver", "--goaway-chance=0.001", program="/hyperkube", image="hyperkube:v1.18.1")
    assert said(of_text(tmp_path, text))["mechanisms.apiserver-balance.goaway_ppm"] == 1000
