"""Lists in openb's columns: the shipped ones are read as the shipped trace is, others with their place."""

from pathlib import Path

import command
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kscale.errors import KscaleError
from kscale.imports import openb
from kscale.imports.facts import Facts
from kscale.scenario import build, load, shipped, trace
from kscale.scenario.cluster import Pods
from kscale.scenario.schema_cluster import TraceSpec

FOLDER = shipped.root() / trace.FOLDERS["openb"]
NODES = ",".join(trace.NODE_COLUMNS)
PODS = ",".join(trace.POD_COLUMNS)


def of_file(path: Path) -> Facts:
    return openb.read(path, path.name, lambda _done, _all: None)


def of_text(folder: Path, text: str | bytes) -> Facts:
    path = folder / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return of_file(path)


def test_shipped_nodes_are_those_of_the_trace() -> None:
    facts = of_file(FOLDER / trace.NODE_LIST)
    nodes, _ = trace.build(TraceSpec(trace="openb"))
    assert facts.nodes is not None
    assert len(facts.nodes) == nodes.count == 1523
    for i, one in enumerate(facts.nodes):
        assert one.cpu_milli == nodes.cpu_milli[i]
        assert one.memory_bytes == nodes.memory_bytes[i]
        assert one.ephemeral_bytes == nodes.ephemeral_bytes[i]
        assert one.pods == nodes.pods[i]
        assert dict(one.extended).get(trace.GPU_RESOURCE, 0) == nodes.extended[i, 0]
        assert one.labels == nodes.groups[nodes.group[i]].labels
        assert not one.taints
        assert not one.unschedulable


@pytest.mark.parametrize("kind", ["default", "gpuspec33"])
def test_shipped_pods_are_those_of_the_trace(kind: str) -> None:
    facts = of_file(FOLDER / trace.POD_LISTS[kind])
    _, pods = trace.build(TraceSpec.model_validate({"trace": "openb", "pods": kind}))
    found = facts.pods
    assert found is not None
    assert len(found.request) == pods.count == 8152
    assert np.array_equal(found.app, pods.app)
    assert np.array_equal(found.namespace, pods.namespace)
    classes = pods.classes
    for i in range(pods.count):
        one, of = found.requests[found.request[i]], pods.klass[i]
        assert one.cpu == (classes.cpu_milli[of],)
        assert one.memory == (classes.memory_bytes[of],)
        assert one.extended.get(trace.GPU_RESOURCE, 0) == classes.extended[of, 0]
        assert tuple(one.selector.items()) == classes.constraints[of].selector
    assert list(found.created_s) == sorted(found.created_s)


def test_an_imported_cluster_is_that_of_the_trace(tmp_path: Path) -> None:
    """Through the whole command: written, read back, and built."""
    lists = (FOLDER / trace.NODE_LIST, FOLDER / trace.POD_LISTS["gpuspec33"])
    ran = command.kscale(tmp_path, "import", *map(str, lists), "-o", "mine.yaml")
    assert ran.code == 0, ran.err
    loaded = load.load(str(tmp_path / "mine.yaml"))
    cluster = build.build(loaded.scenario, loaded.recorded)
    nodes, pods = trace.build(TraceSpec.model_validate({"trace": "openb", "pods": "gpuspec33"}))
    mine = cluster.nodes
    for name in ("cpu_milli", "memory_bytes", "ephemeral_bytes", "pods", "extended", "zone"):
        assert np.array_equal(getattr(mine, name), getattr(nodes, name)), name
    assert [mine.groups[of].labels for of in mine.group] == [
        nodes.groups[of].labels if nodes.groups[of].labels.get(trace.GPU_LABEL) in asked_for(pods) else {}
        for of in nodes.group
    ]
    assert np.array_equal(cluster.pods.app, pods.app)
    assert len(set(zip(cluster.pods.namespace, pods.namespace, strict=True))) == pods.namespaces
    for name in ("cpu_milli", "memory_bytes", "cpu_nonzero", "memory_nonzero", "ephemeral_bytes", "extended"):
        found, right = (getattr(one.classes, name)[one.klass] for one in (cluster.pods, pods))
        assert np.array_equal(found, right), name
    assert selectors(cluster.pods) == selectors(pods)


def asked_for(pods: Pods) -> set[str]:
    """Return the types of GPU that any pod asks for."""
    return {value for one in pods.classes.constraints for _, values in one.selector for value in values}


