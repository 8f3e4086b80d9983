"""kscale simulate, as a user types it; on records that nobody ran, and once for real."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import made_simulations as made
import pytest

from kscale.cli import app, completion
from kscale.clusterwide import mechanism, simulate, toggles
from kscale.clusterwide.record import Simulated
from kscale.clusterwide.simulate import Asked, Observer
from kscale.clusterwide.size import Size
from kscale.errors import ExitCode, Interrupted
from kscale.measure import machine
from kscale.report.plot import run_kinds

Ask = Callable[..., tuple[int, str, str]]
LEAST = (
    "schema: kscale.scenario/1\ncluster: {nodes: {count: 20}, pods: {count: 100}, objects: {total: 200}}\n"
)


class Fake:
    """A simulation that is not run: it says what it was asked, and breaks without optimizations."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self.asked: list[tuple[Size, Asked]] = []

    def __call__(self, size: Size, asked: Asked, observer: Observer | None = None) -> Simulated:
        """Return a record of what was asked."""
        self.asked.append((size, asked))
        if observer is not None:
            for second in range(1, 4):
                observer.at(second * made.S, asked.duration_ns, second * 1_000_000)
        base = made.optimized() if asked.toggles == toggles.ALL else made.simulated()
        return replace(
            base,
            toggles=toggles.ordered(asked.toggles),
            seed=asked.seed,
            nodes=size.nodes,
            duration_ns=asked.duration_ns,
            ended_ns=asked.duration_ns,
            counts=dict(base.counts) | {"log-bytes": sum(size.costs.values()) // 1000},
        )


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Put it in the place of the simulation."""
    found = Fake()
    monkeypatch.setattr(simulate, "simulate", found)
    return found


@pytest.fixture
def ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, fake: Fake
) -> Ask:
    """Return how to run a command in this process: code, what it printed, what it said."""
    assert fake.asked == []
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("KSCALE_RESULTS", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(LEAST)

    def asked(*args: str) -> tuple[int, str, str]:
        code = app.main(list(args))
        return code, *capsys.readouterr()

    return asked


def test_two_runs_are_shown(ask: Ask, fake: Fake) -> None:
    """Without and with all, one sentence, one table; progress elsewhere. A broken objective is no error."""
    code, out, err = ask("simulate", "mine.yaml")
    assert code == ExitCode.OK
    assert [asked.toggles for _, asked in fake.asked] == [toggles.NONE, toggles.ALL]
    assert "Without the optimizations the scheduler is the limit" in out
    assert out.count("modelled") == 1
    assert "baseline: 10:00 of 10:00, 9.8M events" in err
    assert "optimized: 10:00 of 10:00, 9.4M events" in err
    assert "events," not in out


def test_sets_are_chosen(ask: Ask, fake: Fake) -> None:
    """By name, several after; each only once, run only once."""
    args = (
        "--before",
        "node-lease",
        "--after",
        "all,-sched-sampling",
        "--after",
        "node-lease",
        "--after",
        "all",
    )
    code, out, _ = ask("simulate", "mine.yaml", *args, "-q")
    assert code == ExitCode.OK
    assert [toggles.shown(asked.toggles) for _, asked in fake.asked] == [
        "node-lease",
        "all,-sched-sampling",
        "all",
    ]
    assert "With node-lease the scheduler is the limit" in out


def test_size_time_and_seed(ask: Ask, fake: Fake) -> None:
    """As given, everything in proportion to the nodes."""
    code, out, err = ask("simulate", "mine.yaml", "--nodes", "60", "--duration", "5min", "--seed", "9", "-q")
    assert (code, err) == (ExitCode.OK, "")
    size, asked = fake.asked[0]
    assert (size.nodes, size.pods, asked.duration_ns, asked.seed) == (60, 300, 300 * made.S, 9)
    assert "5 min · seed 9" in out


def test_today(ask: Ask, fake: Fake, tmp_path: Path) -> None:
    """What the scenario says is on, if it says it; else a line."""
    text = LEAST + "control_plane: {optimizations: {node-lease: true, watch-encode: false}}\n"
    (tmp_path / "today.yaml").write_text(text)
    code, out, _ = ask("simulate", "today.yaml", "--before", "today", "-q")
    assert code == ExitCode.OK
    assert fake.asked[0][1].toggles == {"node-lease"}
    assert "As it is today the scheduler is the limit" in out
    assert "--before today" not in out
    assert "--before today" in ask("simulate", "today.yaml", "-q")[1]
    code, _, err = ask("simulate", "mine.yaml", "--after", "today")
    assert code == ExitCode.USAGE
    assert err.startswith("kscale: --after today: the scenario has no control_plane.optimizations")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--before", "node-leese"), "--before: no optimization 'node-leese'; did you mean 'node-lease'?"),
        (("--after", ""), "--after: no optimization ''"),
        (("--duration", "soon"), "--duration: 'soon' is not a duration"),
        (("--duration", "1ms"), "--duration: must be 1s to 24h, got 1ms"),
        (("--duration", "2d"), "--duration: must be 1s to 24h, got 48h"),
        (("--nodes", "0"), "--nodes"),
        (("--samples", "-1"), "--samples"),
        (("--workers", "0"), "--workers"),
        (("--format", "junit"), "simulate has no format junit"),
        (("--timeline", "x.html"), "--timeline: x.html: a timeline is a .json file"),
        (("--save", "a/b"), "'a/b' cannot name a result"),
        (("--color", "pink"), "--color: 'pink'"),
    ],
)
def test_bad_input_is_one_line(ask: Ask, fake: Fake, args: tuple[str, ...], said: str) -> None:
    """Before any run."""
    code, out, err = ask("simulate", "mine.yaml", *args)
    assert (code, out, fake.asked) == (ExitCode.USAGE, "", [])
    assert err.count("\n") == 1
    assert said in err


def test_what_does_not_fit_is_refused(ask: Ask, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is begun, with the option that helps; --force runs it, draws need as much each."""
    monkeypatch.setattr(machine, "free_bytes", lambda: 900 << 20)
    big = ("simulate", "mine.yaml", "-q", "--nodes", "200", "--duration", "10s")
    assert ask(*big)[0] == ExitCode.OK
    code, _, err = ask(*big, "--samples", "9", "--workers", "9")
    assert (code, len(fake.asked)) == (ExitCode.USAGE, 2)
    assert "mine of 200 nodes needs about " in err
    assert "900 MiB are free; give fewer --nodes, a shorter --duration, or --force" in err
    monkeypatch.setattr(machine, "free_bytes", lambda: 0)
    assert ask(*big)[0] == ExitCode.USAGE
    assert ask(*big, "--force")[0] == ExitCode.OK


def test_nothing_happens_after_the_end(ask: Ask, tmp_path: Path) -> None:
    """A fault that a shorter run would never see is refused."""
    faults = "simulation: {duration: 5min, faults: [{kind: controller-crash, at: 2min}]}\n"
    (tmp_path / "faulty.yaml").write_text(LEAST + faults)
    assert ask("simulate", "faulty.yaml", "-q")[0] == ExitCode.OK
    code, _, err = ask("simulate", "faulty.yaml", "--duration", "1min")
    assert code == ExitCode.USAGE
    assert "simulation.faults: controller-crash at 2min is after the end, 1min" in err


def test_check_fails_for_the_last_run(ask: Ask) -> None:
    """Of a broken objective before nobody asks."""
    assert ask("simulate", "mine.yaml", "--check", "-q")[0] == ExitCode.OK
    code, out, err = ask("simulate", "mine.yaml", "--after", "node-lease", "--check", "-q")
    assert code == ExitCode.GATE_FAILED
    assert "objectives" in out
    assert err.startswith("kscale: node-lease: changes of one object P99 <= 1 s: 4.2 s; ")


def test_json_is_the_same_each_time(ask: Ask) -> None:
    """Nothing in it tells when it was made; what is on standard output is only that."""
    first, second = (ask("simulate", "mine.yaml", "--json") for _ in range(2))
    assert first[1] == second[1]
    assert first[2] == ""
    tree = json.loads(first[1])
    assert (tree["schema"], tree["made"], tree["provenance"]) == ("kscale.simulation/1", None, "modelled")
    assert [one["label"] for one in tree["runs"]] == ["none", "all"]


def test_draws_give_ranges(ask: Ask, fake: Fake) -> None:
    """Each draw is run with every set, and its coefficients lie within their ranges."""
    code, out, err = ask("simulate", "mine.yaml", "--samples", "3", "--workers", "1")
    assert code == ExitCode.OK
    assert len(fake.asked) == 2 + 3 * 2
    drawn = fake.asked[2:]
    assert drawn[0][0].costs == drawn[1][0].costs
    assert drawn[0][0].costs != drawn[2][0].costs
    assert "range over 3 draws of coefficients within their ranges" in out
    assert "etcd log a minute" in out[out.index("range over") :]
    assert "draws: 6 of 6 runs" in err
    tree = json.loads(ask("simulate", "mine.yaml", "--samples", "3", "--workers", "1", "--json")[1])
    assert set(tree["costs"]) == set(mechanism.COSTS)
    assert [one["broken_draws"] for one in tree["runs"]] == [3, 0]
    for name, one in tree["costs"].items():
        low, high = one["range"]
        assert all(low <= size.costs[name] <= high for size, _ in drawn)


def test_files_are_written(ask: Ask, tmp_path: Path) -> None:
    """In each format that there is, by suffix."""
    files = [tmp_path / name for name in ("a.json", "a.csv", "a.md", "a.jsonl", "a.txt")]
    code, _, _ = ask("simulate", "mine.yaml", "-q", *(part for file in files for part in ("-o", str(file))))
    assert code == ExitCode.OK
    rows = list(csv.DictReader(io.StringIO(files[1].read_text())))
    (startup,) = (row for row in rows if (row["run"], row["name"]) == ("none", "pod-startup.p99"))
    assert (startup["value"], startup["unit"], startup["provenance"]) == ("", "ns", "modelled")
    assert "**Without the optimizations the scheduler is the limit" in files[2].read_text()
    assert len(files[3].read_text().splitlines()) == 2
    assert "baseline" in files[4].read_text()


def test_an_interrupt_writes_nothing(ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever was asked for: exit 130, no file."""

    def stopped(_: Size, asked: Asked, observer: Observer) -> Simulated:
        """Run a while."""
        observer.at(made.S, asked.duration_ns, 10)
        raise Interrupted("interrupted")

    monkeypatch.setattr(simulate, "simulate", stopped)
    before = set(tmp_path.iterdir())
    code, out, err = ask("simulate", "mine.yaml", "--save", "x", "-o", "x.csv", "--timeline", "t.json")
    assert (code, out) == (ExitCode.INTERRUPTED, "")
    assert "interrupted" in err
    assert set(tmp_path.iterdir()) == before


def test_a_saved_one_is_found(ask: Ask, tmp_path: Path) -> None:
    """By show and plot as it was printed; and is no result for anything that compares or gates."""
    code, out, err = ask("simulate", "mine.yaml", "--save", "wall")
    assert code == ExitCode.OK
    assert "saved results/wall.json · next: kscale plot wall, kscale report wall" in err
    assert ask("show", "wall") == (ExitCode.OK, out, "")
    text = (tmp_path / "results" / "wall.json").read_text()
    assert ask("show", "wall", "--json") == (ExitCode.OK, text, "")
    assert json.loads(text)["made"]["name"] == "wall"
    code, _, err = ask("plot", "wall", "-o", "wall.svg")
    assert code == ExitCode.OK
    assert err.startswith("wrote wall.svg: ")
    code, _, err = ask("report", "wall", "--policy", "p.yaml")
    assert (code, err.count("\n")) == (ExitCode.USAGE, 1)
    for command in (("compare", "wall", "wall"), ("gate", "wall"), ("compare", "wall", "latest")):
        code, _, err = ask(*command)
        assert code == ExitCode.USAGE
        assert "is a simulation, of which nothing was measured" in err or "no result 'latest'" in err
        assert err.count("\n") == 1
    code, _, err = ask("show", "latest")
    assert code == ExitCode.USAGE


def test_a_name_is_taken_once(ask: Ask, fake: Fake) -> None:
    """Said before any run; --force replaces it."""
    assert ask("simulate", "mine.yaml", "--save", "wall", "-q")[0] == ExitCode.OK
    ran = len(fake.asked)
    code, _, err = ask("simulate", "mine.yaml", "--save", "wall", "-q")
    assert (code, len(fake.asked)) == (ExitCode.USAGE, ran)
    assert "--force replaces it" in err
    assert ask("simulate", "mine.yaml", "--save", "wall", "--force", "-q")[0] == ExitCode.OK


def test_pictures_are_refused_in_a_line(ask: Ask) -> None:
    """What is for cells, kinds that are not, several at once."""
    for name in ("a", "b"):
        assert ask("simulate", "mine.yaml", "--save", name, "-q")[0] == ExitCode.OK
    for args, said in (
        (("a", "--by", "x"), "--by is for cells of a result"),
        (("a", "--kind", "forest"), "no such kind for a simulation"),
        (("a", "b"), "a picture is of one simulation, not of 2"),
        (("a", "nothing"), "'a' is a simulation and 'nothing' is not"),
    ):
        code, _, err = ask("plot", *args)
        assert (code, err.count("\n")) == (ExitCode.USAGE, 1)
        assert said in err


def test_a_report_is_written(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of one simulation, or of several; its pictures are others' tests."""
    monkeypatch.setattr(run_kinds, "KINDS", {})
    for name in ("a", "b"):
        assert ask("simulate", "mine.yaml", "--save", name, "-q")[0] == ExitCode.OK
    assert ask("report", "a", "b", "-o", "two.html") == (ExitCode.OK, "", "wrote two.html\n")
    assert "simulation-2" in (tmp_path / "two.html").read_text()


def test_sets_are_completed() -> None:
    """Words for all, ids with what they are, and again behind a comma and a minus."""
    found = dict(one if isinstance(one, tuple) else (one, "") for one in completion.toggles(""))
    assert list(found)[:3] == ["none", "all", "today"]
    assert set(toggles.IDS) < set(found)
    assert ("all,-node-lease", toggles.find("node-lease").title) in completion.toggles("all,-node-l")


def test_a_timeline_is_written(ask: Ask, tmp_path: Path) -> None:
    """For both runs."""
    assert ask("simulate", "mine.yaml", "--timeline", "t.json", "-q")[0] == ExitCode.OK
    assert json.loads((tmp_path / "t.json").read_text())["traceEvents"]


def test_saved_ones_are_listed(ask: Ask, tmp_path: Path) -> None:
    """Beside results, under a heading of their own; a damaged one is named."""
    ask("simulate", "mine.yaml", "--save", "wall", "-q")
    code, out, _ = ask("baseline", "list")
    assert code == ExitCode.OK
    head, listed = out.split("simulations\n")
    assert "no result has a name" in head
    assert listed.startswith("wall · 20")
    assert "mine · baseline, optimized\n" in listed
    code, _, err = ask("show", "latest")
    assert code == ExitCode.USAGE
    assert "has simulations, and no result yet" in err
    whole = tmp_path / "results" / "wall.json"
    (tmp_path / "results" / "half.json").write_text(whole.read_text()[:2000])
    assert "half: " in ask("baseline", "list")[1]
