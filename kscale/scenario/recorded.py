"""The columns of a cluster that was recorded: kept beside its scenario in one .npz file.

`save` writes only what `load` takes, and both check everything: what comes out of `load` is in
range throughout, whoever wrote the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from kscale.errors import KscaleError
from kscale.scenario import document, recorded_check, recorded_file
from kscale.scenario.document import one_line
from kscale.scenario.quantities import Count
from kscale.scenario.recorded_check import WrongError
from kscale.scenario.recorded_file import ABOUT, Column, Kind
from kscale.scenario.schema_cluster import MOST_NODES, MOST_PODS, RequestSpec, ShapeSpec
from kscale.scenario.spec import Name, Pieces, Spec, between

MOST_SHAPES = 10_000
MOST_REQUESTS = 10_000
MOST_TYPES = 200
MOST_SIZES = 10**7  # rows of sizes
MOST_FILE_PAGES = 2**31 - 1
LARGEST_OBJECT = 2**27  # bytes; etcd's own limit is 1.5 MiB unless it was raised
FORMAT: Literal["kscale.recorded/1"] = "kscale.recorded/1"

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RecordedNodes:
    """Nodes in their order; shapes have no share.

    Where a pod asks for a zone by the label topology.kubernetes.io/zone, zone i is `zone-i`, unless
    the shape has that label itself.
    """

    shapes: tuple[ShapeSpec, ...]  # distinct
    shape: NDArray[np.int32]  # [n] index into shapes
    zone: NDArray[np.int32]  # [n]
    zones: int


@dataclass(frozen=True, slots=True)
class RecordedPods:
    """Pods in order of arrival; requests have no share, and one value of cpu and memory or none."""

    requests: tuple[RequestSpec, ...]  # distinct
    request: NDArray[np.int32]  # [p] index into requests
    app: NDArray[np.int32]  # [p] 0 .. apps - 1, each used
    namespace: NDArray[np.int32]  # [p] 0 .. namespaces - 1
    namespaces: int


@dataclass(frozen=True, slots=True)
class RecordedObjects:
    """Stored objects by type: how many of which size."""

    types: tuple[str, ...]
    sizes: Ints  # [k, 3] index into types, bytes, number of objects; ascending


@dataclass(frozen=True, slots=True)
class RecordedSpace:
    """Pages of an etcd database file."""

    page_bytes: int
    file_pages: int  # high water mark
    free: Ints  # [k, 2] first page, pages of each free span; ascending, maximal
    live: Ints  # [m, 2] first page, pages of each used run; ascending


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded cluster; None for what was not recorded."""

    nodes: RecordedNodes | None = None
    pods: RecordedPods | None = None
    objects: RecordedObjects | None = None
    space: RecordedSpace | None = None

    @property
    def node_count(self) -> int:
        """Return how many nodes were recorded."""
        return 0 if self.nodes is None else len(self.nodes.shape)

    @property
    def pod_count(self) -> int:
        """Return how many pods were recorded."""
        return 0 if self.pods is None else len(self.pods.request)

    @property
    def object_count(self) -> int:
        """Return how many objects were recorded."""
        return 0 if self.objects is None else int(self.objects.sizes[:, 2].sum())


def save(recorded: Recorded, path: Path) -> str:
    """Write *recorded* to *path*, whole or not at all; return the file's sha256.

    Equal content gives equal bytes with one zlib. KscaleError if it is not a cluster that `load`
    would take, or cannot be written.
    """
    about, columns = _taken_apart(recorded)
    _put_together(about, columns, path.name)
    return recorded_file.write(path, about, columns, KINDS)


def load(path: Path, sha256: str, where: str) -> Recorded:
    """Return the cluster in a file whose hash is *sha256*; *where* names it in complaints.

    KscaleError, one line, if the file is another one, is damaged, or holds what no cluster has.
    """
    about, columns = recorded_file.read(path, sha256, where, KINDS)
    return _put_together(about, columns, where)


class _Nodes(Spec):
    """What is said of nodes beside their columns."""

    shapes: Annotated[tuple[ShapeSpec, ...], Pieces(1, MOST_SHAPES)]
    zones: Annotated[Count, between(1, 1000)]


class _Pods(Spec):
    """What is said of pods."""

    requests: Annotated[tuple[RequestSpec, ...], Pieces(1, MOST_REQUESTS)]
    namespaces: Annotated[Count, between(1, 10**6)]


class _Objects(Spec):
    """What is said of objects."""

    types: Annotated[tuple[Name, ...], Pieces(1, MOST_TYPES)]


class _Space(Spec):
    """What is said of a database file."""

    page_bytes: Annotated[Count, between(512, 2**20)]
    file_pages: Annotated[Count, between(2, MOST_FILE_PAGES)]


class _About(Spec):
    """The JSON beside the columns."""

    format_: Literal["kscale.recorded/1"] = Field(alias="format")
    nodes: _Nodes | None = None
    pods: _Pods | None = None
    objects: _Objects | None = None
    space: _Space | None = None


