"""Herds: moments at which far more LISTs or watches come than usual, as after a server was restarted.

Windows of 1 s and of 10 s are held against the median of all windows of that length. What is far above
is a herd; windows that touch, or nearly do, are one.
"""

from array import array
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]  # requests of each second

FAR = 10  # times the median (assumed)
LEAST = {1: 50, 10: 100}  # requests in a window of so many seconds below which nothing is a herd (assumed)
NEAR = 10  # seconds between two windows that are one herd

DAY = 86_400
BEFORE = DAY  # seconds before the first request that others may come from
AFTER = MOST_SPAN = 31 * DAY  # of a log


@dataclass(frozen=True, slots=True)
class Herd:
    """Requests that came together."""

    start: int  # seconds from the log's start
    seconds: int
    requests: int
    peak: int  # in one second


@dataclass(slots=True)
class Seconds:
    """How many requests came in each second; a log may cover a month."""

    base: int | None = None  # Unix seconds of the first count
    counts: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, second: int) -> bool:
        """Count one request; False if it is too far from the first."""
        if self.base is None:
            self.base = second - BEFORE
        at = second - self.base
        if not 0 <= at < BEFORE + AFTER:
            return False
        if at >= len(self.counts):
            self.counts.frombytes(bytes(8 * (at + 1 - len(self.counts) + 3600)))
        self.counts[at] += 1
        return True

    def between(self, start: int, end: int) -> Counts:
        """Return the counts of the seconds *start* to *end* (Unix, both included), int64."""
        found = np.zeros(end - start + 1, dtype=np.int64)
        if self.base is None:
            return found
        counts = np.frombuffer(self.counts, dtype=np.uint64).astype(np.int64)
        first, last = max(start, self.base), min(end, self.base + len(counts) - 1)
        if first <= last:
            found[first - start : last - start + 1] = counts[first - self.base : last - self.base + 1]
        return found


def herds(counts: Counts) -> tuple[Herd, ...]:
    """Return the herds among the counts of each second, int64[s], largest first."""
    far = np.zeros(len(counts), dtype=np.bool_)
    for width, least in LEAST.items():
        whole = len(counts) // width * width
        windows = counts[:whole].reshape(-1, width).sum(axis=1)
        if len(windows):
            limit = max(least, FAR * float(np.median(windows)))
            known = far[:whole].reshape(-1, width).any(axis=1)  # by shorter windows, which tell more exactly
            far[:whole] |= np.repeat((windows > limit) & ~known, width)
    places = np.flatnonzero(far)
    if not len(places):
        return ()
    groups = np.split(places, np.flatnonzero(np.diff(places) > NEAR) + 1)
    found = [_herd(counts, int(group[0]), int(group[-1])) for group in groups]
    return tuple(sorted(found, key=lambda one: (-one.requests, one.start)))


def _herd(counts: Counts, first: int, last: int) -> Herd:
    """Return the herd of these seconds, without the quiet ones at either end."""
    busy = np.flatnonzero(counts[first : last + 1])
    first, last = first + int(busy[0]), first + int(busy[-1])
    inside = counts[first : last + 1]
    return Herd(first, last - first + 1, int(inside.sum()), int(inside.max()))
