import csv
import io
import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import made_results
import pytest
from command import kscale
from export_subjects import gated, head, of_results
from made_pages import whole
from rich.text import Text
from sample_results import result

from kscale.cli import output
from kscale.errors import KscaleError, WrongAnswer
from kscale.report.export import formats, github
from kscale.report.export.subject import Subject
from kscale.results import store

Captured = pytest.CaptureFixture[bytes]


def table(width: int) -> Text:
    """Stand for a command's table."""
    return Text(f"a table of {width} columns\n", style="red")


def write(subject: Subject | None = None, **asked: Any) -> None:  # noqa: ANN401 - the options
    """Write what the options ask for."""
    output.asked(**asked).write(subject or Subject((result(),)), table, color="never")


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a step of GitHub's runner; return its summary."""
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    return summary


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand outside of any runner, at 120 columns."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", [name for name in formats.FORMATS if name != formats.TABLE])
def test_standard_output_is_the_document_and_nothing_else(name: str, capsysbinary: Captured) -> None:
    """Byte for byte, line ends too."""
    write(format=name)
    out, err = capsysbinary.readouterr()
    assert out == formats.FORMATS[name](Subject((result(),))).encode()
    assert err == b""


def test_a_table_is_the_commands_own(capsysbinary: Captured, tmp_path: Path) -> None:
    """As wide as the terminal; in a file 120 columns, without colour."""
    write(output=[tmp_path / "out.txt"])
    assert capsysbinary.readouterr().out.decode() == "a table of 120 columns\n\n"
    assert (tmp_path / "out.txt").read_text() == "a table of 120 columns\n"


def test_files_are_written_beside_what_is_printed(capsysbinary: Captured, tmp_path: Path) -> None:
    """Each in the format of its suffix; folders are made."""
    paths = [tmp_path / "new" / "deep" / "out.csv", tmp_path / "out.json.gz"]
    write(format="markdown", output=paths)
    assert capsysbinary.readouterr().out.startswith(b"**")
    assert paths[0].read_bytes().startswith(b"result,")
    assert paths[1].read_bytes().startswith(b"\x1f\x8b")


def test_json_is_a_short_name_of_a_format() -> None:
    """And the same said twice is no contradiction."""
    assert output.asked(json=True) == output.asked("json") == output.asked("json", json=True)
    assert output.asked(json=True).machine
    assert not output.asked().machine
    assert output.asked("jsonl").streams


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"format": "cvs"},
            r"--format: no format 'cvs'; did you mean 'csv'\? known: csv, json, jsonl, junit",
        ),
        ({"json": True, "format": "csv"}, "--json and --format csv contradict each other"),
        ({"samples": True}, "--samples is for CSV only"),
        ({"samples": True, "format": "json", "output": [Path("a.md")]}, "--samples is for CSV only"),
        ({"output": [Path("a.pdf")]}, r"a\.pdf: its suffix names no format; known: \.json"),
        ({"output": [Path("a")]}, r"a: its suffix names no format"),
        ({"output": [Path("a.csv"), Path("b.md"), Path("./a.csv")]}, "a.csv is given twice"),
        ({"output": [Path("folder.csv")]}, "folder.csv is a folder; name a file in it"),
        ({"output": [Path("pipe.csv")]}, "pipe.csv is not a plain file"),
        ({"output": [Path("file.csv/a.csv")]}, r"cannot be written: .*file\.csv is not a folder"),
        ({"output": [Path("file.csv/b/a.csv")]}, r"cannot be written: .*file\.csv is not a folder"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(
    asked: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2 with what is allowed, and nothing is made or changed."""
    monkeypatch.chdir(tmp_path)
    Path("folder.csv").mkdir()
    Path("file.csv").write_text("kept")
    os.mkfifo("pipe.csv")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(KscaleError, match=said):
        output.asked(**asked)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["old.csv", "new.csv"])
def test_no_permission_is_told_before_any_work(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file or a folder that may not be written."""
    (tmp_path / "old.csv").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(KscaleError, match="cannot be written"):
        output.asked(output=[tmp_path / name])


def test_samples_go_to_the_csv_only(capsysbinary: Captured, tmp_path: Path) -> None:
    """Other outputs stay what they are."""
    write(format="json", output=[tmp_path / "a.csv"], samples=True)
    assert json.loads(capsysbinary.readouterr().out)["schema"] == "kscale.result/1"
    (row, *_) = csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text(), newline=""))
    assert row["order"] == "0"


