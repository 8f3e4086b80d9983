"""A writer beside full lists: what its puts take while another process lists the store again and again."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from kscale import units
from kscale.calibrate import client, exp_lists, exp_puts, lister, rounds, wire
from kscale.calibrate.client import Driven
from kscale.calibrate.experiment import Experiment, Observer, OutOfTimeError
from kscale.calibrate.lab import Lab, Server
from kscale.calibrate.point import Point

VALUE = 300  # bytes of a put: a lease
EVERY_S = 0.002

Found = rounds.Collected[int]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    keys: tuple[int, ...]  # of a list; 0: nobody lists
    value_bytes: int  # of a listed key
    rounds: int
    seconds: float  # of a sample
    limit_s: float  # a slow machine does fewer rounds


QUICK = Plan((0, 16_000), 2048, 2, 0.4, 5.0)
DEFAULT = Plan((0, 4000, 16_000, 64_000), 2048, 3, 1.5, 30.0)


def experiment(plan: Plan) -> Experiment:
    """Return the experiment at this size."""
    stored = sum(plan.keys) * (plan.value_bytes + 100)
    return Experiment(
        id="beside",
        title="a writer beside full lists",
        families=("lists-beside-p50", "lists-beside-p99"),
        seconds=min(plan.rounds * len(plan.keys) * (plan.seconds + 0.6), plan.limit_s) + stored / 4e7 + 1,
        room=4 * stored + 2**29,
        own=False,
        run=lambda lab, observer: run(lab, observer, plan),
    )


def run(lab: Lab, observer: Observer, plan: Plan) -> Iterator[Point]:
    """Yield the points: one store, every size of list once a round."""
    found = Found()
    size = plan.value_bytes
    with suppress(OutOfTimeError), lab.server(exp_lists.LOADING) as server:
        for keys in filter(None, plan.keys):
            observer.step(f"storing {keys:,} keys of {units.show_bytes(size)}")
            client.drive(exp_lists.fill(server, keys, size))
        server.settle()
        for round_ in rounds.timed(plan.rounds, plan.limit_s):
            for keys in rounds.turned(plan.keys, round_, plan.rounds):
                beside = f"beside lists of {keys:,} keys" if keys else "alone"
                observer.step(f"round {round_ + 1} of {plan.rounds}: {beside}")
                with ExitStack() as stack:
                    if keys:
                        listed = exp_lists.prefix(server, keys, size)
                        stack.enter_context(lister.listing(server, listed))
                    driven = client.drive(_write(server, plan.seconds))
                at = {"list_keys": float(keys), "value_bytes": float(size)}
                found.add("lists-beside-p50", keys, at, "ns", driven.quantile(50))
                found.add("lists-beside-p99", keys, at, "ns", driven.quantile(99))
    yield from found.points()


async def _write(server: Server, seconds: float) -> Driven:
    """Put one small value after another."""
    requests = exp_puts.requests(server.prefix + b"beside/", VALUE)
    async with client.connected(server.address) as one:
        await client.paced(one, wire.PUT, requests, every_s=EVERY_S, seconds=0.1)
        return await client.paced(one, wire.PUT, requests, every_s=EVERY_S, seconds=seconds)
