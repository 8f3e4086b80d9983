"""Options from the environment and from files: which one counts, and what is said of wrong ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import kscale
from hypothesis import given
from hypothesis import strategies as st

from kscale.calibrate import find
from kscale.cli import app, config, config_files

PYPROJECT = '[project]\nname = "x"\n\n[tool.kscale]\nbudget = "7s"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, below which nothing of the machine's own is read."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    for name in [name for name in os.environ if name.startswith("KSCALE_")]:
        monkeypatch.delenv(name)
    here = tmp_path / "project" / "below"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    return here


def user_file(text: str) -> Path:
    """Write the user's own file."""
    path = config_files.user_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, dict[str, object]]]:
    """Return what `kscale show config --json` says."""
    assert app.main(["show", "config", "--json"]) == 0
    tree: dict[str, dict[str, dict[str, object]]] = json.loads(capsys.readouterr().out)
    return tree


def refused(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    """Return the line with which a command is refused."""
    assert app.main([*args] or ["list"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err.removeprefix("kscale: ").rstrip("\n")


def test_the_strongest_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Environment over project over user over default, each named as the origin."""

    def budget() -> tuple[object, object]:
        found = shown(capsys)["kscale run"]["budget"]
        return found["value"], found["origin"]

    assert budget()[1] == "default"
    user_file('# mine\nbudget = "9s"\n')
    assert budget() == ("9s", str(Path("~/config/kscale/config.toml:2")))
    (folder.parent / "pyproject.toml").write_text(PYPROJECT)
    assert budget() == ("7s", "../pyproject.toml:5")
    (folder.parent / "kscale.toml").write_text('budget = "6s"\n')
    assert budget() == ("6s", "../kscale.toml:1")
    (folder / "pyproject.toml").write_text('[tool.kscale.run]\nbudget = "5s"')
    assert budget() == ("5s", "pyproject.toml:2")
    monkeypatch.setenv("KSCALE_BUDGET", "4s")
    assert budget() == ("4s", "KSCALE_BUDGET")
    monkeypatch.setenv("KSCALE_BUDGET", "")
    assert budget() == ("5s", "pyproject.toml:2")


def test_a_commands_own_table_counts_more(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key at the top is for every command that has the option."""
    (folder / "kscale.toml").write_text('color = "never"\n[compare]\ncolor = "always"\n')
    found = shown(capsys)
    assert found["kscale run"]["color"] == {"value": "never", "origin": "kscale.toml:1"}
    assert found["kscale list"]["color"]["value"] == "never"
    assert found["kscale compare"]["color"] == {"value": "always", "origin": "kscale.toml:3"}


def test_a_flag_wins(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over the file and the environment."""
    (folder / "kscale.toml").write_text('color = "sometimes"\n')
    assert app.main(["list", "--color", "never"]) == 0
    assert "\x1b" not in capsys.readouterr().out
    monkeypatch.setenv("KSCALE_COLOR", "neither")
    assert app.main(["list", "--color", "always"]) == 0
    assert "\x1b" in capsys.readouterr().out


def test_a_flag_drives_out_its_rival(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A format in a file does not contradict --json on the command line."""
    (folder / "kscale.toml").write_text('format = "csv"\n')
    asked = ["run", "smoke", "--exact", "--quiet", "--filter", "etcd-freelist", "--filter", "free_pages=1k"]
    assert app.main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cells"]
    assert app.main([*asked, "--force"]) == 0
    assert "," in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ('[run]\nexact = true\nquiet = true\nfilter = ["etcd-*", "free_pages=1k"]\n', {}),
        (
            "",
            {"KSCALE_EXACT": "1", "KSCALE_QUIET": "true", "KSCALE_FILTER": "etcd-* free_pages=1k"},
        ),
        ('exact = true\nfilter = "free_pages=1k"\n', {"KSCALE_QUIET": "yes"}),
    ],
    ids=["file", "environment", "one text for a list"],
)
def test_flags_and_lists_work_from_everywhere(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    environment: dict[str, str],
) -> None:
    """A run of one cell, counted only, without progress."""
    (folder / "kscale.toml").write_text(text)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert app.main(["run", "smoke"]) == 0
    said = capsys.readouterr()
    assert "1 mechanism · 1 cell ·" in said.out
    assert said.err == ""
    assert not [line for line in said.out.splitlines() if "time per" in line]


def test_results_are_kept_where_a_file_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted from the folder of the file; KSCALE_RESULTS wins; nothing stays behind in the process."""
    (folder.parent / "kscale.toml").write_text('results = "kept"\n')
    asked = ["run", "smoke", "--exact", "--quiet", "--filter", "etcd-freelist", "--save"]
    assert app.main([*asked, "one"]) == 0
    assert (folder.parent / "kept" / "one.json").is_file()
    assert "KSCALE_RESULTS" not in os.environ
    capsys.readouterr()
    assert shown(capsys)["everywhere"]["results"]["origin"] == "../kscale.toml:1"
    monkeypatch.setenv("KSCALE_RESULTS", str(folder / "own"))
    assert app.main([*asked, "two"]) == 0
    assert (folder / "own" / "two.json").is_file()


def test_files_are_counted_from_the_file_that_names_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path means the same wherever the command is typed below."""
    (folder.parent / "kscale.toml").write_text('[run]\noutput = ["a.csv", "/b.json"]\n')
    assert shown(capsys)["kscale run"]["output"]["value"] == [str(folder.parent / "a.csv"), "/b.json"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('\nbugdet = "1s"', "kscale.toml:2: bugdet: unknown; did you mean 'budget'?"),
        ("[rum]\nexact = true", "kscale.toml:1: rum: unknown; did you mean 'run'?"),
        ("[run]\n\nexakt = true", "kscale.toml:3: run.exakt: unknown; did you mean 'exact'?"),
        ("run.exakt = true", "kscale.toml:1: run.exakt: unknown"),
        ("run = {exakt = true}", "kscale.toml:1: run.exakt: unknown"),
        ("run = 1", "kscale.toml:1: run: unknown"),
        ("[[run]]\nexact = true", "kscale.toml:1: run: unknown"),
        ("version = true", "kscale.toml:1: version: unknown"),
        ("debug = true", "kscale.toml:1: debug: unknown"),
        ("exact = 1", "kscale.toml:1: exact: must be true or false, got 1"),
        ('exact = "yes"', "kscale.toml:1: exact: must be true or false, got 'yes'"),
        ("seed = 1.5", "kscale.toml:1: seed: must be a whole number, got 1.5"),
        ("seed = true", "kscale.toml:1: seed: must be a whole number, got true"),
        ("budget = 45", "kscale.toml:1: budget: must be text in quotes, got 45"),
        ("filter = [1]", "kscale.toml:1: filter: must be text in quotes, or a list of them, got a list"),
        ("color = {a = 1}", "kscale.toml:1: color: must be text in quotes, got a table"),
        ('results = "a\\u0000b"', "kscale.toml:1: results: must be text in quotes"),
        ("results = 3", "kscale.toml:1: results: must be text in quotes, got 3"),
        ("seed = -3", "kscale.toml:1: seed: "),
        ('budget = "soon"', "kscale.toml:1: budget: 'soon'"),
        ('color = "red"', "kscale.toml:1: color: 'red' is not one of auto, always, never"),
        ("\n\nbudget = soon\n", "kscale.toml:3: not TOML: "),
        ("a = 1\na = 2\n", "kscale.toml"),
        ('x = """\n', "kscale.toml: not TOML: "),
        ("\x1b[2J = 1", "kscale.toml:1: not TOML: "),
        ('"\\u001b[2J" = 1', "kscale.toml:1: \\x1b[2J: unknown"),
        ("a = " + "[" * 60_000, "kscale.toml: not TOML: RecursionError"),
        ("a = " + "9" * 60_000, "kscale.toml: not TOML: ValueError"),
        ("a." * 60_000 + "a = 1", "kscale.toml: has a line of more than 2,000 dots"),
        ("#" * 300_000, "kscale.toml: larger than 256 KiB"),
    ],
)
def test_a_wrong_file_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    """File, line and key; what is wrong; what is allowed."""
    (folder / "kscale.toml").write_text(text)
    line = refused(capsys, "run", "smoke", "--filter", "none")
    assert line.startswith(says)
    assert len(line) < 600
    assert "\x1b" not in line


def test_a_file_of_another_encoding_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """TOML is UTF-8; a byte order mark is no fault."""
    (folder / "kscale.toml").write_bytes(b'budget = "\xff"')
    assert refused(capsys) == "kscale.toml: not TOML: not UTF-8 text"
    (folder / "kscale.toml").write_bytes(b'\xef\xbb\xbfbudget = "1s"')
    assert app.main(["list"]) == 0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("KSCALE_SEED", "x", "KSCALE_SEED: "),
        ("KSCALE_SEED", "-1", "KSCALE_SEED: "),
        ("KSCALE_EXACT", "maybe", "KSCALE_EXACT: "),
        ("KSCALE_BUDGET", "soon", "KSCALE_BUDGET: 'soon'"),
        ("KSCALE_COLOR", "red", "KSCALE_COLOR: 'red' is not one of"),
        ("KSCALE_FILTER", "nothing", "KSCALE_FILTER nothing: matches no cell"),
    ],
)
def test_a_wrong_variable_is_named(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    says: str,
) -> None:
    """The complaint begins with the place the value came from, not with an option nobody typed."""
    monkeypatch.setenv(name, value)
    assert refused(capsys, "run", "smoke").startswith(says)


