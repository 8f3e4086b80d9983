"""A simulation as text: the sentence, the table at every width, the page, the documents."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import golden_text
import made_simulations as made
import pytest
from made_saved import FAULT, labelled, saved_simulation
from rich.cells import cell_len

from kscale.clusterwide import saved
from kscale.clusterwide.saved import Labelled
from kscale.report import simulate_rows, simulate_wording, table_simulate
from kscale.report.export import simulations as documents
from kscale.report.simulate_entries import BETTER, WORSE
from kscale.report.table_simulate import Subject

LIMIT = "the scheduler is the limit: 9,000 of 30,000 pods have no node at the end"
HOSTILE = "\x1b[2J\u202e|=cmd()<b>"


def subject(*labels: str, draws: int = 0) -> Subject:
    """Return what is shown of runs with these labels."""
    runs = labelled(*(labels or ("none", "all")), draws=bool(draws))
    return Subject("alibaba-10k", runs, (FAULT,), draws, coefficients=87, today=True)


@pytest.mark.parametrize(("width", "draws"), [(60, 0), (80, 8), (120, 8)])
def test_the_simulation_table(width: int, draws: int, tmp_path: Path) -> None:
    """With what changed, without it, or a line for the runs."""
    found = table_simulate.simulate_table(subject(draws=draws), width)
    golden_text.check(f"simulate_{width}", found.plain, tmp_path)


def test_the_simulation_table_in_full(tmp_path: Path) -> None:
    """Three runs, every stage of a pod's life, every counter."""
    found = table_simulate.simulate_table(subject("none", "today", "all"), 160, verbose=True)
    golden_text.check("simulate_verbose", found.plain, tmp_path)


@pytest.mark.parametrize("width", [30, 60, 79, 100, 160, 200])
@pytest.mark.parametrize("labels", [("none",), ("none", "all"), ("none", "today", "node-lease", "all")])
def test_no_line_of_a_simulation_is_too_long(width: int, labels: tuple[str, ...]) -> None:
    """Numbers are whole at any width; from 50 columns on nothing stands out."""
    text = table_simulate.simulate_table(subject(*labels, draws=3), width, verbose=True).plain
    for number in ("x 4.2 s", "! 100 % / 9,012", "51,000 of 60,000", "62.9 % of 8 GiB"):
        assert number in text
    if width >= 60:
        assert max(map(cell_len, text.splitlines())) <= width


def test_modelled_is_said_once() -> None:
    """In a line of its own, with what the numbers stand on."""
    text = table_simulate.simulate_table(subject(draws=4), 120, verbose=True).plain
    assert text.count("modelled") == 1
    assert "modelled: times and use follow from 87 coefficients, nothing was measured" in text


def test_what_was_not_answered_is_no_number() -> None:
    """Not in the table, not in the ranges, not in CSV."""
    rows = [row for group in simulate_rows.groups(labelled("none", "all")) for row in group.rows]
    (startup,) = (row for row in rows if row.title == "pod start-up P99 <= 5 s")
    assert [entry.plain for entry in startup.entries] == ["x > 97 s", "✓ 3.8 s"]
    assert (startup.change.text, startup.change.tone) == ("answered", BETTER)
    again = [row for group in simulate_rows.groups(labelled("all", "none")) for row in group.rows]
    (worse,) = (row for row in again if row.title == "pod start-up P99 <= 5 s")
    assert (worse.change.text, worse.change.tone) == ("not answered", WORSE)


def test_losses_are_said() -> None:
    """What got worse by more than a twentieth, with both numbers; nothing where all is better."""
    assert simulate_rows.losses(simulate_rows.groups(labelled("none", "all"))) == ()
    lost = simulate_rows.losses(simulate_rows.groups(labelled("all", "none")))
    assert "relists: 2 before, 44 after (22x more)" in lost
    assert "pod start-up P99 <= 5 s: 3.8 s before, > 97 s after (not answered)" in lost
    assert not any(said.startswith("reads of one object") for said in lost)
    text = table_simulate.simulate_table(Subject("x", labelled("all", "none")), 100).plain
    assert "where it loses\n" in text


