"""The ways to answer a list: from etcd, decoded; from the cache, pod by pod or by its index."""

from dataclasses import dataclass, replace

import numpy as np

from kscale.errors import WrongAnswer
from kscale.kernels import list_pods, protobuf_read, protobuf_write
from kscale.mechanisms import list_load, list_stored
from kscale.mechanisms.base import Outcome
from kscale.mechanisms.list_load import ListLoad
from kscale.mechanisms.list_stored import Ints, Longs, Text


@dataclass(frozen=True, slots=True)
class Server:
    """An API server with room for one answer; what it decodes is overwritten by the next object."""

    load: ListLoad
    page: int  # pods in a range
    reply: Text
    found: Ints  # [pods]
    row: Longs
    labels: Longs
    text: Text


@dataclass(frozen=True, slots=True)
class Cache:
    """An API server with a filled watch cache; without an index, *slots* is empty."""

    server: Server
    slots: Ints  # hash table of the names of nodes
    firsts: Ints  # [nodes + 1] first place of a node in *indexed*
    indexed: Ints  # [pods] by node


@dataclass(frozen=True, slots=True)
class Listed:
    """What the lists returned, and how."""

    pods: list[Ints]  # of each list, ascending
    sums: list[int]  # checksum of each list's bytes
    held: int = 0  # bytes of etcd's that a list holds at a time
    text_bytes: int = 0  # of the strings that were decoded
    fresh: bool = False  # it waits until the cache is


def build_etcd(load: ListLoad) -> Server:
    """Return a server that reads everything in one range."""
    return _server(load, load.pods)


def build_paged(load: ListLoad) -> Server:
    """Return a server that reads page by page."""
    return _server(load, load.params.page)


def build_cache(load: ListLoad) -> Cache:
    """Return a server whose cache has no index."""
    none = np.empty(0, dtype=np.int32)
    return Cache(_server(load, load.pods), none, none, none)


def build_index(load: ListLoad) -> Cache:
    """Return a server whose cache has an index by node."""
    slots = np.empty(1 << (2 * load.nodes).bit_length(), dtype=np.int32)
    list_pods.hash_names(load.names, list_stored.WIDTH, load.nodes, slots)
    firsts, indexed = np.zeros(load.nodes + 1, dtype=np.int32), np.empty(load.pods, dtype=np.int32)
    list_pods.group(load.node_of, firsts, indexed)
    return Cache(_server(load, load.pods), slots, firsts, indexed)


def _server(load: ListLoad, page: int) -> Server:
    """Return a server with empty buffers."""
    largest = int(np.diff(load.starts).max())
    return Server(
        load=load,
        page=page,
        reply=np.zeros(max(largest, list_load.REPLY_BYTES), dtype=np.uint8),
        found=np.zeros(load.pods, dtype=np.int32),
        row=np.zeros(protobuf_write.OBJECT, dtype=np.int64),
        labels=np.zeros((list_stored.LABELS, protobuf_write.LABEL), dtype=np.int64),
        text=np.zeros(largest, dtype=np.uint8),
    )


def run_etcd(server: Server) -> Outcome:
    """Read all pods from etcd range by range, decode and test each one."""
    load, ranges, walked = server.load, 0, 0
    listed = Listed([], [], held=load.bytes_of(0, min(server.page, load.pods)))
    counted = np.zeros((load.lists, list_pods.COUNTED), dtype=np.int64)
    for which in range(load.lists):
        for first in range(0, load.pods, server.page):
            walked += list_pods.count_keys(load.revisions, first, load.pods)
            ranges += 1
            _decode(server, which, first, min(first + server.page, load.pods), counted[which])
        list_pods.send_off(server.reply, counted[which])
        _end(server, listed, counted[which])
    listed = replace(listed, text_bytes=int(counted[:, list_pods.TEXT_BYTES].sum()))
    work = _work(load, counted, ranges=ranges, walked=walked)
    return Outcome(work | {"upstream": int(load.profile.list_cache != "consistent")}, listed)


def _end(server: Server, listed: Listed, counted: Longs) -> None:
    """Note what a list was answered."""
    listed.sums.append(int(counted[list_pods.SUM]))
    listed.pods.append(server.found[: counted[list_pods.FOUND]].copy())


