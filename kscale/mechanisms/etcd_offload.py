"""Values outside of etcd: whole objects in etcd, or an entry in etcd and the value in a store beside it.

The first of the 2019 attempts, and dropped: etcd gets small, but each write and each read takes a round
trip more, and two stores do not change as one. What that means is not argued but tried: around each of a
sequence of writes, the writer stops after every step, the outside store fails over after every step, and a
reader passes between all steps (kernels/offload.py). Latency comes from etcd's write path
(kernels/etcd_write.py) and a fixed time for the outside store, which is taken to have room for everyone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import etcd_write, offload
from kscale.mechanisms import etcd_offload_load, etcd_puts
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.etcd_offload_load import OffloadLoad, Params
from kscale.mechanisms.latency import Latency

Longs = NDArray[np.int64]

INDEX_FIRST = "index-first"
IN_PLACE = "in-place"
SMALL = 1024  # bytes of a small put
PUT = Latency("put", "put, from when it was meant to be sent to its acknowledgement")
SMALL_PUT = Latency("small", "put of up to 1 KiB, as above", headline=())
WINDOW = Latency("window", "between the writes of a put to the two stores", headline=())


@dataclass(frozen=True, slots=True)
class Stores:
    """One way to write: see kernels/offload.py for the protocols."""

    load: OffloadLoad
    protocol: int


@dataclass(frozen=True, slots=True)
class Found:
    """What reads find when nothing fails."""

    answers: Longs  # [operations] the put that each read returns
    final: Longs  # [keys] the same of a last read of each key
    replies: int  # puts acknowledged or refused


def builder(protocol: int) -> Callable[[OffloadLoad], Stores]:
    """Return a build for a way to write."""

    def build(load: OffloadLoad) -> Stores:
        """Start empty stores."""
        return Stores(load, protocol)

    return build


def run(stores: Stores) -> Outcome:
    """Try every fault, then write the cluster's puts on the clock."""
    load, protocol = stores.load, stores.protocol
    answers = np.empty(len(load.kinds), dtype=np.int64)
    final = np.empty(load.key_count, dtype=np.int64)
    counts = np.empty(offload.COUNTS, dtype=np.int64)
    offload.run(load.kinds, load.keys, load.sizes, protocol, load.behind, answers, final, counts)
    done, window, path = _written(load, protocol)
    taken = done >= 0
    latencies = (done - load.puts.arrival)[taken]
    kept = load.stored_bytes if protocol == offload.INSIDE else load.entry_bytes * load.objects
    work = {
        "puts": load.puts.count,
        **PUT.work(latencies),
        **SMALL_PUT.work(latencies[load.puts.size[taken] <= SMALL]),
        **WINDOW.work(window[taken]),
        "refused": int(path[etcd_write.REFUSALS]),
        "etcd_store_bytes": kept + load.record_bytes * load.objects,
        "outside_store_bytes": load.stored_bytes if protocol != offload.INSIDE else 0,
        "etcd_log_bytes": int(path[etcd_write.LOG_BYTES]),
        "round_trips": int(counts[offload.WAITED]),
        **_faults(counts),
    }
    return Outcome(work, Found(answers, final, int((done != etcd_write.LOST).sum())))


def _written(load: OffloadLoad, protocol: int) -> tuple[Longs, Longs, Longs]:
    """Return when each put was acknowledged, ns between its two writes, and what etcd counted."""
    puts, outside = load.puts, load.outside_ns
    if protocol == offload.INSIDE:
        answered = etcd_puts.answer(load.etcd, puts.arrival, puts.size)
        return answered.done, np.zeros(puts.count, dtype=np.int64), answered.counts
    entries = np.full(puts.count, load.entry_bytes, dtype=np.int64)
    if protocol == offload.INDEX_FIRST:
        answered = etcd_puts.answer(load.etcd, puts.arrival, entries)
        return np.where(answered.done >= 0, answered.done + outside, answered.done), outside, answered.counts
    value_there = puts.arrival + outside
    turn = np.argsort(value_there, kind="stable")
    answered = etcd_puts.answer(load.etcd, value_there[turn], entries)
    done = np.empty(puts.count, dtype=np.int64)
    done[turn] = answered.done
    return done, done - value_there, answered.counts


