"""What the metrics of etcd say: its disk, its database and quota, its members, how often it is written."""

from kscale import units
from kscale.imports import prometheus_buckets, request_mix
from kscale.imports.facts import Value
from kscale.imports.prometheus_buckets import Histogram
from kscale.imports.prometheus_tables import Tables, by_label, instances
from kscale.imports.prometheus_told import Findings

FSYNC, COMMIT = "etcd_disk_wal_fsync_duration_seconds", "etcd_disk_backend_commit_duration_seconds"
TOTAL, IN_USE = "etcd_mvcc_db_total_size_in_bytes", "etcd_mvcc_db_total_size_in_use_in_bytes"
QUOTA, LEADER = "etcd_server_quota_backend_bytes", "etcd_server_has_leader"
PEERS = ("etcd_network_known_peers", "etcd_network_active_peers")
PUTS, DELETES, RANGES = "etcd_mvcc_put_total", "etcd_mvcc_delete_total", "etcd_mvcc_range_total"

PAGE = 4096  # bytes
MOST_FREE = 10_000_000  # etcd-freelist.free_pages
MOST_PUTS = 1_000_000  # etcd-concurrent-reads.puts_per_s


def tell(tables: Tables, told: Findings) -> None:
    """Add what is said of etcd; KscaleError for buckets that cannot be."""
    _size(tables, told)
    _disk(tables, told)
    _members(tables, told)
    _rates(tables, told)


def _size(tables: Tables, told: Findings) -> None:
    """Add size, free pages and quota. Each member has a file of its own: the largest counts."""
    total = max((cell.value for cell in tables.table(TOTAL).values()), default=0.0)
    used = [
        (cell.value - tables.table(IN_USE)[key].value, cell.value)
        for key, cell in tables.table(TOTAL).items()
        if key in tables.table(IN_USE) and 0 <= tables.table(IN_USE)[key].value <= cell.value
    ]
    if total > 0:
        free = max(used, default=None)
        told.read.append(f"etcd's database: {units.show_bytes(round(total))}")
        in_use = f", {units.show_bytes(round(free[1] - free[0]))} of it in use" if free else ""
        told.also.append(f"etcd's database has {units.show_bytes(round(total))}{in_use}")
        pages = round(free[0]) // PAGE if free else 0
        if pages:
            how = "etcd's database without what is in use, in pages of 4 KiB"
            value = Value("mechanisms.etcd-freelist.free_pages", pages, how, estimate=True)
            told.values.append(request_mix.capped(value, MOST_FREE))
    quotas = [round(cell.value) for cell in tables.table(QUOTA).values()]
    if quotas:
        told.values.append(Value("control_plane.etcd.quota", min(quotas), "etcd's own quota"))


def _disk(tables: Tables, told: Findings) -> None:
    """Add how long fsync and commit take."""
    fsync = prometheus_buckets.histogram(tables, FSYNC)
    commit = prometheus_buckets.histogram(tables, COMMIT)
    if fsync is not None:
        seconds, how = _median(fsync)
        ns = round(seconds * 1e6) * 1000
        if seconds > 0:
            told.values.append(Value("control_plane.etcd.fsync", units.exact_duration(ns), how))
        told.read.append(f"{request_mix.counted(round(fsync.observations), 'fsyncs')} of etcd's log")
    told.also += [
        f"etcd's {noun}: {_shown(one, 0.5)} p50, {_shown(one, 0.99)} p99, by linear interpolation in buckets"
        for noun, one in (("fsync", fsync), ("commit", commit))
        if one is not None
    ]


def _median(one: Histogram) -> tuple[float, str]:
    """Return seconds of a usual fsync, and how they were found.

    Where half of all are in the first bucket, the mean says more if it is lower: no median is above it there.
    """
    median = one.quantile(0.5)
    if one.is_first(0.5) and one.mean is not None and one.mean < median:
        return one.mean, f"mean of fsyncs: half are in the first bucket, up to {_ns(one.bounds[0])}"
    return median, "p50 of fsyncs, interpolated in buckets"


def _shown(one: Histogram, share: float) -> str:
    """Return a quantile; the last bucket says only that it is more."""
    return f"{'over ' if one.is_open(share) else ''}{_ns(one.quantile(share))}"


def _ns(seconds: float) -> str:
    """Return seconds as text."""
    return units.show_ns(round(seconds * 1e9))


def _members(tables: Tables, told: Findings) -> None:
    """Add how many members there are: all that a member knows, or those that were scraped."""
    ids: set[str] = set()
    for name in PEERS:
        for _, labels, value in by_label(tables.table(name), name):
            if value > 0:
                ids |= {labels["Local"], labels["Remote"]} - {""}
    scraped = instances(tables.table(LEADER), tables.table(TOTAL))
    count = max(len(ids), len(scraped))
    if count and len(ids) >= len(scraped):
        told.values.append(Value("control_plane.etcd.members", count, "peers that a member knows"))
    elif count:
        how = "instances of etcd in the metrics"
        told.values.append(Value("control_plane.etcd.members", count, how, estimate=True))
        told.assumed.append(
            f"the metrics are of all members of etcd, of which they name {count:,}: a query for some would"
            " hide the rest"
        )
    if any(cell.value == 0 for cell in tables.table(LEADER).values()):
        told.also.append("a member of etcd had no leader")


def _rates(tables: Tables, told: Findings) -> None:
    """Add how often etcd is written and read. Every member applies every put: the highest rate counts."""
    shown = []
    for name, noun in ((PUTS, "puts"), (DELETES, "deletes"), (RANGES, "ranges")):
        rates = tables.rates(name)
        if rates is None:
            continue
        rate = max(rates.per_s.values())
        shown.append(f"{units.show_rate(request_mix.digits(rate))} {noun}")
        if name == PUTS and round(rate):
            key, how = "mechanisms.etcd-concurrent-reads.puts_per_s", f"puts, {rates.how}"
            told.values.append(request_mix.capped(Value(key, round(rate), how, rates.estimate), MOST_PUTS))
    if shown:
        told.also.append(f"a member of etcd sees {', '.join(shown)}")
