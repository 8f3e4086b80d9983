"""An orderly end: the first Ctrl-C or SIGTERM raises Interrupted, a second one ends the process at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from kscale.errors import ExitCode, Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # a closed terminal is an end like another


class Stopper:
    """What happens to signals during a run; `held` puts them off while something must be whole."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._held = False
        self._waiting: Interrupted | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the block end before a signal raises."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._waiting:
            raise self._waiting

    def stop(self, signum: int, _frame: FrameType | None) -> None:
        """Raise in the main thread, as soon as the running kernel returns."""
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        terminated = signum != signal.SIGINT
        code = ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED
        self._waiting = Interrupted("terminated" if terminated else "interrupted", code)
        if not self._held:
            raise self._waiting


@contextmanager
def stoppable() -> Iterator[Stopper]:
    """Take over Ctrl-C and SIGTERM for the block; in a thread, which cannot, they stay as they are."""
    stopper = Stopper()
    if threading.current_thread() is not threading.main_thread():
        yield stopper
        return
    before = [(each, signal.signal(each, stopper.stop)) for each in _SIGNALS]
    try:
        yield stopper
    finally:
        for each, handler in before:
            signal.signal(each, handler)