def test_runs_of_other_lengths_are_not_counted_against_each_other() -> None:
    """One that ended early has less of everything; a rate can still be compared."""
    short = Labelled("none", made.simulated(ended_ns=made.RUN // 3, stopped="pod-startup"))
    groups = simulate_rows.groups((short, *labelled("all")))
    changes = {row.title: row.change.text for group in groups for row in group.rows}
    assert changes["relists"] == changes["pods running of those asked for"] == ""
    assert changes["etcd log a minute"].endswith("less")
    text = table_simulate.simulate_table(Subject("x", (short, *labelled("all"))), 100).plain
    assert "! baseline ended at 3.33 min of 10 min: pod-startup" in text


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (
            ("none", "all"),
            f"Without the optimizations {LIMIT}; with all of them every objective is kept.",
        ),
        (("all",), "With all optimizations every objective is kept."),
        (
            ("today", "all"),
            f"As it is today {LIMIT}; with all optimizations every objective is kept.",
        ),
        (
            ("all", "all,-node-lease"),
            f"With all optimizations every objective is kept; with all optimizations but node-lease {LIMIT}.",
        ),
    ],
)
def test_the_finding(labels: tuple[str, ...], said: str) -> None:
    """One sentence, whichever run breaks."""
    assert simulate_wording.finding(labelled(*labels)) == said


def test_the_finding_when_all_is_kept() -> None:
    """Nothing is won, and that is said."""
    kept = (Labelled("none", made.optimized()), Labelled("all", made.optimized()))
    said = "Every objective is kept, without the optimizations and with all of them."
    assert simulate_wording.finding(kept) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"scheduling": made.quantiles(60 * made.S, 134 * made.S)},
            "the scheduler is the limit: pods wait 2.23 min",
        ),
        (
            {"blame": "apiserver-cpu"},
            "the API servers' CPU is the limit: pod start-up: more than 1 % did not run when",
        ),
        (
            {"blame": "clients"},
            "the clients' QPS limits (control_plane.controller_qps) are the limit: ",
        ),
        ({"blame": ""}, "Without the optimizations pod start-up: more than 1 %"),
        (
            {"blame": "etcd-store", "verdicts": made.verdicts(made.optimized().slis, 300_000)},
            "etcd's quota is the limit: writes refused or given up: 30 %, at most 1 % is right",
        ),
    ],
)
def test_the_symptom(changes: dict[str, object], said: str) -> None:
    """What the worst broken objective does to whom it is for."""
    assert said in simulate_wording.finding([Labelled("none", made.simulated(**changes))])


def broken(p90: int | None, **counts: int) -> Labelled:
    """Return a run of which one request in fifty has no answer."""
    lost = replace(made.quantiles(9 * made.MS, 21 * made.MS, unanswered=600), p90=p90)
    run = made.optimized(slis=made.slis(made.quantiles(1900 * made.MS, 2600 * made.MS), lost))
    return Labelled("none", replace(run, counts=dict(run.counts) | counts, blame="etcd-apply"))


def test_in_flight_is_not_given_up() -> None:
    """Who had no answer when the run ended may have had one later: only what was refused is said to be."""
    said = simulate_wording.finding([broken(None)])
    assert said.endswith("changes of one object: more than 1 % had no answer when the run ended.")
    said = simulate_wording.finding([broken(None, **{"given-up": 3})])
    assert said.endswith("1 % were refused, given up or had no answer when the run ended.")


@pytest.mark.parametrize(
    ("p90", "cell"), [(4300, "x > 4.3 s"), (900, "x not answered"), (None, "x not answered")]
)
def test_a_bound_where_p99_is_not_known(p90: int | None, cell: str) -> None:
    """P90 is below P99; it is shown where that alone breaks the objective."""
    one = broken(None if p90 is None else p90 * made.MS)
    rows = {row.title: row for group in simulate_rows.groups([one]) for row in group.rows}
    assert rows["changes of one object P99 <= 1 s"].entries[0].plain == cell


def test_pods_that_fit_nowhere_are_said() -> None:
    """They are in no latency, so that a reader has to know of them; without any nothing is said."""
    assert not list(simulate_wording.notes(labelled("all"), ()))
    run = made.optimized()
    counts = dict(run.counts) | {"pods-pending": 79, "pods-asked": 6000}
    (note,) = simulate_wording.notes([Labelled("all", replace(run, counts=counts))], ())
    assert note == "optimized: 79 of 6,000 pods fit no node (left out of start-up and scheduling)"


