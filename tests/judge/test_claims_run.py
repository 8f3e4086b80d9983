"""Set-ups of claims, run: once each, counted or timed, in order, all checked before."""

import math
from collections.abc import Sequence
from pathlib import Path

import made_claims
import pytest

from kscale.errors import Interrupted, KscaleError
from kscale.judge.claims import run
from kscale.judge.claims.record import Claim
from kscale.judge.claims.run import Planned
from kscale.measure import runner, stats
from kscale.measure.plan import PlannedCell
from kscale.measure.timing import Allowance
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.mechanisms.registry import MECHANISMS
from kscale.scenario import shipped

CLUSTER = "cluster: {nodes: {count: 100}, pods: {count: 1k}, objects: {total: 10k}}"
SMALL = "{etcd-freelist: {free_pages: [1k, 2k], transactions: 3}}"


class Recorder:
    """Keeps what it is told."""

    def __init__(self, stop_at: int | None = None) -> None:
        """Raise Interrupted at the cell of that number, if one is given."""
        self.said: list[str] = []
        self.stop_at = stop_at

    def start(self, setups: Sequence[Planned]) -> None:
        """Keep the names."""
        self.said.append(" ".join(setup.name for setup in setups))

    def cell_start(self, setup: Planned, cell: PlannedCell) -> None:
        """Keep the place."""
        if sum("begins" in said for said in self.said) == self.stop_at:
            raise Interrupted("interrupted")
        self.said.append(f"{setup.name} {cell.label} begins")

    def cell_done(self, setup: Planned, cell: PlannedCell) -> None:
        """Keep the place."""
        self.said.append(f"{setup.name} {cell.label} done")

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        """Keep how many."""
        self.said.append(f"{cell.label} {pairs} pairs")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of shipped set-ups, which is one of our own."""
    monkeypatch.setattr(shipped, "root", lambda: tmp_path)
    made = tmp_path / shipped.CLAIMS
    made.mkdir()
    for name in ("one", "two"):
        write(made, name, SMALL)
    return made


def write(folder: Path, name: str, mechanisms: str, profile: str = "k8s-1.20") -> None:
    """Write a set-up."""
    text = f"schema: kscale.scenario/1\nname: {name}\nabout: A set-up.\nprofile: {profile}\n{CLUSTER}\n"
    more = f"mechanisms: {mechanisms}\n" if mechanisms else ""
    (folder / f"{name}.yaml").write_text(text + more, encoding="utf-8")


def claims(*names: str | None, timed: bool = False) -> list[Claim]:
    """Return a claim on each set-up."""
    return [
        made_claims.claim(f"X{i}", "M", setup=name, timed=timed, not_reproducible="made")
        for i, name in enumerate(names)
    ]


def test_each_set_up_is_run_once(folder: Path) -> None:
    """In the order of the claims; those without one are left out."""
    assert folder.is_dir()
    seen = Recorder()
    planned = run.planned(claims("two", "one", None, "two"), MECHANISMS)
    found = list(run.run(planned, seen))
    assert [one.name for one in found] == ["two", "one"]
    assert {one.profile for one in found} == {"k8s-1.20"}
    assert seen.said[:3] == [
        "two one",
        "two 1k free pages, 3 transactions begins",
        "two 1k free pages, 3 transactions done",
    ]
    cell = found[0].cell("etcd-freelist", free_pages=2000)
    assert cell.params["workload"] == "C"
    assert set(cell.works) == {BASELINE, OPTIMIZED}
    assert cell.works[BASELINE]["ids_scanned"] > 0
    assert cell.times == {}


def test_two_runs_are_equal(folder: Path) -> None:
    """Work and order, to the last digit."""
    assert folder.is_dir()
    first, again = (list(run.run(run.planned(claims("one"), MECHANISMS), Recorder())) for _ in range(2))
    assert first == again


def test_a_set_up_is_timed_if_one_claim_on_it_is(folder: Path) -> None:
    """In few pairs, and medians of a run are kept."""
    write(folder, "three", "{etcd-freelist: {free_pages: 1k, transactions: 3}}")
    seen = Recorder()
    asked = [*claims("three"), *claims("three", timed=True)]
    (found,) = run.run(run.planned(asked, MECHANISMS), seen)
    assert set(found.cells[0].times) == {BASELINE, OPTIMIZED}
    assert all(taken > 0 for taken in found.cells[0].times.values())
    assert stats.FEWEST <= sum("pairs" in said for said in seen.said) <= run.PAIRS
    ratio = found.cells[0].ratios[OPTIMIZED]
    assert 0 < ratio.low <= ratio.value <= ratio.high < math.inf
    assert BASELINE not in found.cells[0].ratios


def test_timed_cells_share_ten_seconds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever number of set-ups is timed; what is counted takes no part of it."""
    allowed = []

    def measured(*args: object) -> object:
        allowed.append(args[-1])
        raise Interrupted("interrupted")

    monkeypatch.setattr(runner, "measure_cell", measured)
    asked = [*claims("two", timed=True), *claims("one")]
    with pytest.raises(Interrupted):
        list(run.run(run.planned(asked, MECHANISMS), Recorder()))
    assert folder.is_dir()
    assert allowed == [Allowance(run.TIMED_S / 2, run.TIMED_S / 2)]


def test_what_was_finished_before_a_signal_stays(folder: Path) -> None:
    """The second set-up is interrupted in its first cell."""
    assert folder.is_dir()
    ran = run.run(run.planned(claims("one", "two"), MECHANISMS), Recorder(stop_at=2))
    assert next(ran).name == "one"
    with pytest.raises(Interrupted):
        next(ran)


@pytest.mark.parametrize(
    ("mechanisms", "complaint"),
    [
        ("", "names the mechanisms it runs"),
        ("{etcd-frelist: {}}", "did you mean 'etcd-freelist'"),
        ("{etcd-freelist: {fre_pages: 1}}", "did you mean 'free_pages'"),
    ],
)
def test_a_wrong_set_up_is_refused_before_any_work(folder: Path, mechanisms: str, complaint: str) -> None:
    """With the line of a file that people can open."""
    write(folder, "wrong", mechanisms)
    with pytest.raises(KscaleError, match=complaint):
        run.planned(claims("one", "wrong"), MECHANISMS)


def test_a_missing_set_up_is_named(folder: Path) -> None:
    """With the nearest there is."""
    assert folder.is_dir()
    with pytest.raises(KscaleError, match="no set-up 'claims/onne'; did you mean 'claims/one'"):
        run.planned(claims("onne"), MECHANISMS)
