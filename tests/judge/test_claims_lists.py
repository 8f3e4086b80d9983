"""The claims on lists: what their set-ups give, which are outside, and that they can fail."""

from dataclasses import replace

import pytest

from kscale.judge.claims import lists, run, verdict
from kscale.judge.claims.record import Claim, Setup
from kscale.judge.claims.verdict import Verdict
from kscale.measure.plan import PlannedCell
from kscale.mechanisms import list_index

MECHANISMS = [list_index.MECHANISM]


class Silent:
    """Hears and says nothing."""

    def start(self, setups: object) -> None:
        """Ignore it."""

    def cell_start(self, setup: object, cell: PlannedCell) -> None:
        """Ignore it."""

    def cell_done(self, setup: object, cell: PlannedCell) -> None:
        """Ignore it."""

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        """Ignore it."""


def claim_of(claim_id: str) -> Claim:
    """Return a claim."""
    return next(claim for claim in lists.CLAIMS if claim.id == claim_id)


def setup_of(claim: Claim) -> Setup | None:
    """Return what the set-up of a claim comes to."""
    if claim.setup is None:
        return None
    (done,) = run.run(run.planned([claim], MECHANISMS), Silent())
    return done


@pytest.mark.parametrize(
    ("claim_id", "expected"),
    [
        ("C6", Verdict.OUTSIDE),  # the list alone gains far more than the whole command
        ("C7", Verdict.OUTSIDE),  # as above: 0.05 s is mostly the client's
        ("C8", Verdict.FITTED),
        ("C9", Verdict.FITTED),
        ("C10", Verdict.NOT_REPRODUCIBLE),
        ("C11", Verdict.IN_BAND),
        ("C12", Verdict.REPRODUCED),
        ("C25", Verdict.NOT_REPRODUCIBLE),
        ("C26", Verdict.NOT_REPRODUCIBLE),
        ("C27", Verdict.NOT_REPRODUCIBLE),
    ],
)
def test_each_claim_on_lists_is_judged(claim_id: str, expected: Verdict) -> None:
    """Those outside are said to be, and those that were fitted to do not count."""
    claim = claim_of(claim_id)
    found = verdict.judge(claim, setup_of(claim), MECHANISMS)
    assert found.verdict is expected
    assert bool(found.fitted_by) == (expected is Verdict.FITTED)


def test_the_mechanism_names_its_claims_on_lists() -> None:
    """What `kscale show` names is what is here."""
    assert tuple(claim.id for claim in lists.CLAIMS) == list_index.MECHANISM.claims


def test_lists_from_etcd_agree_where_only_they_are_timed() -> None:
    """The one figure of C7 that the client hardly touches, 10 s from etcd, is of our order."""
    claim = claim_of("C7")
    found = verdict.judge(claim, setup_of(claim), MECHANISMS)
    assert {one.figure.what: one.inside for one in found.figures} == {
        "times less": False,
        "from etcd": True,
        "from the cache": False,
    }


def test_a_longer_period_breaks_the_claim_on_freshness() -> None:
    """Were reads to wait twice as long, C12 would be outside."""
    claim = claim_of("C12")
    done = setup_of(claim)
    assert done is not None
    (cell,) = done.cells
    slow = {name: {key: 2 * count for key, count in work.items()} for name, work in cell.works.items()}
    broken = replace(done, cells=(replace(cell, works=slow),))
    assert verdict.judge(claim, broken, MECHANISMS).verdict is Verdict.OUTSIDE
