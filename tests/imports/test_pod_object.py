"""Pods: what they ask for as the scheduler counts it, whose they are, and which are left out."""

from collections import Counter
from typing import Any

import kubectl_objects as made
import pytest

from kscale.imports import pod_object
from kscale.imports.fields import FieldError
from kscale.imports.pod_object import owner_of, pod_of
from kscale.imports.pod_request import Asked, asked, request_spec
from kscale.scenario.schema_cluster import RequestSpec

MIB = 2**20


def container(requests: dict[str, Any], limits: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return a container that asks for *requests*."""
    return {"resources": {"requests": requests} | ({"limits": limits} if limits else {}), **more}


def required(*terms: list[dict[str, Any]], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return a spec with required node affinity: rules of each term."""
    listed = [{"matchExpressions": list(rules)} for rules in terms]
    name = "requiredDuringSchedulingIgnoredDuringExecution"
    return {"affinity": {"nodeAffinity": {name: {"nodeSelectorTerms": listed}}}, **more}


def rule(key: str, operator: str, *values: str) -> dict[str, Any]:
    """Return a rule of a node selector term."""
    return {"key": key, "operator": operator, "values": list(values)}


def of(spec: dict[str, Any]) -> Asked:
    """Return what a spec asks for."""
    return asked(spec, Counter())


def test_a_pod_is_read_whole() -> None:
    """Both containers, rules with In, owner, namespace and time."""
    dropped: Counter[str] = Counter()
    pod = pod_of(made.pod(0), Counter(), dropped)
    assert pod is not None
    assert pod.asked == Asked(
        cpu_milli=200,
        memory_bytes=256 * MIB,
        ephemeral_bytes=0,
        extended=(),
        tolerations=(
            ("node.kubernetes.io/not-ready", "Exists", "", "NoExecute"),
            ("node.kubernetes.io/unreachable", "Exists", "", "NoExecute"),
        ),
        selector=(("pool", ("general",)), ("topology.kubernetes.io/zone", ("eu-1a", "eu-1b"))),
        preferred=((10, "topology.kubernetes.io/zone", ("eu-1a",)),),
    )
    assert pod.owner == "00000000-0000-4000-9000-000000000000"
    assert (pod.namespace, pod.created_s) == ("team-0", made.BORN)
    assert dropped == {"tolerationSeconds": 2, "topology spread constraints": 1}


@pytest.mark.parametrize(
    ("spec", "cpu", "memory"),
    [
        ({}, None, None),
        ({"containers": [container({})]}, None, None),
        ({"containers": [container({"cpu": "0"})]}, 0, None),
        ({"containers": [container({"cpu": "100m"}), container({"cpu": 1, "memory": "1Ki"})]}, 1100, 1024),
        ({"containers": [container({"cpu": "0.1m"}), container({"cpu": "0.1m"})]}, 1, None),
        ({"containers": [container({}, {"cpu": "2"})]}, 2000, None),
        ({"containers": [container({"cpu": "1"}, {"cpu": "2", "memory": "5"})]}, 1000, 5),
        (  # an init container is more than all others
            {
                "containers": [container({"cpu": "1", "memory": "9"})],
                "initContainers": [container({"cpu": "3"})],
            },
            3000,
            9,
        ),
        (  # init containers run one after another
            {"initContainers": [container({"cpu": "3"}), container({"cpu": "2", "memory": "7"})]},
            3000,
            7,
        ),
        (  # a sidecar runs beside what comes after it
            {
                "containers": [container({"cpu": "1"})],
                "initContainers": [
                    container({"cpu": "3"}),
                    container({"cpu": "2"}, restartPolicy="Always"),
                    container({"cpu": "4"}),
                ],
            },
            6000,
            None,
        ),
        (
            {
                "containers": [container({"cpu": "9"})],
                "initContainers": [container({"cpu": "2"}, restartPolicy="Always"), container({"cpu": "4"})],
            },
            11_000,
            None,
        ),
        (
            {"containers": [container({"cpu": "1"})], "overhead": {"cpu": "250m", "memory": "120Mi"}},
            1250,
            120 * MIB,
        ),
        (  # what the spec asks for as a whole, in place of its containers
            {
                "containers": [container({"cpu": "1", "memory": "1"})],
                "resources": {"requests": {"cpu": "5"}, "limits": {"memory": "6"}},
                "overhead": {"cpu": "1"},
            },
            6000,
            1,
        ),
        ({"containers": [container({})], "resources": {"limits": {"memory": "6"}}}, None, 6),
    ],
)
def test_amounts_are_those_of_the_scheduler(
    spec: dict[str, Any], cpu: int | None, memory: int | None
) -> None:
    """Sum of containers and sidecars, most of the init containers, the whole, overhead."""
    found = of(spec)
    assert (found.cpu_milli, found.memory_bytes) == (cpu, memory)


def test_extended_resources_are_sorted_and_none_is_left_out() -> None:
    """Also huge pages."""
    requests = {"b/gpu": "2", "a/gpu": 1, "c/gpu": "0", "hugepages-2Mi": "4Mi", "ephemeral-storage": "1Gi"}
    found = of({"containers": [container(requests)]})
    assert found.extended == (("a/gpu", 1), ("b/gpu", 2), ("hugepages-2Mi", 4 * MIB))
    assert found.ephemeral_bytes == 2**30


def test_rules_are_and_ed() -> None:
    """A label that two rules name has the values of both."""
    spec = required(
        [rule("a", "In", "1", "2", "3"), rule("a", "In", "3", "2"), rule("b", "In", "x")],
        nodeSelector={"a": "2"},
    )
    assert of(spec).selector == (("a", ("2",)), ("b", ("x",)))


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (required([rule("a", "NotIn", "1")]), "required node affinities with NotIn"),
        (required([rule("a", "Exists")]), "required node affinities with Exists"),
        (required([rule("a", "Gt", "1")]), "required node affinities with Gt"),
        (
            required([rule("a", "In", "1")], [rule("b", "In", "1")]),
            "required node affinities of several terms",
        ),
        (
            required([rule("a", "In", "1"), rule("a", "In", "2")]),
            "required node affinities that contradict another rule",
        ),
        (
            required([rule("a", "In", *(str(i) for i in range(101)))]),
            "required node affinities with over 100 values",
        ),
        ({"affinity": {"podAffinity": {"required": [{}]}}}, "pod affinities"),
        ({"affinity": {"podAntiAffinity": {"preferred": [{}]}}}, "pod anti-affinities"),
        ({"topologySpreadConstraints": [{}]}, "topology spread constraints"),
        ({"containers": [{"ports": [{"hostPort": 80}]}]}, "host ports"),
        ({"volumes": [{"persistentVolumeClaim": {"claimName": "x"}}]}, "volumes of claims"),
        ({"resourceClaims": [{"name": "x"}]}, "dynamic resource claims"),
        ({"schedulingGates": [{"name": "x"}]}, "scheduling gates"),
        (
            {"tolerations": [{"key": "a", "operator": "Gt"}]},
            "tolerations with another operator than Equal and Exists",
        ),
    ],
)
def test_what_no_scenario_says_is_counted(spec: dict[str, Any], kind: str) -> None:
    """By kind, and everything else is kept."""
    dropped: Counter[str] = Counter()
    found = asked(spec | {"containers": [container({"cpu": 1}), *spec.get("containers", [])]}, dropped)
    assert dropped == {kind: 1}
    assert found.cpu_milli == 1000
    assert len(found.selector) <= 1


