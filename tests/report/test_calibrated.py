"""What a run says of coefficients that a real etcd gave: where they are from, and which were stretched."""

import json
import re

import pytest
from sample_results import MACHINE, result

from kscale.report import calibrated, table_run
from kscale.report.export import documents
from kscale.report.export.subject import Subject
from kscale.report.page import facts
from kscale.results.record import CostsRef, Extrapolated, Result

HERE = CostsRef(
    path="costs/mine.yaml",
    coefficients=14,
    etcd="etcd 3.5.1",
    cpu=MACHINE.cpu_model,
    cores=MACHINE.cores_logical,
    date="2026-11-21",
    fingerprint=MACHINE.fingerprint,
)
WIDE = Extrapolated(
    coefficient="list_walk_ns_per_key", setting="keys", measured=(1000, 64_000), used=(200_000, 200_000)
)


def with_costs(costs: CostsRef | None, *beyond: Extrapolated) -> Result:
    """Return a result with such coefficients, every cell using some *beyond* what was measured."""
    made = result()
    cells = [one.model_copy(update={"extrapolated": list(beyond)}) for one in made.cells]
    scenario = made.scenario.model_copy(update={"costs": costs})
    return made.model_copy(update={"scenario": scenario, "cells": cells})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "(costs/mine.yaml)"),
        ({"fingerprint": "other"}, "(costs/mine.yaml); since then the kernel,"),
        ({"endpoint": "local"}, "(costs/mine.yaml)"),
        ({"fingerprint": "other", "cores": 96}, "(costs/mine.yaml); another machine than this run's"),
    ],
)
def test_one_line_says_where_they_were_measured(changed: dict[str, str | int], said: str) -> None:
    """And whether that was this machine."""
    found = calibrated.said(with_costs(HERE.model_copy(update=changed)))
    assert found is not None
    cores = changed.get("cores", MACHINE.cores_logical)
    head = f"costs: 14 coefficients measured on etcd 3.5.1, {cores} x {MACHINE.cpu_model}, 2026-11-21 "
    assert found.startswith(head + said)


def test_a_machine_that_is_not_known_is_said_to_be() -> None:
    """It is the client's that the file has."""
    found = calibrated.said(with_costs(HERE.model_copy(update={"endpoint": "elsewhere"})))
    assert found is not None
    assert "on etcd 3.5.1, at an endpoint, its machine unknown, its client on 2 x " in found


def test_those_that_say_nothing_of_themselves_are_told_too() -> None:
    """In a file by hand, or in the scenario; none for the profile's alone."""
    by_hand, within = CostsRef(path="a.yaml", coefficients=1), CostsRef(coefficients=2)
    assert calibrated.said(with_costs(by_hand)) == "costs: 1 coefficient in place of the profile's (a.yaml)"
    assert calibrated.said(with_costs(within)) == (
        "costs: 2 coefficients in place of the profile's (in the scenario)"
    )
    assert calibrated.said(result()) is None


def test_coefficients_that_leave_the_same_range_share_a_line() -> None:
    """In the order in which they are met."""
    made = with_costs(HERE, WIDE, WIDE.model_copy(update={"coefficient": "other"}))
    assert "extrapolated: list_walk_ns_per_key, other measured at" in next(calibrated.beyond(made))


def test_what_is_extrapolated_is_marked_and_told() -> None:
    """Under the table and on the page, in the JSON by cell; once for all cells of a mechanism."""
    made = with_costs(HERE, WIDE, WIDE.model_copy(update={"used": (300_000, 300_000)}))
    line, *others = calibrated.beyond(made)
    assert len(others) == len({cell.mechanism for cell in made.cells}) - 1
    assert line == (
        "* extrapolated: list_walk_ns_per_key measured at 1,000 to 64,000 keys,"
        f" used at 200,000 to 300,000 ({made.cells[0].mechanism})"
    )
    text = table_run.run_table(made, 140, verbose=True).plain
    assert line in text
    assert re.search(r"modelled \*$", text, re.MULTILINE)
    assert not re.search(r"exact.* \*$", text, re.MULTILINE)
    assert "costs: 14 coefficients" in text
    plain = table_run.run_table(result(), 140, verbose=True).plain
    assert re.search(r"modelled$", plain, re.MULTILINE)
    assert "extrapolated" not in plain
    assert "costs:" not in plain
    shown = {fact.name: fact.values for fact in facts.runs([made, result()])}
    assert shown["extrapolated"] == ("; ".join((line, *others)), "nothing")
    assert shown["costs"][1] == "the profile's"
    of_json = json.loads(documents.render(Subject((made, result()))))["results"]
    assert of_json[0]["scenario"]["costs"]["etcd"] == "etcd 3.5.1"
    assert of_json[0]["extrapolated"][0] == {"cell": made.cells[0].key, **WIDE.model_dump(mode="json")}
    assert (of_json[1]["scenario"]["costs"], of_json[1]["extrapolated"]) == (None, [])
