"""kscale import, as a user types it."""

import gzip
import json
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import command
import golden_text
import named_inputs
import psutil
import pytest
from made_facts import part, sizes, value
from named_inputs import MANIFEST, METRICS, NODES, PODS, STORE
from static_pods import component, listed

from kscale.cli import app
from kscale.errors import ExitCode
from kscale.imports import anonymize, merge, write
from kscale.report import table_import
from kscale.scenario import load

Ask = Callable[..., tuple[int, str, str]]
EXAMPLE = Path(__file__).parents[2] / "examples" / "import"
INSIDE = 2**16  # bytes of a packed list


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """Return how to run the command in a folder of inputs, with a data folder of its own."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(anonymize, "key_path", lambda: tmp_path / "data" / "anonymize.key")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    named_inputs.write(Path())

    def asked(*args: str) -> tuple[int, str, str]:
        code = app.main(["import", *args])
        return code, *capsys.readouterr()

    return asked


def test_files_become_a_scenario_that_loads(ask: Ask) -> None:
    """What was read, left out, assumed and contradicted is printed; two files are written."""
    code, out, err = ask(NODES, PODS, STORE, METRICS, MANIFEST, "-o", "mine.yaml")
    assert (code, err) == (ExitCode.OK, "")
    for said in (
        "snapshot.db: etcd snapshot, 204",
        "12 nodes in 3 zones",
        "left out",
        "assumed",
        "contradictions",
        "wrote mine.yaml and mine.npz: 12 nodes, 60 pods, 89 objects",
        "next: kscale run mine.yaml",
    ):
        assert said in out
    loaded = load.load("mine.yaml")
    assert loaded.scenario.name == "mine"
    assert loaded.recorded is not None
    assert loaded.recorded.pod_count == 60


def test_names_are_hidden_unless_asked_otherwise(ask: Ask) -> None:
    """The key is made at the first import, and is what later ones use."""
    assert ask(NODES, PODS, "-o", "one.yaml")[0] == ExitCode.OK
    assert ask(PODS, NODES, "-o", "two.yaml", "--name", "one")[0] == ExitCode.OK
    assert Path("one.npz").read_bytes() == Path("two.npz").read_bytes()
    assert Path("one.yaml").read_text() == Path("two.yaml").read_text().replace("two.npz", "one.npz")
    assert "zq" not in Path("one.yaml").read_text()
    assert ask(NODES, PODS, "-o", "open.yaml", "--no-anonymize")[0] == ExitCode.OK
    assert "zqpool" in Path("open.yaml").read_text()


def test_json_is_one_document_and_quiet_says_nothing(ask: Ask) -> None:
    """For programs."""
    code, out, err = ask(STORE, MANIFEST, "-o", "a.yaml", "--json")
    assert (code, err) == (ExitCode.OK, "")
    tree = json.loads(out)
    assert tree["files"] == ["a.yaml", "a.npz"]
    assert tree["values"]["control_plane.etcd.members"]["value"] == 3
    assert {one["format"] for one in tree["sources"]} == {"etcd-db", "manifest"}
    assert ask(STORE, "-o", "b.yaml", "--quiet") == (ExitCode.OK, "", "")


def test_files_that_are_there_are_replaced_only_if_asked(ask: Ask) -> None:
    """Either of the two."""
    assert ask(STORE, "-o", "mine.yaml", "-q")[0] == ExitCode.OK
    before = Path("mine.npz").read_bytes()
    for left in ("mine.yaml", "mine.npz"):
        code, out, err = ask(NODES, "-o", "mine.yaml")
        assert (code, out) == (ExitCode.USAGE, "")
        assert f"--output: {left} is there; --force replaces it" in err
        Path(left).rename(f"old-{left}")
    Path("old-mine.npz").rename("mine.npz")
    assert ask(NODES, "-o", "mine.yaml", "--force", "-q")[0] == ExitCode.OK
    assert Path("mine.npz").read_bytes() != before
    assert load.load("mine.yaml").recorded is not None


def test_name_and_profile(ask: Ask) -> None:
    """The file's name becomes a scenario's; both can be given."""
    assert ask(STORE, "-o", "My Cluster.yaml", "-q")[0] == ExitCode.OK
    assert load.load("My Cluster.yaml").scenario.name == "my-cluster"
    assert ask(STORE, "-o", "sub/b.yml", "--name", "prod", "--profile", "k8s-1.20", "-q")[0] == ExitCode.OK
    scenario = load.load("sub/b.yml").scenario
    assert (scenario.name, scenario.profile) == ("prod", "k8s-1.20")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((STORE,), "Missing option '--output'"),
        (("-o", "a.yaml"), "Missing argument 'FILE...'"),
        ((STORE, "-o", "a.json"), "'a.json' is not the name of a scenario; write it like mine.yaml"),
        ((STORE, "-o", "a.yaml", "--name", "No Name"), "--name: 'No Name' is not a scenario name"),
        ((STORE, "-o", "a.yaml", "--profile", "k8s-9"), "k8s-9"),
        ((STORE, "-o", "a.yaml", "--color", "blue"), "--color: 'blue' is not one of"),
        ((MANIFEST, "-o", MANIFEST, "--force"), f"--output: {MANIFEST} is one of the files to import"),
        ((STORE, "-o", "."), "--output: . is a folder; name a file in it, like mine.yaml"),
        (("none.json", "-o", "a.yaml"), "none.json: cannot be read: No such file or directory"),
        ((".", "-o", "a.yaml"), ".: is a folder; name the files in it"),
        (("empty", "-o", "a.yaml"), "empty: is empty"),
        ((STORE, "./" + STORE, "-o", "a.yaml"), "snapshot.db: is the same as snapshot.db; give it once"),
        ((STORE, "copy.db", "-o", "a.yaml"), "copy.db: is the same as snapshot.db; give it once"),
        (("cut.json", "-o", "a.yaml"), "cut.json:"),
    ],
)
def test_what_cannot_be_done_is_a_line_and_leaves_nothing(ask: Ask, args: tuple[str, ...], said: str) -> None:
    """Before any work where that can be."""
    shutil.copy(STORE, "copy.db")
    Path("empty").touch()
    Path("cut.json").write_bytes(Path(NODES).read_bytes()[:5000])
    before = sorted(Path().iterdir())
    code, out, err = ask(*args)
    assert (code, out) == (ExitCode.USAGE, "")
    assert said in err
    assert err.count("\n") == 1
    assert sorted(Path().iterdir()) == before


def test_equal_manifests_are_those_of_several_servers(ask: Ask) -> None:
    """Control planes are copies of one another."""
    shutil.copy(MANIFEST, "second.yaml")
    assert ask(MANIFEST, "second.yaml", "-o", "mine.yaml", "-q")[0] == ExitCode.OK
    assert load.load("mine.yaml").scenario.control_plane.apiservers == 2


def test_key_that_others_can_read_is_refused(ask: Ask, tmp_path: Path) -> None:
    """Before any file is opened."""
    assert ask(STORE, "-o", "a.yaml", "-q")[0] == ExitCode.OK
    key = tmp_path / "data" / "anonymize.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o640)
    code, _, err = ask("none.json", "-o", "b.yaml")
    assert code == ExitCode.USAGE
    assert "can be read by others" in err


def test_no_key_is_needed_where_nothing_is_hidden(ask: Ask, tmp_path: Path) -> None:
    """As the complaint about a key that cannot be had or trusted advises."""
    (tmp_path / "data" / "anonymize.key").mkdir(parents=True)
    code, _, err = ask(NODES, "-o", "a.yaml")
    assert code == ExitCode.USAGE
    assert "or give --no-anonymize" in err
    assert ask(NODES, "-o", "a.yaml", "--no-anonymize", "-q") == (ExitCode.OK, "", "")


def test_columns_of_a_scenario_are_told_from_other_archives(ask: Ask) -> None:
    """A shell's * takes them too."""
    assert ask(NODES, "-o", "mine.yaml", "-q")[0] == ExitCode.OK
    code, _, err = ask("mine.npz", "-o", "b.yaml")
    assert code == ExitCode.USAGE
    assert (
        "mine.npz: holds the columns of an imported scenario; `kscale run` takes the .yaml beside it" in err
    )


