"""Quantiles and means of Prometheus' histograms: bounds with the number of observations up to each.

Within a bucket observations count as evenly spread, as in PromQL's histogram_quantile. What a bucket
hides stays hidden: etcd's first one for fsync reaches to 1 ms, which a fast disk never leaves.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kscale import units
from kscale.errors import KscaleError
from kscale.imports.prometheus_tables import Cell, Table, Tables
from kscale.scenario.document import one_line

INFINITE = "+Inf"
MOST_BUCKETS = 1000  # of one histogram
LONGEST_BOUND = 32  # characters
MOST_SECONDS = 1e9  # of a finite bound


@dataclass(frozen=True, slots=True)
class Histogram:
    """Observations of all instances together."""

    bounds: tuple[float, ...]  # upper bound of each bucket, ascending, the last one infinite
    counts: tuple[float, ...]  # observations up to each bound, ascending
    mean: float | None  # exact; None: not given

    @property
    def observations(self) -> float:
        """Return how many there are."""
        return self.counts[-1]

    def is_first(self, quantile: float) -> bool:
        """Return whether a quantile is in the first bucket, where least is known of it."""
        return self.counts[0] >= quantile * self.observations

    def quantile(self, share: float) -> float:
        """Return the value that *share* of the observations do not exceed; the last finite bound at most."""
        wanted = share * self.observations
        at = next(i for i, count in enumerate(self.counts) if count >= wanted)
        if math.isinf(self.bounds[at]):
            return self.bounds[at - 1]
        below, lower = (self.counts[at - 1], self.bounds[at - 1]) if at else (0.0, 0.0)
        inside = self.counts[at] - below
        return lower + (self.bounds[at] - lower) * ((wanted - below) / inside if inside else 1.0)

    def is_open(self, share: float) -> bool:
        """Return whether a quantile is above the last finite bound, and nobody knows how far."""
        return self.counts[-2] < share * self.observations


def histogram(tables: Tables, name: str) -> Histogram | None:
    """Return the observations of a metric, over the range asked for or since the start; None: there are none.

    KscaleError if the buckets of an instance cannot be. Of several instances only bounds that all have count.
    """
    table = tables.table(f"{name}_bucket")
    ranged = any(cell.ranges for cell in table.values())
    by_instance: dict[str, dict[float, Cell]] = {}
    for (instance, bound), cell in table.items():
        by_instance.setdefault(instance, {})[_bound(bound, cell.place)] = cell
    columns = []
    for buckets in by_instance.values():
        ascending = sorted(buckets.items())
        _check(ascending)
        columns.append(
            _grown_buckets(ascending) if ranged else {bound: cell.value for bound, cell in ascending}
        )
    if not columns:
        return None
    bounds = tuple(sorted(set.intersection(*(set(column) for column in columns))))
    counts = tuple(sum(column[bound] for column in columns) for bound in bounds)
    if len(bounds) < 2 or counts[-1] <= 0:  # noqa: PLR2004 - a finite bound and the infinite one
        return None
    return Histogram(bounds, counts, _mean(tables, name, _grown if ranged else _value))


def _grown_buckets(ascending: Sequence[tuple[float, Cell]]) -> dict[float, float]:
    """Return by how much each bucket grew; a reset that one of them hides must not make it smaller."""
    most, column = 0.0, {}
    for bound, cell in ascending:
        most = max(most, cell.grown)
        column[bound] = most
    return column


def _mean(tables: Tables, name: str, amount: Callable[[Cell], float]) -> float | None:
    """Return sum by count; None if one of them is missing."""
    total, count = (_sum(tables.table(f"{name}_{part}"), amount) for part in ("sum", "count"))
    return total / count if count > 0 and total > 0 else None


def _sum(table: Table, amount: Callable[[Cell], float]) -> float:
    """Return the sum over all instances."""
    return sum(amount(cell) for cell in table.values())


def _value(cell: Cell) -> float:
    """Return what a cell has counted."""
    return cell.value


def _grown(cell: Cell) -> float:
    """Return what a cell has counted in the range."""
    return cell.grown


def _bound(text: str, place: str) -> float:
    """Return a bucket's upper bound."""
    try:
        bound = math.nan if len(text) > LONGEST_BOUND or "_" in text else float(text)
    except ValueError:
        bound = math.nan
    if math.isnan(bound) or bound < 0 or MOST_SECONDS < bound < math.inf:
        raise KscaleError(
            one_line(f"{place}: le: must be a bound like 0.001 or {INFINITE}, got {units.quote(text)}")
        )
    return bound


def _check(buckets: Sequence[tuple[float, Cell]]) -> None:
    """Raise if counts do not grow with the bound, or the infinite bound is missing."""
    place = buckets[-1][1].place
    if len(buckets) > MOST_BUCKETS:
        raise KscaleError(
            one_line(f"{place}: must have at most {MOST_BUCKETS:,} buckets, got {len(buckets):,}")
        )
    if not math.isinf(buckets[-1][0]):
        raise KscaleError(one_line(f"{place}: le: the bucket {INFINITE} is missing: not all of it is here"))
    for (low, fewer), (high, more) in pairwise(buckets):
        if more.value < fewer.value:
            what = f"{more.value:g} is less than the {fewer.value:g} up to {low:g}: buckets only grow"
            raise KscaleError(one_line(f"{more.place}: le={high:g}: {what}"))
