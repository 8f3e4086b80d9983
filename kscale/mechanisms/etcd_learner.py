"""etcd learners: a new member votes at once, or learns first and is promoted once it has caught up.

Baseline is etcd up to 3.3: `member add` makes the empty member count for the quorum at once. Of 3 members
that are now 4, 3 must have an entry, and the new one has none until it was sent the store: one failure
meanwhile stops all writes. Optimized is 3.4: a learner is sent everything and counts for nothing; it is
promoted when it has 90 % of the leader's entries. The leader sends the same to both.

Simulated for every member that fails at each of some moments. Puts beside the transfer, with nobody
failing, go through kernels/etcd_write.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import etcd_write, learner
from kscale.mechanisms import etcd_learner_load, etcd_puts
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.etcd_learner_load import SECOND, LearnerLoad, Longs, Params
from kscale.mechanisms.etcd_puts import Etcd
from kscale.mechanisms.latency import Latency

PUTS = Latency("put", "from sending a put to its answer, while the member catches up")


@dataclass(frozen=True, slots=True)
class Joining:
    """A cluster just before its new member is added."""

    load: LearnerLoad
    rules: Longs
    got: Longs
    found: Longs


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the new member and of the puts."""

    got: Longs  # [n] when it had each entry if nobody failed
    found: Longs  # see kernels/learner.py
    done: Longs  # when each put was answered


def build_voter(load: LearnerLoad) -> Joining:
    """Add it as a voter."""
    return _joining(load, learns=False)


def build_learner(load: LearnerLoad) -> Joining:
    """Add it as a learner."""
    return _joining(load, learns=True)


def _joining(load: LearnerLoad, *, learns: bool) -> Joining:
    """Return the cluster."""
    rules = load.rules.copy()
    rules[learner.LEARNER] = learns
    return Joining(
        load,
        rules,
        np.full((2, len(load.arrival)), learner.NEVER, dtype=np.int64),
        np.zeros((len(load.faults), learner.FOUND), dtype=np.int64),
    )


def run(joining: Joining) -> Outcome:
    """Let it join once for each fault, and count."""
    load, rules, found = joining.load, joining.rules, joining.found
    learner.run(load.faults, load.arrival, load.entry, rules, joining.got, found)
    voters, comes, learns = load.voters, bool(rules[learner.COMES]), bool(rules[learner.LEARNER])
    counted = voters if learns else voters + 1
    quorum = counted // 2 + 1
    alone, faults = found[0], found[1:]
    caught, promoted = int(alone[learner.CAUGHT_UP]), int(alone[learner.PROMOTED])
    until = min(caught, int(rules[learner.HORIZON]))
    puts = int(np.searchsorted(load.arrival, until, side="right"))
    done = _answered(load, puts, quorum, until)
    answered = done >= 0
    outages = faults[:, learner.UNAVAILABLE]
    election = np.where(load.faults[1:, learner.WHO] == learner.LEADER, load.faults[1:, learner.ELECTION], 0)
    gone = outages > election
    sent = int(load.entry[:puts].sum())
    work = PUTS.work((done - load.arrival[:puts])[answered]) | {
        "puts": puts,
        "puts_refused": int((done == etcd_write.REFUSED).sum()),
        "voters_before": voters,
        "quorum_before": voters // 2 + 1,
        "quorum_joining": quorum,
        "spare_joining": max(0, voters - quorum),
        "quorum_after": (voters + 1) // 2 + 1 if comes or not learns else voters // 2 + 1,
        "snapshot_bytes": load.store_bytes if comes else 0,
        "sent_bytes": sent * (voters - 1) + (load.store_bytes + sent if comes else 0),
        "caught_up_ns": caught if comes else 0,
        "redundant_ns": max(caught, promoted) if comes else 0,
        "promotion_match_ppm": int(alone[learner.MATCH]),
        "changes": (2 if comes else 1) if learns else 1,
        "faults": len(faults),
        "faults_survived": int((~gone).sum()),
        "unavailable_alone_ns": int(alone[learner.UNAVAILABLE]),
        "unavailable_ns": int(outages.sum()),
        "unavailable_worst_ns": int(outages.max()),
        "election_ns": int(faults[:, learner.ELECTED].sum()),
        "puts_stalled": int(outages.sum()) * int(load.puts_per_s * 1000) // (1000 * SECOND),
        "snapshots_again": int((faults[:, learner.SNAPSHOTS] - rules[learner.COMES]).sum()),
    }
    return Outcome(work, Answer(joining.got[0], found, done))


def _answered(load: LearnerLoad, puts: int, quorum: int, until: int) -> Longs:
    """Return when each of the first *puts* is answered by the old members; the link is shared with the store.

    Where they are too few for the quorum nothing is applied before the new one has caught up.
    """
    rules, blocked = load.etcd.rules.copy(), etcd_puts.NOTHING
    rules[etcd_write.QUORUM] = min(quorum, load.voters)
    if load.rules[learner.COMES]:
        rules[etcd_write.NET_PS] *= 2  # two streams share it evenly
    if quorum > load.voters:
        blocked = np.array([[0, until]], dtype=np.int64)
    etcd = Etcd(rules, load.etcd.followers)
    return etcd_puts.answer(etcd, load.arrival[:puts], load.size[:puts], blocked=blocked).done


