"""The claims on watches: what their set-ups give, and that they can fail."""

from dataclasses import replace

import pytest

from kscale.judge.claims import run, watches
from kscale.judge.claims.record import Claim, Setup
from kscale.measure.plan import PlannedCell
from kscale.mechanisms import watch_bookmark
from kscale.mechanisms.base import BASELINE


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


def setup_of(claim: Claim) -> Setup:
    """Return what the set-up of a claim comes to."""
    (done,) = run.run(run.planned([claim], [watch_bookmark.MECHANISM]), Silent())
    return done


@pytest.mark.parametrize("claim", watches.CLAIMS, ids=lambda claim: claim.id)
def test_every_figure_is_in_its_band(claim: Claim) -> None:
    """Identities within 5 %, ratios within the band they were published with."""
    done = setup_of(claim)
    found = {figure.what: figure.ours(done) for figure in claim.figures}
    outside = {
        figure.what: found[figure.what]
        for figure in claim.figures
        if not figure.low <= found[figure.what] <= figure.high
    }
    assert outside == {}


def test_the_mechanism_names_its_claims() -> None:
    """What `kscale show` names is what is here."""
    assert tuple(claim.id for claim in watches.CLAIMS) == watch_bookmark.MECHANISM.claims


def test_without_progress_notify_the_identity_fails() -> None:
    """Were progress notify to do nothing, C15 would be outside: all clients would list again."""
    claim = next(claim for claim in watches.CLAIMS if claim.id == "C15")
    done = setup_of(claim)
    (cell,) = done.cells
    broken = replace(done, cells=(replace(cell, works=dict.fromkeys(cell.works, cell.works[BASELINE])),))
    without, with_it = claim.figures
    assert without.ours(broken) == 1
    assert with_it.ours(broken) > with_it.high
