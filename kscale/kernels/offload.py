"""Values in a store beside etcd: every crash, failover and interleaved read of a sequence of writes.

etcd keeps an index entry for each key: where the value lies, and the write it announces. The outside store
keeps values in slots. A write takes steps, each of them atomic in one store, and is acknowledged after some:

                  put                                            delete
    INSIDE        entry with the value | ack                     entry | ack
    VALUE_FIRST   value in a slot of its own, entry | ack, old   entry | ack, old value removed
                  value removed
    INDEX_FIRST   entry, value in a slot of its own | ack, old   entry | ack, old value removed
                  value removed
    IN_PLACE      value over the old one, entry | ack            entry | ack, value removed

Writes follow one another. Around each, from before its first step to after its last, three things are
tried, and what a reader then finds is judged by what was acknowledged:

    CRASH     the writer stops for good; nobody knows what it was doing. The key is read.
    FAILOVER  the outside store's copy takes over, BEHIND writes behind; the writer goes on. All keys that
              lost a write, and its own, are read when it is done.
    READ      a reader gets the entry after some step and the value after the same or a later one, from the
              store or from its copy that is BEHIND.

    LOST      an entry leads to no value (to a reader that overlaps a write: it has to start again)
    STALE     a value that no order of the acknowledged writes allows
    MIXED     an allowed value, under an entry that announces another one
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]

PUT, DELETE, GET = 0, 1, 2  # operations
INSIDE, VALUE_FIRST, INDEX_FIRST, IN_PLACE = 0, 1, 2, 3  # protocols
NOTHING = -1  # no entry, and so no value; or an empty slot
MISSING = -2  # an entry, but no value

# Entries of `counts`, int64[16], out: for each kind of trial CASES, LOST, STALE and MIXED.
CRASH, FAILOVER, READ = 0, 4, 8
CASES, LOST, STALE, MIXED = 0, 1, 2, 3
ORPHANS, ORPHAN_BYTES = 12, 13  # values that no entry leads to, after a crash; and their bytes
STEPS = 14  # of all operations
WAITED = 15  # most of them, one after another, before an operation was acknowledged
COUNTS = 16

MOST_STEPS = 3  # of an operation
# Columns of `steps`, int64[MOST_STEPS, 3]: what is written, to which slot, its content (a put's number).
ENTRY, VALUE = 0, 1
WHERE, SLOT, CONTENT = 0, 1, 2
STEP = 3
# Columns of `index`, int64[k, 2]: an entry's slot or NOTHING, and the operation that wrote it.
I_SLOT, I_NUMBER = 0, 1
# Columns of `log`, int64[m, 3], writes of the outside store: slot, what it held before (or after), key.
L_SLOT, L_OTHER, L_KEY = 0, 1, 2


@inline
def _note(at: int, where: int, slot: int, content: int, steps: Longs) -> int:
    """Write one step. Returns the place of the next."""
    steps[at, WHERE], steps[at, SLOT], steps[at, CONTENT] = where, slot, content
    return at + 1


@kernel
def _plan(kind: int, number: int, key: int, protocol: int, index: Longs, steps: Longs) -> tuple[int, int]:
    """Write the steps of an operation. Returns how many, and after how many it is acknowledged."""
    old = index[key, I_SLOT]
    own = key if protocol == IN_PLACE else number
    count = 0
    if kind == PUT and protocol in (VALUE_FIRST, IN_PLACE):
        count = _note(count, VALUE, own, number, steps)
    count = _note(count, ENTRY, own if kind == PUT else NOTHING, number, steps)
    if kind == PUT and protocol == INDEX_FIRST:
        count = _note(count, VALUE, own, number, steps)
    acknowledged = count
    if protocol != INSIDE and old != NOTHING and (kind == DELETE or protocol != IN_PLACE):
        count = _note(count, VALUE, old, NOTHING, steps)
    return count, acknowledged


@inline
def _do(step: int, key: int, steps: Longs, index: Longs, outside: Longs, log: Longs, logged: int) -> int:
    """Do one step. Returns how many writes of the outside store there are now."""
    slot, content = steps[step, SLOT], steps[step, CONTENT]
    if steps[step, WHERE] == ENTRY:
        index[key, I_SLOT], index[key, I_NUMBER] = slot, content
        return logged
    log[logged, L_SLOT], log[logged, L_OTHER], log[logged, L_KEY] = slot, outside[slot], key
    outside[slot] = content
    return logged + 1


@inline
def _swap(entry: int, outside: Longs, log: Longs) -> None:
    """Take back a write of the outside store, or do it again."""
    slot = log[entry, L_SLOT]
    outside[slot], log[entry, L_OTHER] = log[entry, L_OTHER], outside[slot]


@kernel
def _forget(behind: int, logged: int, outside: Longs, log: Longs) -> int:
    """Let the outside store lose its last writes. Returns the first that is lost."""
    first = max(0, logged - behind)
    for entry in range(logged - 1, first - 1, -1):
        _swap(entry, outside, log)
    return first


@kernel
def _remember(first: int, logged: int, outside: Longs, log: Longs) -> None:
    """Do again what `_forget` took back."""
    for entry in range(first, logged):
        _swap(entry, outside, log)


@inline
def _get(slot: int, number: int, protocol: int, outside: Longs) -> int:
    """Return what a reader gets who was led to *slot*: a put's number, NOTHING or MISSING."""
    if slot == NOTHING or protocol == INSIDE:
        return number if slot != NOTHING else NOTHING
    return int(outside[slot]) if outside[slot] != NOTHING else MISSING


