"""What an API server has to encode: events of pod-like objects, and watchers with the encodings they ask for.

Objects are pods of the cluster, with the sizes it stores them at. Their names and labels are made
of what the cluster knows; the rest is filler in fields of one length. All of it follows the scenario's seed.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale.errors import KscaleError
from kscale.kernels import encoding, json_write, protobuf_write
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream
from kscale.scenario.quantities import Bytes, Count

Longs = NDArray[np.int64]
Octets = NDArray[np.uint8]

CHANGES = 10  # of a pod in its life, assumed: the first is ADDED, the last is DELETED
SPREAD = 4096  # places in the pool where an object's filler may begin
ALPHABET = b"abcdefghijklmnopqrstuvwxyz0123456789-./:"  # nothing that JSON must escape
KIND = b"Pod"
LABELS = (b"app", b"pod-template-hash")
STATUS_SHARE = 3  # a third of the filler is status, assumed
MOST_OBJECT = 2**21  # bytes; etcd refuses more than 1.5 MiB


@dataclass(frozen=True, slots=True)
class Params:
    """How many events go to whom, and in which encodings."""

    events: Annotated[Count, Field(ge=0, le=100_000, description="Changes that every watcher gets.")] = 2000
    watchers: Annotated[
        Annotated[Count, Field(ge=0, le=1_000_000)] | None,
        Field(
            description="Clients that get each event; default: all that watch every pod (controllers)"
            " and the pod's kubelet."
        ),
    ] = None
    json_share: Annotated[
        float, Field(ge=0, le=1, description="Share of the watchers that ask for JSON; assumed.")
    ] = 0.1
    versions: Annotated[
        int,
        Field(ge=1, le=1_000_000, description="API versions asked for, in turn: each is another encoding."),
    ] = 1
    init_share: Annotated[
        float,
        Field(ge=0, le=1, description="Share of events that are sent on resuming: they are never shared."),
    ] = 0.0
    object_bytes: Annotated[
        Annotated[Bytes, Field(ge=1, le=MOST_OBJECT)] | None,
        Field(
            description="About the size of an object in protobuf; default: as the cluster stores its pods."
        ),
    ] = None
    field_bytes: Annotated[
        int, Field(ge=1, le=MOST_OBJECT, description="Bytes of text in a field of an object; assumed.")
    ] = 16
    lag: Annotated[
        int,
        Field(
            ge=0,
            le=100_000,
            description="Events the slowest watcher is behind: what is kept of them is still held; assumed.",
        ),
    ] = 10
    cores: Annotated[
        int,
        Field(ge=1, le=4096, description="Cores of the server, for the time that one event keeps it busy."),
    ] = 64


@dataclass(frozen=True, slots=True)
class EncodeLoad:
    """What every variant starts from: e events of one object each, w watchers, k encodings in use."""

    objects: Longs  # [e, OBJECT] see kernels/protobuf_write.py
    labels: Longs  # [2 e, LABEL]
    text: Octets
    sizes: Longs  # [e] bytes of each object in protobuf
    kinds: Longs  # [e] type of each event
    init: NDArray[np.bool_]  # [e] sent on resuming
    wanted: Longs  # [w] encoding of each watcher
    encodings: Longs  # [k, ENCODING] see kernels/encoding.py
    room: int  # bytes of the largest frame, at most
    cluster: Cluster
    params: Params

    @property
    def watchers(self) -> int:
        """Return the number of watchers."""
        return len(self.wanted)


def make(cluster: Cluster, params: Params) -> EncodeLoad:
    """Return the load; KscaleError if there are no pods to take objects from."""
    objects, labels, text = _objects(cluster, params)
    wanted, encodings, names = _encodings(cluster, params, len(text))
    starts = np.zeros(params.events + 1, dtype=np.int64)
    protobuf_write.place_all(objects, labels, starts)
    moments = draw.below(cluster.seed, Stream.ENCODING_EVENTS, params.events, CHANGES)
    init = np.zeros(params.events, dtype=np.bool_)
    order = draw.order(cluster.seed, Stream.ENCODING_INIT, params.events)
    init[order[: int(params.init_share * params.events + 0.5)]] = True
    kinds = np.full(params.events, encoding.MODIFIED, dtype=np.int64)
    kinds[moments == 0] = encoding.ADDED
    kinds[moments == CHANGES - 1] = encoding.DELETED
    kinds[init] = encoding.ADDED
    largest = max((json_write.most_bytes(i, objects, labels) for i in range(params.events)), default=0)
    return EncodeLoad(
        objects=objects,
        labels=labels,
        text=np.concatenate((text, names)),
        sizes=np.diff(starts),
        kinds=kinds,
        init=init,
        wanted=wanted,
        encodings=encodings,
        room=largest + encoding.HEADERS + len(names),
        cluster=cluster,
        params=params,
    )


def watchers(cluster: Cluster, params: Params) -> int:
    """Return how many get each event."""
    if params.watchers is not None:
        return params.watchers
    return cluster.control_plane.controllers + 1


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` needs at its peak and the variants hold beside."""
    count = watchers(cluster, params)
    object_bytes = params.object_bytes or int(cluster.objects.sizes_of("pods").max(initial=0))
    kept = min(count, 2 * params.versions) + 2  # encodings of one event at once, and the buffers
    return 1200 * params.events + 150 * count + (40 + 3 * kept) * object_bytes + (8 << 20)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what encoding each event for each watcher takes."""
    size = params.object_bytes or _mean_pod(cluster)
    in_json = 0.75 * params.json_share + 0.14 * (1 - params.json_share)  # ns a byte of protobuf
    return 1e6 + params.events * watchers(cluster, params) * (60 + size * in_json)


def _mean_pod(cluster: Cluster) -> int:
    """Return the mean size of a stored pod, 0 if there is none."""
    sizes = cluster.objects.sizes_of("pods")
    return int(sizes.mean()) if len(sizes) else 0


def _objects(cluster: Cluster, params: Params) -> tuple[Longs, Longs, Octets]:
    """Return the object of each event, the labels, and the text of both."""
    events, seed = params.events, cluster.seed
    stored = cluster.objects.sizes_of("pods")
    if params.object_bytes is None and len(stored) == 0:
        raise KscaleError("watch-encode: the cluster stores no pods to take sizes from; set object_bytes")
    drawn = draw.keys(seed, Stream.ENCODING, 0, events)
    pods = draw.scaled(drawn, cluster.pods.count)
    wanted = np.full(events, params.object_bytes or 0, dtype=np.int64)
    if params.object_bytes is None:
        wanted[:] = stored[pods % len(stored)]
    objects = np.zeros((events, protobuf_write.OBJECT), dtype=np.int64)
    objects[:, protobuf_write.PIECE] = params.field_bytes
    objects[:, protobuf_write.REVISION] = 10**9 + np.arange(events)
    labels, names = _name(objects, cluster, pods)
    _fill(objects, labels, wanted, params.field_bytes)
    start = len(names) + (drawn % np.uint64(SPREAD)).astype(np.int64)
    objects[:, protobuf_write.SPEC] = start
    objects[:, protobuf_write.STATUS] = start + objects[:, protobuf_write.SPEC_BYTES]
    filler = objects[:, [protobuf_write.SPEC_BYTES, protobuf_write.STATUS_BYTES]].sum(axis=1)
    letters = np.frombuffer(ALPHABET, dtype=np.uint8)
    count = SPREAD + int(filler.max(initial=0))
    pool = draw.keys(seed, Stream.ENCODING_TEXT, 0, count) % np.uint64(len(letters))
    return objects, labels, np.concatenate((names, letters[pool.astype(np.intp)]))


def _name(objects: Longs, cluster: Cluster, pods: Longs) -> tuple[Longs, Octets]:
    """Fill in names, namespaces and nodes of *objects*. Returns the labels and the text."""
    text = bytearray(b"".join(LABELS))
    keys = ((0, len(LABELS[0])), (len(LABELS[0]), len(LABELS[1])))

    def put(value: str) -> tuple[int, int]:
        """Append to the text. Returns where, and how many bytes."""
        text.extend(value.encode())
        return len(text) - len(value), len(value)

    labels = np.zeros((len(LABELS) * len(pods), protobuf_write.LABEL), dtype=np.int64)
    places = [protobuf_write.NAME, protobuf_write.NAMESPACE, protobuf_write.NODE]
    nodes = max(1, cluster.nodes.count)
    apps, namespaces = cluster.pods.app[pods].tolist(), cluster.pods.namespace[pods].tolist()
    for i, pod in enumerate(pods.tolist()):
        # a ReplicaSet's hash and a pod's suffix are ten and five letters long
        template = f"{apps[i] * 2_654_435_761 % 2**40:010x}"
        values = (f"app-{apps[i]}-{template}-{pod:05x}", f"ns-{namespaces[i]}", f"node-{pod % nodes}")
        for column, value in zip(places, values, strict=True):
            objects[i, [column, column + 1]] = put(value)
        for label, value in enumerate((f"app-{apps[i]}", template)):
            labels[len(LABELS) * i + label] = (*keys[label], *put(value))
    objects[:, protobuf_write.LABELS] = len(LABELS) * np.arange(len(pods))
    objects[:, protobuf_write.LABELS_END] = objects[:, protobuf_write.LABELS] + len(LABELS)
    return labels, np.frombuffer(bytes(text), dtype=np.uint8)


def _fill(objects: Longs, labels: Longs, wanted: Longs, field_bytes: int) -> None:
    """Set the lengths of filler so that objects come to about *wanted* bytes, or are as small as can be."""
    starts = np.zeros(len(objects) + 1, dtype=np.int64)
    protobuf_write.place_all(objects, labels, starts)
    left = np.maximum(wanted - np.diff(starts), 0)
    field = protobuf_write.bytes_size(protobuf_write.F_FILLER, field_bytes)
    filler = left * field_bytes // field
    objects[:, protobuf_write.STATUS_BYTES] = filler // STATUS_SHARE
    objects[:, protobuf_write.SPEC_BYTES] = filler - filler // STATUS_SHARE


def _encodings(cluster: Cluster, params: Params, first: int) -> tuple[Longs, Longs, Octets]:
    """Return each watcher's encoding, those in use, and the text that names them, which begins at *first*."""
    count = watchers(cluster, params)
    order = draw.order(cluster.seed, Stream.ENCODING_WATCHERS, count)
    asked = np.zeros((count, 2), dtype=np.int64)
    asked[order[: int(params.json_share * count + 0.5)], 0] = encoding.JSON
    asked[order, 1] = np.arange(count) % params.versions
    used, wanted = np.unique(asked, axis=0, return_inverse=True)
    table = np.zeros((len(used), encoding.ENCODING), dtype=np.int64)
    text = bytearray(KIND)
    for row, (form, version) in zip(table, used.tolist(), strict=True):
        name = f"v{version + 1}".encode()
        row[:] = (form, first, len(KIND), first + len(text), len(name))
        text += name
    return wanted.reshape(-1).astype(np.int64), table, np.frombuffer(bytes(text), dtype=np.uint8)
