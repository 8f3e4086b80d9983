"""The mechanism etcd-learner: what a learner saves, what it does not, and what the profiles change."""

from dataclasses import replace

import numpy as np
import pytest

from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import learner
from kscale.mechanisms import etcd_learner, etcd_learner_load, etcd_learner_puts
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.etcd_learner_load import LearnerLoad, Params
from kscale.scenario import build, profiles
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

VARIANTS = etcd_learner.MECHANISM.variants
SECOND = 10**9


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


def test_what_a_coefficient_decides_is_said_to_be_modelled() -> None:
    """A slower link and disk change how long it takes and how much is written meanwhile."""
    small = cluster()
    coefficients = dict(small.costs.coefficients)
    name = "etcd_network_ps_per_byte"
    coefficients[name] = coefficients[name].model_copy(update={"value": 8000})
    slower = replace(small, costs=replace(small.costs, coefficients=coefficients))
    quick, slow = works_of(small, instants=4)[OPTIMIZED], works_of(slower, instants=4)[OPTIMIZED]
    changed = {name for name, count in quick.items() if count != slow[name]}
    assert changed >= {"puts", "caught_up_ns"}
    said = {metric.name: metric.provenance for metric in etcd_learner.METRICS}
    assert {said[name] for name in changed} == {"modelled"}
    assert "measured" not in said.values()  # nothing here is counted on executed work


def test_nothing_is_gained_where_nobody_fails() -> None:
    """With equal members and no failure puts take the same, and the learner is redundant later."""
    works = works_of(cluster(), instants=1)
    before, after = works[BASELINE], works[OPTIMIZED]
    assert before["unavailable_alone_ns"] == after["unavailable_alone_ns"] == 0
    puts = [name for name in before if name.startswith("put_") or name == "puts"]
    assert [before[name] for name in puts] == [after[name] for name in puts]
    assert not any(metric.headline for metric in etcd_learner.METRICS if metric.name in puts)
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
    works = works_of(cluster(), instants=1, slow_fsync_ns=5_000_000)
    assert works[BASELINE]["put_p50_ns"] > 1.5 * works[OPTIMIZED]["put_p50_ns"]


NINE_TENTHS = {"rate": 10.0, "instants": 600, "promote_every_ns": 10**7, "entries_before": 0}


def test_nine_tenths_are_not_all() -> None:
    """Promoted with a long log behind it, it holds up the quorum for what it still lacks."""
    works = works_of(cluster(), **NINE_TENTHS)
    after = works[OPTIMIZED]
    assert 900_000 <= after["promotion_match_ppm"] < 1_000_000
    assert after["faults_survived"] == after["faults"] - after["stopped_joining"] < after["faults"]
    assert after["stopped_too_few"] == after["stopped_gone"] == 0
    (said,) = (line for line in etcd_learner.losses(works) if "still stop writes" in line)
    assert said.startswith(f"{after['stopped_joining']} of {after['faults']} faults")
    assert "90 % is enough" in said


def test_two_members_lose_with_a_learner() -> None:
    """Without a quorum nothing is promoted before the repair; a voter makes one once it has caught up."""
    works = works_of(cluster(members=2), instants=32)
    before, after = works[BASELINE], works[OPTIMIZED]
    assert after["unavailable_worst_ns"] > 300 * SECOND > 10 * before["unavailable_worst_ns"]
    assert after["stopped_joining"] == after["stopped_gone"] == 0
    assert after["faults_survived"] == after["faults"] - after["stopped_too_few"] < after["faults"]
    said = " ".join(etcd_learner.losses(works))
    assert "too few of the old members are left" in said
    assert "without a quorum none is promoted" in said
    assert "90 % is enough" not in said


def test_one_member_that_fails_stops_writes_either_way() -> None:
    """A learner saves the standstill while it catches up, not that of the only voter's failure."""
    works = works_of(cluster(members=1), instants=8)
    for work in works.values():
        assert work["unavailable_worst_ns"] >= 300 * SECOND
        assert work["stopped_too_few"] == 8  # its own
    assert works[OPTIMIZED]["unavailable_ns"] < works[BASELINE]["unavailable_ns"]
    assert works[BASELINE]["stopped_joining"] == 16 > works[OPTIMIZED]["stopped_joining"]


