"""What a server of `etcd_reads` is doing: its requests, its queues, its cores."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import heap, read_buffer
from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]

PUT, READ, SCAN = 0, 1, 2
KINDS = 3
BLOCKING, COPIED, CACHED = 0, 1, 2
REFUSED = -1  # in place of when a request was answered: too many entries were not yet applied

# Entries of `rules`, int64[33]; ns unless said.
UNTIL = 0  # no request is sent after it
CORES = 1
SLICE = 2
ROUND_TRIP = 3  # between members
FSYNC = 4
REQUEST = 5  # receiving a request and answering it
APPLY = 6
COMMIT, COMMIT_PUT = 7, 8  # each one, and for each put in it
COMMIT_EVERY, COMMIT_AT = 9, 10
IDLE_TICKS = 11  # 1: a tick takes the locks before it sees whether anything was written (3.3)
MOST_BEHIND = 12  # entries; a put is refused if more are committed and not applied
COPY_PS = 13  # ps/byte
MODE = 14
# and three of each of these, by kind of request
FIRST, END = 15, 18  # its requests, by number
CLIENTS = 21  # of a closed loop; 0: an open one
GAP = 24  # least time between two requests of a closed loop
LOCKED, REST = 27, 30  # work of a read: lookups and decoding; encoding and sending. Of a put: log; receiving
RULES = 33

# Columns of `rows`, int64[n + 2, ROW]: a request each, then the applying and the committing thread.
AT = 0  # in: when it is sent, in an open loop
NETWORK = 1  # in: ns it spends between its client and the server
SENT = 2  # -1: never
DONE = 3
FLOOR = 4  # puts that were applied when it was sent
SEEN = 5  # revision it read; of a put, the one it wrote
SUM = 6  # checksum of what it read
STAGE, LEFT, LINK, SINCE, KIND_OF, INDEX = 7, 8, 9, 10, 11, 12
STORED, STORED_SUM, COPY = 13, 14, 15  # what it has of the store while it reads: bbolt, and a copy
ROW = 16
AT_REQUEST, AT_LOCK, AT_REST = 0, 1, 2  # stages of a read
TO_MERGE, TO_COMMIT = 3, 4  # what a thread wants the lock for

# Entries of `counts`, int64[10].
BYTES_COPIED, COPIES, READ_WAITS, READ_WAITED, WRITE_WAITS, WRITE_WAITED = 0, 1, 2, 3, 4, 5
COMMITS, STORED_PUTS, FSYNCS, ENDED = 6, 7, 8, 9
COUNTS = 10

# What may happen; an event is row x EVENTS + one of them.
SEND, LOGGED, MAJORITY, INDEXED, WORKED, TICK, STORE, AGAIN = 0, 1, 2, 3, 4, 5, 6, 7
EVENTS = 8

# Entries of `now`, after the counts. A queue is its first and its last row, -1 where it is empty.
TIME, FREE, READERS, WRITER, HELD, OWNER, WANTED = 10, 11, 12, 13, 14, 15, 16
COMMITTED, APPLIED, LOGGING, OPEN, CACHE, CACHED_AT = 17, 18, 19, 20, 21, 22
NEXT, TOKEN = 23, 26  # of each kind: the next request, the earliest it may be sent
READY, TO_LOG, IN_LOG, TO_APPLY, AWAITING, BLOCKED = 29, 31, 33, 35, 37, 39
SIZE = 41  # of the heap of events
NOW = 43


class Etcd(NamedTuple):
    """One server: what it was given, and what it is doing."""

    rules: Longs
    rows: Longs
    now: Longs
    state: Longs  # of the read buffer
    buffers: Longs  # int64[slots, most, WORDS]: the read buffer, then copies of it
    held: Longs  # int64[slots, 2]: how many have each copy, the cache included; entries used in it
    events: Longs


def new(rules: Longs, rows: Longs) -> Etcd:
    """Return a server at time 0; *rows* are puts, reads and scans, AT and NETWORK filled in."""
    scans, clients = rules[END + SCAN] - rules[FIRST + SCAN], rules[CLIENTS : CLIENTS + KINDS].sum()
    slots = 1 if rules[MODE] == BLOCKING else int(rules[CORES] + scans + 3)
    most = read_buffer.room(int(min(rules[COMMIT_AT], rules[END + PUT])) + 1)
    rows[:, SENT:] = 0
    rows[:, SENT] = -1
    rows[:, KIND_OF] = KINDS
    now = np.zeros(NOW, dtype=np.int64)
    now[READY:SIZE] = -1
    now[[WRITER, OWNER, CACHE, CACHED_AT]] = -1
    now[FREE] = rules[CORES]
    held = np.zeros((slots, 2), dtype=np.int64)
    held[0, 0] = 1
    return Etcd(
        rules=rules,
        rows=rows,
        now=now,
        state=np.zeros(read_buffer.STATE, dtype=np.int64),
        buffers=np.empty((slots, most, read_buffer.WORDS), dtype=np.int64),
        held=held,
        events=heap.new(int(len(rows) + clients + rules[CORES] + 16))[0],
    )


@inline
def put_last(queue: int, row: int, e: Etcd) -> None:
    """Put *row* at the end of a queue."""
    e.rows[row, LINK] = -1
    if e.now[queue] < 0:
        e.now[queue] = row
    else:
        e.rows[e.now[queue + 1], LINK] = row
    e.now[queue + 1] = row


@inline
def take_first(queue: int, e: Etcd) -> int:
    """Take the first row out of a queue that has one."""
    row = e.now[queue]
    e.now[queue] = e.rows[row, LINK]
    return int(row)


@kernel
def after(delay: int, row: int, event: int, e: Etcd) -> None:
    """Let *event* happen to *row* in *delay* ns."""
    heap.push(e.events, e.now[SIZE:], e.now[TIME] + delay, row * EVENTS + event)


@inline
def piece(row: int, e: Etcd) -> int:
    """Return how long *row* works before it gives way; only scans do."""
    left = e.rows[row, LEFT]
    return int(min(left, e.rules[SLICE]) if e.rows[row, KIND_OF] == SCAN else left)


@kernel
def start(row: int, e: Etcd) -> None:
    """Let *row* do what it has LEFT, on the next free core."""
    if e.now[FREE] == 0:
        put_last(READY, row, e)
        return
    e.now[FREE] -= 1
    after(piece(row, e), row, WORKED, e)
