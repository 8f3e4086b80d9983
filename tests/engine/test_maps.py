"""The sweeps that maps are drawn of: each can be planned, marks a point of its own, and begins to run."""

import pytest

from kscale.engine import axes, sweep, task
from kscale.engine.sweep import Sweep
from kscale.engine.worker import Runner
from kscale.measure.timing import Settings
from kscale.mechanisms.registry import MECHANISMS
from kscale.scenario import load, shipped

COUNTED = Settings(budget_s=1.0, cell_cap_s=1.0, timing=False)
MAPS = [name for name in shipped.setups() if name.startswith("maps/")]
QUICK = ("bookmarks", "bookmarks-rings", "encode", "fanout", "freelist-fragmentation", "freelist-values")


def planned(name: str) -> Sweep:
    """Return the sweep of a shipped map."""
    loaded = load.load(name)
    stated = loaded.scenario.sweep
    assert stated
    over = [axes.of(key, values, f"{name}: {key}") for key, values in stated.over.items()]
    return sweep.plan(loaded, MECHANISMS, over, [loaded.scenario.seed], COUNTED)


def test_maps_are_there() -> None:
    """Free lists, bookmarks, fan-out and shared encodings have theirs."""
    assert {f"maps/{name}" for name in QUICK} <= set(MAPS)


@pytest.mark.parametrize("name", MAPS)
def test_a_map_has_axes_and_a_command(name: str) -> None:
    """Its file says how it is drawn; every point is planned, on one cluster or a few."""
    text = (shipped.root() / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# kscale sweep {name} && kscale plot")
    found = planned(name)
    assert 20 <= len(found.tasks) <= 400 or len(found.axes) == 1
    assert found.loaded.scenario.name == name.removeprefix("maps/")


@pytest.mark.parametrize("name", [f"maps/{name}" for name in QUICK])
def test_the_first_point_of_a_map_runs(name: str) -> None:
    """Its smallest sizes come first; the answer is checked, and there is work to compare."""
    found = planned(name)
    first: task.Task = found.tasks[0]
    cell = Runner().run(found.places[first.place], first, COUNTED)
    assert cell.status == "ok"
    assert {"baseline", "optimized"} <= cell.variants.keys()
    assert cell.variants["baseline"].work
