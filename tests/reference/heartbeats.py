"""Slow twin of kernels/heartbeats.py: all nodes in one queue of events, and a controller that really looks.

Nodes, the clock and the node controller share one heap; nothing is worked out ahead. The same generators
give the gaps, so that every time must come out the same.
"""

import heapq
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import heartbeats as kernel
from kscale.kernels.draws import PPM, below, waiting

Longs = NDArray[np.int64]

CHANGE, STATUS, LEASE, LOOK = range(4)  # kinds of event, in the order of those at one moment


@dataclass(slots=True)
class Node:
    """A kubelet, and what the controller knows of it."""

    status_draws: Longs
    lease_draws: Longs
    change_draws: Longs
    written: int
    silent: int
    last: int
    seen: int  # the sign that the controller last saw
    probe: int  # when it saw it
    changed: bool = False
    ready: bool = True
    not_ready: list[int] = field(default_factory=list)
    writes: list[tuple[int, str, bool]] = field(default_factory=list)


def gap(state: Longs, period: int, jitter: int) -> int:
    """A period and its jitter."""
    longest = period * jitter // PPM
    return period + (below(state, longest + 1) if longest else 0)


@dataclass(slots=True)
class Cluster:
    """The nodes, their events, and the rules."""

    nodes: list[Node]
    rules: list[int]
    queue: list[tuple[int, int, int]] = field(default_factory=list)  # time, kind, node

    def put(self, at: int, kind: int, i: int) -> None:
        """Let something happen to node *i*."""
        heapq.heappush(self.queue, (at, kind, i))

    def run(self) -> None:
        """Run until the controller has found every silent node."""
        end, monitor = self.rules[kernel.END_NS], self.rules[kernel.MONITOR_NS]
        while self.queue:
            at, kind, i = heapq.heappop(self.queue)
            if kind == LOOK:
                for node in self.nodes:
                    look(node, at, self.rules[kernel.GRACE_NS])
                if at <= end + self.rules[kernel.GRACE_NS] + 3 * monitor:
                    self.put(at + monitor, LOOK, -1)
            elif at < min(self.nodes[i].silent, end):
                self.happen(at, kind, i)

    def happen(self, at: int, kind: int, i: int) -> None:
        """Change, write or keep the status of node *i*, or renew its lease."""
        node, rules = self.nodes[i], self.rules
        if kind == CHANGE:
            node.changed = True  # the next is drawn when this one is written: waiting has no memory
        elif kind == STATUS:
            if node.changed or at - node.written >= rules[kernel.AGE_NS]:
                beat(node, at, "status")
            if node.changed:
                self.put(at + waiting(node.change_draws, rules[kernel.CHANGE_NS]), CHANGE, i)
            node.changed = False
            self.put(
                at + gap(node.status_draws, rules[kernel.STATUS_NS], rules[kernel.JITTER_PPM]), STATUS, i
            )
        else:
            beat(node, at, "lease")
            self.put(at + gap(node.lease_draws, rules[kernel.LEASE_NS], rules[kernel.JITTER_PPM]), LEASE, i)


def simulate(
    first_status: Longs,
    first_lease: Longs,
    written: Longs,
    silent: Longs,
    draws: tuple[Longs, Longs, Longs],
    rules: Longs,
) -> list[Node]:
    """Return all nodes after the end."""
    cluster = Cluster([], rules.tolist())
    monitor, lease, mean = (
        cluster.rules[at] for at in (kernel.MONITOR_NS, kernel.LEASE_NS, kernel.CHANGE_NS)
    )
    period = cluster.rules[kernel.STATUS_NS]
    status, leases, changes = (one.copy() for one in draws)
    for i in range(len(first_status)):
        begin = int(first_lease[i]) - lease if lease else int(first_status[i]) - period
        probe = -(-begin // monitor) * monitor
        node = Node(status[i], leases[i], changes[i], int(written[i]), int(silent[i]), begin, begin, probe)
        cluster.nodes.append(node)
        cluster.put(int(first_status[i]), STATUS, i)
        if lease:
            cluster.put(int(first_lease[i]), LEASE, i)
        if mean:
            cluster.put(waiting(node.change_draws, mean), CHANGE, i)
    cluster.put(-(max(lease, period) // monitor) * monitor, LOOK, -1)
    cluster.run()
    return cluster.nodes


def beat(node: Node, at: int, what: str) -> None:
    """Write a sign of life."""
    node.last = at
    if what == "status":
        node.written = at
    node.writes.append((at, what, node.changed and what == "status"))


def look(node: Node, at: int, grace: int) -> None:
    """Notice a new sign, or that there has been none for too long."""
    if node.seen != node.last:
        node.seen, node.probe, node.ready = node.last, at, True
    elif node.ready and at > node.probe + grace:
        node.ready = False
        node.not_ready.append(at)


def columns(nodes: list[Node], end: int) -> list[list[int]]:
    """What the kernel says of each node."""
    found = []
    for node in nodes:
        until = min(node.silent, end)
        early = [at for at in node.not_ready if at < until]
        row = [0] * kernel.COLUMNS
        row[kernel.LAST] = node.last
        row[kernel.MISSED] = early[0] if early else kernel.NONE
        row[kernel.FOUND] = node.not_ready[-1] if node.silent < end else kernel.NONE
        row[kernel.STATUS_WRITES] = sum(what == "status" for _, what, _ in node.writes)
        row[kernel.LEASE_WRITES] = sum(what == "lease" for _, what, _ in node.writes)
        row[kernel.CHANGED] = sum(changed for _, _, changed in node.writes)
        found.append(row)
    return found