@kernel
def _judge(kind: int, got: int, announced: int, one: int, other: int, counts: Longs) -> None:
    """Count what a reader got, where *one* and *other* are right."""
    counts[kind + CASES] += 1
    if got == MISSING:
        counts[kind + LOST] += 1
    elif got not in (one, other):
        counts[kind + STALE] += 1
    elif got not in (NOTHING, announced):
        counts[kind + MIXED] += 1


@kernel
def _orphans(
    key: int, old: int, number: int, sizes: Longs, protocol: int, index: Longs, outside: Longs, counts: Longs
) -> None:
    """Count the values that no entry leads to, in slot *old* and in that of put *number*."""
    if protocol == INSIDE:
        return
    own = key if protocol == IN_PLACE else number
    for slot in (old, own):
        if slot != NOTHING and outside[slot] != NOTHING and index[key, I_SLOT] != slot:
            counts[ORPHANS] += 1
            counts[ORPHAN_BYTES] += sizes[outside[slot]]
        if old == own:
            break


@kernel
def _failover(
    done: int,
    count: int,
    key: int,
    behind: int,
    logged: int,
    protocol: int,
    truth: Longs,
    after: int,
    steps: Longs,
    index: Longs,
    outside: Longs,
    log: Longs,
    counts: Longs,
) -> None:
    """Lose the last writes after *done* of *count* steps, go on to the end, read, and undo all of it."""
    first = _forget(behind, logged, outside, log)
    slot, number = index[key, I_SLOT], index[key, I_NUMBER]
    end = logged
    for step in range(done, count):
        end = _do(step, key, steps, index, outside, log, end)
    _judge(
        FAILOVER,
        _get(index[key, I_SLOT], index[key, I_NUMBER], protocol, outside),
        index[key, I_NUMBER],
        after,
        after,
        counts,
    )
    for entry in range(first, logged):
        other = log[entry, L_KEY]
        again = other == key
        for earlier in range(first, entry):
            again = again or log[earlier, L_KEY] == other
        if not again:
            got = _get(index[other, I_SLOT], index[other, I_NUMBER], protocol, outside)
            _judge(FAILOVER, got, index[other, I_NUMBER], truth[other], truth[other], counts)
    for entry in range(end - 1, logged - 1, -1):
        _swap(entry, outside, log)
    index[key, I_SLOT], index[key, I_NUMBER] = slot, number
    _remember(first, logged, outside, log)


