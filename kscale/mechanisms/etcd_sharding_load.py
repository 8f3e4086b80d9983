"""The puts of `etcd-sharding`, and which etcd each type of object goes to."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale.errors import KscaleError
from kscale.kernels import etcd_write
from kscale.mechanisms import etcd_puts
from kscale.mechanisms.base import Settings
from kscale.mechanisms.etcd_puts import Etcd, Puts
from kscale.scenario.cluster import Cluster

Longs = NDArray[np.int64]

SECOND = 1_000_000_000  # ns
REPLY_BYTES = 64  # held for each put by the replies of two further variants
COSTS = (*etcd_puts.COSTS, "etcd_store_record_bytes")


@dataclass(frozen=True, slots=True)
class Params:
    """How much is written, and to how many etcds."""

    rate: etcd_puts.Multiple = 1.0
    duration_ns: etcd_puts.Duration = 5 * SECOND
    events_per_change: etcd_puts.EventsPerChange = 2.0
    others_per_change: etcd_puts.OthersPerChange = 1.0
    hot: Annotated[
        Literal["none", "pods", "nodes", "leases", "events"],
        Field(
            description="Type that is hot_share of the puts, the others less in proportion; none: no type."
        ),
    ] = "none"
    hot_share: Annotated[
        float, Field(gt=0, lt=1, description="Share of the puts that are of the hot type; assumed.")
    ] = 0.9
    shards: Annotated[
        int,
        Field(ge=0, le=256, description="Etcds over which the types are balanced; 0 is one for each type."),
    ] = 0
    cores: etcd_puts.Cores = 8
    clients: Annotated[
        int,
        Field(
            ge=0,
            le=etcd_write.MOST_CLIENTS,
            description="Clients that write objects of one type, each as soon as it is answered;"
            " 0: every type at the rate.",
        ),
    ] = 0
    puts: Annotated[
        int, Field(ge=1, le=etcd_puts.MOST_PUTS, description="Puts of those clients, all together.")
    ] = 100_000
    put_bytes: Annotated[
        int, Field(ge=1, le=1 << 20, description="Bytes of each of their puts, key and value.")
    ] = 264


@dataclass(frozen=True, slots=True)
class ShardingLoad:
    """What every variant starts from."""

    puts: Puts
    clients: int  # 0: an open loop
    etcd: Etcd
    members: int  # of each etcd
    shards: int  # see Params
    stored: tuple[int, ...]  # bytes of each type, with history up to compaction at the cluster's own rate
    quota_bytes: int

    @property
    def types(self) -> tuple[str, ...]:
        """Return the types that are written."""
        return self.puts.types


def make(cluster: Cluster, params: Params) -> ShardingLoad:
    """Return the load; KscaleError if it has too many puts."""
    puts, stored = _closed(params) if params.clients else _open(cluster, params)
    return ShardingLoad(
        puts=puts,
        clients=params.clients,
        etcd=etcd_puts.etcd(cluster, params.cores),
        members=cluster.control_plane.etcd_members,
        shards=params.shards,
        stored=stored,
        quota_bytes=cluster.control_plane.etcd_quota_bytes,
    )


def together(load: ShardingLoad) -> Longs:
    """Return the etcd of each type: one for all."""
    return np.zeros(len(load.types), dtype=np.int64)


def by_type(load: ShardingLoad) -> Longs:
    """Return the etcd of each type: its own, or the one with the least to do so far, dearest type first."""
    types = len(load.types)
    if load.shards == 0 or load.shards >= types:
        return np.arange(types, dtype=np.int64)
    work = _work(load)
    shard_of, busy = np.zeros(types, dtype=np.int64), [0] * load.shards
    for number in sorted(range(types), key=lambda one: (-work[one], one)):
        shard = busy.index(min(busy))
        shard_of[number] = shard
        busy[shard] += work[number]
    return shard_of


def events_first(load: ShardingLoad) -> Longs:
    """Return the etcd of each type: Events apart, all others together."""
    return np.array([int(name == "events") for name in load.types], dtype=np.int64)


def settings(cluster: Cluster, params: Params) -> Settings:
    """Return where coefficients are used: by the puts of clients, or of all types and of each alone."""
    if params.clients:
        return etcd_puts.settings(cluster, [(0.0, params.put_bytes)], clients=params.clients)
    own = etcd_puts.rates(cluster, params.events_per_change, params.others_per_change)
    puts = etcd_puts.kinds(
        cluster, {name: params.rate * rate for name, rate in _mixed(own, params).items() if rate}
    )
    return etcd_puts.settings(cluster, puts, *([kind] for kind in puts))


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` and the variants need."""
    return _count(cluster, params) * (etcd_puts.PUT_BYTES + REPLY_BYTES) + (4 << 20)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what answering all puts in one etcd takes."""
    return 500.0 * _count(cluster, params)


def _count(cluster: Cluster, params: Params) -> int:
    """Return about how many puts there are."""
    if params.clients:
        return params.puts
    each_second = sum(etcd_puts.rates(cluster, params.events_per_change, params.others_per_change).values())
    return int(params.rate * each_second * params.duration_ns / SECOND) + 1


def _open(cluster: Cluster, params: Params) -> tuple[Puts, tuple[int, ...]]:
    """Return puts of every type at its rate, and the bytes that each keeps in its store.

    A multiple of the rate and a hot type are a burst: the stores are those of the cluster's own rates.
    """
    own = etcd_puts.rates(cluster, params.events_per_change, params.others_per_change)
    if not own:
        raise KscaleError("etcd-sharding: nothing is written: no node, lease, pod or Event is stored")
    each_second = {name: params.rate * rate for name, rate in _mixed(own, params).items()}
    puts = etcd_puts.puts(cluster, each_second, params.duration_ns, "etcd-sharding")
    sizes = etcd_puts.stored_sizes(cluster.objects)
    return puts, tuple(_stored(cluster, sizes[name], rate) for name, rate in own.items())


def _mixed(own: dict[str, float], params: Params) -> dict[str, float]:
    """Return the rates of all types, as many puts/s in all, of which the hot type has its share."""
    if params.hot == "none":
        return own
    if params.hot not in own:
        raise KscaleError(
            f"etcd-sharding: hot is {params.hot}, but this cluster writes only {', '.join(own)}"
        )
    total = sum(own.values())
    others = (1 - params.hot_share) / max(1 - own[params.hot] / total, 1e-9)
    hot = params.hot_share * total
    return {name: hot if name == params.hot else others * rate for name, rate in own.items()}


def _stored(cluster: Cluster, sizes: NDArray[np.int32], rate: float) -> int:
    """Return the bytes of a type: its objects, and what is written at *rate* until the next compaction."""
    live = int(sizes.sum(dtype=np.int64)) + cluster.costs["etcd_store_record_bytes"] * len(sizes)
    revisions = int(rate * cluster.profile.etcd_compaction_ns / SECOND)
    return live + live * revisions // len(sizes)


def _closed(params: Params) -> tuple[Puts, tuple[int, ...]]:
    """Return puts of one type, that clients send when they can."""
    zeros = np.zeros(params.puts, dtype=np.int64)
    return Puts(("puts",), zeros, zeros, np.full(params.puts, params.put_bytes)), (0,)


def _work(load: ShardingLoad) -> list[int]:
    """Return the ns that applying the puts of each type takes: what an etcd does one after the other."""
    rules = load.etcd.rules
    counts = np.bincount(load.puts.type_of, minlength=len(load.types))
    sizes = [int(load.puts.size[load.puts.type_of == number].sum()) for number in range(len(load.types))]
    each, ps = int(rules[etcd_write.APPLY]), int(rules[etcd_write.APPLY_PS])
    return [each * count + ps * size // 1000 for count, size in zip(counts.tolist(), sizes, strict=True)]
