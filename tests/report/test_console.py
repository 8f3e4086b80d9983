import io

import pytest
from rich.text import Text

from kscale.errors import KscaleError
from kscale.report import console


class Stream(io.TextIOWrapper):
    """A stream that says whether it is a terminal."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def written(self) -> str:
        self.flush()
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue().decode()


def shown(monkeypatch: pytest.MonkeyPatch, stream: Stream, color: str, env: dict[str, str]) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", stream)
    console.show(console.console(color=color), Text("word", "bold red"))
    return stream.written()


@pytest.mark.parametrize(
    ("terminal", "color", "env", "coloured"),
    [
        (True, "auto", {}, True),
        (False, "auto", {}, False),
        (True, "never", {"FORCE_COLOR": "1"}, False),
        (False, "always", {"NO_COLOR": "1"}, True),
        (True, "auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (True, "auto", {"NO_COLOR": ""}, True),
        (False, "auto", {"FORCE_COLOR": "1"}, True),
        (True, "auto", {"TERM": "dumb"}, False),
        (True, "auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_colour_follows_flag_environment_terminal(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, color: str, env: dict[str, str], coloured: bool
) -> None:
    """In this order; without colour there is no escape sequence at all, not even bold."""
    written = shown(monkeypatch, Stream(terminal=terminal), color, env)
    assert ("\x1b[" in written) is coloured
    assert console.takes_color(Stream(terminal=terminal), color) is coloured
    assert coloured or written == "word\n"


def test_an_unknown_colour_is_refused() -> None:
    """The allowed words are named."""
    with pytest.raises(KscaleError, match="auto, always, never"):
        console.console(color="sometimes")


@pytest.mark.parametrize(
    ("columns", "width"),
    [(None, 120), ("80", 80), ("0", 120), ("abc", 120), ("-5", 120), ("", 120), ("9" * 30, 120), ("²", 120)],
)
def test_width_off_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: str | None, width: int) -> None:
    """COLUMNS if it is a number, else 120."""
    monkeypatch.setattr("sys.stdout", Stream(terminal=False))
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert console.console().width == width


def test_a_narrow_encoding_is_written_with_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ASCII stream gets an escape for a µ, never an error."""
    stream = Stream(terminal=False, encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    console.show(console.console(), Text("12 µs"))
    assert stream.written() == "12 \\xb5s\n"


def test_long_lines_are_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is laid out is printed as it is."""
    stream = Stream(terminal=False)
    monkeypatch.setattr("sys.stdout", stream)
    console.show(console.console(), Text("x" * 300))
    assert stream.written() == "x" * 300 + "\n"