def test_names_of_files_cannot_steer_the_terminal(ask: Ask) -> None:
    """Escapes are shown, not obeyed."""
    Path("\x1b[31mred.db").write_bytes(Path(STORE).read_bytes())
    code, out, _ = ask("\x1b[31mred.db", "-o", "a.yaml")
    assert code == ExitCode.OK
    assert "\x1b" not in out
    assert "\\x1b[31mred.db" in out
    assert "\x1b" not in Path("a.yaml").read_text()


@pytest.mark.parametrize("width", [60, 100])
def test_summary_fits_its_width(tmp_path: Path, width: int) -> None:
    """Whole words, hanging lines."""
    parts = [
        part(
            "etcd-db",
            "snapshots/of today.db",
            taken=7,
            types={"pods": sizes((9000, 40_000))},
            read=("40,000 objects of 1 type: 343.3 MiB",),
            dropped=("keys and values: only how many there are, and of how many bytes",),
        ),
        part(
            "prometheus",
            "metrics.prom",
            modified=9,
            values=(value("control_plane.etcd.quota", "8GiB"), value("counts.pods", 41_000)),
            also=("open streams: 12",),
            read=("12 series of 2 metrics",),
        ),
        part(
            "manifest",
            "etcd.yaml",
            modified=3,
            values=(value("control_plane.etcd.quota", "4GiB"),),
            read=("etcd 3.5: 1 setting",),
        ),
    ]
    imported = write.make(merge.merge(parts), anonymize.hashes(bytes(32)))
    text = table_import.table(imported, [Path("mine.yaml"), Path("mine.npz")], width).plain
    assert max(map(len, text.splitlines())) <= width
    golden_text.check(f"import_{width}", text, tmp_path)


