"""Which nodes a pod class may use and prefers: taints, tolerations, selectors, cordons.

Nodes of one group are alike here, so a rule (the constraints of a class) is worked out once a group.
Sources: kubernetes/kubernetes tainttoleration/taint_toleration.go @04c0d74f, component-helpers
scheduling/corev1, nodeunschedulable. A toleration without operator means Equal, without key any key,
without effect any effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.kernels.scheduling_choice import AFFINITY, ALIKE, MIXED, REFUSED, TAINTS
from kscale.kernels.scheduling_scores import default_normalize
from kscale.scenario.cluster import Constraints, NodeGroup, Nodes, PodClasses, Preference, Taint, Toleration

CORDON = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
MIB = 2**20
IMAGE_LEAST = 23 * MIB  # bytes; ImageLocality gives no points up to here
IMAGE_MOST = 1000 * MIB  # bytes a container; and all points from here


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules as arrays; k classes, q rules, g groups, v levels. See kernels/scheduling_exhaustive.py."""

    rule: NDArray[np.int32]  # [k] rule of a class
    first: NDArray[np.int32]  # [q + 1] first level of each rule
    level_of: NDArray[np.int32]  # [q, g + 1]
    raw: NDArray[np.int64]  # [2, v]


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Say whether one toleration covers one taint."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator == "Exists":
        return True
    return toleration.operator in {"", "Equal"} and toleration.value == taint.value


def covered(constraints: Constraints, taint: Taint) -> bool:
    """Say whether any toleration covers the taint."""
    return any(tolerates(one, taint) for one in constraints.tolerations)


def refusal(constraints: Constraints, group: NodeGroup) -> str | None:
    """Return the first filter plugin that keeps the class off the group, in kube-scheduler's order."""
    if group.unschedulable and not covered(constraints, CORDON):
        return "NodeUnschedulable"
    hard = (taint for taint in group.taints if taint.effect in {"NoSchedule", "NoExecute"})
    if not all(covered(constraints, taint) for taint in hard):
        return "TaintToleration"
    if not all(group.labels.get(key) in allowed for key, allowed in constraints.selector):
        return "NodeAffinity"
    return None


def raw_points(constraints: Constraints, group: NodeGroup) -> tuple[int, int]:
    """Return what TaintToleration and NodeAffinity give before normalisation."""
    soft = (taint for taint in group.taints if taint.effect == "PreferNoSchedule")
    liked = (term.weight for term in constraints.preferred if _matches(term, group))
    return sum(not covered(constraints, taint) for taint in soft), sum(liked)


def _matches(term: Preference, group: NodeGroup) -> bool:
    """Say whether a preferred term matches."""
    return group.labels.get(term.key) in term.values


def tabulate(nodes: Nodes, classes: PodClasses) -> Rules:
    """Work out every distinct rule for every group that has nodes."""
    distinct = {one: i for i, one in enumerate(dict.fromkeys(classes.constraints))}
    used = np.unique(nodes.group).tolist()
    level_of = np.full((len(distinct), len(nodes.groups) + 1), REFUSED, dtype=np.int32)
    first, raw = [0], list[tuple[int, int]]()
    for constraints, r in distinct.items():
        points = {
            g: raw_points(constraints, nodes.groups[g])
            for g in used
            if refusal(constraints, nodes.groups[g]) is None
        }
        levels = {one: len(raw) + i for i, one in enumerate(dict.fromkeys(points.values()))}
        for g, one in points.items():
            level_of[r, g] = levels[one]
        level_of[r, -1] = ALIKE if len(levels) == 1 and len(points) == len(used) else MIXED
        raw += levels or [(0, 0)]  # a class that is refused everywhere still has a row
        first.append(len(raw))
    return Rules(
        rule=np.array([distinct[one] for one in classes.constraints], dtype=np.int32),
        first=np.array(first, dtype=np.int32),
        level_of=level_of,
        raw=_columns(raw),
    )


def _columns(raw: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Return the points of each level as int64[2, v]."""
    table = np.zeros((2, len(raw)), dtype=np.int64)
    table[TAINTS] = [taints for taints, _ in raw]
    table[AFFINITY] = [affinity for _, affinity in raw]
    return table


def normalize(
    plugin: str, raw: Sequence[int], ignored: Sequence[bool] | None = None, containers: int = 1
) -> list[int]:
    """Return a score plugin's points, 0..100, from its raw points on the feasible nodes.

    The mechanisms use TaintToleration and NodeAffinity. The others follow the same sources for pods that use
    them (podtopologyspread/scoring.go @02fb06df, interpodaffinity/scoring.go @007f7ae7,
    imagelocality/image_locality.go @007f7ae7); no scenario can ask for those yet. *ignored* marks
    nodes without a topology key; *containers* scales what counts as a large image.
    """
    match plugin:
        case "TaintToleration" | "NodeAffinity":
            most = max(raw, default=0)
            return [int(default_normalize(x, most, plugin == "TaintToleration")) for x in raw]
        case "PodTopologySpread":
            return _spread(raw, ignored or [False] * len(raw))
        case "InterPodAffinity":
            least, span = min(raw, default=0), max(raw, default=0) - min(raw, default=0)
            return [int(100 * ((x - least) / span)) if span else 0 for x in raw]
        case "ImageLocality":
            span = IMAGE_MOST * containers - IMAGE_LEAST
            return [100 * max(0, min(x - IMAGE_LEAST, span)) // span for x in raw]
        case _:
            raise ValueError(f"{plugin} does not normalise")


def _spread(raw: Sequence[int], ignored: Sequence[bool]) -> list[int]:
    """Return PodTopologySpread's points: fewer matching pods are better."""
    counted = [x for x, out in zip(raw, ignored, strict=True) if not out]
    most, least = max(counted, default=0), min(counted, default=0)
    if most == 0:
        return [0 if out else 100 for out in ignored]
    return [0 if out else 100 * (most + least - x) // most for x, out in zip(raw, ignored, strict=True)]
