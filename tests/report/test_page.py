"""The page about results: everything is on it, nothing on it can do harm, nothing is asked of anybody."""

import base64
import hashlib
import json
import re
import shlex
from html import unescape
from html.parser import HTMLParser

import pytest
from made_pages import ENDS, SCRIPT, head, hostile, of_results, of_variants, with_policy, won
from sample_results import cells, freelist, result

from kscale.errors import KscaleError
from kscale.judge import compare
from kscale.judge.verdict import Verdict
from kscale.report import cells as words
from kscale.report.page import pictures, render
from kscale.results import store

ORDER = ("comparison", "forest", "mechanisms", "notes", "words", "machine", "policy", "again", "raw")


class Read(HTMLParser):
    """A page as a reader of its elements sees it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.asked: list[str] = []  # attributes by which a browser fetches something
        self.scripts: dict[str, str] = {}
        self._script: str | None = None
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known["href"]] if "href" in known else []
        self.asked += [known[name] for name in ("src", "srcset", "action", "data", "poster") if name in known]
        if tag == "script":
            self._script = known.get("id", "")
            self.scripts[self._script] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None

        if tag in {"td", "th"}:
            self.text += " "

    def handle_data(self, data: str) -> None:
        if self._script is None:
            self.text += data
        else:
            self.scripts[self._script] += data

    @property
    def said(self) -> str:
        """Return the text with its white space as a browser shows it."""
        return " ".join(self.text.split())


@pytest.fixture(scope="module")
def page() -> str:
    """Return the page of a whole run."""
    return render.page(of_variants(result(name="main")))


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out: they take most of the time, and these tests do not look at them."""
    monkeypatch.setattr(pictures, "_drawn", lambda *_: None)


def section(page: str, name: str) -> str:
    """Return the text of one part of the page."""
    return Read(page.split(f'<section id="{name}"')[1].partition("</section>\n\n<section")[0]).said


def test_parts_are_in_order_and_every_link_leads_somewhere(page: str) -> None:
    """The page is read from the finding to the raw samples, and its contents name each part."""
    read = Read(page)
    assert [name for name in read.ids if name in ORDER] == list(ORDER)
    assert len(read.ids) == len(set(read.ids))
    assert {link.removeprefix("#") for link in read.links} <= set(read.ids)
    assert {f"#{name}" for name in ORDER} <= set(read.links)


def test_the_same_result_gives_the_same_page(page: str) -> None:
    """No clock, no order by chance."""
    assert render.page(of_variants(result(name="main"))) == page


def test_nothing_is_asked_of_anybody(page: str) -> None:
    """No address, no font, no picture from elsewhere; the policy of the page forbids them too."""
    read = Read(page)
    assert not read.asked
    assert not {"link", "img", "iframe", "object", "form", "base"} & set(read.tags)
    assert not [found for found in re.findall(r"url\(([^)]*)\)", page) if not found.startswith("#")]
    assert "@import" not in page
    assert all(link.startswith("#") for link in read.links)
    assert "default-src 'none'" in page


def test_only_the_pages_own_script_may_run(page: str) -> None:
    """The page allows one script, by the hash of its text."""
    script = page.rpartition("<script>")[2].rpartition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert page.count("<script>") == 1


def test_every_row_is_on_the_page_in_the_tables_words(page: str) -> None:
    """Each number of each cell stands there before, after, with its change and its verdict."""
    read = Read(page).said
    for row in compare.of_variants(result(), "baseline", "optimized").rows:
        assert f"{words.metric_name(row)}" in read
        assert words.change(row) in read
        assert words.verdict_words(row) in read


@pytest.mark.usefixtures("plain")
def test_losses_stand_beside_gains() -> None:
    """What a mechanism says it loses and what was judged worse is under its own heading."""
    text = render.page(of_variants(result()))
    for one in cells():
        lost = text.split(f'id="mechanism-{one.mechanism}"')[1].split("Where it loses")[1].split("</div>")[0]
        for said in one.losses:
            assert said in unescape(lost)
    lost = text.split('id="mechanism-etcd-freelist"')[1].split("Where it loses")[1].split("</div>")[0]
    rows = compare.of_variants(result(), "baseline", "optimized").rows
    slower = [
        row for row in rows if row.mechanism == "etcd-freelist" and row.ratio and row.verdict is Verdict.WORSE
    ]
    assert slower
    assert all(f"time per transaction {words.change(row)}" in lost for row in slower)


@pytest.mark.usefixtures("plain")
def test_nothing_lost_is_said_only_where_it_is_true() -> None:
    """A mechanism without a loss says so; one with doubts says which."""
    assert "Nothing lost here." in render.page(of_variants(result([won()])))
    costs = won().model_copy(update={"losses": ["it costs something"]})
    assert "Nothing lost here." not in render.page(of_variants(result([costs])))
    assert "No loss seen, but 1 not judged." in render.page(of_variants(result([won(pairs=3)])))


