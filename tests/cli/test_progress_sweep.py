"""What is seen while a sweep goes on."""

import io
import json
from types import SimpleNamespace

import made_tasks
import pytest
from rich.console import Console

from kscale.cli import progress_sweep
from kscale.cli.progress_sweep import Bar, Lines, Quiet, Stream
from kscale.engine.local import Local
from kscale.engine.worker import without

SWEEP = made_tasks.sweep(seeds=(0, 1))
SKIPPED = [without(task, "skipped", "too large") for task in SWEEP.tasks]
FAILED = without(SWEEP.tasks[2], "failed", "its worker was lost\x1b[31m")


def _out(*, terminal: bool = False) -> tuple[Console, io.StringIO]:
    """Return a console of 80 columns, and what is written to it."""
    written = io.StringIO()
    return Console(file=written, width=80, force_terminal=terminal, color_system=None), written


def _hear(observer: Quiet, finished: int = 4) -> None:
    """Let an observer hear of a sweep of which some cells were finished before."""
    observer.start(SWEEP, Local(1), SKIPPED[:finished], len(SKIPPED) - finished)
    for cell in SKIPPED[finished:-1]:
        observer.cell_done(cell)
    observer.cell_done(FAILED)
    assert (observer.done, observer.total) == (10, 10)


def test_a_line_says_now_and_then_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was finished before, and starting, take no part in the time left; who failed is named at once."""
    out, written = _out()
    clock = iter([100.0, 110.0, 112.0, 116.0, 122.0, 123.0, 124.0])
    monkeypatch.setattr(progress_sweep, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    _hear(Lines(out))
    assert written.getvalue().splitlines() == [
        "going on: 4 of 10 cells were finished before",
        "5 of 10 cells · 10 s so far",
        "8 of 10 cells · 22 s so far, about 8 s left",
        "failed: etcd-freelist · 300 free pages, scenario.seed 0: its worker was lost\\x1b[31m",
    ]


def test_that_it_waits_is_always_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where nothing else is: on standard error."""
    out, written = _out()
    Lines(out).waits("waits for another")
    Bar(out).waits("waits for another")
    assert written.getvalue() == "waits for another\n" * 2
    Quiet().waits("waits for another")
    Stream().waits("waits for another")
    assert capsys.readouterr() == ("", "waits for another\n" * 2)


def test_a_bar_names_the_latest_cell() -> None:
    """It fits the terminal, and lines that stay are above it."""
    out, written = _out(terminal=True)
    bar = Bar(out)
    with bar.bar:
        bar.bar.refresh()
        _hear(bar)
        bar.bar.refresh()
    shown = written.getvalue()
    assert "going on: 4 of 10 cells were finished before" in shown
    assert "etcd-freelist · 300 free" in shown
    assert "cells 10/10" in shown
    assert "failed: etcd-freelist" in shown
    assert "so far" not in shown


def test_cells_are_streamed_as_they_are_done(capsys: pytest.CaptureFixture[str]) -> None:
    """Those finished before come first."""
    with progress_sweep.observer(quiet=False, color="auto", streams=True) as observer:
        assert isinstance(observer, Stream)
        _hear(observer)
    lines = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert [one["params"] for one in lines] == [cell.params for cell in [*SKIPPED[:-1], FAILED]]


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Elsewhere than on a terminal there are lines."""
    with progress_sweep.observer(quiet=True, color="auto") as observer:
        _hear(observer)
    assert capsys.readouterr() == ("", "")
    with progress_sweep.observer(quiet=False, color="auto") as observer:
        assert isinstance(observer, Lines)