def _faults(counts: Longs) -> dict[str, int]:
    """Return the trials and what was found wrong, by kind of fault."""
    kinds = {"crash": offload.CRASH, "failover": offload.FAILOVER, "read": offload.READ}
    found = {"trials": sum(int(counts[kind + offload.CASES]) for kind in kinds.values())}
    for name, kind in kinds.items():
        found |= {
            f"{name}_trials": int(counts[kind + offload.CASES]),
            f"{name}_lost": int(counts[kind + offload.LOST]),
            f"{name}_stale": int(counts[kind + offload.STALE]),
            f"{name}_mixed": int(counts[kind + offload.MIXED]),
        }
    return {
        **found,
        "orphans": int(counts[offload.ORPHANS]),
        "orphan_bytes": int(counts[offload.ORPHAN_BYTES]),
    }


def agree(load: OffloadLoad, outcomes: Mapping[str, Outcome]) -> None:
    """When nothing fails every read finds the last put of its key; every put of the cluster gets a reply."""
    answers, final = _expected(load)
    for name, outcome in outcomes.items():
        found: Found = outcome.answer
        for what, got, wanted in (("operation", found.answers, answers), ("key", found.final, final)):
            differ = np.flatnonzero(got != wanted)
            if len(differ):
                n = int(differ[0])
                raise WrongAnswer(
                    f"etcd-offload: {name} reads put {int(got[n])} at {what} {n}, not put {int(wanted[n])}"
                    f" ({len(differ)} of {len(got)} differ; -1 is none, -2 a value that is missing)"
                )
        if found.replies != load.puts.count:
            raise WrongAnswer(f"etcd-offload: {name} replies to {found.replies} of {load.puts.count} puts")


def _expected(load: OffloadLoad) -> tuple[Longs, Longs]:
    """Return what reads must find, by one dictionary."""
    answers = np.full(len(load.kinds), offload.NOTHING, dtype=np.int64)
    last: dict[int, int] = {}
    for number, (kind, key) in enumerate(zip(load.kinds.tolist(), load.keys.tolist(), strict=True)):
        if kind == offload.GET:
            answers[number] = last.get(key, offload.NOTHING)
        else:
            last[key] = number if kind == offload.PUT else offload.NOTHING
    final = [last.get(key, offload.NOTHING) for key in range(load.key_count)]
    return answers, np.array(final, dtype=np.int64)


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say what goes wrong between two stores, and what the second round trip costs."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    before, after = works[BASELINE], works[OPTIMIZED]
    found = []
    if after["failover_lost"]:
        lost, trials = (units.show_count(after[f"failover_{name}"]) for name in ("lost", "trials"))
        found.append(
            f"an acknowledged value is gone in {lost} of {trials} reads after the outside store failed over"
        )
    if after["read_lost"]:
        lost, trials = (units.show_count(after[f"read_{name}"]) for name in ("lost", "trials"))
        found.append(f"{lost} of {trials} reads beside a write find an entry whose value is not there")
    if after["orphans"]:
        wasted = units.show_bytes(after["orphan_bytes"])
        found.append(
            f"{units.show_count(after['orphans'])} of {units.show_count(after['crash_trials'])} crashes leave"
            f" a value that nothing leads to, {wasted} in all: something must look for them"
        )
    for kind, name in (("a put", "put"), ("a put of up to 1 KiB", "small")):
        new, old = (work.get(f"{name}_p50_ns", 0) for work in (after, before))
        if new > old > 0:
            said = f"more than {units.show_ns(new)}, before {units.show_ns(old)}: two stores in turn"
            found.append(f"half of all times {kind} takes {said}")
    return tuple(found)