def test_an_unknown_variable_is_a_warning(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error with the nearest name; the command goes on."""
    monkeypatch.setenv("KSCALE_BUGDET", "1s")
    monkeypatch.setenv("KSCALE_VECTORS", "x")
    monkeypatch.setenv("KSCALE_RESULTS", "x")
    monkeypatch.setenv(find.VARIABLE, "x")
    assert app.main(["list"]) == 0
    said = capsys.readouterr()
    assert said.err == "kscale: KSCALE_BUGDET: no option has this variable; did you mean KSCALE_BUDGET?\n"
    assert "etcd-freelist" in said.out


def test_a_file_that_says_nothing_of_kscale_is_passed_by(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody else's pyproject.toml may be broken, huge, or a folder; the next one above counts."""
    (folder.parent / "pyproject.toml").write_text(PYPROJECT)
    for text in ("[tool.other]\nx = 1", "[[[", "#" * 300_000, 'a = "kscale is no tool here"'):
        (folder / "pyproject.toml").write_text(text)
        assert shown(capsys)["kscale run"]["budget"]["value"] == "7s"
    (folder / "pyproject.toml").unlink()
    (folder / "kscale.toml").mkdir()
    assert shown(capsys)["kscale run"]["budget"]["value"] == "7s"


def test_help_and_version_read_no_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A broken file does not keep anybody from help; the reader of TOML is not even imported."""
    (folder / "kscale.toml").write_text("[[[")
    code = (
        "import sys; from kscale.cli import app; "
        "print(app.main(sys.argv[1:])); print('tomllib' in sys.modules)"
    )
    for asked in ([], ["--help"], ["--version"]):
        ran = subprocess.run(
            [sys.executable, "-c", code, *asked], capture_output=True, text=True, check=True, cwd=folder
        )
        assert ran.stdout.splitlines()[-2:] == ["0", "False"]


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_table_fits(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    """Every option of every command is there, with its origin where it is no default."""
    (folder / "kscale.toml").write_text('filter = ["etcd-*", "free_pages=1k", "watch-*"]\n')
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("KSCALE_SEED", "7")
    assert app.main(["show", "config"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    for part in (
        "kscale.toml:1",
        "KSCALE_SEED",
        "free_pages=1k",
        "kscale run",
        "kscale compare",
        "--fail-over",
    ):
        assert part in out


def test_debug_shows_where_an_error_came_from(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise an error the user can fix is one line."""
    assert app.main(["--debug", "run", "missing.yaml"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert said.splitlines()[-1].startswith("kscale: missing.yaml: no such file")
    assert refused(capsys, "run", "missing.yaml").startswith("missing.yaml: no such file")


def test_an_option_without_its_value_names_its_command(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where to look is the command's own help."""
    assert refused(capsys, "run", "--budget").endswith("(see kscale run --help)")


def test_a_folder_that_is_gone_is_survived(tmp_path: Path) -> None:
    """There is no project then."""
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        "import os, sys; os.rmdir(os.getcwd()); "
        "from kscale.cli import app; sys.exit(app.main(['schema', 'result']))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr


def test_the_command_reads_its_files_too(folder: Path) -> None:
    """As a process: the file above counts, and its fault is exit code 2."""
    (folder.parent / "kscale.toml").write_text('color = "always"')
    assert "\x1b[" in kscale(folder, "list").out
    (folder.parent / "kscale.toml").write_text("colour = 1")
    ran = kscale(folder, "list")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("kscale: ../kscale.toml:1: colour: unknown; did you mean 'color'?")


def test_told_replaces_an_option_only_at_the_start() -> None:
    """A name inside the sentence stays."""
    told = config.Told(places={"--seed": "KSCALE_SEED"})
    assert told.placed("--seed: bad") == "KSCALE_SEED: bad"
    assert told.placed("bad --seed") == "bad --seed"
    assert told.placed("--seeds: bad") == "--seeds: bad"


@given(
    st.lists(
        st.tuples(st.sampled_from(["run", "a.b", '"x y"', "tool"]), st.sampled_from(["k", "quiet", '"="'])),
        min_size=1,
        unique=True,
    ),
    st.data(),
)
def test_the_line_of_a_key(tables: list[tuple[str, str]], data: st.DataObject) -> None:
    """Whatever stands between, the line is the one the key was written on."""
    lines: list[str] = []
    where: dict[tuple[str, ...], int] = {}
    for number, table in enumerate(sorted({table for table, _ in tables})):
        lines.extend(data.draw(st.lists(st.sampled_from(["", "# [x]", "  "]), max_size=2)))
        lines.append(f"[t{number}.{table}]  # header")
        for key in sorted({key for each, key in tables if each == table}):
            lines.append(f"{key} = [")
            names = [f"t{number}", *(part.strip('"') for part in table.split("."))]
            where[(*names, key.strip('"'))] = len(lines)
            lines.append("  1, 2 ]")
    for keys, line in where.items():
        assert config_files.line_of("\n".join(lines), keys) == line


def test_help_works_whatever_a_file_says(tmp_path: Path) -> None:
    """A broken file must not keep anybody from reading how to mend it."""
    (tmp_path / "kscale.toml").write_text("budget = [", encoding="utf-8")
    assert kscale(tmp_path, "run", "smoke").code == 2
    assert kscale(tmp_path, "run", "--help").code == 0
