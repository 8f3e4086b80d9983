"""The mechanism of the whole cluster: what a run counts, what variants must agree on, where they lose."""

from dataclasses import replace
from typing import Any

import pytest
from every_mechanism import cluster
from made_simulations import RUN, optimized, quantiles, simulated, slis

from kscale.clusterwide import losses, mechanism, metrics, toggles
from kscale.clusterwide.mechanism import Load, Params
from kscale.clusterwide.record import Simulated
from kscale.errors import KscaleError, WrongAnswer
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome

S = 1_000_000_000


def outcome(run: Simulated) -> Outcome:
    """Return a run as a variant returns it."""
    return Outcome({}, run)


def load(run: Simulated) -> Load:
    """Return what such a run started from, as far as `agree` looks at it."""
    sized: Any = type("Sized", (), {"nodes": run.nodes})()
    return Load(sized, run.duration_ns, toggles.ALL, toggles.NONE)


def test_a_run_counts_what_the_metrics_name() -> None:
    """Each metric once; a made run has all of them."""
    work = metrics.work(optimized())
    assert list(work) == sorted(work, key=[one.name for one in metrics.METRICS].index)
    assert work.keys() == {one.name for one in metrics.METRICS}
    assert (work["objectives_broken"], work["ended_ns"]) == (0, RUN)
    assert work["scheduler_busy_ppm"] == 210_000


def test_what_was_never_answered_is_no_figure() -> None:
    """A latency that has no end is left out, not 0 and not the length of the run."""
    work = metrics.work(simulated())
    assert {"scheduling_p99_ns", "startup_p99_ns"} & work.keys() == set()
    assert work["scheduling_p50_ns"] == 60 * S
    assert work["mutating_p99_ns"] == 4200 * S // 1000
    assert work["objectives_broken"] == 2
    assert work["pods_queued"] == 9000


def test_pods_bound_are_a_mean_of_the_seconds_with_any() -> None:
    """Seconds before the first and after the last do not count."""
    run = optimized()
    bound = (0, 0, 30, 90, 90, 150, 150)
    work = metrics.work(replace(run, series={**run.series, "pods-bound": bound}))
    assert work["bound_per_s_milli"] == 150 * 1000 // 3
    none = metrics.work(replace(run, series={**run.series, "pods-bound": (0, 0)}))
    assert none["bound_per_s_milli"] == 0


def test_the_same_pods_must_be_asked_for() -> None:
    """Second by second, as long as both went on: one that ended early may have had fewer in all."""
    first = simulated()
    asked = first.series["pods-asked"]
    short = replace(optimized(), series={**first.series, "pods-asked": asked[:10]})
    mechanism.agree(load(first), {BASELINE: outcome(first), OPTIMIZED: outcome(short)})
    other = replace(optimized(), series={**first.series, "pods-asked": (*asked[:3], 7, *asked[4:])})
    with pytest.raises(WrongAnswer, match="optimized was asked for 7 pods in second 3, the baseline for 400"):
        mechanism.agree(load(first), {BASELINE: outcome(first), OPTIMIZED: outcome(other)})


def test_nothing_is_lost() -> None:
    """What came to a station went or is there, in the baseline too; and a run is of this cluster."""
    run = simulated()
    queue = run.station("apiserver-queue")
    stations = tuple(replace(one, left=one.left - 1) if one is queue else one for one in run.stations)
    with pytest.raises(WrongAnswer, match="baseline at apiserver-queue: 60000 came, 59999 went and 0 are"):
        mechanism.agree(load(run), {BASELINE: outcome(replace(run, stations=stations))})
    with pytest.raises(WrongAnswer, match="of another length"):
        mechanism.agree(load(run), {BASELINE: outcome(replace(run, nodes=5))})


def test_losses_are_said_with_their_figures() -> None:
    """What rose by more than a twentieth, what has no end any more, and what was whole before."""
    fine = metrics.work(optimized())
    more = fine | {"writes": fine["writes"] * 2, "relists": fine["relists"], "objectives_broken": 1}
    assert losses.losses({BASELINE: fine, OPTIMIZED: more}) == (
        "1 objective broken, before 0",
        "writes rise: 905k before, 1.8M after",
    )
    calm = "every objective is kept without them: nothing is won that an objective would show"
    assert losses.losses({BASELINE: fine, OPTIMIZED: fine}) == (calm,)
    bad = metrics.work(simulated())
    assert losses.losses({BASELINE: bad, OPTIMIZED: fine}) == ()
    endless = {name: value for name, value in bad.items() if name != "mutating_p99_ns"}
    assert losses.losses({BASELINE: bad, OPTIMIZED: endless}) == (
        "writes of an object take longer, P99: 4.2 s before, unanswered at the end after",
    )
    early = {**bad, "writes": 2 * bad["writes"], "ended_ns": 5}
    assert losses.losses({BASELINE: bad, OPTIMIZED: early}) == ()
    assert losses.losses({BASELINE: bad}) == ()


def test_an_optimized_variant_has_an_optimization() -> None:
    """None at all would be the baseline again; an unknown one is named with the nearest there is."""
    on = cluster("k8s-1.36")
    for text, said in (
        ("none", "cluster: optimizations 'none' are none, which is the baseline"),
        ("today", "cluster: optimizations 'today' are none, which is the baseline"),
        ("node-leese", "no optimization 'node-leese'; did you mean 'node-lease'?"),
    ):
        with pytest.raises(KscaleError) as caught:
            mechanism.prepare(on, Params(optimizations=text))
        assert str(caught.value).startswith(said)


def test_periods_are_as_asked_for() -> None:
    """Of a lease no less than a second, which would be a run without end; 0 is the profile's."""
    on = cluster("k8s-1.36")
    given = mechanism.prepare(on, Params(lease_period_ns=30 * S, status_period_ns=60 * S)).size.profile
    assert (given.lease_renew_ns, given.node_status_period_ns) == (30 * S, 60 * S)
    assert mechanism.prepare(on, Params()).size.profile == on.profile
    with pytest.raises(KscaleError, match="lease_period_ns must be 0 or at least 1 s, got 5 ns"):
        mechanism.prepare(on, Params(lease_period_ns=5))


def test_sizes_are_as_asked_for() -> None:
    """Nodes with their pods, then pods alone."""
    on = cluster("k8s-1.36")
    assert (mechanism.prepare(on, Params(nodes=24)).size.pods) == 240
    both = mechanism.prepare(on, Params(nodes=24, pods=100)).size
    assert (both.nodes, both.pods) == (24, 100)


def test_a_startup_that_nobody_asked_for_has_no_figure() -> None:
    """Windows without a pod are not a start-up of 0."""
    empty = quantiles(1, 1, count=0)
    given = slis(empty, quantiles(9, 21))
    nothing = tuple(
        replace(one, windows=tuple(replace(each, count=0) for each in one.windows))
        if one.name == "pod-startup"
        else one
        for one in given
    )
    work = metrics.work(optimized(slis=nothing))
    assert {"startup_p50_ns", "startup_p99_ns"} & work.keys() == set()
