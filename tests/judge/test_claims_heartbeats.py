"""The claims on heartbeats: what their set-ups give."""

from dataclasses import replace

import pytest
from claim_setups import figures, setup_of, varied

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


@pytest.mark.parametrize(
    ("id_", "old", "new", "share"),
    [
        ("C3", "nodes: {size: 4KB}", "nodes: {size: 15KB}", "15 KB (as with images) 2.97"),
        ("C3", "pods: {size: 4KB}", "pods: {size: 10KB}", "10 KB 1.49"),
        ("C3", "pods: {size: 4KB}", "pods: {size: 20KB}", "20 KB 1.28"),
        ("C3", "pod_changes: 20/s", "pod_changes: 100/s", "100 pod changes/s 1.74"),
        ("C4", "lists_per_hour: 60}", "lists_per_hour: 600}", "10 lists a minute 0.77"),
        ("C4", "lists_per_hour: 60}", "lists_per_hour: 3600}", "60 a minute 0.41"),
        ("C4", "pod_changes: 100/s", "pod_changes: 1000/s", "1,000 a second 0.58"),
        ("C4", "controllers: 50", "controllers: 1", "watches all gives 0.78"),
    ],
)
def test_what_decides_an_unpublished_set_up_is_said(id_: str, old: str, new: str, share: str) -> None:
    """The outcomes of other sizes and loads stand in the claim as they come out."""
    claim = next(claim for claim in heartbeats.CLAIMS if claim.id == id_)
    also = [("10s, size: 4KB", "10s, size: 15KB")] if "nodes" in old else []
    _, ours = figures(claim, varied(claim, node_lease.MECHANISM, (old, new), *also))[0]
    assert claim.not_reproducible
    assert any(share in line for line in claim.assumes)
    assert share.endswith(f" {ours:.2f}")


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
