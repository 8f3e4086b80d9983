import html.parser
import re
from collections import Counter

import pytest
from export_subjects import (
    NASTY,
    all_subjects,
    decided,
    gated,
    hostile,
    hostile_gate,
    interrupted,
    of_results,
    without_verdict,
)
from markdown_it import MarkdownIt  # what rich reads Markdown with
from sample_results import cells, result

from kscale.judge.decision import Judgement, Status
from kscale.report.export import markdown
from kscale.report.export.spelling import one_line
from kscale.report.export.subject import Subject

PLAIN = {"p", "strong", "ul", "li", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"}
READER = MarkdownIt("commonmark", {"html": True}).enable("table")


class Page(html.parser.HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(READER.render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("name", [*all_subjects()])
def test_a_reader_sees_a_table_and_nothing_else(name: str) -> None:
    """Every subject is the tags we wrote: no name becomes a link, a picture or a script."""
    page = Page(markdown.render(all_subjects()[name]))
    assert page.tags.keys() <= PLAIN | {"sub", "code"}
    assert page.attributes <= {"open", "style"}


def test_each_line_of_a_table_has_each_field() -> None:
    """A name with a bar in it stays in its field."""
    page = Page(markdown.render(Subject((hostile(),))))
    assert page.tags["td"] == page.tags["th"] * (page.tags["tr"] - 1)


def test_hostile_names_are_shown_as_they_are() -> None:
    """Readers see the text itself; what cannot be seen is spelled out."""
    page = Page(markdown.render(hostile_gate()))
    assert one_line(NASTY) in page.text
    assert "alert(1)" in one_line(NASTY)


def test_no_person_is_called_and_no_issue_is_linked() -> None:
    """GitHub acts on @name and #1 in text, not in code."""
    text = markdown.render(Subject((hostile("@everyone"),)))
    assert "@everyone" not in re.sub(r"<code>[^<]*</code>", "", text)


def test_the_first_line_is_the_verdict() -> None:
    """What a reader of a folded page learns."""
    assert markdown.render(gated()).splitlines()[0].startswith("**FAILED** ")
    assert (
        markdown.render(without_verdict())
        .splitlines()[0]
        .startswith("**NO VERDICT** nothing was judged: other machine")
    )
    assert "2 worse" in markdown.render(of_results()).splitlines()[0]
    assert (
        "slower in 2 of 10 timings, unclear in 1, faster in 7"
        in markdown.render(Subject((result(),))).splitlines()[0]
    )


def test_what_failed_is_open_and_has_its_rule() -> None:
    """Nobody has to click to see why a build is red."""
    text = markdown.render(gated())
    assert "<details open>" in text
    (row,) = [line for line in text.splitlines() if "| x |" in line and "confirmed" in line]
    assert "kscale-gate.yaml:" in row
    assert "<details open>" not in markdown.render(of_results())


def test_what_is_worse_and_passes_has_no_mark() -> None:
    """x is for what failed: a reader scans for it."""
    comparison = of_results().comparisons[0]
    decisions = decided(comparison, status=Status.PASSED)
    made = markdown.render(Subject((), (comparison,), Judgement(comparison, "p", decisions)))
    rows = [line for line in made.splitlines() if "| worse |" in line]
    assert len(rows) == 2
    assert not [line for line in rows if not line.startswith("|  |")]


def test_losses_and_kinds_are_shown() -> None:
    """A run says where it loses, and what was not measured."""
    text = markdown.render(Subject((result(),)))
    assert "Where it loses" in text
    assert "the file ends 15.5 % larger" in text
    assert "| modelled |" in text


def test_what_was_not_run_is_told() -> None:
    """An interrupted run says so first."""
    text = markdown.render(Subject((interrupted(),)))
    assert "interrupted: only finished cells are here" in text.splitlines()[0]
    assert "too large" in text


@pytest.mark.parametrize("most", [2_000, 5_000, 20_000])
def test_a_long_table_is_cut_and_says_so(most: int) -> None:
    """GitHub shows nothing of a summary that is too long."""
    many = [one.model_copy(update={"params": one.params | {"copy": i}}) for i in range(20) for one in cells()]
    subject = Subject((result(many),))
    text = markdown.render(subject, most=most)
    assert most // 2 < len(text.encode()) <= most
    left_out = int(re.findall(r"([0-9,]+) lines do not fit", text)[0].replace(",", ""))
    whole = markdown.render(subject)
    assert _lines(text) + left_out == _lines(whole)
    assert "do not fit" not in whole


def _lines(text: str) -> int:
    """Return the lines of tables and lists."""
    return sum(
        line.startswith(("| ", "- ")) and "---" not in line for line in text.splitlines()
    ) - text.count("| mechanism |")


def test_a_gate_counts_by_what_it_decided_and_names_cells_by_label() -> None:
    """In the order and the words of every other output."""
    text = markdown.render(gated())
    assert re.match(r"\*\*FAILED\*\* 4 failed · 1 warned · 1 acknowledged · \d+ passed", text)
    assert "| gone | sched-sampling | 200k pods, nearly full |" in text
    assert "[case=" not in text.replace("&#91;", "[")
