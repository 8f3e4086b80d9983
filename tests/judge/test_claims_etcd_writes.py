"""The claim on etcd's write path, from its set-up."""

from functools import cache

from kscale.judge.claims import etcd_writes
from kscale.judge.claims.record import Ran, Setup
from kscale.measure import plan
from kscale.mechanisms.registry import MECHANISMS
from kscale.scenario import build, load


@cache
def setup() -> Setup:
    """Return what the set-up came to, each variant run once."""
    loaded = load.load("claims/etcd-writes")
    cluster = build.build(loaded.scenario)
    cells = []
    for cell in plan.plan(loaded, MECHANISMS):
        one = cell.mechanism
        prepared = one.prepare(cluster, cell.params)
        outcomes = {key: variant.run(variant.build(prepared)) for key, variant in one.variants.items()}
        one.agree(prepared, outcomes)
        works = {key: outcome.work for key, outcome in outcomes.items()}
        cells.append(Ran(one.id, cell.values, works, {}))
    return Setup("etcd-writes", tuple(cells))


def test_every_figure_is_in_its_band() -> None:
    """One client and a thousand: rates and latencies within 2, the ratio of the rates within half."""
    (claim,) = etcd_writes.CLAIMS
    for figure in claim.figures:
        ours = figure.ours(setup())
        assert figure.low <= ours <= figure.high, f"{figure.what}: {ours:.3g}"


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
    loaded = load.load("claims/etcd-writes")
    costs = build.build(loaded.scenario).costs
    (cell, *_) = plan.plan(loaded, MECHANISMS)
    assert not any(costs.coefficients[name].fitted_to for name in cell.mechanism.costs)
