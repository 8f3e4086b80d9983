"""What the user named is loaded, nothing else; whatever is wrong with it is one line with file and line."""

import hashlib
import os
import sys
from pathlib import Path

import pytest
from plugin_files import FREELIST, changed, install, source, variants

from kscale.errors import Interrupted, KscaleError
from kscale.mechanisms.registry import MECHANISMS
from kscale.plugins import load

OWN = 'own("etcd-freelist", "mine", about="first fit", make=make, allocate=allocate, release=release)'


def written(folder: Path, data: bytes, name: str = "mine.py") -> str:
    """Write a file and return its path."""
    (folder / name).write_bytes(data)
    return str(folder / name)


def fault(text: str) -> str:
    """Return the line about a plugin that cannot be loaded."""
    with pytest.raises(KscaleError) as caught:
        variants(text)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    """Its name without the folder, its text without a byte order mark, the hash of its bytes."""
    data = b"\xef\xbb\xbf" + FREELIST.encode()
    found = load.read(written(tmp_path, data))
    assert (found.name, found.text) == ("mine.py", FREELIST)
    assert found.sha256 == found.ref().sha256 == hashlib.sha256(data).hexdigest()


def test_variants_join_their_mechanism(tmp_path: Path) -> None:
    """They stand behind ours, marked as the user's own; other mechanisms stay what they are."""
    found = load.joined(MECHANISMS, [load.read(written(tmp_path, FREELIST.encode()))])
    theirs = {mechanism.id: mechanism for mechanism in found}
    assert list(theirs) == [mechanism.id for mechanism in MECHANISMS]
    for ours in MECHANISMS:
        added = ["mine"] if ours.id == "etcd-freelist" else []
        assert [*theirs[ours.id].variants] == [*ours.variants, *added]
    assert theirs["etcd-freelist"].variants["mine"].own
    assert not theirs["etcd-freelist"].variants["baseline"].own


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xfe", r"^mine.py:1: is not UTF-8 text"),
        (b"ok = 1\nname = '\xe9'\n", r"^mine.py:2: is not UTF-8 text"),
        (b"#" * (load.MOST_BYTES + 1), "is larger than 1 MiB$"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, data: bytes, says: str) -> None:
    """They are refused before anything is run."""
    with pytest.raises(KscaleError, match=says):
        load.read(written(tmp_path, data))


def test_files_that_are_none(tmp_path: Path) -> None:
    """No file, a folder, a pipe that would never end, a name that cannot be printed."""
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    for name, says in (
        ("none.py", "no such file"),
        ("folder.py", "must be a file"),
        ("pipe.py", "must be a file"),
    ):
        with pytest.raises(KscaleError, match=f"^--plugin .*{name}: {says}"):
            load.read(str(tmp_path / name))
    with pytest.raises(KscaleError, match="cannot be read"):
        load.read("a\0.py")
    with pytest.raises(KscaleError, match="cannot be printed"):
        load.read(written(tmp_path, b"", "a\x1b[2Jb.py"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\ndef y(:\n", "mine.py:2: SyntaxError: invalid syntax"),
        ("a\0b", "null bytes"),
        ("(" * 5000, "mine.py"),
        ("\nimport nothing_of_that_name\n", "mine.py:2: ModuleNotFoundError: No module named"),
        ("def f():\n    return f()\nf()\n", "mine.py:2: RecursionError"),
        ("def f():\n    1 / 0\n\nf()\n", "mine.py:2: ZeroDivisionError: division by zero"),
        ("raise SystemExit(0)", "mine.py:1: ends the process (SystemExit); a plugin must not"),
        ("class Odd(BaseException): pass\nraise Odd", "mine.py:2: Odd"),
        ("raise ValueError('two\\nlines\\x1b[1m')", "mine.py:1: ValueError: two lines"),
        ("x = 1", "mine.py: has no VARIANTS"),
        ("VARIANTS = 7", "mine.py: VARIANTS must be a tuple of what own(...) returns"),
        ("VARIANTS = ()", "mine.py: VARIANTS must hold 1 to 20 variants, has 0"),
        (changed(FREELIST, OWN, f"{OWN}, {OWN}"), "mine.py: VARIANTS has mine of etcd-freelist twice"),
    ],
)
def test_code_that_cannot_be_loaded(text: str, says: str) -> None:
    """The line says file, line and what."""
    assert says in fault(text)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"etcd-freelist"', '"etcd-freelst"', "no mechanism 'etcd-freelst'; did you mean 'etcd-freelist'?"),
        ('"mine"', '"baseline"', "etcd-freelist: has a variant 'baseline' already"),
        ('"mine"', r'"mi\nne"', "small letters, digits, dots, dashes and underscores, got 'mi\\nne'"),
        ('"mine"', r'"\x1b[2J"', "small letters, digits"),
        ('"mine"', "None", "small letters, digits"),
        ('"first fit"', r'"two\nlines"', "about must be one line"),
        ('"first fit"', '"x" * 121', "about must be one line of up to 120 characters"),
        ("make=make", "make=7", "make must be a function, got 7"),
        (
            "make=make, ",
            "",
            "takes the functions make, allocate, release; or build, run; got allocate, release",
        ),
    ],
)
def test_own_says_what_is_wrong(old: str, new: str, says: str) -> None:
    """A name that is taken or none, a mechanism that is none, a function that is missing: with the line."""
    line = fault(FREELIST.replace(OWN, OWN.replace(old, new)))
    assert line.startswith("mine.py:2")
    assert says in line


