"""The scheduler in plain Python integers, written from kube-scheduler's rules and not from the kernels."""

from collections.abc import Sequence
from fractions import Fraction

from kscale.mechanisms.scheduling import Pending
from kscale.scenario.cluster import Constraints, NodeGroup, Taint, Toleration


class Node:
    """A node and what is in use on it."""

    def __init__(self, pending: Pending, i: int, taken: Sequence[int]) -> None:
        on = pending.nodes
        self.cap = [
            int(x) for x in (on.cpu_milli[i], on.memory_bytes[i], on.ephemeral_bytes[i], *on.extended[i])
        ]
        self.room = int(on.pods[i]) - taken[-1]
        self.used = list(taken[:3]) + [0] * on.extended.shape[1]
        self.nonzero = list(taken[3:5])
        self.group: NodeGroup = on.groups[int(on.group[i])]


class Pod:
    """A class of pods."""

    def __init__(self, pending: Pending, c: int) -> None:
        k = pending.classes
        self.asks = [
            int(x) for x in (k.cpu_milli[c], k.memory_bytes[c], k.ephemeral_bytes[c], *k.extended[c])
        ]
        self.nonzero = [int(k.cpu_nonzero[c]), int(k.memory_nonzero[c])]
        self.constraints: Constraints = k.constraints[c]


def tolerated(tolerations: Sequence[Toleration], taint: Taint) -> bool:
    for one in tolerations:
        same_key = not one.key or one.key == taint.key
        same_effect = not one.effect or one.effect == taint.effect
        if same_key and same_effect and (one.operator == "Exists" or one.value == taint.value):
            return True
    return False


def allowed(pod: Pod, group: NodeGroup) -> bool:
    cordon = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
    taints = [t for t in group.taints if t.effect != "PreferNoSchedule"] + [cordon] * group.unschedulable
    if any(not tolerated(pod.constraints.tolerations, taint) for taint in taints):
        return False
    return all(
        key in group.labels and group.labels[key] in values for key, values in pod.constraints.selector
    )


def fits(pod: Pod, node: Node) -> bool:
    if node.room < 1 or not allowed(pod, node.group):
        return False
    return all(
        ask == 0 or ask <= cap - used for ask, cap, used in zip(pod.asks, node.cap, node.used, strict=True)
    )