def selectors(pods: Pods) -> list[list[tuple[str, set[str]]]]:
    """Return what each pod asks of labels."""
    each = [[(key, set(values)) for key, values in one.selector] for one in pods.classes.constraints]
    return [each[of] for of in pods.klass]


def test_times_are_seconds_from_the_start() -> None:
    facts = of_file(FOLDER / trace.POD_LISTS["default"])
    assert facts.source.taken is None
    assert {one.key: one.value for one in facts.values} == {
        "counts.pods": 8152,
        "load.pod_changes": f"{float(f'{553 * 3 / 86400:.3g}')}/s",  # 553 of them in the last day
    }


def test_pods_come_in_order_of_creation(tmp_path: Path) -> None:
    rows = ["a,100,1,0,0,,LS,30", "b,200,1,0,0,,BE,10", "c,300,1,1,500,T4|P100,LS,20", "d,200,1,0,0,,LS,10"]
    facts = of_text(tmp_path, "\n".join([PODS, *rows]))
    assert facts.pods is not None
    assert [facts.pods.requests[number].cpu[0] for number in facts.pods.request] == [200, 200, 300, 100]
    assert facts.pods.namespace.tolist() == [0, 1, 1, 1]
    assert facts.pods.requests[1].extended == {trace.GPU_RESOURCE: 500}
    assert facts.pods.requests[1].selector == {trace.GPU_LABEL: ("T4", "P100")}


def test_columns_may_stand_in_any_order_and_beside_others(tmp_path: Path) -> None:
    facts = of_text(tmp_path, "\ufeffmodel,gpu,rack,memory_mib,cpu_milli,sn\r\nT4,2,r1,1024,4000,n1\r\n")
    assert facts.nodes is not None
    assert facts.nodes[0].extended == ((trace.GPU_RESOURCE, 2000),)
    assert facts.read == ("1 node with 1 type of GPU",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "list.csv:1: no column name"),
        (f"{NODES}\n", "list.csv:1: no rows"),
        ("sn,cpu_milli\na,1\n", "list.csv:1: no column memory_mib, gpu, model"),
        (f"{NODES}\na,1,1,1\n", "list.csv:2: 4 fields, the first line has 5"),
        (f"{NODES}\na,1,1,1,T4\nb,-1,1,1,T4\n", "list.csv:3: cpu_milli: '-1' is not a whole number"),
        (f"{NODES}\na,1,1,1,\x1b[31m\n", "list.csv:2: model: is not a name"),
        (f"{NODES}\na,{'9' * 13},1,1,T4\n", "list.csv:2: cpu_milli: '9999999999999' is too large"),
        (f'{NODES}\na,1,1,1,"T4\n', "list.csv:2: not CSV"),
        (f"{NODES}\n".encode() + b"a,1,1,1,\xff\n", "list.csv:2: not UTF-8"),
        (f"{PODS}\na,1,1,0,0,,LS,NaN\n", "list.csv:2: creation_time: 'NaN' is not a whole number"),
        (f"{PODS}\na,1000000000,1,0,0,,LS,0\n", "list.csv: spec: cpu: "),
        (f"{PODS}\na,1,1,1000000000,0,,LS,0\na,1,1,1000000000000,0,,LS,0\n", "list.csv: spec: extended: "),
        (f"{PODS}\na,1,1,1,0,{'|'.join(map(str, range(60)))}|{'|'.join('abc' * 20)},LS,0\n", "list.csv:"),
    ],
)
def test_a_list_is_refused_with_its_place(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(KscaleError) as caught:
        of_text(tmp_path, text)
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


def test_too_many_different_requests_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"a,{i},1,0,0,,LS,0\n" for i in range(10_001))
    with pytest.raises(KscaleError, match="10,001 different requests; at most 10,000"):
        of_text(tmp_path, f"{PODS}\n{rows}")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.sampled_from([NODES, PODS]),
    rows=st.lists(
        st.lists(
            st.sampled_from(["0", "1", "T4|V100", "", "9" * 30, "-1", "1e3", "NaN", '"', "\x00", "LS"])
            | st.text(max_size=5),
            min_size=4,
            max_size=9,
        ),
        max_size=4,
    ),
)
def test_odd_lists_are_read_or_refused(tmp_path: Path, header: str, rows: list[list[str]]) -> None:
    data = "\n".join([header, *map(",".join, rows)]).encode("utf-8", "surrogatepass")
    try:
        said = of_text(tmp_path, data).source.format
    except KscaleError as error:
        said = str(error)
    assert said.isprintable()
