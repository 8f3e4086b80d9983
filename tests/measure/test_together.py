"""Two installations in turns: pairs, processes, other code, and ends that come too soon."""

import shutil
import sys
from pathlib import Path

import pytest

from kscale.cli.progress import Quiet
from kscale.errors import KscaleError, WrongAnswer
from kscale.judge import compare
from kscale.measure import again, campaign, plan, remote, stats, together, turns
from kscale.measure.timing import Allowance, Settings
from kscale.measure.together import Installation
from kscale.mechanisms.registry import MECHANISMS
from kscale.results.record import Result, Samples
from kscale.results.store import Store
from kscale.scenario import load

SMALL = b"""
cluster: {nodes: {count: 10}, pods: {count: 100}}
mechanisms: {watch-fanout: {events: 500}}
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the results of one cell of this code against itself, in two rounds, are kept."""
    folder = tmp_path_factory.mktemp("together")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together, "ROUNDS", 2)
        run(folder, Installation("main", sys.executable))
    return folder


@pytest.fixture
def pair(saved: Path) -> tuple[Result, Result]:
    """Return both results."""
    return Store(saved).load("main"), Store(saved).load("head")


def run(folder: Path, other: Installation, **more: bool) -> tuple[Result, Result]:
    """Measure the small scenario with *other*."""
    loaded = load.parse(SMALL, "small", "small.yaml")
    return together.run(
        loaded,
        plan.plan(loaded, MECHANISMS),
        Settings(budget_s=0.1, **more),
        Quiet(),
        Store(folder),
        campaign.Request(argv=[], name="head"),
        other,
    )


