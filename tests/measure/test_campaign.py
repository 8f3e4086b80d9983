"""A run keeps what is finished, whatever happens, and goes on from there."""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from measure_fakes import Script, loaded, mechanism

from kscale.errors import ExitCode, Interrupted, KscaleError, WrongAnswer
from kscale.measure import campaign, machine, runner
from kscale.measure.campaign import Request
from kscale.measure.plan import PlannedCell, plan
from kscale.measure.stopping import Stopper, stoppable
from kscale.measure.timing import Allowance, Settings
from kscale.results import journal
from kscale.results.record import Cell, Result
from kscale.results.store import Store
from kscale.scenario import costs

SECTION = "mechanisms:\n  fake-search: {free_pages: [1, 2, 3]}\n"
COUNT = Settings(timing=False)
QUICK = Settings(budget_s=0.1, max_pairs=2, min_pairs=2)


@dataclass
class Seen:
    """Keeps what it hears, and may do something at a finished cell."""

    resumed: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    at_done: Callable[[int], object] = field(default=lambda count: None)

    def start(self, cells: Sequence[PlannedCell], finished: Sequence[Cell]) -> None:
        self.resumed = [cell.label for cell in finished]

    def cell_start(self, cell: PlannedCell) -> None:
        self.started.append(cell.label)

    def cell_done(self, cell: Cell) -> None:
        self.done.append(cell.label)
        self.at_done(len(self.done))

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        pass


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def run(
    store: Store,
    seen: Seen | None = None,
    settings: Settings = COUNT,
    script: Script | None = None,
    request: Request | None = None,
) -> Result:
    scenario = loaded(SECTION)
    cells = plan(scenario, [mechanism(script)])
    return campaign.run(scenario, cells, settings, seen or Seen(), store, request or Request(["run"]))


def interrupted_after(cells: int, store: Store, settings: Settings = COUNT) -> Seen:
    """Run until Ctrl-C after that many cells."""
    seen = Seen(at_done=lambda count: os.kill(os.getpid(), signal.SIGINT) if count == cells else None)
    with pytest.raises(Interrupted):
        run(store, seen, settings)
    return seen


def names(store: Store) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir())


def test_a_complete_run_is_saved_and_leaves_no_journal(store: Store) -> None:
    """One file, equal to what is returned, cells in the scenario's order."""
    seen = Seen()
    result = run(store, seen)
    assert names(store) == [f"{result.run.id}.json"]
    assert store.load("latest") == result
    assert result.run.status == "complete"
    assert [cell.label for cell in result.cells] == seen.done == seen.started
    assert result.scenario.sha256 == loaded(SECTION).sha256
    assert result.mechanisms["fake-search"].metrics["steps"].unit == "steps"
    assert result.mechanisms["fake-search"].metrics["wall_ns"].kind == "timing"
    assert result.run.peak_rss_bytes > 10**6


