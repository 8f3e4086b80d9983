"""The claims on balance over API servers: what their set-ups give."""

from dataclasses import replace

import pytest
from claim_setups import figures, setup_of

from kscale.judge.claims import servers
from kscale.judge.claims.record import Claim
from kscale.mechanisms import apiserver_balance


@pytest.mark.parametrize("claim", servers.CLAIMS, ids=lambda claim: claim.id)
def test_figures_are_in_their_bands(claim: Claim) -> None:
    """Shares and the time constant within 5 %, Gardener's minutes within a factor of 2."""
    found = figures(claim, setup_of(claim, apiserver_balance.MECHANISM))
    assert {figure.what: ours for figure, ours in found if not figure.low <= ours <= figure.high} == {}


def test_the_mechanism_names_its_claims() -> None:
    """What `kscale show` names is what is here."""
    assert tuple(claim.id for claim in servers.CLAIMS) == apiserver_balance.MECHANISM.claims


def test_clients_that_never_move_have_no_time_constant() -> None:
    """Without GOAWAY the excess does not decay, to the end of the time: outside."""
    (claim,) = (claim for claim in servers.CLAIMS if claim.id == "C24")
    done = setup_of(claim, apiserver_balance.MECHANISM)
    (cell,) = done.cells
    stuck = replace(done, cells=(replace(cell, works={**cell.works, "goaway": cell.works["baseline"]}),))
    ((figure, ours),) = figures(claim, stuck)
    assert ours > figure.high


def test_what_is_not_balanced_at_the_end_has_no_time_until_it_is() -> None:
    """The time without balance ends with the run there; that is no figure."""
    (claim,) = (claim for claim in servers.CLAIMS if claim.id == "C24b")
    done = setup_of(claim, apiserver_balance.MECHANISM)
    (cell,) = done.cells
    stuck = replace(done, cells=(replace(cell, works={**cell.works, "goaway": cell.works["baseline"]}),))
    ((_, ours),) = figures(claim, stuck)
    assert ours == float("inf")