def test_nothing_is_written_if_one_of_them_cannot_be_made(tmp_path: Path, capsysbinary: Captured) -> None:
    """All texts are there before the first file is."""
    undescribed = Subject((made_results.result("20261121T025400Z-aaaaaaa"),))
    with pytest.raises(KscaleError, match="not described"):
        write(undescribed, format="json", output=[tmp_path / "a.json", tmp_path / "b.csv"])
    assert not list(tmp_path.iterdir())
    assert capsysbinary.readouterr().out == b""


def test_lines_that_streamed_are_not_printed_again(capsysbinary: Captured, tmp_path: Path) -> None:
    """Files are still written."""
    asked = output.asked("jsonl", [tmp_path / "a.jsonl"])
    asked.write(Subject((result(),)), table, color="never", streamed=True)
    assert capsysbinary.readouterr().out == b""
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == len(result().cells)


def test_a_wrong_answer_reaches_junit_only(capsysbinary: Captured, tmp_path: Path) -> None:
    """There is no result to write to the others."""
    asked = output.asked("junit", [tmp_path / "a.xml", tmp_path / "a.csv"])
    asked.write_wrong_answer(WrongAnswer("etcd-freelist: page 7 handed out twice"))
    printed = capsysbinary.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["a.xml"]
    assert (tmp_path / "a.xml").read_bytes() == printed
    assert b"page 7 handed out twice" in printed


def test_github_gets_a_summary_and_annotations(step: Path, capsysbinary: Captured) -> None:
    """The summary is appended to; annotations follow the table, which is fenced."""
    step.write_text("another tool's words")
    write(gated(), github=True)
    write(gated(), github=True)
    out, err = capsysbinary.readouterr()
    lines = out.decode().splitlines()
    assert lines[0].startswith("::stop-commands::")
    assert lines[3] == f"::{lines[0].removeprefix('::stop-commands::')}::"
    assert lines[4].startswith("::error file=kscale-gate.yaml,line=20,title=kscale failed")
    assert err == b""
    text = step.read_text()
    assert text.startswith("another tool's words\n**FAILED**")
    assert text.count("**FAILED**") == text.count("\n**FAILED**") == 2


def test_annotations_leave_a_document_alone(step: Path, capsysbinary: Captured) -> None:
    """They go to standard error, which the runner reads as well."""
    write(gated(), format="json", github=True)
    out, err = capsysbinary.readouterr()
    assert json.loads(out)["schema"] == "kscale.comparison/1"
    assert err.decode().startswith("::error ")
    assert step.exists()


def test_outside_of_github_there_are_annotations_only(tmp_path: Path, capsysbinary: Captured) -> None:
    """No file, no fence."""
    write(gated(), github=True)
    out = capsysbinary.readouterr().out.decode()
    assert "::error " in out
    assert "::stop-commands::" not in out
    assert not list(tmp_path.iterdir())


def test_a_full_summary_is_left_alone(step: Path, capsysbinary: Captured) -> None:
    """A byte over the limit and GitHub shows none of it; what still fits is added."""
    step.write_bytes(b"." * (github.MOST_BYTES - 10))
    write(gated(), github=True)
    assert step.stat().st_size == github.MOST_BYTES - 10
    assert b"the step summary is full" in capsysbinary.readouterr().err
    step.write_bytes(b"." * (github.MOST_BYTES - 3000))
    write(gated(), github=True)
    assert github.MOST_BYTES - 2000 < step.stat().st_size <= github.MOST_BYTES


def test_a_summary_that_cannot_be_written_fails_nothing(step: Path, capsysbinary: Captured) -> None:
    """The gate's code is what counts."""
    step.mkdir()
    write(gated(), github=True)
    assert b"the step summary cannot be written" in capsysbinary.readouterr().err


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two results, main and head."""
    made = tmp_path_factory.mktemp("results")
    for one in (result(name="main"), head()):
        store.Store(made / "results").save(whole(one))
    return made


def test_the_command_prints_one_document(folder: Path) -> None:
    """Through a pipe, with files beside it, also where the terminal knows no UTF-8."""
    ran = kscale(
        folder,
        *("compare", "main", "head", "--format", "csv", "-o", "out/a.xml", "-o", "a.prom"),
        PYTHONIOENCODING="ascii",
    )
    assert (ran.code, ran.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(ran.out, newline="")))
    assert len(rows) == len(of_results().comparisons[0].rows) + 2
    assert ET.fromstring((folder / "out" / "a.xml").read_bytes()).tag == "testsuites"  # noqa: S314 - our own output
    assert (folder / "a.prom").read_text().endswith("# EOF\n")


def test_the_command_refuses_before_it_measures(tmp_path: Path) -> None:
    """Exit 2, one line, no results folder."""
    ran = kscale(tmp_path, "run", "smoke", "-o", "out.pdf")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "out.pdf: its suffix names no format" in ran.err
    assert not list(tmp_path.iterdir())
