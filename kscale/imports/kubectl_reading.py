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
        self.newest_s = UNKNOWN  # creation or renewal

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

    def _take_lease(self, lease: Object, metadata: Object) -> None:
        """Take how long a lease lasts and when it was renewed."""
        spec = fields.mapping(lease, "spec")
        lasts = fields.integer(spec, "leaseDurationSeconds", 0, LONGEST_LEASE, "spec.") or 0
        of_node = fields.text(metadata, "namespace", "metadata.") == NODE_LEASES
        (self.node_leases if of_node else self.other_leases)[lasts] += 1
        self.newest_s = max(self.newest_s, fields.seconds(spec, "renewTime", "spec."))
