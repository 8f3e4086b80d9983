"""A process that runs cells when asked to, so that two installations of kscale can take turns.

Started as `python -P -m kscale.measure.worker`. A request and its answer are a line of JSON each:
{"do": NAME, ...} and {"ok": ...} or {"error": TEXT, "code": EXIT CODE}. It ends with its input.
The one that asks is remote.py, of this version or of another.
"""

import json
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import kscale
from kscale.errors import ExitCode, KscaleError
from kscale.measure import machine

PROTOCOL = 1


class Worker:
    """One cell at a time, open between two requests."""

    def __init__(self) -> None:
        """Have nothing open."""
        self.cluster: Any = None
        self.subjects: dict[str, Any] = {}
        self.open = ExitStack()

    def hello(self) -> dict[str, Any]:
        """Return who answers: versions, machine, the commit of the code."""
        commit = machine.git(Path(kscale.__file__).parent)
        return {
            "protocol": PROTOCOL,
            "kscale": kscale.__version__,
            "code": machine.code_stamp(),
            "machine": machine.facts().model_dump(mode="json"),
            "git": commit and commit.model_dump(mode="json"),
        }

    def scenario(self, text: str, folder: str = ".") -> dict[str, Any]:
        """Build the cluster of a scenario; what it imports lies in *folder*."""
        from kscale.scenario import build, load  # noqa: PLC0415 - hello must answer at once

        loaded = load.parse(text.encode(), "scenario", "-", folder=Path(folder))
        self.cluster = build.build(loaded.scenario, loaded.recorded)
        return {"sha256": loaded.sha256}

    def cell(self, mechanism: str, params: dict[str, Any], variants: list[str]) -> dict[str, Any]:
        """Prepare a cell and run each variant once: what they counted, and what that took."""
        from kscale.measure import described, extrapolated, parameters, runner, subject  # noqa: PLC0415 - as above
        from kscale.measure.plan import PlannedCell  # noqa: PLC0415 - as above
        from kscale.mechanisms import registry  # noqa: PLC0415 - as above
        from kscale.mechanisms.base import BASELINE  # noqa: PLC0415 - as above
        from kscale.results.check import digest  # noqa: PLC0415 - as above

        self.close()
        found = registry.find(mechanism)
        try:
            read = parameters.read(found, params)
        except parameters.ParameterError as error:
            raise KscaleError(str(error)) from error
        known = tuple(name for name in variants if name in found.variants)
        if BASELINE not in known:
            raise KscaleError(f"{mechanism} has none of the variants {', '.join(variants)}")
        planned = PlannedCell(found, read, known, label="")
        self.open.enter_context(subject.heap_set_aside())
        self.subjects = dict(runner.subjects_of(planned, self.cluster, time.perf_counter_ns))
        works = runner.agreed_works(planned, self.subjects)
        return {
            "params": planned.values,
            "works": works,
            "losses": list(found.losses(works)),
            "extrapolated": [one.model_dump() for one in extrapolated.of(found, self.cluster, read)],
            "unchecked": extrapolated.unchecked(found, self.cluster, read),
            "digest": digest(works),
            "describe": described.mechanism(found, self.cluster.costs).model_dump(mode="json"),
            "runs": {
                name: {"compile_ns": one.compile_ns, "run_ns": one.run_ns}
                for name, one in self.subjects.items()
            },
        }

    def time(self, variant: str, loops: int) -> dict[str, int]:
        """Return ns of so many runs of a variant of the open cell, and of building one state."""
        one = self.subjects[variant]
        one.loops = loops
        return {"ns": one.time(), "build_ns": one.build_ns}

    def repeat(self) -> dict[str, int]:
        """Run every variant of the open cell again, to see that it counts the same."""
        for one in self.subjects.values():
            one.repeat()
        return {}

    def close(self) -> dict[str, int]:
        """Let the open cell go; return the most memory this process has held."""
        self.subjects = {}
        self.open.close()
        return {"peak_rss_bytes": machine.peak_rss_bytes()}


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer until *requests* ends."""
    worker = Worker()
    for line in requests:
        answers.write(json.dumps(_answer(worker, json.loads(line))) + "\n")
        answers.flush()


def _answer(worker: Worker, request: dict[str, Any]) -> dict[str, Any]:
    """Return what a request came to; only errors the user can act on are answers."""
    do = request.pop("do")
    try:
        return {"ok": getattr(worker, do)(**request)}
    except KscaleError as error:
        return {"error": str(error), "code": int(error.exit_code)}


def main() -> int:
    """Serve on standard input and output; whatever else is printed goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that asks; it closes our input
    machine.use_jit_cache()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin, answers)
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
