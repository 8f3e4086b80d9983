"""Plugins on the command line: named there and nowhere else, run, compared, checked, begun."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command import kscale
from plugin_files import FREELIST, changed

from kscale.cli import app
from kscale.plugins import template

LEASE = template.text("node-lease", "my_node_lease.py")
TINY = """\
schema: kscale.scenario/1
cluster: {nodes: {count: 12}, pods: {count: 60}}
mechanisms: {node-lease: {duration_ns: 60s}}
"""

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run a command in a folder with a plugin and a scenario; return its code and what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("KSCALE_RESULTS", raising=False)
    (tmp_path / "my_node_lease.py").write_text(LEASE, encoding="utf-8")
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")

    def asked(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = app.main([*args])
        out, err = capsys.readouterr()
        return code, out, err

    return asked


def test_a_variant_joins_run_and_compare(tmp_path: Path, ask: Ask) -> None:
    """It is run beside ours, the result says which file it is of, and the table has its rows."""
    code, out, err = ask("run", "tiny.yaml", "--plugin", "my_node_lease.py", "--save", "one", "--json")
    assert code == 0, err
    result = json.loads(out)
    sha256 = hashlib.sha256(LEASE.encode()).hexdigest()
    assert result["run"]["plugins"] == [{"name": "my_node_lease.py", "sha256": sha256}]
    (cell,) = result["cells"]
    assert [*cell["variants"]] == ["baseline", "optimized", "mine"]
    assert cell["variants"]["mine"]["work"] == cell["variants"]["baseline"]["work"]
    assert result["mechanisms"]["node-lease"]["variants"]["mine"] == "as baseline, to begin with"
    code, out, _ = ask("compare", "optimized", "mine")
    assert (code, out.split("\n")[0].partition(" · ")[0]) == (0, "optimized → mine")
    code, out, _ = ask("show", "one")  # it needs no plugin to be shown
    assert code == 0
    assert out.splitlines()[1:3] == [
        f"plugin my_node_lease.py {sha256[:12]}",
        "  node-lease · mine: in 1 cell, the same work as baseline in all",
    ]
    losing = out.partition("where it loses\n")[2]
    assert "mine against optimized: " in losing  # as the baseline loses to it


def test_compare_runs_what_it_is_to_compare(tmp_path: Path, ask: Ask) -> None:
    """Just those variants, on the scenario of the latest result; the first line says so."""
    assert ask("run", "tiny.yaml", "--exact", "--set", "node-lease.failures=2")[0] == 0
    code, out, err = ask("compare", "baseline", "mine", "--plugin", "my_node_lease.py")
    assert code == 0, err
    first, second = out.splitlines()[:2]
    assert first == "ran node-lease of tiny, seed 0, 1 cell, with my_node_lease.py: baseline against mine"
    assert second.startswith("baseline → mine · two variants of run ")
    latest = json.loads(
        max((tmp_path / "results").glob("*.json"), key=lambda path: path.stat().st_mtime_ns).read_text()
    )
    assert [*latest["cells"][0]["variants"]] == ["baseline", "mine"]
    code, out, err = ask(
        "compare", "baseline", "mine", "--plugin", "my_node_lease.py", "--scenario", "tiny.yaml", "--json"
    )
    assert code == 0, err
    assert json.loads(out)
    assert "ran node-lease of tiny" in err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (
            ("compare", "baseline", "mien", "--plugin", "my_node_lease.py"),
            "no variant 'mien'; did you mean 'mine'?",
        ),
        (("compare", "baseline", "--plugin", "my_node_lease.py"), "takes two or more variants"),
        (("compare", "mine", "mine", "--plugin", "my_node_lease.py"), "takes two or more variants"),
        (("compare", "baseline", "optimized", "--scenario", "tiny.yaml"), "--scenario: is for --plugin"),
        (
            ("compare", "baseline", "mine", "--plugin", "my_node_lease.py", "--scenario", "other.yaml"),
            "does not run node-lease; name another with --scenario",
        ),
        (("run", "tiny.yaml", "--plugin", "none.py"), "--plugin none.py: no such file"),
        (("run", "tiny.yaml", "--plugin", "none"), "no installed package offers"),
        (("run", "tiny.yaml", *("--plugin", "my_node_lease.py") * 2), "my_node_lease.py: is given twice"),
        (
            ("run", "tiny.yaml", "--plugin", "bad.py", "--plugin", "folder/bad.py"),
            "bad.py: two files have this name; rename one; results tell plugins by these names",
        ),
        (
            ("run", "tiny.yaml", "--plugin", "my_node_lease.py", "--against", "x=y"),
            "cannot be combined with --plugin",
        ),
        (("show", "latest", "--plugin", "my_node_lease.py"), "--plugin: is for a mechanism"),
        (("check",), "--plugin: say what to check"),
        (("check", "--plugin", "bad.py"), "bad.py:1: NameError: name 'nothing' is not defined"),
        (("new", "variant", "node-lese"), "did you mean 'node-lease'?"),
        (("new", "variant", "node-lease"), "my_node_lease.py is there; --force replaces it"),
        (("new", "variant", "node-lease", "-o", "mine.txt"), "must end in .py"),
        (("new", "variant", "node-lease", "-o", "x.py", "--name", "No"), "a variant's name is"),
    ],
)
def test_what_cannot_be_done(tmp_path: Path, ask: Ask, args: tuple[str, ...], says: str) -> None:
    """One line, exit 2."""
    (tmp_path / "bad.py").write_text("nothing", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "bad.py").write_text("other", encoding="utf-8")
    (tmp_path / "other.yaml").write_text(
        TINY.replace("node-lease: {duration_ns: 60s}", "list-index: {}"), encoding="utf-8"
    )
    code, out, err = ask(*args)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_list_and_show_with_a_plugin(ask: Ask) -> None:
    """What it adds stands beside ours."""
    code, out, _ = ask("list", "--plugin", "my_node_lease.py")
    assert code == 0
    assert "node-lease · mine  as baseline, to begin with" in out
    code, out, _ = ask("show", "node-lease", "--plugin", "my_node_lease.py")
    assert code == 0
    assert "  mine " in out


def test_nothing_but_the_command_line_names_a_plugin(
    tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a file of settings, which may come with a folder, nor the environment, nor a scenario."""
    touch = "import pathlib\npathlib.Path('was-run').touch()\n"
    (tmp_path / "evil.py").write_text(touch, encoding="utf-8")
    monkeypatch.setenv("KSCALE_PLUGIN", "evil.py")
    code, _, err = ask("list")
    assert (code, "KSCALE_PLUGIN: no option has this variable" in err) == (0, True)
    for text in ("plugin = 'evil.py'\n", "[run]\nplugin = ['evil.py']\n"):
        (tmp_path / "kscale.toml").write_text(text, encoding="utf-8")
        code, _, err = ask("run", "tiny.yaml", "--dry-run")
        assert code == 2
        assert "plugin: is only taken from the command line: what it names is run" in err
    (tmp_path / "kscale.toml").unlink()
    (tmp_path / "tiny.yaml").write_text(f"{TINY}plugin: evil.py\n", encoding="utf-8")
    assert ask("run", "tiny.yaml", "--dry-run")[0] == 2
    assert not (tmp_path / "was-run").exists()


