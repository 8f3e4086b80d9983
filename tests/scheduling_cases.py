"""Small clusters for the scheduler, built by hand, from vectors, or drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from kscale.mechanisms import scheduling
from kscale.mechanisms.scheduling import Pending
from kscale.mechanisms.scheduling_load import Load, Taken
from kscale.scenario import costs
from kscale.scenario.cluster import (
    Cluster,
    Constraints,
    ControlPlane,
    NodeGroup,
    Nodes,
    Objects,
    PodClasses,
    Pods,
    Preference,
    Taint,
    Toleration,
)
from kscale.scenario.cluster import Load as ClusterLoad
from kscale.scenario.profiles import get

GIB = 2**30
CPU_DEFAULT, MEMORY_DEFAULT = 100, 200 * 2**20  # of a container that states none


def column(values: Sequence[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Make one column."""
    return np.array(values, dtype=np.int64)


def nodes(rows: Sequence[Mapping[str, Any]], groups: Sequence[NodeGroup], extended: int = 0) -> Nodes:
    """Make nodes from rows with cpu, memory, pods and perhaps ephemeral, extended, zone, group."""
    return Nodes(
        cpu_milli=column([row["cpu"] for row in rows]),
        memory_bytes=column([row["memory"] for row in rows]),
        ephemeral_bytes=column([row.get("ephemeral", 0) for row in rows]),
        pods=column([row.get("pods", 110) for row in rows]),
        extended=column([row.get("extended", (0,) * extended) for row in rows]).reshape(len(rows), extended),
        zone=np.array([row.get("zone", 0) for row in rows], dtype=np.int32),
        group=np.array([row.get("group", 0) for row in rows], dtype=np.int32),
        groups=tuple(groups),
    )


def classes(rows: Sequence[Mapping[str, Any]], extended: int = 0) -> PodClasses:
    """Make classes from rows with cpu, memory and perhaps the non-zero two, ephemeral, extended, asks."""
    return PodClasses(
        cpu_milli=column([row["cpu"] for row in rows]),
        memory_bytes=column([row["memory"] for row in rows]),
        cpu_nonzero=column([row.get("cpu_nonzero", row["cpu"]) for row in rows]),
        memory_nonzero=column([row.get("memory_nonzero", row["memory"]) for row in rows]),
        ephemeral_bytes=column([row.get("ephemeral", 0) for row in rows]),
        extended=column([row.get("extended", (0,) * extended) for row in rows]).reshape(len(rows), extended),
        constraints=tuple(row.get("asks", Constraints()) for row in rows),
    )


def cluster(
    on: Nodes, asking: PodClasses, klass: Sequence[int], *, seed: int = 1, profile: str = "k8s-1.36"
) -> Cluster:
    """Make a whole cluster around nodes and pods."""
    none = np.zeros(len(klass), dtype=np.int32)
    names = tuple(f"example.com/r{i}" for i in range(on.extended.shape[1]))
    return Cluster(
        name="by-hand",
        seed=seed,
        profile=get(profile),
        costs=costs.of_profile(profile),
        extended_names=names,
        nodes=on,
        pods=Pods(np.array(klass, dtype=np.int32), none, none, 1, asking),
        objects=Objects((), np.zeros(0, dtype=np.uint8), np.zeros(0, dtype=np.int32)),
        control_plane=ControlPlane(1, 1, 1, 1, 1),
        load=ClusterLoad(1.0, 1, 1),
    )


def even(count: int, pods: int, kinds: int = 8, seed: int = 1) -> Cluster:
    """Make a plain cluster of three shapes, *kinds* classes in turn."""
    shapes = [(32_000, 128), (64_000, 256), (96_000, 384)]
    on = nodes(
        [{"cpu": shapes[i % 3][0], "memory": shapes[i % 3][1] * GIB, "zone": i % 3} for i in range(count)],
        [NodeGroup({})],
    )
    asking = classes([{"cpu": 250 + 125 * i, "memory": (1 + i * 5 % 7) * GIB} for i in range(kinds)])
    return cluster(on, asking, [(i * 7919) % kinds for i in range(pods)], seed=seed)


