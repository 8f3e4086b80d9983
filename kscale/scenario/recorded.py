"""The columns of a cluster that was recorded: kept beside its scenario in one .npz file."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.scenario.schema_cluster import RequestSpec, ShapeSpec

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RecordedNodes:
    """Nodes in their order; shapes have no share."""

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
