"""The claims on heartbeats: what their set-ups give."""

from dataclasses import replace

import pytest
from claim_setups import figures, setup_of

from kscale.judge.claims import heartbeats
from kscale.judge.claims.record import Claim
from kscale.mechanisms import node_lease
from kscale.mechanisms.base import OPTIMIZED


@pytest.mark.parametrize("claim", heartbeats.CLAIMS, ids=lambda claim: claim.id)
def test_every_figure_is_in_its_band(claim: Claim) -> None:
    """Identities within 5 %, the ratio and the share within their bands."""
    found = figures(claim, setup_of(claim, node_lease.MECHANISM))
    outside = {f.what: ours for f, ours in found if not f.low <= ours <= f.high}
    assert outside == {}


def test_the_mechanism_names_its_claims() -> None:
    """What `kscale show` names is what is here."""
    assert tuple(claim.id for claim in heartbeats.CLAIMS) == node_lease.MECHANISM.claims


def test_fewer_leases_would_be_outside() -> None:
    """Were a tenth of the renewals missing, the rate would not hold."""
    claim = next(claim for claim in heartbeats.CLAIMS if claim.id == "C5")
    done = setup_of(claim, node_lease.MECHANISM)
    (cell,) = done.cells
    work = dict(cell.works[OPTIMIZED])
    work["lease_writes"] = work["lease_writes"] * 9 // 10
    broken = replace(done, cells=(replace(cell, works={**cell.works, OPTIMIZED: work}),))
    ((figure, ours),) = figures(claim, broken)
    assert ours < figure.low