@kernel
def _reads(
    done: int,
    acknowledged: int,
    before: int,
    after: int,
    seen: Longs,
    protocol: int,
    outside: Longs,
    counts: Longs,
) -> None:
    """Read the value now, after *done* steps, by the entries that were seen after as many or fewer."""
    for start in range(done + 1):
        first = after if start >= acknowledged else before
        second = before if done == 0 else after
        got = _get(seen[start, I_SLOT], seen[start, I_NUMBER], protocol, outside)
        _judge(READ, got, seen[start, I_NUMBER], first, second, counts)


@inline
def _around(
    kind: int,
    number: int,
    key: int,
    sizes: Longs,
    protocol: int,
    behind: int,
    truth: Longs,
    steps: Longs,
    seen: Longs,
    index: Longs,
    outside: Longs,
    log: Longs,
    logged: int,
    counts: Longs,
) -> int:
    """Do one put or delete of a *key*, and after each step try everything.

    Returns how many writes of the outside store there are now.
    """
    before, after = truth[key], number if kind == PUT else NOTHING
    old = index[key, I_SLOT]
    count, acknowledged = _plan(kind, number, key, protocol, index, steps)
    counts[STEPS] += count
    counts[WAITED] = max(counts[WAITED], acknowledged)
    for done in range(count + 1):
        if done > 0:
            logged = _do(done - 1, key, steps, index, outside, log, logged)
        seen[done] = index[key]

        got = _get(index[key, I_SLOT], index[key, I_NUMBER], protocol, outside)
        _judge(CRASH, got, index[key, I_NUMBER], after if done >= acknowledged else before, after, counts)
        _orphans(key, old, number, sizes, protocol, index, outside, counts)
        _failover(
            done, count, key, behind, logged, protocol, truth, after, steps, index, outside, log, counts
        )
        _reads(done, acknowledged, before, after, seen, protocol, outside, counts)
        if protocol != INSIDE:
            first = _forget(behind, logged, outside, log)
            _reads(done, acknowledged, before, after, seen, protocol, outside, counts)
            _remember(first, logged, outside, log)
    truth[key] = after
    return logged


@kernel
def run(
    kinds: Longs,
    keys: Longs,
    sizes: Longs,
    protocol: int,
    behind: int,
    answers: Longs,
    final: Longs,
    counts: Longs,
) -> None:
    """Do operations one after another, and around each put and delete try everything that may happen.

    kinds     int64[n]  PUT, DELETE or GET
    keys      int64[n]  0 to k - 1
    sizes     int64[n]  bytes of the value of each put
    protocol  INSIDE, VALUE_FIRST, INDEX_FIRST or IN_PLACE
    behind    writes by which the outside store's copy is behind; 0: both are written at once
    answers   int64[n]  out: which put each GET returns when nothing fails, NOTHING or MISSING
    final     int64[k]  out: the same of a GET of each key in the end
    counts    int64[COUNTS]  out, see above

    Cost is O(n behind^2).
    """
    n = len(kinds)
    index = np.full((len(final), 2), NOTHING, dtype=np.int64)
    outside = np.full(max(n, len(final)), NOTHING, dtype=np.int64)
    truth = np.full(len(final), NOTHING, dtype=np.int64)
    log = np.empty((MOST_STEPS * n + MOST_STEPS, 3), dtype=np.int64)
    steps = np.empty((MOST_STEPS, STEP), dtype=np.int64)
    seen = np.empty((MOST_STEPS + 1, 2), dtype=np.int64)
    counts[:] = 0
    answers[:] = NOTHING
    logged = 0
    for number in range(n):
        kind, key = kinds[number], keys[number]
        if kind == GET:
            answers[number] = _get(index[key, I_SLOT], index[key, I_NUMBER], protocol, outside)
        else:
            logged = _around(
                kind,
                number,
                key,
                sizes,
                protocol,
                behind,
                truth,
                steps,
                seen,
                index,
                outside,
                log,
                logged,
                counts,
            )
    for key in range(len(final)):
        final[key] = _get(index[key, I_SLOT], index[key, I_NUMBER], protocol, outside)
