"""The mechanism etcd-learner: what a learner saves, what it does not, and what the profiles change."""

from dataclasses import replace

import numpy as np
import pytest

from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import learner
from kscale.mechanisms import etcd_learner, etcd_learner_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.etcd_learner_load import LearnerLoad, Params
from kscale.scenario import build, profiles
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

VARIANTS = etcd_learner.MECHANISM.variants


def cluster(profile: str = "k8s-1.20", members: int = 3) -> Cluster:
    """Return a small cluster."""
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "small",
                "profile": profile,
                "seed": 3,
                "cluster": {
                    "nodes": {"count": 200},
                    "pods": {"count": 2000, "apps": 10},
                    "objects": {"total": 20_000},
                },
                "control_plane": {"etcd": {"members": members}},
                "load": {"pod_changes": "50/s"},
            }
        )
    )


def run(load: LearnerLoad) -> dict[str, Outcome]:
    """Return what every variant makes of *load*."""
    return {name: variant.run(variant.build(load)) for name, variant in VARIANTS.items()}


def works_of(small: Cluster, **params: object) -> dict[str, Work]:
    """Return the work of every variant, after they were seen to agree."""
    load = etcd_learner_load.make(small, Params(**params))  # type: ignore[arg-type]
    outcomes = run(load)
    etcd_learner.agree(load, outcomes)
    return {name: outcome.work for name, outcome in outcomes.items()}


