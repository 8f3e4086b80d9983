"""LIST of the pods of one node: everything from etcd, decoded and filtered, or an index of the watch cache.

Baseline and optimized follow kubernetes/apiserver: pkg/storage/etcd3/store.go (GetList) and
pkg/storage/cacher (1.14 to 1.37 beta), the second as KEP-2340 has it since 1.31. Decoding, testing, the
index and the copy into the response are executed and timed. What a real server takes, how long the
cache is behind and how lists get in each other's way is modelled on a virtual clock, never timed.
"""

from collections.abc import Mapping

import numpy as np

from kscale import units
from kscale.errors import WrongAnswer
from kscale.mechanisms import list_answers, list_load, list_server
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.list_load import ListLoad, Params
from kscale.mechanisms.list_stored import Ints

ID = "list-index"
PAGED, SCAN, LOOKUP = "paged", "rv0-scan", "rv0-index"


def quality(load: ListLoad, outcome: Outcome) -> Work:
    """Return what a list costs on a real server, and how lists fare together; modelled."""
    listed: list_answers.Listed = outcome.answer
    costs = list_server.costs_of(load, outcome.work)
    size = list_server.request_bytes(load, outcome.work, listed.held)
    cached = load.bytes_of(0, load.pods) * load.costs["list_cache_ppm"] // list_server.PPM
    together = list_server.together(load, costs, size, fresh=listed.fresh)
    return {**costs, **together, "list_bytes": size, "cache_bytes": cached}


def agree(load: ListLoad, outcomes: Mapping[str, Outcome]) -> None:
    """Every list returned just the pods that it should, in their order, and the same bytes.

    Who reads from etcd has decoded every pod.
    """
    for name, outcome in outcomes.items():
        listed: list_answers.Listed = outcome.answer
        for which, got in enumerate(listed.pods):
            wanted = _wanted(load, which)
            if not np.array_equal(got, wanted):
                raise WrongAnswer(f"{ID}: {name}, list {which}: {_difference(got, wanted)}")
        sent, should = outcome.work["bytes_returned"], outcomes[BASELINE].work["bytes_returned"]
        if sent != should:
            raise WrongAnswer(f"{ID}: {name} returned {sent} bytes, {BASELINE} {should}")
        theirs = outcomes[BASELINE].answer.sums
        if listed.sums != theirs:
            which = next(i for i, one in enumerate(theirs) if [one] != listed.sums[i : i + 1])
            raise WrongAnswer(f"{ID}: {name}, list {which}: other bytes than {BASELINE} returned")
        if listed.held:
            _check_decoded(load, name, outcome)


def _check_decoded(load: ListLoad, name: str, outcome: Outcome) -> None:
    """Raise WrongAnswer unless every list decoded every pod."""
    done = outcome.work["objects_read"], outcome.work["bytes_read"], outcome.answer.text_bytes
    each = load.pods, load.bytes_of(0, load.pods), load.text_bytes_of(load.pods)
    for what, got, of_list in zip(("pods", "bytes", "bytes of strings"), done, each, strict=True):
        if got != load.lists * of_list:
            raise WrongAnswer(f"{ID}: {name} decoded {got} {what} where there are {load.lists * of_list}")


def _wanted(load: ListLoad, which: int) -> Ints:
    """Return the pods that a list should return, found without any variant."""
    by, value = load.params.by, load.wanted[which]
    if by == "none":
        return np.empty(0, dtype=np.int32)
    if by == "all":
        return np.arange(load.pods, dtype=np.int32)
    return np.flatnonzero((load.node_of if by == "node" else load.app_of) == value).astype(np.int32)


def _difference(got: Ints, wanted: Ints) -> str:
    """Return the first place where two answers differ, in words."""
    same = min(len(got), len(wanted))
    place = int(np.argmax(np.append(got[:same] != wanted[:same], [True])))
    ours, theirs = (f"pod {one[place]}" if place < len(one) else "its end" for one in (got, wanted))
    return f"{ours} where {theirs} should be (place {place} of {len(wanted)})"


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say where the cache gains little or loses, with this cell's figures."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    before, work = works[BASELINE], works[OPTIMIZED]
    found = []
    if work.get("list_p99_ns", 0) > before.get("list_p99_ns", 0):
        found.append(
            f"slower from the cache at P99: {units.show_ns(work['list_p99_ns'])} instead of"
            f" {units.show_ns(before['list_p99_ns'])}, as a list waits up to"
            f" {units.show_ns(work['fresh_wait_max_ns'])} until the cache is fresh"
        )
    everything = before["tests"]
    if work["objects_returned"] * 2 > everything:
        gain = units.show_ratio(before["alone_ns"] / work["alone_ns"])
        found.append(
            f"{units.show_percent(work['objects_returned'] / everything)} of all pods are returned: nothing"
            f" to look up, and encoding them is what is left; {gain} less time alone"
        )
    elif work["tests"] == everything:
        found.append(
            f"no index for this selector: {units.show_count(work['tests'])} cached pods are tested to return"
            f" {units.show_count(work['objects_returned'])}"
        )
    found += [
        f"{name}: {units.show_count(works[name]['timed_out'])} lists were cancelled after 60 s; they have no"
        " latency, and count as the time-out"
        for name in (BASELINE, OPTIMIZED)
        if works[name]["timed_out"]
    ]
    if work["stale"]:
        found.append(
            f"{units.show_count(work['stale'])} times a read was refused as nothing told the cache within"
            f" 3 s how far it is; {units.show_count(work['failed'])} lists were given up"
        )
    if not work["upstream"]:
        found.append(
            "consistent lists from the cache came with 1.31: without a patch, this profile's version reads"
            " from etcd"
        )
    return tuple(found)


