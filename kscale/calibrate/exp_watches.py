"""Watches: etcd's CPU per put while nobody, one or many watch; not delivery, which the client would limit."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from kscale import units
from kscale.calibrate import client, exp_puts, rounds, wire
from kscale.calibrate.client import Client
from kscale.calibrate.experiment import Experiment, Observer, OutOfTimeError
from kscale.calibrate.lab import Lab, Server
from kscale.calibrate.point import Point
from kscale.errors import KscaleError

CLIENTS = 4  # puts in flight: few, so that each event is a message of its own
DELIVERED_S = 30.0  # until events count as lost
WARM = 20  # puts

Setting = tuple[int, int]  # watchers, bytes of a value
Found = rounds.Collected[Setting]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    watchers: tuple[int, ...]
    value_bytes: tuple[int, ...]
    rounds: int
    most_puts: int  # of a sample
    most_events: int  # of a sample, over all watchers
    limit_s: float  # a slow machine does fewer rounds

    @property
    def settings(self) -> list[Setting]:
        """Return every pair of watchers and bytes."""
        return [(watchers, size) for size in self.value_bytes for watchers in self.watchers]

    def puts(self, watchers: int) -> int:
        """Return how many puts a sample is."""
        return min(self.most_puts, self.most_events // max(1, watchers))


QUICK = Plan((0, 1, 10, 30, 100), (256, 2048), 2, 450, 3500, 9.0)
DEFAULT = Plan((0, 1, 3, 10, 30, 100, 200), (256, 1024, 4096), 3, 2000, 12_000, 40.0)


def experiment(plan: Plan) -> Experiment:
    """Return the experiment at this size."""
    puts = plan.rounds * sum(plan.puts(watchers) for watchers, _ in plan.settings)
    events = plan.rounds * sum(plan.puts(watchers) * watchers for watchers, _ in plan.settings)
    samples = puts * 2.4e-4 + events * 1.2e-5 + plan.rounds * len(plan.settings) * 0.1
    return Experiment(
        id="watches",
        title="watches: watchers of an event and its bytes",
        families=("watch-cpu",),
        seconds=1 + min(samples, plan.limit_s),
        room=2**29,
        own=False,
        run=lambda lab, observer: run(lab, observer, plan),
    )


def run(lab: Lab, observer: Observer, plan: Plan) -> Iterator[Point]:
    """Yield the points: every setting once a round, all on one etcd."""
    found = Found()
    with suppress(OutOfTimeError), lab.server() as server:
        for round_ in rounds.timed(plan.rounds, plan.limit_s):
            for setting in rounds.turned(plan.settings, round_, plan.rounds):
                watchers, size = setting
                observer.step(
                    f"round {round_ + 1} of {plan.rounds}: {watchers} watchers, {units.show_bytes(size)}"
                )
                at = {"watchers": float(watchers), "streams": float(watchers), "value_bytes": float(size)}
                puts = plan.puts(watchers)
                cpu = client.drive(_cpu_of_puts(server, watchers, size, puts))
                found.add_cpu("watch-cpu", setting, at, cpu, puts, server.cpu_step_ns)
    yield from found.points()


async def _cpu_of_puts(server: Server, watchers: int, size: int, puts: int) -> float:
    """Return etcd's CPU, ns, from the first put until every watcher has every event."""
    requests = exp_puts.requests(server.prefix, size)
    async with client.connected(server.address) as one, watching(one, server.prefix, watchers) as seen:
        await client.closed_loop(one, wire.PUT, requests, CLIENTS, seconds=5.0, most=WARM)
        await seen.wait(WARM * watchers)
        await asyncio.sleep(0.02)
        cpu = server.cpu_ns()
        await client.closed_loop(one, wire.PUT, requests, CLIENTS, seconds=DELIVERED_S, most=puts)
        await seen.wait((WARM + puts) * watchers)
        return server.cpu_ns() - cpu


@dataclass(slots=True)
class Seen:
    """Events that have arrived."""

    events: int = 0

    async def wait(self, wanted: int) -> None:
        """Return when so many have arrived; KscaleError if they do not."""
        for _ in range(int(DELIVERED_S / 0.005)):
            if self.events >= wanted:
                return
            await asyncio.sleep(0.005)
        raise KscaleError(f"etcd delivered {self.events:,} of {wanted:,} events in {DELIVERED_S:.0f} s")


@asynccontextmanager
async def watching(one: Client, prefix: bytes, watchers: int) -> AsyncIterator[Seen]:
    """Watch a prefix so many times, each on a stream of its own; yield what they have seen."""
    seen = Seen()
    open_call = one.channel.stream_stream(wire.WATCH)
    streams = [open_call() for _ in range(watchers)]
    readers: list[asyncio.Task[None]] = []
    try:
        for stream in streams:
            await stream.write(wire.watch(prefix, wire.prefix_end(prefix)))
        for stream in streams:
            created, _ = wire.watched(await stream.read())
            if not created:
                raise KscaleError("etcd did not create a watch")
        readers = [asyncio.ensure_future(_read(stream, seen)) for stream in streams]
        yield seen
    finally:
        for stream in streams:
            stream.cancel()
        for reader in readers:
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader


async def _read(stream: client.Stream, seen: Seen) -> None:
    """Count the events of a stream until it is cancelled."""
    while isinstance(data := await stream.read(), bytes):
        seen.events += wire.watched(data)[1]