@pytest.mark.parametrize("members", [1, 2, 3, 4, 5, 6, 7])
def test_quorum_sizes(members: int) -> None:
    """A voter raises the quorum at once, a learner when it is promoted."""
    works = works_of(cluster(members=members), instants=4)
    for work in works.values():
        assert work["quorum_before"] == members // 2 + 1
        assert work["quorum_after"] == (members + 1) // 2 + 1
    assert works[BASELINE]["quorum_joining"] == (members + 1) // 2 + 1
    assert works[OPTIMIZED]["quorum_joining"] == members // 2 + 1
    assert works[BASELINE]["spare_joining"] == max(0, members - (members + 1) // 2 - 1)
    assert works[OPTIMIZED]["spare_joining"] == members - members // 2 - 1


def test_a_learner_removes_the_dip() -> None:
    """Of three that become four any failure stopped writes; with a learner hardly one does."""
    params = Params(instants=40, promote_every_ns=10**7)
    load = etcd_learner_load.make(cluster(), params)
    works = works_of(cluster(), instants=40, promote_every_ns=10**7)
    before, after = works[BASELINE], works[OPTIMIZED]
    assert before["faults"] == after["faults"] == 4 * 40
    moments = load.faults[1:41, learner.WHEN]
    meanwhile = int((moments < before["caught_up_ns"]).sum())
    assert 10 < meanwhile < 30
    assert before["faults"] - before["faults_survived"] == 3 * meanwhile  # all but the new one's own
    assert after["faults"] - after["faults_survived"] <= 2
    assert before["unavailable_worst_ns"] > before["caught_up_ns"]  # the store is sent anew
    assert after["unavailable_worst_ns"] < 3 * etcd_learner_load.ELECTION
    assert before["puts_stalled"] > after["puts_stalled"]


def test_one_that_never_comes() -> None:
    """As a voter it leaves the cluster without a spare member until it is removed; a learner does not."""
    works = works_of(cluster(), new_member="never", instants=5)
    assert works[BASELINE]["unavailable_worst_ns"] >= 300 * 10**9  # until the repair
    assert works[BASELINE]["faults_survived"] == 5  # of the one that is not there
    assert works[OPTIMIZED]["faults_survived"] == works[OPTIMIZED]["faults"] == 20
    assert works[OPTIMIZED]["quorum_after"] == 2


def test_one_member_alone_stands_still_before() -> None:
    """A cluster of one that adds a voter answers no put until it has caught up."""
    works = works_of(cluster(members=1), instants=2)
    assert works[BASELINE]["unavailable_alone_ns"] == works[BASELINE]["caught_up_ns"] > 0
    assert works[OPTIMIZED]["unavailable_alone_ns"] == 0
    assert works[BASELINE]["put_p50_ns"] > 10 * works[OPTIMIZED]["put_p50_ns"]


def test_catching_up_takes_what_arithmetic_says() -> None:
    """The store by the slower of link and disk, then opened; then the log above the rate of writes."""
    small = cluster()
    work, costs = works_of(small, instants=1)[BASELINE], small.costs
    sent = costs["etcd_snapshot_disk_ps_per_byte"] + costs["etcd_open_ps_per_byte"]
    store = work["snapshot_bytes"] * sent / 1000
    assert work["caught_up_ns"] == pytest.approx(store, rel=0.01)  # little is written here
    busy = etcd_learner_load.make(small, Params(rate=40.0, instants=1))
    ps = int(busy.rules[learner.ENTRY_PS])
    assert ps > costs["etcd_network_ps_per_byte"]  # what replication leaves
    rate = int(busy.entry.sum()) / int(busy.arrival[-1]) * ps / 1000  # share of the link that writes take
    snapshot = int(busy.rules[learner.SNAPSHOT])
    found = int(run(busy)[BASELINE].answer.found[0, learner.CAUGHT_UP])
    assert found == pytest.approx(snapshot / (1 - rate), rel=0.02)


def test_nothing_is_gained_where_nobody_fails() -> None:
    """With equal members and no failure puts take the same, and the learner is redundant later."""
    works = works_of(cluster(), instants=1, slow_fsync_ns=0)
    before, after = works[BASELINE], works[OPTIMIZED]
    assert before["unavailable_alone_ns"] == after["unavailable_alone_ns"] == 0
    assert before["put_p50_ns"] == pytest.approx(after["put_p50_ns"], rel=0.1)
    assert before["puts"] == after["puts"]  # no more writes
    assert before["sent_bytes"] == after["sent_bytes"]
    assert after["redundant_ns"] > before["redundant_ns"]
    assert after["changes"] == before["changes"] + 1
    said = " ".join(etcd_learner.losses(works))
    assert "a second change of members" in said
    assert "sends the same" in said
    assert "nothing is gained unless" in said
    assert etcd_learner.losses({BASELINE: before}) == ()


def test_a_slow_member_makes_the_larger_quorum_slower() -> None:
    """Where all old members must have an entry, the slowest decides."""
    works = works_of(cluster(), instants=1)
    assert works[BASELINE]["put_p50_ns"] > 1.5 * works[OPTIMIZED]["put_p50_ns"]


def test_nine_tenths_are_not_all() -> None:
    """Promoted with a long log behind it, it holds up the quorum for what it still lacks."""
    works = works_of(cluster(), rate=10.0, instants=600, promote_every_ns=10**7, entries_before=0)
    after = works[OPTIMIZED]
    assert 900_000 <= after["promotion_match_ppm"] < 1_000_000
    assert after["faults_survived"] < after["faults"]
    assert any("just after the promotion" in line for line in etcd_learner.losses(works))


@pytest.mark.tiny
@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_a_seed_fixes_every_counter(profile: str) -> None:
    """Counters repeat, and are those that the metrics describe."""
    works = works_of(cluster(profile), instants=2)
    assert works == works_of(cluster(profile), instants=2)
    assert all(work.keys() == {metric.name for metric in etcd_learner.METRICS} for work in works.values())


@pytest.mark.tiny
def test_a_new_member_that_never_counts_is_caught() -> None:
    """What the new member was sent, and that it counts in the end, is held against the baseline."""
    load = etcd_learner_load.make(cluster(), Params(instants=2))
    outcomes = run(load)
    one = outcomes[OPTIMIZED]
    late = replace(one.answer, got=one.answer.got + 1)
    with pytest.raises(WrongAnswer, match="optimized: entry 0 comes at another time than in baseline"):
        etcd_learner.agree(load, outcomes | {OPTIMIZED: Outcome(one.work, late)})
    found = one.answer.found.copy()
    found[3, learner.PROMOTED] = learner.NEVER
    with pytest.raises(WrongAnswer, match="with fault 3 the new member never counts"):
        etcd_learner.agree(load, outcomes | {OPTIMIZED: Outcome(one.work, replace(one.answer, found=found))})
    lost = np.full_like(one.answer.done, -2)
    with pytest.raises(WrongAnswer, match="put 0 is lost"):
        etcd_learner.agree(load, outcomes | {OPTIMIZED: Outcome(one.work, replace(one.answer, done=lost))})


@pytest.mark.tiny
def test_more_than_the_link_carries_is_refused() -> None:
    """One line with what to do."""
    with pytest.raises(KscaleError, match=r"etcd-learner: .* lower rate or cluster\.objects"):
        etcd_learner_load.make(cluster(), Params(rate=10_000.0))
