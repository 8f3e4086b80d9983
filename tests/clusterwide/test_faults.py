"""What goes wrong in a simulation: each fault does what it says, and its optimization what it promises."""

from typing import Any

import numpy as np
import pytest
from made_sizes import S, ran, sized

from kscale.clusterwide import faults, load, scheduling, toggles, world
from kscale.clusterwide.record import Simulated
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import NONE
from kscale.errors import KscaleError
from kscale.kernels import cluster_rules as cr
from kscale.scenario import draw


def failing(*fault: dict[str, Any], **more: Any) -> Size:  # noqa: ANN401 - keys of a scenario
    """Return a small cluster in which something goes wrong."""
    return sized(nodes=300, changes=20, simulation={"faults": list(fault)}, **more)


def slowest(run: Simulated, name: str = "mutating") -> int:
    """Return the longest that a request took, ns."""
    return max(window.largest or 0 for one in run.slis if one.name == name for window in one.windows)


def test_a_learner_keeps_the_quorum_while_it_catches_up() -> None:
    """A voter that has no store yet stops all writes until it has; a learner does not."""
    of = failing({"kind": "etcd-member-loss", "at": "10s", "lasts": "5s"})
    objects = sum(one.count * one.mean_bytes for one in of.stored.values())
    voter, learner = ran(of, seconds=40), ran(of, frozenset({"etcd-learner"}), seconds=40)
    election = of.costs["etcd_election_ns"]
    transfer = objects * (2000 + 800 + 840) // 1000
    assert slowest(learner) == pytest.approx(election, rel=0.2)
    assert slowest(voter) >= max(election, transfer)
    assert (voter.counts["failovers"], learner.counts["failovers"]) == (1, 1)


def test_restarts_leave_one_server_empty_unless_clients_are_balanced() -> None:
    """Three servers, one after the other: 62.5, 37.5 and 0 %; with a surge all three keep a third."""
    of = failing({"kind": "apiserver-restart", "at": "5s", "lasts": "5s", "count": 3})
    shares = {}
    for on in (NONE, frozenset({"apiserver-balance"})):
        plan = load.plan(of, 0, 30 * S)
        run = world.begin(of, on, 0, 30 * S, scheduling.placed(of, on, 0, plan.pods), plan)
        rows = plan.rows
        for moment in faults.moments(of, on, 0):
            moment.change(run, moment.at_ns)
            assert run.servers[:, cr.WATCHING].sum() == of.nodes
        del rows
        shares[on] = sorted((run.servers[:, cr.WATCHING] / of.nodes).tolist())
    assert shares[NONE] == pytest.approx([0, 0.375, 0.625], abs=0.06)
    assert min(shares[frozenset({"apiserver-balance"})]) > 0.25


def test_a_zone_that_is_cut_off_is_taken_for_dead_and_comes_back() -> None:
    """Its nodes beat no more; after the grace period they are dead, and no others are."""
    of = failing({"kind": "partition", "at": "10s", "lasts": "70s", "zone": 1})
    run = ran(of, seconds=120)
    assert run.counts["heartbeats-missed"] > 0
    assert run.counts["pods-running"] > 0
    healthy = ran(sized(nodes=300, changes=20), seconds=120)
    assert healthy.counts["heartbeats-missed"] == 0
    assert healthy.counts["nodes-dead"] == 0


def test_a_warm_standby_takes_over_sooner() -> None:
    """A crash costs the lease; a cold standby reads everything first."""
    of = failing({"kind": "controller-crash", "at": "5s"})
    cold, warm = ran(of, seconds=60), ran(of, frozenset({"controller-standby"}), seconds=60)

    def pause(run: Simulated) -> int:
        asked = np.diff(np.array(run.series["pods-bound"]))
        return int((asked == 0).sum())

    assert 12 <= pause(warm) <= pause(cold) <= 40
    assert cold.counts["etcd-reads"] == warm.counts["etcd-reads"] + 1


def test_kubelets_that_restart_list_and_watch_anew() -> None:
    """Half of them: a read, a list and five watches each, beside what goes on anyway."""
    base = ran(sized(nodes=300, changes=20), seconds=30)
    run = ran(failing({"kind": "kubelet-restart", "at": "5s", "share": "50%"}), seconds=30)
    more = run.counts["requests"] - base.counts["requests"]
    assert more == 150 * 6
    assert run.counts["etcd-reads"] - base.counts["etcd-reads"] == 150