def test_what_is_not_measured_is_labelled(page: str) -> None:
    """A modelled number has its label in every table it is in."""
    rows = [one for one in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if "startup p99" in one]
    assert len(rows) == 4  # two cells, in the first table and in the mechanism's
    assert all('<span class="label">modelled</span>' in one for one in rows)


def test_footnotes_are_numbered_through(page: str) -> None:
    """A note of a cell is told once and linked from each of its times."""
    assert "not settled: warm-up calls still differed by 5 % after 10" in section(page, "notes")
    assert len(re.findall(r'href="#note-\d+"', page)) >= 2


def test_raw_results_are_embedded_whole(page: str) -> None:
    """The JSON in the page is the result, to the last sample."""
    found = Read(page).scripts["result-1"]
    assert json.loads(found) == json.loads(store.dumps(result(name="main")))


def test_hostile_text_stays_text() -> None:
    """Markup in any name, label or sentence is shown as it is written."""
    text = render.page(of_variants(hostile()))
    read = Read(text)
    assert read.tags.count("script") == 2
    assert "img" not in read.tags
    assert read.said.count(SCRIPT) > 10
    found = json.loads(read.scripts["result-1"])
    assert found["scenario"]["name"] == SCRIPT
    assert found["cells"][0]["losses"] == [ENDS]


def test_direction_marks_and_control_characters_are_escaped() -> None:
    """Nothing on the page reorders or hides text."""
    bent = freelist(10_000, "a\u202eb\u0007c", 9_000, (4_000, 2_000, 3_000))
    text = render.page(of_variants(result([bent]))).split("<script")[0]
    assert "\u202e" not in text
    assert "\u0007" not in text
    assert r"a\u202eb\x07c" in text


@pytest.mark.usefixtures("plain")
def test_commands_are_quoted_and_name_the_seed() -> None:
    """What a result says it was started with is one argument each to a shell, and text to a browser."""
    argv = ["run", "$(touch x).yaml", "--set", "a.b=1; rm -rf ~", "<b>"]
    text = render.page(of_variants(result(argv=argv, seed=7)))
    commands = [unescape(found) for found in re.findall(r"<code>(kscale run.*?)</code>", text)]
    assert shlex.split(commands[0]) == ["kscale", *argv, "--seed", "7", "--save", "again-1"]
    assert f"git checkout 1f0c9ab{'0' * 33} &amp;&amp; pip install ." in text
    assert "kscale-bench" not in text


@pytest.mark.usefixtures("plain")
def test_commands_leave_out_where_results_went_and_make_the_page_again() -> None:
    """A run is repeated for its numbers; then the page is made of them, by the same policy."""
    shown = ["--output", "a.json", "-o", "b.csv", "-oc.md", "--format=json", "--json", "-q", "--quiet"]
    argv = [
        "run",
        "x.yaml",
        *shown,
        "--color",
        "never",
        "--set",
        "a.b=1",
        "--format",
        "csv",
        "--save",
        "main",
    ]
    made = with_policy(of_results(result(name="main", argv=argv), head()))
    text = section(render.page(made), "again")
    assert "kscale run x.yaml --set a.b=1 --seed 0 --save main " in text
    assert "kscale compare main head" in text
    assert "kscale report main head --policy kscale-gate.yaml --output report.html" in text
    alone = section(render.page(of_variants(result(name="main"))), "again")
    assert "kscale compare baseline optimized" in alone
    assert "kscale report main --output report.html" in alone


@pytest.mark.usefixtures("plain")
def test_machines_are_side_by_side_with_differences_marked() -> None:
    """Two results: what differs between their machines says so in words."""
    other = head()
    machine = other.machine.model_copy(update={"cpu_model": "Other CPU", "fingerprint": "0"})
    text = section(
        render.page(of_results(result(name="main"), other.model_copy(update={"machine": machine}))), "machine"
    )
    assert re.search(r"processor Example CPU @ 2.90GHz Other CPU differs", text)
    assert "numpy 2.4.6 2.4.6 numba" in text
    assert "Not the same machine" in text


@pytest.mark.usefixtures("plain")
def test_results_are_compared_and_the_optimization_is_weighed_too() -> None:
    """Between two results a mechanism shows what moved, and what its optimization gains and loses."""
    text = Read(render.page(of_results(result(name="main"), head()))).said
    assert "Worse in head than in main" in text
    assert "Where it loses: optimized in head" in text


@pytest.mark.usefixtures("plain")
def test_several_results_are_each_compared_with_the_first() -> None:
    """Three results give two tables."""
    third = result(name="third")
    text = render.page(of_results(result(name="main"), head(), third))
    assert "main → head" in text
    assert "main → third" in text
    assert "2 results against main: head worse in" in text