def test_a_plugin_is_begun_checked_and_refused(tmp_path: Path, ask: Ask) -> None:
    """The template passes; a list that loses pages does not, with the steps, and exit 4."""
    code, out, err = ask("new", "variant", "node-lease", "-o", "lease.py")
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == [
        "next: kscale check --plugin lease.py",
        "then: kscale compare baseline mine --plugin lease.py",
    ]
    found = kscale(tmp_path, "check", "--plugin", "lease.py")
    assert found.code == 0, found.err
    assert found.out.splitlines()[0] == "lease.py · node-lease · mine"
    assert [line.split()[0] for line in found.out.splitlines()[1:]] == ["ok", "ok"]
    leaking = changed(FREELIST, "+ n] = 1\n\nVARIANTS", "+ n - 1] = 1\n\nVARIANTS")
    (tmp_path / "leak.py").write_text(leaking, encoding="utf-8")
    found = kscale(tmp_path, "check", "--plugin", "leak.py")
    assert found.code == 4
    assert found.err == "kscale: leak.py: etcd-freelist · mine: pages are lost\n"
    assert found.out.splitlines() == [
        "leak.py · etcd-freelist · mine",
        "  wrong  pages are lost",
        "         a file of 4 pages; free: 2",
        "         1. release(3, 1)",
        "         2. allocate(2) -> 0: nothing found, though pages 2-3 are free; lost: 3",
    ]
