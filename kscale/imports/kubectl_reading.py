"""What is kept of the objects of a list while they go by."""

from collections import Counter

from kscale.imports import fields
from kscale.imports.fields import UNKNOWN, FieldError, Object
from kscale.imports.kubectl_control import ControlPlane
from kscale.imports.kubectl_nodes import Nodes
from kscale.imports.kubectl_stream import Item
from kscale.imports.kubectl_types import Types
from kscale.imports.places import Gathered
from kscale.imports.pod_object import PodColumns, pod_of

NODE_LEASES = "kube-node-lease"  # the namespace of the leases that kubelets renew
WHOLE_SECONDS = len("2026-01-31T12:00:00Z")  # of such texts the later time is the larger one
LONGEST_LEASE = 2**31 - 1  # seconds
_NO_OBJECTS = {
    "Status": "is an answer of the API server that says what failed, not an object",
    "Table": "is a table for people, not an object; ask for it with -o json",
}


class Reading:
    """Nodes, pods and leases, and the size of every object by type."""

    def __init__(self) -> None:
        """Start without objects."""
        self.types = Types()
        self.places = Gathered()
        self.nodes = Nodes()
        self.pods = PodColumns()
        self.control_plane = ControlPlane()
        self.pods_seen = 0
        self.left_out: Counter[str] = Counter()  # pods that are not taken, by kind
        self.node_leases: Counter[int] = Counter()  # by seconds
        self.other_leases: Counter[int] = Counter()
        self.newest_s = UNKNOWN  # creation, renewal, or change of a status
        self._newest = ""  # of the times of statuses, as text

    @property
    def taken_s(self) -> int:
        """Return the newest time seen, Unix seconds."""
        return max(self.newest_s, self.nodes.newest_s)

    def take(self, item: Item) -> None:
        """Take an object; FieldError if a field has a wrong type or value."""
        value = item.value
        kind = value.get("kind")
        if (
            isinstance(kind, str)
            and kind in _NO_OBJECTS
            and value.get("apiVersion") in {"v1", "meta.k8s.io/v1"}
        ):
            raise FieldError(_NO_OBJECTS[kind])
        name, _ = self.types.add(item)
        metadata = fields.mapping(value, "metadata")
        self.places.add(name, metadata)
        self.newest_s = max(self.newest_s, fields.seconds(metadata, "creationTimestamp", "metadata."))
        self._look_at_status(value.get("status"))
        if name == "pods":
            self.pods_seen += 1
            pod = pod_of(value, self.left_out, self.pods.dropped)
            if pod is not None:
                self.pods.add(*pod)
                self.control_plane.take_pod(value)
        elif name == "configmaps":
            self.control_plane.take_config_map(value)
        elif name == "nodes":
            self.nodes.add(value, item.size)
        elif name == "leases":
            self._take_lease(value, metadata)

    def _look_at_status(self, status: object) -> None:
        """Take when conditions changed, and containers started or ended; what is no time says nothing."""
        if not isinstance(status, dict):
            return
        times = [one.get("lastTransitionTime") for one in _mappings(status.get("conditions"))]
        for container in _mappings(status.get("containerStatuses")):
            state = container.get("state")
            for one in _mappings(list(state.values()) if isinstance(state, dict) else None):
                times += (one.get("startedAt"), one.get("finishedAt"))
        for time in times:
            if isinstance(time, str) and len(time) == WHOLE_SECONDS and time > self._newest:
                try:
                    self.newest_s = max(self.newest_s, fields.seconds({"time": time}, "time"))
                    self._newest = time
                except FieldError:
                    continue

    def _take_lease(self, lease: Object, metadata: Object) -> None:
        """Take how long a lease lasts and when it was renewed."""
        spec = fields.mapping(lease, "spec")
        lasts = fields.integer(spec, "leaseDurationSeconds", 0, LONGEST_LEASE, "spec.") or 0
        of_node = fields.text(metadata, "namespace", "metadata.") == NODE_LEASES
        (self.node_leases if of_node else self.other_leases)[lasts] += 1
        self.newest_s = max(self.newest_s, fields.seconds(spec, "renewTime", "spec."))


def _mappings(value: object) -> list[Object]:
    """Return the mappings of a list; none if it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
