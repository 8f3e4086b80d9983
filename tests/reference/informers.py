"""Slow twin of kernels/informers.py: types as objects that say what they could do next."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import informers as kernel

Longs = NDArray[np.int64]


@dataclass(slots=True)
class Kind:
    """A type of object, its lists and its decoder."""

    sizes: list[int]  # objects in each batch
    mean: int
    cost: list[int]
    source_free: int = 0
    decoder_free: int = 0
    arrivals: list[int] = field(default_factory=list)
    stored: int = 0  # batches


@dataclass(slots=True)
class Client:
    """What the types share."""

    rules: list[int]
    link_free: int = 0
    cpu_free: int = 0
    bucket: int = 0  # when its tokens are back

    def next_of(self, kind: Kind) -> list[tuple[int, bool]]:
        """Return what a type could do: fetch or decode, and from when."""
        waiting = len(kind.arrivals) - kind.stored
        could = []
        if len(kind.arrivals) < len(kind.sizes) and not (self.rules[kernel.PAGED] and waiting):
            could.append((kind.source_free, True))
        if waiting and (not self.rules[kernel.WHOLE] or len(kind.arrivals) == len(kind.sizes)):
            there = kind.arrivals[-1] if self.rules[kernel.WHOLE] else kind.arrivals[kind.stored]
            could.append((max(kind.decoder_free, there), False))
        return could

    def fetch(self, kind: Kind, begin: int) -> None:
        """Get the next batch."""
        objects = kind.sizes[len(kind.arrivals)]
        size = objects * kind.mean
        token, burst = self.rules[kernel.TOKEN_NS], self.rules[kernel.BURST]
        if token and (self.rules[kernel.PAGED] or not kind.arrivals):
            begin = max(begin, self.bucket - (burst - 1) * token)
            self.bucket = max(self.bucket, begin) + token
        source_ns, source_ps = kind.cost[kernel.SOURCE_NS], kind.cost[kernel.SOURCE_PS]
        kind.source_free = begin + objects * source_ns + size * source_ps // 1000
        self.link_free = max(self.link_free, kind.source_free) + size * self.rules[kernel.LINK_PS] // 1000
        kind.arrivals.append(self.link_free)

    def decode(self, kind: Kind, begin: int) -> None:
        """Decode and store the next batch."""
        objects = kind.sizes[kind.stored]
        size = objects * kind.mean
        cost, rules = kind.cost, self.rules
        one = (objects * cost[kernel.DECODE_NS] + size * cost[kernel.DECODE_PS] // 1000) // rules[kernel.WAYS]
        every = (objects * cost[kernel.CPU_NS] + size * cost[kernel.CPU_PS] // 1000) // rules[kernel.CORES]
        self.cpu_free = max(self.cpu_free, begin) + every
        kind.decoder_free = max(begin + one, self.cpu_free) + objects * cost[kernel.STORE_NS]
        kind.stored += 1
        if rules[kernel.PAGED]:
            kind.source_free = kind.decoder_free


def simulate(types: Longs, kinds: Longs, rules: Longs) -> list[int]:
    """Return when each type is complete."""
    known = []
    for row in types.tolist():
        batches, each, last = row[kernel.BATCHES], row[kernel.PER_BATCH], row[kernel.LAST_BATCH]
        sizes = [each] * (batches - 1) + [last] if batches else []
        known.append(Kind(sizes, row[kernel.BYTES], kinds[row[kernel.KIND]].tolist()))
    client = Client(rules.tolist())
    while any(kind.stored < len(kind.sizes) for kind in known):
        steps = [
            (begin, i, not fetching)
            for i, kind in enumerate(known)
            for begin, fetching in client.next_of(kind)
        ]
        begin, i, decoding = min(steps)
        (client.decode if decoding else client.fetch)(known[i], begin)
    return [kind.decoder_free for kind in known]
