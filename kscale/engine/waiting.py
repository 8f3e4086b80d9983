"""The tasks that nobody has begun, by place."""

from collections import deque
from collections.abc import Sequence

from kscale.engine.task import Task


class Waiting:
    """Gives each worker tasks of the place where it is, for it keeps the cluster that it built last."""

    def __init__(self, tasks: Sequence[Task] = ()) -> None:
        """Keep their order."""
        self.count = 0
        self._at: dict[str, deque[Task]] = {}
        self._untouched: deque[str] = deque()
        for task in tasks:
            if task.place not in self._at:
                self._at[task.place] = deque()
                self._untouched.append(task.place)
            self._at[task.place].append(task)
            self.count += 1

    def take(self, place: str | None, most: int) -> tuple[Task, ...]:
        """Return tasks for a worker at *place*: of there, then where nobody was, then where most is left."""
        found: list[Task] = []
        while self.count and len(found) < most:
            if place not in self._at:
                place = self._next_place()
            found.append(self._at[place].popleft())
            self.count -= 1
            if not self._at[place]:
                del self._at[place]
        return tuple(found)

    def back(self, tasks: Sequence[Task]) -> None:
        """Put tasks back that were taken and not run, to be the next of their places."""
        for task in reversed(tasks):
            self._at.setdefault(task.place, deque()).appendleft(task)
            self.count += 1

    def _next_place(self) -> str:
        """Return a place where something is left."""
        while self._untouched:
            place = self._untouched.popleft()
            if place in self._at:
                return place
        return max(self._at, key=lambda one: len(self._at[one]))
