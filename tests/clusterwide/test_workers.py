"""Runs in worker processes: the same results for any number of them, each run once."""

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bare_sizes import size
from worker_runs import answer, refuse, wait_long

from kscale.clusterwide import toggles, workers
from kscale.clusterwide.simulate import Asked
from kscale.errors import KscaleError, WrongAnswer

NONE = Asked(toggles.NONE, seed=0)


@pytest.mark.parametrize("count", [1, 2])
def test_any_number_of_workers_gives_the_results_in_order(count: int) -> None:
    """A list is answered in its order, though later runs end first and sizes change; nothing runs twice."""
    wanted = [(size(nodes=10 + seed // 3), replace(NONE, seed=seed)) for seed in range(6)]
    kept: dict[str, tuple[int, int, int]] = {}
    with workers.Jobs(answer, count, kept.__setitem__) as jobs:
        jobs.known[workers.key(*wanted[5])] = (0, 0, 0)
        found = jobs.all([*wanted, wanted[0]])
        assert [one[:2] for one in found] == [*((10 + n // 3, n) for n in range(5)), (0, 0), (10, 0)]
        assert dict(jobs.finished(wanted)) == dict(enumerate(found[:6]))
        later = jobs.all([(size(), replace(NONE, seed=seed)) for seed in (8, 9)])
    assert jobs.runs == 7
    assert kept == {workers.key(*one): found[one[1].seed] for one in wanted[:5]} | {
        workers.key(size(), replace(NONE, seed=one[1])): one for one in later
    }
    processes = {one[2] for one in kept.values()}
    assert processes == {os.getpid()} if count == 1 else os.getpid() not in processes
    assert len(processes) == count


@pytest.mark.parametrize("count", [1, 2])
def test_errors_of_a_run_are_its_own(count: int) -> None:
    """A run's error is raised where it was asked for, with its line; others can be asked for after it."""
    with workers.Jobs(refuse, count) as jobs:
        with pytest.raises(KscaleError, match=r"^cluster\.nodes: too many$"):
            jobs.all([(size(), replace(NONE, seed=1))])
        with pytest.raises(WrongAnswer, match=r"^pods were lost$"):
            jobs.all([(size(), replace(NONE, seed=2))])
        with pytest.raises((ZeroDivisionError, RuntimeError), match="a bug"):
            jobs.all([(size(), replace(NONE, seed=3))])
        assert jobs.all([(size(), replace(NONE, seed=7))]) == [7]
        if count > 1:  # as by a machine that is out of memory
            with pytest.raises(KscaleError, match="ended with signal 9"):
                jobs.all([(size(), replace(NONE, seed=4))])


def test_what_still_runs_is_ended_with_the_list(tmp_path: Path) -> None:
    """A reader that leaves early leaves no process behind."""
    said = tmp_path / "pid"
    wanted = [(size(name=str(said)), replace(NONE, seed=seed)) for seed in range(2)]
    with workers.Jobs(wait_long, 2) as jobs:
        for index, _ in jobs.finished(wanted):
            while not said.is_file() or not said.read_text():
                time.sleep(0.01)
            assert index == 0
            break
    with pytest.raises(ProcessLookupError):
        os.kill(int(said.read_text()), 0)


def test_there_is_a_worker() -> None:
    """No worker at all is refused; what suits the machine is some."""
    with pytest.raises(KscaleError, match="workers must be >= 1, got 0"):
        workers.Jobs(answer, 0)
    assert 1 <= workers.usual() <= workers.MOST


def test_a_key_tells_every_difference() -> None:
    """Equal contents have equal keys; any other size, cost, array, toggle or seed has another."""
    base = size()
    same = replace(base, klass=base.klass.copy(), costs=dict(sorted(base.costs.items(), reverse=True)))
    assert workers.key(base, NONE) == workers.key(same, NONE)
    others = [
        (replace(base, nodes=11), NONE),
        (replace(base, costs={**base.costs, "fsync": 2}), NONE),
        (replace(base, klass=base.klass.astype(np.int64)), NONE),
        (replace(base, klass=base.klass[::-1]), NONE),
        (base, replace(NONE, seed=1)),
        (base, replace(NONE, toggles=frozenset({"node-lease"}))),
        (base, replace(NONE, early=True)),
    ]
    keys = {workers.key(*one) for one in [(base, NONE), *others]}
    assert len(keys) == 1 + len(others)
    with pytest.raises(TypeError, match="a list has no key"):
        workers.key(replace(base, name=["a"]), NONE)  # type: ignore[arg-type]  # what must be refused
