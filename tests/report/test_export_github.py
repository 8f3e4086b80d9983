import re

from export_subjects import NASTY, decided, gated, hostile_gate, of_results, of_variants, without_verdict

from kscale.judge.decision import Decision, Judgement, Status
from kscale.report.export import github
from kscale.report.export.subject import Subject

COMMAND = re.compile(r"::(error|warning|notice) (?:file=([^,:]+),line=(\d+),)?title=([^,:]*)::(.*)")


def test_each_decision_has_its_level() -> None:
    """Failed, warned and acknowledged; what passed says nothing."""
    found = [COMMAND.fullmatch(line) for line in github.annotations(gated())]
    levels = [match[1] for match in found if match]
    assert levels == ["error"] * 4 + ["warning", "notice"]


def test_a_command_points_at_the_rule() -> None:
    """The line of the policy that decided."""
    match = COMMAND.fullmatch(github.annotations(gated())[0])
    assert match is not None
    assert match.group(2, 3) == ("kscale-gate.yaml", "20")
    assert match[4] == "kscale failed%3A watch-fanout.wall_ns.speedup >= 500"


def test_a_rule_of_another_place_is_no_file() -> None:
    """Defaults are not in a file, and an absolute path is not in the repository."""
    decisions = [
        Decision("a", Status.FAILED, "gone", "why", rule)
        for rule in ("default: gone_cell", "/tmp/p.yaml:4")  # noqa: S108 - a name
    ]
    for line in github.annotations(Subject((), (), Judgement(None, "p", tuple(decisions)))):
        assert "file=" not in line


def test_hostile_text_is_one_command_of_one_line() -> None:
    """Nothing a file says ends a command or begins another."""
    lines = github.annotations(hostile_gate())
    assert lines
    for line in lines:
        assert COMMAND.fullmatch(line), line
        assert line.isprintable()
        assert "%0A,:" not in line
    assert any(NASTY[-20:-10] in line.replace("%25", "%") for line in lines)


def test_no_more_than_github_shows() -> None:
    """The tenth of a level counts the rest."""
    comparison = of_results().comparisons[0]
    decisions = decided(comparison, status=Status.FAILED)
    lines = github.annotations(Subject((), (comparison,), Judgement(comparison, "p", decisions)))
    failed = sum(one.status is Status.FAILED for one in decisions)
    assert len(lines) == 10
    assert f"{failed - 9} more" in lines[-1]


def test_no_verdict_is_an_error() -> None:
    """The build is red, so its page says why."""
    (line,) = github.annotations(without_verdict())
    assert line == "::error title=kscale no verdict::nothing was judged: other machine"


def test_without_a_gate_what_is_worse_is_a_warning() -> None:
    """Between results each row; between variants times only, as an optimization may pay with a counter."""
    assert [line.partition(" ")[0] for line in github.annotations(of_results())] == ["::warning"] * 2
    assert all("wall_ns" in line for line in github.annotations(of_variants()))
    assert len(github.annotations(of_variants())) == 2


def test_a_fence_cannot_be_ended_by_what_it_holds() -> None:
    """The word that ends it is not in the text."""
    text = "::error::pwn\n::stop-commands::x\n"
    before, after = github.fence(text)
    assert before.removeprefix("::stop-commands::") == after.strip(":")
    assert after.strip(":") not in text


def test_a_missing_cell_is_named_as_people_name_it() -> None:
    """By mechanism and label: its key is for machines."""
    (line,) = [one for one in github.annotations(gated()) if "::gone" in one]
    assert "sched-sampling · 200k pods" in line
    assert "case=" not in line
    (worse,) = [one for one in github.annotations(of_results()) if "watchers tested" in one]
    assert "worse%3A watch-fanout[1M events%2C 10%2C050 watchers] optimized.watchers_tested" in worse
