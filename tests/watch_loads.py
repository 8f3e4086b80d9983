"""Small watch loads, and what the slow twin makes of them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from reference import fanout as twin

from kscale.kernels import fanout as kernel
from kscale.mechanisms.watch_load import WatchLoad

MS = 1_000_000


def load(
    events: list[tuple[int, int, int]],
    *,
    scopes: list[int] | None = None,
    nodes: list[int] | None = None,
    everything: int = 0,
    cap: int | list[int] = 4,
    take: int | list[int] | None = None,
    interval: int = 10 * MS,
    tick: int = 50 * MS,
    refill: int = 50 * MS,
    most: int = 100 * MS,
    together: bool = True,
    scope_index: bool = True,
) -> WatchLoad:
    """Return a load of (new node, old node, namespace) events; nodes 0 .. 9, namespaces 0 .. 4."""
    scopes, nodes = sorted(scopes or []), sorted(nodes or [])
    watchers = len(scopes) + len(nodes) + everything
    caps = np.broadcast_to(np.array(cap, dtype=np.int64), watchers).copy()
    takes = caps.copy() if take is None else np.minimum(np.array(take, dtype=np.int64), caps)
    rules = np.zeros(kernel.RULES, dtype=np.int64)
    rules[kernel.INTERVAL], rules[kernel.TICK_NS] = interval, tick
    rules[kernel.REFILL], rules[kernel.MOST], rules[kernel.TOGETHER] = refill, most, together
    columns = np.array(events, dtype=np.int32).reshape(len(events), 3)
    return WatchLoad(
        new=columns[:, 0].copy(),
        old=columns[:, 1].copy(),
        namespace=columns[:, 2].copy(),
        scopes=np.array(scopes, dtype=np.int32),
        nodes=np.array(nodes, dtype=np.int32),
        everything=everything,
        cap=caps,
        take=takes,
        rules=rules,
        node_count=10,
        namespace_count=5,
        scope_index=scope_index,
    )


@st.composite
def loads(draw: st.DrawFn) -> WatchLoad:
    """Return a small load with full channels, clients that never read, and every rule."""
    node, namespace = st.integers(-1, 9), st.integers(0, 4)
    scopes = draw(st.lists(namespace, max_size=5))
    nodes = draw(st.lists(st.integers(0, 9), max_size=8))
    everything = draw(st.integers(0, 5))
    watchers = len(scopes) + len(nodes) + everything
    few = st.lists(st.integers(0, 4), min_size=watchers, max_size=watchers)
    interval = draw(st.integers(1, 30 * MS))
    return load(
        draw(st.lists(st.tuples(node, node, namespace), max_size=60)),
        scopes=scopes,
        nodes=nodes,
        everything=everything,
        cap=draw(few),
        take=draw(few),
        interval=interval,
        tick=interval * draw(st.integers(1, 6)),
        refill=draw(st.sampled_from([0, 50 * MS, 700 * MS])),
        most=draw(st.sampled_from([0, 7 * MS, 100 * MS])),
        together=draw(st.booleans()),
        scope_index=draw(st.booleans()),
    )


def simulate(given: WatchLoad) -> tuple[twin.Server, list[twin.Watcher]]:
    """Return the slow twin after the last event, and its watchers by number."""

    def of_namespace(scope: int) -> Any:  # noqa: ANN401 - a predicate
        return lambda event: event.namespace == scope

    def of_node(node: int) -> Any:  # noqa: ANN401 - a predicate
        return lambda event: node in {event.new, event.old}

    wants = [of_namespace(scope) for scope in given.scopes.tolist()]
    wants += [of_node(node) for node in given.nodes.tolist()]
    wants += [lambda _: True] * given.everything
    watchers = [
        twin.Watcher(want, cap, take)
        for want, cap, take in zip(wants, given.cap.tolist(), given.take.tolist(), strict=True)
    ]
    first_node, first_all = len(given.scopes), len(watchers) - given.everything
    served = watchers[:first_node] + watchers[first_all:] + watchers[first_node:first_all]
    interval, tick, refill, most, together = given.rules.tolist()
    server = twin.Server(served, twin.Rules(interval, tick, refill, most, bool(together)))
    columns = (column.tolist() for column in (given.new, given.old, given.namespace))
    server.run([twin.Event(*row) for row in zip(*columns, strict=True)])
    return server, watchers


def checksum(events: list[int]) -> int:
    """Return the ordered checksum of the events a watcher got."""
    value = 0
    for event in events:
        value = (value * kernel.PRIME + event) % (kernel.MASK + 1)
    return value
