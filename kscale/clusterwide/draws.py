"""Other values of the coefficients, drawn evenly within their ranges: how far figures depend on them."""

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

    Each is drawn evenly from its range, ends included, and on its own: no two are known to go together.
    """
    ranged = {
        name: costs[name].range for name in sorted(costs) if costs[name].range[0] < costs[name].range[1]
    }
    keys = draw.keys(seed, Stream.CLUSTER_COSTS, number * len(ranged), len(ranged))
    return {
        name: low + int(key) % (high - low + 1)
        for (name, (low, high)), key in zip(ranged.items(), keys, strict=True)
    }


def wanted(
    size: Size, costs: Mapping[str, Coefficient], asked: Sequence[Asked], count: int
) -> Iterator[tuple[Size, Asked]]:
    """Yield the runs of *count* draws: of each draw one for every question, so that they can be compared."""
    for number in range(count):
        drawn = sizes.with_costs(size, values(costs, size.seed, number))
        for one in asked:
            yield drawn, one
