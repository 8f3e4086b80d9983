"""What a run says of coefficients that a real etcd gave: where they are from, and which were stretched."""

import csv
import io
import json
import re

import pytest
from sample_results import MACHINE, result

from kscale.judge import compare
from kscale.report import calibrated, cells, table_compare, table_run
from kscale.report.export import documents, markdown, spreadsheet
from kscale.report.export.subject import Subject
from kscale.report.page import facts, render
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
    run = [one.model_copy(update={"extrapolated": list(beyond)}) for one in made.cells]
    scenario = made.scenario.model_copy(update={"costs": costs})
    return made.model_copy(update={"scenario": scenario, "cells": run})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "(costs/mine.yaml)"),
        ({"fingerprint": "other"}, "(costs/mine.yaml); since then the kernel,"),
        ({"endpoint": "local"}, "(costs/mine.yaml)"),
        ({"plan": "default", "other_cpu_pct": 3.0}, "(costs/mine.yaml)"),
        (
            {"plan": "quick", "other_cpu_pct": 151.0},
            "(costs/mine.yaml); quick plan; other programs used 151 % of a core meanwhile",
        ),
        ({"fingerprint": "other", "cores": 96}, "(costs/mine.yaml); another machine than this run's"),
    ],
)
def test_one_line_says_where_they_were_measured(changed: dict[str, str | float], said: str) -> None:
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
    assert " uses list_walk_ns_per_key, other at 200,000 keys, measured at" in next(calibrated.beyond(made))


@pytest.mark.parametrize(
    ("setting", "ends", "said"),
    [
        ("keys", (1, 2000), "1 to 2,000 keys, measured at 1,000"),
        ("db_bytes", (2_493_772_540, 2_493_772_540), "2.3 GiB of db, measured at 1,000 B"),
        ("bytes", (80, 2048), "80 B to 2 KiB, measured at 1,000 B"),
    ],
)
def test_sizes_have_units(setting: str, ends: tuple[int, int], said: str) -> None:
    """2,493,772,540 bytes are nothing to read."""
    wide = WIDE.model_copy(update={"setting": setting, "used": ends, "measured": (1000, 1000)})
    assert next(calibrated.beyond(with_costs(HERE, wide))).endswith(said)


def test_how_many_are_not_checked_is_said() -> None:
    """Each coefficient once, however many cells read it."""
    made = with_costs(HERE)
    of = [one.model_copy(update={"unchecked": ["a", "b"]}) for one in made.cells]
    found = calibrated.said(made.model_copy(update={"cells": of}))
    assert found is not None
    assert found.endswith("(costs/mine.yaml); of 2 the range of use is not checked")


def test_what_is_extrapolated_is_marked_and_told() -> None:
    """Under the table and on the page, in the JSON by cell; once for all cells of a mechanism."""
    made = with_costs(HERE, WIDE, WIDE.model_copy(update={"used": (300_000, 300_000)}))
    line, *others = calibrated.beyond(made)
    assert len(others) == len({cell.mechanism for cell in made.cells}) - 1
    assert line == (
        f"{made.cells[0].mechanism} uses list_walk_ns_per_key at 200,000 to 300,000 keys,"
        " measured at 1,000 to 64,000"
    )
    text = table_run.run_table(made, 140, verbose=True).plain
    assert line in text
    assert re.search(r"modelled \*$", text, re.MULTILINE)
    assert not re.search(r"exact.* \*$", text, re.MULTILINE)
    assert "costs: 14 coefficients" in text
    plain = table_run.run_table(result(), 140, verbose=True).plain
    assert re.search(r"modelled$", plain, re.MULTILINE)
    assert cells.EXTRAPOLATED in text
    assert cells.EXTRAPOLATED not in plain
    assert "costs:" not in plain
    shown = facts.runs([made, result()])
    told = [fact.values for fact in shown if fact.name in {"extrapolated (*)", ""}]
    assert told == [(line, ""), *((other, "") for other in others)]
    assert {fact.name: fact.values for fact in shown}["costs"][1] == "the profile's"
    of_json = json.loads(documents.render(Subject((made, result()))))["results"]
    assert of_json[0]["scenario"]["costs"]["etcd"] == "etcd 3.5.1"
    assert of_json[0]["extrapolated"][0] == {"cell": made.cells[0].key, **WIDE.model_dump(mode="json")}
    assert (of_json[1]["scenario"]["costs"], of_json[1]["extrapolated"]) == (None, [])


def test_every_output_has_the_mark() -> None:
    """Of modelled rows alone: page, Markdown, CSV and a comparison."""
    made, plain = with_costs(HERE, WIDE), result()
    page = render.page(Subject((made,), (compare.of_variants(made, "baseline", "optimized"),)))
    assert "modelled *</span>" in page
    assert "list_walk_ns_per_key at 200,000 keys" in page
    before = compare.of_variants(plain, "baseline", "optimized")
    assert "modelled *</span>" not in render.page(Subject((plain,), (before,)))
    shown = markdown.render(Subject((made,)))
    assert re.search(r"modelled\u00a0&#42; \|", shown)
    assert "extrapolated: " in shown
    assert cells.EXTRAPOLATED[2:] in shown
    assert cells.EXTRAPOLATED[2:] not in markdown.render(Subject((plain,)))
    rows = list(csv.DictReader(io.StringIO(spreadsheet.render(Subject((made,))))))
    assert {row["provenance"] for row in rows if row["extrapolated"] == "true"} == {"modelled"}
    other = made.model_copy(update={"run": made.run.model_copy(update={"id": "b"})})
    compared = compare.of_results(made, other)
    for of in (compared, compare.of_variants(made, "baseline", "optimized")):
        table = table_compare.comparison_table(of, 160, verbose=True).plain
        assert "modelled *" in table
        assert cells.EXTRAPOLATED in " ".join(table.split())
    held = list(csv.DictReader(io.StringIO(spreadsheet.render(Subject((made, other), (compared,))))))
    assert any(row["extrapolated"] == "true" for row in held)
