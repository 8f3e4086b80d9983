"""What each command prints, and where."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import environment, kscale

from kscale.cli import app
from kscale.measure import machine
from kscale.results import store

HEAVY = ("numpy", "numba", "matplotlib", "yaml", "scipy", "pydantic", "psutil")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which smoke was run once, quickly."""
    made = tmp_path_factory.mktemp("run")
    ran = kscale(made, "run", "smoke", "--budget", "1s", "--save", "first")
    assert ran.code == 0, ran.err
    (made / "run.txt").write_text(ran.out, encoding="utf-8")
    (made / "err.txt").write_text(ran.err, encoding="utf-8")
    return made


def test_help_imports_nothing_heavy() -> None:
    """`kscale --help` starts at once: no numpy, numba, matplotlib or yaml."""
    code = (
        "import sys; from kscale.cli import app; app.main(['--help']); "
        f"print(sorted(set({HEAVY}) & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "args", [[], ["-h"], *([name, "-h"] for name in ("run", "compare", "list", "show", "plot"))]
)
def test_help_is_there(tmp_path: Path, args: list[str]) -> None:
    """Every command explains itself with an example."""
    ran = kscale(tmp_path, *args)
    assert ran.code == 0
    assert "Usage: kscale" in ran.out
    assert "kscale " in ran.out.split("╯")[-1]


def test_version_is_one_line(tmp_path: Path) -> None:
    """`--version` says which kscale it is."""
    assert kscale(tmp_path, "--version").out.startswith("kscale 0.")


def test_a_run_prints_its_table(folder: Path) -> None:
    """Standard output has the table and what to type next; progress went to standard error."""
    out = (folder / "run.txt").read_text(encoding="utf-8")
    for part in ("smoke · ", "etcd-freelist", "watch-fanout", "sched-equivalence", "sched-sampling", "exact"):
        assert part in out
    assert "next: kscale compare baseline optimized" in out
    assert "\x1b" not in out
    assert "etcd-freelist" in (folder / "err.txt").read_text(encoding="utf-8")
    assert max(map(len, out.splitlines())) <= 100


def test_json_is_one_document(folder: Path) -> None:
    """`--json` leaves nothing else on standard output, and it is the saved result."""
    ran = kscale(folder, "run", "smoke", "--exact", "--json", "--filter", "watch-fanout", "--save", "again")
    assert json.loads(ran.out) == json.loads((folder / "results" / "again.json").read_text(encoding="utf-8"))


def test_no_machine_path_is_kept(folder: Path) -> None:
    """A result can be passed on: it names no folder, host or user of this machine."""
    text = (folder / "results" / "first.json").read_text(encoding="utf-8")
    assert str(folder) not in text
    assert str(Path.home()) not in text


def test_compare_takes_variants_and_results(folder: Path) -> None:
    """The same words mean two files if there are such files, else two variants of the latest run."""
    ran = kscale(folder, "run", "smoke", "--budget", "1s")
    assert ran.code == 0
    variants = kscale(folder, "compare", "baseline", "optimized")
    assert variants.code == 0
    assert "two variants of run" in variants.out
    files = kscale(folder, "compare", "first", "latest")
    assert files.code == 0
    assert "two results" in files.out


def test_stdin_is_a_scenario(tmp_path: Path) -> None:
    """`-` reads a scenario."""
    text = "name: piped\nmechanisms: {etcd-freelist: {free_pages: 100, transactions: 2}}"
    ran = kscale(tmp_path, "run", "-", "--exact", stdin=text)
    assert ran.code == 0
    assert "piped · " in ran.out


def test_plot_writes_pictures(folder: Path) -> None:
    """A PNG and an SVG, by suffix; another suffix is refused and leaves no file."""
    for name, head in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml")):
        assert kscale(folder, "plot", "first", "-o", name).code == 0
        assert (folder / name).read_bytes().startswith(head)
    assert kscale(folder, "plot", "first", "-o", "a.gif").code == 2
    assert not (folder / "a.gif").exists()


def test_list_and_show_name_everything(tmp_path: Path) -> None:
    """What `list` names can be shown."""
    listed = kscale(tmp_path, "list").out
    for name in ("etcd-freelist", "watch-fanout", "sched-equivalence", "sched-sampling"):
        assert name in listed
        shown = kscale(tmp_path, "show", name).out
        assert "loses" in shown
    for name in ("alibaba-10k", "smoke", "k8s-5k", "mega-100k", "openb"):
        assert name in listed


def test_schema_is_json(tmp_path: Path) -> None:
    """The schemas are JSON, and the scenario's knows each mechanism's parameters."""
    scenario = json.loads(kscale(tmp_path, "schema", "scenario").out)
    assert "free_pages" in json.dumps(scenario["properties"]["mechanisms"]["properties"]["etcd-freelist"])
    assert json.loads(kscale(tmp_path, "schema", "result").out)["type"] == "object"


def test_counters_repeat_across_processes_and_without_the_jit(tmp_path: Path) -> None:
    """Equal seeds give equal work, byte for byte, in another process and interpreted."""
    scenario = tmp_path / "tiny.yaml"
    scenario.write_text(
        "cluster: {nodes: {count: 12}, pods: {count: 60}, objects: {total: 200}}\n"
        "mechanisms:\n"
        "  etcd-freelist: {free_pages: 300, transactions: 3, variants: all}\n"
        "  watch-fanout: {events: 40}\n"
        "  sched-equivalence: {order: [mixed, bursts]}\n"
        "  sched-sampling: {}\n"
    )
    for name, jit in (("one", "0"), ("two", "0"), ("plain", "1")):
        ran = kscale(tmp_path, "run", str(scenario), "--exact", "--save", name, NUMBA_DISABLE_JIT=jit)
        assert ran.code == 0, ran.err
    works = [
        [{name: one.work for name, one in cell.variants.items()} for cell in store.load(path).cells]
        for path in sorted((tmp_path / "results").glob("*.json"))
    ]
    assert len(works) == 3
    assert works[0] == works[1] == works[2]


def test_memory_is_checked_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot fit is refused with both figures before any work, unless --force."""
    monkeypatch.setenv("KSCALE_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(machine, "free_bytes", lambda: 100 * 2**20)
    asked = ["run", "smoke", "--exact", "--filter", "watch-fanout", "--quiet"]
    assert app.main(asked) == 2
    assert re.search(r"needs about [\d.]+ MiB, 100 MiB are free", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []
    assert app.main([*asked, "--force"]) == 0


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    """`kscale list | head -1` prints no traceback."""
    ran = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m kscale list | head -1"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ran.stderr
    assert ran.stdout.count("\n") == 1


def test_show_reads_standard_input(tmp_path: Path) -> None:
    """A result may come through a pipe, as to compare; config has two forms only."""
    made = kscale(
        tmp_path, "run", "-", "--exact", "--json", stdin="mechanisms: {watch-fanout: {events: 100}}"
    )
    shown = kscale(tmp_path, "show", "-", stdin=made.out)
    assert shown.code == 0
    assert "watchers tested" in shown.out
    refused = kscale(tmp_path, "show", "config", "--format", "csv")
    assert refused.code == 2
    assert "--json" in refused.err
