"""What a free list has to do: the workloads of etcd-freelist, and what a cell of each needs."""

from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from kscale.errors import KscaleError
from kscale.kernels import freelist_values, freelist_workloads
from kscale.kernels.freelist_workloads import Workload
from kscale.mechanisms import etcd_freelist_values
from kscale.mechanisms.base import LATER
from kscale.mechanisms.etcd_freelist_values import MOST_VALUE, MOST_WRITTEN
from kscale.scenario.cluster import Cluster
from kscale.scenario.quantities import Bytes, Count, Share
from kscale.scenario.recorded import RecordedSpace

LARGE = 2_000_000  # free pages above which workload C is shorter
FREE_PAGES = 1_000_000
LEAST_W = 4_096  # free pages: 64 runs of 64
SHORT_C, LONG_C, CHURN = 30, 100, 2_000  # transactions of the recorded workloads
BYTES_A_FREE_PAGE = 260  # peak of prepare, all three lists and the audit, measured on workload C
BYTES_A_USED_PAGE = 130  # of a recorded file: half of that, as in C's layout half of the file is free
BYTES_AN_OVERWRITE = 120  # of a programme's rows, its answers and pending runs
BYTES_AT_LEAST = 64 << 20  # workload churn, whose file is small
OVERWRITING = frozenset({"C", "churn", "file", "values"})


@dataclass(frozen=True, slots=True)
class Params:
    """Which workload, on how much free space."""

    workload: Annotated[
        Literal["A", "B", "C", "W", "churn", "file", "values"],
        Field(
            description="A: single pages from long runs. B: runs of 1 to 64 pages, few fit. C: overwrites in "
            "a fragmented file. W: only the far end fits. churn: few long runs, a reader that comes and goes."
            " file: overwrites in the imported etcd database, its own free and used pages. values: overwrites"
            " of equal values where free space is broken up as fragmentation says."
        ),
    ] = "C"
    free_pages: Annotated[
        Count | None,
        Field(
            ge=1,
            le=10_000_000,
            description="Free pages at the start. Default 1M; churn starts with none, file has its own.",
        ),
    ] = None
    transactions: Annotated[
        Count | None,
        Field(
            ge=1,
            le=100_000,
            description="Write transactions of C (default 100, above 2M free pages 30), churn (2,000), file "
            "(100) and values (100, above 2M free pages 30).",
        ),
    ] = None
    seed: Annotated[
        int | None,
        Field(ge=0, lt=2**64, description="Of B, C, churn, file, values; default: the scenario's."),
    ] = None
    fragmentation: Annotated[
        Share | None,
        Field(
            ge=0,
            le=1,
            description="values: free runs for each free page; 0: all free pages in one run, 1: every free "
            "page stands alone. Default 0.5.",
        ),
    ] = field(default=None, metadata=LATER)
    value_bytes: Annotated[
        Bytes | None,
        Field(
            ge=0,
            le=MOST_VALUE,
            description="values: bytes of each value overwritten. A leaf takes the whole pages of 4 KiB that "
            "two of them need, or one page. Default 1KiB.",
        ),
    ] = field(default=None, metadata=LATER)
    overwrites: Annotated[
        Count | None,
        Field(
            ge=1,
            le=10_000,
            description="values: leaves drawn in a transaction, of four times as many; each is freed and "
            "written anew. Default 256.",
        ),
    ] = field(default=None, metadata=LATER)
    new_share: Annotated[
        Share | None,
        Field(
            ge=0,
            le=1,
            description="values: share of the leaves written that are new, so that nothing is freed for them;"
            " 1: the store only grows. Default 0.",
        ),
    ] = field(default=None, metadata=LATER)

    def __post_init__(self) -> None:
        """Refuse what does not go together: ValueError. Fill in free pages, unless a file has its own."""
        if self.transactions is not None and self.workload not in OVERWRITING:
            raise ValueError(f"workload {self.workload} has no number of transactions to set")
        self._fill_in_values()
        if self.workload == "file":
            return  # that it has free pages of its own is told once there is a file: see space_of
        if self.free_pages is None:
            object.__setattr__(self, "free_pages", FREE_PAGES)  # frozen; a result keeps the number
        if self.workload == "W" and self.made_pages < LEAST_W:
            raise ValueError(f"workload W needs at least {LEAST_W:,} free pages, got {self.made_pages:,}")

    def _fill_in_values(self) -> None:
        """Fill in what only workload values has; ValueError where another is given it."""
        for name, default in etcd_freelist_values.DEFAULTS.items():
            given = getattr(self, name)
            if given is not None and self.workload != "values":
                raise ValueError(f"workload {self.workload} has no {name}, only values has")
            if given is None and self.workload == "values":
                object.__setattr__(self, name, default)  # frozen; a result keeps it
        written = transactions(self) * (self.overwrites or 0) * self.pages
        if written > MOST_WRITTEN:
            raise ValueError(
                f"{transactions(self):,} transactions write up to {written:,} pages, most are "
                f"{MOST_WRITTEN:,}; lower transactions, overwrites or value_bytes"
            )

    @property
    def pages(self) -> int:
        """Return the pages of a leaf of workload values."""
        return freelist_values.leaf_pages(self.value_bytes or 0)

    @property
    def made_pages(self) -> int:
        """Return the free pages that are laid out; those of a file are its own."""
        return self.free_pages or 0


