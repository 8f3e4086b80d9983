"""Lists: time and CPU against the number of keys and their bytes, and one key of the same store."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

from kscale import units
from kscale.calibrate import client, rounds, wire
from kscale.calibrate.experiment import Experiment, Observer, OutOfTimeError
from kscale.calibrate.lab import Lab, Server
from kscale.calibrate.point import Point
from kscale.calibrate.process import Options

KINDS: Mapping[str, Mapping[str, bool]] = {  # family -> what is asked for
    "list": {},
    "list-serializable": {"serializable": True},
    "list-keys-only": {"keys_only": True},
    "list-count-only": {"count_only": True},
}
FULL = ("list", "list-serializable")  # whose response has the values
ONE = "get"
LOADING = Options(snapshot_count=1000)  # holds the loaded values once, not again in the raft log

Setting = tuple[str, int, int]  # family, keys, bytes of a value
Found = rounds.Collected[Setting]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    kinds: tuple[str, ...]
    keys: tuple[int, ...]
    value_bytes: tuple[int, ...]
    alone: tuple[int, ...]  # more bytes of a value, of which one key is read and none listed
    most_bytes: int  # of a list
    rounds: int
    seconds: float  # of a sample, or one list if that takes longer
    limit_s: float  # a slow machine does fewer rounds

    @property
    def listed(self) -> list[tuple[int, int]]:
        """Return the prefixes to list: keys and bytes of a value."""
        pairs = [(keys, size) for size in self.value_bytes for keys in self.keys]
        return [(keys, size) for keys, size in pairs if keys * size <= self.most_bytes]

    @property
    def stored(self) -> list[tuple[int, int]]:
        """Return the prefixes to fill."""
        return self.listed + [(min(self.keys), size) for size in self.alone]

    @property
    def settings(self) -> list[Setting]:
        """Return what is asked for."""
        lists = [(kind, keys, size) for keys, size in self.listed for kind in self.kinds]
        total = sum(keys for keys, _ in self.stored)
        return lists + [(ONE, total, size) for size in (*self.value_bytes, *self.alone)]


QUICK = Plan(
    ("list", "list-keys-only", "list-count-only"),
    (80, 1000, 4000, 16_000),
    (256, 2048),
    (1024, 8192),
    2**26,
    2,
    0.04,
    8.0,
)
DEFAULT = Plan(tuple(KINDS), (250, 1000, 8000, 50_000), (256, 1024, 2048), (8192,), 2**27, 3, 0.2, 45.0)


def experiment(plan: Plan) -> Experiment:
    """Return the experiment at this size."""
    stored = sum(keys * (size + 100) for keys, size in plan.stored)
    read = [(1 if kind == ONE else keys, size) for kind, keys, size in plan.settings]
    lists = sum(plan.seconds + 2 * keys * (1e-6 + 2e-9 * size) for keys, size in read)  # one is not timed
    return Experiment(
        id="lists",
        title="lists: number of keys and bytes of a value",
        families=tuple(f"{kind}-{what}" for kind in (*plan.kinds, ONE) for what in ("time", "cpu")),
        seconds=min(plan.rounds * lists, plan.limit_s) + stored / 4e7 + 1,
        room=4 * stored + 2**29,
        own=False,
        run=lambda lab, observer: run(lab, observer, plan),
    )


def run(lab: Lab, observer: Observer, plan: Plan) -> Iterator[Point]:
    """Yield the points: one store, every list of it once a round."""
    found = Found()
    with suppress(OutOfTimeError), lab.server(LOADING) as server:
        for keys, size in plan.stored:
            observer.step(f"storing {keys:,} keys of {units.show_bytes(size)}")
            client.drive(fill(server, keys, size))
        server.settle()
        client.drive(_warm(server, max(plan.stored, key=lambda pair: pair[0] * pair[1])))
        for round_ in rounds.timed(plan.rounds, plan.limit_s):
            for setting in rounds.turned(plan.settings, round_, plan.rounds):
                kind, keys, size = setting
                what = f"{kind} of {keys:,} keys of {units.show_bytes(size)}"
                observer.step(f"round {round_ + 1} of {plan.rounds}: {what}")
                _sample(server, setting, plan, found)
    yield from found.points()


async def _warm(server: Server, largest: tuple[int, int]) -> None:
    """Let etcd's heap grow to what the largest list needs, before any is timed."""
    start = prefix(server, *largest)
    async with client.connected(server.address) as one:
        for _ in range(2):
            await one.call(wire.RANGE, wire.range_(start, wire.prefix_end(start)))


def prefix(server: Server, keys: int, size: int) -> bytes:
    """Return where so many keys of that size are stored."""
    return b"%s%d/%d/" % (server.prefix, size, keys)


async def fill(server: Server, keys: int, size: int) -> None:
    """Store so many keys of that size under their prefix."""
    stored, start = rounds.values(size), prefix(server, keys, size)
    async with client.connected(server.address) as one:
        await one.load((b"%s%06d" % (start, number), stored[number % 16]) for number in range(keys))


def _sample(server: Server, setting: Setting, plan: Plan, found: Found) -> None:
    """Ask for one list again and again for so long; keep time and CPU of one."""
    kind, keys, size = setting
    request = _request(server, setting, min(plan.keys))
    seconds = rounds.long_enough(plan.seconds, plan.rounds, server.cpu_step_ns)

    async def drive() -> tuple[int, float, float]:
        """Return how many lists were answered, in how many seconds, with how much CPU."""
        async with client.connected(server.address) as one:
            await one.call(wire.RANGE, request)
            cpu, began, done = server.cpu_ns(), perf_counter(), 0
            while not done or perf_counter() < began + seconds:
                await one.call(wire.RANGE, request)
                done += 1
            return done, perf_counter() - began, server.cpu_ns() - cpu

    done, took, cpu = client.drive(drive())
    at = {"store_keys" if kind == ONE else "keys": float(keys), "value_bytes": float(size)}
    if kind in FULL:
        at["list_bytes"] = float(keys * size)
    found.add(f"{kind}-time", setting, at, "ns", took * 1e9 / done)
    found.add_cpu(f"{kind}-cpu", setting, at, cpu, done, server.cpu_step_ns)


def _request(server: Server, setting: Setting, smallest: int) -> bytes:
    """Return the request: one key from the middle of the prefix of *smallest* keys, or a whole prefix."""
    kind, keys, size = setting
    if kind == ONE:
        return wire.range_(b"%s%06d" % (prefix(server, smallest, size), smallest // 2))
    start = prefix(server, keys, size)
    return wire.range_(start, wire.prefix_end(start), **KINDS[kind])
