"""Whether a plugin's variants keep what all variants of their mechanisms promise.

First small cases, so that what is wrong is seen in a few steps; then what real code was recorded to do; then
whole runs beside the baseline; last the same without the compiler. All in processes of their own, for a
limited time; the first two with the bounds of arrays checked.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import connection
from pathlib import Path

from kscale import processes
from kscale.errors import KscaleError
from kscale.plugins.checking import RUNS, SEEN, SMALL, SMALLEST, TINY, VARIANTS, Begin, Question, Said
from kscale.plugins.source import Source

LIMIT_S = 180.0  # without a sign of life: cases take no time, the first as long as compiling does
LEAST_LIMIT_S = 5.0  # for one of the very smallest cases, nothing compiled
LOOKS = 20  # for signs of life, in the time allowed
LAST_LINES, LAST_BYTES = 3, 4096  # of what a plugin printed that are shown if it fails
CHECKED = (("NUMBA_BOUNDSCHECK", "1"),)  # wherever an array is indexed
PLAIN = (("NUMBA_DISABLE_JIT", "1"),)
ABOUT = {
    SMALL: "small cases",
    SEEN: "recorded outcomes",
    RUNS: "runs beside the baseline",
    TINY: "without the compiler",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a stage of a variant, or, without *said*, that it begins."""

    mechanism: str
    name: str
    stage: str
    said: Said | None = None


def check(source: Source, examples: int | None = None, limit_s: float = LIMIT_S) -> Iterator[Found]:
    """Yield each stage of each variant as it begins and ends; a variant that failed one is done.

    KscaleError if the plugin cannot be loaded.
    """
    with tempfile.TemporaryDirectory(prefix="kscale-check-") as folder:
        checked = _Checked(source, Path(folder) / "notes", Path(folder) / "printed", examples, limit_s)
        try:
            for number, (mechanism, name, stages) in enumerate(checked.ask(Question(VARIANTS)).variants):
                for stage in stages:
                    yield Found(mechanism, name, stage)
                    said = checked.ask(Question(stage, number))
                    if stage == TINY and said.good:
                        said = _compared(said, checked.ask(Question(stage, number), PLAIN))
                    yield Found(mechanism, name, stage, said)
                    if not said.good:
                        break
        finally:
            checked.end()


def _compared(compiled: Said, plain: Said) -> Said:
    """Return whether a tiny cell counts the same with and without the compiler."""
    if not plain.good or compiled.work == plain.work:
        same = f"{len(plain.work)} counters of the tiny cell: the same integers without the compiler"
        return plain if not plain.good else Said(True, same)
    one, other = dict(compiled.work), dict(plain.work)
    name = next(key for key in {**one, **other} if one.get(key) != other.get(key))
    line = f"{name} is {one.get(name)} compiled, {other.get(name)} as plain Python"
    return Said(False, "other integers without the compiler", (line,))


class _Checked:
    """The processes in which one plugin is checked, by what the compiler is to do in them."""

    def __init__(
        self, source: Source, notes: Path, printed: Path, examples: int | None, limit_s: float
    ) -> None:
        """Start none yet."""
        self.source, self.notes, self.printed = source, notes, printed
        self.examples, self.limit_s = examples, limit_s
        self.workers: dict[tuple[tuple[str, str], ...], processes.Worker[Question, Said]] = {}

    def ask(self, question: Question, environment: tuple[tuple[str, str], ...] | None = None) -> Said:
        """Return the answer; that the process is lost, or never answers, is one. KscaleError of loading."""
        if environment is None:
            environment = _bounds() if question.stage in {SMALL, SEEN} else ()
        begin = Begin(self.source, environment, self.notes, self.printed, self.examples)
        worker = self.workers.get(environment) or processes.start(begin)
        self.workers[environment] = worker
        self.printed.write_bytes(b"")
        try:
            worker.ask(question)
            if self._comes(worker):
                said = worker.answer().came()
                return said if said.good else replace(said, lines=(*said.lines, *self._told()))
            lost = f"does not come back: nothing within {self.limit_s:.0f} s"
        except processes.Lost as error:
            lost = f"ends the process, {error.how}"
        processes.end([self.workers.pop(environment)])
        if question.stage == VARIANTS:
            raise KscaleError(f"{self.source.name}: loading it {lost}")
        doing, told = self._doing(), self._told()
        if question.stage == SMALL:
            doing = self._smallest(question.number) or doing
        return Said(False, lost, (f"in {doing[0]}", *doing[1:], *told))

    def _comes(self, worker: processes.Worker[Question, Said]) -> bool:
        """Wait for an answer, as long as there are signs of life; say whether it is there."""
        seen, since = self._sign(), time.monotonic()
        while time.monotonic() - since < self.limit_s:
            if connection.wait([worker.pipe], self.limit_s / LOOKS):
                return True
            if (sign := self._sign()) != seen:
                seen, since = sign, time.monotonic()
        return False

    def _sign(self) -> int:
        """Return what changes with every case that is begun."""
        return self.notes.stat().st_mtime_ns if self.notes.exists() else 0

    def _smallest(self, number: int) -> list[str]:
        """Return one of the smallest cases from which a variant does not come back; empty if it does."""
        tiny = _Checked(self.source, self.notes, self.printed, None, self.limit_s)
        try:
            tiny.ask(Question(VARIANTS))
            tiny.limit_s = min(self.limit_s, LEAST_LIMIT_S)
            return [] if tiny.ask(Question(SMALLEST, number), ()).good else self._doing()
        finally:
            tiny.end()

    def _doing(self) -> list[str]:
        """Return what a process that is gone was about to do, a line each."""
        with suppress(OSError):
            return self.notes.read_text(encoding="utf-8").splitlines()
        return ["nothing yet"]

    def _told(self) -> list[str]:
        """Return the last lines that the plugin printed."""
        data = self.printed.read_bytes()[-LAST_BYTES:] if self.printed.exists() else b""
        lines = [one for one in data.decode("utf-8", "backslashreplace").splitlines() if one.strip()]
        return [f"printed: {one}" for one in lines[-LAST_LINES:]]

    def end(self) -> None:
        """End all processes."""
        processes.end(list(self.workers.values()))


def _bounds() -> tuple[tuple[str, str], ...]:
    """Return the environment in which bounds are checked: kernels compiled so are kept in a folder apart."""
    folder = os.environ.get("NUMBA_CACHE_DIR")
    return (*CHECKED, ("NUMBA_CACHE_DIR", str(Path(folder) / "bounds"))) if folder else CHECKED
