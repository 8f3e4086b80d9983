"""The recorded cluster is the one its README describes; damaged files are refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscale.errors import KscaleError
from kscale.scenario import build, load, shipped, trace
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema_cluster import MIB

FOLDER = shipped.root() / "traces" / "openb-gpu-2023"


def openb(more: str = "") -> Cluster:
    """Build the trace with other keys."""
    return build.build(load.parse(f"cluster: {{trace: openb{more}}}".encode(), "x", "x").scenario)


def test_nodes_are_those_of_the_readme() -> None:
    """1,523 nodes of 27 shapes, 1,213 of them with GPUs, 6,212 GPUs, 125,514 cores."""
    nodes = openb().nodes
    assert nodes.count == 1523
    assert nodes.cpu_milli.sum() == 125_514_000
    assert nodes.memory_bytes.sum() == 612_028_416 * MIB
    assert nodes.extended.sum() == 6212 * 1000
    assert (nodes.extended > 0).sum() == 1213
    columns = (nodes.cpu_milli, nodes.memory_bytes, nodes.extended[:, 0], nodes.group)
    shapes = list(zip(*(column.tolist() for column in columns), strict=True))
    assert len(set(shapes)) == 27
    assert shapes.count((96_000, 384 * 2**30, 8000, 2)) == 549
    assert [dict(group.labels) for group in nodes.groups] == [
        {}, *({"gpu-model": model} for model in ("A10", "G2", "G3", "P100", "T4", "V100M16", "V100M32"))
    ]  # fmt: skip
    assert set(nodes.pods.tolist()) == {110}


@pytest.mark.parametrize(
    ("pods", "signatures", "top_ten", "repeats"),
    [("default", 151, 0.59, 0.26), ("gpuspec33", 457, 0.42, 0.15)],
)
def test_pods_are_those_of_the_readme(pods: str, signatures: int, top_ten: float, repeats: float) -> None:
    """Signatures are cpu, memory, GPUs, GPU share and GPU type; each is a class and an application."""
    got = openb(f", pods: {pods}").pods
    assert got.count == 8152
    assert got.classes.count == signatures
    counts = np.bincount(got.klass)
    assert np.sort(counts)[-10:].sum() / got.count == pytest.approx(top_ten, abs=0.006)
    assert (got.klass[1:] == got.klass[:-1]).mean() == pytest.approx(repeats, abs=0.005)
    assert counts @ got.classes.cpu_milli / 1000 == pytest.approx(85_436, abs=1)
    assert counts @ got.classes.memory_bytes == 303_546_211 * MIB
    assert counts @ got.classes.extended[:, 0] / 1000 == pytest.approx(6087, abs=1)
    assert got.app.tolist() == got.klass.tolist()
    assert got.namespaces == len(set(got.namespace.tolist())) == 4


def test_gpu_types_are_selectors() -> None:
    """A|B means either; without a type any GPU will do."""
    constraints = openb(", pods: gpuspec33").pods.classes.constraints
    selectors = {constraint.selector for constraint in constraints}
    assert () in selectors
    assert (("gpu-model", ("V100M16", "V100M32")),) in selectors
    assert all(len(selector) <= 1 for selector in selectors)
    assert all(not constraint.selector for constraint in openb().pods.classes.constraints)


def test_lists_repeat_in_their_order() -> None:
    """The 1,524th node is the first again; pods keep their order of creation."""
    once, more = openb(), openb(", repeat: {nodes: 10k, pods: 20k}, zones: 3, max_pods: 64")
    assert (more.nodes.count, more.pods.count) == (10_000, 20_000)
    assert more.nodes.cpu_milli[1523:3046].tolist() == once.nodes.cpu_milli.tolist()
    assert more.pods.klass[8152:16_304].tolist() == once.pods.klass.tolist()
    assert more.nodes.zone[:4].tolist() == [0, 1, 2, 0]
    assert set(more.nodes.pods.tolist()) == {64}
    both = openb(", repeat: 0.5")
    assert (both.nodes.count, both.pods.count) == (761, 4076)


NODES = "sn,cpu_milli,memory_mib,gpu,model\n"
BAD_NODES: list[tuple[bytes, str]] = [
    (b"", "n.csv:1: no column sn, cpu_milli, memory_mib, gpu, model"),
    (b"sn,cpu_milli\na,1\n", "n.csv:1: no column memory_mib, gpu, model"),
    (NODES.encode(), "n.csv:1: no rows"),
    ((NODES + "a,1,2\n").encode(), "n.csv:2: 3 fields, the first line has 5"),
    ((NODES + "a,1,2,3,x\nb,-1,2,3,x\n").encode(), "n.csv:3: cpu_milli: '-1' is not a whole number"),
    ((NODES + "a,1.5,2,3,x\n").encode(), "n.csv:2: cpu_milli: '1.5' is not a whole number"),
    ((NODES + "a,,2,3,x\n").encode(), "n.csv:2: cpu_milli: '' is not a whole number"),
    ((NODES + f"a,{'9' * 5000},2,3,x\n").encode(), "n.csv:2: cpu_milli: '999"),
    ((NODES + "a,9999999999999,2,3,x\n").encode(), "n.csv:2: cpu_milli: '9999999999999' is too large"),
    ((NODES + "a,\u0663,2,3,x\n").encode(), "n.csv:2: cpu_milli: "),
    ((NODES + "a,1,2,3,\x1b[31m\n").encode(), "n.csv:2: model: is not a name"),
    ((NODES + f"a,1,2,3,{'x' * 300}\n").encode(), "n.csv:2: model: "),
    ((NODES + 'a,1,2,3,"x\n').encode(), "n.csv:2: not CSV"),
    ((NODES + f"a,1,2,3,{'x' * 200_000}\n").encode(), "n.csv:2: not CSV"),
    (NODES.encode() + b"a,1,2,3,\xff\n", "n.csv:2: not UTF-8"),
]


@pytest.mark.parametrize(("data", "message"), BAD_NODES, ids=range(len(BAD_NODES)))
def test_damaged_node_lists_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    """One line with file and line."""
    file = tmp_path / "n.csv"
    file.write_bytes(data)
    with pytest.raises(KscaleError) as caught:
        trace.read_nodes(file)
    assert str(caught.value).startswith(message)
    assert str(caught.value).isprintable()


def test_missing_traces_are_refused(tmp_path: Path) -> None:
    """A lost file is named, without its folder."""
    with pytest.raises(KscaleError, match=r"^pods\.csv: cannot be read: No such file"):
        trace.read_pods(tmp_path / "pods.csv")


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='0123a,|"\n\r\0 ', max_size=80))
def test_random_rows_never_crash(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever follows the header, it is rows or a KscaleError."""
    file = tmp_path_factory.getbasetemp() / "random.csv"
    file.write_bytes(
        ((FOLDER / trace.POD_LISTS["default"]).read_text().splitlines()[0] + "\n" + text).encode()
    )
    try:
        rows = trace.read_pods(file)
    except KscaleError as error:
        assert str(error).isprintable()  # noqa: PT017 - rows are as good an outcome
    else:
        assert trace.make_pods(rows, 10).count == 10
