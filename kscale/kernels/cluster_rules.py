r"""A whole control plane, event by event: what its arrays hold.

    clients -> API servers (seats, cores) -> nothing, an etcd's put, an etcd's range -> answer
                     \-> events: dispatcher, cores -> scheduler, kubelets, clients

cluster_loop.py runs it; cluster_requests.py is the way of a request, cluster_etcds.py what an etcd does with
it, cluster_pods.py a pod's life. Beside what is here: heap.py (events under way, timers of nodes),
heartbeats.py (clocks of nodes), etcd_write_steps.py (etcds), watch_ring.py (the history of pods),
cluster_stations.py.

Everything is int64, time in ns from 0. Clients are rows of `nodes`: the kubelets first, then the scheduler,
the controllers, and other clients. At one instant what was drawn ahead comes first, then etcds, then what is
under way in the order in which it was put there, then nodes by number of their timer.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels.cluster_tables import TYPES

Longs = NDArray[np.int64]

NONE = -1
NEVER = 1 << 62  # a time that does not come

# Entries of `rules`.
KUBELETS = 0  # rows of `nodes` that are kubelets; the scheduler is the next row, then the controllers
LIMIT_READS, LIMIT_WRITES = 1, 2  # requests in flight at a server
QUEUED = 3  # requests that wait for a seat at a server; 0: those beyond the limits are refused
RETRY_NS = 4  # after a refusal
TRIES = 5  # after the first, before a request is given up
WINDOW_NS = 6  # of a service level indicator
ETCD_BACK_NS = 7  # from etcd's leader to an API server; half a round trip
LAG_NS = 8  # from an event in etcd to the watch caches
KUBELET_NS, KUBELET_BURST = 9, 10  # a token of a kubelet's client, and how many there are
SCHEDULER_NS, SCHEDULER_BURST = 11, 12
CONTROLLER_NS, CONTROLLER_BURST = 13, 14
EVENTS_MILLI, OTHERS_MILLI = 15, 16  # Events, and other objects, written for each change of a pod
INIT_EVENT_NS = 17  # for each event that is looked at when a watch resumes
BOOKMARKS = 18  # 1: a watch resumes at the last bookmark
BOOKMARK_NS = 19  # between two bookmarks; the last one comes LEAD_NS before a watch ends in its time
BALANCE = 20  # 1: who is refused several times, or begins a watch again, takes another server
STOP_NS = 21  # a kubelet takes to end a pod
CONTROLLER_STALL = 22  # controllers do nothing before
LEAD_NS = 23
REQUEUE_NS = 24  # until what was given up is begun anew
ROOM = 25  # most requests that one event begins
HANDSHAKE_NS = 26  # of a server, for a new connection
MOVE_NS = 27  # of a server, for a client that takes it: handshake, and all its watches but that of pods; or 0
RECONNECT_AFTER, RECONNECT_NS = 28, 29  # refusals of a client in that time for which it takes another server
RULES = 30

# Rows of `stations`; of etcd e AT_LOG + 2 e, and the row after it for applying.
AT_CLIENTS, AT_QUEUE, AT_CPU, AT_SCHEDULER, AT_KUBELET, AT_DISPATCH, AT_LOG = range(7)

# Columns of `nodes`, int64[kubelets + clients, NODE].
SERVER = 0
SEEN_RV = 1  # of the last event of pods that concerned it
BUCKET = 2  # of its client, see cluster_stations.allow
STATUS_OUT, LEASE_OUT = 3, 4  # 1: under way
ALIVE = 5  # when its last heartbeat was stored
CUT = 6  # 1: cut off from the API servers
STATUS_BYTES, LEASE_BYTES = 7, 8  # of a put, as etcd gets it
STATUS_GROWS, LEASE_GROWS = 9, 10  # bytes of the store
SENT = 11  # requests for which the controllers' client took a token
BROKE = 12  # when its connection last broke
REFUSALS, REFUSED_AT = 13, 14  # in its time, and when that began
NODE = 15

# Columns of `pods`, int64[p, POD]; the first eight are times, NEVER until they come.
CREATED, STORED, SEEN, SCHEDULED, BOUND, ASSIGNED, RUNNING, KNOWN = range(8)
PLACE = 8  # node, or NONE: no node has room
CYCLE = 9  # ns of the scheduler
START = 10  # ns from assigned to running
GROUP = 11  # rolling update it belongs to, or NONE
EVALUATED = 12  # nodes, for it
POD = 13

# Columns of `groups`, int64[g, 2]: the next pod of a rolling update, and where it ends.
NEXT_POD, END_POD = 0, 1

# Columns of `slots`, int64[s, SLOT]: requests under way, or free.
KIND, REF, CLIENT, AT, BORN, TRIED, EXTRA, LINK, USED = range(9)
# see costing.py; node or pod; row of nodes; server; when it was first wanted; refusals; ns of CPU beside
# LINK: next free or waiting one; USED: 1 if it is not free; TRIED: below 0 if it was given up and begun anew
SLOT = 9

# Columns of `servers`, int64[k, SERVER_COLUMNS].
UP = 0
READS, WRITES = 1, 2  # in flight
FIRST, LAST = 3, 4  # slots that wait for a seat, linked by LINK
WAITING = 5
WATCHING = 6  # kubelets
FOLLOWING = 7  # clients that watch everything
DISPATCHED = 8  # and on, one a type: when its dispatcher is free
DISPATCH_BUSY = DISPATCHED + TYPES  # and on
SERVER_COLUMNS = DISPATCH_BUSY + TYPES

# Columns of `spaces`, int64[e, SPACE]: the store of an etcd, bytes.
IN_USE, FILE, QUOTA = range(3)
GROWN = 3  # by all puts so far
HELD = 4  # ns that ranges held the lock, so far
SPACE = 5

# Columns of `plan`, int64[m, 3]: what was drawn ahead, by time.
WHEN, WHAT, WHO = 0, 1, 2
# WHO: pod; node; row of nodes x ASKS + kind; kubelet whose watch ends in its time; one whose watch breaks
CREATE_POD, DELETE_POD, ASK, END_WATCH, BREAK_WATCH = range(5)
ASKS = 16

# Kinds of events under way: the number in the heap is id * CODES + code.
SEND, SERVED, ANSWERED, STORED_PUT, OFFER, SEE, SCHEDULE, ASSIGN, RUN, KNOW, STOP, LOST, ETCD_REFUSED = range(
    13
)
CODES = 16

# Entries of `counts`.
EVENTS = 0
REFUSED = 1  # tries, 429
GIVEN_UP = 2  # requests
NO_SPACE = 3  # writes that etcd refused for its quota
ETCD_BUSY = 4  # writes that etcd refused, too many not yet applied
GONE = 5  # watches that could not resume, 410
RESUMED = 6  # watches that could
SKIPPED = 7  # events looked at when they did
STATUS_WRITES, LEASE_WRITES = 8, 9
MISSED = 10  # heartbeats due while the one before was under way, or the node cut off
DELIVERIES = 11  # events handed to a watcher
TESTS = 12  # of a watcher's selector against an event
PUBLISHED = 13  # events of all types
EVENT_CREDIT, OTHER_CREDIT = 14, 15  # thousandths of a write due
FREE_SLOT = 16  # first free slot
PLANNED = 17  # of `plan`, taken
RUNNING_PODS = 18
PENDING_PODS = 19  # that no node has room for
PUBLISHED_TYPE = 20  # and on, one a type
SCHEDULER_FREE = PUBLISHED_TYPE + TYPES
SCHEDULER_BUSY = SCHEDULER_FREE + 1
MOVED = SCHEDULER_FREE + 2  # clients that took another server
REQUESTS = SCHEDULER_FREE + 3  # accepted by API servers
FINISHED = SCHEDULER_FREE + 4  # answered
UNSERVED = SCHEDULER_FREE + 5  # accepted, and not answered: refused by etcd, or its store was full
ETCD_READS = SCHEDULER_FREE + 6
HEARTBEAT_CPU = SCHEDULER_FREE + 7  # ns of API servers' cores for node statuses and leases, with their events
AWAITING = SCHEDULER_FREE + 8  # requests that were refused and will be tried again
FIRST_SENT = SCHEDULER_FREE + 9  # and on, one a kind: requests sent for the first time
STORED_KIND = FIRST_SENT + ASKS  # and on, one a kind: puts that were stored, others that were answered
UNDONE_KIND = STORED_KIND + ASKS  # and on, one a kind: requests given up, or refused by etcd
UNREACHED_KIND = UNDONE_KIND + ASKS  # and on, one a kind: of them those that never reached a server
REQUEUED = UNREACHED_KIND + ASKS  # of both those begun anew
FREE_SLOTS = REQUEUED + 1  # how many there are
STOPPED_AT = FREE_SLOTS + 1  # when something would have happened that there was no room for
COUNTS = STOPPED_AT + 1
