"""Small servers of `etcd_reads`, for the tests of its kernels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import etcd_backend as be
from kscale.kernels import etcd_reads

Longs = NDArray[np.int64]

# Costs in ns that make every sum tell which parts it has.
COSTS = {
    be.UNTIL: 10_000_000,
    be.CORES: 4,
    be.SLICE: 10_000,
    be.ROUND_TRIP: 100,
    be.FSYNC: 1_000,
    be.REQUEST: 3,
    be.APPLY: 20,
    be.COMMIT: 500,
    be.COMMIT_PUT: 0,
    be.COMMIT_EVERY: 1_000_000,
    be.COMMIT_AT: 10_000,
    be.MOST_BEHIND: 5_000,
    be.COPY_PS: 0,
    be.LOCKED + be.PUT: 7,
    be.REST + be.PUT: 1,
    be.LOCKED + be.READ: 30,
    be.REST + be.READ: 40,
    be.LOCKED + be.SCAN: 5_000,
    be.REST + be.SCAN: 9_000,
}


def server(
    mode: int,
    puts: Sequence[int] = (),
    reads: Sequence[int] = (),
    scans: Sequence[int] = (),
    *,
    network: int = 0,
    changes: dict[int, int] | None = None,
) -> be.Etcd:
    """Return a server that was asked for all of that, after it has answered."""
    rules = np.zeros(be.RULES, dtype=np.int64)
    for key, value in (COSTS | (changes or {})).items():
        rules[key] = value
    rules[be.MODE] = mode
    sent = [*puts, *reads, *scans]
    ends = np.cumsum([len(puts), len(reads), len(scans)])
    rules[be.END : be.END + be.KINDS] = ends
    rules[be.FIRST + 1 : be.FIRST + be.KINDS] = ends[:2]
    rows = np.zeros((len(sent) + 2, be.ROW), dtype=np.int64)
    rows[:-2, be.AT] = sent
    rows[:-2, be.NETWORK] = network
    etcd = be.new(rules, rows)
    etcd_reads.run(etcd)
    return etcd


def took(etcd: be.Etcd, kind: int) -> list[int]:
    """Return how long each request of a kind took."""
    rows = etcd.rows[etcd.rules[be.FIRST + kind] : etcd.rules[be.END + kind]]
    times: list[int] = (rows[:, be.DONE] - rows[:, be.SENT]).tolist()
    return times
