"""Small recorded clusters for tests."""

import numpy as np

from kscale.scenario.recorded import Recorded, RecordedNodes, RecordedObjects, RecordedPods, RecordedSpace
from kscale.scenario.schema_cluster import RequestSpec, ShapeSpec


def columns(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return a column of indices."""
    return np.array(values, dtype=np.int32)


def nodes() -> RecordedNodes:
    """Return three nodes of two shapes in two zones."""
    plain = ShapeSpec.model_validate({"cpu": 8, "memory": "32GiB"})
    gpu = ShapeSpec.model_validate(
        {
            "cpu": "63900m",
            "extended": {"gpu": 8},
            "labels": {"pool": "p1"},
            "taints": ["dedicated=gpu:NoSchedule"],
        }
    )
    return RecordedNodes((plain, gpu), columns(0, 1, 0), columns(0, 1, 1), 2)


def pods() -> RecordedPods:
    """Return five pods of three apps in two namespaces."""
    plain = RequestSpec.model_validate({"cpu": "250m", "memory": "1GiB"})
    gpu = RequestSpec.model_validate(
        {
            "cpu": 4,
            "extended": {"gpu": 1},
            "tolerations": [{"operator": "Exists"}],
            "selector": {"pool": "p1"},
        }
    )
    return RecordedPods(
        (plain, gpu), columns(0, 1, 0, 0, 1), columns(0, 1, 0, 2, 1), columns(0, 1, 0, 0, 1), 2
    )


def objects() -> RecordedObjects:
    """Return eleven objects of two types, in four sizes."""
    rows = [[0, 900, 2], [0, 4000, 3], [1, 300, 5], [1, 700, 1]]
    return RecordedObjects(("pods", "leases"), np.array(rows, dtype=np.int64))


def space() -> RecordedSpace:
    """Return a database file of 64 pages."""
    free = np.array([[4, 2], [9, 1], [20, 8]], dtype=np.int64)
    live = np.array([[2, 1], [3, 1], [6, 3], [10, 4], [28, 1]], dtype=np.int64)
    return RecordedSpace(4096, 64, free, live)


def large_space() -> RecordedSpace:
    """Return a database file of some thousand pages: every third run is free, of one to seven pages."""
    pages = 1 + np.arange(3000) * 5 % 7
    first = 2 + np.cumsum(pages) - pages
    runs = np.stack((first, pages), axis=1)
    free = np.arange(3000) % 3 == 0
    return RecordedSpace(4096, int(first[-1] + pages[-1]), runs[free], runs[~free])


def everything() -> Recorded:
    """Return a cluster of which everything was recorded."""
    return Recorded(nodes(), pods(), objects(), space())
