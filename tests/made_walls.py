"""A cluster of stations whose walls are known by hand: for what looks for walls, or shows them."""

from collections.abc import Iterator, Mapping, Sequence

from kscale.clusterwide.limit import FAULTS, Limit, Wish, between
from kscale.clusterwide.search import PPM, Run
from kscale.clusterwide.toggles import Toggles
from kscale.clusterwide.walls import Bounds, Reach, Wall, Walls, Wanted

CAPACITY = {"etcd-store": 1650, "scheduler": 3000, "apiserver-cpu": 5000, "watch-dispatch": 40_000}
RELIEF: Mapping[str, Mapping[str, int]] = {  # capacity with a toggle
    "node-lease": {"etcd-store": 30_000, "apiserver-cpu": 25_000},
    "sched-sampling": {"scheduler": 21_000},
    "sched-equivalence": {"scheduler": 9000},
    "watch-fanout": {"watch-dispatch": 90_000},
    "etcd-offload": {"apiserver-cpu": 2000},
}
PAIRS: Mapping[frozenset[str], tuple[str, int]] = {}


class Stations:
    """Keeps every objective while no station is full; arithmetic knows all of it."""

    def __init__(
        self,
        relief: Mapping[str, Mapping[str, int]] = RELIEF,
        pairs: Mapping[frozenset[str], tuple[str, int]] = PAIRS,
        noise: Sequence[int] = (0, 0, 0),
        bounds: Bounds = Bounds("nodes", 1, 1_000_000, 20_000, (0, 1, 2)),  # noqa: B008 - frozen
    ) -> None:
        """Take what toggles do, alone and in pairs, and how much less each seed holds, in parts of 1,000."""
        self.relief, self.pairs, self.noise, self.bounds = relief, pairs, noise, bounds
        self.runs = 0
        self.heard: list[Run] = []
        self.walls: list[Wall] = []

    def capacities(self, on: Toggles) -> dict[str, int]:
        """Return where each station is full."""
        found = CAPACITY.copy()
        given = [each for one in on for each in self.relief.get(one, {}).items()]
        for station, capacity in sorted(given, key=lambda each: each[1], reverse=True):  # losses last
            lower = capacity < CAPACITY[station]
            found[station] = capacity if lower else max(found[station], capacity)
        for pair, (station, capacity) in self.pairs.items():
            if pair <= on:
                found[station] = capacity
        return found

    def reach(self, on: Toggles) -> Reach:
        """Return where the first station is full."""
        capacities = self.capacities(on)
        station = min(capacities, key=capacities.__getitem__)
        return Reach(capacities[station], station)

    def load(self, on: Toggles, value: int) -> Mapping[str, int]:
        """Return how full every station is."""
        return {name: value * PPM // capacity for name, capacity in self.capacities(on).items()}

    def runner(self, wanted: Sequence[Wanted]) -> Iterator[Run | None]:
        """Yield whether all stations have room."""
        for on, probe in wanted:
            self.runs += 1
            reach = self.reach(on)
            assert reach.value is not None
            most = reach.value * (1000 - self.noise[probe.seed]) // 1000
            holds = probe.value <= most
            yield Run(
                probe.value,
                probe.seed,
                holds,
                "" if holds else "pod start-up P99 <= 5 s",
                "" if holds else reach.station,
            )

    def ran(self, on: Toggles, run: Run) -> None:
        """Note a run."""
        self.heard.append(run)

    def found(self, wall: Wall) -> None:
        """Note a wall."""
        self.walls.append(wall)


def made_limit(stations: Stations | None = None, wish: Wish | None = None) -> Limit:
    """Return what was found in such a cluster, which has 10,000 nodes."""
    chosen, asked = stations or Stations(), wish or Wish()
    before, after, path = between(Walls(chosen.bounds, chosen, chosen.runner, chosen), asked)
    unprovoked = tuple(one for one in path.left if one in FAULTS)
    return Limit("alibaba-10k", asked, 10_000, before, after, path, unprovoked, chosen.runs)
