"""The claims on lists: what their set-ups give, which are outside, and that they can fail."""

from dataclasses import replace

import pytest
from claim_setups import figures, setup_of

from kscale.judge.claims import lists, verdict
from kscale.judge.claims.record import Claim, Setup
from kscale.judge.claims.verdict import Verdict
from kscale.mechanisms import list_index

MECHANISMS = [list_index.MECHANISM]


def claim_of(claim_id: str) -> Claim:
    """Return a claim."""
    return next(claim for claim in lists.CLAIMS if claim.id == claim_id)


def done_of(claim: Claim) -> Setup | None:
    """Return what the set-up of a claim comes to, if it has one."""
    return None if claim.setup is None else setup_of(claim, list_index.MECHANISM)


@pytest.mark.parametrize(
    ("claim_id", "expected"),
    [
        ("C6", Verdict.NOT_REPRODUCIBLE),  # a whole command was timed
        ("C7", Verdict.OUTSIDE),  # 0.05 s is mostly the client's
        ("C8", Verdict.FITTED),
        ("C9", Verdict.FITTED),
        ("C10", Verdict.NOT_REPRODUCIBLE),
        ("C11", Verdict.IN_BAND),
        ("C12", Verdict.NOT_REPRODUCIBLE),
        ("C25", Verdict.NOT_REPRODUCIBLE),
        ("C26", Verdict.NOT_REPRODUCIBLE),
        ("C27", Verdict.NOT_REPRODUCIBLE),
    ],
)
def test_each_claim_on_lists_is_judged(claim_id: str, expected: Verdict) -> None:
    """Those outside are said to be, and those that were fitted to do not count."""
    claim = claim_of(claim_id)
    found = verdict.judge(claim, done_of(claim), MECHANISMS)
    assert found.verdict is expected
    assert bool(found.fitted_by) == (expected is Verdict.FITTED)


def test_the_mechanism_names_its_claims_on_lists() -> None:
    """What `kscale show` names is what is here."""
    assert tuple(claim.id for claim in lists.CLAIMS) == list_index.MECHANISM.claims


def test_lists_from_etcd_agree_where_only_they_are_timed() -> None:
    """The one figure of C7 that the client hardly touches, 10 s from etcd, is of our order."""
    claim = claim_of("C7")
    found = verdict.judge(claim, done_of(claim), MECHANISMS)
    assert {one.figure.what: one.inside for one in found.figures} == {
        "times less": False,
        "from etcd": True,
        "from the cache": False,
    }


def test_the_period_decides_the_wait_of_its_set_up() -> None:
    """The one figure of C12 lies in its band there, and would not were reads to wait twice as long."""
    claim = claim_of("C12")
    done = done_of(claim)
    assert done is not None
    (cell,) = done.cells
    slow = {name: {key: 2 * count for key, count in work.items()} for name, work in cell.works.items()}
    broken = replace(done, cells=(replace(cell, works=slow),))
    for setup, inside in ((done, True), (broken, False)):
        ((figure, ours),) = figures(claim, setup)
        assert (figure.low <= ours <= figure.high) == inside


def test_a_list_alone_gains_more_than_the_command() -> None:
    """None of the figures of C6 is in its band: the list takes longer from etcd, and less from the cache."""
    claim = claim_of("C6")
    done = done_of(claim)
    assert done is not None
    (_, gain), (_, before), (_, after) = figures(claim, done)
    assert gain > 30
    assert before > 10**10
    assert after < 15 * 10**7
