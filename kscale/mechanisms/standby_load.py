"""Failovers of a controller: the trials, and what the objects of its informers cost to list and to keep."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale import units
from kscale.errors import KscaleError
from kscale.kernels import election, informers
from kscale.mechanisms import list_settings
from kscale.mechanisms.base import Settings
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream
from kscale.scenario.profiles import Profile
from kscale.scenario.quantities import Duration

Longs = NDArray[np.int64]

SECOND = units.NS_PER_S
MINUTE = 60 * SECOND
BATCH = 500  # objects of a page of client-go's pager, and of what is decoded in one go here
ETCD_PAGE = 10_000  # objects of a page with which an API server fills its watch cache
TRIAL_BYTES = 360  # of a trial: its generator, times and their copies
PROTOBUF, JSON, KINDS = range(3)
COSTS = (
    "informer_decode_ns_per_object",
    "informer_decode_ps_per_byte",
    "informer_store_ns_per_object",
    "informer_json_decode_ns_per_object",
    "list_apiserver_cpu_ns_per_object",
    "list_apiserver_cpu_ps_per_byte",
    "list_encode_protobuf_ps_per_byte",
    "list_encode_json_ps_per_byte",
    "list_fetch_ns_per_object",
    "list_fetch_ps_per_byte",
    "client_link_ps_per_byte",
    "list_cache_ppm",
    "decoded_json_ppm",
)

Source = Literal["cache", "pages", "etcd", "etcd-stream"]


@dataclass(frozen=True, slots=True)
class Params:
    """How the leader ends, who waits for it, and how caches are filled."""

    event: Annotated[
        Literal["crash", "upgrade", "partition"],
        Field(description="The leader dies, is replaced in order, or loses its connection."),
    ] = "crash"
    standbys: Annotated[int, Field(ge=1, le=100, description="Other instances that want the lease.")] = 1
    trials: Annotated[
        int, Field(ge=1, le=10_000_000, description="Failovers, each at another moment of the polls.")
    ] = 100_000
    request_ns: Annotated[
        Duration, Field(le=10 * SECOND, description="Time of a request for the lease; assumed.")
    ] = 5_000_000
    source: Annotated[
        Source,
        Field(
            description=(
                "Where objects come from: an API server's cache; etcd, in pages through an API server; or"
                " etcd itself, in pages of 10,000 or as a stream, as an API server fills its own cache."
            )
        ),
    ] = "cache"
    json_type: Annotated[
        str, Field(max_length=100, description="Type that is decoded as JSON: custom resources.")
    ] = "other"
    cores: Annotated[int, Field(ge=1, le=1024, description="Cores of the client; assumed.")] = 12
    decoders: Annotated[
        int,
        Field(ge=1, le=1024, description="Batches of one type decoded side by side (10 in 1.37's cache)."),
    ] = 1
    requests_per_s: Annotated[
        int,
        Field(
            ge=0, le=1_000_000, description="The client's own limit; 0: none. kube-controller-manager: 20."
        ),
    ] = 20
    burst: Annotated[int, Field(ge=1, le=1_000_000, description="Requests that may go at once.")] = 30


@dataclass(frozen=True, slots=True)
class StandbyLoad:
    """What every variant starts from."""

    seed: int
    event: str
    standbys: int
    trials: int
    election_rules: Longs  # see kernels/election.py
    gives_up_ns: int  # after its last renewal, a leader without connection
    lease_ns: int
    names: tuple[str, ...]  # of the types of which there are objects
    types: Longs  # of those, see kernels/informers.py
    kinds: Longs
    fill_rules: Longs
    objects: int
    encoded_bytes: int  # of all objects
    decoded_bytes: int  # of all objects in one client's memory
    events_per_min: int  # watch events of all types that a client with all informers gets


def make(cluster: Cluster, params: Params) -> StandbyLoad:
    """Return the trials and the objects; KscaleError if a leader could not even renew its lease.

    A renewal is begun RETRY_NS after the one before was done, and its deadline runs from then on.
    """
    profile = cluster.profile
    rules = _rules_in_time(cluster, params)
    types = _types(cluster, params)
    counts = counts_of(types)
    encoded = counts * types[:, informers.BYTES]
    decoded = np.where(
        types[:, informers.KIND] == JSON, cluster.costs["decoded_json_ppm"], cluster.costs["list_cache_ppm"]
    )
    return StandbyLoad(
        seed=cluster.seed,
        event=params.event,
        standbys=params.standbys,
        trials=params.trials,
        election_rules=rules,
        gives_up_ns=profile.election_retry_ns + profile.election_deadline_ns,
        lease_ns=profile.election_lease_ns,
        names=tuple(name for name, of in zip(cluster.objects.types, _counts(cluster), strict=True) if of),
        types=types,
        kinds=_kinds(cluster, params),
        fill_rules=_fill_rules(cluster, params),
        objects=int(counts.sum()),
        encoded_bytes=int(encoded.sum()),
        decoded_bytes=int((encoded * (decoded // 1000) // 1000).sum()),
        events_per_min=_events_per_min(cluster),
    )


def generators(load: StandbyLoad) -> Longs:
    """Return the generator of each trial, the same for every variant."""
    return draw.generators(load.seed, Stream.STANDBY, 0, load.trials)


def settings(cluster: Cluster, params: Params) -> Settings:
    """Return where coefficients are used: by the largest pages, unless the API server's cache answers."""
    types = _types(cluster, params)
    pages = np.minimum(counts_of(types), types[:, informers.PER_BATCH]).tolist()
    largest = zip(pages, types[:, informers.BYTES].tolist(), strict=True)
    read = [(page, size) for page, size in largest if page == max(pages) and params.source != "cache"]
    return dict.fromkeys(("list_fetch_ns_per_object", "list_fetch_ps_per_byte"), list_settings.of(read))


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` and all variants hold."""
    return params.trials * TRIAL_BYTES + len(cluster.objects.size) * 20 + (1 << 20)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what the baseline's trials and one filling take."""
    return 100_000 + params.trials * (100 + 200 * params.standbys) + len(cluster.objects.size)


def election_rules(profile: Profile, request_ns: int) -> Longs:
    """Return the rules of kernels/election.py of a version; a request for the lease takes so long."""
    rules = np.zeros(election.RULES, dtype=np.int64)
    rules[election.RETRY_NS] = profile.election_retry_ns
    rules[election.JITTER_PPM] = profile.election_jitter_ppm
    rules[election.LEASE_NS] = profile.election_lease_ns
    rules[election.REQUEST_NS] = request_ns
    rules[election.RENEW_NS] = profile.election_renew_requests * request_ns
    rules[election.RELEASE_NS] = profile.election_release_requests * request_ns
    return rules


def _rules_in_time(cluster: Cluster, params: Params) -> Longs:
    """Return the same of a cluster; KscaleError if a renewal would not be done by its deadline."""
    profile, rules = cluster.profile, election_rules(cluster.profile, params.request_ns)
    if rules[election.RENEW_NS] >= profile.election_deadline_ns:
        raise KscaleError(
            f"controller-standby: with request_ns {units.show_ns(params.request_ns)} a renewal is not done by"
            f" its deadline of {units.show_ns(profile.election_deadline_ns)}; it takes"
            f" {profile.election_renew_requests} requests in {profile.name}"
        )
    return rules


def _types(cluster: Cluster, params: Params) -> Longs:
    """Return the types of which there are objects, in batches."""
    page = ETCD_PAGE if params.source == "etcd" else BATCH
    objects = cluster.objects
    counts = _counts(cluster)
    totals = [int(objects.size[objects.type_of == i].sum(dtype=np.int64)) for i in range(len(counts))]
    types = np.zeros((len(counts), informers.COLUMNS), dtype=np.int64)
    types[:, informers.BATCHES] = -(-counts // page)
    types[:, informers.PER_BATCH] = page
    types[:, informers.LAST_BATCH] = counts - (types[:, informers.BATCHES] - 1) * page
    types[:, informers.BYTES] = np.array(totals, dtype=np.int64) // np.maximum(1, counts)
    types[:, informers.KIND] = [JSON if name == params.json_type else PROTOBUF for name in objects.types]
    return types[counts > 0]


def _counts(cluster: Cluster) -> Longs:
    """Return the objects of each type, none too."""
    return np.bincount(cluster.objects.type_of, minlength=len(cluster.objects.types)).astype(np.int64)


def counts_of(types: Longs) -> Longs:
    """Return the objects of each type."""
    whole = (types[:, informers.BATCHES] - 1) * types[:, informers.PER_BATCH]
    counts: Longs = whole + types[:, informers.LAST_BATCH]
    return counts


def _kinds(cluster: Cluster, params: Params) -> Longs:
    """Return what objects in protobuf and in JSON cost at the source and at the client.

    In pages through an API server they are fetched, decoded and encoded again before they are sent.
    """
    costs = cluster.costs
    decode = (costs["informer_decode_ns_per_object"], costs["informer_decode_ps_per_byte"])
    cpu = (costs["list_apiserver_cpu_ns_per_object"], costs["list_apiserver_cpu_ps_per_byte"])
    encode = (costs["list_encode_protobuf_ps_per_byte"], costs["list_encode_json_ps_per_byte"])
    json_ns, store = costs["informer_json_decode_ns_per_object"], costs["informer_store_ns_per_object"]
    fetch = (costs["list_fetch_ns_per_object"], costs["list_fetch_ps_per_byte"])
    kinds = np.zeros((KINDS, informers.COSTS), dtype=np.int64)
    kinds[PROTOBUF, informers.DECODE_NS :] = (*decode, *cpu, store)
    kinds[JSON, informers.DECODE_NS :] = (json_ns, 0, json_ns, 0, store)  # of one thread
    if params.source != "cache":
        kinds[:, : informers.DECODE_NS] = fetch
    if params.source == "pages":
        kinds[:, informers.SOURCE_NS] += kinds[:, informers.DECODE_NS]
        kinds[:, informers.SOURCE_PS] += kinds[:, informers.DECODE_PS]
    if params.source in {"cache", "pages"}:
        kinds[:, informers.SOURCE_PS] += np.array(encode, dtype=np.int64)
    return kinds


def _fill_rules(cluster: Cluster, params: Params) -> Longs:
    """Return who waits for what. An API server has no limit of its own towards etcd."""
    through = params.source in {"cache", "pages"}
    link = cluster.costs["client_link_ps_per_byte"]
    rules = np.zeros(informers.RULES, dtype=np.int64)
    rules[informers.PAGED] = params.source in {"pages", "etcd"}
    rules[informers.WHOLE] = params.source == "cache" and not cluster.profile.watch_list
    rules[informers.LINK_PS] = link if through else 0
    rules[informers.TOKEN_NS] = SECOND // params.requests_per_s if through and params.requests_per_s else 0
    rules[informers.BURST], rules[informers.CORES] = params.burst, params.cores
    rules[informers.WAYS] = params.decoders
    return rules


def _events_per_min(cluster: Cluster) -> int:
    """Return the changes a minute of what the scenario knows to change: pods, nodes and leases."""
    profile, nodes = cluster.profile, cluster.nodes.count
    statuses, leases = (
        nodes * MINUTE // of for of in (profile.node_status_period_ns, profile.lease_renew_ns)
    )
    return int(cluster.load.pod_changes_per_s * 60) + statuses + leases
