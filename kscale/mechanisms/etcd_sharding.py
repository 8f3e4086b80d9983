"""Sharding by type: every object in one etcd, or an etcd for each type of object.

API servers can send a type of object to an etcd of its own (--etcd-servers-overrides). Each etcd batches,
logs and applies on machines of its own, so that types no longer wait for one another; a type that is
hot stays in one etcd, and gains nothing. The etcds are kernels/etcd_write.py, each with its own virtual clock
from the same start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import etcd_write
from kscale.mechanisms import etcd_puts, etcd_sharding_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.etcd_puts import Answered
from kscale.mechanisms.etcd_sharding_load import Params, ShardingLoad
from kscale.mechanisms.latency import Latency

Longs = NDArray[np.int64]

EVENTS_FIRST = "events-first"
SECOND = 1_000_000_000  # ns
PPM = 1_000_000
PUT = Latency("put", "put of any type, from when it was meant to be sent to its answer")
NAMED = ("pods", "nodes", "leases", "events")  # types whose puts and stores are counted by name
HOT = Latency("hot", "put of the type with the most puts, as above", headline=())


@dataclass(frozen=True, slots=True)
class Plan:
    """Which etcd each type goes to."""

    load: ShardingLoad
    shard_of: Longs  # [types] numbers of etcds, 0 and up


@dataclass(frozen=True, slots=True)
class Replies:
    """What was replied to every put, in the order in which they were meant to be sent."""

    replies: Longs  # [n] how many there were; a refusal is one
    sent: Longs  # [n] ns
    done: Longs  # [n] ns, or etcd_write.REFUSED or LOST
    revision: Longs  # [n] of its etcd, from 1; 0 if refused


def builder(plan: Callable[[ShardingLoad], Longs]) -> Callable[[ShardingLoad], Plan]:
    """Return a build that assigns types as *plan* says."""

    def build(load: ShardingLoad) -> Plan:
        """Start etcds for the types."""
        return Plan(load, plan(load))

    return build


def run(plan: Plan) -> Outcome:
    """Let every etcd answer the puts of its types."""
    load, n = plan.load, plan.load.puts.count
    replies = Replies(*(np.zeros(n, dtype=np.int64) for _ in range(4)))
    shard_of_put = plan.shard_of[load.puts.type_of]
    shards = []
    for shard in np.unique(plan.shard_of).tolist():
        mine = np.flatnonzero(shard_of_put == shard)
        answered = etcd_puts.answer(load.etcd, load.puts.arrival[mine], load.puts.size[mine], load.clients)
        taken = answered.done >= 0
        replies.replies[mine] += answered.done != etcd_write.LOST
        replies.sent[mine] = answered.arrival
        replies.done[mine] = answered.done
        replies.revision[mine] = np.cumsum(taken) * taken
        shards.append((shard, answered))
    return Outcome(_work(plan, replies, dict(shards)), replies)


def _work(plan: Plan, replies: Replies, shards: Mapping[int, Answered]) -> dict[str, int]:
    """Return what was counted."""
    load = plan.load
    counts = np.array([answered.counts for answered in shards.values()], dtype=np.int64)
    total = counts.sum(axis=0).tolist()
    puts = [len(answered.done) for answered in shards.values()]
    stored = [sum(b for b, s in zip(load.stored, plan.shard_of, strict=True) if s == one) for one in shards]
    end = int(counts[:, etcd_write.END].max())
    busiest = int((counts[:, etcd_write.APPLY_BUSY] + counts[:, etcd_write.COMMIT_BUSY]).max())
    answered = int((replies.done >= 0).sum())
    return {
        "puts": load.puts.count,
        "answered": answered,
        "refused": total[etcd_write.REFUSALS],
        **_answered_per_s(load.puts.count, answered, end),
        **PUT.work(_latencies(replies, slice(None))),
        **HOT.work(_latencies(replies, load.puts.type_of == _hottest(load))),
        "end_ns": end,
        "shards": len(shards),
        "members": len(shards) * load.members,
        "batches": total[etcd_write.FSYNCS],
        "largest_batch": int(counts[:, etcd_write.LARGEST].max()),
        "log_fsyncs": total[etcd_write.FSYNCS] + total[etcd_write.FOLLOWER_FSYNCS],
        "commits": total[etcd_write.COMMITS],
        "log_bytes": total[etcd_write.LOG_BYTES],
        "shard_log_bytes": int(counts[:, etcd_write.LOG_BYTES].max()),
        "hottest_shard_ppm": max(puts) * PPM // max(1, load.puts.count),
        "busiest_ppm": busiest * PPM // max(1, end),
        "store_bytes": sum(stored),
        "shard_store_bytes": max(stored),
        **_by_name(plan, dict(zip(shards, stored, strict=True))),
        "over_quota": sum(size > load.quota_bytes for size in stored),
        "unordered": _unordered(replies),
    }


def _answered_per_s(puts: int, answered: int, end_ns: int) -> dict[str, int]:
    """Return the puts answered a second; nothing where less than one a second is sent, which would be 0."""
    end_ns = max(1, end_ns)
    return {"answered_per_s": answered * SECOND // end_ns} if puts * SECOND >= end_ns else {}


def _by_name(plan: Plan, stored: Mapping[int, int]) -> dict[str, int]:
    """Return the puts of each type of NAMED and the bytes of the etcd that holds it; 0 if none is written."""
    load = plan.load
    counts = np.bincount(load.puts.type_of, minlength=len(load.types)).tolist()
    found = {}
    for name in NAMED:
        number = load.types.index(name) if name in load.types else None
        found[f"{name}_puts"] = 0 if number is None else counts[number]
        found[f"{name}_store_bytes"] = 0 if number is None else stored[int(plan.shard_of[number])]
    return found


def _latencies(replies: Replies, which: slice | NDArray[np.bool_]) -> Longs:
    """Return the latencies of the answered among some puts."""
    done, sent = replies.done[which], replies.sent[which]
    return (done - sent)[done >= 0]


def _hottest(load: ShardingLoad) -> int:
    """Return the type with the most puts, the first of equals."""
    return int(np.argmax(np.bincount(load.puts.type_of, minlength=len(load.types))))


def _unordered(replies: Replies) -> int:
    """Return how many answers bear a revision that is not above all those given before."""
    answered = np.flatnonzero(replies.done >= 0)
    given = replies.revision[answered[np.argsort(replies.done[answered], kind="stable")]]
    most = np.maximum.accumulate(given)
    return int((given[1:] <= most[:-1]).sum())


def agree(load: ShardingLoad, outcomes: Mapping[str, Outcome]) -> None:
    """Every put of every type got one reply; those answered, in the order sent, by rising revisions."""
    for name, outcome in outcomes.items():
        replies: Replies = outcome.answer
        wrong = np.flatnonzero(replies.replies != 1)
        if len(wrong):
            n = int(wrong[0])
            raise WrongAnswer(
                f"etcd-sharding: {name} replies {int(replies.replies[n])} times to put {n},"
                f" of {load.types[load.puts.type_of[n]]} ({len(wrong)} of {load.puts.count} puts are wrong)"
            )
        for number, kind in enumerate(load.types):
            of_type = np.flatnonzero((load.puts.type_of == number) & (replies.done >= 0))
            late = np.diff(replies.done[of_type]) < 0
            late |= np.diff(replies.revision[of_type]) <= 0
            if late.any():
                n = int(of_type[1:][late][0])
                raise WrongAnswer(
                    f"etcd-sharding: {name} answers put {n}, of {kind}, before an earlier one of that type"
                )


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say what sharding does not give, and what it costs."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    before, after = works[BASELINE], works[OPTIMIZED]
    found = []
    if after["puts"] == 0:
        found.append("no put came in the time simulated: nothing was answered, and nothing had to wait")
    elif after["shards"] == 1:
        found.append("all puts are of one type: one etcd answers them, as before")
    elif after["answered"] == before["answered"] and 2 * _p99(after) > _p99(before):
        found.append("one etcd had room for all puts: none more is answered, and not twice as soon")
    found += _hot(after)
    if after["refused"]:
        found.append(f"{units.show_count(after['refused'])} puts are still refused")
    if after["over_quota"]:
        found.append(f"{after['over_quota']} of {after['shards']} stores are still above the quota")
    if after["log_fsyncs"] > before["log_fsyncs"]:
        more = units.show_ratio(after["log_fsyncs"] / before["log_fsyncs"])
        found.append(f"{more} the fsyncs, by {after['members']} members in place of {before['members']}")
    if after["unordered"] > before["unordered"]:
        found.append(
            f"revisions of {units.show_count(after['unordered'])} answers are not above those given before:"
            " each etcd counts for itself"
        )
    return tuple(found)


def _p99(work: Work) -> int:
    """Return the p99 of a put, 0 if none was answered."""
    return work.get("put_p99_ns", 0)


def _hot(after: Work) -> list[str]:
    """Name the type that one etcd gets most puts of, and the store that has most of the bytes."""
    found = []
    if after["shards"] > 1 and after["hottest_shard_ppm"] > PPM // 2:
        share = units.show_percent(after["hottest_shard_ppm"] / PPM)
        name = max(NAMED, key=lambda one: after[f"{one}_puts"])
        most = 2 * after[f"{name}_puts"] > after["puts"]
        found.append(f"{share} of the puts go to one etcd" + (f", that of {name}" if most else ""))
    if after["shards"] > 1 and 2 * after["shard_store_bytes"] > after["store_bytes"]:
        holds = [one for one in NAMED if after[f"{one}_store_bytes"] == after["shard_store_bytes"]]
        share = units.show_percent(after["shard_store_bytes"] / after["store_bytes"])
        of = " and ".join(holds) or "another type"
        found.append(f"{share} of all bytes stay in one store, that of {of}")
    return found


modelled = partial(Metric, provenance="modelled")
METRICS = (
    *PUT.metrics(),
    modelled("answered_per_s", "puts/s", "higher", "puts answered, by the time of the last", headline=True),
    modelled("refused", "puts", about="sent back: too many entries were not yet applied", headline=True),
    modelled(
        "shard_store_bytes",
        "bytes",
        about="largest store, with history up to compaction at the cluster's own rate",
        headline=True,
    ),
    *HOT.metrics(),
    modelled("store_bytes", "bytes", "none", "all stores together"),
    modelled("over_quota", "stores", about="above the quota: they would refuse all puts"),
    modelled("answered", "puts", "higher", "applied and acknowledged"),
    modelled("end_ns", "ns", about="from the first put to the last answer"),
    modelled("hottest_shard_ppm", "ppm", "none", "of the puts, those that go to the etcd with the most"),
    modelled("busiest_ppm", "ppm", about="of that time, in which the busiest store applies or commits"),
    modelled("batches", "fsyncs", about="of the leaders' logs, one a batch"),
    modelled("largest_batch", "entries", "none", "logged with one fsync"),
    modelled("log_fsyncs", "fsyncs", about="of the logs of all members"),
    modelled("commits", "commits", about="of the leaders' stores"),
    modelled("log_bytes", "bytes", "none", "written to the leaders' logs"),
    modelled("shard_log_bytes", "bytes", about="written to the longest of them"),
    modelled("unordered", "puts", about="answered with a revision not above all given before"),
    Metric("shards", "etcds", "none", "that answer", provenance="input"),
    Metric("members", "members", about="to be run, each on a machine of its own", provenance="input"),
    Metric("puts", "puts", "none", "sent", provenance="input"),
    *(Metric(f"{name}_puts", "puts", "none", f"of those, of {name}", provenance="input") for name in NAMED),
    *(modelled(f"{name}_store_bytes", "bytes", about=f"store of the etcd with {name}") for name in NAMED),
)

MECHANISM = Mechanism(
    id="etcd-sharding",
    title="etcd by type of object",
    panel="etcd",
    about=(
        "One etcd holds every object of a cluster, and applies their puts one after another. API servers can"
        " send each type to an etcd of its own: puts of different types no longer wait for one another, and"
        " each store has a quota of its own. `events-first` moves only Events, the usual first step."
    ),
    source=(
        "kube-apiserver --etcd-servers-overrides; etcd 3.2 to 3.6 server/etcdserver and server/mvcc/backend;"
        " Zeng Fansong (Alibaba Cloud, 2019); OpenAI, 2018 and 2021 (Events apart)"
    ),
    left_out=(
        "Reads, watches, elections, compaction and its pauses. A request is one put, where an API server"
        " sends a transaction. Every member has a machine and a disk of its own, none is slow or away. A"
        " leader sends a batch as one message where etcd first sends entries one by one. Refused puts are not"
        " sent again. The bytes of a store are those of its objects, not of bbolt's pages."
    ),
    loses=(
        "One hot type: its puts stay in one etcd, which is soon as full as one for all was.",
        "Low load: the answer takes as long, the fsyncs are more, as batches are smaller.",
        "Revisions of different types come from different counters: no order between them.",
        "As many members to run, watch and back up for each etcd.",
    ),
    params=Params,
    prepare=etcd_sharding_load.make,
    variants={
        BASELINE: Variant("one etcd for all types", builder(etcd_sharding_load.together), run),
        OPTIMIZED: Variant("one for each type, or so many shards", builder(etcd_sharding_load.by_type), run),
        EVENTS_FIRST: Variant("Events apart", builder(etcd_sharding_load.events_first), run),
    },
    agree=agree,
    metrics=METRICS,
    per="puts",
    losses=losses,
    memory=etcd_sharding_load.memory,
    cost_ns=etcd_sharding_load.cost_ns,
    claims=("C20",),
    costs=etcd_sharding_load.COSTS,
    settings=etcd_sharding_load.settings,
    simulated=True,
)
