"""etcd's reads and writes around the lock of its backend, event by event.

    put    request -> log (a batch for each fsync) -> majority -> apply, one at a time -> lock -> answer
    read   read index (a round trip, then until that much is applied) -> request -> lock -> range -> answer

Follows server/mvcc (kvstore_txn.go, backend: backend.go, batch_tx.go, read_tx.go) of etcd 3.2 to 3.5. The
backend has a mutex for who writes, and a readers-writer lock around the read buffer. A put holds the mutex
while it is applied and takes the lock to put itself into the buffer. bbolt's commit holds both, COMMIT_EVERY
after the last one or at COMMIT_AT puts. As in Go's RWMutex a writer that waits holds new readers up, and
those who waited go before the next writer.

    BLOCKING  a read holds the lock while it looks its keys up (to 3.3)
    COPIED    it holds the lock while it copies the buffer, at its beginning (3.4)
    CACHED    it copies only if the buffer has changed since the last copy (3.5)

Work takes a core: CORES of them, first come, first served, a long one gives way after SLICE. The log, the
commit and the network take none. The log is one server of batches; followers are as quick as the leader.
Time is int64 ns; of equal times, first in, first out.
"""

from kscale.kernels import draws, heap, read_buffer
from kscale.kernels import etcd_backend as be
from kscale.kernels import etcd_reads_lock as lock
from kscale.kernels._jit import kernel


@kernel
def _log(e: be.Etcd) -> None:
    """Write everything that waits to the log with one fsync, and send it to the followers."""
    batch = 0
    while e.now[be.TO_LOG] >= 0:
        be.put_last(be.IN_LOG, be.take_first(be.TO_LOG, e), e)
        batch += 1
    e.now[be.LOGGING] = batch > 0
    if batch > 0:
        e.now[be.FSYNCS] += 1
        took = e.rules[be.FSYNC] + batch * e.rules[be.LOCKED + be.PUT]
        be.after(took, batch, be.LOGGED, e)
        be.after(took + e.rules[be.ROUND_TRIP], batch, be.MAJORITY, e)


@kernel
def _goes_on(row: int, e: be.Etcd) -> bool:
    """End one part of a request's work. Returns whether the next begins at once, on the same core."""
    one = e.rows[row]
    if one[be.KIND_OF] == be.PUT:
        be.put_last(be.TO_LOG, row, e)
        if not e.now[be.LOGGING]:
            _log(e)
        return False
    if one[be.STAGE] == be.AT_LOCK:
        lock.leave(row, e)
        return True
    if one[be.STAGE] == be.AT_REST:
        if e.rules[be.MODE] != be.BLOCKING:
            used = e.held[one[be.COPY], 1]
            one[be.SUM] = read_buffer.checksum(
                one[be.STORED], one[be.STORED_SUM], e.buffers[one[be.COPY]], used
            )
            e.held[one[be.COPY], 0] -= 1
        lock.answer(row, e)
        return False
    if e.now[be.WRITER] < 0 and not e.now[be.HELD]:
        lock.enter(row, e)
        return True
    one[be.SINCE] = e.now[be.TIME]
    e.now[be.READ_WAITS] += 1
    be.put_last(be.BLOCKED, row, e)
    return False


@kernel
def _worked(row: int, e: be.Etcd) -> None:
    """End a piece of work: go on with it, with what follows, or leave the core to the next."""
    one = e.rows[row]
    one[be.LEFT] -= be.piece(row, e)
    goes_on = one[be.LEFT] > 0 and e.now[be.READY] < 0
    if one[be.LEFT] > 0 and not goes_on:
        be.put_last(be.READY, row, e)
    elif row == len(e.rows) - 2:
        if not lock.wait_to_write(row, be.TO_MERGE, e):
            lock.merge(row, e)
    elif not goes_on:
        goes_on = _goes_on(row, e)
        while goes_on and one[be.LEFT] == 0:
            goes_on = _goes_on(row, e)
    if goes_on:
        be.after(be.piece(row, e), row, be.WORKED, e)
    elif e.now[be.READY] >= 0:
        following = be.take_first(be.READY, e)
        be.after(be.piece(following, e), following, be.WORKED, e)
    else:
        e.now[be.FREE] += 1