@pytest.mark.parametrize(
    ("term", "kind"),
    [
        ({"matchExpressions": [rule("a", "In", "1"), rule("b", "In", "1")]}, "of several rules"),
        ({"matchFields": [rule("metadata.name", "In", "x")]}, "by field"),
        ({"matchExpressions": [rule("a", "DoesNotExist")]}, "with DoesNotExist"),
    ],
)
def test_preferences_of_one_rule_are_kept(term: dict[str, Any], kind: str) -> None:
    """Others are counted."""
    name = "preferredDuringSchedulingIgnoredDuringExecution"
    kept = {"weight": 7, "preference": {"matchExpressions": [rule("z", "In", "2", "1")]}}
    dropped: Counter[str] = Counter()
    spec = {"affinity": {"nodeAffinity": {name: [{"weight": 1, "preference": term}, kept]}}}
    assert asked(spec, dropped).preferred == ((7, "z", ("1", "2")),)
    assert dropped == {f"preferred node affinities {kind}": 1}


def test_the_own_node_of_a_daemon_is_dropped() -> None:
    """Its rule names a node by field."""
    name = "requiredDuringSchedulingIgnoredDuringExecution"
    term = {"matchFields": [rule("metadata.name", "In", "worker-1")]}
    dropped: Counter[str] = Counter()
    assert (
        asked({"affinity": {"nodeAffinity": {name: {"nodeSelectorTerms": [term]}}}}, dropped).selector == ()
    )
    assert dropped == {"required node affinities by field (DaemonSets' own nodes)": 1}


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        ({"containers": 3}, "spec.containers: must be a list, got 3"),
        ({"containers": [3]}, "spec.containers[0]: must map keys to values, got 3"),
        ({"containers": [{"resources": []}]}, "spec.containers[0].resources: must map keys to values"),
        ({"containers": [container({"cpu": "x"})]}, "spec.containers[0].resources.requests.cpu: 'x' is not"),
        ({"containers": [{}] * 1001}, "spec.containers: must have at most 1,000 entries"),
        ({"containers": [{"ports": "x"}]}, "spec.containers[0].ports: must be a list"),
        ({"tolerations": [{"effect": "x"}]}, "spec.tolerations[0].effect: must be one of"),
        ({"tolerations": [{"key": 1}]}, "spec.tolerations[0].key: must be text, got 1"),
        ({"tolerations": [{"key": f"a{i}"} for i in range(51)]}, "spec.tolerations: must have at most 50"),
        ({"nodeSelector": {"a": None}}, "spec.nodeSelector: must be text, got null"),
        ({"affinity": {"nodeAffinity": 1}}, "spec.affinity.nodeAffinity: must map keys"),
        (required([rule("a", "Near", "1")]), "operator: must be one of In, NotIn"),
        (required([rule("a", "In")]), "In needs a key and values"),
        (required([{"key": "a", "operator": "In", "values": [1]}]), "values[0]: must be text, got 1"),
        ({"overhead": {"cpu": True}}, "spec.overhead.cpu: true is not a quantity"),
    ],
)
def test_wrong_fields_of_pods_are_named(spec: dict[str, Any], what: str) -> None:
    """The place in the object and what is wrong there."""
    with pytest.raises(FieldError) as caught:
        of(spec)
    assert what in str(caught.value)


