"""What is on in a cluster today is told under the table and on the page, if the scenario states it."""

from typing import Any

import pytest
from sample_results import result as sample

from kscale.report import table_run, today
from kscale.report.page import facts
from kscale.results.record import Result


def stating(optimizations: Any) -> Result:  # noqa: ANN401 - whatever a result holds
    """Return a result whose scenario states that."""
    made = sample()
    resolved = {**made.scenario.resolved, "control_plane": {"optimizations": optimizations}}
    return made.model_copy(update={"scenario": made.scenario.model_copy(update={"resolved": resolved})})


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({}, None),
        (None, None),
        ("odd", None),
        ({"etcd-freelist": "yes", "node-lease": 1}, None),
        ({"etcd-freelist": True}, "on in this cluster today: etcd-freelist"),
        ({"etcd-freelist": False}, "off in this cluster today: etcd-freelist"),
        (
            {"zz-not-run": True, "etcd-freelist": True, "etcd-sharding": False},
            "on in this cluster today: etcd-freelist, zz-not-run; off: etcd-sharding",
        ),
    ],
)
def test_what_is_stated_is_said(stated: Any, said: str | None) -> None:  # noqa: ANN401 - as above
    """Those that were run come first; nothing is said where nothing is stated."""
    assert today.said(stating(stated)) == said


def test_it_is_under_the_table_and_on_the_page() -> None:
    """In the footer of a run, and beside the scenario; one of two that states nothing says so."""
    result = stating({"etcd-freelist": True, "etcd-sharding": False})
    text = table_run.run_table(result, 100).plain
    assert "\non in this cluster today: etcd-freelist; off: etcd-sharding\n" in text
    assert "today" not in table_run.run_table(sample(), 100).plain
    found = {fact.name: fact.values for fact in facts.runs([result, sample()])}
    assert found["optimizations"] == (
        "on in this cluster today: etcd-freelist; off: etcd-sharding",
        "not stated",
    )
    assert "optimizations" not in {fact.name for fact in facts.runs([sample()])}