METRICS = (
    Metric("objects_read", "pods", about="read from etcd and decoded", headline=True),
    Metric("bytes_read", "bytes", about="of those"),
    Metric("ranges", "ranges", about="range requests to etcd"),
    Metric("keys_walked", "keys", about="of etcd's index, walked over by ranges to read and to count"),
    Metric("revision_reads", "reads", about="of etcd's revision, without objects", provenance="modelled"),
    Metric("tests", "tests", about="pods tested against the selector", headline=True),
    Metric("objects_returned", "pods", "none", "returned to clients"),
    Metric("bytes_returned", "bytes", "none", "of those, as stored"),
    Metric("index_bytes", "bytes", about="the index by node, beside the cache"),
    Metric("lists", "lists", "none", "lists executed", provenance="input"),
    Metric(
        "upstream",
        "0 or 1",
        "none",
        "1: the version of the profile answers so without a patch",
        provenance="input",
    ),
    *list_server.METRICS,
)

MECHANISM = Mechanism(
    id=ID,
    title="lists from an index of the cache",
    panel="API server",
    about=(
        "A list of the pods of one node used to read every pod from etcd, decode it and drop nearly all. A"
        " consistent read from the cache asks etcd only for its revision, waits until the watch cache has it,"
        " and takes the pods of the node from an index. Upstream lists so from 1.31, and by index at RV=0"
        " from 1.19; in older profiles `optimized` is what the 2019 cluster had in its own build, ahead of"
        " upstream, and its wait ends with the next change of a pod, as etcd could not yet be asked how far"
        " it is."
    ),
    source=(
        "kubernetes/apiserver pkg/storage/cacher and pkg/storage/etcd3/store.go at 1.14, 1.19, 1.31 and"
        " 24a394e5 (1.37 beta); KEP-2340; KEP-3157; KEP-5116"
    ),
    left_out=(
        "etcd itself and the network: what etcd sends lies in memory. Times do not hold the wait for a"
        " fresh cache, which is in the modelled latencies. Not all pods lie there: a ring of 32 MiB of"
        " encoded ones is read round after round, and what is asked for is shifted by round, so that bytes,"
        " decoding and tests are those of all pods. The decoded ring stands for the cache, and fits better"
        " into a processor's caches. A pod's other fields are filler of 256 bytes a field, ten times fewer"
        " than a real pod has, without maps and garbage: decoding is much cheaper than the modelled 118 us"
        " of a pod of 10 KB. A test compares the one string, without building sets of labels and fields. The"
        " response is a copy of the encoded pods, of which a checksum is taken where it would be sent off. A"
        " real index holds pointers in maps and is larger. Nothing changes while a list is executed, so RV=0"
        " is never stale here. On the virtual clock lists share the cores evenly and are alone at this API"
        " server; priority and fairness are left out. A list that takes longer than 60 s frees all that it"
        " held, though etcd would go on with its range, and does not come again. How the 2019 cluster waited"
        " for its cache is not published."
    ),
    loses=(
        "A list that returns nearly everything: encoding is what is left.",
        "P99 of a few hundred pods listed once a second or more: etcd is asked every 100 ms at most.",
        "A selector without an index: every cached pod is tested, if not decoded.",
        "A quiet type where etcd cannot be asked (before etcd 3.4.25): the read is refused after 3 s.",
        "Memory: the index, kept up to date at every change.",
        "RV=0 ignores the limit of a page, and may be stale.",
    ),
    params=Params,
    prepare=list_load.make,
    variants={
        BASELINE: Variant(
            "read all pods from etcd, decode and test each", list_answers.build_etcd, list_answers.run_etcd
        ),
        OPTIMIZED: Variant(
            "wait until the cache is fresh, then ask its index",
            list_answers.build_index,
            list_answers.run_fresh,
        ),
        PAGED: Variant(
            "read from etcd in pages; each range walks to the end to count",
            list_answers.build_paged,
            list_answers.run_etcd,
        ),
        SCAN: Variant(
            "RV=0 up to 1.18: test every cached pod, limit ignored",
            list_answers.build_cache,
            list_answers.run_scan,
        ),
        LOOKUP: Variant(
            "RV=0 from 1.19: ask the index without waiting, limit ignored",
            list_answers.build_index,
            list_answers.run_lookup,
        ),
    },
    agree=agree,
    metrics=METRICS,
    per="lists",
    losses=losses,
    memory=list_load.memory,
    cost_ns=list_load.cost_ns,
    quality=quality,
    claims=("C6", "C7", "C8", "C9", "C10", "C11", "C12", "C25", "C26", "C27"),
    costs=list_load.COSTS,
    settings=list_load.settings,
)