def test_draws_that_break_are_counted() -> None:
    """In the finding and in a row of each set; nothing in the finding if none breaks."""
    one, other = labelled("none", "all", draws=True)
    shown = (replace(one, broken_draws=4), other)
    assert simulate_wording.finding(shown, 6).endswith(
        " With coefficients drawn within their ranges an objective breaks in 4 of 6 draws without the"
        " optimizations, in 0 of 6 draws with all of them."
    )
    assert "draws" not in simulate_wording.finding((one, other), 6)
    rows = {row.title: row for group in simulate_rows.groups(shown, draws=6) for row in group.rows}
    assert [one.plain for one in rows["an objective breaks in"].entries] == ["4 of 6 draws", "0 of 6 draws"]


def test_one_run_has_no_change() -> None:
    """There is nothing that it could have changed from."""
    assert "change\n" not in table_simulate.simulate_table(subject("none"), 100).plain
    assert "change\n" in table_simulate.simulate_table(subject("none", "all"), 100).plain
    assert "| change |" not in documents.render_markdown(saved_simulation("none"))
    assert "| change |" in documents.render_markdown(saved_simulation())


def test_nothing_asked_is_no_objective_kept() -> None:
    """A verb of which there was no request has no number, and no mark."""
    slis = tuple(
        replace(sli, windows=tuple(replace(window, count=0) for window in sli.windows))
        if sli.name == "read-cluster"
        else sli
        for sli in made.optimized().slis
    )
    quiet = Labelled("all", replace(made.optimized(), slis=slis))
    rows = {row.title: row for group in simulate_rows.groups([quiet]) for row in group.rows}
    assert rows["lists of the cluster P99 <= 30 s"].entries[0].plain == "-"
    assert "lists of the cluster" not in rows


def test_hostile_names_are_harmless() -> None:
    """Of scenarios, verdicts, counters and sets; in every format."""
    run = made.simulated(
        stopped=HOSTILE,
        verdicts=tuple(replace(one, title=HOSTILE) for one in made.simulated().verdicts),
        counts={**made.simulated().counts, HOSTILE: 3},
    )
    shown = Subject(HOSTILE, (Labelled(HOSTILE, run),))
    text = table_simulate.simulate_table(shown, 100, verbose=True).plain
    assert "\x1b" not in text
    assert "\u202e" not in text
    found = saved_simulation(runs=[saved.record(one) for one in shown.runs])
    markdown = documents.render_markdown(found)
    assert "<b>" not in markdown
    assert "\x1b" not in markdown
    assert all(
        "\x1b" not in cell for row in csv.reader(io.StringIO(documents.render_csv(found))) for cell in row
    )


def test_csv_has_every_number_once() -> None:
    """In full, with units, ranges, and nothing for what was not answered."""
    rows = list(csv.DictReader(io.StringIO(documents.render_csv(saved_simulation()))))
    names = [(row["run"], row["name"]) for row in rows]
    assert len(set(names)) == len(names)
    found = dict(zip(names, rows, strict=True))
    p99 = found["none", "scheduling.p99"]
    assert (p99["value"], p99["low"], p99["high"], p99["unit"]) == ("", "44000000000", "", "ns")
    assert found["all", "scheduling.p99"]["value"] == "44000000"
    assert found["none", "count.evaluations"]["provenance"] == "exact"
    assert found["none", "setting.apiservers"]["provenance"] == "input"
    assert found["none", "scheduler.busy_ppm"]["value"] == "999966"
    assert found["none", "etcd-store.capacity"]["unit"] == "bytes"


def test_markdown_has_the_table() -> None:
    """A cell for each run, and what is to be known before it is believed."""
    text = documents.render_markdown(saved_simulation("all", "none"))
    assert "**With all optimizations every objective is kept; without" in text
    assert "| pod start-up P99 &lt;= 5 s | ✓ 3.8 s | x &gt; 97 s | not answered |" in text
    assert "- note: fault: API server restart for 10 s at " in text
    assert "- where it loses: relists: 2 before, 44 after" in text
    assert "modelled: times and use follow from 3 coefficients" in text


def test_json_lines_are_runs() -> None:
    """One a line, each whole."""
    lines = documents.render_lines(saved_simulation()).splitlines()
    assert [json.loads(line)["label"] for line in lines] == ["none", "all"]