def test_timed_cells_have_samples(store: Store) -> None:
    """The real clock, as little of it as possible."""
    result = run(store, settings=QUICK)
    one = result.cells[0].variants["baseline"].wall_ns
    assert one is not None
    assert len(one.values) == 2


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)]
)
def test_a_signal_keeps_finished_cells(store: Store, signum: signal.Signals, code: ExitCode) -> None:
    """Status interrupted, finished cells saved, exit 130 or 143, handlers as before."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    seen = Seen(at_done=lambda count: os.kill(os.getpid(), signum) if count == 2 else None)
    with pytest.raises(Interrupted, match=r"2 of 3 cells finished, saved as .*--resume goes on") as caught:
        run(store, seen)
    assert caught.value.exit_code == code
    kept = store.load("latest")
    assert kept.run.status == "interrupted"
    assert [cell.label for cell in kept.cells] == seen.done
    assert len(names(store)) == 2  # the result and its journal
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_inside_a_cell_drops_that_cell_only(store: Store) -> None:
    """The second cell is being run: the first is kept."""
    script = Script(on_run=lambda name, call: os.kill(os.getpid(), signal.SIGTERM) if call == 3 else None)
    with pytest.raises(Interrupted, match="1 of 3 cells finished"):
        run(store, script=script)
    assert len(store.load("latest").cells) == 1


def test_before_the_first_cell_nothing_is_saved(store: Store) -> None:
    """No cell, no file, no journal."""
    script = Script(on_run=lambda name, call: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(Interrupted, match="nothing is saved"):
        run(store, script=script)
    assert names(store) == []


def test_resume_measures_only_what_is_missing(store: Store) -> None:
    """The cells come out as from one run, under the id of the interrupted one."""
    first = interrupted_after(2, store)
    seen = Seen()
    result = run(store, seen, request=Request(["run"], resume=True))
    assert seen.resumed == first.done
    assert seen.started == ["3 free pages"]
    assert names(store) == [f"{result.run.id}.json"]
    assert result.run.status == "complete"
    whole = run(store)
    timeless = [cell.model_copy(update={"seconds": 0}) for cell in result.cells]
    assert timeless == [cell.model_copy(update={"seconds": 0}) for cell in whole.cells]


def test_resume_says_that_the_costs_have_changed(store: Store) -> None:
    """Of a run that is the same otherwise; of another seed it says nothing of the kind."""
    interrupted_after(1, store)
    one = costs.of_profile("k8s-1.36").coefficients["etcd_apply_ns"]
    given = f"value: {one.value + 1}, range: [0, {one.value + 2}], unit: ns, provenance: assumed, about: x"
    dearer = f"{SECTION}costs: {{coefficients: {{etcd_apply_ns: {{{given}}}}}}}\n"
    for text, said in ((dearer, True), (f"{dearer}seed: 3\n", False)):
        scenario = loaded(text)
        cells = plan(scenario, [mechanism(None)])
        with pytest.raises(KscaleError, match="--resume: no interrupted run of") as caught:
            campaign.run(scenario, cells, COUNT, Seen(), store, Request(["run"], resume=True))
        assert ("of one that was, the costs have changed" in str(caught.value)) == said


def test_resume_under_a_name_leaves_one_file(store: Store) -> None:
    """What the interrupted run had saved is part of the named result."""
    interrupted_after(1, store)
    run(store, request=Request(["run"], name="before", resume=True))
    assert names(store) == ["before.json"]


def test_resume_can_be_interrupted_again(store: Store) -> None:
    """One cell at a time gets there."""
    interrupted_after(1, store)
    seen = Seen(at_done=lambda count: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(Interrupted, match="2 of 3"):
        run(store, seen, request=Request(["run"], resume=True))
    assert len(run(store, request=Request(["run"], resume=True)).cells) == 3


def test_counted_cells_do_not_stand_in_for_timed_ones(store: Store) -> None:
    """A run with times does not take over cells that were only counted, and does not destroy them."""
    interrupted_after(2, store)
    with pytest.raises(KscaleError, match="and these options"):
        run(store, Seen(), QUICK, request=Request(["run"], resume=True))
    assert len(store.load("latest").cells) == 2
    assert list(store.folder.glob("*.partial.jsonl"))


def test_nothing_to_resume_is_said(store: Store) -> None:
    """--resume without an interrupted run is a mistake worth a line."""
    with pytest.raises(KscaleError, match="--resume: no interrupted run of tiny with seed 0"):
        run(store, request=Request(["run"], resume=True))


def test_a_wrong_answer_keeps_the_cells_before_it(store: Store) -> None:
    """The second cell's counters do not repeat: the first is saved, the error goes on."""
    script = Script(works={"optimized": lambda call: {"steps": 1 + (call == 3)}})
    with pytest.raises(WrongAnswer, match=r"not reproducible.*1 of 3 cells finished, saved as"):
        run(store, script=script)
    assert len(store.load("latest").cells) == 1
    assert store.load("latest").run.status == "interrupted"


