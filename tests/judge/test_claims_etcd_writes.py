"""The claim on etcd's write path, from its set-up."""

from dataclasses import replace
from functools import cache

import pytest
from claim_setups import figures, setup_of

from kscale.judge.claims import etcd_writes
from kscale.judge.claims.record import Setup
from kscale.mechanisms import etcd_sharding
from kscale.mechanisms.base import BASELINE
from kscale.scenario import build, load

(CLAIM,) = etcd_writes.CLAIMS
MECHANISM = etcd_sharding.MECHANISM


@cache
def setup() -> Setup:
    """Return what the set-up came to, each variant run once."""
    return setup_of(CLAIM, MECHANISM)


def puts_per_s(apply_ns: int, clients: int, puts: int) -> float:
    """Return the puts/s of one etcd that takes so long to apply one."""
    cluster = build.build(load.load("claims/etcd-writes").scenario)
    costs = {**cluster.costs, "etcd_apply_ns": apply_ns}
    made = MECHANISM.prepare(
        replace(cluster, costs=costs),  # type: ignore[arg-type]
        MECHANISM.params(clients=clients, puts=puts, put_bytes=264),
    )
    one = MECHANISM.variants[BASELINE]
    return float(one.run(one.build(made)).work["answered_per_s"])


def test_every_figure_is_in_its_band() -> None:
    """One client and a thousand: rates and latencies within 2, the ratio of the rates within half."""
    for figure, ours in figures(CLAIM, setup()):
        assert figure.low <= ours <= figure.high, f"{figure.what}: {ours:.3g}"


@pytest.mark.parametrize(
    ("apply_ns", "rate", "ratio"), [(7_200, 103_000, 184), (10_000, 91_000, 163), (50_000, 19_000, 35)]
)
def test_the_ends_of_its_range_are_outside_as_the_claim_says(apply_ns: int, rate: int, ratio: int) -> None:
    """The claim says how far its rate follows one coefficient, and these are the figures it gives."""
    one, many = puts_per_s(apply_ns, 1, 10_000), puts_per_s(apply_ns, 1000, 200_000)
    assert round(many, -3) == rate
    assert round(many / one) == ratio
    band = next(figure for figure in CLAIM.figures if figure.what.startswith("puts/s, 1,000 clients against"))
    assert not band.low <= many / one <= band.high
    assert any(f"{rate:,}/s (ratio {ratio})" in said for said in CLAIM.assumes)


def test_the_ratio_comes_out_of_batches() -> None:
    """One client has a batch to itself; of a thousand, many share each fsync."""
    one, many = (setup().before(etcd_writes.MECHANISM, clients=clients) for clients in (1, 1000))
    assert one["batches"] == one["answered"]
    assert many["answered"] > 50 * many["batches"]
    assert (
        many["batches"] * 10**9 // many["end_ns"] < 1.5 * one["answered_per_s"]
    )  # fsyncs/s are much the same


def test_no_coefficient_was_fitted_to_it() -> None:
    """What the mechanism reads comes from elsewhere."""
    costs = build.build(load.load("claims/etcd-writes").scenario).costs
    assert not any(costs.coefficients[name].fitted_to for name in MECHANISM.costs)
    assert costs.coefficients["etcd_apply_ns"].provenance == "published"
