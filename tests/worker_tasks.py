"""What worker processes do with tasks in tests: classes of a module, for they must be found by name."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kscale.engine.task import Place, Task
from kscale.engine.worker import Runner
from kscale.errors import WrongAnswer
from kscale.measure.timing import Settings
from kscale.plugins.source import Source
from kscale.results.record import Cell


@dataclass(slots=True)
class Told(Runner):
    """Leaves a file for each attempt in a folder, and ends its process at some numbers of free pages."""

    folder: Path = field(default_factory=Path)
    deadly: tuple[int, ...] = ()
    wrong: tuple[int, ...] = ()

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
        attempts = len(list(self.folder.glob(f"{task.key}.*")))
        (self.folder / f"{task.key}.{attempts}.{os.getpid()}").touch()
        pages = task.params["free_pages"]
        if pages in self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if pages in self.wrong:
            raise WrongAnswer(f"{task.label}: variants disagree")
        return super().run(place, task, settings, plugins, force=force)
