"""What a simulation of the whole control plane came to. Everything is an exact integer.

Times are ns of virtual time from 0. A quantile is None where so many were never answered: the run ended,
or they were given up, and no figure would be true.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

STATIONS = (  # in the order of a pod's way, and of every table
    "clients",  # controllers and users, their QPS limits, and what waits to try again
    "apiserver-queue",  # requests that wait for a seat, or are refused
    "apiserver-cpu",  # cores of all API servers
    "watch-dispatch",  # of the most loaded type of the most loaded server: one goroutine
    "etcd-log",  # of the most loaded etcd: fsync of batches
    "etcd-apply",  # of the most loaded etcd: applying, bbolt's commits, ranges that hold the lock
    "etcd-store",  # of the fullest etcd: its quota
    "scheduler",  # one pod after another
    "kubelets",  # pods that start
)
VERBS = ("mutating", "read-one", "read-namespace", "read-cluster")
LIFE = ("created", "stored", "seen", "scheduled", "bound", "assigned", "running", "known")
# of a pod: asked for; in etcd; at the scheduler; node chosen; binding in etcd; at its kubelet; its containers
# run; a client knows


@dataclass(frozen=True, slots=True)
class Quantiles:
    """How a kind of latency is distributed, ns; None: not answered."""

    count: int  # those not answered included
    unanswered: int
    p50: int | None
    p90: int | None
    p99: int | None
    largest: int | None


@dataclass(frozen=True, slots=True)
class Sli:
    """A service level indicator in windows of five minutes."""

    name: str  # one of VERBS, or pod-startup
    windows: tuple[Quantiles, ...]

    @property
    def worst(self) -> Quantiles | None:
        """Return the window with the largest P99; None if nothing was asked in any."""
        asked = [one for one in self.windows if one.count]
        return max(asked, key=lambda one: float("inf") if one.p99 is None else one.p99, default=None)


@dataclass(frozen=True, slots=True)
class Station:
    """A place where work waits and is done, from 0 to the end of the run."""

    name: str  # one of STATIONS
    servers: int  # cores, goroutines
    capacity_ns: int  # servers x time that they were there; for etcd-store bytes of the quota
    busy_ns: int  # for etcd-store the most bytes it held
    entered: int
    left: int
    inside: int  # at the end
    peak: int  # most inside at a time
    area_ns: int  # of the number inside, over time
    sojourn_ns: int  # of all who were inside, together

    @property
    def utilisation_ppm(self) -> int:
        """Return the share of the capacity that was used, in ppm."""
        return self.busy_ns * 1_000_000 // max(1, self.capacity_ns)


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod's life: when each of LIFE was; None: not before the end."""

    number: int
    node: int | None
    times: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """An objective, and whether it was kept."""

    objective: str  # "mutating", "pod-startup" ...
    title: str  # in words, with the bound
    at_most: int  # ns, or parts of a million for shares
    unit: str  # ns, ppm
    worst: int | None  # None: not answered
    holds: bool


@dataclass(frozen=True, slots=True)
class Simulated:
    """A run."""

    toggles: tuple[str, ...]  # that were on, in print order
    seed: int
    nodes: int
    pods: int
    objects: int
    pod_changes_milli: int  # in 1,000 s
    duration_ns: int  # that was asked for
    ended_ns: int  # when it ended
    stopped: str  # why it ended before its time; "" if it did not
    events: int  # of the simulation
    slis: tuple[Sli, ...]  # of VERBS, then pod-startup
    stages: Mapping[str, Quantiles]  # of pods: from each of LIFE to the next, by the name of the later one
    scheduling: Quantiles  # of pods: from stored to bound
    stations: tuple[Station, ...]  # in the order of STATIONS
    counts: Mapping[str, int]  # see counted.py
    series: Mapping[str, tuple[int, ...]]  # a number for each second; names as in counts and STATIONS
    sample: tuple[Pod, ...]
    verdicts: tuple[Verdict, ...]
    blame: str  # the station that limits most; "" if all objectives are kept and none is near its capacity
    settings: Mapping[str, int] = field(default_factory=dict)  # what was set: cores, qps ...

    @property
    def holds(self) -> bool:
        """Say whether every objective was kept."""
        return all(one.holds for one in self.verdicts)

    def station(self, name: str) -> Station:
        """Return a station by its name."""
        return self.stations[STATIONS.index(name)]
