"""Objects of a list by type: how many, of which sizes, and how much of them is managedFields.

What is stored is not what `kubectl get -o json` shows. Built-in types are stored as protobuf, about half
of their JSON without blanks (control-plane note, section 1.3: assumed); custom resources as that JSON.
"""

import re
from collections import Counter

import numpy as np

from kscale.imports import fields
from kscale.imports.facts import TypeFact
from kscale.imports.fields import FieldError
from kscale.imports.kubectl_stream import Head, Item
from kscale.imports.vocabulary import KINDS

MOST_TYPES = 10_000
PROTOBUF_PART = 2  # JSON is about so many times as long

BUILT_IN_GROUPS = frozenset(  # of the API server's own types; others with .k8s.io are custom resources
    {
        "", "apps", "autoscaling", "batch", "extensions", "policy", "admissionregistration.k8s.io",
        "apiextensions.k8s.io", "apiregistration.k8s.io", "authentication.k8s.io", "authorization.k8s.io",
        "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
        "flowcontrol.apiserver.k8s.io", "imagepolicy.k8s.io", "internal.apiserver.k8s.io",
        "networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io", "resource.k8s.io",
        "scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io",
    }
)  # fmt: skip

_KIND = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}", re.ASCII)
_WORD = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_API_VERSION = re.compile(
    rf"(?:(?P<group>(?=[^/]{{1,253}}/){_WORD}(?:\.{_WORD})*)/)?[a-z0-9]{{1,63}}", re.ASCII
)


class Types:
    """Objects one after another to counts and sizes by type."""

    def __init__(self) -> None:
        """Start without objects."""
        self.sizes: dict[str, Counter[int]] = {}
        self.json_bytes = 0  # without blanks
        self.managed_bytes = 0  # of them
        self._names: dict[tuple[object, object], tuple[str, bool]] = {}

    def add(self, item: Item) -> tuple[str, int]:
        """Count an object; return its type and the bytes it is stored in. FieldError if it is of no kind."""
        value, head = item.value, item.head
        kind, version = value.get("kind"), value.get("apiVersion")
        if head is not None:
            kind = _of_list(head) if kind is None else kind
            version = head.api_version if version is None else version
        known = isinstance(kind, str) and isinstance(version, str | None)
        named = self._names.get((kind, version)) if known else None
        if named is None:
            named = type_of(kind, version)
            if len(self._names) < MOST_TYPES:
                self._names[kind, version] = named
        name, is_built_in = named
        stored = -(-item.size // PROTOBUF_PART) if is_built_in else item.size
        if name not in self.sizes and len(self.sizes) >= MOST_TYPES:
            raise FieldError(f"kind: more than {MOST_TYPES:,} types of objects")
        self.sizes.setdefault(name, Counter())[stored] += 1
        self.json_bytes += item.size
        self.managed_bytes += item.managed
        return name, stored

    def facts(self) -> dict[str, TypeFact]:
        """Return the types in alphabetical order."""
        return {
            name: TypeFact(
                sizes.total(), np.array(sorted(sizes.items()), dtype=np.int64).reshape(-1, 2), estimate=True
            )
            for name, sizes in sorted(self.sizes.items())
        }


def type_of(kind: object, api_version: object) -> tuple[str, bool]:
    """Return the type of a kind, and whether it is built in: "pods", "widgets.example.com".

    The plural of a kind that is not in the vocabulary is guessed as Kubernetes does
    (apimachinery pkg/api/meta, UnsafeGuessKindToResource). FieldError if these are no words of the API.
    """
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise FieldError(f"kind: {fields.got(kind)} is not a kind; an object says it, like Pod")
    if api_version is None and kind in KINDS:
        return KINDS[kind], True
    match = _API_VERSION.fullmatch(api_version) if isinstance(api_version, str) else None
    if match is None:
        raise FieldError(
            f"apiVersion: {fields.got(api_version)} is not a version of an API; write it like apps/v1"
        )
    group = match["group"] or ""
    if group in BUILT_IN_GROUPS:
        return KINDS.get(kind) or _plural(kind), True
    return f"{_plural(kind)}.{group}", False


def _plural(kind: str) -> str:
    """Return the plural of a kind, guessed."""
    one = kind.lower()
    if one.endswith("s"):
        return f"{one}es"
    return f"{one[:-1]}ies" if one.endswith("y") else f"{one}s"


def _of_list(head: Head) -> object:
    """Return the kind of the items of a list that is of one kind."""
    kind = head.kind
    return kind.removesuffix("List") or None if isinstance(kind, str) and kind.endswith("List") else None