def test_a_bug_leaves_the_journal(store: Store) -> None:
    """Whatever else ends a run, finished cells can be resumed."""
    script = Script(on_run=lambda name, call: 1 // 0 if call == 3 else None)
    with pytest.raises(ZeroDivisionError):
        run(store, script=script)
    seen = Seen()
    run(store, seen, request=Request(["run"], resume=True))
    assert seen.resumed == ["1 free page"]


def test_a_folder_that_cannot_be_written_to_is_found_before_the_work(tmp_path: Path) -> None:
    """No cell is run for nothing."""
    (tmp_path / "file").write_text("")
    seen = Seen()
    with pytest.raises(KscaleError, match="cannot be written"):
        run(Store(tmp_path / "file"), seen)
    assert seen.started == []


def test_too_little_memory_is_refused_with_both_figures(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it is forced."""
    monkeypatch.setattr(machine, "free_bytes", lambda: 2**20)
    with pytest.raises(KscaleError, match=r"needs about .* MiB, 1 MiB are free; make it smaller, or --force"):
        run(store)
    assert run(store, request=Request(["run"], force=True)).run.status == "complete"


def test_a_run_outside_the_main_thread_works(store: Store) -> None:
    """Signals belong to the main thread; elsewhere a run does without."""
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(run(store)))
    thread.start()
    thread.join()
    assert results[0].run.status == "complete"


def test_a_signal_waits_while_something_must_be_whole() -> None:
    """Inside `held` nothing is raised; at its end it is."""
    log = []

    def whole() -> None:
        with stoppable() as stopper, stopper.held():
            os.kill(os.getpid(), signal.SIGINT)
            log.append("still here")

    with pytest.raises(Interrupted):
        whole()
    assert log == ["still here"]


def test_a_second_signal_ends_at_once() -> None:
    """After the first one the system's own handlers are back."""
    with stoppable() as stopper:
        with pytest.raises(Interrupted):
            stopper.stop(signal.SIGTERM, None)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert isinstance(stopper, Stopper)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("run", "run"),
        ("scenarios/x.yaml", "scenarios/x.yaml"),
        ("/home/somebody/x.yaml", "x.yaml"),
        ("--save=/home/somebody/x", "--save=x"),
        ("etcd-freelist.free_pages=1M", "etcd-freelist.free_pages=1M"),
        ("", ""),
    ],
)
def test_arguments_are_kept_without_folders_of_this_machine(given: str, kept: str) -> None:
    """A result holds no user name."""
    assert campaign.portable(given) == kept
    assert campaign.portable(str(Path.cwd() / "a" / "b.yaml")) == "a/b.yaml"


def test_budget_that_is_left_goes_to_the_cells_that_follow(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30 s for three cells: 10 s; the first takes 4 s: 13 s for the second; and never above the cap."""
    now, shares = [0.0], []

    def measure(
        cell: PlannedCell, cluster: object, settings: object, observer: object, allowed: object
    ) -> Cell:
        shares.append(allowed)
        now[0] += 4
        return made[len(shares) - 1]

    made = run(store).cells
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(runner, "measure_cell", measure)
    run(store, settings=Settings(budget_s=30, cell_cap_s=20, timing=False))
    assert shares == [Allowance(10, 10), Allowance(13, 10), Allowance(20, 10)]


def test_journal_is_written_cell_by_cell(store: Store) -> None:
    """After each finished cell the journal on disk has it."""
    lengths: list[int] = []

    def look(count: int) -> None:
        (path,) = store.folder.glob(f"*{journal.ENDING}")
        found = journal.read(path)
        lengths.append(len(found.cells) if found else -1)

    run(store, Seen(at_done=look))
    assert lengths == [1, 2, 3]


def test_a_result_names_its_coefficients(store: Store) -> None:
    """With value, range and origin, as the scenario's profile has them; none that were not read."""
    scenario = loaded(SECTION)
    name, kept = next(iter(costs.of_profile(scenario.scenario.profile).coefficients.items()))
    made = replace(mechanism(None), costs=(name,))
    result = campaign.run(scenario, plan(scenario, [made]), COUNT, Seen(), store, Request(["run"]))
    (told,) = result.mechanisms["fake-search"].costs.items()
    assert told[0] == name
    assert told[1].model_dump() == kept.model_dump()
    assert store.load("latest") == result


def test_a_simulation_leaves_its_share_of_time_to_the_timed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two timed cells of three share the budget in halves, not thirds."""
    scenario = loaded(SECTION)
    first, *others = plan(scenario, [mechanism(None)])
    cells = [replace(first, mechanism=replace(first.mechanism, simulated=True)), *others]
    heard: list[Allowance] = []
    measure = runner.measure_cell

    def listening(cell: PlannedCell, *rest: Any) -> Cell:  # noqa: ANN401 - passed on
        heard.append(rest[3])
        return measure(cell, *rest)

    monkeypatch.setattr(runner, "measure_cell", listening)
    result = campaign.run(scenario, cells, QUICK, Seen(), store, Request(["run"]))
    assert [one.even_s for one in heard] == [QUICK.budget_s / 2] * 3
    assert [cell.variants["baseline"].wall_ns is None for cell in result.cells] == [True, False, False]
