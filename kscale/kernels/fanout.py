"""Watch fan-out: events into channels, and what a full channel does to the one dispatcher.

One goroutine of an API server hands each event to the watchers it concerns. Watchers
are numbered by group, and the groups are served in the order in which apiserver
1.14-1.36 fills its buffer (pkg/storage/cacher/cacher.go, startDispatching). Inside
a group Go walks a map, in random order; here the number decides.

    0 .. first_node           of one namespace, sorted by it          served first
    first_node .. first_all   of one node, sorted by it               served last
    first_all .. watchers     of everything: the tail                 served second

A watcher's channel holds CAP events. SENT were put in; LIMIT is the SENT at which it
is full: a credit, so that a delivery touches one number. Its client reads at
ticks of the clock, up to TAKE events each. Reads of the tail are one vector pass a
tick; those of the others are made up for when the next event comes for them, which
gives the same numbers, as nothing was put in between.

A full channel makes the dispatcher wait, and everyone with it, out of a budget of
time (time_budget.go). A watcher for which the time does not suffice is ended and
does not come back; the matching event and those after it are counted as lost.

Time is modelled: an event arrives every INTERVAL ns, dispatching takes none, waiting
lasts until the client's next read. All of it is integers.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Index = int | np.integer[Any]  # unsigned where it counts: numba then leaves out the test for a negative one

# Columns of `state`, int64[watchers, 8]: what a delivery needs is in one cache line.
CAP = 0  # events the channel holds, up to MOST_CAP
TAKE = 1  # events the client reads at a tick, up to CAP
LIMIT = 2  # SENT at which the channel is full
SENT = 3  # events delivered
LOST = 4  # matching events not delivered
SEEN = 5  # tick up to which the client's reads are worked out
ENDED = 6  # event at which the watcher was ended, or -1
DIGEST = 7  # ordered checksum of the events delivered; not kept for the tail, which gets them all
STATE = 8

# Rows of `tail`, int32[5, watchers of everything]: their part of `state`, as vectors. It is the
# newer of the two, except while an event is served the slow way.
T_CAP, T_TAKE, T_LIMIT, T_SENT, T_LIVE = 0, 1, 2, 3, 4
TAIL = 5

# Entries of `clock`, int64[9]; ns unless said.
NOW = 0  # time of the dispatcher
NEXT = 1  # time of the next tick
TICK = 2  # ticks passed
BUDGET = 3  # time that may be spent waiting
REFILLED = 4  # when the budget was last refilled
WAITED = 5  # time spent waiting
WAITS = 6  # how often the dispatcher waited
SETTLED = 7  # tick up to which the reads of the tail are worked out
ROOM = 8  # events for which every live watcher of the tail has room
CLOCK = 9

# Entries of `rules`, int64[5].
INTERVAL = 0  # ns between two events
TICK_NS = 1  # ns between two ticks
REFILL = 2  # ns of budget per second
MOST = 3  # ns of budget that can be saved up
TOGETHER = 4  # 1: blocked watchers share one timer (1.16+); 0: each in turn takes what is left (to 1.15)
RULES = 5

SECOND = 1_000_000_000  # ns
MOST_CAP = 32_767  # a product with TAKE, and SENT + CAP, fit int32
PLENTY = 1 << 30  # LIMIT and CAP of an ended watcher of the tail: never the least room
PRIME = 4_194_301  # DIGEST * PRIME + event stays below 2**63, so that nothing wraps
MASK = (1 << 40) - 1


@inline
def _read(w: Index, tick: int, state: Longs) -> None:
    """Make up for the reads of *w*'s client since it was last looked at."""
    credit = state[w, LIMIT] + (tick - state[w, SEEN]) * state[w, TAKE]
    state[w, LIMIT] = min(credit, state[w, SENT] + state[w, CAP])
    state[w, SEEN] = tick


@inline
def _offer(w: Index, event: int, tick: int, state: Longs) -> bool:
    """Put *event* into the channel of *w* if it has room. Returns whether the event has to wait."""
    _read(w, tick, state)
    if state[w, SENT] < state[w, LIMIT] and state[w, ENDED] < 0:
        state[w, SENT] += 1
        state[w, DIGEST] = (state[w, DIGEST] * PRIME + event) & MASK
        return False
    if state[w, ENDED] >= 0:
        state[w, LOST] += 1
        return False
    return True