def test_stopping_is_not_the_plugins_fault() -> None:
    """Ctrl-C and SIGTERM while a file is loaded end the command as ever."""
    with pytest.raises(KeyboardInterrupt):
        variants("raise KeyboardInterrupt")
    with pytest.raises(Interrupted):
        variants("from kscale.errors import Interrupted\nraise Interrupted('terminated')")


def test_what_it_prints_is_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is for results."""
    variants(f"print('hello')\n{FREELIST}")
    out, err = capsys.readouterr()
    assert (out, err) == ("", "hello\n")


def test_two_plugins_with_one_name_for_a_variant() -> None:
    """Which of them is meant could not be told."""
    with pytest.raises(KscaleError, match=r"^b.py: variant mine of etcd-freelist is there by a.py$"):
        load.joined(MECHANISMS, [source(FREELIST, "a.py"), source(FREELIST, "b.py")])


def test_errors_while_it_runs_name_the_line() -> None:
    """What a variant's build or run raises is one line too."""
    text = (
        "from kscale.plugins.own import own\n"
        "def build(load):\n    return 1\n"
        "def run(state):\n    return state / 0\n"
        'VARIANTS = (own("list-index", "mine", about="x", build=build, run=run),)\n'
    )
    found = next(one for one in load.joined(MECHANISMS, [source(text)]) if one.id == "list-index")
    with pytest.raises(KscaleError, match=r"^mine.py:5: ZeroDivisionError: division by zero$"):
        found.variants["mine"].run(found.variants["mine"].build(None))
    text = text.replace("state / 0", "state")
    found = next(one for one in load.joined(MECHANISMS, [source(text)]) if one.id == "list-index")
    with pytest.raises(
        KscaleError, match=r"^mine.py: mine: run must return Outcome\(work, answer\), got int$"
    ):
        found.variants["mine"].run(1)


PACKAGE = f"import pathlib\npathlib.Path(__file__).with_suffix('.loaded').touch()\n{FREELIST}"


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install two packages that leave a file behind when they are loaded."""
    install(tmp_path, "kscale_try_one", {"try-one": "kscale_try_one:VARIANTS"}, PACKAGE)
    install(tmp_path, "kscale_try_two", {"try-two": "kscale_try_two"}, PACKAGE)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("kscale_try_one", "kscale_try_two"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def loaded(folder: Path) -> list[str]:
    """Return which of them were loaded."""
    return sorted(path.stem for path in folder.glob("*.loaded"))


def test_only_the_package_that_is_named_is_loaded(packages: Path) -> None:
    """Not before its variants are asked for; another one never."""
    found = load.read("try-two")
    assert (found.name, found.text, loaded(packages)) == ("try-two", None, [])
    mechanism = load.joined(MECHANISMS, [found])[0]
    assert "mine" in mechanism.variants
    assert loaded(packages) == ["kscale_try_two"]
    assert load.variants(load.read("try-one"))[0].name == "mine"


def test_an_unknown_package_is_looked_for_without_loading(packages: Path) -> None:
    """The nearest name is said, and none of them is run."""
    with pytest.raises(KscaleError, match=r"'try-oen' does not end in \.py, and .*did you mean 'try-one'\?"):
        load.read("try-oen")
    assert loaded(packages) == []


def test_a_package_that_is_another_version_here(packages: Path) -> None:
    """What was named on one machine must be the same where it runs."""
    found = load.read("try-one")
    (packages / "kscale_try_one.py").write_text(f"{PACKAGE}\n# newer", encoding="utf-8")
    with pytest.raises(KscaleError, match="kscale_try_one is another version here"):
        load.variants(found)


def test_all_of_a_package_tells_its_versions_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also modules beside the one that is named, and below; its neighbours in a namespace do not."""
    folder = tmp_path / "kscale_try_space" / "three" / "deep"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    for path in (folder / "__init__.py", folder / "search.py", folder.parent / "helper.py"):
        path.write_text("x = 1\n", encoding="utf-8")
    names = {"try-three": "kscale_try_space.three.deep.search:VARIANTS"}
    install(tmp_path, "kscale_try_three", names, "")
    monkeypatch.syspath_prepend(str(tmp_path))
    first = load.read("try-three").sha256
    assert load.read("try-three").sha256 == first
    (tmp_path / "kscale_try_space" / "other.py").touch()
    (folder.parent / "notes.txt").touch()
    assert load.read("try-three").sha256 == first
    seen = {first}
    for path in (folder.parent / "helper.py", folder / "search.py", folder / "new.py"):
        path.write_text("x = 2\n", encoding="utf-8")
        seen.add(load.read("try-three").sha256)
    assert len(seen) == 4
    assert "kscale_try_space.three.deep.search" not in sys.modules
