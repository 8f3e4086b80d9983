"""Preloaded by the Dask workers of tests: they leave a file for each attempt, and end where they are told to.

WATCHED_FOLDER has the folder `attempts`, and files of numbers of free pages: `deadly` end the process each
time, `once` that of one worker, at `wrong` variants disagree.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kscale.measure import machine

machine.use_jit_cache()  # before anything imports numba

from worker_tasks import Told  # noqa: E402 - as above

from kscale.engine import worker  # noqa: E402 - as above
from kscale.engine.task import Place, Task  # noqa: E402 - as above
from kscale.measure.timing import Settings  # noqa: E402 - as above
from kscale.plugins.source import Source  # noqa: E402 - as above
from kscale.results.record import Cell  # noqa: E402 - as above

FOLDER = Path(os.environ["WATCHED_FOLDER"])


@dataclass
class Watched(Told):
    """A runner that does what files say."""

    def run(
        self,
        place: Place,
        task: Task,
        settings: Settings,
        plugins: Sequence[Source] = (),
        *,
        force: bool = False,
    ) -> Cell:
        """Run the task, if it is to be."""
        self.folder = FOLDER / "attempts"
        pages = task.params["free_pages"]
        ends = pages in _pages("deadly") or (pages in _pages("once") and _taken("once"))
        self.deadly = (task.label,) if ends else ()
        self.wrong = (task.label,) if pages in _pages("wrong") else ()
        return Told.run(self, place, task, settings, plugins, force=force)


def _pages(name: str) -> tuple[int, ...]:
    """Return the numbers in a file; none if it is not there."""
    path = FOLDER / name
    return tuple(int(one) for one in path.read_text().split()) if path.exists() else ()


def _taken(name: str) -> bool:
    """Remove a file; say whether it was us, and no other worker."""
    try:
        (FOLDER / name).unlink()
    except FileNotFoundError:
        return False
    return True


worker.Runner = Watched  # type: ignore[misc]  # what makes runners here