@kernel
def _send(kind: int, e: be.Etcd) -> None:
    """Let the next request of a kind be sent."""
    row, closed = e.now[be.NEXT + kind], e.rules[be.CLIENTS + kind] > 0
    e.now[be.NEXT + kind] += 1
    if not closed and row + 1 < e.rules[be.END + kind]:
        be.after(e.rows[row + 1, be.AT] - e.rows[row, be.AT], kind, be.SEND, e)
    one = e.rows[row]
    one[be.SENT], one[be.KIND_OF], one[be.FLOOR] = e.now[be.TIME], kind, e.now[be.APPLIED]
    e.now[be.OPEN] += 1
    if kind != be.PUT:
        one[be.INDEX] = e.now[be.COMMITTED]
        be.after(e.rules[be.ROUND_TRIP], row, be.INDEXED, e)
    elif e.now[be.COMMITTED] - e.now[be.APPLIED] > e.rules[be.MOST_BEHIND]:
        lock.answer(row, e)
        one[be.DONE] = be.REFUSED
    else:
        one[be.LEFT] = e.rules[be.REQUEST] + e.rules[be.REST + be.PUT]
        be.start(row, e)


@kernel
def _indexed(row: int, e: be.Etcd) -> None:
    """Let a read go on that knows its index, once so much is applied."""
    if e.rows[row, be.INDEX] <= e.now[be.APPLIED]:
        lock.ask(row, e)
    else:
        be.put_last(be.AWAITING, row, e)


@kernel
def _again(kind: int, e: be.Etcd) -> None:
    """Let a client of a closed loop send the next request, now or when the rate lets it."""
    time = max(e.now[be.TIME], e.now[be.TOKEN + kind])
    if time < e.rules[be.UNTIL]:
        e.now[be.TOKEN + kind] = time + e.rules[be.GAP + kind]
        be.after(time - e.now[be.TIME], kind, be.SEND, e)


@kernel
def _happen(row: int, event: int, e: be.Etcd) -> None:
    """Let one event happen."""
    if event == be.WORKED:
        _worked(row, e)
    elif event == be.SEND:
        _send(row, e)
    elif event == be.INDEXED:
        _indexed(row, e)
    elif event == be.LOGGED:
        _log(e)
    elif event == be.MAJORITY:
        for _ in range(row):
            be.put_last(be.TO_APPLY, be.take_first(be.IN_LOG, e), e)
        e.now[be.COMMITTED] += row
        if e.now[be.OWNER] < 0:
            lock.give_back(e)
    elif event == be.TICK:
        lock.tick(row, e)
    elif event == be.AGAIN:
        _again(row, e)
    else:
        lock.stored(row, e)


@kernel
def run(e: be.Etcd) -> None:
    """Answer every request of a new server; what became of each is in `rows`, what was counted in `now`.

    Cost is O(n log(clients + reads in flight)), and a copy of the buffer for each read.
    """
    be.after(e.rules[be.COMMIT_EVERY], len(e.rows) - 1, be.TICK, e)
    for kind in range(be.KINDS):
        first, clients = e.rules[be.FIRST + kind], e.rules[be.CLIENTS + kind]
        e.now[be.NEXT + kind] = first
        if first == e.rules[be.END + kind]:
            continue
        for _ in range(clients):
            _again(kind, e)
        if clients == 0:
            be.after(e.rows[first, be.AT], kind, be.SEND, e)
    size = e.now[be.SIZE :]
    while size[heap.COUNT] > 0:
        e.now[be.TIME] = e.events[0, heap.TIME]
        what = heap.pop(e.events, size)
        _happen(what // be.EVENTS, what % be.EVENTS, e)


@kernel
def fill_waiting(out: be.Longs, random: be.Longs, mean: int) -> None:
    """Fill *out*, int64[n], with independent exponential times of that *mean*; *random* as in draws.py."""
    for i in range(len(out)):
        out[i] = draws.waiting(random, mean)
