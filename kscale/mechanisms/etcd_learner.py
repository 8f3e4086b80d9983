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
from kscale.mechanisms import etcd_learner_load, etcd_learner_puts
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.etcd_learner_load import SECOND, LearnerLoad, Longs, Params
from kscale.mechanisms.etcd_learner_puts import Answer, quorum
from kscale.mechanisms.latency import Latency

PUTS = Latency("put", "from sending a put to its answer, while the member catches up", headline=())


@dataclass(frozen=True, slots=True)
class Joining:
    """A cluster just before its new member is added."""

    load: LearnerLoad
    rules: Longs
    got: Longs
    found: Longs


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
    old, new = quorum(voters), quorum(voters + 1)
    alone, faults = found[0], found[1:]
    caught, promoted = int(alone[learner.CAUGHT_UP]), int(alone[learner.PROMOTED])
    until = min(caught, int(rules[learner.HORIZON]))
    puts = int(np.searchsorted(load.arrival, until, side="right"))
    answer = etcd_learner_puts.timed(load, found, joining.got[0], puts, until)
    answered = answer.done >= 0
    outages, by = faults[:, learner.UNAVAILABLE], faults > 0
    sent = int(load.entry[:puts].sum())
    stopped = by[:, learner.JOINING] | by[:, learner.GONE] | by[:, learner.TOO_FEW]
    work = PUTS.work((answer.done - answer.arrival)[answered]) | {
        "puts": len(answer.done),
        "puts_refused": int((answer.done == etcd_write.REFUSED).sum()),
        "voters_before": voters,
        "quorum_before": old,
        "quorum_joining": old if learns else new,
        "spare_joining": max(0, voters - (old if learns else new)),
        "quorum_after": new if comes or not learns else old,
        "snapshot_bytes": load.store_bytes if comes else 0,
        "sent_bytes": sent * (voters - 1) + (load.store_bytes + sent if comes else 0),
        "caught_up_ns": caught if comes else 0,
        "redundant_ns": max(caught, promoted) if comes else 0,
        "promotion_match_ppm": int(alone[learner.MATCH]),
        "changes": (2 if comes else 1) if learns else 1,
        "faults": len(faults),
        "faults_survived": int((~stopped).sum()),
        "stopped_joining": int(by[:, learner.JOINING].sum()),
        "stopped_gone": int(by[:, learner.GONE].sum()),
        "stopped_too_few": int(by[:, learner.TOO_FEW].sum()),
        "unavailable_alone_ns": int(alone[learner.UNAVAILABLE]),
        "unavailable_ns": int(outages.sum()),
        "unavailable_worst_ns": int(outages.max()),
        "election_ns": int(faults[:, learner.ELECTING].sum()),
        "puts_stalled": int(outages.sum()) * int(load.puts_per_s * 1000) // (1000 * SECOND),
        "snapshots_again": int((faults[:, learner.SNAPSHOTS] - rules[learner.COMES]).sum()),
    }
    return Outcome(work, answer)


def agree(load: LearnerLoad, outcomes: Mapping[str, Outcome]) -> None:
    """Check that no answered put can be lost, whoever fails, and that the new member counts in the end.

    A put is safe once a quorum of those that vote has it, as any other quorum has a member in common.
    """
    for name, outcome in outcomes.items():
        answer: Answer = outcome.answer
        _none(name, "put {} is lost", answer.done == etcd_write.LOST)
        _none(name, "put {} comes before it was sent", answer.got < answer.arrival)
        if load.rules[learner.COMES]:
            late = answer.found[:, learner.PROMOTED] == learner.NEVER
            late |= answer.found[:, learner.CAUGHT_UP] == learner.NEVER
            _none(name, "with fault {} the new member never counts", late)
        _check_held(name, load, answer)
        if sum(answer.quorums) <= load.voters + 1:
            raise WrongAnswer(f"etcd-learner: {name}: quorums of {answer.quorums} can miss each other")


