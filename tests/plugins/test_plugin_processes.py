"""A plugin that crashes or never comes back is said so; the command goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from plugin_files import FREELIST, changed, source

from kscale.errors import KscaleError
from kscale.plugins import check
from kscale.plugins.checking import SMALL, VARIANTS, Question, Said

MAKE = "    free = np.zeros(pages, np.uint8)\n"


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[list[check._Checked]]:
    """End every process that a test started."""
    started: list[check._Checked] = []
    yield started
    for one in started:
        one.end()


def checked(asked: list[check._Checked], tmp_path: Path, text: str, limit_s: float = 120.0) -> check._Checked:
    """Return what asks a process about a plugin."""
    asked.append(check._Checked(source(text), tmp_path / "notes", tmp_path / "printed", 5, limit_s))
    return asked[-1]


def test_code_that_ends_its_process_or_never_comes_back(tmp_path: Path, asked: list[check._Checked]) -> None:
    """Both are answers: with what was being done; the next question gets a process of its own."""
    text = changed(
        FREELIST,
        MAKE,
        f"    import os\n    while not os.path.exists('{tmp_path}/crash'):\n        pass\n    os._exit(3)\n",
    )
    found = checked(asked, tmp_path, text)
    assert found.ask(Question(VARIANTS)).variants[0][:2] == ("etcd-freelist", "mine")
    found.limit_s = 2.0
    said = found.ask(Question(SMALL), ())
    assert (said.good, said.what) == (False, "does not come back: nothing within 2 s")
    assert said.lines == ("in a file of 4 pages; free: 2", "then all the rest")
    (tmp_path / "crash").touch()
    found.limit_s = 120.0
    said = found.ask(Question(SMALL), ())
    assert (said.good, said.what) == (False, "ends the process, with 3")
    assert said.lines[0] == "in a file of 4 pages; free: 2"


def test_loading_that_ends_its_process(tmp_path: Path, asked: list[check._Checked]) -> None:
    """It cannot be loaded, which is not the same as being wrong."""
    found = checked(asked, tmp_path, "import os\nos._exit(3)\n")
    with pytest.raises(KscaleError, match=r"^mine\.py: loading it ends the process, with 3$"):
        found.ask(Question(VARIANTS))


def test_what_is_loaded_there_is_judged_there(tmp_path: Path, asked: list[check._Checked]) -> None:
    """A fault of loading is told as it is when a plugin is loaded here."""
    found = checked(asked, tmp_path, "x = 1\nraise ValueError('no')\n")
    with pytest.raises(KscaleError, match=r"^mine\.py:2: ValueError: no$"):
        found.ask(Question(VARIANTS))


@pytest.mark.parametrize(
    ("plain", "good", "lines"),
    [
        ((("nodes", 12),), True, ()),
        ((("nodes", 13),), False, ("nodes is 12 compiled, 13 as plain Python",)),
        ((), False, ("nodes is 12 compiled, None as plain Python",)),
    ],
)
def test_integers_with_and_without_the_compiler(
    plain: tuple[tuple[str, int], ...], good: bool, lines: tuple[str, ...]
) -> None:
    """They must be the same ones."""
    compared = check._compared(Said(True, "", work=(("nodes", 12),)), Said(True, "", work=plain))
    assert (compared.good, compared.lines) == (good, lines)


def test_what_it_prints_is_shown_only_if_it_fails(
    tmp_path: Path, asked: list[check._Checked], capfd: pytest.CaptureFixture[str]
) -> None:
    """The last lines; nothing reaches the terminal by itself, however it is written."""
    found = checked(
        asked, tmp_path, changed(FREELIST, MAKE, "    import os\n    os.write(1, b'low\\n')\n    no\n")
    )
    assert found.ask(Question(VARIANTS)).lines == ()
    said = found.ask(Question(SMALL), ())
    assert said.lines[-1] == "printed: low"
    assert capfd.readouterr() == ("", "")
