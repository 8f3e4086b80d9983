"""Heartbeats: what a put of a node status or of a lease leaves in the log and in the store."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from kscale import units
from kscale.calibrate import client, exp_puts, metrics, rounds, wire
from kscale.calibrate.client import Driven
from kscale.calibrate.experiment import Experiment, Observer, OutOfTimeError
from kscale.calibrate.lab import Lab, Server
from kscale.calibrate.point import Point

LEASE, STATUS = 300, 15_360  # bytes; control-plane facts: a lease is 300 B, a status 15 KB
CLIENTS = 16
WARM = 100  # puts

Found = rounds.Collected[int]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    value_bytes: tuple[int, ...]
    rounds: int
    puts: int  # of a sample
    limit_s: float  # a slow machine does fewer rounds


QUICK = Plan((LEASE, 1000, 4000, STATUS), 2, 400, 9.0)
DEFAULT = Plan((LEASE, 600, 1000, 2000, 4000, 8000, STATUS), 3, 2000, 30.0)


def experiment(plan: Plan) -> Experiment:
    """Return the experiment at this size."""
    samples = plan.rounds * len(plan.value_bytes)
    return Experiment(
        id="heartbeats",
        title="heartbeats: bytes in the log and in the store",
        families=("heartbeat-wal", "heartbeat-db", "heartbeat-cpu"),
        seconds=min(samples * (plan.puts * 2.5e-4 + 2 * metrics.COMMITTED_S) + plan.rounds, plan.limit_s),
        room=3 * (plan.puts + WARM) * sum(plan.value_bytes) + 2**29,
        own=True,
        run=lambda lab, observer: run(lab, observer, plan),
    )


def run(lab: Lab, observer: Observer, plan: Plan) -> Iterator[Point]:
    """Yield the points: every size once a round, a fresh etcd each round."""
    found = Found()
    with suppress(OutOfTimeError):
        for round_ in rounds.timed(plan.rounds, plan.limit_s):
            with lab.server() as server:
                for size in rounds.turned(plan.value_bytes, round_, plan.rounds):
                    observer.step(f"round {round_ + 1} of {plan.rounds}: {units.show_bytes(size)}")
                    _sample(server, size, plan.puts, found)
    yield from found.points()


def _sample(server: Server, size: int, puts: int, found: Found) -> None:
    """Put so many values of that size over 1,000 keys; keep what one left and took."""
    requests = exp_puts.requests(server.prefix, size)

    async def drive(most: int) -> Driven:
        """Make so many puts."""
        async with client.connected(server.address) as one:
            return await client.closed_loop(one, wire.PUT, requests, CLIENTS, seconds=60.0, most=most)

    client.drive(drive(WARM))
    server.settle()
    log, store, cpu = server.wal_bytes(), server.counted()[metrics.SIZE], server.cpu_ns()
    client.drive(drive(puts))
    server.settle()
    cpu = server.cpu_ns() - cpu
    at = {"value_bytes": float(size)}
    found.add("heartbeat-wal", size, at, "bytes", (server.wal_bytes() - log) / puts)
    found.add("heartbeat-db", size, at, "bytes", (server.counted()[metrics.SIZE] - store) / puts)
    found.add("heartbeat-cpu", size, at, "ns", cpu / puts)
