"""Lists on a real server: what they cost by the cost model, and how they fare together on a virtual clock."""

import numpy as np

from kscale.errors import KscaleError
from kscale.kernels import list_queue
from kscale.mechanisms.base import Metric, Work
from kscale.mechanisms.latency import Latency
from kscale.mechanisms.list_load import ListLoad
from kscale.scenario import draw
from kscale.scenario.draw import Stream

SECOND = 1_000_000_000  # ns
PPM = 1_000_000
PS = 1000  # in a ns
TRIES = 10  # of client-go after the first, when a server says to come again (rest/request.go)
LONGEST_NS = 10_000 * SECOND  # of a list: the kernel multiplies it by lists in flight
LIST = Latency("list", "from a list's arrival to its answer; 60 s or more if it fails", headline=("p99",))
WAIT = Latency("fresh_wait", "what a consistent read waits for the cache", headline=())


def costs_of(load: ListLoad, work: Work) -> dict[str, int]:
    """Return CPU of API server and etcd, and the time alone, of one list of a variant that did *work*."""
    cost, lists = load.costs, work["lists"]
    encode = cost[f"list_encode_{load.params.encoding}_ps_per_byte"]
    objects, size, sent = work["objects_read"], work["bytes_read"], work["bytes_returned"]
    walked = work["keys_walked"] - objects  # an ordinary range walks over what it reads
    cached = work["tests"] - objects
    etcd = objects * cost["list_etcd_cpu_ns_per_object"] + size * cost["list_etcd_cpu_ps_per_byte"] // PS
    etcd += walked * cost["list_walk_ns_per_key"]
    etcd += (work["ranges"] + work["revision_reads"]) * cost["etcd_quorum_read_cpu_ns"]
    server = objects * cost["list_apiserver_cpu_ns_per_object"]
    server += size * cost["list_apiserver_cpu_ps_per_byte"] // PS
    server += cached * cost["list_filter_cpu_ns"] + sent * encode // PS
    wall = objects * cost["list_wall_ns_per_object"] + size * cost["list_wall_ps_per_byte"] // PS
    wall += cached * cost["list_filter_wall_ns"] + sent * encode // PS
    wall += walked * cost["list_walk_ns_per_key"] + work["ranges"] * cost["list_round_trip_ns"]
    return {
        "apiserver_cpu_ns": cost["apiserver_request_cpu_ns"] + server // lists,
        "etcd_cpu_ns": etcd // lists,
        "alone_ns": cost["list_request_wall_ns"] + wall // lists,
    }


def request_bytes(load: ListLoad, work: Work, held: int) -> int:
    """Return the temporary memory of one list that holds *held* bytes of etcd's at a time.

    Encoded as one piece, what is returned takes its multiple, etcd's bytes of it included. Item by item, the
    largest item takes it; what came from etcd is held beside, and decoded.
    """
    factor, sent = load.costs["list_memory_ppm"], work["bytes_returned"] // work["lists"]
    if not load.streams:
        return sent * factor // PPM + max(0, held - sent)
    largest = min(sent, int(np.diff(load.starts).max()))
    return largest * factor // PPM + (held + sent if held else 0)


def together(load: ListLoad, costs: Work, size: int, *, fresh: bool) -> dict[str, int]:
    """Return how lists fare that come at the rate of the parameters; *size* is what one takes of memory.

    KscaleError if one takes longer than the clock can count.
    """
    if costs["alone_ns"] > LONGEST_NS:
        raise KscaleError(
            f"list-index: a list would take {costs['alone_ns'] // SECOND} s, at most 10000; list fewer pods"
        )
    n = load.params.arrivals
    arrivals, latency = np.empty(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    waited, seen = np.zeros(n, dtype=np.int64), np.zeros(list_queue.SEEN, dtype=np.int64)
    mean = max(1, int(SECOND / load.params.rate + 0.5))
    list_queue.arrive(mean, draw.generator(load.seed, Stream.LIST_ARRIVALS), arrivals)
    random = draw.generators(load.seed, Stream.LIST_CACHE, 0, 2)
    list_queue.serve(arrivals, _rules(load, costs, fresh=fresh), random, latency, waited, seen)
    return {
        **LIST.work(latency),
        **WAIT.work(waited),
        "refused": int(seen[list_queue.REFUSED]),
        "stale": int(seen[list_queue.STALE]),
        "failed": int(seen[list_queue.FAILED]),
        "timed_out": int(seen[list_queue.TIMED_OUT]),
        "server_bytes": int(seen[list_queue.PEAK]) * size,
    }


def _rules(load: ListLoad, costs: Work, *, fresh: bool) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the rules of kernels/list_queue.py."""
    profile, cost = load.profile, load.costs
    wall, rules = costs["alone_ns"], np.zeros(list_queue.RULES, dtype=np.int64)
    most = 1000 * profile.max_inflight_reads
    speed = min(most, 1000 * load.params.cores * wall // max(1, costs["apiserver_cpu_ns"]))
    speed = min(speed, load.etcd_milli * wall // max(1, costs["etcd_cpu_ns"]))
    rules[list_queue.SERVICE] = wall
    rules[list_queue.SPEED] = max(1, speed)
    rules[list_queue.LIMIT] = profile.max_inflight_reads
    rules[list_queue.RETRY] = profile.retry_after_ns
    rules[list_queue.TRIES] = TRIES
    rules[list_queue.FRESH] = fresh
    rules[list_queue.ROUND_TRIP] = cost["list_round_trip_ns"]
    rules[list_queue.LAG] = cost["list_cache_lag_ns"]
    rules[list_queue.ASK] = profile.fresh_ask_ns if profile.list_cache == "consistent" else 0
    rules[list_queue.NOTIFY] = profile.progress_notify_ns
    rules[list_queue.PATIENCE] = profile.fresh_wait_ns
    rules[list_queue.EVENTS] = load.event_ns
    rules[list_queue.OTHERS] = load.other_ns
    rules[list_queue.TIMEOUT] = profile.request_timeout_ns
    return rules


METRICS = (
    *LIST.metrics(),
    *WAIT.metrics(),
    Metric("alone_ns", "ns", about="a list alone, without waiting", provenance="modelled"),
    Metric("apiserver_cpu_ns", "ns", about="CPU of the API server for a list", provenance="modelled"),
    Metric("etcd_cpu_ns", "ns", about="CPU of etcd for a list", provenance="modelled"),
    Metric(
        "list_bytes", "bytes", about="temporary memory of a list in the API server", provenance="modelled"
    ),
    Metric(
        "server_bytes",
        "bytes",
        about="the same of all lists in flight, at most",
        headline=True,
        provenance="modelled",
    ),
    Metric("refused", "tries", about="lists told to come again: too many in flight", provenance="modelled"),
    Metric("stale", "tries", about="lists told to come again: the cache was behind", provenance="modelled"),
    Metric("failed", "lists", about="lists given up after 10 more tries", provenance="modelled"),
    Metric("timed_out", "lists", about="lists cancelled after the time-out of 60 s", provenance="modelled"),
    Metric("cache_bytes", "bytes", "none", "the pods in the watch cache, decoded", provenance="modelled"),
)