modelled = partial(Metric, provenance="modelled")
METRICS = (
    modelled("etcd_store_bytes", "bytes", about="objects or entries in etcd, without history", headline=True),
    *PUT.metrics(),
    Metric(
        "failover_lost",
        "reads",
        about="after a failover, that find an entry whose acknowledged value is gone for good; by the seed",
        headline=True,
    ),
    *SMALL_PUT.metrics(),
    *WINDOW.metrics(),
    modelled("refused", "puts", about="sent back by etcd"),
    modelled("etcd_log_bytes", "bytes", about="written to the leader's log"),
    modelled("outside_store_bytes", "bytes", "none", "values in the outside store"),
    Metric("round_trips", "trips", about="one after another, before a put is acknowledged"),
    Metric("trials", "reads", "none", "after a crash, after a failover, or beside a write"),
    Metric("crash_trials", "reads", "none", "after the writer stopped for good, at each step"),
    Metric("crash_lost", "reads", about="of those, that find an entry without a value"),
    Metric("crash_stale", "reads", about="of those, that find a value older than what was acknowledged"),
    Metric("crash_mixed", "reads", about="of those, that find a value their entry does not announce"),
    Metric("failover_trials", "reads", "none", "after the outside store's copy took over, at each step"),
    Metric("failover_stale", "reads", about="of those, that find a value older than what was acknowledged"),
    Metric("failover_mixed", "reads", about="of those, that find a value their entry does not announce"),
    Metric("read_trials", "reads", "none", "beside a write, entry and value at each two points of it"),
    Metric("read_lost", "reads", about="of those, that find an entry without a value: a retry, no loss"),
    Metric("read_stale", "reads", about="of those, that find a value older than what was acknowledged"),
    Metric("read_mixed", "reads", about="of those, that find a value their entry does not announce"),
    Metric("orphans", "values", about="that nothing leads to, after a crash at each step"),
    Metric("orphan_bytes", "bytes", about="of those values"),
    Metric("puts", "puts", "none", "sent by the cluster on the clock", provenance="input"),
)

MECHANISM = Mechanism(
    id="etcd-offload",
    title="values outside of etcd",
    panel="etcd",
    about=(
        "etcd keeps an entry for each object, and the object itself lies in a key-value store beside it: etcd"
        " stays small. It was tried at Alibaba in 2019 and dropped, for the work of running a second store"
        " and for weaker consistency. Here a put writes the value, then the entry, then removes the old"
        " value; `index-first` writes the entry first, `in-place` writes over the old value. Faults are tried"
        " around a drawn sequence of operations: how many reads go wrong depends on the seed and the"
        " parameters alone, not on the cluster, its load or its costs."
    ),
    source=(
        "Zeng Fansong (Alibaba Cloud, 2019), first attempt; the order of steps is ours, as none was"
        " published; etcd 3.2 to 3.6 for the write path"
    ),
    left_out=(
        "The outside store itself: it takes a fixed time and has room for everyone. Two writers of one key"
        " at a time, retries, a sweep for garbage, reads of older revisions and watches, whose values are"
        " removed with the next put. A crash leaves nothing that would tell a new writer what to go on with."
    ),
    loses=(
        "The outside store's copy is behind: acknowledged values are lost or old after a failover.",
        "A crash of the writer leaves garbage; with the entry first, it loses values that were acknowledged.",
        "Readers beside a write find entries without values, and have to start again; nothing is lost by it.",
        "Two round trips for each put and each read: small values take longer.",
    ),
    params=Params,
    prepare=etcd_offload_load.make,
    variants={
        BASELINE: Variant("whole objects in etcd", builder(offload.INSIDE), run),
        OPTIMIZED: Variant("value outside first, then its entry", builder(offload.VALUE_FIRST), run),
        INDEX_FIRST: Variant("entry first, then its value outside", builder(offload.INDEX_FIRST), run),
        IN_PLACE: Variant("value outside over the old one, then its entry", builder(offload.IN_PLACE), run),
    },
    agree=agree,
    metrics=METRICS,
    per="puts",
    losses=losses,
    memory=etcd_offload_load.memory,
    cost_ns=etcd_offload_load.cost_ns,
    costs=etcd_offload_load.COSTS,
    settings=etcd_offload_load.settings,
    simulated=True,
)
