"""Cells that differ in their seed only, as one: medians, and how far seeds differ."""

from dataclasses import dataclass

from kscale.results.record import Cell, Result


@dataclass(frozen=True, slots=True)
class Spread:
    """One counter of one variant at one point, over all seeds."""

    median: float
    low: float  # 95 % interval of the median from six seeds on, else least and most
    high: float
    seeds: int


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a sweep: its cells, one a seed."""

    mechanism: str
    params: dict[str, bool | int | float | str | None]  # without the seed
    label: str  # without the seed
    cells: tuple[Cell, ...]  # by seed

    def spread(self, variant: str, metric: str) -> Spread | None:
        """Return a counter over seeds; None if no cell has it."""
        raise NotImplementedError


def points(result: Result) -> list[Point]:
    """Return the points of a result in its order; of a result without seeds, one a cell."""
    raise NotImplementedError
