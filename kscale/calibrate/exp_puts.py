"""Puts: throughput, latency and CPU against clients and bytes, and etcd's own clocks for flush and commit."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Final

from kscale import units
from kscale.calibrate import client, metrics, rounds, wire
from kscale.calibrate.client import Driven
from kscale.calibrate.experiment import Experiment, Observer, OutOfTimeError
from kscale.calibrate.lab import Lab, Server
from kscale.calibrate.point import Point
from kscale.scenario import costs

KEYS = 1000  # written again and again, as nodes do with their status
ENTRY_BYTES: Final = costs.of_profile("k8s-1.36")["etcd_wal_record_bytes"]  # beside a value in the log
WARM = 4  # puts a client before each sample
PARTS = ("spill", "write")  # a put never has nodes merged (rebalance)

Setting = tuple[int, int]  # clients, bytes of a value
Found = rounds.Collected[Setting]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    clients: tuple[int, ...]
    value_bytes: tuple[int, ...]
    rounds: int
    seconds: float  # of a sample
    most_bytes: int  # of a sample
    limit_s: float  # a slow machine does fewer rounds

    @property
    def settings(self) -> list[Setting]:
        """Return every pair of clients and bytes."""
        return [(clients, size) for size in self.value_bytes for clients in self.clients]


QUICK = Plan((1, 4, 16, 64), (256, 4096, 15_360), 2, 0.1, 12 * 2**20, 16.0)
DEFAULT = Plan((1, 2, 4, 8, 16, 32, 64), (256, 1024, 4096, 15_360, 65_536), 3, 0.3, 16 * 2**20, 70.0)


def experiment(plan: Plan) -> Experiment:
    """Return the experiment at this size."""
    samples = plan.rounds * len(plan.settings)
    return Experiment(
        id="puts",
        title="puts: clients in flight and bytes of a value",
        families=(
            *("put-throughput", "put-p50", "put-p99", "put-cpu", "fsync", "commit"),
            *(f"commit-{part}" for part in PARTS),
        ),
        seconds=min(samples * (plan.seconds + 2 * metrics.COMMITTED_S) + plan.rounds, plan.limit_s),
        room=3 * len(plan.settings) * plan.most_bytes + 2**29,
        own=False,
        run=lambda lab, observer: run(lab, observer, plan),
    )


def run(lab: Lab, observer: Observer, plan: Plan) -> Iterator[Point]:
    """Yield the points: every setting once a round, a fresh etcd each round."""
    found = Found()
    with suppress(OutOfTimeError):
        for round_ in rounds.timed(plan.rounds, plan.limit_s):
            _round(lab, observer, plan, round_, found)
    yield from found.points()


def _round(lab: Lab, observer: Observer, plan: Plan, round_: int, found: Found) -> None:
    """Measure every setting once."""
    with lab.server() as server:
        for setting in rounds.turned(plan.settings, round_, plan.rounds):
            clients, size = setting
            observer.step(f"round {round_ + 1} of {plan.rounds}: {clients} clients, {units.show_bytes(size)}")
            _sample(server, setting, plan, found)


def requests(prefix: bytes, size: int) -> Iterator[bytes]:
    """Yield puts of random bytes over and over to the same keys."""
    stored = rounds.values(size)
    for number in count():
        yield wire.put(b"%s%d/%05d" % (prefix, size, number % KEYS), stored[number % len(stored)])


def _sample(server: Server, setting: Setting, plan: Plan, found: Found) -> None:
    """Measure one setting once, from committed to committed."""
    clients, size = setting
    puts = requests(server.prefix, size)
    seconds = rounds.long_enough(plan.seconds, plan.rounds, server.cpu_step_ns)

    async def drive() -> tuple[Driven, Mapping[str, float], float]:
        """Warm up, then measure; return what came of it, and the counters before."""
        async with client.connected(server.address) as one:
            await client.closed_loop(one, wire.PUT, puts, clients, seconds=1.0, most=WARM * clients)
            server.settle()
            before, cpu = server.counted(), server.cpu_ns()
            most = max(2 * clients, plan.most_bytes // size)
            driven = await client.closed_loop(one, wire.PUT, puts, clients, seconds=seconds, most=most)
            return driven, before, cpu

    driven, before, cpu = client.drive(drive())
    server.settle()
    cpu = server.cpu_ns() - cpu
    _keep(found, setting, driven, metrics.since(server.counted(), before))
    found.add_cpu("put-cpu", setting, _at(setting), cpu, driven.calls, server.cpu_step_ns)


def _at(setting: Setting) -> dict[str, float]:
    """Return what a point is of."""
    clients, size = setting
    return {"clients": float(clients), "value_bytes": float(size)}


def _keep(found: Found, setting: Setting, driven: Driven, counted: Mapping[str, float]) -> None:
    """Keep what the clients and etcd's own clocks say of a sample."""
    at, size = _at(setting), setting[1]
    found.add("put-throughput", setting, at, "1/s", driven.calls / driven.seconds)
    found.add("put-p50", setting, at, "ns", driven.quantile(50))
    found.add("put-p99", setting, at, "ns", driven.quantile(99))
    flushes, commits = counted[f"{metrics.FSYNC}_count"], counted[f"{metrics.COMMIT}_count"]
    puts = float(driven.calls)
    if flushes:
        per = {"puts": puts / flushes, "wal_bytes": puts * (size + ENTRY_BYTES) / flushes}
        found.add("fsync", setting, per, "ns", counted[f"{metrics.FSYNC}_sum"] * metrics.NS / flushes)
    if not commits:
        return
    per = {"puts": puts / commits, "bytes": puts * size / commits}
    found.add("commit", setting, per, "ns", counted[f"{metrics.COMMIT}_sum"] * metrics.NS / commits)
    for part in PARTS:
        took = counted[f"{metrics.PART.format(part)}_sum"] * metrics.NS
        found.add(f"commit-{part}", setting, per, "ns", took / commits)