def _check_held(name: str, load: LearnerLoad, answer: Answer) -> None:
    """Check that a quorum has each put when it is answered, and a member of any quorum after each fault."""
    real = (answer.done >= 0) & (answer.done < load.rules[learner.HORIZON])  # later ones wait still
    done, got = answer.done[real], answer.got[real]
    counts = done >= answer.found[0, learner.PROMOTED]
    holders = answer.held[real] + (counts & (got <= done))
    _none(name, "answered put {} is not on a quorum", holders < (load.voters + counts) // 2 + 1)
    in_turn = np.argsort(done, kind="stable")
    least = np.minimum.accumulate(holders[in_turn])
    when = load.faults[1:, learner.WHEN]
    answered = np.searchsorted(done[in_turn], when, side="right")
    joined = (answer.found[1:, learner.PROMOTED] <= when).astype(np.int64)
    elect = np.array(answer.quorums)[joined]
    if len(least):
        missed = least[np.maximum(0, answered - 1)] + elect <= load.voters + joined
        _none(name, "fault {} can lose an answered put", missed & (answered > 0))


def _none(variant: str, said: str, wrong: np.ndarray[tuple[int], np.dtype[np.bool]]) -> None:
    """Raise WrongAnswer for the first that is *wrong*."""
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise WrongAnswer(
            f"etcd-learner: {variant}: {said.format(first)} ({int(wrong.sum())} of {len(wrong)})"
        )


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say that it takes a step more and sends the same, what gains nothing, and which faults stop writes."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    before, after = works[BASELINE], works[OPTIMIZED]
    found = []
    later = after["redundant_ns"] - before["redundant_ns"]
    if after["changes"] > before["changes"]:
        when = f"{units.show_ns(later)} later" if later > 0 else "no later, as it is promoted before the end"
        grows = units.show_ns(after["redundant_ns"])
        found.append(f"a second change of members: redundancy grows after {grows}, {when}")
    if after["sent_bytes"]:
        found.append(f"the leader sends the same {units.show_bytes(after['sent_bytes'])}")
    if not before["unavailable_alone_ns"]:
        found.append("nothing is gained unless a member fails meanwhile, but for slow ones in the quorum")
    for name, why in STOPPED:
        if after[name]:
            found.append(
                f"{after[name]} of {after['faults']} faults still stop writes, {before[name]} before: {why}"
            )
    if after["unavailable_worst_ns"] > before["unavailable_worst_ns"] and after["stopped_too_few"]:
        worst = [units.show_ns(work["unavailable_worst_ns"]) for work in (after, before)]
        found.append(
            f"the worst fault stops writes for {worst[0]}, {worst[1]} before: without a quorum none is"
            " promoted, and a voter would help once it has caught up"
        )
    return tuple(found)


STOPPED = (
    ("stopped_joining", "the new member votes and has not everything yet, as 90 % is enough"),
    ("stopped_gone", "the new member is needed for the quorum and was cut off later"),
    ("stopped_too_few", "too few of the old members are left, and the new one cannot help yet"),
)
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
    Metric("election_ns", "ns", about="of unavailable_ns, elections", provenance="modelled"),
    Metric(
        "faults_survived",
        "faults",
        "higher",
        "writes went on, but for an election",
        True,
        provenance="modelled",
    ),
    Metric(
        "stopped_joining",
        "faults",
        about="writes stopped as the new member counted and lacked entries",
        provenance="modelled",
    ),
    Metric(
        "stopped_gone",
        "faults",
        about="they did as it was cut off, having had everything",
        provenance="modelled",
    ),
    Metric(
        "stopped_too_few",
        "faults",
        about="they did as the old ones were fewer than their own quorum",
        provenance="modelled",
    ),
    Metric("faults", "faults", "none", "tried: each member at each moment", provenance="input"),
    Metric("puts_stalled", "puts", about="sent while nothing was written, all faults", provenance="modelled"),
    Metric(
        "redundant_ns", "ns", about="until the new member counts and has everything", provenance="modelled"
    ),
    Metric("caught_up_ns", "ns", "none", "until it has everything", provenance="modelled"),
    Metric(
        "promotion_match_ppm",
        "ppm",
        "none",
        "of the leader's entries it had then; 0: a voter at once",
        provenance="modelled",
    ),
    Metric(
        "quorum_joining",
        "members",
        "none",
        "that must have an entry while it catches up",
        headline=True,
        provenance="modelled",
    ),
    Metric(
        "spare_joining", "members", "higher", "of the old ones that may fail meanwhile", provenance="modelled"
    ),
    Metric("quorum_before", "members", "none", "before it was added", provenance="modelled"),
    Metric("quorum_after", "members", "none", "in the end", provenance="modelled"),
    Metric("voters_before", "members", "none", "before it was added", provenance="input"),
    Metric("changes", "changes", about="of who is a member and who votes", provenance="modelled"),
    Metric("sent_bytes", "bytes", about="by the leader, until it has everything", provenance="modelled"),
    Metric("snapshot_bytes", "bytes", "none", "of the store, once", provenance="modelled"),
    Metric("snapshots_again", "snapshots", about="sent anew after a fault", provenance="modelled"),
    *PUTS.metrics(),
    Metric("puts", "puts", "none", "timed, the last ones before it has caught up", provenance="modelled"),
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
        " leader loses, more than one failure at a time, clients' retries, and reads: a learner serves no"
        " linearizable ones, nor does it take writes. A leader is found in one to two election timeouts. Puts"
        " beside the transfer are those of a run in which nobody fails. The 2019"
        " profile ran etcd 3.3, which has no learners: what is optimized here came with 3.4."
    ),
    loses=(
        "One step more, and redundancy grows only with it: promotion must be asked for.",
        "Nothing is gained if nobody fails; the leader sends the same snapshot.",
        "90 % of the leader's entries is not all: promoted early, it can still hold up the quorum.",
        "With 2 members a failure before promotion stops writes until the repair; a voter ends that sooner.",
        "With 1 member its failure stops writes with a learner as with a voter.",
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
    settings=etcd_learner_load.settings,
    simulated=True,
)