def transactions(params: Params) -> int:
    """Return how many transactions overwrite runs."""
    if params.transactions is not None:
        return params.transactions
    if params.workload == "churn":
        return CHURN
    return SHORT_C if params.made_pages > LARGE else LONG_C


def space_of(cluster: Cluster, params: Params) -> RecordedSpace:
    """Return the pages of the imported database; KscaleError if it has none, or others are asked for."""
    space = cluster.space
    if space is None:
        raise KscaleError("etcd-freelist: workload file needs a cluster imported from an etcd database")
    if params.free_pages is not None:
        raise KscaleError(
            "etcd-freelist: workload file has the free pages of the imported database; set no free_pages"
        )
    for what, runs in (("free page", space.free), ("used page", space.live)):
        if not len(runs) or int(runs[-1, 0]) < freelist_workloads.FIRST_PAGE:
            raise KscaleError(f"etcd-freelist: workload file: the imported etcd database has no {what}")
    return space


def prepare(cluster: Cluster, params: Params) -> Workload:
    """Lay the free space out and write the programme."""
    free, seed = params.made_pages, cluster.seed if params.seed is None else params.seed
    count = transactions(params)
    made = {
        "A": partial(freelist_workloads.workload_a, free),
        "B": partial(freelist_workloads.workload_b, free, seed),
        "C": partial(freelist_workloads.workload_c, free, seed, count),
        "W": partial(freelist_workloads.workload_w, free),
        "churn": partial(freelist_workloads.workload_churn, seed, count),
        "file": partial(_of_file, cluster, params, seed, count),
        "values": partial(_of_values, params, free, seed, count),
    }
    return made[params.workload]()


def _of_file(cluster: Cluster, params: Params, seed: int, count: int) -> Workload:
    """Return workload file."""
    space = space_of(cluster, params)
    return freelist_workloads.workload_file(space.free, space.live, space.file_pages, seed, count)


def _of_values(params: Params, free: int, seed: int, count: int) -> Workload:
    """Return workload values."""
    ppm, new_ppm = (
        int((share or 0) * freelist_values.PPM + 0.5) for share in (params.fragmentation, params.new_share)
    )
    return freelist_values.workload_values(
        free, ppm, params.pages, params.overwrites or 1, new_ppm, seed, count
    )


COSTS_NS = {  # of a run; of C, churn and file of a transaction: fixed, and for each free page at the start
    "A": (0, 60),
    "B": (10e6, 500),
    "C": (60e3, 6.5),
    "W": (0, 40),
    "churn": (90e3, 0),
    "file": (60e3, 6.5),
}


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that a cell needs, every variant's list and the audit included."""
    free, used = pages(cluster, params)
    count = transactions(params)
    rows = count * 2 * (params.overwrites or freelist_workloads.PAIRS_OF_C)
    of_values = etcd_freelist_values.memory(params.pages, params.overwrites or 0, count)
    return (
        BYTES_AT_LEAST
        + BYTES_A_FREE_PAGE * free
        + BYTES_A_USED_PAGE * used
        + BYTES_AN_OVERWRITE * rows
        + of_values
    )


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what the array takes for a run, from this workload's fixed and per-page cost."""
    count = transactions(params)
    if params.overwrites is not None:
        return etcd_freelist_values.cost_ns(params.made_pages, params.pages, params.overwrites, count)
    fixed, per_page = COSTS_NS[params.workload]
    rows = count if params.workload in OVERWRITING else 1
    return rows * (fixed + per_page * pages(cluster, params)[0])


def pages(cluster: Cluster, params: Params) -> tuple[int, int]:
    """Return the free pages at the start, and of a recorded file the others; those of a layout go with it."""
    if params.workload != "file":
        return params.made_pages, 0
    space = space_of(cluster, params)
    free = int(space.free[:, 1].sum())
    return free, space.file_pages - free
