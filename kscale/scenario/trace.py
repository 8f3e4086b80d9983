"""A cluster recorded in production, as arrays.

openb: Alibaba's GPU cluster of 2023 (Weng et al., USENIX ATC 2023), from the CSV files beside the
shipped scenarios. GPUs become one extended resource, `gpu-milli`: 1000 for each GPU of a node, and
for a pod 1000 a GPU or the share of one GPU it asks for. Left out: the parts of a GPU that no pod
fits into, because a node's GPUs are counted together. A GPU type is the node label `gpu-model`, and
a pod's `A|B` a selector with both values. An application is a request signature: cpu, memory, GPUs,
GPU share and GPU types as written (`A|B` and `B|A` are two, as in Kubernetes' own pod signatures).
A namespace is a class of service (`qos`). Neither ephemeral storage nor the most pods on a node is
recorded: none is asked for, and `max_pods` is assumed.
"""

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.errors import KscaleError
from kscale.scenario import shipped
from kscale.scenario.cluster import Constraints, NodeGroup, Nodes, PodClasses, Pods
from kscale.scenario.schema_cluster import MIB, MOST_NODES, MOST_PODS, TraceSpec
from kscale.scenario.spec import InconsistentError

FOLDERS = {"openb": Path("traces", "openb-gpu-2023")}
NODE_LIST = "openb_node_list_all_node.csv"
POD_LISTS = {"default": "openb_pod_list_default.csv", "gpuspec33": "openb_pod_list_gpuspec33.csv"}
NODE_COLUMNS = ("sn", "cpu_milli", "memory_mib", "gpu", "model")
POD_COLUMNS = ("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "gpu_spec", "qos", "creation_time")

GPU_RESOURCE = "gpu-milli"  # thousandths of a GPU
GPU_LABEL = "gpu-model"
MILLI = 1000

LARGEST_FILE = 64 * MIB  # bytes
LARGEST_FIELD = 10**12  # of a number in a row
LONGEST_FIELD = 253  # characters


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A line of the node list."""

    cpu_milli: int
    memory_bytes: int
    gpu_milli: int
    model: str  # empty: no GPU


@dataclass(frozen=True, slots=True)
class Signature:
    """What a pod asks for; pods of one signature are one application."""

    cpu_milli: int
    memory_bytes: int
    gpus: int
    gpu_milli: int  # of one GPU
    models: tuple[str, ...]  # any of these; empty: any GPU

    @property
    def all_gpu_milli(self) -> int:
        """Return the request of the extended resource."""
        return self.gpu_milli if self.gpus == 1 else self.gpus * MILLI


@dataclass(frozen=True, slots=True)
class PodRow:
    """A line of the pod list."""

    signature: Signature
    qos: str
    created_s: int


def size(spec: TraceSpec) -> tuple[int, int]:
    """Return how many nodes and pods *spec* stands for, after repeating."""
    folder = shipped.root() / FOLDERS[spec.trace]
    nodes, pods = len(read_nodes(folder / NODE_LIST)), len(read_pods(folder / POD_LISTS[spec.pods]))
    if spec.repeat.times is None:
        return spec.repeat.nodes or nodes, spec.repeat.pods or pods
    nodes, pods = (max(1, math.floor(rows * spec.repeat.times)) for rows in (nodes, pods))
    if nodes > MOST_NODES or pods > MOST_PODS:
        raise InconsistentError(
            ("cluster", "repeat"),
            f"makes {nodes:,} nodes and {pods:,} pods; at most {MOST_NODES:,} and {MOST_PODS:,}",
        )
    return nodes, pods


def build(spec: TraceSpec) -> tuple[Nodes, Pods]:
    """Return the nodes and pods of a resolved *spec*; its lists are repeated in their order."""
    folder = shipped.root() / FOLDERS[spec.trace]
    nodes, pods = size(spec)
    return (
        make_nodes(read_nodes(folder / NODE_LIST), nodes, spec.zones, spec.max_pods),
        make_pods(read_pods(folder / POD_LISTS[spec.pods]), pods),
    )


def make_nodes(rows: Sequence[NodeRow], count: int, zones: int, max_pods: int) -> Nodes:
    """Return *count* nodes, the rows over and over."""
    models = sorted({row.model for row in rows})
    row_of = np.arange(count) % len(rows)

    def column(value: Callable[[NodeRow], int]) -> NDArray[np.int64]:
        return np.array([value(row) for row in rows], dtype=np.int64)[row_of]

    return Nodes(
        cpu_milli=column(lambda row: row.cpu_milli),
        memory_bytes=column(lambda row: row.memory_bytes),
        ephemeral_bytes=np.zeros(count, dtype=np.int64),
        pods=np.full(count, max_pods, dtype=np.int64),
        extended=column(lambda row: row.gpu_milli).reshape(count, 1),
        zone=(np.arange(count) % zones).astype(np.int32),
        group=column(lambda row: models.index(row.model)).astype(np.int32),
        groups=tuple(NodeGroup({GPU_LABEL: model} if model else {}) for model in models),
    )


def make_pods(rows: Sequence[PodRow], count: int) -> Pods:
    """Return *count* pods in order of creation, the rows over and over."""
    rows = sorted(rows, key=lambda row: row.created_s)  # stable: equal times stay in the file's order
    signatures = list(dict.fromkeys(row.signature for row in rows))
    number = {signature: i for i, signature in enumerate(signatures)}
    services = sorted({row.qos for row in rows})
    row_of = np.arange(count) % len(rows)
    app = np.array([number[row.signature] for row in rows], dtype=np.int32)[row_of]
    namespace = np.array([services.index(row.qos) for row in rows], dtype=np.int32)[row_of]
    return Pods(app.copy(), app, namespace, len(services), _classes(signatures))


def _classes(signatures: Sequence[Signature]) -> PodClasses:
    """Return one class for each signature."""
    cpu = np.array([one.cpu_milli for one in signatures], dtype=np.int64)
    memory = np.array([one.memory_bytes for one in signatures], dtype=np.int64)
    return PodClasses(
        cpu_milli=cpu,
        memory_bytes=memory,
        cpu_nonzero=cpu.copy(),  # every request is stated, and a stated 0 stays 0
        memory_nonzero=memory.copy(),
        ephemeral_bytes=np.zeros(len(signatures), dtype=np.int64),
        extended=np.array([[one.all_gpu_milli] for one in signatures], dtype=np.int64),
        constraints=tuple(
            Constraints(selector=((GPU_LABEL, one.models),) if one.models else ()) for one in signatures
        ),
    )


def read_nodes(path: Path) -> list[NodeRow]:
    """Return the node list, or raise KscaleError with file and line."""
    return node_rows(_data(path), path.name)


def read_pods(path: Path) -> list[PodRow]:
    """Return the pod list in the file's order, or raise KscaleError with file and line."""
    return pod_rows(_data(path), path.name)


def node_rows(data: bytes, name: str) -> list[NodeRow]:
    """Return the node list that a CSV file of that *name* holds, or raise KscaleError with its line."""
    return [
        NodeRow(
            row.number("cpu_milli"),
            row.number("memory_mib") * MIB,
            row.number("gpu") * MILLI,
            row.text("model"),
        )
        for row in _rows(data, name, NODE_COLUMNS)
    ]


def pod_rows(data: bytes, name: str) -> list[PodRow]:
    """Return the pod list that a CSV file of that *name* holds, or raise KscaleError with its line."""
    signatures: dict[Signature, Signature] = {}  # one object for equal ones
    pods = []
    for row in _rows(data, name, POD_COLUMNS):
        models = tuple(model for model in row.text("gpu_spec").split("|") if model)
        signature = Signature(
            row.number("cpu_milli"),
            row.number("memory_mib") * MIB,
            row.number("num_gpu"),
            row.number("gpu_milli"),
            models,
        )
        signature = signatures.setdefault(signature, signature)
        pods.append(PodRow(signature, row.text("qos"), row.number("creation_time")))
    return pods


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a CSV file and where it stands."""

    where: str  # file:line
    fields: dict[str, str]

    def text(self, column: str) -> str:
        """Return a field as it is."""
        value = self.fields[column]
        if len(value) > LONGEST_FIELD or not value.isprintable():
            raise KscaleError(f"{self.where}: {column}: is not a name")
        return value

    def number(self, column: str) -> int:
        """Return a field that is a whole number, 0 or more."""
        value = self.fields[column]
        if not (value.isascii() and value.isdigit() and len(value) <= units.LONGEST):
            raise KscaleError(
                f"{self.where}: {column}: {units.quote(value)} is not a whole number, 0 or more"
            )
        if int(value) > LARGEST_FIELD:
            raise KscaleError(f"{self.where}: {column}: {units.quote(value)} is too large")
        return int(value)


def _rows(data: bytes, name: str, columns: Sequence[str]) -> Iterator[_Row]:
    """Yield the lines of a CSV file that has at least *columns*."""
    reader = csv.reader(io.StringIO(_text(data, name), newline=""), strict=True)
    line = 0
    try:
        header = next(reader, [])
        missing = [column for column in columns if column not in header]
        if missing:
            raise KscaleError(f"{name}:1: no column {', '.join(missing)}; a trace has {', '.join(columns)}")
        for fields in reader:
            line = reader.line_num
            if len(fields) != len(header):
                raise KscaleError(f"{name}:{line}: {len(fields)} fields, the first line has {len(header)}")
            yield _Row(f"{name}:{line}", dict(zip(header, fields, strict=True)))
    except csv.Error as error:
        raise KscaleError(f"{name}:{reader.line_num}: not CSV: {error}") from error
    if not line:
        raise KscaleError(f"{name}:1: no rows after the header")


def _data(path: Path) -> bytes:
    """Return a file's bytes, or raise KscaleError."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise KscaleError(f"{path.name}: cannot be read: {error.strerror}") from error


def _text(data: bytes, name: str) -> str:
    """Return a file's text, or raise KscaleError."""
    if len(data) > LARGEST_FILE:
        raise KscaleError(f"{name}: larger than {units.show_bytes(LARGEST_FILE)}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise KscaleError(f"{name}:{line}: not UTF-8") from error
