"""Which of three ways a command shows its work: nothing, lines, or a bar."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console

from kscale.cli import observing
from kscale.report import console


@pytest.mark.parametrize(
    ("quiet", "terminal", "ci", "seen"),
    [
        (True, True, "", "nothing"),
        (False, False, "", "lines"),
        (False, True, "true", "lines"),
        (False, True, "false", "bar"),
        (False, True, "", "bar"),
    ],
)
def test_what_is_seen_suits_the_terminal_quiet_and_ci(
    monkeypatch: pytest.MonkeyPatch, quiet: bool, terminal: bool, ci: str, seen: str
) -> None:
    ended: list[bool] = []

    @contextmanager
    def bar(_out: Console) -> Iterator[str]:
        yield "bar"
        ended.append(True)

    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(console, "console", lambda **_: Console(force_terminal=terminal))
    with observing.suited("nothing", lambda _out: "lines", bar, quiet=quiet, color="auto") as one:
        assert one == seen
    assert ended == ([True] if seen == "bar" else [])
