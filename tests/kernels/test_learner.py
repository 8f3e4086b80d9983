"""A member that joins, against plain Python, by enumeration, and by arithmetic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import learner as twin

from kscale.kernels import learner

Longs = NDArray[np.int64]


def found(one: twin.Cluster) -> Longs:
    """Return what the kernel finds of the same."""
    rules = np.zeros(learner.RULES, dtype=np.int64)
    rules[learner.VOTERS], rules[learner.LEARNER], rules[learner.COMES] = one.voters, one.learns, one.comes
    rules[learner.SNAPSHOT], rules[learner.ENTRY_PS], rules[learner.BEFORE] = one.snapshot, 1000, one.before
    rules[learner.PROMOTE_EVERY], rules[learner.SHARE] = one.every, one.share
    rules[learner.REPAIR], rules[learner.HORIZON] = one.repair, one.horizon
    faults = np.array([[one.who, one.when, one.election]], dtype=np.int64)
    arrival, size = (np.array(given, dtype=np.int64) for given in (one.arrival, one.took))
    out = np.zeros((1, learner.FOUND), dtype=np.int64)
    learner.run(faults, arrival, size, rules, np.zeros((2, len(size)), dtype=np.int64), out)
    row: Longs = out[0]
    return row


@st.composite
def clusters(draw: st.DrawFn) -> twin.Cluster:
    """A small cluster, whatever its size, and one fault or none."""
    voters = draw(st.integers(1, 5))
    arrival = sorted(draw(st.lists(st.integers(1, 60), max_size=12)))
    return twin.Cluster(
        voters=voters,
        learns=draw(st.booleans()),
        comes=draw(st.sampled_from([True, True, True, False])),
        snapshot=draw(st.integers(0, 30)),
        arrival=arrival,
        took=draw(st.lists(st.integers(0, 6), min_size=len(arrival), max_size=len(arrival))),
        before=draw(st.integers(0, 20)),
        every=draw(st.integers(1, 10)),
        share=draw(st.sampled_from([0, 500_000, 900_000, 1_000_000])),
        repair=draw(st.integers(1, 40)),
        horizon=300,
        who=draw(st.integers(-1, voters)),
        when=draw(st.integers(0, 80)),
        election=draw(st.integers(1, 10)),
    )


@settings(max_examples=400, deadline=None)
@given(clusters())
def test_a_join_is_that_of_the_slow_twin(one: twin.Cluster) -> None:
    """Time without writes, what is to blame, promotion and stores sent are those of one ns at a time."""
    row = found(one)
    one.run()
    assert row[learner.UNAVAILABLE] == one.unavailable
    causes = [row[cause] for cause in (learner.ELECTING, learner.JOINING, learner.GONE, learner.TOO_FEW)]
    assert causes == list(one.causes.values())
    assert row[learner.PROMOTED] == (learner.NEVER if one.promoted is None else one.promoted)
    assert row[learner.SNAPSHOTS] == one.snapshots


def idle(voters: int, *, learns: bool, who: int, comes: bool = True) -> twin.Cluster:
    """A cluster without load, where one member fails at 50 of the 100 ns that the store takes."""
    return twin.Cluster(
        voters, learns, comes, 100, [], [], 0, 10, 900_000, 10_000, 20_000, who, 50, election=3
    )


@pytest.mark.tiny
@pytest.mark.parametrize("voters", range(1, 8))
@pytest.mark.parametrize("learns", [False, True])
def test_who_may_fail_while_the_store_is_sent(voters: int, *, learns: bool) -> None:
    """Writes go on just if those that have everything are a majority of those that vote."""
    for who in range(1, voters):
        row = found(idle(voters, learns=learns, who=who))
        enough = voters - 1 >= (voters + (not learns)) // 2 + 1
        assert (row[learner.UNAVAILABLE] == 0) == enough


@pytest.mark.tiny
def test_three_that_become_four() -> None:
    """A voter: a failure stops writes until it has caught up, for good if it never comes. A learner: none."""
    voter = found(idle(3, learns=False, who=1))
    assert voter[learner.UNAVAILABLE] == 100 - 50
    anew = found(idle(3, learns=False, who=0))  # elected with the vote of the empty member, which starts anew
    assert anew[learner.UNAVAILABLE] == 3 + 100
    assert anew[learner.SNAPSHOTS] == 2
    assert found(idle(3, learns=False, who=1, comes=False))[learner.UNAVAILABLE] == 10_000
    assert found(idle(3, learns=False, who=3))[learner.UNAVAILABLE] == 0
    assert found(idle(3, learns=True, who=1))[learner.UNAVAILABLE] == 0
    assert found(idle(3, learns=True, who=1, comes=False))[learner.UNAVAILABLE] == 0
    assert found(idle(3, learns=True, who=0))[learner.UNAVAILABLE] == 3  # the election, as in any cluster


@pytest.mark.tiny
def test_one_that_becomes_two_stands_still() -> None:
    """A cluster of one that adds a voter writes nothing until it has caught up, though nobody fails."""
    assert found(idle(1, learns=False, who=-1))[learner.UNAVAILABLE] == 100
    assert found(idle(1, learns=True, who=-1))[learner.UNAVAILABLE] == 0


@pytest.mark.tiny
@pytest.mark.parametrize(("gap", "took"), [(100, 20), (100, 50), (100, 90), (7, 3)])
def test_catching_up_takes_what_arithmetic_says(gap: int, took: int) -> None:
    """The store, then the log written meanwhile, at what the link carries above the rate of writes."""
    snapshot, entries = 50_000, 100_000
    arrival = gap * np.arange(1, entries + 1, dtype=np.int64)
    got = np.zeros(entries, dtype=np.int64)
    caught = learner.catch_up(0, snapshot, 0, 1000, arrival, np.full(entries, took, dtype=np.int64), got)
    backlog = snapshot // gap * took  # ns of sending
    expected = snapshot + backlog * gap / (gap - took)
    assert caught == pytest.approx(expected, abs=2 * gap * took)
    assert (got >= arrival).all()


@pytest.mark.tiny
def test_promoted_at_the_share_and_not_before() -> None:
    """At the first attempt at which it has nine tenths: with a long log the store alone is enough."""
    arrival, each = list(range(1, 101)), [1] * 100

    def promoted(before: int) -> Longs:
        one = twin.Cluster(3, True, True, 100, arrival, each, before=before, every=10, share=900_000,
                           repair=10, horizon=1000, who=-1, when=0, election=1)  # fmt: skip
        return found(one)

    short, long = promoted(0), promoted(10_000)
    assert (short[learner.PROMOTED], short[learner.MATCH]) == (190, 900_000)
    assert (long[learner.PROMOTED], long[learner.MATCH]) == (100, 10_000 * 1_000_000 // 10_100)
    assert short[learner.CAUGHT_UP] == long[learner.CAUGHT_UP] == 200


@pytest.mark.tiny
def test_promoted_early_it_can_hold_up_the_quorum() -> None:
    """Between nine tenths and everything a failure stops writes for what is missing."""
    arrival, each = list(range(1, 101)), [1] * 100
    one = twin.Cluster(3, True, True, 100, arrival, each, before=10_000, every=10, share=900_000,
                       repair=1000, horizon=3000, who=1, when=120, election=1)  # fmt: skip
    row = found(one)
    assert row[learner.UNAVAILABLE] == row[learner.JOINING] == 200 - 120


@pytest.mark.tiny
def test_two_of_which_one_fails_cannot_promote() -> None:
    """A voter helps as soon as it has caught up; a learner stays one until the repair."""
    voter, late = found(idle(2, learns=False, who=1)), found(idle(2, learns=True, who=1))
    assert voter[learner.UNAVAILABLE] == voter[learner.TOO_FEW] == 100 - 50
    assert late[learner.UNAVAILABLE] == late[learner.TOO_FEW] == 10_000
