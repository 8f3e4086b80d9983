"""The applying side of etcd's write path: entries one after another, bbolt's commits between them."""

from kscale.kernels import etcd_write as ew
from kscale.kernels._jit import inline, lean
from kscale.kernels.etcd_write import Longs

# Entries of `store`, the applying side.
FREE, DUE, PENDING, PENDING_BYTES, PLACE = 0, 1, 2, 3, 4
PENDING_PAGES = 5  # allocations of two or more pages
STORE = 6


@inline
def _unblocked(time: int, blocked: Longs, store: Longs) -> int:
    """Return the first time from *time* on at which the store is not blocked."""
    at = store[PLACE]
    while at > 0 and blocked[at - 1, 1] > time:
        at -= 1
    while at < len(blocked) and blocked[at, 0] <= time:
        time = max(time, blocked[at, 1])
        at += 1
    store[PLACE] = at
    return int(time)


@inline
def _commit(begin: int, store: Longs, rules: Longs, counts: Longs) -> None:
    """Commit the write transaction, from *begin* on."""
    took = ew.cost(rules[ew.COMMIT], rules[ew.COMMIT_PS], store[PENDING_BYTES])
    took += rules[ew.FREE_LIST] + rules[ew.ALLOCATION] * store[PENDING_PAGES]
    store[FREE] = begin + took
    store[DUE] = store[FREE] + rules[ew.COMMIT_EVERY]
    store[PENDING] = 0
    store[PENDING_BYTES] = 0
    store[PENDING_PAGES] = 0
    counts[ew.COMMITS] += 1
    counts[ew.COMMIT_BUSY] += took


@lean
def begin(released: int, store: Longs, blocked: Longs, rules: Longs, counts: Longs) -> int:
    """Return when what was handed on at *released* begins, after the commits that are due before it."""
    while True:
        wanted = max(released, store[FREE])
        start = _unblocked(max(store[DUE], store[FREE]) if store[DUE] <= wanted else wanted, blocked, store)
        if store[DUE] > start:
            break
        if store[PENDING] > 0:
            counts[ew.BLOCKED] += max(0, start - wanted)
            _commit(start, store, rules, counts)
        else:
            passed = (max(start, wanted) - store[DUE]) // rules[ew.COMMIT_EVERY] + 1
            store[DUE] += passed * rules[ew.COMMIT_EVERY]
    counts[ew.BLOCKED] += start - wanted
    return int(start)


@lean
def apply(
    released: int, size: int, allocations: int, store: Longs, blocked: Longs, rules: Longs, counts: Longs
) -> int:
    """Return when an entry that was handed on at *released* is applied."""
    took = ew.cost(rules[ew.APPLY], rules[ew.APPLY_PS], size)
    end = begin(released, store, blocked, rules, counts) + took
    store[FREE] = end
    store[PENDING] += 1
    store[PENDING_BYTES] += size
    store[PENDING_PAGES] += allocations
    counts[ew.APPLY_BUSY] += took
    if store[PENDING] >= rules[ew.COMMIT_AT]:
        _commit(_unblocked(end, blocked, store), store, rules, counts)
    return int(end)
