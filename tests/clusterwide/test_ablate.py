"""The account of what each optimization buys, of games in place of simulations and of made runs."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from bare_sizes import size
from made_simulations import optimized, quantiles, simulated, slis

from kscale.clusterwide import ablate, ablate_metrics, figures, toggles
from kscale.clusterwide.ablate import Ablation, Outcome, Question, Valued
from kscale.clusterwide.search import Run
from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import NONE, Toggles
from kscale.clusterwide.walls import Wall
from kscale.clusterwide.workers import Jobs, digest
from kscale.errors import KscaleError

METRIC = "log.bytes_per_min"
THREE = frozenset({"node-lease", "watch-encode", "list-index"})


class Watched:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.plans: list[int] = []
        self.done = 0

    def planned(self, runs: int) -> None:
        self.plans.append(runs)

    def ran(self) -> None:
        self.done += 1


def account(
    value: Callable[[Toggles], int],
    *,
    after: Toggles = THREE,
    others: Callable[[Toggles], object] = lambda on: None,
    workers: int = 1,
    **asked: Any,  # noqa: ANN401 - any of the fields
) -> Ablation:
    """Return the account of a game; *others* is what else a run of some toggles comes to."""

    def run(_: Size, one: Asked) -> Outcome:
        amount = value(one.toggles)
        told = others(one.toggles)
        return Outcome({METRIC: Valued(amount, amount >= 1000)}, digest((amount, str(told))))

    question = Question(METRIC, NONE, after, seed=3)
    with Jobs(run, workers) as jobs:
        return ablate.ablate(size(), replace(question, **asked), jobs, Watched())


def by_toggle(found: Ablation) -> dict[str, Fraction]:
    """Return the Shapley value of each toggle."""
    return {part.toggle: Fraction(part.numerator, found.denominator) for part in found.parts}


def leases_then_lists(on: Toggles) -> int:
    """Lists only help where leases do; encoding does nothing."""
    return 900 - 400 * ("node-lease" in on) - 200 * ("node-lease" in on and "list-index" in on)


def test_an_account_adds_up_and_names_what_does_nothing() -> None:
    """Before, parts and after add up; what changes no output is worth exactly nothing, and is said to."""
    found = account(leases_then_lists)
    assert (found.value_before, found.value_after) == (Valued(900), Valued(300))
    assert by_toggle(found) == {"node-lease": -500, "watch-encode": 0, "list-index": -100}
    assert [(part.toggle, part.alone, part.last, part.quiet) for part in found.parts] == [
        ("node-lease", -400, -600, False),
        ("watch-encode", 0, 0, True),
        ("list-index", 0, -200, False),
    ]
    assert [(pair.one, pair.two, pair.amount) for pair in found.pairs] == [("node-lease", "list-index", -200)]
    assert found.exact
    assert (found.unit, found.better, found.bounds) == ("bytes", "lower", 0)


def test_what_changes_another_output_is_not_called_quiet() -> None:
    """A toggle without effect on the metric is worth 0, but it takes part in every order."""
    found = account(leases_then_lists, others=lambda on: "watch-encode" in on)
    encode = next(part for part in found.parts if part.toggle == "watch-encode")
    assert (encode.numerator, encode.standard_error, encode.quiet) == (0, 0, False)
    assert len(found.pairs) == 3


def test_what_seems_quiet_at_both_ends_is_still_counted() -> None:
    """A toggle that matters only in between is put last, and the account adds up all the same."""

    def hidden(on: Toggles) -> int:
        return (
            500 - 100 * (on == {"node-lease", "watch-encode"}) - 200 * len(on & {"node-lease", "list-index"})
        )

    found = account(hidden)
    assert sum(by_toggle(found).values()) == -400
    assert by_toggle(found)["watch-encode"] == 0


def test_toggles_that_are_taken_out_are_players_too() -> None:
    """Only what differs is accounted for; what is on before and off after says that it leaves."""
    found = account(
        lambda on: 100 - 30 * ("node-lease" in on) + 7 * ("list-index" in on) - 50 * ("watch-encode" in on),
        before=frozenset({"node-lease", "watch-encode"}),
        after=frozenset({"list-index", "watch-encode"}),
    )
    assert [(part.toggle, part.joins, part.last) for part in found.parts] == [
        ("node-lease", False, 30),
        ("list-index", True, 7),
    ]
    assert found.value_before.amount + 37 == found.value_after.amount == 57


def test_many_toggles_are_drawn_in_pairs_of_orders() -> None:
    """Above the budget orders are drawn: sums still add up, with errors; equal seeds give equal accounts."""

    def value(on: Toggles) -> int:
        return 900 - max((toggles.IDS.index(one) for one in on), default=-1) * 10

    found = account(value, after=toggles.ALL)
    assert found.orders >= 4
    assert sum(by_toggle(found).values()) == -140
    assert any(part.standard_error for part in found.parts)
    assert found == account(value, after=toggles.ALL)
    assert found != account(value, after=toggles.ALL, seed=4)
    assert account(value, after=toggles.ALL, orders=6, pairs=False).orders == 6
    assert account(value, after=toggles.ALL, pairs=False).pairs == ()
    assert account(value, after=toggles.ALL, pairs=False).runs <= ablate.MOST_RUNS + 2 * len(toggles.ALL)


def test_values_that_are_bounds_are_counted() -> None:
    """Runs whose latency was never answered are counted, at both ends and between."""
    found = account(lambda on: 1000 if "node-lease" not in on else 400)
    assert found.value_before == Valued(1000, bound=True)
    assert found.value_after == Valued(400)
    assert found.bounds == 4
    assert [(part.toggle, part.alone_unseen, part.last_unseen) for part in found.parts] == [
        ("node-lease", False, False),
        ("watch-encode", True, False),
        ("list-index", True, False),
    ]


def test_progress_is_told() -> None:
    """Every run is heard of, those known from before too, and how many there will be."""
    watched = Watched()
    with Jobs(lambda _, asked: Outcome({METRIC: Valued(len(asked.toggles))}, str(asked.toggles)), 1) as jobs:
        found = ablate.ablate(size(), Question(METRIC, NONE, THREE, 0), jobs, watched)
    assert watched.plans == [8, 8]
    assert watched.done == found.runs == 8


def test_what_cannot_be_accounted_for_is_refused() -> None:
    """Equal sets, and metrics that a scenario never asks for, are errors of one line."""
    with pytest.raises(KscaleError, match=r"same optimizations: none; nothing to tell apart"):
        account(len, after=NONE)
    with pytest.raises(
        KscaleError, match=r"--metric relists: nothing of it was asked for in made; there are: log"
    ):
        account(len, metric="relists")


def test_metrics_are_the_figures_of_a_run() -> None:
    """Every figure is a metric with a unit and a direction, found however its words are joined."""
    assert set(figures.figures(simulated())) | {ablate_metrics.LIMIT} == set(ablate_metrics.METRICS)
    assert ablate_metrics.metric("Pod-Startup-P99") == "pod-startup.p99"
    assert ablate_metrics.metric("etcd_apply_busy-ppm") == "etcd-apply.busy_ppm"
    with pytest.raises(KscaleError, match=r"no metric 'pod-start'; did you mean 'pod-startup\.p99'\?"):
        ablate_metrics.metric("pod-start")
    assert [
        ablate_metrics.unit_of(one) for one in ("scheduling.p99", "clients.busy_ppm", "limit", "relists")
    ] == [
        "ns",
        "ppm",
        "nodes",
        "relists",
    ]
    assert [ablate_metrics.better_of(one) for one in ("limit", "pods-running", "relists")] == [
        "higher",
        "higher",
        "lower",
    ]


def test_a_latency_without_an_answer_is_counted_as_the_length_of_the_run() -> None:
    """A quantile that was never answered has no number: it counts as the time asked for, and is a bound."""
    values = ablate.kept(simulated(ended_ns=30_000_000_000, stopped="diverged")).values
    assert values["pod-startup.p99"] == Valued(600_000_000_000, bound=True)
    assert values["mutating.p99"] == Valued(4_200_000_000)
    assert ablate.kept(optimized()).values["pod-startup.p99"] == Valued(3_800_000_000)


def test_a_digest_holds_every_output_but_the_toggles() -> None:
    """Runs that differ only in which optimizations were on are equal; any other difference tells."""
    base = optimized()
    assert ablate.kept(base).digest == ablate.kept(replace(base, toggles=())).digest
    others = [
        replace(base, series={**base.series, "scheduler": (1,)}),
        replace(base, sample=base.sample[1:]),
        replace(base, slis=slis(quantiles(1, 2), quantiles(3, 4))),
        replace(base, events=1),
        replace(base, blame="scheduler"),
    ]
    assert len({ablate.kept(one).digest for one in [base, *others]}) == 6


def test_an_account_that_does_not_add_up_is_no_account() -> None:
    """A record whose parts miss the difference cannot be made."""
    found = account(leases_then_lists)
    with pytest.raises(ValueError, match="do not add up"):
        replace(found, value_after=Valued(301))


def test_a_limit_is_that_of_its_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest size that holds, at least that where nothing broke; its digest is all that was found."""

    def found(on: Toggles, breaks_at: int | None, station: str = "scheduler") -> Outcome:
        wall = Wall(
            toggles=toggles.ordered(on),
            axis="nodes",
            holds_at=3000,
            breaks_at=breaks_at,
            arithmetic=None,
            arithmetic_station="",
            objective="",
            station=station,
            limits=((0, 3000),),
            runs=(Run(3000, 0, holds=True),),
            sentences=(f"with {toggles.shown(on)}",),
        )
        monkeypatch.setattr(ablate, "wall_of", lambda *_: wall)
        return ablate.limit_outcome(size(), Asked(on, 0))

    lease = frozenset({"node-lease"})
    assert found(NONE, 3050).values == {"limit": Valued(3000)}
    assert found(NONE, None).values == {"limit": Valued(3000, bound=True)}
    assert found(lease, 3050).digest == found(NONE, 3050).digest
    assert found(NONE, 3051).digest != found(NONE, 3050).digest
    assert found(NONE, 3050, "etcd-apply").digest != found(NONE, 3050).digest
