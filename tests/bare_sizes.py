"""A size that is made up: a few nodes and pods, for what only hands sizes on."""

from dataclasses import replace
from typing import Any

import numpy as np

from kscale.clusterwide.size import Size, Stored
from kscale.scenario.cluster import ControlPlane, Load, NodeGroup, Nodes, PodClasses, Simulation
from kscale.scenario.profiles import PROFILES


def size(**changes: Any) -> Size:  # noqa: ANN401 - any of the fields
    """Return ten equal nodes with twenty pods of one class."""
    nodes, one = np.ones(10, np.int64), np.ones(1, np.int64)
    nothing = np.zeros((10, 0), np.int64)
    place = np.zeros(10, np.int32)
    made = Size(
        name="made",
        seed=0,
        profile=PROFILES["k8s-1.14"],
        costs={"fsync": 1, "encode": 2},
        control_plane=ControlPlane(3, 50, 3, 1_000_000, 8 * 2**30),
        load=Load(1.0, 10_000_000_000, 15_360),
        simulation=Simulation(),
        nodes=10,
        pods=20,
        namespaces=2,
        stored={"pods": Stored(20, 10_240), "nodes": Stored(10, 15_360)},
        pattern=Nodes(
            nodes * 32_000, nodes << 37, nodes << 40, nodes * 110, nothing, place, place, (NodeGroup({}),)
        ),
        klass=np.arange(20, dtype=np.int32) % 3,
        classes=PodClasses(one, one, one, one, one, np.zeros((1, 0), np.int64), ()),
        status_bytes=nodes * 15_360,
        lease_bytes=nodes * 300,
    )
    return replace(made, **changes)
