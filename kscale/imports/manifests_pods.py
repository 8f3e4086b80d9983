"""Pods of a control plane: which component each runs, with which flags, of which version, and how many.

In a list of a cluster's pods only static ones are its control plane: those that a kubelet runs by itself.
Any other pod of etcd or kube-apiserver is an app's own, or another cluster's.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from kscale import units
from kscale.imports import manifests_apiserver, manifests_clients, manifests_etcd
from kscale.imports.facts import Value
from kscale.imports.manifests_flags import APISERVER, COMPONENTS, CONTROLLERS, ETCD, SCHEDULER, component
from kscale.imports.manifests_found import Found
from kscale.imports.manifests_images import tag_of, version_of
from kscale.imports.manifests_settings import Settings
from kscale.imports.manifests_tree import Branch

TEMPLATES = {  # kind: where its pod's spec is
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
}
SYSTEM = ("kube-system", "", None)  # namespaces of a control plane; a manifest may leave it out
EVENTS = "events"  # in the name of the etcd that kops and GCE keep beside the main one
MIRROR = "kubernetes.io/config.mirror"  # annotation of what the API server shows of a static pod
NOT_STATIC = "pods named like a component, not static ones: an app's own, or another cluster's"
MOST_CONTAINERS = 100  # of a pod
MOST_SERVERS = 1000  # API servers, as in a scenario
MOST_MEMBERS = 9  # of etcd, as in a scenario


def is_static(pod: Mapping[str, Any]) -> bool:
    """Return whether a kubelet runs a pod by itself, as far as its metadata say; lenient with wrong types."""
    metadata = pod.get("metadata")
    if not isinstance(metadata, dict):
        return True
    owners = metadata.get("ownerReferences")
    for owner in owners if isinstance(owners, list) else ():
        if isinstance(owner, dict) and owner.get("controller"):
            return bool(owner.get("kind") == "Node")
    annotations = metadata.get("annotations")
    return metadata.get("namespace") in SYSTEM or (isinstance(annotations, dict) and MIRROR in annotations)


def is_named_like_one(pod: Mapping[str, Any]) -> bool:
    """Return whether a container of a pod has the name of a component; lenient with wrong types."""
    spec = pod.get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    return isinstance(containers, list) and any(
        isinstance(one, dict) and one.get("name") in COMPONENTS for one in containers
    )


def read(whole: Branch, kind: str, found: Found) -> bool:
    """Read the components that a pod, or what has a pod's template, runs; return whether there are any."""
    spec = whole.at(*TEMPLATES[kind])
    containers = spec.at("containers").entries()
    if len(containers) > MOST_CONTAINERS:
        raise spec.error(f"must have at most {MOST_CONTAINERS} containers, got {len(containers):,}")
    known = [(container, one) for container in containers if (one := component(container)) is not None]
    for container, (name, settings) in known:
        if name == ETCD and EVENTS in whole.at("metadata", "name").text():
            found.parts.setdefault(f"{ETCD} of {EVENTS}", []).append(len(settings))
            found.drop(f"settings of the {ETCD} of {EVENTS}, which is beside the main one", len(settings))
            continue
        _component(container, name, settings, found)
        if name == APISERVER:
            _count_server(whole, settings, found, kind)
        elif name == ETCD:
            _count_member(whole, found)
    return bool(known)


def count(found: Found) -> None:
    """Say how many API servers there are, and how many members of etcd."""
    key, pods = "control_plane.apiservers", len(found.apiservers)
    number = min(MOST_SERVERS, pods + found.replicas)
    if found.replicas:
        found.decide(Value(key, number, f"replicas of {APISERVER}"))
    elif pods > 1:
        found.decide(Value(key, number, f"pods of {APISERVER}"))
    elif pods:
        found.decide(Value(key, 1, f"one pod of {APISERVER}", estimate=True))
    members = max((len(nodes) for nodes in found.etcds.values()), default=0)
    if 1 < members <= MOST_MEMBERS:
        found.add(manifests_etcd.MEMBERS, members, f"pods of {ETCD}")
    if found.local_etcd and manifests_etcd.MEMBERS not in found.values:
        found.assumed.append(
            "an API server asks the etcd on its own machine: its flags do not say how many members there are"
        )


def _component(container: Branch, name: str, settings: Settings, found: Found) -> None:
    """Read the flags of a component and the version of its image."""
    image = container.at("image").text()
    version = version_of(tag_of(image))
    found.begin()
    if name == ETCD:
        own = image.split("@")[0].rsplit("/", 1)[-1].startswith("etcd-manager")
        version = None if own else version  # which has a version of its own
        found.etcd = version or found.etcd
        found.etcd_flags = version is not None
        manifests_etcd.read(settings, found, whole=not own)
    elif version is not None and version[0] == 1:
        found.versions.setdefault(name, Counter())[version[1]] += 1
    if name == APISERVER:
        minor = version[1] if version is not None and version[0] == 1 else None
        manifests_apiserver.read(settings, found, minor, whole=True)
    elif name == SCHEDULER:
        manifests_clients.scheduler(settings, found)
    elif name == CONTROLLERS:
        manifests_clients.controllers(settings, found)
    found.close(settings, "" if version is None else f" {version[0]}.{version[1]}")


def _count_server(whole: Branch, settings: Settings, found: Found, kind: str) -> None:
    """Count an API server: manifests of one node are one, a Deployment says how many there are."""
    replicas = whole.at("spec", "replicas")
    if kind not in {"Pod", "DaemonSet"}:
        value = 1 if replicas.value is None else replicas.value
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SERVERS:
            raise replicas.error(f"must be a whole number, 0 to {MOST_SERVERS:,}, got {units.quote(value)}")
        found.replicas += value
        return
    names = (whole.at("metadata", "name").text(), whole.at("spec", "nodeName").text())
    found.apiservers.add((*names, settings.text("advertise-address")))


def _count_member(whole: Branch, found: Found) -> None:
    """Count the etcd of a node, under its name without the node's: there may be others beside it."""
    node = whole.at("spec", "nodeName").text()
    if node:
        store = whole.at("metadata", "name").text().removesuffix(f"-{node}")
        found.etcds.setdefault(store, set()).add(node)
