"""What a cell of workload values of etcd-freelist needs; what it is: kernels/freelist_values.py."""

from kscale.kernels import freelist_values
from kscale.kernels.freelist_workloads import PAIRS_OF_C

# What it takes where it is not given: half of the free pages begin a run, the value is a small object.
DEFAULTS = {"fragmentation": 0.5, "value_bytes": 1024, "overwrites": PAIRS_OF_C, "new_share": 0.0}
MOST_VALUE = 3 << 19  # bytes; etcd refuses more than 1.5 MiB
MOST_WRITTEN = 200_000_000  # pages: all may be new ones, and page ids have 32 bits
BYTES_A_PAGE = 110  # in use, or by which the file might grow; measured with one large value an overwrite
A_MERGE_NS, A_MOVE_NS, AN_OVERWRITE_NS = 0.6, 0.4, 100.0  # each id of a release, of an allocation; the rest


def memory(pages: int, overwrites: int, transactions: int) -> int:
    """Return the bytes beside those of free pages: of leaves, and of what may be written behind them."""
    return BYTES_A_PAGE * pages * overwrites * (freelist_values.LEAVES + transactions)


def cost_ns(free: int, pages: int, overwrites: int, transactions: int) -> float:
    """Return about what the array takes: a single page is at its front, longer runs are far behind it."""
    moved = overwrites * A_MOVE_NS if pages > 1 else 0.0
    return transactions * (free * (A_MERGE_NS + moved) + overwrites * AN_OVERWRITE_NS)