KEYS, VALUES = ("a", "b"), ("x", "y", "")
EFFECTS = ("NoSchedule", "NoExecute", "PreferNoSchedule")
TAINTS = st.builds(Taint, st.sampled_from(KEYS), st.sampled_from(VALUES), st.sampled_from(EFFECTS))
TOLERATIONS = st.builds(
    Toleration,
    st.sampled_from(("", *KEYS)),
    st.sampled_from(("Equal", "Exists", "")),
    st.sampled_from(VALUES),
    st.sampled_from(("", *EFFECTS)),
)
CONSTRAINTS = st.builds(
    Constraints,
    tolerations=st.lists(TOLERATIONS, max_size=2).map(tuple),
    selector=st.lists(
        st.tuples(
            st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), min_size=1, max_size=2).map(tuple)
        ),
        max_size=1,
    ).map(tuple),
    preferred=st.lists(
        st.builds(
            Preference,
            st.integers(1, 100),
            st.sampled_from(KEYS),
            st.lists(st.sampled_from(VALUES), min_size=1, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
)
GROUPS = st.builds(
    NodeGroup,
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2),
    st.lists(TAINTS, max_size=2).map(tuple),
    st.sampled_from((False, False, False, True)),
)


@st.composite
def problems(draw: st.DrawFn, most_nodes: int = 12, most_pods: int = 40) -> Pending:
    """Draw a small cluster with every feature: taints, selectors, preferences, nothing, too much."""
    extended = draw(st.integers(0, 2))
    groups = draw(st.lists(GROUPS, min_size=1, max_size=4)) if draw(st.booleans()) else [NodeGroup({})]
    amount = st.integers(0, 4)
    row = st.fixed_dictionaries(
        {
            "cpu": st.sampled_from((0, 1000, 4000, 4000, 6000)),
            "memory": st.sampled_from((0, 10_000, 8 * GIB, 8 * GIB)),
            "pods": st.integers(0, 6),
            "ephemeral": st.sampled_from((0, 50, 100)),
            "extended": st.tuples(*[amount] * extended),
            "group": st.integers(0, len(groups) - 1),
            "zone": st.integers(0, 3),
        }
    )
    on = nodes(draw(st.lists(row, min_size=1, max_size=most_nodes)), groups, extended)
    ask = st.fixed_dictionaries(
        {
            "cpu": st.sampled_from((0, 0, 100, 333, 1000)),
            "memory": st.sampled_from((0, 0, 700, 5000, GIB)),
            "more": st.sampled_from((0, CPU_DEFAULT)),
            "ephemeral": st.sampled_from((0, 0, 30)),
            "extended": st.tuples(*[st.sampled_from((0, 0, 1))] * extended),
            "asks": CONSTRAINTS if draw(st.booleans()) else st.just(Constraints()),
        }
    )
    asked: list[dict[str, Any]] = draw(st.lists(ask, min_size=1, max_size=5))
    rows = [
        {**one, "cpu_nonzero": one["cpu"] + one["more"], "memory_nonzero": one["memory"] + one["more"]}
        for one in asked
    ]
    asking = classes(rows, extended)
    klass = draw(st.lists(st.integers(0, len(rows) - 1), min_size=0, max_size=most_pods))
    used = draw(st.lists(st.integers(0, 2), min_size=on.count, max_size=on.count))
    busy = column(used)
    taken = Taken(busy * 100, busy * 700, busy * 200, busy * 900, busy * 10, np.zeros_like(on.extended), busy)
    weights = draw(st.sampled_from(((1, 1, 3, 2), (1, 1, 3, 2), (2, 5, 0, 1), (0, 1, 1, 0))))
    fit, balance, taints, affinity = weights
    params = Load(
        fit_weight=fit,
        balanced_weight=balance,
        taint_weight=taints,
        affinity_weight=affinity,
        strategy=draw(st.sampled_from((None, "least", "most"))),
    )
    draws = draw(st.lists(st.integers(0, 2**32 - 1), min_size=len(klass), max_size=len(klass)))
    return scheduling.assemble(
        on,
        asking,
        taken,
        np.array(klass, dtype=np.int32),
        np.array(draws, dtype=np.uint32),
        params,
        delta=draw(st.booleans()),
    )
