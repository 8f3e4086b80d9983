"""Cells are measured as the practice note says; a fake clock makes it exact and instant."""

import gc
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from measure_fakes import MS, Script, cluster, loaded, mechanism

from kscale.errors import WrongAnswer
from kscale.measure import stats
from kscale.measure.plan import PlannedCell, plan
from kscale.measure.runner import measure_cell
from kscale.measure.timing import Allowance, Settings
from kscale.mechanisms.base import Mechanism
from kscale.results.record import Cell, Samples

CLUSTER = cluster()
S = 1000 * MS
AMPLE = Allowance(share_s=20, even_s=20)


@dataclass
class Seen:
    """Keeps what it hears."""

    pairs: list[tuple[int, float | None, float]] = field(default_factory=list)

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        self.pairs.append((pairs, speedup, seconds_left))


def measured(
    script: Script,
    allowance: Allowance = AMPLE,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    seen: Seen | None = None,
    made: Mechanism | None = None,
) -> Cell:
    made = made or mechanism(script)
    section = "mechanisms:\n  fake-search: {free_pages: 10k, variants: all}\n"
    (cell,) = plan(loaded(section), [made])
    return measure_cell(cell, CLUSTER, settings, seen or Seen(), allowance, script.clock)


def samples(cell: Cell, name: str) -> Samples:
    found = cell.variants[name].wall_ns
    assert found is not None
    return found


def test_steady_times_give_the_exact_ratio_at_the_first_look() -> None:
    """40 ms against 10 ms is 4x, known after ten pairs."""
    script = Script(run_ns={"baseline": lambda _: 40 * MS, "optimized": lambda _: 10 * MS})
    seen = Seen()
    cell = measured(script, seen=seen)
    ratio = stats.paired_ratio(samples(cell, "baseline"), samples(cell, "optimized"))
    assert (ratio.value, ratio.low, ratio.high, ratio.n, ratio.floor) == (0.25, 0.25, 0.25, 10, 0.0)
    assert [pairs for pairs, _, _ in seen.pairs] == list(range(1, 11))
    assert seen.pairs[-1][1] == pytest.approx(4)
    assert cell.notes == []
    assert (cell.mechanism, cell.label, cell.params["free_pages"]) == (
        "fake-search",
        "10k free pages",
        10**4,
    )
    assert {name: one.work for name, one in cell.variants.items()} == {
        "baseline": {"steps": 10},
        "optimized": {"steps": 1},
    }


def test_pairs_are_taken_in_abba_order() -> None:
    """First call each, warm calls, then b o o b b o o b ..."""
    script = Script()
    cell = measured(script)
    assert script.runs()[:2] == ["baseline", "optimized"]
    assert script.runs()[-20:] == ["baseline", "optimized", "optimized", "baseline"] * 5
    assert samples(cell, "baseline").order == [0, 3, 4, 7, 8, 11, 12, 15, 16, 19]
    assert samples(cell, "optimized").order == [1, 2, 5, 6, 9, 10, 13, 14, 17, 18]


def test_every_run_gets_a_fresh_state_and_building_is_not_timed() -> None:
    """As many builds as runs; a build of 1 s leaves no trace in the samples."""
    script = Script(build_ns=S)
    cell = measured(script, Allowance(200, 200))
    assert script.log.count("build baseline") == script.runs().count("baseline")
    assert set(samples(cell, "baseline").values) == {20 * MS}