@kernel
def _move_to(time: int, clock: Longs, rules: Longs) -> None:
    """Move the dispatcher to *time*, never back, and count the ticks passed."""
    clock[NOW] = max(clock[NOW], time)
    if clock[NEXT] <= clock[NOW]:
        ticks = (clock[NOW] - clock[NEXT]) // rules[TICK_NS] + 1
        clock[TICK] += ticks
        clock[NEXT] += ticks * rules[TICK_NS]


@kernel
def _take_budget(clock: Longs, rules: Longs) -> int:
    """Take all the time there is for waiting; it refills with the time passed, up to MOST."""
    refill = rules[REFILL]
    if refill > 0:
        to_fill = rules[MOST] * SECOND // refill + 1
        passed = min(clock[NOW] - clock[REFILLED], to_fill)
        clock[BUDGET] = min(rules[MOST], clock[BUDGET] + passed * refill // SECOND)
    clock[REFILLED] = clock[NOW]
    taken = clock[BUDGET]
    clock[BUDGET] = 0
    return int(taken)


@kernel
def _wait(blocked: Ints, count: int, event: int, state: Longs, clock: Longs, rules: Longs) -> None:
    """Wait for the first *count* of *blocked*, in order, under one timer of the whole budget.

    A client that reads makes room at the next tick. Once the timer has fired every watcher still gets
    one try. Unused time goes back.
    """
    taken = _take_budget(clock, rules)
    start = clock[NOW]
    deadline = start + taken
    for i in range(count):
        w = blocked[i]
        if not _offer(w, event, clock[TICK], state):
            continue
        reads = state[w, TAKE] > 0 and state[w, CAP] > 0
        until = clock[NEXT] if reads and clock[NEXT] <= deadline else deadline
        if until > clock[NOW]:
            clock[WAITS] += 1
            _move_to(until, clock, rules)
        if _offer(w, event, clock[TICK], state):
            state[w, ENDED] = event
            state[w, LOST] += 1
    waited = clock[NOW] - start
    clock[WAITED] += waited
    clock[BUDGET] = min(rules[MOST], clock[BUDGET] + taken - waited)


@kernel
def _refused(
    w: Index, waiting: int, blocked: Ints, event: int, state: Longs, clock: Longs, rules: Longs
) -> int:
    """Let *w* wait: at once, or after the event with the others. Returns how many are left to wait."""
    _move_to(event * rules[INTERVAL], clock, rules)
    blocked[waiting] = w
    if rules[TOGETHER]:
        return waiting + 1
    _wait(blocked[waiting:], 1, event, state, clock, rules)
    return waiting


@inline
def _settle(ticks: int, cap: Ints, take: Ints, limit: Ints, sent: Ints) -> int:
    """Let the clients of the tail read at *ticks* ticks. Returns the least room of a live watcher."""
    few = np.int32(min(ticks, MOST_CAP))  # after CAP ticks a channel that is read is empty
    room = np.int32(PLENTY)
    for j in range(len(limit)):
        credit = np.int32(limit[j] + np.int32(few * take[j]))
        limit[j] = min(credit, np.int32(sent[j] + cap[j]))
        room = min(room, np.int32(limit[j] - sent[j]))
    return int(room)


@kernel
def _tail_to_state(tail: Ints, state: Longs, clock: Longs) -> None:
    """Write what the tail knows into `state`."""
    first_all = len(state) - tail.shape[1]
    for j in range(tail.shape[1]):
        state[first_all + j, LIMIT] = tail[T_LIMIT, j]
        state[first_all + j, SENT] = tail[T_SENT, j]
        state[first_all + j, SEEN] = clock[SETTLED]


@kernel
def load_tail(tail: Ints, state: Longs, clock: Longs) -> None:
    """Fill `tail` from `state`, after the reads of its clients up to now."""
    first_all = len(state) - tail.shape[1]
    clock[SETTLED] = clock[TICK]
    clock[ROOM] = PLENTY
    for j in range(tail.shape[1]):
        w = first_all + j
        _read(w, clock[TICK], state)
        alive = state[w, ENDED] < 0
        tail[T_LIVE, j] = alive
        tail[T_CAP, j] = state[w, CAP] if alive else PLENTY
        tail[T_TAKE, j] = state[w, TAKE] if alive else 0
        tail[T_LIMIT, j] = state[w, LIMIT] if alive else PLENTY
        tail[T_SENT, j] = state[w, SENT]
        if alive:
            clock[ROOM] = min(clock[ROOM], state[w, LIMIT] - state[w, SENT])


@kernel
def _tail_slowly(
    event: int, waiting: int, blocked: Ints, tail: Ints, state: Longs, clock: Longs, rules: Longs
) -> int:
    """Offer *event* to the tail one by one, as one of them is full. Returns how many are left to wait."""
    _tail_to_state(tail, state, clock)
    for j in range(tail.shape[1]):
        w = np.uintp(len(state) - tail.shape[1] + j)
        if _offer(w, event, clock[TICK], state):
            waiting = _refused(w, waiting, blocked, event, state, clock, rules)
    return waiting


@kernel
def finish(events: int, tail: Ints, state: Longs, clock: Longs) -> None:
    """Bring `state` up to date. An ended watcher of everything lost all *events* from its end on."""
    _tail_to_state(tail, state, clock)
    for w in range(len(state) - tail.shape[1], len(state)):
        state[w, DIGEST] = 0
        if state[w, ENDED] >= 0:
            state[w, LOST] = events - state[w, ENDED]


@kernel
def deliver(  # noqa: C901 - one pass over an event; a helper would have to return five numbers
    first: int,
    count: int,
    found: Ints,
    scope_ends: Ints,
    node_ends: Ints,
    blocked: Ints,
    tail: Ints,
    state: Longs,
    clock: Longs,
    rules: Longs,
) -> None:
    """Deliver events to the watchers that were found for them, and to those of everything.

    first, count  number of the first event, and how many there are
    found         int32[...]  watchers concerned, event after event
    scope_ends    int32[>= count]  where in *found* the event's watchers by namespace end
    node_ends     int32[>= count]  where those by node end
    blocked       int32[watchers]  scratch
    tail, state, clock, rules  see above; changed. `state` is up to date after `finish`

    Cost is O(deliveries).
    """
    cap, take, limit, sent, live = tail[T_CAP], tail[T_TAKE], tail[T_LIMIT], tail[T_SENT], tail[T_LIVE]
    tick, due, settled, room = clock[TICK], clock[NEXT], clock[SETTLED], clock[ROOM]
    interval = rules[INTERVAL]
    served = 0
    for i in range(count):
        event = first + i
        if event * interval >= due:
            _move_to(event * interval, clock, rules)
            tick, due = clock[TICK], clock[NEXT]
        waiting, middle, end = 0, scope_ends[i], node_ends[i]
        for at in range(served, middle):
            w = np.uintp(found[np.uintp(at)])
            if _offer(w, event, tick, state):
                waiting = _refused(w, waiting, blocked, event, state, clock, rules)
                tick, due = clock[TICK], clock[NEXT]
        if settled < tick:
            room = _settle(tick - settled, cap, take, limit, sent)
            settled = tick
        quick = room > 0
        if quick:
            for j in range(len(sent)):
                sent[j] += live[j]
            room -= 1
        else:
            clock[SETTLED] = settled
            waiting = _tail_slowly(event, waiting, blocked, tail, state, clock, rules)
            tick, due = clock[TICK], clock[NEXT]
        for at in range(middle, end):
            w = np.uintp(found[np.uintp(at)])
            if _offer(w, event, tick, state):
                waiting = _refused(w, waiting, blocked, event, state, clock, rules)
                tick, due = clock[TICK], clock[NEXT]
        served = end
        if waiting > 0:
            _wait(blocked, waiting, event, state, clock, rules)
            tick, due = clock[TICK], clock[NEXT]
        if not quick:
            load_tail(tail, state, clock)
            settled, room = clock[SETTLED], clock[ROOM]
    clock[SETTLED], clock[ROOM] = settled, room
