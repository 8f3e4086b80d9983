"""One sample of one series, as every form of metrics gives it."""

from collections.abc import Mapping
from dataclasses import dataclass

LONGEST_NAME = 100  # characters of a metric's name in an error: those that are read have no more


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest value of a series, and what is known of the time before it."""

    name: str  # empty: the result of an expression
    labels: Mapping[str, str]
    value: float
    time: float | None  # Unix seconds; None: not said
    place: str  # "file:12: name", for errors
    grown: float | None = None  # by how much a counter grew in the range that was asked for
    since: float | None = None  # begin of that range
    beside: tuple[float, ...] = ()  # values of the range that may be no counts: the least, the most, any NaN