KINDS = {  # every column, in the order of the file
    "nodes_shape": Kind("<i4"),
    "nodes_zone": Kind("<i4"),
    "pods_request": Kind("<i4"),
    "pods_app": Kind("<i4"),
    "pods_namespace": Kind("<i4"),
    "objects_sizes": Kind("<i8", 3),
    "space_free": Kind("<i8", 2),
    "space_live": Kind("<i8", 2),
}
PARTS = ("nodes", "pods", "objects", "space")


def _taken_apart(recorded: Recorded) -> tuple[dict[str, Any], dict[str, Column]]:
    """Return the JSON and the columns of *recorded*."""
    about: dict[str, Any] = {"format": FORMAT}
    columns: dict[str, Column] = {}
    if nodes := recorded.nodes:
        about["nodes"] = {"shapes": _plain(nodes.shapes), "zones": nodes.zones}
        columns |= {"nodes_shape": nodes.shape, "nodes_zone": nodes.zone}
    if pods := recorded.pods:
        about["pods"] = {"requests": _plain(pods.requests), "namespaces": pods.namespaces}
        columns |= {"pods_request": pods.request, "pods_app": pods.app, "pods_namespace": pods.namespace}
    if objects := recorded.objects:
        about["objects"] = {"types": list(objects.types)}
        columns["objects_sizes"] = objects.sizes
    if space := recorded.space:
        about["space"] = {"page_bytes": space.page_bytes, "file_pages": space.file_pages}
        columns |= {"space_free": space.free, "space_live": space.live}
    return about, columns


def _plain(specs: Sequence[ShapeSpec | RequestSpec]) -> list[dict[str, Any]]:
    """Return parts of a scenario as plain JSON values."""
    return [spec.model_dump(mode="json", exclude_none=True) for spec in specs]


def _put_together(about: Mapping[str, Any], columns: Mapping[str, Column], where: str) -> Recorded:
    """Return what the JSON and the columns say, all of it checked; KscaleError names the file *where*."""
    try:
        said = _About.model_validate(about)
    except ValidationError as error:
        raise document.first(error, f"{where}: {ABOUT}", {}) from error
    for name in KINDS:
        part = name.partition("_")[0]
        if (getattr(said, part) is None) == (name in columns):
            which = "has no column" if getattr(said, part) else "says nothing of the column"
            raise KscaleError(one_line(f"{where}: {which} {name}"))
    try:
        return Recorded(
            nodes=None if said.nodes is None else _nodes(said.nodes, columns),
            pods=None if said.pods is None else _pods(said.pods, columns),
            objects=None if said.objects is None else _objects(said.objects, columns),
            space=None if said.space is None else _space(said.space, columns),
        )
    except WrongError as error:
        raise KscaleError(one_line(f"{where}: {error}")) from None


def _nodes(said: _Nodes, columns: Mapping[str, Column]) -> RecordedNodes:
    """Return the nodes."""
    recorded_check.distinct("shapes", said.shapes)
    shape, zone = columns["nodes_shape"], columns["nodes_zone"]
    recorded_check.together({"nodes_shape": shape, "nodes_zone": zone}, MOST_NODES)
    recorded_check.below("nodes_shape", shape, len(said.shapes))
    recorded_check.below("nodes_zone", zone, said.zones)
    return RecordedNodes(
        said.shapes, shape.astype(np.int32, copy=False), zone.astype(np.int32, copy=False), said.zones
    )


def _pods(said: _Pods, columns: Mapping[str, Column]) -> RecordedPods:
    """Return the pods."""
    recorded_check.distinct("requests", said.requests)
    recorded_check.single(said.requests)
    names = ("pods_request", "pods_app", "pods_namespace")
    request, app, namespace = (columns[name] for name in names)
    recorded_check.together(dict(zip(names, (request, app, namespace), strict=True)), MOST_PODS)
    recorded_check.below("pods_request", request, len(said.requests))
    recorded_check.below("pods_namespace", namespace, said.namespaces)
    recorded_check.numbered("pods_app", app)
    return RecordedPods(
        said.requests,
        request.astype(np.int32, copy=False),
        app.astype(np.int32, copy=False),
        namespace.astype(np.int32, copy=False),
        said.namespaces,
    )


def _objects(said: _Objects, columns: Mapping[str, Column]) -> RecordedObjects:
    """Return the objects."""
    if len(set(said.types)) < len(said.types):
        raise WrongError("types: one is there twice")
    sizes = columns["objects_sizes"].astype(np.int64, copy=False)
    if not 1 <= len(sizes) <= MOST_SIZES:
        raise WrongError(f"objects_sizes: must have 1 to {MOST_SIZES:,} rows, got {len(sizes):,}")
    recorded_check.sizes("objects_sizes", sizes, len(said.types), LARGEST_OBJECT)
    return RecordedObjects(said.types, sizes)


def _space(said: _Space, columns: Mapping[str, Column]) -> RecordedSpace:
    """Return the pages of a database file."""
    free, live = (columns[name].astype(np.int64, copy=False) for name in ("space_free", "space_live"))
    recorded_check.pages({"space_free": free, "space_live": live}, said.file_pages)
    return RecordedSpace(said.page_bytes, said.file_pages, free, live)