def _decode(server: Server, which: int, first: int, end: int, counted: Longs) -> None:
    """Answer a list from pods *first* to *end* - 1 of etcd; WrongAnswer if one cannot be decoded."""
    load = server.load
    asked = load.key, load.wants[which], load.names
    one = server.row, server.labels, server.text
    out = server.reply, server.found, counted
    wrong = list_pods.by_decoding(first, end, load.ring, load.starts, *asked, *one, *out)
    if wrong < 0:
        names = {value: name for name, value in vars(protobuf_read).items() if value == wrong}
        raise WrongAnswer(f"list-index: a pod of {first} to {end - 1} cannot be decoded: {names[wrong]}")


def run_scan(cache: Cache) -> Outcome:
    """Test every cached pod, however old the cache is."""
    work, listed = _walk(cache)
    upstream = cache.server.load.profile.list_cache == "scan" or not cache.server.load.indexed
    return Outcome(work | {"upstream": int(upstream)}, listed)


def run_lookup(cache: Cache) -> Outcome:
    """Ask the index where there is one for the selector, however old the cache is."""
    load = cache.server.load
    work, listed = _look_up(cache) if load.indexed else _walk(cache)
    upstream = load.profile.list_cache != "scan" or not load.indexed
    return Outcome(work | {"upstream": int(upstream)}, listed)


def run_fresh(cache: Cache) -> Outcome:
    """Ask etcd for its revision, wait until the cache has it, and then ask the index."""
    load = cache.server.load
    work, listed = _look_up(cache) if load.indexed else _walk(cache)
    reads = {"revision_reads": load.lists, "upstream": int(load.profile.list_cache == "consistent")}
    return Outcome(work | reads, replace(listed, fresh=True))


def _walk(cache: Cache) -> tuple[dict[str, int], Listed]:
    """Return work and answers of lists that test every cached pod."""
    server, load, listed = cache.server, cache.server.load, Listed([], [])
    counted = np.zeros((load.lists, list_pods.COUNTED), dtype=np.int64)
    for which in range(load.lists):
        asked = load.key, load.wants[which], load.names
        kept = load.objects, load.labels, load.text
        out = server.reply, server.found, counted[which]
        list_pods.by_walking(load.pods, load.ring, load.starts, *asked, *kept, *out)
        _end(server, listed, counted[which])
    return _work(load, counted, index_bytes=_index_bytes(cache)), listed


def _look_up(cache: Cache) -> tuple[dict[str, int], Listed]:
    """Return work and answers of lists that ask the index."""
    server, load, listed = cache.server, cache.server.load, Listed([], [])
    counted = np.zeros((load.lists, list_pods.COUNTED), dtype=np.int64)
    for which in range(load.lists):
        name, size = load.wants[which, 0]  # as it is in the first round, which is not shifted
        node = list_pods.find_name(name, size, load.names, list_stored.WIDTH, cache.slots)
        first, end = (cache.firsts[node], cache.firsts[node + 1]) if node >= 0 else (0, 0)
        asked = load.key, load.wants[which], load.names
        kept = load.objects, load.labels, load.text
        out = server.reply, server.found, counted[which]
        list_pods.by_index(cache.indexed, first, end, load.ring, load.starts, *asked, *kept, *out)
        _end(server, listed, counted[which])
    return _work(load, counted, index_bytes=_index_bytes(cache)), listed


def _index_bytes(cache: Cache) -> int:
    """Return the bytes of the index."""
    return cache.slots.nbytes + cache.firsts.nbytes + cache.indexed.nbytes


def _work(
    load: ListLoad,
    counted: Longs,
    *,
    ranges: int = 0,
    walked: int = 0,
    index_bytes: int = 0,
) -> dict[str, int]:
    """Return what was counted in all lists."""
    whole = counted.sum(axis=0)
    return {
        "lists": load.lists,
        "objects_read": int(whole[list_pods.READ]),
        "bytes_read": int(whole[list_pods.READ_BYTES]),
        "ranges": ranges,
        "keys_walked": walked,
        "revision_reads": 0,
        "tests": int(whole[list_pods.TESTS]),
        "objects_returned": int(whole[list_pods.FOUND]),
        "bytes_returned": int(whole[list_pods.SENT]),
        "index_bytes": index_bytes,
    }
