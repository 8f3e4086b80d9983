"""The locks of a server of `etcd_reads`: who may write, who may read, and what is copied so that both may."""

from kscale.kernels import etcd_backend as be
from kscale.kernels import read_buffer
from kscale.kernels._jit import kernel


@kernel
def enter(row: int, e: be.Etcd) -> None:
    """Let a read that has the lock begin: to range, or to get a copy of the buffer."""
    one = e.rows[row]
    e.now[be.READERS] += 1
    one[be.STAGE], one[be.COPY] = be.AT_LOCK, -1
    if e.rules[be.MODE] == be.BLOCKING:
        one[be.LEFT] = e.rules[be.LOCKED + one[be.KIND_OF]]
    elif e.rules[be.MODE] == be.CACHED and e.now[be.CACHED_AT] == e.state[read_buffer.VERSION]:
        one[be.COPY], one[be.LEFT] = e.now[be.CACHE], 0
        e.held[one[be.COPY], 0] += 1
    else:
        one[be.LEFT] = e.state[read_buffer.CAPACITY] * read_buffer.ENTRY_BYTES * e.rules[be.COPY_PS] // 1000


@kernel
def _copy(row: int, e: be.Etcd) -> None:
    """Give a read a copy of the buffer; the newest one is kept for others where the version does."""
    slot = 0
    while e.held[slot, 0] > 0:
        slot += 1
    e.now[be.BYTES_COPIED] += read_buffer.copy(e.buffers[0], e.state, e.buffers[slot])
    e.now[be.COPIES] += 1
    e.held[slot, 0], e.held[slot, 1] = 1, e.state[read_buffer.USED]
    e.rows[row, be.COPY] = slot
    if e.rules[be.MODE] == be.CACHED and e.now[be.CACHED_AT] != e.state[read_buffer.VERSION]:
        if e.now[be.CACHE] >= 0:
            e.held[e.now[be.CACHE], 0] -= 1
        e.held[slot, 0] += 1
        e.now[be.CACHE], e.now[be.CACHED_AT] = slot, e.state[read_buffer.VERSION]


@kernel
def _release_write(e: be.Etcd) -> None:
    """Give the write lock back: everyone who waited to read goes on."""
    e.now[be.HELD] = 0
    while e.now[be.BLOCKED] >= 0:
        row = be.take_first(be.BLOCKED, e)
        e.now[be.READ_WAITED] += e.now[be.TIME] - e.rows[row, be.SINCE]
        enter(row, e)
        be.start(row, e)


@kernel
def answer(row: int, e: be.Etcd) -> None:
    """Answer a request."""
    kind = e.rows[row, be.KIND_OF]
    e.rows[row, be.DONE] = e.now[be.TIME] + e.rows[row, be.NETWORK]
    e.now[be.ENDED] = max(e.now[be.ENDED], e.rows[row, be.DONE])
    e.now[be.OPEN] -= 1
    if e.rules[be.CLIENTS + kind] > 0:
        be.after(e.rows[row, be.NETWORK], kind, be.AGAIN, e)


@kernel
def ask(row: int, e: be.Etcd) -> None:
    """Let a read whose index is applied come to the server."""
    e.rows[row, be.STAGE], e.rows[row, be.LEFT] = be.AT_REQUEST, e.rules[be.REQUEST]
    be.start(row, e)


@kernel
def _commit(thread: int, e: be.Etcd) -> None:
    """Begin bbolt's commit, with both locks; they are given back at once if there is nothing to commit."""
    e.now[be.HELD] = 1
    puts, took = e.state[read_buffer.USED], 0
    if puts > 0:
        took = e.rules[be.COMMIT] + e.rules[be.COMMIT_PUT] * puts
    be.after(took, thread, be.STORE, e)


@kernel
def wait_to_write(thread: int, wanted: int, e: be.Etcd) -> bool:
    """Ask for the write lock; only who has the mutex does. Returns whether it must wait for readers."""
    e.rows[thread, be.STAGE], e.rows[thread, be.SINCE] = wanted, e.now[be.TIME]
    if e.now[be.READERS] == 0:
        return False
    e.now[be.WRITER] = thread
    e.now[be.WRITE_WAITS] += 1
    return True


