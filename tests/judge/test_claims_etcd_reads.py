"""Claims on etcd's concurrent reads, from their set-ups."""

from functools import cache

import pytest

from kscale.judge.claims import etcd_reads
from kscale.judge.claims.record import Claim, Ran, Setup
from kscale.measure import plan
from kscale.mechanisms.registry import MECHANISMS
from kscale.scenario import build, load

OUTSIDE = {
    "P99 of a put, after over before",  # ours falls further: a put's tail outside etcd was heavier
    "P90 of a short read, beside long ranges over without, before",
    "P90 of a short read, beside long ranges over without, after",
    "P90 of a put, beside long ranges over without, after",
}


@cache
def setup(name: str) -> Setup:
    """Return what the set-up of that name came to, each variant run once."""
    loaded = load.load(f"claims/{name}")
    cluster = build.build(loaded.scenario)
    cells = []
    for cell in plan.plan(loaded, MECHANISMS):
        one = cell.mechanism
        prepared = one.prepare(cluster, cell.params)
        outcomes = {key: variant.run(variant.build(prepared)) for key, variant in one.variants.items()}
        one.agree(prepared, outcomes)
        works = {key: outcome.work for key, outcome in outcomes.items()}
        cells.append(Ran(one.id, cell.values, works, {}))
    return Setup(name, tuple(cells))


@pytest.mark.parametrize("claim", etcd_reads.CLAIMS, ids=lambda claim: claim.id)
def test_figures_are_in_band_but_for_those_known_to_be_outside(claim: Claim) -> None:
    """Each figure is where it is said to be."""
    assert claim.setup is not None
    found = setup(claim.setup)
    for figure in claim.figures:
        ours = figure.ours(found)
        inside = figure.low <= ours <= figure.high
        assert inside == (figure.what not in OUTSIDE), f"{figure.what}: {ours:.3g}"


def test_without_the_scan_there_is_no_gain() -> None:
    """Half of the claim is that nothing changes otherwise: copies are made, and nothing is won."""
    works = setup("etcd-reads-10523").cell(etcd_reads.READS, scan_every_ns=0).works
    assert works["optimized"]["bytes_copied"] > 0 == works["baseline"]["bytes_copied"]
