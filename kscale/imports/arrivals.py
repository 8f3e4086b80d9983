"""Times of creation to a rate of arrival.

A list shows only pods that still live: the older the pods looked at, the more of their time are gone. So
the shortest window before the newest creation is taken that holds enough pods to tell a rate, and what
comes out is a lower bound of the pods created in it.
"""

from dataclasses import dataclass

import numpy as np

from kscale import units
from kscale.imports.facts import Ints, Value
from kscale.imports.fields import UNKNOWN

WINDOWS = ((3600, "hour"), (86_400, "day"), (7 * 86_400, "week"))  # seconds
ENOUGH = 100  # pods in a window: a Poisson rate is then known to about 10 %
CHANGES = 3  # writes that every pod that came to run has caused: created, bound, reported running (assumed)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Pods created in a window that ends with the newest creation."""

    pods: int
    window_s: int
    window: str  # in words

    @property
    def changes_per_s(self) -> float:
        """Return changes of pods a second, three significant digits."""
        return float(f"{self.pods * CHANGES / self.window_s:.3g}")


def arrivals(created_s: Ints) -> Arrivals | None:
    """Return the pods created in the shortest window that holds enough of them, else in the longest.

    created_s  int64[n]  Unix seconds, UNKNOWN where no time is given; any order

    The newest pod, which the window ends with, is not counted. None with fewer than two times.
    """
    known = created_s[created_s != UNKNOWN]
    if len(known) <= 1:
        return None
    age = known.max() - known
    found = [
        Arrivals(int(np.count_nonzero(age < window_s)) - 1, window_s, name) for window_s, name in WINDOWS
    ]
    best = next((one for one in found if one.pods >= ENOUGH), found[-1])
    return best if best.pods else None


def value(found: Arrivals) -> Value:
    """Return the load of a scenario."""
    return changes(found, f"{found.pods:,} living pods")


def changes(found: Arrivals, pods: str) -> Value:
    """Return the load of a scenario; *pods* is how many of which were created."""
    how = f"{pods} created in the {found.window} before the newest, {CHANGES} changes each"
    return Value("load.pod_changes", units.exact_rate(found.changes_per_s), how, estimate=True)
