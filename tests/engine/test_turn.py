"""Timed sweeps of a machine take turns."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kscale.engine import turn
from kscale.measure import machine

HOLDS = """
import sys
from kscale.engine import turn
with turn.timed(print):
    print("mine", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the turn in a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def _refuse(what: str) -> None:
    """Nobody has to wait."""
    raise AssertionError(what)


def test_the_second_waits_and_is_told() -> None:
    """Until the process of the first one is gone, however it ended."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        told: list[str] = []

        def waits(what: str) -> None:
            told.append(what)
            threading.Timer(0.1, other.kill).start()

        with turn.timed(waits):
            assert other.wait(10) == -9
    assert told == ["waits for another timed sweep on this machine"]
    with turn.timed(_refuse):
        pass


def test_an_error_ends_the_turn() -> None:
    """The next one has it at once."""
    with pytest.raises(ZeroDivisionError), turn.timed(_refuse):
        raise ZeroDivisionError
    with turn.timed(_refuse):
        pass


def test_without_a_folder_nobody_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None that can be trusted, or one that cannot be written."""
    for folder in (None, tmp_path / "none" / "there"):
        monkeypatch.setattr(machine, "jit_cache", lambda folder=folder: folder)
        with turn.timed(_refuse), turn.timed(_refuse):
            pass
