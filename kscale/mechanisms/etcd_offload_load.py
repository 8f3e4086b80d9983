"""What `etcd-offload` writes: the puts of a cluster, and operations around which every fault is tried."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale.kernels import offload
from kscale.mechanisms import etcd_puts
from kscale.mechanisms.base import Settings
from kscale.mechanisms.etcd_puts import Etcd, Puts
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream

Longs = NDArray[np.int64]

SECOND = 1_000_000_000  # ns
COSTS = (*etcd_puts.COSTS, "etcd_store_record_bytes", "outside_round_trip_ns", "outside_ps_per_byte")
MOST_OPERATIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class Params:
    """How much is written, what is left in etcd, and which faults are tried."""

    rate: etcd_puts.Multiple = 1.0
    duration_ns: etcd_puts.Duration = 5 * SECOND
    events_per_change: etcd_puts.EventsPerChange = 2.0
    others_per_change: etcd_puts.OthersPerChange = 1.0
    cores: etcd_puts.Cores = 8
    entry_bytes: Annotated[
        int, Field(ge=1, le=1 << 20, description="Bytes of an entry in etcd: key and place; assumed.")
    ] = 100
    operations: Annotated[
        int,
        Field(ge=0, le=MOST_OPERATIONS, description="Operations around which every fault is tried."),
    ] = 20_000
    keys: Annotated[
        int, Field(ge=1, le=1_000_000, description="Keys they are about, at random; assumed.")
    ] = 1000
    delete_share: Annotated[float, Field(ge=0, le=1, description="Share of them that delete; assumed.")] = 0.1
    get_share: Annotated[float, Field(ge=0, le=1, description="Share of them that read; assumed.")] = 0.3
    behind: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            description="Writes by which the outside store's copy is behind; 0: none. Assumed.",
        ),
    ] = 1

    def __post_init__(self) -> None:
        """Refuse shares that do not go together: ValueError."""
        if self.delete_share + self.get_share > 1:
            both = f"{self.delete_share + self.get_share:.3g}"
            raise ValueError(f"delete_share and get_share come to {both}, more than all operations")


@dataclass(frozen=True, slots=True)
class OffloadLoad:
    """What every variant starts from."""

    puts: Puts
    etcd: Etcd
    entry_bytes: int
    outside_ns: Longs  # [puts] that writing each value to the outside store takes
    objects: int  # stored
    stored_bytes: int  # of them
    record_bytes: int  # beside each value or entry
    kinds: Longs  # [operations] see kernels/offload.py
    keys: Longs  # [operations]
    sizes: Longs  # [operations] bytes
    key_count: int
    behind: int


def make(cluster: Cluster, params: Params) -> OffloadLoad:
    """Return the load; KscaleError if it has too many puts."""
    each_second = etcd_puts.rates(cluster, params.events_per_change, params.others_per_change)
    each_second = {name: params.rate * rate for name, rate in each_second.items()}
    puts = etcd_puts.puts(cluster, each_second, params.duration_ns, "etcd-offload")
    costs, objects, n = cluster.costs, cluster.objects, params.operations
    which = draw.keys(cluster.seed, Stream.ETCD_OFFLOAD, 0, n)
    return OffloadLoad(
        puts=puts,
        etcd=etcd_puts.etcd(cluster, params.cores),
        entry_bytes=params.entry_bytes,
        outside_ns=costs["outside_round_trip_ns"] + costs["outside_ps_per_byte"] * puts.size // 1000,
        objects=len(objects.size),
        stored_bytes=int(objects.size.sum(dtype=np.int64)),
        record_bytes=costs["etcd_store_record_bytes"],
        kinds=_kinds(draw.keys(cluster.seed, Stream.ETCD_OFFLOAD_KINDS, 0, n), params),
        keys=etcd_puts.scaled(which, params.keys),
        sizes=objects.size[etcd_puts.scaled(which << np.uint64(32), len(objects.size))].astype(np.int64),
        key_count=params.keys,
        behind=params.behind,
    )


def settings(cluster: Cluster, params: Params) -> Settings:
    """Return where coefficients are used: by puts of each type, and of what stays in etcd of them."""
    own = etcd_puts.rates(cluster, params.events_per_change, params.others_per_change)
    puts = [(params.rate * rate, size) for rate, size in etcd_puts.kinds(cluster, own)]
    return etcd_puts.settings(cluster, puts, [(rate, params.entry_bytes) for rate, _ in puts])


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` and the variants need."""
    puts = _puts(cluster, params) * (etcd_puts.PUT_BYTES + 64)
    return puts + 200 * params.operations + 40 * params.keys + (4 << 20)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what answering all puts takes, and trying all faults."""
    return 500.0 * _puts(cluster, params) + params.operations * (100 + 20 * params.behind**2)


def _puts(cluster: Cluster, params: Params) -> int:
    """Return about how many puts there are."""
    each_second = sum(etcd_puts.rates(cluster, params.events_per_change, params.others_per_change).values())
    return int(params.rate * each_second * params.duration_ns / SECOND) + 1


def _kinds(drawn: NDArray[np.uint64], params: Params) -> Longs:
    """Return operations by their shares."""
    part = etcd_puts.scaled(drawn, 1_000_000)
    deletes = int(params.delete_share * 1_000_000 + 0.5)
    gets = int(params.get_share * 1_000_000 + 0.5)
    kinds = np.full(params.operations, offload.PUT, dtype=np.int64)
    kinds[part < deletes + gets] = offload.GET
    kinds[part < deletes] = offload.DELETE
    return kinds
