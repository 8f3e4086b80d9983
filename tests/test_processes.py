"""Worker processes: they answer, raise, or are lost, and one is told from the other."""

from collections.abc import Iterator

import pytest
from answering import begin, refuse

from kscale import processes
from kscale.errors import KscaleError, WrongAnswer
from kscale.processes import Lost, Worker


@pytest.fixture
def worker() -> Iterator[Worker[int, int]]:
    """Return a worker that ends with the test."""
    started = processes.start(begin)
    yield started
    processes.end([started])


def _came(worker: Worker[int, int], question: int) -> int:
    """Ask, and return what it came to."""
    worker.ask(question)
    return worker.answer().came()


def test_a_worker_goes_on_after_errors_and_does_not_see_ctrl_c(worker: Worker[int, int]) -> None:
    """An error is that of the question; the process keeps what it has, and is deaf to the terminal."""
    assert _came(worker, 0) == 1
    with pytest.raises(KscaleError, match=r"^cluster\.nodes: too many$"):
        _came(worker, 1)
    with pytest.raises(WrongAnswer, match=r"^pods were lost$"):
        _came(worker, 2)
    with pytest.raises(RuntimeError, match=r"(?s)in a worker process:.*ZeroDivisionError: a bug"):
        _came(worker, 3)
    assert _came(worker, 6) == 5


@pytest.mark.parametrize(("question", "how"), [(4, "with signal 9"), (5, "with 7")])
def test_a_process_that_is_gone_is_lost(worker: Worker[int, int], question: int, how: str) -> None:
    """How it ended is said once it is looked for; who asks it again is told the same."""
    worker.ask(question)
    assert processes.answered([worker]) == [worker]
    with pytest.raises(Lost, match=f"^a worker process ended {how}; memory may be short") as lost:
        worker.answer()
    assert lost.value.how == how
    with pytest.raises(Lost):
        _came(worker, 0)


def test_a_process_that_does_not_begin_is_lost() -> None:
    """It need not have been asked anything."""
    worker = processes.start(refuse)
    with pytest.raises(Lost, match="ended with 3;"):
        worker.answer()
    processes.end([worker])


def test_those_that_answer_are_heard_and_those_that_do_not_can_be_ended() -> None:
    """Who works on does not hold up who is done; at the end nobody is left."""
    slow, quick = processes.start(begin), processes.start(begin)
    slow.ask(7)
    quick.ask(0)
    assert processes.answered([slow, quick]) == [quick]
    left = [slow.process, quick.process]
    processes.end([slow, quick])
    for process in left:
        with pytest.raises(ValueError, match="closed"):
            process.is_alive()
