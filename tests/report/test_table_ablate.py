"""The table of what each optimization buys, its sentences and its documents."""

import csv
import io
import json
import re
from dataclasses import replace
from fractions import Fraction

import made_ablations as made
import pytest

from kscale.clusterwide import toggles
from kscale.clusterwide.ablate import Ablation, Valued
from kscale.clusterwide.ablate_metrics import LIMIT
from kscale.report import ablate_wording as wording
from kscale.report import table_ablate
from kscale.report.export import ablate as documents
from kscale.report.plot import ablation
from kscale.report.text import clean_prose

WIDTHS = (60, 80, 100, 120, 200)
SMALL = made.account()
ALL = made.of_all()


def plain(found: Ablation, width: int = 120) -> str:
    """Return the table as text."""
    return table_ablate.ablate_table(found, width).plain


def flat(found: Ablation, width: int = 120) -> str:
    """Return the table in one line."""
    return clean_prose(plain(found, width))


def test_the_table_says_what_each_buys() -> None:
    """A sentence, before, a row for each optimization, the sum, after; what it is, and how to read it."""
    said = plain(SMALL)
    assert (
        "Pod start-up P99: not answered within 90 s without the optimizations, 10.8 s with 5 optimizations; "
        "node-lease makes 88 % of the difference, watch-encode 13 %."
    ) in flat(SMALL)
    assert "modelled: every run follows from coefficients, nothing was measured" in said
    rows = [line.split() for line in said.splitlines()]
    assert ["before", "!", "90.00", "s"] in rows
    assert ["sum", "-79.17", "s"] in rows
    assert ["after", "10.83", "s"] in rows
    lease = next(row for row in rows if row[:1] == ["node-lease"])
    assert lease[-6:] == ["-70.00", "s", "-60.00", "s", "-80.00", "s"]
    assert "exactly 0, and no output changes: etcd-learner" in said
    assert "node-lease and watch-encode need each other: together 20.00 s more than apart" in said


def test_what_makes_it_worse_is_said_as_plainly() -> None:
    """A loss has its word, its colour, a bar of its own pattern and its place by size."""
    (line,) = (line for line in plain(SMALL).splitlines() if line.startswith("watch-bookmark"))
    assert "+1.23 s  worse" in line
    assert table_ablate.WORSE_BAR in line
    found = table_ablate.ablate_table(SMALL, 120)
    worse = [found.plain[span.start : span.end] for span in found.spans if "red" in str(span.style)]
    assert any("worse" in one for one in worse)
    assert not any("node-lease" in one for one in worse)