def test_a_request_is_what_a_scenario_writes() -> None:
    """All fields."""
    one = Asked(
        250, 1024, 5, (("a/gpu", 1),), (("k", "Equal", "v", ""),), (("l", ("1", "2")),), ((3, "m", ("x",)),)
    )
    assert request_spec(one) == RequestSpec.model_validate(
        {
            "cpu": "250m",
            "memory": "1KiB",
            "ephemeral": 5,
            "extended": {"a/gpu": 1},
            "tolerations": [{"key": "k", "value": "v"}],
            "selector": {"l": ["1", "2"]},
            "preferred": [{"weight": 3, "key": "m", "values": ["x"]}],
        }
    )
    assert request_spec(Asked(None, None, 0, ())) == RequestSpec()
    with pytest.raises(FieldError, match="spec: selector: names must be of letters and digits"):
        request_spec(Asked(None, None, 0, (), selector=(("a b", ("1",)),)))


def test_amounts_beyond_a_scenario_are_as_large_as_it_takes() -> None:
    """And counted; the file is not refused for one pod."""
    dropped: Counter[str] = Counter()
    large = container({"cpu": "1M", "memory": "2Pi", "hugepages-1Gi": "1Ti"})
    one = asked({"containers": [large, container({"ephemeral-storage": "1Gi"})]}, dropped)
    assert one[:4] == (10**8, 2**50, 2**30, (("hugepages-1Gi", 10**12),))
    assert dropped == {"amounts larger than a scenario takes, made as large as it takes": 3}
    assert request_spec(one).cpu == (10**8,)


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("kube-proxy-cp1", "n/Node/kube-proxy"),
        ("etcd-cp1", "n/Node/etcd"),
        ("etcd", "n/Node/etcd"),
        ("", ""),
    ],
)
def test_static_pods_are_an_app_by_component(name: str, owner: str) -> None:
    """Not by their node, which owns all of its own."""
    owners = [{"controller": True, "kind": "Node", "name": "cp1", "uid": "u"}]
    assert owner_of({"namespace": "n", "name": name, "ownerReferences": owners}) == owner


@pytest.mark.parametrize(
    ("owners", "owner"),
    [
        ([], ""),
        ([{"kind": "ReplicaSet", "uid": "u"}], ""),
        (
            [{"controller": False, "uid": "x"}, {"controller": True, "kind": "Job", "name": "a", "uid": "u"}],
            "u",
        ),
        ([{"controller": True, "kind": "Job", "name": "a"}], "n/Job/a"),
    ],
)
def test_the_controller_owns(owners: list[dict[str, Any]], owner: str) -> None:
    """By uid, or by kind and name in its namespace."""
    assert owner_of({"namespace": "n", "ownerReferences": owners}) == owner


def test_pods_that_are_over_are_left_out() -> None:
    """Ended, or being deleted: counted."""
    left_out: Counter[str] = Counter()
    for change in ({"phase": "Succeeded"}, {"phase": "Failed"}):
        assert pod_of({"status": change}, left_out, Counter()) is None
    assert pod_of({"metadata": {"deletionTimestamp": made.time(5)}}, left_out, Counter()) is None
    assert pod_of({"status": {"phase": "Pending"}}, left_out, Counter()) is not None
    assert left_out == {pod_object.HAVE_ENDED: 2, pod_object.BEING_DELETED: 1}
