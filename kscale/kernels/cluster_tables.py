"""What every kind of request and of event costs at every station: rows and columns of two tables.

Filled by clusterwide/costing.py, read by the simulation's kernels and by clusterwide/arithmetic.py.
"""

# Kinds of request: rows of `requests`.
(STATUS, LEASE, CREATE, BIND, POD_STATUS, DELETE, REMOVE, EVENT, OTHER,
 GET, LIST_NODE, LIST_NAMESPACE, LIST_ALL, RELIST, RESUME) = range(15)  # fmt: skip
KINDS = 15  # RELIST: a kubelet lists its pods from the watch cache; RESUME: a watch begins again

# Columns of `requests`, int64[KINDS, REQUEST].
VERB = 0  # 0 mutating, 1 reads one object, 2 of a namespace, 3 of the cluster, or -1: not judged, no seat
PATH = 1  # NO_ETCD, PUT, READ
NO_ETCD, PUT, READ = range(3)
CPU = 2  # ns of an API server's core
ETCD_CPU = 3  # ns of a core of etcd's leader, beside what a put costs
HOLD = 4  # ns that it holds etcd's lock: nothing is applied meanwhile
WAIT = 5  # ns that it takes beside: round trips, what an outside store takes
BYTES = 6  # of a put's value, as etcd gets it; of a node's heartbeat its own
SHARD = 7  # which etcd
TYPE = 8  # of its event, or -1
PAGES = 9  # allocations of two or more pages by a put
GROWS = 10  # bytes by which a put grows the store; of a node's heartbeat its own
REQUEST = 11

# Types of event: rows of `types`.
NODES, LEASES, PODS, EVENTS, OTHERS = range(5)
TYPES = 5

# Columns of `types`, int64[TYPES, TYPE_COLUMNS]: what an event costs each API server.
SERIAL = 0  # ns of the type's dispatcher
SERIAL_KUBELET = 1  # for each kubelet whose watch is here, in ps
SERIAL_CLIENT = 2  # for each client here that watches all of the type, ns
CPU_EVENT = 3  # ns of its cores
CPU_KUBELET = 4  # for each kubelet whose watch is here, in ps
CPU_CLIENT = 5  # for each client here that watches all of the type, ns
CPU_MATCH = 6  # for the one kubelet that the event concerns, at its server, ns
TESTED = 7  # 1: every kubelet's selector is tested against it
FOLLOWED = 8  # 1: the clients that are no kubelets watch it
PROXIED_PPM = 9  # share of the events that every node's proxy watches
TYPE_COLUMNS = 10