@pytest.mark.parametrize("on", [NONE, toggles.ALL])
def test_everything_at_once_still_balances(on: toggles.Toggles) -> None:
    """All faults in one run, a rolling update and a burst between them: the books are checked in each run."""
    of = sized(
        nodes=300,
        changes=10,
        simulation={
            "faults": [
                {"kind": "apiserver-restart", "at": "5s", "lasts": "4s", "count": 2},
                {"kind": "etcd-member-loss", "at": "6s", "lasts": "5s"},
                {"kind": "partition", "at": "8s", "lasts": "10s", "zone": 0},
                {"kind": "controller-crash", "at": "12s"},
                {"kind": "kubelet-restart", "at": "20s", "share": "100%"},
            ],
            "workloads": [
                {"kind": "rolling-update", "at": "3s", "pods": 100, "surge": 10},
                {"kind": "burst", "at": "4s", "pods": 300, "rate": "100/s"},
            ],
        },
    )
    run = ran(of, on, seconds=90)
    assert run.counts["failovers"] == 2
    assert run.counts["pods-asked"] == 450 + 100 + 300
    assert run.counts["pods-running"] > 600


def test_a_rolling_update_never_has_more_missing_than_its_surge() -> None:
    """The next pod is created when one runs, so never more than so many are under way."""
    of = sized(
        nodes=50,
        changes=0.001,
        simulation={"workloads": [{"kind": "rolling-update", "at": "1s", "pods": 60, "surge": 5}]},
    )
    run = ran(of, seconds=60)
    asked, running = (np.array(run.series[name]) for name in ("pods-asked", "pods-running"))
    assert (asked - running).max() <= 5
    assert running[-1] == 60


def test_no_random_number_is_used_for_two_things(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run draws for different purposes is apart in its stream, and of its own seed."""
    drawn: dict[int, list[tuple[int, int]]] = {}
    keys = draw.keys

    def noted(seed: int, stream: draw.Stream, first: int, count: int) -> draw.Keys:
        assert seed == 3, stream
        drawn.setdefault(stream, []).append((first, first + count))
        return keys(seed, stream, first, count)

    of = failing(
        {"kind": "apiserver-restart", "at": "5s", "lasts": "1s", "count": 2},
        {"kind": "partition", "at": "6s", "lasts": "2s", "zone": 0},
        {"kind": "controller-crash", "at": "9s"},
        {"kind": "controller-crash", "at": "10s"},
        {"kind": "kubelet-restart", "at": "11s", "share": "50%"},
        {"kind": "kubelet-restart", "at": "13s", "share": "50%"},
    )
    monkeypatch.setattr(draw, "keys", noted)
    ran(of, seconds=20, seed=3)
    of_a_run = [stream for stream in draw.Stream if stream in drawn and stream.name.startswith("CLUSTER")]
    assert len(of_a_run) >= 10
    for stream in of_a_run:
        found = drawn[stream]
        if stream == draw.Stream.CLUSTER:  # of the watches that are open at the start, in two places
            found = sorted(set(found))
        ends = 0
        for first, end in sorted(found):
            assert first >= ends, stream
            ends = end


def test_clients_of_one_server_come_back_all_through_the_second() -> None:
    """Which server a client takes says nothing of when it comes back."""
    of = failing({"kind": "apiserver-restart", "at": "5s", "lasts": "5s", "count": 1})
    plan = load.plan(of, 0, 30 * S)
    run = world.begin(of, NONE, 0, 30 * S, scheduling.placed(of, NONE, 0, plan.pods), plan)
    stop = faults.moments(of, NONE, 0)[0]
    rows = stop.change(run, stop.at_ns)
    assert rows is not None
    rows = rows[rows[:, cr.WHAT] == cr.BREAK_WATCH]
    for server in (1, 2):
        when = rows[run.nodes[rows[:, cr.WHO], cr.SERVER] == server, cr.WHEN] - stop.at_ns
        assert when.min() < 0.1 * S
        assert when.max() > 0.9 * S


def test_a_burst_takes_room_and_churn_gives_it_back() -> None:
    """More pods than 10 nodes hold: the rest waits, and is counted."""
    of = sized(
        nodes=10,
        changes=1,
        simulation={"workloads": [{"kind": "burst", "at": "1s", "pods": 3000, "rate": "1000/s"}]},
    )
    run = ran(of, seconds=60)
    assert run.counts["pods-pending"] >= 3000 - int(of.pattern.pods.sum())
    calm = sized(nodes=10, changes=50)
    assert ran(calm, seconds=60).counts["pods-pending"] == 0


def test_a_member_may_not_be_lost_while_another_one_fills() -> None:
    """The transfer takes some 0.13 s here: a loss right after it is another outage, one before is refused."""
    first = {"kind": "etcd-member-loss", "at": "3s", "lasts": "2s"}
    after = failing(first, first | {"at": "6s"})
    assert len(faults.moments(after, NONE, 0)) == 6
    before = failing(first, first | {"at": "5.01s"})
    where = r"^simulation\.faults\[1\]\.at: must be 5\d+ms or later, .* faults\[0\] .*, got 5010ms$"
    with pytest.raises(KscaleError, match=where):
        faults.moments(before, NONE, 0)
    with pytest.raises(KscaleError, match="faults"):
        ran(before, seconds=10)