def least_allocated(pod: Pod, node: Node) -> int:
    scores = []
    for cap, used, ask in zip(node.cap[:2], node.nonzero, pod.nonzero, strict=True):
        if cap:
            scores.append(max(0, cap - used - ask) * 100 // cap)
    return sum(scores) // len(scores) if scores else 0


def most_allocated(pod: Pod, node: Node) -> int:
    scores = []
    for cap, used, ask in zip(node.cap[:2], node.nonzero, pod.nonzero, strict=True):
        if cap:
            scores.append(min(cap, used + ask) * 100 // cap)
    return sum(scores) // len(scores) if scores else 0


def allocated(pending: Pending, pod: Pod, node: Node) -> int:
    return most_allocated(pod, node) if pending.strategy == "most" else least_allocated(pod, node)


def level(caps: Sequence[int], used: Sequence[int]) -> int:
    shares = [min(1.0, u / c) for c, u in zip(caps, used, strict=True) if c]
    deviation = abs((shares[0] - shares[1]) / 2) if len(shares) == 2 else 0.0
    return int((1 - deviation) * 100)


def balanced(pod: Pod, node: Node, delta: bool) -> int:
    after = level(node.cap[:2], [u + a for u, a in zip(node.used[:2], pod.asks[:2], strict=True)])
    return 50 + (50 + after - level(node.cap[:2], node.used[:2])) // 2 if delta else after


def preferences(pod: Pod, node: Node) -> tuple[int, int]:
    soft = [t for t in node.group.taints if t.effect == "PreferNoSchedule"]
    taints = sum(not tolerated(pod.constraints.tolerations, t) for t in soft)
    return taints, sum(
        p.weight for p in pod.constraints.preferred if node.group.labels.get(p.key) in p.values
    )


def totals(pending: Pending, pod: Pod, feasible: Sequence[Node]) -> list[int]:
    """Return each feasible node's total."""
    weights = [int(w) for w in pending.weights]
    fit, balance = (int(abs(pending.asks[row]).max(initial=0)) for row in (6, 7))
    raw = [preferences(pod, node) for node in feasible]
    most = [max((one[i] for one in raw), default=0) for i in (0, 1)]
    found = []
    for node, (taints, affinity) in zip(feasible, raw, strict=True):
        total = fit * allocated(pending, pod, node)
        if pod.asks[0] or pod.asks[1]:
            total += balance * balanced(pod, node, pending.delta)
        total += weights[0] * (100 - (Fraction(taints * 100, most[0]).__floor__() if most[0] else 0))
        total += weights[1] * (affinity * 100 // most[1] if most[1] else 0)
        found.append(total)
    return found


def choose(scores: Sequence[int], draw: int) -> int:
    tied = [i for i, score in enumerate(scores) if score == max(scores)]
    return tied[draw * len(tied) // 2**32]


def cluster(pending: Pending) -> list[Node]:
    """Return the nodes as they are before the first pod."""
    on, state = pending.nodes, pending.state
    rows = [
        (on.cpu_milli, 5), (on.memory_bytes, 6), (on.ephemeral_bytes, 11), (on.cpu_milli, 7),
        (on.memory_bytes, 8), (on.pods, 9),
    ]  # fmt: skip
    return [
        Node(pending, i, [int(cap[i]) - int(state[row, i]) for cap, row in rows]) for i in range(on.count)
    ]


def put(pod: Pod, node: Node) -> None:
    node.used = [u + a for u, a in zip(node.used, pod.asks, strict=True)]
    node.nonzero = [u + a for u, a in zip(node.nonzero, pod.nonzero, strict=True)]
    node.room -= 1


def remove(pod: Pod, node: Node) -> None:
    node.used = [u - a for u, a in zip(node.used, pod.asks, strict=True)]
    node.nonzero = [u - a for u, a in zip(node.nonzero, pod.nonzero, strict=True)]
    node.room += 1


def leave(
    pending: Pending, nodes: Sequence[Node], placed: Sequence[int], leaving: Sequence[int] | None
) -> None:
    """Take off its node the pod that ends once the last of *placed* is."""
    gone = -1 if leaving is None else leaving[len(placed) - 1]
    if gone >= 0 and placed[gone] >= 0:
        remove(Pod(pending, int(pending.klass[gone])), nodes[placed[gone]])


def exhaustive(pending: Pending, leaving: Sequence[int] | None = None) -> list[int]:
    """Return the node of each pod, -1 for none."""
    nodes, placed = cluster(pending), list[int]()
    for c, draw in zip(pending.klass.tolist(), pending.draws.tolist(), strict=True):
        pod = Pod(pending, c)
        feasible = [i for i, node in enumerate(nodes) if fits(pod, node)]
        where = -1
        if feasible:
            where = feasible[choose(totals(pending, pod, [nodes[i] for i in feasible]), draw)]
            put(pod, nodes[where])
        placed.append(where)
        leave(pending, nodes, placed, leaving)
    return placed


def zone_order(zones: Sequence[int]) -> list[int]:
    """Return the nodes, one of each zone in turn."""
    lists: dict[int, list[int]] = {}
    for i, zone in enumerate(zones):
        lists.setdefault(zone, []).append(i)
    order = []
    while any(lists.values()):
        order += [members.pop(0) for members in lists.values() if members]
    return order


def sampled(
    pending: Pending,
    order: Sequence[int],
    need: int,
    starts: Sequence[int] | None,
    strides: Sequence[int] | None,
    leaving: Sequence[int] | None = None,
    *,
    rotate: bool = True,
) -> tuple[list[int], list[int], int]:
    """Return the node of each pod, the feasible nodes found for it, and the nodes looked at in all."""
    nodes, placed, found, looked, start = cluster(pending), list[int](), [], 0, 0
    n = len(nodes)
    for p, (c, draw) in enumerate(zip(pending.klass.tolist(), pending.draws.tolist(), strict=True)):
        pod, steps = Pod(pending, c), 0
        feasible: list[int] = []
        begin, stride = (start, 1) if starts is None or strides is None else (starts[p], strides[p])
        while steps < n and len(feasible) < need:
            i = order[(begin + steps * stride) % n]
            steps += 1
            if fits(pod, nodes[i]):
                feasible.append(i)
        where = -1
        if feasible:
            where = feasible[choose(totals(pending, pod, [nodes[i] for i in feasible]), draw)]
            put(pod, nodes[where])
        placed.append(where)
        leave(pending, nodes, placed, leaving)
        found.append(len(feasible))
        looked += steps
        start = (start + steps) % n if rotate else 0
    return placed, found, looked