def test_short_runs_are_looped_up_to_ten_ms_each_variant_on_its_own() -> None:
    """1 ms needs 10 loops, 50 us needs 200; the ratio is per run."""
    script = Script(run_ns={"baseline": lambda _: MS, "optimized": lambda _: MS // 20})
    cell = measured(script)
    assert (samples(cell, "baseline").loops, samples(cell, "optimized").loops) == (10, 200)
    assert set(samples(cell, "optimized").values) == {10 * MS}
    ratio = stats.paired_ratio(samples(cell, "baseline"), samples(cell, "optimized"))
    assert ratio.value == pytest.approx(0.05)


def test_states_built_ahead_are_bounded_by_memory() -> None:
    """With states of 100 MiB, a sample of ten runs builds two at a time."""
    script = Script(run_ns={"baseline": lambda _: MS})
    made = mechanism(script)
    object.__setattr__(made, "memory", lambda cluster, params: 100 * 2**20)
    measured(script, made=made)
    text = " ".join(
        "b" if line.startswith("build") else "r" for line in script.log if line.endswith("baseline")
    )
    assert "b b r r b b r r b b r r" in text
    assert "b b b" not in text


def test_dear_states_limit_the_loops_and_a_note_says_so() -> None:
    """A run of 1 ms whose state takes 1 s to build is not looped ten times."""
    script = Script(build_ns=S, run_ns={"baseline": lambda _: MS})
    cell = measured(script)
    assert samples(cell, "baseline").loops == 1
    assert "baseline: samples last 1 ms, not 10 ms: a fresh state takes 1 s to build" in cell.notes


def test_the_first_call_is_never_a_sample() -> None:
    """A first call of 5 s, then 20 ms: only the latter is seen."""
    script = Script(run_ns={"baseline": lambda call: 5 * S if call == 0 else 20 * MS})
    assert set(samples(measured(script), "baseline").values) == {20 * MS}


def test_warm_calls_go_on_until_two_agree() -> None:
    """80, 60, 50, 45, 44 ms: the last two agree within 5 %."""
    times = [500, 80, 60, 50, 45, 44]
    script = Script(run_ns={"baseline": lambda call: times[min(call, 5)] * MS})
    cell = measured(script)
    assert script.runs()[: script.runs().index("optimized", 2)].count("baseline") == 6
    assert set(samples(cell, "baseline").values) == {44 * MS}
    assert cell.notes == []


def test_a_variant_that_does_not_settle_is_noted_after_ten_calls() -> None:
    """Times that alternate between 20 and 30 ms."""
    script = Script(run_ns={"baseline": lambda call: (20 + 10 * (call % 2)) * MS})
    cell = measured(script)
    assert script.runs()[1:].index("optimized") == 0
    assert script.runs()[2:].index("optimized") == 10
    assert any(note.startswith("baseline: not settled") for note in cell.notes)


def test_noise_takes_more_pairs_up_to_fifty() -> None:
    """A ratio that never gets precise ends at 50 pairs."""
    script = Script(run_ns={"optimized": lambda call: (20 + 7 * (call // 2 % 3)) * MS})
    cell = measured(script, Allowance(200, 200))
    assert len(samples(cell, "baseline").values) == 50


def test_looks_are_where_precision_is_judged() -> None:
    """Noise that ends after 12 pairs is precise enough at a later look, never in between."""
    script = Script(run_ns={"optimized": lambda call: (30 if call % 3 == 0 and call < 15 else 20) * MS})
    cell = measured(script)
    assert len(samples(cell, "baseline").values) in {10, 15, 20, 30}


def test_dear_cells_get_six_pairs_and_one_warm_call() -> None:
    """1.5 s a run in a share of 6 s: the first call warms up, six pairs are taken."""
    script = Script(run_ns={"baseline": lambda _: 1500 * MS, "optimized": lambda _: 700 * MS})
    cell = measured(script, Allowance(share_s=6, even_s=6))
    assert script.runs().count("baseline") == 7
    assert len(samples(cell, "baseline").values) == 6
    assert stats.paired_ratio(samples(cell, "baseline"), samples(cell, "optimized")).has_interval
    assert cell.seconds == pytest.approx(7 * 2.2)
    assert cell.notes == []


def test_a_spent_budget_still_leaves_six_pairs_and_full_samples() -> None:
    """What earlier cells took is no reason to measure badly."""
    script = Script(run_ns={"baseline": lambda _: MS})
    cell = measured(script, Allowance(share_s=0, even_s=6))
    assert len(samples(cell, "baseline").values) == 6
    assert samples(cell, "baseline").loops == 10


def test_a_pair_longer_than_its_part_of_the_budget_is_taken_once() -> None:
    """One pair, no interval, and a note."""
    script = Script(run_ns={"baseline": lambda _: 30 * S})
    cell = measured(script, Allowance(share_s=10, even_s=10))
    assert len(samples(cell, "baseline").values) == 1
    assert cell.notes == ["optimized: 1 of 6 pairs that an interval needs: one takes 30.0 s"]


def test_budget_is_kept_where_pairs_are_cheap() -> None:
    """Pairs stop before the one that would not fit."""
    script = Script(run_ns={"optimized": lambda call: (20 + 7 * (call // 2 % 3)) * MS})
    cell = measured(script, Allowance(share_s=1, even_s=1))
    assert 6 <= len(samples(cell, "baseline").values) < 25
    assert cell.seconds <= 1


def test_third_variants_get_pairs_of_their_own() -> None:
    """The optimized variant first, then the third; all with the baseline."""
    script = Script(run_ns={"baseline": lambda _: 40 * MS, "third": lambda _: 80 * MS})
    cell = measured(script, made=mechanism(script, variants=("third",)))
    base, third = samples(cell, "baseline"), samples(cell, "third")
    assert len(base.values) == 20
    assert third.order[:4] == [21, 22, 25, 26]
    assert stats.paired_ratio(base, third).value == 2.0
    assert stats.paired_ratio(base, samples(cell, "optimized")).n == 10


def test_variants_that_disagree_are_never_timed() -> None:
    """agree comes before any sample, and names the cell."""
    script = Script(answers={"optimized": "other"})
    with pytest.raises(WrongAnswer, match=r"fake-search\[.*free_pages=10000.*\]: the answers differ"):
        measured(script)
    assert script.runs() == ["baseline", "optimized"]


@pytest.mark.parametrize("timing", [True, False])
@pytest.mark.parametrize("at", [1, 2])
def test_a_counter_that_does_not_repeat_is_a_wrong_answer(at: int, *, timing: bool) -> None:
    """Every later run is compared with the first."""
    script = Script(works={"optimized": lambda call: {"steps": 1 + (call == at), "seen": 3}})
    if not timing and at == 2:
        return  # two runs are all there are
    says = "optimized: steps is not reproducible: 1 in the first run, 2 in a later one"
    with pytest.raises(WrongAnswer, match=says):
        measured(script, settings=Settings(timing=timing))


def test_a_counter_that_comes_and_goes_is_a_wrong_answer() -> None:
    """The names must repeat as well."""
    script = Script(works={"baseline": lambda call: {"steps": 1} if call < 5 else {"steps": 1, "more": 0}})
    with pytest.raises(
        WrongAnswer, match="more is not reproducible: None in the first run, 0 in a later one"
    ):
        measured(script)


def test_counting_only_runs_twice_and_takes_no_time() -> None:
    """Without timing there are two runs of each variant, and no samples."""
    script = Script()
    cell = measured(script, settings=Settings(timing=False))
    assert script.runs() == ["baseline", "optimized", "baseline", "optimized"]
    assert all(one.wall_ns is None and one.jit_compile_s is None for one in cell.variants.values())
    assert cell.digest == measured(Script()).digest


def test_digest_is_of_the_work_alone() -> None:
    """Other times, same digest; another counter, another one."""
    slow = Script(run_ns={"baseline": lambda _: S})
    other = Script(works={"baseline": lambda _: {"steps": 11}})
    assert measured(slow).digest == measured(Script()).digest
    assert measured(other).digest != measured(Script()).digest


def test_losses_are_taken_from_the_mechanism() -> None:
    """Sentences with the figures of this very cell."""
    script = Script(works={"optimized": lambda _: {"steps": 11}})
    assert measured(script).losses == ["takes more steps"]


def test_collector_is_off_inside_a_sample_and_on_afterwards() -> None:
    """Neither a result nor an error leaves it off."""
    states: list[bool] = []
    script = Script(on_run=lambda name, call: states.append(gc.isenabled()))
    measured(script)
    assert states[:2] == [True, True]
    assert not any(states[2:])
    assert gc.isenabled()
    with pytest.raises(WrongAnswer):
        measured(Script(works={"baseline": lambda call: {"steps": call}}))
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_work_must_be_whole() -> None:
    """A float counter is a mistake in the mechanism, not a result."""
    half: Any = 0.5
    script = Script(works={"baseline": lambda _: {"steps": half}})
    with pytest.raises(TypeError):
        measured(script)


def test_a_simulation_is_counted_and_never_timed() -> None:
    """Its virtual clock is its finding; every variant still runs twice and must repeat."""
    script = Script()
    cell = measured(script, made=replace(mechanism(script), simulated=True))
    assert all(one.wall_ns is None and one.jit_compile_s is None for one in cell.variants.values())
    assert script.runs() == [name for _ in range(2) for name in cell.variants]
    wandering = Script(works={"baseline": lambda call: {"steps": call}})
    with pytest.raises(WrongAnswer, match="not reproducible"):
        measured(wandering, made=replace(mechanism(wandering), simulated=True))
