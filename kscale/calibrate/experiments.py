"""What is measured on a real etcd: the experiments, in the order they are run, and their points.

  family                      unit   at                           a sample is
  put-throughput              1/s    clients, value_bytes         puts in a second; closed loop: so many
                                                                  clients, each with one put in flight
  put-p50, put-p99            ns     clients, value_bytes         from request to answer, at the client
  put-cpu                     ns     clients, value_bytes         etcd's CPU per put
  fsync                       ns     puts, wal_bytes (per fsync)  etcd's own clock: one flush of the log
  commit                      ns     puts, bytes (per commit)     one commit of the store, all of it
  commit-spill, commit-write  ns     puts, bytes (per commit)     its parts: free pages found and tree built;
                                                                  pages written and flushed
  get-time, get-cpu           ns     keys, value_bytes            one key of a store of so many, linearizable
  list-time, list-cpu         ns     keys, value_bytes,           all keys of a prefix, linearizable: time at
                                     list_bytes (all values)      the client until the last byte; etcd's CPU
  list-serializable-...       ns     as list                      the same, without asking for the leader
  list-keys-only-...          ns     keys, value_bytes            the same as list, keys alone
  list-count-only-...         ns     keys, value_bytes            the same as list, their number alone
  watch-cpu                   ns     watchers, streams,           etcd's CPU per put while so many watch the
                                     value_bytes                  prefix (0: nobody): the slope over watchers
                                                                  is the cost of an event for a watcher
  heartbeat-wal               bytes  value_bytes                  bytes in the log's files per put
  heartbeat-db                bytes  value_bytes                  growth of the store per put
  heartbeat-cpu               ns     value_bytes                  etcd's CPU per put, 16 clients
  freelist-array-spill,       ns     free_pages                   spill of all commits per put of 15 KB,
    freelist-map-spill                                            64 clients, one-page holes
  freelist-array-puts, -map-  1/s    free_pages                   puts per second meanwhile
  freelist-array-p99, -map-   ns     free_pages                   99th percentile of a put meanwhile
  freelist-spill-ratio        x      free_pages                   array / map, sample by sample
  lists-beside-p50, -p99      ns     list_keys, value_bytes       a put of 300 bytes every 2 ms, while another
                                                                  process lists so many keys again and again
                                                                  (0: nobody does)
  open-time                   ns     db_bytes                     from the start of etcd until it is healthy

`at` of fsync and commit is what came about, not what was set: the mean of the point's samples.
heartbeat-..., freelist-... and open-time need restarts and files, which an etcd at an `--endpoint` does not
give.
"""

from kscale.calibrate import exp_beside, exp_freelist, exp_heartbeats, exp_lists, exp_puts, exp_watches
from kscale.calibrate.experiment import Experiment

DEFAULT: tuple[Experiment, ...] = (  # about 4 minutes on two cores
    exp_puts.experiment(exp_puts.DEFAULT),
    exp_heartbeats.experiment(exp_heartbeats.DEFAULT),
    exp_lists.experiment(exp_lists.DEFAULT),
    exp_beside.experiment(exp_beside.DEFAULT),
    exp_watches.experiment(exp_watches.DEFAULT),
    exp_freelist.experiment(exp_freelist.DEFAULT),
)
QUICK: tuple[Experiment, ...] = (  # fewer settings and repeats: 50 s, so that a slower machine ends in time
    exp_puts.experiment(exp_puts.QUICK),
    exp_heartbeats.experiment(exp_heartbeats.QUICK),
    exp_lists.experiment(exp_lists.QUICK),
    exp_beside.experiment(exp_beside.QUICK),
    exp_watches.experiment(exp_watches.QUICK),
    exp_freelist.experiment(exp_freelist.QUICK),
)
