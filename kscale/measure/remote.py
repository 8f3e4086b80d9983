"""The other end of worker.py: cells that run in a process of another installation of kscale."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

import kscale
from kscale.errors import ExitCode, KscaleError, WrongAnswer
from kscale.measure import machine
from kscale.measure.worker import PROTOCOL
from kscale.results.record import Git, Machine

_COMMAND = ("-P", "-m", "kscale.measure.worker")  # -P: not the kscale of the current folder
HELLO_S = 60.0  # until a worker must have said hello: imports from a slow disk
_LAST = 200  # characters of what a worker said before it ended


class Refused(KscaleError):
    """A worker's answer: it lives, but its kscale cannot do that."""


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
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise KscaleError(f"{self.name}: {self._last_words()}")
        answer = _parsed(line)
        if isinstance(answer.get("ok"), dict):
            return dict(answer["ok"])
        if not isinstance(answer.get("error"), str):
            raise KscaleError(f"{self.name}: its Python does not speak kscale's language of workers")
        kind = WrongAnswer if answer.get("code") == ExitCode.WRONG_ANSWER else Refused
        raise kind(f"{self.name}: {answer['error']}")

    def build(self, resolved: Mapping[str, Any], folder: Path) -> None:
        """Let it build the cluster of a resolved scenario; what that imports lies in *folder*.

        The folder is told only where it is needed: an older kscale takes none.
        """
        more = {"folder": str(folder.resolve())} if "imported" in resolved.get("cluster", {}) else {}
        self.ask("scenario", text=json.dumps(resolved), **more)

    def greet(self) -> None:
        """Learn who it is; KscaleError if it speaks another language."""
        assert self.process.stdout is not None  # noqa: S101 - opened as a pipe
        asked = threading.Timer(HELLO_S, self.process.kill)  # an interpreter that waits for something else
        asked.start()
        try:
            about = self.ask("hello")
        finally:
            asked.cancel()
        if about.get("protocol") != PROTOCOL:
            raise KscaleError(
                f"{self.name}: kscale {about.get('kscale')} cannot take turns with {kscale.__version__}; "
                "measure each with run --save and compare the results"
            )
        try:
            self.kscale, self.code = str(about["kscale"]), str(about["code"])
            self.machine = Machine.model_validate(about["machine"])
            self.git = Git.model_validate(about["git"]) if about["git"] else None
        except (KeyError, ValidationError):
            raise KscaleError(f"{self.name}: its Python does not say which kscale it has") from None

    def _last_words(self) -> str:
        """Return why it ended, as far as it said so."""
        try:
            code = self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.said.seek(0)
        lines = [line.strip() for line in self.said if line.strip()]
        if lines and "kscale.measure.worker" in lines[-1]:
            return "its Python has no kscale that can take turns (0.2 or later)"
        how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
        return f"its process {how}{': ' + lines[-1][:_LAST] if lines else ''}"


def _parsed(line: str) -> dict[str, Any]:
    """Return a line of JSON as an object; an empty one if it is something else."""
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


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
