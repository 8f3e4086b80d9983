"""Stored objects: counts by type and log-normal sizes, exact on every machine.

A size is mean x factor. The factor is exp(sigma z), z standard normal, scaled to mean 1; it is
read from a table of its quantiles in fixed point, between whose entries we interpolate. Only
the table is computed with exp; rounding it to FRACTION makes it the same everywhere. The table
ends at the quantiles 1/(2 x STEPS) from both ends, so the largest factor is finite.
"""

import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from kscale.scenario.cluster import Objects
from kscale.scenario.draw import Keys, Stream, keys
from kscale.scenario.schema_cluster import ObjectsSpec

STEPS = 1024  # intervals of the table
FRACTION = 2**16  # fixed point of a factor
CHUNK = 2**18  # objects drawn at a time: what is in flight stays in the cache
BLOCK = 2**6  # objects that share the range of sizes out among them
DRAWN_BYTES = 80  # in flight for each object of a chunk

_STEP_BITS = 10
_BLOCK_BITS = 6
_INSIDE_BITS = 16  # of a key, for the place between two entries

Ints = NDArray[np.int64]


def factors(sigma: float) -> Ints:
    """Return int64[STEPS + 1], the factor at evenly spaced quantiles, mean 1, times FRACTION."""
    normal = NormalDist()
    ends = [(min(max(i, 0.5), STEPS - 0.5)) / STEPS for i in range(STEPS + 1)]
    raw = [math.exp(sigma * normal.inv_cdf(quantile)) for quantile in ends]
    mean = math.fsum(low + high for low, high in pairwise(raw)) / (2 * STEPS)
    return np.array([round(value / mean * FRACTION) for value in raw], dtype=np.int64)


def build(spec: ObjectsSpec, seed: int, largest: int) -> Objects:
    """Return the objects of a resolved *spec*, grouped by type; sizes are 1 to *largest* bytes."""
    counts = [one.count if isinstance(one.count, int) else 0 for one in spec.types.values()]
    tables = {sigma: factors(sigma) for sigma in {one.spread for one in spec.types.values()}}
    size = np.empty(sum(counts), dtype=np.int32)
    first = 0
    for one, count in zip(spec.types.values(), counts, strict=True):
        for start in range(0, count, CHUNK):
            end = min(start + CHUNK, count)
            where = _quantiles(seed, first, start, end - start)
            size[first + start : first + end] = _sizes(one.size, tables[one.spread], where, largest)
        first += count
    type_of = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
    return Objects(tuple(spec.types), type_of, size)


def _quantiles(seed: int, first: int, start: int, count: int) -> Keys:
    """Return the quantiles of objects *start* .. of the type whose first object is *first*, in parts of 2^64.

    Each BLOCK in a row has one object in each of its BLOCK equal parts, in an order of its own, so
    that even a type of a thousand objects comes close to its mean. *start* is a multiple of BLOCK.
    """
    blocks = keys(seed, Stream.OBJECT_ORDER, first + start // BLOCK, -(-count // BLOCK))
    turn = np.arange(BLOCK, dtype=np.uint64)
    with np.errstate(over="ignore"):  # arithmetic modulo BLOCK is meant, the rest is cut off
        part = (blocks | np.uint64(1))[:, None] * turn[None, :] + (blocks >> np.uint64(32))[:, None]
    within = keys(seed, Stream.OBJECT_SIZES, first + start, count) >> np.uint64(_BLOCK_BITS)
    return within | (part.ravel()[:count] << np.uint64(64 - _BLOCK_BITS))


def _sizes(mean: int, table: Ints, where: Keys, largest: int) -> Ints:
    """Return the sizes at the quantiles *where* in bytes, int64, 1 to *largest*."""
    step = (where >> np.uint64(64 - _STEP_BITS)).astype(np.int64)
    cut = np.uint64(64 - _STEP_BITS - _INSIDE_BITS)
    inside = ((where >> cut) & np.uint64(2**_INSIDE_BITS - 1)).astype(np.int64)
    low = table[step]
    factor = (low << _INSIDE_BITS) + (table[step + 1] - low) * inside  # in parts of 2^bits
    bits = _INSIDE_BITS + FRACTION.bit_length() - 1
    sizes: Ints = (factor * mean + (1 << (bits - 1))) >> bits
    return np.clip(sizes, 1, largest)