@kernel
def give_back(e: be.Etcd) -> None:
    """Give the mutex to the committing thread if it waits, else to the applying one if it has work."""
    applying, committing = len(e.rows) - 2, len(e.rows) - 1
    e.now[be.OWNER] = -1
    if e.now[be.WANTED]:
        e.now[be.WANTED], e.now[be.OWNER] = 0, committing
        if not wait_to_write(committing, be.TO_COMMIT, e):
            _commit(committing, e)
    elif e.now[be.TO_APPLY] >= 0:
        e.now[be.OWNER] = applying
        e.rows[applying, be.LEFT] = e.rules[be.APPLY]
        be.start(applying, e)


@kernel
def merge(thread: int, e: be.Etcd) -> None:
    """Put what was applied into the buffer, answer it, and go on."""
    read_buffer.add(e.buffers[0], e.state)
    row = be.take_first(be.TO_APPLY, e)
    e.now[be.APPLIED] += 1
    e.rows[row, be.SEEN] = e.state[read_buffer.REVISION]
    _release_write(e)
    answer(row, e)
    while e.now[be.AWAITING] >= 0 and e.rows[e.now[be.AWAITING], be.INDEX] <= e.now[be.APPLIED]:
        ask(be.take_first(be.AWAITING, e), e)
    if e.state[read_buffer.USED] < e.rules[be.COMMIT_AT]:
        give_back(e)
    elif not wait_to_write(thread, be.TO_COMMIT, e):
        _commit(thread, e)


@kernel
def stored(thread: int, e: be.Etcd) -> None:
    """End bbolt's commit, which is none if nothing was written."""
    puts = read_buffer.store(e.buffers[0], e.state)
    e.now[be.COMMITS] += 1 if puts > 0 else 0
    e.now[be.STORED_PUTS] += puts
    _release_write(e)
    if thread == len(e.rows) - 1:
        be.after(e.rules[be.COMMIT_EVERY], thread, be.TICK, e)
    give_back(e)


@kernel
def tick(thread: int, e: be.Etcd) -> None:
    """Begin a commit if there is anything to commit, or the version locks to see that; else come again."""
    if e.now[be.OPEN] == 0 and e.now[be.TIME] >= e.rules[be.UNTIL]:
        return
    if e.state[read_buffer.USED] == 0 and not e.rules[be.IDLE_TICKS]:
        be.after(e.rules[be.COMMIT_EVERY], thread, be.TICK, e)
    elif e.now[be.OWNER] >= 0:
        e.now[be.WANTED] = 1
    else:
        e.now[be.OWNER] = thread
        if not wait_to_write(thread, be.TO_COMMIT, e):
            _commit(thread, e)


@kernel
def leave(row: int, e: be.Etcd) -> None:
    """Give a read's lock back, with what it needs of the store; a writer that waited for it goes on."""
    one, state = e.rows[row], e.state
    stored, stored_sum = state[read_buffer.STORED], state[read_buffer.STORED_SUM]
    one[be.SEEN], one[be.STORED], one[be.STORED_SUM] = state[read_buffer.REVISION], stored, stored_sum
    one[be.STAGE], one[be.LEFT] = be.AT_REST, e.rules[be.REST + one[be.KIND_OF]]
    if e.rules[be.MODE] == be.BLOCKING:
        one[be.SUM] = read_buffer.checksum(stored, stored_sum, e.buffers[0], state[read_buffer.USED])
    else:
        one[be.LEFT] += e.rules[be.LOCKED + one[be.KIND_OF]]
        if one[be.COPY] < 0:
            _copy(row, e)
    e.now[be.READERS] -= 1
    thread = e.now[be.WRITER]
    if e.now[be.READERS] == 0 and thread >= 0:
        e.now[be.WRITER] = -1
        e.now[be.WRITE_WAITED] += e.now[be.TIME] - e.rows[thread, be.SINCE]
        if e.rows[thread, be.STAGE] == be.TO_COMMIT:
            _commit(thread, e)
        else:
            merge(thread, e)
