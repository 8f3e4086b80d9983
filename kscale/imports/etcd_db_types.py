"""Types of objects, told from the first parts of etcd's keys.

The API server stores an object at ROOT/RESOURCE/[NAMESPACE/]NAME, one of a custom resource at
ROOT/GROUP/RESOURCE/.., where ROOT is its flag --etcd-prefix, /registry by default. Some resources have an
older name there (kubernetes/kubernetes pkg/kubeapiserver/default_storage_factory_builder.go,
SpecialDefaultResourcePrefixes). A group has a dot, a resource has none.
"""

import re
from collections.abc import Iterable

from kscale.imports.vocabulary import OTHER, RESOURCES

ROOTS = frozenset({"registry", "kubernetes.io", "openshift.io"})  # kubeadm and most, OpenShift
CORE = frozenset(  # what every cluster stores; a root with so many of them is a cluster's
    {
        "configmaps",
        "leases",
        "masterleases",
        "minions",
        "namespaces",
        "pods",
        "ranges",
        "secrets",
        "serviceaccounts",
    }
)
CORE_KNOWN = 3

_OLDER = {
    "controllers": "replicationcontrollers",
    "ingress": "ingresses",
    "minions": "nodes",
    "podsecuritypolicy": "podsecuritypolicies",
}
_OF_SERVICES = {"specs": "services", "endpoints": "endpoints"}
_BUILT_IN_GROUPS = frozenset(
    {"apiextensions.k8s.io", "apiregistration.k8s.io"}
)  # the only ones stored by group
LONGEST = 400  # bytes of a root, a group and a resource
_WORD = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_GROUP = re.compile(rf"(?=.{{1,253}}\Z)(?:{_WORD.pattern}\.)+{_WORD.pattern}")

Parts = tuple[str, ...]


def name_types(prefixes: Iterable[bytes]) -> list[str]:
    """Return the type of each of the first parts of keys: "pods", "widgets.example.com", or "other"."""
    given = [_parts(prefix) for prefix in prefixes]
    seen: dict[str, set[str]] = {}
    for parts in given:
        if len(parts) > 1:
            seen.setdefault(parts[0], set()).add(parts[1])
    roots = ROOTS | {root for root, kinds in seen.items() if len(kinds & CORE) >= CORE_KNOWN}
    return [_type(parts[1:]) if parts and parts[0] in roots else OTHER for parts in given]


def _parts(prefix: bytes) -> Parts:
    """Return root, group if any, and resource; nothing if they are no text of Kubernetes."""
    if len(prefix) > LONGEST or not prefix.isascii():
        return ()
    return tuple(prefix.decode().split("/")[1:])


def _type(parts: Parts) -> str:
    """Return the type that is stored under these parts of a cluster's root."""
    if len(parts) == 1 and _WORD.fullmatch(parts[0]):
        return _OLDER.get(parts[0], parts[0])
    if len(parts) != 2:  # noqa: PLR2004 - group and resource
        return OTHER
    group, resource = parts
    if group == "services":
        return _OF_SERVICES.get(resource, OTHER)
    if not (_GROUP.fullmatch(group) and _WORD.fullmatch(resource)):
        return OTHER
    return resource if group in _BUILT_IN_GROUPS and resource in RESOURCES else f"{resource}.{group}"
