"""One variant over and over, for a profiler."""

import pytest
from measure_fakes import Script, cluster, loaded, mechanism

from kscale.errors import KscaleError
from kscale.measure import loop, plan


def test_it_loops() -> None:
    """The asked variant runs on fresh states until the time is over; compiled before anybody is told."""
    script = Script()
    (cell,) = plan.plan(loaded("mechanisms: {fake-search: {}}"), [mechanism(script)])
    told: list[tuple[str, int]] = []
    runs, seconds = loop.loop(
        cell, "baseline", cluster(), 0.02, lambda name: told.append((name, len(script.runs())))
    )
    assert told == [("baseline", 1)]
    assert runs == len(script.runs()) - 1 > 0
    assert seconds >= 0.02
    assert script.log.count("build baseline") == runs + 1


def test_an_unknown_variant_is_refused() -> None:
    """Before anything runs."""
    script = Script()
    (cell,) = plan.plan(loaded("mechanisms: {fake-search: {}}"), [mechanism(script)])
    with pytest.raises(KscaleError, match="did you mean 'optimized'"):
        loop.loop(cell, "optimised", cluster(), 1, lambda _: None)
    assert script.runs() == []
