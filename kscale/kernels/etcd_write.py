r"""etcd's write path, event by event: propose, batch, log, majority, apply, answer.

    client -> front -> queue -> leader's log ----------> committed by a majority -> apply -> client
                                   \-> follower's log -/                            (and bbolt's commits)

Follows etcd 3.2 to 3.6 (server/etcdserver: v3_server.go, raft.go, server.go; server/mvcc/backend) as far as
time and order go. Every part is first come, first served:

1. A request reaches the leader half a client's round trip after it was sent, and is decoded by one of
   CORES, in order. It is refused if GAP entries that are known to be committed are not yet applied.
2. The leader's loop takes a turn when it is free: it hands on what was committed meanwhile, then appends
   everything queued, sends it to the followers and writes it to its log with one fsync. What comes while
   the fsync runs waits for the next turn: so batches grow with the load.
3. A follower writes what came while its last fsync ran with one fsync, then acknowledges. At most WINDOW
   messages of up to MESSAGE bytes are under way to it and back.
4. Entries are committed once QUORUM members have logged them, and applied one after another. bbolt's commit
   stops the applying: COMMIT_EVERY after the last one, or after COMMIT_AT operations. So does whatever
   blocks the store from outside; an operation that has begun is finished.

Here are its rules and what it counts. etcd_write_steps.py goes from one event to the next, etcd_write_loop.py
runs it, etcd_write_store.py is its applying side, etcd_write_peers.py its followers.

All that happens at an instant is seen by what starts at that instant. Time is int64 ns from 0.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline

Longs = NDArray[np.int64]

NEVER = 1 << 62  # a time that does not come
REFUSED = -1  # in place of when a request was answered: too many entries were not yet applied
LOST = -2  # no majority could be had
MOST_CLIENTS = 5000  # of a closed loop: so many cannot be refused
MOST_NS = 1 << 60  # arrivals, and everything added to them, stay below it

# Entries of `rules`, int64[21]; ns and ps/byte of a request's bytes unless said.
CLIENT = 0  # round trip between client and leader
FRONT, FRONT_PS = 1, 2  # decoding a request and encoding its answer, on one core
CORES = 3  # that decode at a time
APPEND = 4  # CPU of a member's loop for each entry
LOG_PS = 5  # encoding and writing a byte of the log
ENTRY_BYTES = 6  # bytes of the log for each entry beside the request
FSYNC = 7  # of the leader's log; one for each batch
NET_PS = 8  # sending a byte of the log to one follower
APPLY, APPLY_PS = 9, 10  # into the index and bbolt's write transaction
COMMIT, COMMIT_PS = 11, 12  # of that transaction, the bytes of its requests
COMMIT_EVERY = 13  # from the end of a commit to the next
COMMIT_AT = 14  # operations
QUORUM = 15  # members that must have logged an entry, the leader included
GAP = 16  # entries
WINDOW = 17  # messages
MESSAGE = 18  # bytes
ALLOCATION = 19  # of bbolt's commit, for each allocation of two or more pages in the transaction
FREE_LIST = 20  # of each of its commits: going through the free pages
RULES = 21

# Columns of `followers`, int64[f, 2], ns.
ROUND_TRIP = 0  # between it and the leader
ITS_FSYNC = 1
FOLLOWER = 2

# Entries of `counts`, int64[15], out.
ENTRIES = 0  # appended
REFUSALS = 1  # requests
FSYNCS = 2  # of the leader's log, one a batch
FOLLOWER_FSYNCS = 3  # of all followers' logs
LARGEST = 4  # entries of the largest batch
LOG_BYTES = 5  # of the leader's log
SENT_BYTES = 6  # to followers
MESSAGES = 7  # to followers
COMMITS = 8  # of bbolt
FRONT_BUSY = 9  # ns of all cores
LOG_BUSY = 10  # ns of the leader's loop
APPLY_BUSY = 11  # ns
COMMIT_BUSY = 12  # ns
BLOCKED = 13  # ns that work was ready to be applied, and the store was blocked from outside
END = 14  # when the last request was answered
COUNTS = 15


@inline
def cost(base: int, ps: int, count: int) -> int:
    """Return *base* ns and *ps* for each of *count* bytes."""
    return int(base + ps * count // 1000)
