"""Free lists: sorted array against map, on files whose free pages are holes of one page each.

The file: values of which two fill a leaf page, written in order; every second page's pair is deleted
and compacted away. It is made once a size; each sample opens a copy of it, array and map in turns,
so that both start from the same pages. Puts of 15 KB then need runs of pages that no hole has room
for: the array is walked from end to end each time.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kscale import units
from kscale.calibrate import client, metrics, rounds, wire
from kscale.calibrate.client import Driven
from kscale.calibrate.experiment import Experiment, Observer, OutOfTimeError
from kscale.calibrate.lab import Lab, Server
from kscale.calibrate.point import Point
from kscale.calibrate.process import FreeList, Options

HALF_PAGE = 1800  # bytes of a value: two such keys are a leaf page of 4 KiB
VALUE = 15_360  # bytes of a put: several pages
CLIENTS = 64
TYPES: tuple[FreeList, FreeList] = ("array", "map")
SPILL = f"{metrics.PART.format('spill')}_sum"
_DELETES = 128  # pairs a transaction

Found = rounds.Collected[int]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    free_pages: tuple[int, ...]
    rounds: int
    samples: int  # of each started etcd
    puts: int  # of a sample, and as many before the first one
    limit_s: float  # a size: a slow machine does fewer rounds


QUICK = Plan((3000, 6000, 10_000), 2, 1, 400, 9.0)
DEFAULT = Plan((10_000, 20_000, 50_000, 100_000), 3, 2, 1200, 15.0)


def experiment(plan: Plan) -> Experiment:
    """Return the experiment at this size."""
    largest = 2 * max(plan.free_pages) * metrics.PAGE_BYTES
    starts = 2 * plan.rounds * len(plan.free_pages)
    copied = 4 * plan.rounds * sum(plan.free_pages) * metrics.PAGE_BYTES
    samples = starts * (0.9 + (plan.samples + 1) * plan.puts * 2.5e-4) + copied / 5e8
    return Experiment(
        id="freelist",
        title="free pages: array against map",
        families=(
            *(f"freelist-{kind}-{what}" for kind in TYPES for what in ("spill", "puts", "p99")),
            "freelist-spill-ratio",
            "open-time",
        ),
        seconds=min(samples, plan.limit_s * len(plan.free_pages)) + sum(plan.free_pages) / 7.5e3,
        room=3 * largest + 4 * (plan.samples + 1) * plan.puts * VALUE + 2**29,
        own=True,
        run=lambda lab, observer: run(lab, observer, plan),
    )


def run(lab: Lab, observer: Observer, plan: Plan) -> Iterator[Point]:
    """Yield the points, size by size."""
    for number, pages in enumerate(plan.free_pages):
        found = Found()
        with suppress(OutOfTimeError):
            observer.step(f"making a file with {pages:,} free pages")
            with lab.store(partial(fragment, pages=pages)) as store:
                for round_ in rounds.timed(plan.rounds, plan.limit_s):
                    told = f"{units.show_size(pages)} free pages, round {round_ + 1} of {plan.rounds}"
                    _round(lab, store, observer, told, pages, plan, found, turn=number + round_)
        yield from found.points()


def fragment(server: Server, pages: int) -> None:
    """Leave about so many free pages, none beside another."""
    stored = rounds.values(HALF_PAGE)
    keys = range(4 * pages)

    async def drive() -> None:
        """Write the pairs in order, delete every second one, drop what they were."""
        async with client.connected(server.address) as one:
            await one.load((_key(server, key), stored[key % 16]) for key in keys)
            pairs = [wire.delete(_key(server, key), _key(server, key + 2)) for key in keys[::4]]
            groups = (pairs[start : start + _DELETES] for start in range(0, len(pairs), _DELETES))
            revision = await one.all(wire.TXN, (wire.txn(deletes=group) for group in groups))
            await one.call(wire.COMPACT, wire.compact(revision, physical=True))

    client.drive(drive())
    server.settle()


def _key(server: Server, number: int) -> bytes:
    """Return the key of a value of half a page."""
    return b"%s%08d" % (server.prefix, number)


def _round(
    lab: Lab, store: Path, observer: Observer, told: str, pages: int, plan: Plan, found: Found, turn: int
) -> None:
    """Take samples of both types, the first one changing by *turn*; keep the ratio of each pair."""
    spills: dict[FreeList, list[float]] = {}
    for kind in TYPES[:: -1 if turn % 2 else 1]:
        observer.step(f"{told}: {kind}")
        with lab.restored(store, Options(freelist=kind)) as server:
            if server.running is not None:
                at = {"db_bytes": server.counted()[metrics.SIZE]}
                found.add("open-time", pages, at, "ns", server.running.ready_s * metrics.NS)
            spills[kind] = list(_samples(server, kind, pages, plan, found))
    at = {"free_pages": float(pages)}
    for array, map_ in zip(spills["array"], spills["map"], strict=True):
        if map_ > 0:
            found.add("freelist-spill-ratio", pages, at, "x", array / map_)


def _samples(server: Server, kind: FreeList, pages: int, plan: Plan, found: Found) -> Iterator[float]:
    """Keep what samples of puts came to; yield the time in spill per put of each."""
    requests = _overwrites(server, pages)

    async def drive(puts: int) -> Driven:
        """Overwrite so many random keys."""
        async with client.connected(server.address) as one:
            return await client.closed_loop(one, wire.PUT, requests, CLIENTS, seconds=60.0, most=puts)

    client.drive(drive(plan.puts))
    server.settle()
    before = server.counted()
    for _ in range(plan.samples):
        driven = client.drive(drive(plan.puts))
        server.settle()
        after = server.counted()
        spill = _spill_ns(after, before) / driven.calls
        at = {"free_pages": float(metrics.free_pages(before))}
        found.add(f"freelist-{kind}-spill", pages, at, "ns", spill)
        found.add(f"freelist-{kind}-puts", pages, at, "1/s", driven.calls / driven.seconds)
        found.add(f"freelist-{kind}-p99", pages, at, "ns", driven.quantile(99))
        before = after
        yield spill


def _spill_ns(after: Mapping[str, float], before: Mapping[str, float]) -> float:
    """Return the time spent in spill between two readings."""
    return (after[SPILL] - before[SPILL]) * metrics.NS


def _overwrites(server: Server, pages: int) -> Iterator[bytes]:
    """Yield puts to keys that are there, in random order."""
    draw = random.Random(rounds.SEED)  # noqa: S311 - not a secret
    stored = rounds.values(VALUE)
    while True:
        number = 4 * draw.randrange(pages) + 2 + draw.randrange(2)
        yield wire.put(_key(server, number), stored[number % 16])
