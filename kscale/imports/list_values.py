"""The numbers for a scenario that lists of nodes and pods say, of one file or of several together."""

from collections.abc import Mapping

from kscale.imports import arrivals
from kscale.imports.facts import PodFacts, TypeFact, Value

COUNT_NODES, COUNT_PODS = "counts.nodes", "counts.pods"
HEARTBEAT, POD_CHANGES, PROFILE = "load.heartbeat.size", "load.pod_changes", "profile"
OF_LIST = {"nodes": (COUNT_NODES, HEARTBEAT, PROFILE), "pods": (COUNT_PODS, POD_CHANGES)}


def values(nodes: int, pods: PodFacts | None, types: Mapping[str, TypeFact]) -> list[Value]:
    """Return what so many listed nodes, these pods and objects of these types say."""
    found = []
    if nodes:
        found.append(Value(COUNT_NODES, nodes, "nodes in the list"))
    if pods is not None:
        found.append(Value(COUNT_PODS, len(pods.request), "living pods in the list"))
    mean = _mean(types["nodes"]) if "nodes" in types else 0
    if mean:
        how = "half the mean JSON of the nodes in the list"
        found.append(Value(HEARTBEAT, f"{mean}B", how, estimate=True))
    came = arrivals.arrivals(pods.created_s) if pods is not None else None
    if came is not None:
        found.append(arrivals.value(came))
    return found


def _mean(nodes: TypeFact) -> int:
    """Return the mean bytes of a stored node, rounded up; 0 if nobody says."""
    if nodes.sizes is None or not nodes.count:
        return 0
    return -(-int((nodes.sizes[:, 0] * nodes.sizes[:, 1]).sum()) // nodes.count)