def agree(load: LearnerLoad, outcomes: Mapping[str, Outcome]) -> None:
    """Check that the new member gets the same entries at the same times, and counts in the end."""
    first: Answer = outcomes[BASELINE].answer
    for name, outcome in outcomes.items():
        answer: Answer = outcome.answer
        _none(name, "entry {} comes at another time than in baseline", answer.got != first.got)
        _none(name, "put {} is lost", answer.done == etcd_write.LOST)
        if load.rules[learner.COMES]:
            late = answer.found[:, learner.PROMOTED] == learner.NEVER
            late |= answer.found[:, learner.CAUGHT_UP] == learner.NEVER
            _none(name, "with fault {} the new member never counts", late)
            early = (
                np.concatenate((load.arrival[1:], load.arrival[-1:])) if len(load.arrival) else load.arrival
            )
            del early
            _none(name, "entry {} comes before it was written", answer.got < load.arrival)


def _none(variant: str, said: str, wrong: np.ndarray[tuple[int], np.dtype[np.bool]]) -> None:
    """Raise WrongAnswer for the first that is *wrong*."""
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise WrongAnswer(
            f"etcd-learner: {variant}: {said.format(first)} ({int(wrong.sum())} of {len(wrong)})"
        )


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say that it takes a step more and longer, sends the same, and gains nothing while nobody fails."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    before, after = works[BASELINE], works[OPTIMIZED]
    found = []
    later = after["redundant_ns"] - before["redundant_ns"]
    if after["changes"] > before["changes"]:
        found.append(
            f"a second change of members: redundancy grows after {units.show_ns(after['redundant_ns'])},"
            f" {units.show_ns(later)} later"
        )
    if after["sent_bytes"]:
        found.append(f"the leader sends the same {units.show_bytes(after['sent_bytes'])}")
    if not before["unavailable_alone_ns"]:
        found.append("nothing is gained unless a member fails meanwhile, but for slow ones in the quorum")
    unlucky = after["faults"] - after["faults_survived"]
    if unlucky:
        found.append(
            f"{unlucky} of {after['faults']} faults still stop writes: just after the promotion, at 90 %"
        )
    return tuple(found)


METRICS = (
    Metric(
        "unavailable_worst_ns",
        "ns",
        about="without writes, worst fault",
        headline=True,
        provenance="modelled",
    ),
    Metric("unavailable_ns", "ns", about="without writes, all faults", provenance="modelled"),
    Metric("unavailable_alone_ns", "ns", about="without writes if nobody fails", provenance="modelled"),
    Metric("election_ns", "ns", about="of unavailable_ns, until there was a leader", provenance="modelled"),
    Metric(
        "faults_survived",
        "faults",
        "higher",
        "writes went on, but for an election",
        True,
        provenance="modelled",
    ),
    Metric("faults", "faults", "none", "tried: each member at each moment", provenance="input"),
    Metric("puts_stalled", "puts", about="sent while nothing was written, all faults", provenance="modelled"),
    Metric(
        "redundant_ns", "ns", about="until the new member counts and has everything", provenance="modelled"
    ),
    Metric("caught_up_ns", "ns", "none", "until it has everything", provenance="modelled"),
    Metric("promotion_match_ppm", "ppm", "none", "of the leader's entries it had then; 0: a voter at once"),
    Metric("quorum_joining", "members", "none", "that must have an entry while it catches up", headline=True),
    Metric("spare_joining", "members", "higher", "of the old ones that may fail meanwhile"),
    Metric("quorum_before", "members", "none", "before it was added"),
    Metric("quorum_after", "members", "none", "in the end"),
    Metric("voters_before", "members", "none", "before it was added", provenance="input"),
    Metric("changes", "changes", about="of who is a member and who votes"),
    Metric("sent_bytes", "bytes", about="by the leader, until it has everything", provenance="modelled"),
    Metric("snapshot_bytes", "bytes", "none", "of the store, once", provenance="modelled"),
    Metric("snapshots_again", "snapshots", about="sent anew after a fault", provenance="modelled"),
    *PUTS.metrics(),
    Metric("puts", "puts", "none", "sent while it catches up", provenance="input"),
    Metric("puts_refused", "puts", about="too many entries were not applied yet", provenance="modelled"),
)

MECHANISM = Mechanism(
    id="etcd-learner",
    title="etcd learner",
    panel="etcd",
    about=(
        "A member added to etcd counts for the quorum before it holds anything: while it is sent gigabytes,"
        " one more failure stops all writes, and one that never comes leaves the cluster so. From 3.4 on it"
        " can learn first, without a vote, and is promoted once it has caught up."
    ),
    source=(
        "etcd-io/etcd server/etcdserver: server.go (isLearnerReady, AddMember, PromoteMember),"
        " snapshot_merge.go, raft's quorum; etcd's design of learners, 3.4"
    ),
    left_out=(
        "Followers that serve the snapshot, its compression, the new member's fsyncs, elections that a loaded"
        " leader loses, more than one failure at a time, clients' retries. A leader is found in one to two"
        " election timeouts. Puts beside the transfer are those of a run in which nobody fails. The 2019"
        " profile ran etcd 3.3, which has no learners: what is optimized here came with 3.4."
    ),
    loses=(
        "No more writes a second, nor linearizable reads: a learner serves neither.",
        "One step more, and redundancy grows only with it: promotion must be asked for.",
        "Nothing is gained if nobody fails; the leader sends the same snapshot.",
        "90 % of the leader's entries is not all: promoted early, it can still hold up the quorum.",
    ),
    params=Params,
    prepare=etcd_learner_load.make,
    variants={
        BASELINE: Variant("it votes at once (to 3.3)", build_voter, run),
        OPTIMIZED: Variant("it learns first and is promoted at 90 % (3.4)", build_learner, run),
    },
    agree=agree,
    metrics=METRICS,
    per="faults",
    losses=losses,
    memory=etcd_learner_load.memory,
    cost_ns=etcd_learner_load.cost_ns,
    costs=etcd_learner_load.COSTS,
    simulated=True,
)
