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


@dataclass
class Told(Runner):
    """Leaves a file for each attempt in a folder; some tasks end its process."""

    folder: Path = field(default_factory=Path)
    deadly: tuple[str, ...] = ()  # labels of tasks that end the process
    wrong: tuple[str, ...] = ()  # of those whose variants disagree

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
        if task.label in self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if task.label in self.wrong:
            raise WrongAnswer(f"{task.label}: variants disagree")
        return super().run(place, task, settings, plugins, force=force)
