"""The claims on watches: what their set-ups give, and that they can fail."""

from dataclasses import replace

import pytest
from claim_setups import setup_of

from kscale.judge.claims import watches
from kscale.judge.claims.record import Claim
from kscale.mechanisms import watch_bookmark
from kscale.mechanisms.base import BASELINE


@pytest.mark.parametrize("claim", watches.CLAIMS, ids=lambda claim: claim.id)
def test_every_figure_is_in_its_band(claim: Claim) -> None:
    """Identities within 5 %, ratios within the band they were published with."""
    done = setup_of(claim, watch_bookmark.MECHANISM)
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


def test_what_was_not_published_is_not_counted() -> None:
    """The gain of bookmarks follows from a rate and a history that neither source gives."""
    claims = {claim.id: claim for claim in watches.CLAIMS}
    assert "rate of events" in claims["C13"].not_reproducible
    assert all(claim.not_reproducible == "" for name, claim in claims.items() if name != "C13")


def test_closed_forms_are_held_within_five_percent() -> None:
    """No band of an identity is wider, and each share that is refused is one that can be counted."""
    claim = next(claim for claim in watches.CLAIMS if claim.id == "C13b")
    for figure in claim.figures:
        assert figure.high <= 1.05 * figure.published
        assert figure.low >= 0.95 * figure.published
    shares = [one.published for one in claim.figures if one.what.startswith("share refused, ")]
    assert min(shares) > 0.01


def test_without_progress_notify_the_identity_fails() -> None:
    """Were progress notify to do nothing, C15 would be outside: all clients would list again."""
    claim = next(claim for claim in watches.CLAIMS if claim.id == "C15")
    done = setup_of(claim, watch_bookmark.MECHANISM)
    (cell,) = done.cells
    broken = replace(done, cells=(replace(cell, works=dict.fromkeys(cell.works, cell.works[BASELINE])),))
    without, with_it = claim.figures
    assert without.ours(broken) == 1
    assert with_it.ours(broken) > with_it.high
