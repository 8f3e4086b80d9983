"""What a gate decided, counted: the same order and the same words wherever it is shown."""

from collections.abc import Iterable

from kscale.judge.decision import Judgement, Status
from kscale.units import show_count

ORDER = "failed first, then what warned, what was acknowledged, what passed"


def counts(judgement: Judgement, statuses: Iterable[Status] = Status) -> str:
    """Return how many decisions have each status, worst first: "4 failed · 2 warned · 121 passed"."""
    found = ((len(judgement.of(status)), status) for status in statuses)
    return " · ".join(f"{show_count(number)} {status}" for number, status in found if number)
