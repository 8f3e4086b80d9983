"""The node list or the pod list of a trace in the columns of openb (Alibaba 2023), as CSV.

Rows are read and understood as those of the trace that kscale ships (scenario/trace.py says how): GPUs are
the extended resource `gpu-milli`, their types the label `gpu-model`, an application is a request
signature, a namespace a class of service. Times are seconds from the trace's start: they order pods and
tell how many came a second, but not when.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import arrivals, opened
from kscale.imports.facts import Facts, Ints, NodeFact, PodFacts, Progress, Source, Value
from kscale.imports.fields import FieldError
from kscale.imports.pod_request import Asked, request_spec
from kscale.scenario import trace
from kscale.scenario.document import one_line
from kscale.scenario.schema_cluster import MOST_NODES, MOST_PODS, RequestSpec
from kscale.scenario.trace import GPU_LABEL, GPU_RESOURCE, NodeRow, PodRow, Signature

FORMAT = "openb"
PODS_A_NODE = 110  # Kubernetes' default; the lists say none
MOST_REQUESTS = 10_000  # as a scenario takes


def read(path: Path, name: str, progress: Progress) -> Facts:
    """Return the nodes or the pods of a list; KscaleError with its line if it is none."""
    size = opened.size(path)
    progress(0, size)
    with opened.open_stream(path, name) as stream:
        data = stream.read(trace.LARGEST_FILE + 1)
    called = one_line(name)
    source = Source(FORMAT, name, size, None)
    header = data[:4096].removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].strip().split(b",")
    is_nodes = trace.NODE_COLUMNS[0].encode() in header
    try:
        found = (
            _nodes(trace.node_rows(data, called), called, source)
            if is_nodes
            else _pods(trace.pod_rows(data, called), called, source)
        )
    except FieldError as error:  # more than a scenario takes
        raise KscaleError(one_line(f"{called}: {error}")) from error
    progress(size, size)
    return found


def _nodes(rows: Sequence[NodeRow], name: str, source: Source) -> Facts:
    """Return the nodes in the list's order."""
    if len(rows) > MOST_NODES:
        raise KscaleError(f"{name}: {len(rows):,} nodes; at most {MOST_NODES:,}")
    models = {row.model for row in rows if row.model}
    return Facts(
        source=source,
        nodes=tuple(
            NodeFact(
                cpu_milli=row.cpu_milli,
                memory_bytes=row.memory_bytes,
                pods=PODS_A_NODE,
                ephemeral_bytes=0,
                extended=((GPU_RESOURCE, row.gpu_milli),) if row.gpu_milli else (),
                labels={GPU_LABEL: row.model} if row.model else {},
                taints=(),
                unschedulable=False,
                zone="",
            )
            for row in rows
        ),
        values=(Value("counts.nodes", len(rows), "nodes in the list"),),
        read=(f"{units.show_many(len(rows), 'node')} with {units.show_many(len(models), 'type')} of GPU",),
        assumed=(f"at most {PODS_A_NODE} pods fit on a node: the list says none",),
    )


def _pods(rows: Sequence[PodRow], name: str, source: Source) -> Facts:
    """Return the pods in order of creation; those of one second stay in the list's order."""
    if len(rows) > MOST_PODS:
        raise KscaleError(f"{name}: {len(rows):,} pods; at most {MOST_PODS:,}")
    rows = sorted(rows, key=lambda row: row.created_s)
    signatures = list(dict.fromkeys(row.signature for row in rows))
    if len(signatures) > MOST_REQUESTS:
        raise KscaleError(f"{name}: {len(signatures):,} different requests; at most {MOST_REQUESTS:,}")
    number = {signature: i for i, signature in enumerate(signatures)}
    services = {service: i for i, service in enumerate(sorted({row.qos for row in rows}))}
    request = np.array([number[row.signature] for row in rows], dtype=np.int32)
    created = np.array([row.created_s for row in rows], dtype=np.int64)
    pods = PodFacts(
        requests=tuple(_request(one) for one in signatures),
        request=request,
        app=request.copy(),
        namespace=np.array([services[row.qos] for row in rows], dtype=np.int32),
        created_s=created,
    )
    values, assumed = _load(created)
    requests = units.show_many(len(signatures), "distinct request")
    return Facts(
        source=source,
        pods=pods,
        values=(Value("counts.pods", len(rows), "pods in the list"), *values),
        read=(
            f"{units.show_many(len(rows), 'pod')} with {requests}",
            f"classes of service: {len(services):,}",
        ),
        assumed=(
            "all pods of the list are there at once, also those that were deleted",
            "pods of one request are one app, those of one class of service one namespace",
            *assumed,
        ),
    )


def _load(created: Ints) -> tuple[tuple[Value, ...], tuple[str, ...]]:
    """Return the changes a second in the newest part of the trace, and how they are worked out."""
    found = arrivals.arrivals(created)
    if found is None:
        return (), ()
    value = arrivals.changes(found, units.show_many(found.pods, "pod"))
    return (value,), (value.how,)


def _request(one: Signature) -> RequestSpec:
    """Return a signature as a scenario keeps it; FieldError if it takes no such request."""
    gpus = one.all_gpu_milli
    return request_spec(
        Asked(
            cpu_milli=one.cpu_milli,
            memory_bytes=one.memory_bytes,
            ephemeral_bytes=0,
            extended=((GPU_RESOURCE, gpus),) if gpus else (),
            selector=((GPU_LABEL, one.models),) if one.models else (),
        )
    )
