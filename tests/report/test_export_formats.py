import gzip
import unicodedata
from pathlib import Path

import pytest
from export_subjects import NASTY, all_subjects, gated, hostile
from sample_results import result

from kscale.errors import KscaleError
from kscale.report.export import formats
from kscale.report.export.subject import Subject
from kscale.results import store

SUBJECTS = all_subjects()
ENDS = {"csv": "\r\n"}


@pytest.mark.parametrize("name", formats.FORMATS)
@pytest.mark.parametrize("kind", SUBJECTS)
def test_text_is_whole_and_harmless(kind: str, name: str) -> None:
    """Every format of every subject is UTF-8, ends once, and steers no terminal."""
    text = formats.FORMATS[name](SUBJECTS[kind])
    text.encode()
    end = ENDS.get(name, "\n")
    assert text.endswith(end) or (name == "jsonl" and kind == "empty" and not text)
    assert not text.endswith((end * 2, "\n\n"))
    if (kind, name) == ("hostile run", "json"):
        return  # the result file itself, byte for byte; its names are as they were given
    rest = text.replace(end, "")
    hidden = {char for char in set(rest) if unicodedata.category(char) in {"Cc", "Cf", "Cs"}}
    assert hidden <= {"\n"}


@pytest.mark.parametrize("name", formats.FORMATS)
def test_the_same_subject_gives_the_same_text(name: str) -> None:
    """No clock, no chance, no unordered walk."""
    once, again = (formats.FORMATS[name](made()) for made in (gated, gated.__wrapped__))
    assert once == again


@pytest.mark.parametrize("name", ["jsonl", "csv", "markdown", "junit", "openmetrics"])
def test_no_line_is_a_command_of_a_runner(name: str) -> None:
    """A name that begins like a command of GitHub's runner does not begin a line."""
    text = formats.FORMATS[name](Subject((hostile("::error::pwn"),)))
    assert "error" in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith(("::", "##["))]


@pytest.mark.parametrize(("suffix", "name"), formats.SUFFIXES.items())
def test_a_suffix_names_a_format(suffix: str, name: str, tmp_path: Path) -> None:
    """A file holds what the format of its suffix says, packed if it ends in .gz."""
    path, subject = tmp_path / f"out{suffix}", Subject((result(),))
    store.write(path, formats.FORMATS[formats.of_path(path)](subject))
    written = gzip.decompress(path.read_bytes()) if suffix.endswith(".gz") else path.read_bytes()
    assert written == formats.FORMATS[name](subject).encode()
    assert formats.of_path(path.with_name(path.name.upper())) == name


@pytest.mark.parametrize("name", ["out", "out.pdf", "out.html", "json", "out.csv.gz", "out.json.bz2"])
def test_an_unknown_suffix_names_the_known(name: str) -> None:
    """The user sees what is allowed."""
    with pytest.raises(KscaleError, match=r"known: \.json, \.json\.gz, \.jsonl, \.csv, \.md, \.xml"):
        formats.of_path(Path(name))


def test_an_unknown_format_names_the_nearest() -> None:
    """A typing error is told, never guessed."""
    with pytest.raises(KscaleError, match="did you mean 'markdown'"):
        formats.of_name("markdwon")


def test_names_stay_apart() -> None:
    """Two results of one name are told apart, and a comparison's own names win."""
    assert [name for name, _ in SUBJECTS["three results"].named()] == ["main", "head", "main (2)"]
    assert NASTY in dict(SUBJECTS["hostile run"].named())
