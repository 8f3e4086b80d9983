"""Older results load step by step; newer ones are refused by name."""

import json
from typing import Any

import pytest
from made_results import result

from kscale.errors import KscaleError
from kscale.results import store, upgrade
from kscale.results.upgrade import upgraded


def renamed(tree: dict[str, Any]) -> dict[str, Any]:
    """Stand for the step from 1 to 2."""
    return {**tree, "new": tree["old"]}


def doubled(tree: dict[str, Any]) -> dict[str, Any]:
    """Stand for the step from 2 to 3."""
    return {**tree, "new": tree["new"] * 2}


def test_steps_are_taken_in_a_row() -> None:
    """From each version on, no further than the newest; the schema says what it is now."""
    steps = {1: renamed, 2: doubled}
    old = {"schema": "kscale.result/1", "old": 4}
    assert upgraded(old, 1, 3, steps) == {"schema": "kscale.result/3", "old": 4, "new": 8}
    assert upgraded({"new": 5}, 2, 3, steps)["new"] == 10
    assert upgraded({"new": 5}, 3, 3, steps)["new"] == 5
    assert old == {"schema": "kscale.result/1", "old": 4}


def test_there_is_a_step_from_every_older_version() -> None:
    """The chain has no gap."""
    assert set(upgrade.STEPS) == set(range(1, upgrade.NEWEST))


@pytest.mark.parametrize("tree", [{}, {"old": None}, {"old": {}}])
def test_what_does_not_fit_a_step_is_damaged(tree: dict[str, Any]) -> None:
    """A step of a file that is not what it says is no bug."""
    with pytest.raises(ValueError, match=r"cannot be read as kscale\.result/"):
        upgraded(tree, 1, 3, {1: renamed, 2: lambda tree: {"new": tree["new"] + 1}})


def test_a_file_of_an_older_version_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store takes the steps before it checks the file."""
    now = result("20261121T025400Z-aaaaaaa")
    tree = json.loads(store.dumps(now))
    tree["run"]["duration"] = tree["run"].pop("seconds")  # as version 1 could have called it

    def step(old: dict[str, Any]) -> dict[str, Any]:
        """Return the tree of the next version."""
        run = {key: value for key, value in old["run"].items() if key != "duration"}
        return {**old, "run": run | {"seconds": old["run"]["duration"]}}

    monkeypatch.setattr(store, "upgraded", lambda tree, version: upgraded(step(tree), version))
    assert store.parse(json.dumps(tree).encode(), "old.json") == now


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        (
            "kscale.result/2",
            "has schema kscale.result/2, this kscale reads up to /1; a newer kscale wrote it",
        ),
        ("kscale.result/999999", "a newer kscale wrote it"),
        ("kscale.result/0", "not a result of kscale"),
        ("kscale.result/01", "not a result of kscale"),
        ("kscale.result/1 ", "not a result of kscale"),
        ("kscale.result/" + "9" * 5000, "not a result of kscale"),
        ("kscale.scenario/1", "not a result of kscale"),
    ],
)
def test_other_versions_are_refused_by_name(schema: str, says: str) -> None:
    """Newer than this kscale, or none that ever was."""
    with pytest.raises(KscaleError, match=says) as caught:
        store.parse(json.dumps({"schema": schema}).encode(), "x.json")
    assert len(str(caught.value)) < 120
