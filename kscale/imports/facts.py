"""What one source says of a cluster: what every reader returns and `merge` puts together.

Readers keep names only as long as they need them to tell things apart. What is in a sentence
(`read`, `dropped`, `assumed`) is free of names: numbers and Kubernetes' own public words only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from kscale.scenario.schema_cluster import RequestSpec

Ints = NDArray[np.int64]
Progress = Callable[[int, int], None]  # bytes read, bytes in all; raises Interrupted at a signal


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts come from."""

    format: str  # id of its format: etcd-db, kubectl, prometheus, manifest, audit, sktrace, openb
    name: str  # the file as it was given; for the terminal, never for the scenario
    bytes: int
    taken: datetime | None  # when the state was taken, UTC; None: the source does not say


@dataclass(frozen=True, slots=True)
class NodeFact:
    """One node, names and all."""

    cpu_milli: int  # allocatable, as all amounts
    memory_bytes: int
    pods: int
    ephemeral_bytes: int
    extended: tuple[tuple[str, int], ...]  # sorted
    labels: Mapping[str, str]  # all of them; `merge` keeps those that a pod asks for
    taints: tuple[tuple[str, str, str], ...]  # key, value, effect
    unschedulable: bool
    zone: str  # empty: not known


@dataclass(frozen=True, slots=True)
class PodFacts:
    """Pods as columns, in order of creation (ties: in the source's order)."""

    requests: tuple[RequestSpec, ...]  # distinct; without share, cpu and memory at most one value each
    request: NDArray[np.int32]  # [p] index into requests
    app: NDArray[np.int32]  # [p] owner: a ReplicaSet, a StatefulSet, ..; pods without one are their own
    namespace: NDArray[np.int32]  # [p]
    created_s: Ints  # [p] Unix seconds; -1: not known


@dataclass(frozen=True, slots=True)
class TypeFact:
    """The stored objects of one type."""

    count: int
    sizes: Ints | None = None  # [k, 2] ascending: bytes as stored, number of objects of that size
    estimate: bool = False  # sizes are worked out (from JSON), not those of the store


@dataclass(frozen=True, slots=True)
class FreeSpace:
    """Free and used runs of pages of an etcd database file."""

    page_bytes: int
    file_pages: int  # high water mark
    free: Ints  # [k, 2] first page, pages; ascending, maximal
    live: Ints  # [m, 2] first page, pages of each used run (a page with its overflow), ascending


@dataclass(frozen=True, slots=True)
class Value:
    """One number or word for the scenario.

    key: its dotted place in the scenario ("control_plane.etcd.quota", "load.pod_changes",
    "control_plane.optimizations.etcd-sharding", "mechanisms.etcd-freelist.workload",
    "load.requests.list/pods", "load.watches.pods"), or "counts.nodes" and "counts.pods".
    """

    key: str
    value: str | int | float | bool  # as it is written in the scenario file
    how: str  # in a few words, free of names: "flag --quota-backend-bytes"
    estimate: bool = False  # worked out or assumed: gives way to any value that was read
    behind: str = ""  # why it gives way to others that are known as well, however old: "only configured"
    servers: int = 1  # of the source that say so, where they differ


@dataclass(frozen=True, slots=True)
class Places:
    """Where the listed objects of one type are: hashes of names, with the key of this run (places.py)."""

    namespaces: frozenset[int]
    names: frozenset[int]  # of objects that are in no namespace
    things: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    # [k] ascending, distinct: objects of namespaces, by namespace and name, and the apps that own them


@dataclass(frozen=True, slots=True)
class Load:
    """What API servers are asked, as it was counted: what several sources say can still be added up.

    Requests are by verb, type and subresource or ""; all but watches are a second.
    """

    servers: frozenset[int] = frozenset()  # hashes of which they are (places.py); empty: nobody says
    told_by: str = ""  # what tells servers apart: "instance", "start", "audit"; empty: these are all servers
    how: str = ""
    estimate: bool = False
    asked: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    stored: Mapping[tuple[str, str, str], float] = field(default_factory=dict)  # that changed objects
    pod_events: float = 0.0  # sent to watches of pods
    watches: Mapping[str, float] = field(default_factory=dict)  # open, by type
    span: float = 0.0  # seconds that an audit log covers
    ids: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64), compare=False)
    # [k] ascending, distinct: hashes of an audit log's events, of very many the first ones


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything one source says."""

    source: Source
    nodes: tuple[NodeFact, ...] | None = None  # None: says nothing of nodes
    pods: PodFacts | None = None
    types: Mapping[str, TypeFact] = field(default_factory=dict)  # by resource: pods, x.example.com
    places: Mapping[str, Places] = field(default_factory=dict)  # by type; never written
    space: FreeSpace | None = None
    load: Load | None = None  # as in values, to be added up
    values: tuple[Value, ...] = ()
    also: tuple[str, ...] = ()  # read, but no key of a scenario takes it yet: becomes a comment in the file
    read: tuple[str, ...] = ()  # "10,231 pods in 412 namespaces"
    dropped: tuple[str, ...] = ()  # "37 pods that have ended"
    assumed: tuple[str, ...] = ()  # "an object is stored in half the bytes of its JSON"
