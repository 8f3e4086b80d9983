"""The claims on failover and cache fill: what their set-ups give."""

from dataclasses import replace

import pytest
from claim_setups import figures, setup_of

from kscale.judge.claims import failover
from kscale.judge.claims.record import Claim
from kscale.mechanisms import controller_standby, standby_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.mechanisms.standby_load import Params
from kscale.scenario import build, load, shipped

OUTSIDE = {"C21b": {"cold, listed from a warm API server's cache"}}  # seconds are not minutes


@pytest.mark.parametrize("claim", failover.CLAIMS, ids=lambda claim: claim.id)
def test_figures_are_in_their_bands_or_said_to_be_outside(claim: Claim) -> None:
    """Means within 5 %, ratios within 40 %, times within a factor of 2; only pages take minutes."""
    found = figures(claim, setup_of(claim, controller_standby.MECHANISM))
    outside = {f.what for f, ours in found if not f.low <= ours <= f.high}
    assert outside == OUTSIDE.get(claim.id, set())


def test_the_mechanism_names_its_claims() -> None:
    """What `kscale show` names is what is here."""
    assert tuple(claim.id for claim in failover.CLAIMS) == controller_standby.MECHANISM.claims


@pytest.mark.parametrize(("store_ns", "ratios"), [(2000, (1.70, 3.35)), (10_000, (1.28, 2.05))])
def test_what_storing_decides_of_a_fill_is_said(store_ns: int, ratios: tuple[float, float]) -> None:
    """Storing is one by one, and decoding what is left of the time that was measured."""
    claim = next(claim for claim in failover.CLAIMS if claim.id == "C22")
    made = build.build(load.load(f"{shipped.CLAIMS}/{claim.setup}").scenario)
    decode = 28_930 - store_ns
    costs = {
        "informer_store_ns_per_object": store_ns,
        "informer_decode_ns_per_object": 3300 * decode // 23_930,
        "informer_decode_ps_per_byte": 2010 * decode // 23_930,
    }
    coefficients = {
        name: one.model_copy(update={"value": costs.get(name, one.value)})
        for name, one in made.costs.coefficients.items()
    }
    other = replace(made, costs=replace(made.costs, coefficients=coefficients))
    cold = controller_standby.MECHANISM.variants[BASELINE]
    ways = (
        Params(source="etcd", decoders=1, trials=1),
        Params(source="etcd", decoders=10, trials=1),
        Params(source="etcd-stream", decoders=10, trials=1),
    )
    fills = [cold.run(cold.build(standby_load.make(other, params))).work["fill_ns"] for params in ways]
    assert fills[0] / fills[1] == pytest.approx(ratios[0], abs=0.005)
    assert fills[0] / fills[2] == pytest.approx(ratios[1], abs=0.005)
    said = " ".join(claim.assumes)
    assert all(f"{ratio:.2f}" in said for ratio in ratios)


def test_a_flat_lease_would_be_outside() -> None:
    """A model that adds 15 s for a crash, without the gaps between polls, misses the mean."""
    claim = failover.CLAIMS[0]
    done = setup_of(claim, controller_standby.MECHANISM)
    flat = {"interruption_mean_ns": 15_000_000_000}
    cells = tuple(
        replace(cell, works={**cell.works, OPTIMIZED: {**cell.works[OPTIMIZED], **flat}})
        for cell in done.cells
    )
    found = {figure.what: (figure, ours) for figure, ours in figures(claim, replace(done, cells=cells))}
    figure, ours = found["mean after a crash"]
    assert ours < figure.low
