"""The keys of a sweep's tasks hold all that decides what a cell holds, and the plan is their hash."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from measure_fakes import loaded, mechanism

from kscale.engine import axes, sweep
from kscale.engine.sweep import Sweep
from kscale.measure import machine
from kscale.measure.timing import Settings
from kscale.plugins.source import Source
from kscale.scenario.load import Loaded

FAKES = (mechanism(variants=("third",)), mechanism(mechanism_id="other-search"))
EXACT = Settings(timing=False)


def plan(
    *over: str,
    of: Loaded | None = None,
    seeds: Sequence[int] = (0,),
    settings: Settings = EXACT,
    **more: Any,  # noqa: ANN401 - of plan
) -> Sweep:
    """Return a sweep of the tiny scenario."""
    given = [axes.parse(text, axes.option(text)) for text in over]
    return sweep.plan(of or loaded(), FAKES, given, seeds, settings, **more)


def test_keys_hold_all_that_decides_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal for equal tasks; another for another scenario, seed, point, variant, setting, plugin or code."""

    def keys_of(*over: str, **more: Any) -> set[str]:  # noqa: ANN401 - what plan takes
        return {task.key for task in plan(*over, **more).tasks}

    usual = keys_of("fake-search.free_pages=1k")
    assert usual == keys_of("fake-search.free_pages=1000")
    assert usual < keys_of("fake-search.free_pages=1k,2k")  # a longer axis finds what was done
    others = [
        keys_of("fake-search.free_pages=2k"),
        keys_of("fake-search.free_pages=1k", seeds=(1,)),
        keys_of("fake-search.free_pages=1k", "cluster.nodes.count=8"),
        keys_of("fake-search.free_pages=1k", overrides=["fake-search.variants=all"]),
        keys_of("fake-search.free_pages=1k", settings=Settings()),
        keys_of("fake-search.free_pages=1k", settings=Settings(max_pairs=7)),
        keys_of("fake-search.free_pages=1k", plugins=[Source("mine.py", "", "0" * 64)]),
    ]
    monkeypatch.setattr(machine, "code_stamp", lambda: "other")
    others.append(keys_of("fake-search.free_pages=1k"))
    assert all(len(one) == 1 for one in others)
    assert len(set.union(usual, *others)) == 1 + len(others)


def test_times_are_good_on_their_machine_only_yet_shards_of_machines_go_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The machine is in the key of a timed cell, in none of a counted one, and never in the plan."""

    def made(settings: Settings) -> tuple[Sweep, Sweep]:
        facts = machine.facts()
        monkeypatch.setattr(machine, "facts", lambda: facts)
        here = plan("free_pages=1k,2k", settings=settings)
        monkeypatch.setattr(machine, "facts", lambda: facts.model_copy(update={"fingerprint": "elsewhere"}))
        there = plan("free_pages=1k,2k", settings=settings)
        monkeypatch.undo()
        return here, there

    here, there = made(EXACT)
    assert [one.key for one in here.tasks] == [one.key for one in there.tasks]
    assert here.plan == there.plan
    here, there = made(Settings())
    assert not {one.key for one in here.tasks} & {one.key for one in there.tasks}
    assert here.plan == there.plan


def test_simulated_cells_are_counted_whatever_is_timed() -> None:
    """Their keys are those of a sweep that takes no times."""
    fakes = [replace(one, simulated=True) for one in FAKES]
    given = [axes.parse("free_pages=1k", "--over")]
    timed, counted = (sweep.plan(loaded(), fakes, given, (0,), settings) for settings in (Settings(), EXACT))
    assert [one.key for one in timed.tasks] == [one.key for one in counted.tasks]