@pytest.mark.usefixtures("plain")
def test_a_policys_decisions_name_their_rules() -> None:
    """Each decision is on the page with its reason and the line that decided it."""
    rule = '  - match: {mechanism: "etcd-*"}\n    level: warn\n    reason: "<b>old</b>"\n'
    subject = with_policy(of_results(result(name="main"), head()), f"rules:\n{rule}")
    text = render.page(subject)
    assert "failed" in Read(text).said.split("scenario")[0]
    shown = section(text, "policy")
    assert subject.judgement is not None
    for one in subject.judgement.decisions:
        assert one.rule in shown
    assert "<b>old</b>" in shown
    assert "kscale-gate.yaml:3" in shown


@pytest.mark.usefixtures("plain")
def test_a_gated_table_has_the_gates_order() -> None:
    """What failed comes first, though what only warned changed more; missing cells are named in words."""
    rule = '  - match: {mechanism: "etcd-*"}\n    level: warn\n    reason: known\n'
    subject = with_policy(of_results(result(name="main"), head()), f"rules:\n{rule}")
    page = render.view(subject)
    gates = [line.gate for line in page.compared[0].lines]
    assert gates == sorted(gates, key=["failed", "warned", "acknowledged", "passed", "ignored"].index)
    assert {"warned", "passed"} <= set(gates)
    assert page.compared[0].order.startswith("failed first")
    assert page.gate is not None
    assert re.match(r"\d+ failed · \d+ warned · \d+ passed", page.gate.summary)
    assert "sched-sampling · 200k pods" in page.compared[0].unmatched[0]
    assert "sched-sampling · 200k pods" in {one.subject for one in page.gate.decisions}
    assert "[case=" not in section(render.page(subject), "comparison")


@pytest.mark.usefixtures("plain")
def test_a_row_has_one_note_at_most() -> None:
    """Several things to know of a number are one note."""
    noted = [one.model_copy(update={"notes": ["one thing", "another"]}) for one in cells()]
    page = render.view(of_variants(result(noted)))
    lines = [line for one in page.compared for line in one.lines]
    assert {len(line.notes) for line in lines} == {0, 1}
    assert any("one thing; another" in note for note in page.footnotes)


@pytest.mark.usefixtures("plain")
def test_a_quick_run_is_said_to_be_one_once() -> None:
    """Not in three ways."""
    quick = [result(name=name, quick=True) for name in ("main", "head")]
    page = render.view(of_results(*quick))
    assert [said.partition(":")[0] for said in page.cautions if "quick" in said] == ["main", "head"]
    assert len([said for said in render.view(of_variants(quick[0])).cautions if "quick" in said]) == 1


def test_three_results_have_their_forests_and_the_growth_of_each() -> None:
    """Each comparison draws its own two results; growth and samples say whose they are."""
    third = result(name="third")
    page = render.view(of_results(result(name="main"), head(), third))
    assert all(one.forest is not None for one in page.compared)
    found = next(one for one in page.sections if one.mechanism == "etcd-freelist")
    growth = [one.finding for one in found.pictures if one.kind == "growth"]
    assert [said.partition(":")[0] for said in growth] == ["main", "head", "third"]
    assert [one.kind for one in found.pictures if one.kind == "samples"] == ["samples"]


def test_a_wrong_request_for_a_picture_is_never_hidden() -> None:
    """Only that there is nothing to draw leaves a picture out."""
    three = (result(name="a"), result(name="b"), result(name="c"))
    with pytest.raises(KscaleError, match="draws up to 2"):
        pictures.forest(three, compare.of_results(three[0], three[1]))
    untimed = result([freelist(10, "10 free pages", 5, (1, 1, 1), pairs=0)])
    assert pictures.of_mechanism((untimed,), of_variants(untimed).comparisons[0], "etcd-freelist") == ()


def test_a_mechanism_without_the_variants_has_no_pictures() -> None:
    """Nothing is wrong with it."""
    odd = cells()[0]
    only = odd.model_copy(
        update={"mechanism": "other", "variants": {"array-simd": odd.variants["array-simd"]}}
    )
    made = result([*cells()[:3], only])
    made = made.model_copy(
        update={"mechanisms": {**made.mechanisms, "other": made.mechanisms["etcd-freelist"]}}
    )
    assert not next(
        one for one in render.view(of_variants(made)).sections if one.mechanism == "other"
    ).pictures


def test_without_a_policy_the_default_margins_are_named(page: str) -> None:
    """What decided is said even if nobody wrote it down."""
    said = section(page, "policy")
    assert "No policy was given" in said
    assert "widened to twice what equal code surely differs by" in said
