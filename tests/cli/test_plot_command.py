"""kscale plot, as a user types it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command import kscale
from plot_requests import HOSTILE, later, renamed, sample

from kscale.cli import app
from kscale.results import store
from kscale.results.store import Store

Plot = Callable[..., tuple[int, str, set[str]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three results of one scenario, two of them named."""
    made = tmp_path_factory.mktemp("plots")
    store = Store(made / "results")
    store.save(sample())
    head = later(sample(), 22, factor=1.2)
    store.save(head.model_copy(update={"run": head.run.model_copy(update={"name": "head"})}))
    store.save(later(sample(), 23, ids_scanned=7))
    return made


@pytest.fixture
def plot(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Plot:
    """Return how to run the command in this process: code, what it said, the files it left."""
    monkeypatch.setenv("KSCALE_RESULTS", str(folder / "results"))
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> tuple[int, str, set[str]]:
        code = app.main(["plot", *args])
        out, err = capsys.readouterr()
        assert out == ""
        return code, err, {path.name for path in tmp_path.iterdir()}

    return run


def test_through_the_installed_command(folder: Path) -> None:
    """Two results are a forest; the file and the finding are said on stderr, nothing on stdout."""
    ran = kscale(folder, "plot", "main", "head", "-o", "changes.png")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("wrote changes.png: ")
    assert (folder / "changes.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("args", "file"),
    [
        ((), "20261123T025400Z-1f0c9ab-overview.png"),
        (("main",), "main-overview.png"),
        (("main", "head"), "main-head-forest.png"),
        (("baseline", "optimized"), "20261123T025400Z-1f0c9ab-forest.png"),
        (("main", "--kind", "growth"), "main-growth.png"),
        (("main", "--kind", "heatmap", "--by", "free-pages,workload"), "main-heatmap.png"),
        (("main", "--map", "--filter", "etcd*"), "main-map.png"),
        (("main", "--kind", "pareto", "--by", "ids-scanned,bytes-held"), "main-pareto.png"),
        (("main", "--kind", "bars", "--metric", "bytes_held", "--variant", "array-simd"), "main-bars.png"),
        (("main", "head", "latest", "--filter", "watch*"), "alibaba-10k-history.png"),
        (("--kind", "history", "--filter", "free_pages=10k"), "alibaba-10k-history.png"),
    ],
)
def test_the_file_is_named_after_result_and_kind(plot: Plot, args: tuple[str, ...], file: str) -> None:
    """Without -o, and said."""
    code, said, files = plot(*args)
    assert (code, files) == (0, {file}), said
    assert said.startswith(f"wrote {file}: ")


def test_a_history_takes_every_result_of_the_scenario(plot: Plot, folder: Path) -> None:
    """Files that are no results are said and passed over."""
    broken = folder / "results" / "broken.json"
    broken.write_text("{}")
    code, said, _ = plot("--kind", "history", "--filter", "free_pages=10k")
    broken.unlink()
    assert code == 0
    assert "left out: " in said
    assert "Over 3 results" in said
    assert "1 exact counter changed" in said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("main", "--kind", "bar"), "did you mean 'bars'?"),
        (("main", "--kind", "bars", "-o", "x.gif"), ".png or .svg"),
        (("nothing",), "no result 'nothing'"),
        (("main", "head", "--kind", "bars"), "draws up to 1, not 2 results"),
        (("main", "--filter", "nothing*"), "--filter nothing*: matches no cell"),
        (("main", "--kind", "growth", "--by", "free_page"), "did you mean 'free_pages'"),
        (("main", "--kind", "heatmap", "--by", "free_pages"), "a heat map has two parameters; swept: "),
        (("main", "--map", "--kind", "bars"), "--map is --kind map, not 'bars'; leave one of both out"),
        (("main", "--map", "--by", "free_page"), "no swept amount; did you mean 'free_pages'"),
        (
            ("main", "--kind", "pareto"),
            "no cell counts evaluations_per_pod_milli; name two counters with --by",
        ),
        (("main", "--variant", "optimised"), "did you mean 'optimized'"),
        (("main", "--metric", "ids"), "no metric 'ids'"),
        (("baseline", "optimized", "--variant", "array-simd"), "a picture shows two variants, not 3"),
        (("main", "--kind", "latency", "--filter", "watch*"), "nothing to draw"),
        (("main", "-o", f"{__file__}/x.png"), "is not a folder"),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_exit_2(plot: Plot, args: tuple[str, ...], said: str) -> None:
    """No picture, no traceback."""
    code, err, files = plot(*args)
    assert (code, files) == (2, set())
    assert said in err
    assert err.count("\n") == 1


def test_hostile_names_stay_text(plot: Plot, folder: Path, tmp_path: Path) -> None:
    """No escape sequence on the terminal, no folder in the name of the file."""
    bad = renamed(sample(), f"../{HOSTILE}")
    kept = tmp_path / "bad.json"
    kept.write_text(store.dumps(bad))
    code, said, files = plot("./bad.json", "--kind", "bars")
    assert code == 0
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert len(files) == 2
    assert all("/" not in name and not name.startswith(".") for name in files)
