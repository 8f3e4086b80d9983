"""What is worked out where nothing was read, so that the scenario is one of a cluster of this size, and runs.

Kscale's own amounts are those of large clusters: a million changes of pods are centuries of a quiet one, and
a million free pages are 4 GiB of holes in a store of a megabyte.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from kscale import units
from kscale.imports import list_values, settings
from kscale.imports.facts import Value
from kscale.scenario.recorded import Recorded
from kscale.scenario.resolve import PODS_PER_NODE
from kscale.scenario.schema import Scenario
from kscale.scenario.schema_cluster import MOST_NODES, NodesSpec

STORED = ("nodes", "pods")  # types without which mechanisms have nothing to take sizes from
EVENTS, MOST_EVENTS = "mechanisms.watch-fanout.events", 1_000_000
WORKLOAD = "mechanisms.etcd-freelist.workload"
FREE_PAGES, MOST_FREE = "mechanisms.etcd-freelist.free_pages", 10_000_000
OTHERS = "mechanisms.watch-bookmark.others_per_s"
YEAR_S = 365 * 86_400
PAGE_BYTES = 4096
SLOWEST = Fraction(1, 100_000)  # a second: mechanisms cannot draw the times of what is rarer


def nodes(values: Mapping[str, Value], recorded: Recorded) -> Iterator[Value]:
    """Yield the number of nodes that the pods make likely, if nobody said it and pods are known."""
    known = values.get(list_values.COUNT_PODS)
    pods = recorded.pod_count or (int(known.value) if known else 0)
    if pods and not recorded.node_count and list_values.COUNT_NODES not in values:
        count, how = min(MOST_NODES, -(-pods // PODS_PER_NODE)), f"{PODS_PER_NODE} pods a node"
        yield Value(list_values.COUNT_NODES, count, how, estimate=True)


def stored(values: Mapping[str, Value], recorded: Recorded, counted: Mapping[str, int]) -> dict[str, int]:
    """Return the nodes and pods to store if objects were read but none of these: as many as there are.

    Without any object all of them are kscale's own.
    """
    types = {*counted, *(recorded.objects.types if recorded.objects else ())}
    if not types:
        return {}
    said = {key: int(one.value) for key, one in values.items() if key in settings.COUNTS}
    node_count = recorded.node_count or said.get(list_values.COUNT_NODES, NodesSpec().count)
    pod_count = recorded.pod_count or said.get(list_values.COUNT_PODS, PODS_PER_NODE * node_count)
    there = dict(zip(STORED, (node_count, pod_count), strict=True))
    return {name: count for name, count in there.items() if name not in types}


def load(values: Mapping[str, Value]) -> Iterator[Value]:
    """Yield rates in place of those that are slower than any that is simulated."""
    for key in (list_values.POD_CHANGES, OTHERS):
        was = values.get(key)
        if was is None or isinstance(was.value, bool):
            continue
        is_text = isinstance(was.value, str)
        per_s = units.parse_rate(was.value) if is_text else Fraction(was.value)
        if per_s < SLOWEST:
            least = settings.rate(SLOWEST)
            how = f"the slowest that can be simulated; it was {settings.rate(per_s)}"
            yield Value(key, least if is_text else float(SLOWEST), how, estimate=True)


def amounts(values: Mapping[str, Value], recorded: Recorded, scenario: Scenario) -> Iterator[Value]:
    """Yield what mechanisms are given to do where nobody said it; *scenario* is resolved."""
    changes = int((scenario.load.pod_changes or 0.0) * YEAR_S)
    if EVENTS not in values and changes < MOST_EVENTS:
        yield Value(EVENTS, max(1, changes), "pod changes of a year", estimate=True)
    if FREE_PAGES not in values and values.get(WORKLOAD) is None:
        pages = _stored_bytes(recorded, scenario) // PAGE_BYTES // 2
        how = "half as many as the stored objects fill"
        yield Value(FREE_PAGES, min(max(1, pages), MOST_FREE), how, estimate=True)


def _stored_bytes(recorded: Recorded, scenario: Scenario) -> int:
    """Return about how many bytes the objects have."""
    rows = recorded.objects.sizes if recorded.objects else None
    held = 0 if rows is None else int((rows[:, 1] * rows[:, 2]).sum())
    spec = scenario.cluster
    added = spec.objects.types.values() if spec.objects else ()
    return held + sum(one.count * one.size for one in added if isinstance(one.count, int))
