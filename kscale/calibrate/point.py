"""One measurement on the real etcd: what experiments yield and `fit` explains."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A figure at one setting."""

    family: str  # of points that one formula explains: "put-latency", "list-time", "freelist-spill" ...
    at: Mapping[str, float]  # the setting: {"clients": 16, "value_bytes": 256}
    unit: str  # ns, bytes, 1/s, x
    samples: tuple[float, ...]  # of repeats, in the order they were taken
    too_short: bool = False  # what it was measured by moves in steps that are too long for it

    @property
    def value(self) -> float:
        """Return the median of the repeats."""
        ordered = sorted(self.samples)
        middle = len(ordered) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
