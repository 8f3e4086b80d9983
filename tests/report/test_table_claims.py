"""Claims as text: table at every width, details, documents."""

import csv
import io
import json
import math
from pathlib import Path

import golden_text
import made_claims
import pytest
from rich.cells import cell_len

from kscale.judge.claims import registry, verdict
from kscale.judge.claims.record import Figure, Inputs, Ran, Setup, identity, order, ratio
from kscale.mechanisms.registry import MECHANISMS
from kscale.report import claims_details, claims_wording, coefficients
from kscale.report.export import claims as documents
from kscale.report.table_claims import claims_table
from kscale.scenario.costs import Coefficient

HOSTILE = "\x1b[2J\u202e|=cmd()<b>"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table(width: int, tmp_path: Path) -> None:
    """One claim of each verdict: a column for everything, fewer columns, or two lines a figure."""
    found = claims_table(made_claims.findings(), {}, width)
    golden_text.check(f"claims_{width}", found.plain, tmp_path)


@pytest.mark.parametrize("width", [30, 60, 80, 100, 160, 240])
def test_no_line_is_too_long(width: int) -> None:
    """Numbers are whole at any width; from 50 columns on nothing stands out."""
    text = claims_table(made_claims.findings(), {}, width).plain
    for number in ("10.5 s", "8.1 s", "18.8x", "149 MB/min"):
        assert number in text.replace("\n", " ")
    if width >= 50:
        assert max(map(cell_len, text.splitlines())) <= width


def test_words_beside_colours() -> None:
    """Each verdict is told by a mark or a word; none by colour alone."""
    text = claims_table(made_claims.findings(), {}, 120).plain
    for said in (
        "reproduced",
        "in band",
        "fitted",
        "outside",
        "not reproducible as stated: the load",
        "(in band)",
    ):
        assert said in text
    assert "! fitted to it: list_cpu_ns" in text
    assert "ratios: 1 of 2 are in band (50 %); not counted: 1 fitted" in text


def test_what_was_interrupted_is_said() -> None:
    """With how many claims are missing."""
    assert "interrupted: 3 claims not run" in claims_table(made_claims.findings(), {}, 80, missing=3).plain


def test_details() -> None:
    """Set-up as published and ours, parameters that are set, assumptions, coefficients."""
    (found,) = (one for one in made_claims.findings() if one.claim.id == "M1")
    lines = claims_details.details(found, MECHANISMS)
    assert lines[0] == "set-up as published: one list a second of 300k x 1 KB"
    assert "our set-up: kscale run claims/made (profile k8s-1.14)" in lines
    assert "  etcd-freelist: 10k free pages" in lines
    assert "assumed: Pods of 10 KB." in lines
    shown = claims_table([found], {"M1": lines}, 60).plain
    assert "assumed: Pods of 10 KB." in shown
    assert "kscale claims M1 -v" not in shown


def test_details_name_the_inputs() -> None:
    """The cluster in a line; parameters with units, in full where short ones would be another number."""
    sizes = ({"free_pages": 1_000_000, "seed": None}, {"free_pages": 1_043_564, "seed": 3})
    inputs = Inputs(10_000, 1000, 10_000, 1, 50, 3, 1_500_000, 0.01, 10 * 10**9, 15_000, 7)
    watched = Ran("controller-standby", {"watched_ns": 600_000_000_000}, {}, {})
    cells = tuple(Ran("etcd-freelist", params, {}, {}) for params in sizes)
    setup = Setup("made", (*cells, watched), "k8s-1.14", inputs)
    made = made_claims.claim("M1", "M", order("x", "x", 1.0, lambda _: 1.0))
    lines = claims_details.details(verdict.judge(made, setup, MECHANISMS), MECHANISMS)
    assert lines[2] == (
        "  cluster: 10k nodes, 1k pods, 10k objects, 1 API server, 50 controllers, 3 etcd members, "
        "fsync 1.5 ms, pod changes 36/h, node status of 15,000 B every 10 s, seed 7"
    )
    assert lines[3:6] == [
        "  etcd-freelist: 1M free pages",
        "  etcd-freelist: 1,043,564 free pages, seed 3",
        "  controller-standby: watched 10 min",
    ]


