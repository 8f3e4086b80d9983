"""The other end of worker.py: cells that run in a process of another installation of kscale."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import kscale
from kscale.errors import ExitCode, KscaleError, WrongAnswer
from kscale.measure import machine
from kscale.measure.worker import PROTOCOL
from kscale.results.record import Git, Machine

_COMMAND = ("-P", "-m", "kscale.measure.worker")  # -P: not the kscale of the current folder
_LAST = 200  # characters of what a worker said before it ended


@dataclass(slots=True)
class Remote:
    """A running worker."""

    name: str  # as errors and notes name it
    process: subprocess.Popen[str]
    said: IO[str]  # what it wrote to standard error
    kscale: str = ""
    code: str = ""
    machine: Machine = field(init=False)
    git: Git | None = None

    def ask(self, do: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what JSON can say
        """Return the answer to a request; KscaleError, WrongAnswer if that is the answer."""
        assert self.process.stdin is not None  # noqa: S101 - opened as a pipe
        assert self.process.stdout is not None  # noqa: S101 - as above
        try:
            self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            raise KscaleError(f"{self.name}: {self._last_words()}") from None
        if "ok" in answer:
            return dict(answer["ok"])
        kind = WrongAnswer if answer["code"] == ExitCode.WRONG_ANSWER else KscaleError
        raise kind(f"{self.name}: {answer['error']}")

    def greet(self) -> None:
        """Learn who it is; KscaleError if it speaks another language."""
        about = self.ask("hello")
        if about["protocol"] != PROTOCOL:
            raise KscaleError(
                f"{self.name}: kscale {about['kscale']} cannot take turns with {kscale.__version__}; "
                "measure each with run --save and compare the results"
            )
        self.kscale, self.code = about["kscale"], about["code"]
        self.machine = Machine.model_validate(about["machine"])
        self.git = Git.model_validate(about["git"]) if about["git"] else None

    def _last_words(self) -> str:
        """Return why it ended, as far as it said so."""
        self.process.kill()
        self.process.wait()
        self.said.seek(0)
        lines = [line.strip() for line in self.said if line.strip()]
        if lines and "kscale.measure.worker" in lines[-1]:
            return "its Python has no kscale that can take turns (0.2 or later)"
        return f"its process ended: {lines[-1][:_LAST] if lines else 'it said nothing'}"


@contextmanager
def worker(name: str, python: str | None = None) -> Iterator[Remote]:
    """Yield a worker that runs by the interpreter *python*, this very installation if None.

    KscaleError if it cannot be started. It is gone when the block ends.
    """
    own = Path(kscale.__file__).parent.parent if python is None else None
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own interpreter
                [python or sys.executable, *_COMMAND],
                env=machine.environment(own),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise KscaleError(f"{name}: {python}: {error.strerror or error}") from None
        remote = Remote(name, process, said)
        try:
            remote.greet()
            yield remote
        finally:
            process.kill()
            process.communicate()
