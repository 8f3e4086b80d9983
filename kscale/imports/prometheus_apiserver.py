"""What the metrics of API servers say: objects and their sizes, the database's size, how many servers."""

from collections import defaultdict

import numpy as np

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import request_mix
from kscale.imports.facts import TypeFact, Value
from kscale.imports.prometheus_metrics import REQUESTS
from kscale.imports.prometheus_tables import Tables, by_label, instances
from kscale.imports.prometheus_told import Findings
from kscale.scenario.document import one_line

OBJECTS = "apiserver_resource_objects"
OBJECT_BYTES = "apiserver_resource_size_estimate_bytes"
STORAGE = "apiserver_storage_size_bytes"
WATCHES = "apiserver_longrunning_requests"

UNCOUNTED, NO_NAME = "that could not be counted: API servers say -1", "under what is no name of a type"
MOST_OBJECTS = 10**9  # of a type
LARGEST_MEAN = 3 * 2**20  # bytes; etcd takes requests of 1.5 MiB, and no more than its users raise that to


def tell(tables: Tables, told: Findings, where: str) -> None:
    """Add what is said of objects, the database and the servers; KscaleError for counts that cannot be."""
    _objects(tables, told, where)
    _database(tables, told)
    servers = instances(tables.table(REQUESTS), tables.table(OBJECTS), tables.table(WATCHES))
    if servers:
        how = "instances of API servers in the metrics"
        told.values.append(Value("control_plane.apiservers", len(servers), how, estimate=True))
        told.assumed.append(
            f"the metrics are of all API servers, of which they name {len(servers):,}: a query for some would"
            " hide the rest"
        )
    elif tables.table(REQUESTS) or tables.table(WATCHES):
        told.assumed.append(
            "the metrics are all there are of API servers: those of servers not scraped are missing"
        )


def _objects(tables: Tables, told: Findings, where: str) -> None:
    """Add how many objects of each type are stored, and how large they are if that is told."""
    counts, left_out = _by_type(tables, OBJECTS)
    sizes, _ = _by_type(tables, OBJECT_BYTES)
    for name, count in sorted(counts.items()):
        if count > MOST_OBJECTS or not count.is_integer():
            raise KscaleError(
                one_line(
                    f"{where}: {OBJECTS}: {units.quote(count)} objects of a type; must be a whole number, at"
                    f" most {MOST_OBJECTS:,}"
                )
            )
        told.types[name] = _fact(int(count), sizes.get(name, 0.0))
        if sizes.get(name, 0.0) > max(1, count) * LARGEST_MEAN:
            limit = units.show_bytes(LARGEST_MEAN)
            left_out[f"sizes of which are over {limit} an object, more than etcd takes"].add(name)
    if counts:
        total = request_mix.total(counts.values())
        sized = sum(one.sizes is not None for one in told.types.values())
        told.read.append(
            f"{request_mix.counted(total, 'objects')} of {request_mix.counted(len(counts), 'types')}"
            + (f", sizes of {sized:,}" if sized else "")
        )
    if any(one.sizes is not None for one in told.types.values()):
        told.assumed.append("all objects of a type are as large as their mean: metrics say no more")
    for name in ("nodes", "pods"):
        if name in counts and round(counts[name]) > 0:
            told.values.append(Value(f"counts.{name}", round(counts[name]), "objects that API servers count"))
    told.dropped += [
        f"{request_mix.counted(len(names), 'types')} {what}" for what, names in left_out.items() if names
    ]


def _fact(count: int, total: float) -> TypeFact:
    """Return the objects of one type, *total* bytes if that was told."""
    sizes = _sizes(count, total)
    return TypeFact(count, sizes, estimate=sizes is not None)


def _by_type(tables: Tables, name: str) -> tuple[dict[str, float], defaultdict[str, set[str]]]:
    """Return the highest count of each type over all servers, and by why the types without one."""
    counts: dict[str, float] = {}
    left_out = defaultdict[str, set[str]](set)
    for _, labels, value in by_label(tables.table(name), name):
        resource, group = labels["resource"], labels["group"]
        if not group:  # to 1.33 both are in one label
            resource, group = request_mix.split_type(resource)
        if not request_mix.is_name(resource, group):
            left_out[NO_NAME].add(resource)
            continue
        one = request_mix.type_of(resource, group)
        if value < 0:
            left_out[UNCOUNTED].add(one)
        else:
            counts[one] = max(counts.get(one, 0.0), value)
    left_out[UNCOUNTED] -= set(counts)
    return counts, left_out


def _sizes(count: int, total: float) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]] | None":
    """Return [[bytes, objects], ..]: sizes of which the sum is what was told; None if it was not."""
    mean, rest = divmod(round(total), count) if count else (0, 0)
    if not 0 < mean <= LARGEST_MEAN:
        return None
    rows = [[mean, count - rest], [mean + 1, rest]] if rest else [[mean, count]]
    return np.array(rows, dtype=np.int64)


def _database(tables: Tables, told: Findings) -> None:
    """Add how large the databases are that API servers store in."""
    largest: dict[tuple[str, ...], float] = {}
    for key, cell in tables.table(STORAGE).items():
        largest[key[1:]] = max(largest.get(key[1:], 0.0), cell.value)
    if not largest:
        return
    shown = ", ".join(units.show_bytes(round(size)) for size in sorted(largest.values(), reverse=True)[:5])
    told.also.append(f"databases as API servers see them: {shown}")
    stores = {key[0] or key[1] for key in largest if key[0] or key[1]}  # an endpoint is a member, not a store
    if len(stores) > 1:
        how = f"{len(stores):,} stores of API servers"
        told.values.append(
            Value("control_plane.optimizations.etcd-sharding", value=True, how=how, estimate=True)
        )
