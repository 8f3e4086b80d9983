"""Pods, as JSON or YAML gives them, to columns: what each asks for, its app, its namespace, its time.

For a Pod object: `pod_of`, then `PodColumns.add`. For the template of a Deployment or a trace:
`asked(template["spec"], dropped)` of pod_request, then `PodColumns.add` once for each pod of it.

    columns = PodColumns()
    columns.add(asked(spec, columns.dropped), owner="uid or any text", namespace="a", created_s=12)
    columns.facts()
"""

from array import array
from collections import Counter
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kscale.imports import fields
from kscale.imports.facts import PodFacts
from kscale.imports.fields import UNKNOWN, FieldError, Object
from kscale.imports.pod_request import Asked, asked, request_spec
from kscale.scenario.schema_cluster import MOST_PODS, RequestSpec

MOST_REQUESTS = 10_000  # distinct, as in a scenario
MOST_EXACT = 9_000  # kept as they are; later ones are merged by rounding
ENDED = ("Succeeded", "Failed")
NODE = "Node"  # kind of what owns static pods

_DIGEST = 16  # bytes: among 20M owners two of one digest are less likely than 1 in 10**23
_KEYS = np.dtype([("high", "<u8"), ("low", "<u8")])


class Pod(NamedTuple):
    """One pod that lives."""

    asked: Asked
    owner: str  # empty: nobody's, its own
    namespace: str
    created_s: int  # Unix seconds; -1: not known


def pod_of(pod: Object, left_out: Counter[str], dropped: Counter[str]) -> Pod | None:
    """Return what a Pod object says; None if it has ended or is being deleted, which *left_out* counts.

    *dropped* counts by kind what its request leaves out.

    FieldError (its place in the object, what, what is allowed) if a field has a wrong type or value.
    """
    metadata, status = fields.mapping(pod, "metadata"), fields.mapping(pod, "status")
    if metadata.get("deletionTimestamp") is not None:
        fields.seconds(metadata, "deletionTimestamp", "metadata.")
        left_out[BEING_DELETED] += 1
        return None
    if fields.text(status, "phase", "status.") in ENDED:
        left_out[HAVE_ENDED] += 1
        return None
    return Pod(
        asked(fields.mapping(pod, "spec"), dropped),
        owner_of(metadata),
        fields.text(metadata, "namespace", "metadata.") or "default",
        fields.seconds(metadata, "creationTimestamp", "metadata."),
    )


BEING_DELETED = "pods that are being deleted"
HAVE_ENDED = "pods that have ended"


def owner_of(metadata: Object) -> str:
    """Return what tells the controller of an object apart: its uid, or its kind and name; empty: none.

    Static pods, which nodes own, are one app where they have one name but for their node's.
    """
    for i, owner in enumerate(fields.mappings(metadata, "ownerReferences", "metadata.")):
        at = f"metadata.ownerReferences[{i}]."
        if fields.flag(owner, "controller", at):
            namespace = fields.text(metadata, "namespace", "metadata.")
            kind, name = fields.text(owner, "kind", at), fields.text(owner, "name", at)
            if kind == NODE:
                own = fields.text(metadata, "name", "metadata.").removesuffix(f"-{name}")
                return f"{namespace}/{kind}/{own}" if own else ""
            return fields.text(owner, "uid", at) or f"{namespace}/{kind}/{name}"
    return ""


class PodColumns:
    """Pods one after another to columns: some 30 bytes a pod, and each distinct request once.

    dropped  what the requests left out, by kind
    merged   pods whose request was rounded, because there are over 9,000 distinct ones
    """

    def __init__(self) -> None:
        """Start without pods."""
        self.dropped: Counter[str] = Counter()
        self.merged = 0
        self._requests: dict[Asked, int] = {}
        self._specs: list[RequestSpec] = []
        self._namespaces: dict[str, int] = {}
        self._request, self._namespace, self._created = array("i"), array("i"), array("q")
        self._owners = bytearray()

    def __len__(self) -> int:
        """Return how many pods there are."""
        return len(self._request)

    @property
    def namespaces(self) -> int:
        """Return how many namespaces have pods."""
        return len(self._namespaces)

    def add(self, one: Asked, owner: str, namespace: str, created_s: int = UNKNOWN) -> None:
        """Add a pod; pods of one *owner* are one app, a pod without (empty) is an app of its own.

        FieldError if a scenario does not take its request, or as many pods or requests.
        """
        if len(self) >= MOST_PODS:
            raise FieldError(f"more than {MOST_PODS:,} pods; a scenario has at most as many")
        self._request.append(self._number(one))
        self._namespace.append(self._namespaces.setdefault(namespace, len(self._namespaces)))
        self._created.append(created_s)
        key = f"o{owner}" if owner else f"p{len(self)}"
        self._owners += blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()

    def facts(self) -> PodFacts:
        """Return the pods in order of creation, those of unknown time first.

        Requests, apps and namespaces are numbered as they first come in that order.
        """
        created = np.array(self._created, dtype=np.int64)
        order = np.argsort(created, kind="stable")
        request, used = _renumber(np.array(self._request, dtype=np.int32)[order])
        app, _ = _renumber(np.frombuffer(bytes(self._owners), dtype=_KEYS)[order])
        namespace, _ = _renumber(np.array(self._namespace, dtype=np.int32)[order])
        requests = tuple(self._specs[int(number)] for number in used)
        return PodFacts(requests, request, app, namespace, created[order])

    def _number(self, one: Asked) -> int:
        """Return the number of a request, a new one if need be."""
        number = self._requests.get(one)
        if number is None and len(self._requests) >= MOST_EXACT:
            self.merged += 1
            one = _rounded(one)
            number = self._requests.get(one)
        if number is None:
            if len(self._requests) >= MOST_REQUESTS:
                raise FieldError(
                    f"more than {MOST_REQUESTS:,} distinct requests of pods, even when rounded; "
                    "a scenario has at most as many"
                )
            self._specs.append(request_spec(one))
            number = self._requests[one] = len(self._requests)
        return number


def _rounded(one: Asked) -> Asked:
    """Return a request without rules, its amounts rounded up to powers of two."""

    def up(amount: int) -> int:
        return 1 << (amount - 1).bit_length() if amount > 0 else 0

    return Asked(
        None if one.cpu_milli is None else min(up(one.cpu_milli), 10**8),
        None if one.memory_bytes is None else up(one.memory_bytes),
        up(one.ephemeral_bytes),
        tuple((name, min(up(amount), 10**12)) for name, amount in one.extended),
    )


def _renumber(keys: NDArray[np.generic]) -> tuple[NDArray[np.int32], NDArray[np.generic]]:
    """Return keys numbered as they first come, and the key of each number."""
    distinct, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty(len(order), dtype=np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    return number[inverse.reshape(-1)], distinct[order]
