"""Other values of the coefficients, drawn within their ranges: how far figures depend on them."""

from collections.abc import Iterator, Mapping, Sequence

from kscale.clusterwide import size as sizes
from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.scenario import draw
from kscale.scenario.costs import Coefficient
from kscale.scenario.draw import Stream

MOST = 1_000  # draws; each is a run for every set of optimizations


def values(costs: Mapping[str, Coefficient], seed: int, number: int) -> dict[str, int]:
    """Return the values of draw *number*: those of coefficients whose range has more than one.

    A coefficient's value is the median of what is drawn for it: half lies evenly below, half evenly above,
    ends included. Each is drawn on its own: no two are known to go together.
    """
    ranged = {name: one for name, one in sorted(costs.items()) if one.range[0] < one.range[1]}
    keys = draw.keys(seed, Stream.CLUSTER_COSTS, number * len(ranged), len(ranged))
    return {name: _between(one, int(key)) for (name, one), key in zip(ranged.items(), keys, strict=True)}


def _between(one: Coefficient, key: int) -> int:
    """Return a value below or above a coefficient's own, by a number of 64 random bits."""
    (low, high), upper = one.range, key & 1
    first, last = (one.value, high) if upper else (low, one.value)
    return first + (key >> 1) % (last - first + 1)


def wanted(
    size: Size, costs: Mapping[str, Coefficient], asked: Sequence[Asked], count: int
) -> Iterator[tuple[Size, Asked]]:
    """Yield the runs of *count* draws: of each draw one for every question, so that they can be compared."""
    for number in range(count):
        drawn = sizes.with_costs(size, values(costs, size.seed, number))
        for one in asked:
            yield drawn, one