def test_example_runs(tmp_path: Path) -> None:
    """The cluster that comes with kscale: imported as its README says, again, and run, each in a process."""
    home = {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    said = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    typed = shlex.split(next(line for line in said.splitlines() if line.startswith("    kscale import ")))[1:]
    for again in ((), ("--force",)):
        done = command.kscale(folder, *typed, *again, **home)
        assert (done.code, done.err) == (0, "")
        assert "32 nodes, 240 pods, 970 objects" in done.out
    done = command.kscale(folder, "run", "small.yaml", "--quick", "--filter", "etcd-freelist", **home)
    assert done.code == 0, done.err
    assert "workload file" in done.out


def await_reading(pid: int, path: Path) -> None:
    """Wait until a process is well inside a file: where that is not to be seen, until it has it open."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        opened = psutil.Process(pid).open_files()
        if any(one.path == str(path) and getattr(one, "position", INSIDE) >= INSIDE for one in opened):
            return
        time.sleep(0.01)
    pytest.fail(f"{path.name} is not read")


def test_interrupt_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a long list: 130, one line, no file."""
    item = (
        b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"b"},"spec":{"containers":[]}}\n'
    )
    packed = tmp_path / "pods.json.gz"
    names = (b'"%032x"' % (number * 2654435761 % 2**32) for number in range(200_000))
    packed.write_bytes(gzip.compress(b"".join(item.replace(b'"a"', name) for name in names), 1))
    with subprocess.Popen(
        [sys.executable, "-m", "kscale", "import", packed.name, "-o", "mine.yaml"],
        cwd=tmp_path,
        env=command.environment(XDG_DATA_HOME=str(tmp_path / "data"), HOME=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            await_reading(process.pid, packed)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == ExitCode.INTERRUPTED, (out, err)
    assert (out, err) == (b"", b"kscale: interrupted\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "pods.json.gz"]


def test_sentences_name_their_file_where_several_have_any(ask: Ask) -> None:
    """Those that all say are there once."""
    for name, ended in (("a", 1), ("b", 2)):
        metadata = {"name": name, "namespace": f"ns{name}"}
        pods = [
            {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"phase": phase}}
            for phase in ("Running", *["Failed"] * ended)
        ]
        Path(f"{name}.json").write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": pods}))
    code, out, err = ask("a.json", "b.json", "-o", "mine.yaml")
    assert (code, err) == (ExitCode.OK, "")
    said = " ".join(out.split())
    assert "- a.json: 1 pod that has ended" in said
    assert "- b.json: 2 pods that have ended" in said
    assert said.count("an object is stored in 1/2") == 1
    assert "(2 files)" in said


def test_a_file_that_contradicts_itself_is_named_once(ask: Ask) -> None:
    """Servers of one list."""
    pods = [component("kube-apiserver", f"cp-{i}", f"--goaway-chance=0.00{1 + i // 2}") for i in range(3)]
    Path("a.json").write_text(json.dumps(listed(*pods)))
    code, out, err = ask("a.json", "-o", "mine.yaml")
    assert (code, err) == (ExitCode.OK, "")
    said = " ".join(out.split())
    assert "itself: servers differ in --goaway-chance: 2 of 3 have this" in said
    assert "is used, not" not in said