def installed(folder: Path, change: tuple[str, str]) -> str:
    """Copy this kscale, change a line of it, and return an interpreter that imports the copy."""
    source = Path(together.__file__).parents[1]
    shutil.copytree(source, folder / "kscale")
    path = folder / "kscale/mechanisms/watch_fanout.py"
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    script = folder / "python"
    script.write_text(
        f'#!/bin/sh\nNUMBA_DISABLE_JIT=1 PYTHONPATH="{folder}" exec "{sys.executable}" "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    return str(script)


def test_samples_are_pairs_in_processes(pair: tuple[Result, Result]) -> None:
    """Each variant has pairs with the same variant of the other, at least two a process; both are saved."""
    base, head = pair
    for name, ours in head.cells[0].variants.items():
        theirs = base.cells[0].variants[name]
        assert ours.wall_ns is not None
        assert theirs.wall_ns is not None
        assert stats.pair_up(theirs.wall_ns, ours.wall_ns)[0].size == len(ours.wall_ns.values) >= 4
        assert ours.wall_ns.process is not None
        assert set(ours.wall_ns.process) == {0, 1}
        assert stats.paired_ratio(theirs.wall_ns, ours.wall_ns).n == 2
    assert base.cells[0].digest == head.cells[0].digest
    found = compare.of_results(base, head)
    assert found.paired
    assert found.same_machine


def test_a_process_is_one_witness() -> None:
    """Twenty pairs of two processes that differ are two witnesses, too few for an interval."""
    order = list(range(0, 40, 2))
    process = [0] * 10 + [1] * 10
    base = Samples(order=order, values=[1000] * 20, loops=1, process=process)
    other = Samples(order=[o + 1 for o in order], values=[1000] * 10 + [1200] * 10, loops=1, process=process)
    ratio = stats.paired_ratio(base, other)
    assert (ratio.n, ratio.has_interval) == (2, False)
    assert ratio.value == pytest.approx(1.2**0.5)


def test_other_code_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other side runs its own code: a counter it changed differs in its result only."""
    monkeypatch.setattr(together, "ROUNDS", 1)
    python = installed(tmp_path, ('about="watchers asked', 'about="other watchers asked'))
    base, head = run(tmp_path / "results", Installation("main", python), timing=False)
    abouts = [r.mechanisms["watch-fanout"].metrics for r in (base, head)]
    assert abouts[0] != abouts[1]
    assert base.run.code != head.run.code


def test_a_cell_only_one_side_has_is_counted_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mechanism that the base does not know is in the head's result, without times, with a note."""
    monkeypatch.setattr(together, "ROUNDS", 2)
    python = installed(tmp_path, ('id="watch-fanout"', 'id="watch-other"'))
    base, head = run(tmp_path / "results", Installation("main", python))
    assert base.cells == []
    assert head.cells[0].variants["baseline"].wall_ns is None
    assert "no mechanism 'watch-fanout'" in head.cells[0].notes[0]


def test_a_simulated_cell_is_counted_on_both_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never timed, once in all, with parameters that need a unit; the timed one beside it takes turns."""
    monkeypatch.setattr(together, "ROUNDS", 2)
    text = SMALL.decode().replace("500}}", "500}, etcd-learner: {repair_ns: 4min}}")
    loaded = load.parse(text.encode(), "small", "small.yaml")
    cells = plan.plan(loaded, MECHANISMS)
    base, head = together.run(
        loaded,
        cells,
        Settings(budget_s=0.1),
        Quiet(),
        Store(tmp_path),
        campaign.Request(argv=[], name="head"),
        Installation("main", sys.executable),
    )
    for result in (base, head):
        timed, counted = result.cells
        assert timed.variants["baseline"].wall_ns is not None
        assert counted.variants["baseline"].wall_ns is None
    assert base.cells[1].digest == head.cells[1].digest
    assert base.cells[1].params == head.cells[1].params == cells[1].values


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'no module named kscale' >&2; exit 1", "ended with 1: no module named kscale"),
        ("kill -9 $$", "was ended by signal 9"),
        ('echo \'{"ok": {"protocol": 99, "kscale": "9.9"}}\'; cat >/dev/null', "cannot take turns with"),
        ('echo \'{"ok": {"protocol": 1}}\'; cat >/dev/null', "does not say which kscale"),
        ("echo 5; cat >/dev/null", "does not speak"),
        ("echo hello; cat >/dev/null", "does not speak"),
        ("echo '{\"error\": 5}'; cat >/dev/null", "does not speak"),
        ("echo \"No module named 'kscale.measure.worker'\" >&2; exit 1", "has no kscale that can take turns"),
        ("exec sleep 60", "was ended by signal 9"),
    ],
)
def test_another_that_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, says: str) -> None:
    """An interpreter that has no such kscale is one line, naming the side; one that hangs is ended."""
    monkeypatch.setattr(remote, "HELLO_S", 1.0)
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    python.chmod(0o755)
    with pytest.raises(KscaleError, match="main: ") as error, remote.worker("main", str(python)):
        pass
    assert says in str(error.value)


def test_a_wrong_answer_is_one_here_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that differs between two processes is a wrong answer, and names the side."""
    with remote.worker("head") as one:
        one.ask("scenario", text=SMALL.decode())
        loaded = load.parse(SMALL, "small", "small.yaml")
        opened = turns.open_cell(one, plan.plan(loaded, MECHANISMS)[0])
        opened.answer = {**opened.answer, "digest": "0"}
        with pytest.raises(WrongAnswer, match="head: watch-fanout"):
            opened.reopen(one)


def test_again_in_turns(pair: tuple[Result, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells of two results that took turns do so again, by the interpreters of both."""
    monkeypatch.setattr(again, "CELL_S", 0.1)
    monkeypatch.setattr(together, "ROUNDS", 2)
    keys = [pair[1].cells[0].key]
    base, head = again.measure(pair, keys, Quiet(), sys.executable)
    assert compare.of_results(base, head).paired
    with pytest.raises(KscaleError, match="--against PYTHON"):
        again.measure(pair, keys, Quiet())


def test_again_by_itself(pair: tuple[Result, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """Variants of one result take turns again; of two that did not take turns, the second is measured."""
    monkeypatch.setattr(again, "AMPLE", Allowance(share_s=0.1, even_s=0.1))
    head = pair[1]
    keys = [head.cells[0].key]
    (alone,) = again.measure([head], keys, Quiet())
    samples = alone.cells[0].variants["optimized"].wall_ns
    assert samples is not None
    assert samples.process is None
    assert len(samples.values) >= stats.FEWEST
    apart = head.model_copy(update={"run": head.run.model_copy(update={"together": None})})
    before, after = again.measure([apart, apart.model_copy()], keys, Quiet())
    assert before.cells == head.cells
    assert after.cells != head.cells


@pytest.mark.parametrize(("field", "says"), [("code", "another kscale"), ("machine", "another machine")])
def test_again_only_the_same(pair: tuple[Result, Result], field: str, says: str) -> None:
    """Other code or another machine would be another measurement."""
    head = pair[1]
    if field == "code":
        other = head.model_copy(update={"run": head.run.model_copy(update={"code": "x"})})
    else:
        place = head.machine.model_copy(update={"fingerprint": "x"})
        other = head.model_copy(update={"machine": place})
    with pytest.raises(KscaleError, match=says):
        again.measure([other], [head.cells[0].key], Quiet())


def test_a_killed_worker_loses_nothing_that_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What both had measured before is saved, whole, and the line says how it ended and where it is."""
    monkeypatch.setattr(together, "ROUNDS", 3)
    rounds: list[int] = []
    take = turns.take

    def killing(
        couples: list[tuple[turns.RemoteVariant, turns.RemoteVariant]], number: int, ns: float
    ) -> None:
        rounds.append(number)
        if number == 1:
            couples[0][0].remote.process.kill()
        take(couples, number, ns)

    monkeypatch.setattr(turns, "take", killing)
    with pytest.raises(KscaleError, match=r"main: its process was ended by signal 9; .*saved as 20") as error:
        run(tmp_path, Installation("main", sys.executable))
    assert rounds == [0, 1]
    assert error.value.exit_code == 2
    names = Store(tmp_path).names()
    assert len(names) == 2
    for name in names:
        samples = Store(tmp_path).load(name).cells[0].variants["baseline"].wall_ns
        assert samples is not None
        assert samples.process is not None
        assert set(samples.process) == {0}


def test_a_sample_cut_short_is_left_out() -> None:
    """A signal between a sample and the note of its process leaves whole samples only."""
    one = turns.RemoteVariant("head: x", remote=None, variant="x")  # type: ignore[arg-type]  # never asked
    one.order, one.values, one.process = [0, 3, 4], [10, 10, 10], [0, 0]
    assert one.samples().order == [0, 3]


def test_again_is_not_of_other_work(pair: tuple[Result, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of a cell that counts something else than the saved one confirm nothing."""
    monkeypatch.setattr(again, "AMPLE", Allowance(share_s=0.1, even_s=0.1))
    head = pair[1]
    cell = head.cells[0].model_copy(update={"digest": "0"})
    with pytest.raises(KscaleError, match="counts something else now than head says"):
        again.measure([head.model_copy(update={"cells": [cell]})], [cell.key], Quiet())