def test_headings_by_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are typed, in the order of the registry; at any width."""
    found = made_claims.findings()
    claims = [one.claim for one in found]
    monkeypatch.setattr(registry, "SUBJECTS", {"reads": tuple(claims[:2]), "writes": tuple(claims[2:])})
    for width in (60, 120):
        lines = claims_table(found, {}, width).plain.splitlines()
        headings = [number for number, line in enumerate(lines) if line.startswith("── ")]
        assert [lines[number].strip("─ ") for number in headings] == ["reads", "writes"]
        assert [lines[number + 2].split()[0] for number in headings] == ["A1", "R2"]
        assert all(cell_len(lines[number]) == min(width, 78 if width == 60 else 120) for number in headings)


def test_what_is_outside_is_named_at_the_end() -> None:
    """By kind; nothing is said where nothing is."""
    wrong = [
        made_claims.finding(made_claims.claim(f"M{number}", "M", order("x", "x", 1, lambda _: 9.0)))
        for number in (7, 8)
    ]
    found = [*made_claims.findings(), *wrong]
    assert claims_wording.outside(found) == "outside: R2 (R), M7 M8 (M)"
    assert "outside: R2 (R), M7 M8 (M)" in claims_table(found, {}, 120).plain
    assert "- outside: R2 (R), M7 M8 (M)\n" in documents.render_markdown(found, MECHANISMS)
    assert not claims_wording.outside(found[:1])


def test_kinds_of_which_none_counts() -> None:
    """Nothing is said of how many hold."""
    aside = made_claims.finding(made_claims.claim("M2", "M", setup=None, not_reproducible="no load"))
    assert claims_wording.summary([aside]) == ["measurements: not counted: 1 not reproducible as stated"]


def test_a_coefficient_in_a_line() -> None:
    """Value, unit, range, how it came about, what it was fitted to, and who says so."""
    one = Coefficient(
        value=16_700,
        range=(10_000, 25_000),
        unit="ns",
        provenance="fitted",
        about="CPU",
        source="KEP-2340",
        fitted_to=("C8",),
    )
    assert (
        coefficients.line("list_ns", one) == "list_ns = 16,700 ns [10,000 to 25,000], fitted to C8: KEP-2340"
    )
    other = one.model_copy(update={"value": 12_000})
    models = {"k8s-1.14": {"list_ns": one}, "k8s-1.20": {"list_ns": one}, "k8s-1.36": {"list_ns": other}}
    amount, said = coefficients.by_profile("list_ns", models)
    assert amount == "16,700 ns [10,000 to 25,000]"
    assert said.startswith("CPU [fitted to C8: KEP-2340]; k8s-1.36: 12,000 ns [10,000")
    assert "k8s-1.20" not in said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.17, "x", "0.17x"),
        (23.6, "x", "23.6x"),
        (864.0, "x", "864x"),
        (150e6, "bytes/min", "150 MB/min"),
        (1.3e9, "bytes", "1.3 GB"),
        (512, "bytes", "512 B"),
        (13_000, "1/s", "13,000/s"),
        (6.92, "cores", "6.92 cores"),
        (17.4e9, "ns", "17.4 s"),
        (0.5, "s", "500 ms"),
        (0.03, "share", "3 %"),
        (659_936, "events", "659.9k events"),
        (0, "relists", "0 relists"),
        (math.nan, "x", "nan"),
        (math.inf, "x", "inf"),
    ],
)
def test_amounts_are_said_as_publications_do(value: float, unit: str, said: str) -> None:
    """Decimal prefixes, three digits, and the digits that were published."""
    assert claims_wording.amount(value, unit) == said


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (identity("x", "x", 100, lambda _: 1.0), "± 5 %"),
        (identity("x", "relists", 0, lambda _: 0.0), "exactly"),
        (ratio("x", 20, (10, 30), lambda _: 1.0), "10x to 30x"),
        (ratio("x", 30, (30, math.inf), lambda _: 1.0), "at least 30x"),
        (order("x", "ns", 1e9, lambda _: 1.0), "500 ms to 2 s"),
    ],
)
def test_bands_in_words(figure: Figure, said: str) -> None:
    """Both ends, or what they come to."""
    judged = made_claims.finding(made_claims.claim("X", "R", figure)).figures[0]
    assert claims_wording.band(judged) == said


def test_a_band_of_its_own_is_not_said_to_be_the_usual_one() -> None:
    """Counted apart; alone, nothing is said of the others; a bound has no factor."""
    wide = made_claims.finding(made_claims.claim("A2", "A", ratio("x", 10, (8, 12), lambda _: 9.0)))
    bound = made_claims.finding(made_claims.claim("M9", "M", ratio("x", 50, (50, math.inf), lambda _: 80.0)))
    found = [*made_claims.findings(), wide, bound]
    said = claims_wording.summary(found)
    assert said[0] == "identities: 1 of 1 hold within 5 %, 1 of 1 in a band of its own"
    assert claims_wording.summary([bound]) == ["measurements: 1 of 1 in a band of its own"]
    assert claims_wording.factor(bound.figures[0]) == "-"


def test_an_interval_stands_beside_a_time() -> None:
    """In words and in every document; one without an end is none."""
    for ends, said in (((20.0, 22.5), "21x (20x to 22.5x)"), ((0.0, math.inf), "21x")):
        figure = order("gain", "x", 20, lambda _: 21.0, lambda _, ends=ends: ends)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        found = made_claims.finding(made_claims.claim("T1", "M", figure))
        assert claims_wording.ours(found.figures[0]) == said
        (row,) = csv.DictReader(io.StringIO(documents.render_csv([found], MECHANISMS), newline=""))
        kept = documents.fields(found, MECHANISMS)["figures"][0]["interval"]
        if said == "21x":
            assert (kept, row["ours_low"]) == (None, "")
        else:
            assert (kept, row["ours_low"], row["ours_high"]) == ([20.0, 22.5], "20.0", "22.5")


def test_json_holds_everything() -> None:
    """One document: counts by kind, then a claim a line; no end of a band is null."""
    open_ended = made_claims.finding(
        made_claims.claim("R9", "R", ratio("x", 30, (30, math.inf), lambda _: 40.0))
    )
    tree = json.loads(documents.render_json([*made_claims.findings(), open_ended], MECHANISMS))
    assert tree["schema"] == "kscale.claims/1"
    assert tree["counts"]["R"] == {
        "held": 2,
        "of": 3,
        "fitted": 1,
        "not_reproducible": 0,
        "share": 2 / 3,
        "own_held": 0,
        "own_of": 0,
    }
    by_id = {one["id"]: one for one in tree["claims"]}
    assert by_id["R9"]["figures"][0]["high"] is None
    assert by_id["R9"]["setup"]["cells"] == [
        {"mechanism": "etcd-freelist", "params": {"free_pages": 10_000, "seed": None}}
    ]
    assert by_id["R3"]["verdict"] == "fitted"
    assert by_id["R3"]["fitted_by"] == ["list_cpu_ns"]
    assert not by_id["R3"]["counted"]
    assert by_id["M2"]["setup"] is None
    assert by_id["A1"]["figures"][0]["factor"] == pytest.approx(149.2 / 150)
    lines = documents.render_lines(made_claims.findings(), MECHANISMS).splitlines()
    assert [json.loads(line)["id"] for line in lines] == made_claims.ids(made_claims.findings())


def test_csv_has_a_row_for_each_figure() -> None:
    """And one without numbers for a claim that has none; numbers read back equal."""
    found = made_claims.findings()
    rows = list(csv.DictReader(io.StringIO(documents.render_csv(found, MECHANISMS), newline="")))
    assert len(rows) == sum(max(1, len(one.figures)) for one in found)
    assert [row["id"] for row in rows if not row["ours"]] == ["M2"]
    assert float(rows[0]["ours"]) == 149.2e6
    assert {row["claim_verdict"] for row in rows if row["id"] == "R2"} == {"outside"}
    assert {row["verdict"] for row in rows if row["id"] == "R2"} == {"outside", "in band"}


def test_markdown_is_a_table() -> None:
    """As wide in every line, with what does not count below it."""
    text = documents.render_markdown(made_claims.findings(), MECHANISMS)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count(" | ") for line in lines if not line.startswith("|---")}) == 1
    assert "- M2: not reproducible as stated: the load was not published" in text
    assert "| x | outside | R2 |" in text


def test_hostile_names_are_harmless() -> None:
    """Escapes for a terminal, entities in Markdown, no formula in CSV."""
    made = made_claims.claim(
        "X1",
        "M",
        order(HOSTILE, "ns", 1.0, lambda _: 1.0),
        title=HOSTILE,
        source=f"={HOSTILE}",
        stated=HOSTILE,
    )
    found = [made_claims.finding(made)]
    told = {"X1": claims_details.details(found[0], MECHANISMS)}
    for width in (40, 160):
        assert not {"\x1b", "\u202e"} & set(claims_table(found, told, width).plain)
    assert "<b>" not in documents.render_markdown(found, MECHANISMS)
    assert "'=" in documents.render_csv(found, MECHANISMS)
    assert verdict.count(found, "M").held == 1