@pytest.mark.parametrize("found", [SMALL, ALL], ids=["exact", "drawn"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_every_width(found: Ablation, width: int) -> None:
    """No line is wider than the terminal, every value is there, and they add up as shown."""
    said = plain(found, width)
    assert max(map(len, said.splitlines())) <= width
    to = table_ablate.scale_of(found)
    rows, _ = table_ablate.rows_of(found, to)
    for row in rows:
        assert row.part.toggle in said
        assert to.text(row.quanta, signed=True) in said
    start, end = (to.rounded(one.amount) for one in (found.value_before, found.value_after))
    assert start + sum(row.quanta for row in rows) == end


def test_drawn_orders_say_how_sure_they_are() -> None:
    """Each value has its standard error; the way to count all orders is named with what it takes."""
    said = flat(ALL)
    assert "mean over 8 orders in which they are added, ± its standard error" in said
    loud = sum(not part.quiet for part in ALL.parts)
    assert f"--exact counts every order: {2**loud} sets" in said
    assert "±" in plain(ALL)
    assert "±" not in plain(SMALL)
    assert "exactly 0, though other outputs change: etcd-sharding" in said
    assert "?" in plain(made.account(orders=2))


def test_unanswered_runs_are_said() -> None:
    """How many values are bounds, and what they were counted as; nothing of it where all were answered."""
    assert "! 16 of 32 sets were never answered: counted as the length of the run" in flat(
        made.account(every=True, after=made.SMALL - {"etcd-learner"} | {"etcd-sharding"})
    )
    answered = made.account(before=frozenset({"node-lease"}), after=made.SMALL)
    assert "!" not in plain(answered)


def test_no_difference_is_said() -> None:
    """Where nothing changes, the sentence says so, and all are worth exactly 0."""
    found = made.account(after=frozenset({"etcd-learner", "etcd-sharding"}))
    assert "no difference." in flat(found)
    assert "exactly 0, though other outputs change: etcd-sharding" in flat(found)
    assert plain(found, 60)


def test_stand_ins_are_told_from_those_that_need_each_other() -> None:
    """The sign of a pair depends on which way is better."""
    pair = SMALL.pairs[0]
    other = replace(pair, amount=7 * made.S)
    said = wording.pair(SMALL, other, table_ablate.scale_of(SMALL))
    assert said == f"{pair.one} and {pair.two} stand in for each other: together 7.00 s less than apart"
    more = wording.pair(replace(SMALL, better="higher"), other, table_ablate.scale_of(SMALL))
    assert more.endswith("need each other: together 7.00 s more than apart")


def limits() -> Ablation:
    """Return an account of the limit."""
    (lease,) = (part for part in SMALL.parts if part.toggle == "node-lease")
    return replace(
        SMALL,
        metric=LIMIT,
        unit="nodes",
        better="higher",
        value_before=Valued(1650),
        value_after=Valued(12_000, bound=True),
        denominator=3,
        parts=(replace(lease, numerator=3 * 10_350, alone=8000, last=-20),),
        pairs=(),
        bounds=1,
    )


def test_a_limit_is_counted_in_nodes() -> None:
    """Of a limit more is better, and one that was not reached is at least that."""
    said = flat(limits())
    assert "Largest cluster that keeps every objective: 1,650 nodes without" in said
    assert "12,000 nodes or more with 5 optimizations" in said
    assert "! 1 of 20 sets has no wall up to the largest size: counted as that" in re.sub(
        r"of \d+ sets", "of 20 sets", said
    )
    assert "+10,350 +8,000 -20" in said
    drawn = ablation.waterfall(limits())
    assert (drawn.unit, drawn.less_is_better, drawn.end.at_least) == ("nodes", False, True)


def test_the_waterfall_adds_up() -> None:
    """It holds the values exactly, the largest first, and those that are worth nothing as one step."""
    drawn = ablation.waterfall(SMALL)
    assert drawn.additive
    assert drawn.less_is_better
    assert [step.gain for step in drawn.steps][:2] == [-70 * made.S, -10 * made.S]
    assert (drawn.steps[-1].title, drawn.steps[-1].gain) == ("1 other: exactly 0", 0)
    assert drawn.start.total + sum(step.gain for step in drawn.steps) == drawn.end.total
    assert drawn.start.note == "not answered: counted as the run's length"
    assert drawn.steps[0].note == "alone -60.00 s, last -80.00 s"
    assert ablation.waterfall(ALL).steps[0].note.startswith("± ")


def test_json_holds_all_of_it() -> None:
    """Every field is there; the numerators add up to the difference over the denominator."""
    tree = json.loads(documents.render_json(ALL))
    assert tree["schema"] == "kscale.ablation/1"
    assert tree["provenance"] == "modelled"
    assert tree["exact"] is False
    difference = tree["value_after"]["amount"] - tree["value_before"]["amount"]
    assert sum(part["numerator"] for part in tree["parts"]) == difference * tree["denominator"]
    assert [part["toggle"] for part in tree["parts"]] == list(toggles.ordered(toggles.ALL))
    assert tree["before"] == []
    assert tree["value_before"] == {"amount": 90 * made.S, "bound": True}
    assert json.loads(documents.render_json(replace(ALL, pairs=())))["pairs"] == []


def test_csv_has_a_row_for_each() -> None:
    """Values are decimal and exact beside each other."""
    rows = list(csv.DictReader(io.StringIO(documents.render_csv(SMALL))))
    assert [row["toggle"] for row in rows] == [part.toggle for part in SMALL.parts]
    for row, part in zip(rows, SMALL.parts, strict=True):
        assert Fraction(int(row["numerator"]), int(row["denominator"])) == Fraction(
            part.numerator, SMALL.denominator
        )
        assert float(row["shapley"]) == part.numerator / SMALL.denominator
    assert rows[0]["provenance"] == "modelled"


def test_markdown_tells_the_same() -> None:
    """The sentence, a row for each, losses named, and what is exactly 0."""
    said = documents.render_markdown(SMALL)
    assert said.startswith("**Pod start-up P99: not answered within 90 s")
    assert "| watch-bookmark | +1.23 s (worse) | 0 | - | +1.23 s |" in said
    assert "exactly 0, and no output changes: etcd-learner" in said
    assert "modelled" in said


def test_what_is_between_two_bounds_is_not_said_to_be_nothing() -> None:
    """Where neither value was answered, what an optimization adds alone is not known."""
    (line,) = (line for line in plain(SMALL).splitlines() if line.startswith("watch-encode"))
    assert line.split()[-3:] == ["-", "-20.00", "s"]
    assert "-: not seen, for both values are bounds" in flat(SMALL)
    answered = made.account(before=frozenset({"node-lease"}), after=made.SMALL)
    assert "not seen" not in plain(answered)


def test_what_is_too_small_for_the_table_is_said_below_it() -> None:
    """Values below the last digit are named with what they are, losses as such, and still add up."""
    parts = list(SMALL.parts)
    assert (SMALL.denominator, parts[0].toggle, parts[1].toggle) == (24, "etcd-learner", "node-lease")
    small = replace(parts[0], numerator=24 * 1_500_000, alone=1_500_000, last=1_500_000, quiet=False)
    rest = replace(parts[1], numerator=parts[1].numerator - small.numerator)
    found = replace(SMALL, parts=(small, rest, *parts[2:]))
    said = plain(found)
    assert "below 0.01 s: etcd-learner +1.5 ms (worse)" in said
    assert not any(line.startswith("etcd-learner") for line in said.splitlines())