@pytest.mark.parametrize("members", [1, 2, 3, 5])
def test_puts_wait_for_the_larger_quorum_from_the_promotion_on(members: int) -> None:
    """Between nine tenths and everything a put needs the new configuration's quorum."""
    load = etcd_learner_load.make(cluster(members=members), Params(**NINE_TENTHS))  # type: ignore[arg-type]
    outcomes = run(load)
    etcd_learner.agree(load, outcomes)
    answer = outcomes[OPTIMIZED].answer
    after = answer.done > answer.found[0, learner.PROMOTED]
    assert after.any()
    assert set(answer.held[after].tolist()) == {min(members, (members + 1) // 2 + 1)}
    assert set(answer.held[~after].tolist()) == {members // 2 + 1}


def test_only_the_last_puts_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their rate does not change, so that some of them tell as much; those that wait are timed all."""
    params: dict[str, object] = {"instants": 1, "slow_fsync_ns": 5_000_000}
    all_of_them = works_of(cluster(), **params)[BASELINE]
    monkeypatch.setattr(etcd_learner_puts, "MOST_TIMED", 150)
    some, alone = (works_of(cluster(members=members), **params)[BASELINE] for members in (3, 1))
    assert alone["puts"] > 150
    assert some["puts"] == 150 < all_of_them["puts"]
    assert some["put_p50_ns"] == pytest.approx(all_of_them["put_p50_ns"], rel=0.1)
    assert some["sent_bytes"] == all_of_them["sent_bytes"]


@pytest.mark.tiny
@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_a_seed_fixes_every_counter(profile: str) -> None:
    """Counters repeat, and are those that the metrics describe."""
    works = works_of(cluster(profile), instants=2)
    assert works == works_of(cluster(profile), instants=2)
    assert all(work.keys() == {metric.name for metric in etcd_learner.METRICS} for work in works.values())


@pytest.mark.tiny
def test_what_could_lose_a_put_is_caught() -> None:
    """Puts on too few members, quorums that can miss each other, a member that never counts."""
    load = etcd_learner_load.make(cluster(), Params(instants=2))
    outcomes = run(load)
    for name, column, value, said in (
        (BASELINE, "held", 2, "baseline: answered put 0 is not on a quorum"),
        (OPTIMIZED, "held", 1, "optimized: answered put 0 is not on a quorum"),
        (OPTIMIZED, "done", -2, "put 0 is lost"),
        (OPTIMIZED, "got", -1, "put 0 comes before it was sent"),
        (OPTIMIZED, "quorums", (2, 2), "optimized: fault 1 can lose an answered put"),
        (OPTIMIZED, "quorums", (1, 3), r"quorums of \(1, 3\) can miss each other"),
    ):
        one = outcomes[name]
        old = getattr(one.answer, column)
        new = value if isinstance(value, tuple) else np.full_like(old, value)
        wrong = Outcome(one.work, replace(one.answer, **{column: new}))
        with pytest.raises(WrongAnswer, match=said):
            etcd_learner.agree(load, outcomes | {name: wrong})
    one = outcomes[OPTIMIZED]
    for time in (learner.PROMOTED, learner.CAUGHT_UP):
        found = one.answer.found.copy()
        found[8, time] = learner.NEVER
        wrong = Outcome(one.work, replace(one.answer, found=found))
        with pytest.raises(WrongAnswer, match="with fault 8 the new member never counts"):
            etcd_learner.agree(load, outcomes | {OPTIMIZED: wrong})


@pytest.mark.tiny
def test_more_than_the_link_carries_is_refused() -> None:
    """One line with what to do."""
    with pytest.raises(KscaleError, match=r"etcd-learner: .* lower rate or cluster\.objects"):
        etcd_learner_load.make(cluster(), Params(rate=10_000.0))
