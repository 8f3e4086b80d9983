"""How the caches of a starting client fill: all types at once, batch by batch.

A type's source serves its batches in order; the client's link carries one batch at a time; a type is decoded
in order, on cores that all types share, and its objects are stored one after the other. What can
begin first goes first, and of two that can begin together the first type, fetching before decoding.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import kernel

Longs = NDArray[np.int64]

# of a type: batches, objects in each and in the last, mean bytes of an object, its kind
BATCHES, PER_BATCH, LAST_BATCH, BYTES, KIND, COLUMNS = range(6)
# of a kind: ns an object and ps a byte at the source, to decode it, and of all threads' CPU for that
SOURCE_NS, SOURCE_PS, DECODE_NS, DECODE_PS, CPU_NS, CPU_PS, STORE_NS, COSTS = range(8)
# rules
(
    PAGED,  # 1: a batch is asked for when the one before is stored; 0: the source goes on by itself
    WHOLE,  # 1: nothing is decoded before the type's last batch is there: one answer
    LINK_PS,  # ps a byte on the link
    TOKEN_NS,  # ns between two requests of the client; 0: no limit
    BURST,  # requests that may go at once
    CORES,
    WAYS,  # batches of one type decoded side by side
    RULES,
) = range(8)
PS = 1000  # in a ns


@kernel
def fill(  # noqa: C901 - one choice among all types
    types: Longs, kinds: Longs, rules: Longs, arrived: Longs, synced: Longs
) -> None:
    """List and decode every type.

    types    int64[n, COLUMNS]
    kinds    int64[k, COSTS]
    rules    int64[RULES]
    arrived  int64[all batches]  scratch
    synced   int64[n]  out, ns: when the last object of the type is in the store, 0 if it has none

    Cost is O(batches x n).
    """
    n = len(types)
    fetched, decoded = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)  # batches
    fetch_at, decode_at = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)  # ns
    first = np.zeros(n + 1, dtype=np.int64)  # of the type's batches in arrived
    for i in range(n):
        first[i + 1] = first[i] + types[i, BATCHES]
        synced[i] = 0
    tokens, link, cpu = 0, 0, 0
    for _ in range(2 * first[n]):
        i, fetching, begin = -1, False, 0
        for other in range(n):
            if fetched[other] < types[other, BATCHES]:
                waits = rules[PAGED] == 1 and decoded[other] < fetched[other]
                if not waits and (i < 0 or fetch_at[other] < begin):
                    i, fetching, begin = other, True, fetch_at[other]
            if decoded[other] < fetched[other]:
                needed = types[other, BATCHES] if rules[WHOLE] == 1 else decoded[other] + 1
                if fetched[other] >= needed:
                    at = max(decode_at[other], arrived[first[other] + needed - 1])
                    if i < 0 or at < begin:
                        i, fetching, begin = other, False, at
        batch = fetched[i] if fetching else decoded[i]
        count = types[i, LAST_BATCH] if batch == types[i, BATCHES] - 1 else types[i, PER_BATCH]
        size = count * types[i, BYTES]
        cost = kinds[types[i, KIND]]
        if fetching:
            if rules[TOKEN_NS] > 0 and (batch == 0 or rules[PAGED] == 1):
                begin = max(begin, tokens - (rules[BURST] - 1) * rules[TOKEN_NS])
                tokens = max(tokens, begin) + rules[TOKEN_NS]
            served = begin + count * cost[SOURCE_NS] + size * cost[SOURCE_PS] // PS
            link = max(link, served) + size * rules[LINK_PS] // PS
            arrived[first[i] + batch] = link
            fetched[i] += 1
            fetch_at[i] = served
        else:
            wall = (count * cost[DECODE_NS] + size * cost[DECODE_PS] // PS) // rules[WAYS]
            cpu = max(cpu, begin) + (count * cost[CPU_NS] + size * cost[CPU_PS] // PS) // rules[CORES]
            decode_at[i] = max(begin + wall, cpu) + count * cost[STORE_NS]
            decoded[i] += 1
            synced[i] = decode_at[i]
            if rules[PAGED] == 1:
                fetch_at[i] = decode_at[i]
