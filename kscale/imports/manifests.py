"""Static-pod manifests and configuration files of a control plane: which optimizations are on today.

Read are pods, and what has a pod's template, that run kube-apiserver, etcd, kube-scheduler or
kube-controller-manager; the configuration files of kubelet, scheduler, kubeadm and etcd; and ConfigMaps
and lists that hold those. Names, addresses and paths are never kept: settings of known names with
numbers, words and truths for values are.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import (
    manifests_apiserver,
    manifests_clients,
    manifests_configs,
    manifests_etcd,
    manifests_versions,
    opened,
    versions,
)
from kscale.imports.facts import Facts, Progress, Source
from kscale.imports.manifests_configs import KUBERNETES_VERSION
from kscale.imports.manifests_flags import APISERVER, COMPONENTS, CONTROLLERS, ETCD, SCHEDULER, component
from kscale.imports.manifests_found import PROFILE, Found
from kscale.imports.manifests_images import tag_of, version_of
from kscale.imports.manifests_settings import Settings
from kscale.imports.manifests_tree import Branch, root
from kscale.scenario import document, yaml_tree
from kscale.scenario.document import LARGEST_FILE, one_line
from kscale.scenario.yaml_tree import YamlError

KNOWN = f"{', '.join(COMPONENTS)}, and configurations of kubelet, scheduler, kubeadm and etcd"

TEMPLATES = {  # kind: where its pod's spec is
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
}
CONFIGS: Mapping[str, Callable[[Branch, Found], None]] = {
    "KubeletConfiguration": manifests_configs.kubelet,
    "KubeSchedulerConfiguration": manifests_configs.scheduler,
    "ClusterConfiguration": manifests_configs.kubeadm,
    "InitConfiguration": manifests_configs.node,
    "JoinConfiguration": manifests_configs.node,
}
IGNORED = ("KubeProxyConfiguration",)
STATE_VERSION = (APISERVER, KUBERNETES_VERSION, CONTROLLERS, SCHEDULER)  # the first one that does counts
MOST_CONTAINERS = 100  # of a pod
MOST_SERVERS = 1000  # API servers, as in a scenario


def read(path: Path, name: str, progress: Progress) -> Facts:
    """Return what a file of manifests or configurations says; KscaleError with its line otherwise."""
    with opened.open_stream(path, name) as stream:
        data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise KscaleError(one_line(f"{name}: is larger than {units.show_bytes(LARGEST_FILE)}"))
    size = opened.size(path)
    progress(0, size)
    found = Found()
    for branch in _documents(data, name):
        _document(branch, found)
    if not found.parts and not found.dropped:
        raise KscaleError(one_line(f"{name}:1: holds no document; kscale reads {KNOWN}"))
    if not found.parts and not any(kind in what for what in found.dropped for kind in IGNORED):
        raise KscaleError(one_line(f"{name}:1: holds nothing of a control plane; kscale reads {KNOWN}"))
    _versions(found)
    _servers(found)
    progress(size, size)
    return Facts(
        source=Source("manifest", name, size, None),
        values=tuple(found.values[key] for key in sorted(found.values)),
        also=found.told_also(),
        read=found.told_read(),
        dropped=found.told_dropped(),
        assumed=found.told_assumed(),
    )


def _documents(data: bytes, file: str) -> list[Branch]:
    """Return the documents that are not empty."""
    try:
        trees = yaml_tree.documents(data)
    except YamlError as error:
        raise Branch(None, error.loc, {(): error.line}, file).error(str(error)) from error
    return [root(tree, file) for tree in trees if tree.value is not None]


def _document(branch: Branch, found: Found, *, inside: bool = False) -> None:
    """Read a document; *inside* a ConfigMap or a list no other ones are looked for."""
    kind = branch.at("kind").text()
    if kind in TEMPLATES:
        _pod(branch, branch.at(*TEMPLATES[kind]), found, kind)
    elif kind in CONFIGS:
        CONFIGS[kind](branch, found)
    elif kind == "ConfigMap" and not inside:
        _config_map(branch, found)
    elif (kind == "List" or kind.endswith("List")) and not inside:
        for entry in branch.at("items").entries():
            _inner(entry, found)
    elif kind in IGNORED:
        found.dropped[f"{kind}, of which nothing is modelled"] += 1
    elif not kind and "kubeletconfig" in branch.mapping():  # a kubelet's /configz
        manifests_configs.kubelet(branch.at("kubeletconfig"), found)
    elif not kind and manifests_etcd.KEYS & branch.mapping().keys():
        manifests_configs.etcd(branch, found)
    else:
        found.dropped["objects without a part of a control plane"] += 1


def _inner(branch: Branch, found: Found) -> None:
    """Read an entry of a list, which may be a ConfigMap."""
    if branch.at("kind").text() == "ConfigMap":
        _config_map(branch, found)
    else:
        _document(branch, found, inside=True)


def _config_map(branch: Branch, found: Found) -> None:
    """Read the configuration files that a ConfigMap holds as text."""
    for _, value in branch.at("data").children():
        text = value.text()
        if "kind:" not in text and '"kind"' not in text:
            found.dropped["texts of ConfigMaps without a configuration"] += 1
            continue
        line, key = document.place(value.loc, value.lines)
        for one in _documents(text.encode("utf-8", "surrogatepass"), f"{branch.file}:{line}: {key}"):
            _document(one, found, inside=True)


def _pod(whole: Branch, spec: Branch, found: Found, kind: str) -> None:
    """Read the components that a pod runs."""
    containers = spec.at("containers").entries()
    if len(containers) > MOST_CONTAINERS:
        raise spec.error(f"must have at most {MOST_CONTAINERS} containers, got {len(containers):,}")
    ours = 0
    for container in containers:
        known = component(container)
        if known is not None:
            ours += 1
            _component(container, *known, found)
        if known is not None and known[0] == APISERVER:
            _count_server(whole, known[1], found, kind)
    if not ours:
        found.dropped["objects without a part of a control plane"] += 1


def _component(container: Branch, name: str, settings: Settings, found: Found) -> None:
    """Read the flags of a component and the version of its image."""
    image = container.at("image").text()
    version = version_of(tag_of(image))
    if name == ETCD:
        own = image.split("@")[0].rsplit("/", 1)[-1].startswith("etcd-manager")
        version = None if own else version  # which has a version of its own
        found.etcd = version or found.etcd
        found.etcd_flags = version is not None
        manifests_etcd.read(settings, found, whole=not own)
    elif version is not None and version[0] == 1:
        found.minors[name] = version[1]
    if name == APISERVER:
        manifests_apiserver.read(settings, found, found.minors.get(name), whole=True)
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


def _servers(found: Found) -> None:
    """Say how many API servers there are."""
    key, pods = "control_plane.apiservers", len(found.apiservers)
    count = min(MOST_SERVERS, pods + found.replicas)
    if found.replicas:
        found.add(key, count, f"replicas of {APISERVER}")
    elif pods > 1:
        found.add(key, count, f"manifests of {APISERVER}")
    elif pods:
        found.add(key, 1, f"one manifest of {APISERVER}", estimate=True)
        found.assumed.append(f"one manifest of {APISERVER} is one API server: give those of the others too")


def _versions(found: Found) -> None:
    """Say which profile is nearest, and what the versions switch on by themselves."""
    stated = next((one for one in STATE_VERSION if one in found.minors), None)
    if stated is not None:
        _kubernetes(found, stated, found.minors[stated])
    version = found.etcd
    if version is not None:
        how = f"etcd {version[0]}.{version[1]} by default"
    elif stated is not None:
        version = manifests_versions.etcd_of(found.minors[stated])
        by = f"which kubeadm brings for Kubernetes 1.{found.minors[stated]}"
        how = f"etcd {version[0]}.{version[1]}, {by}, by default"
    if version is not None:
        for value in manifests_versions.by_etcd(version, how, estimate=not found.etcd_flags):
            found.take_if_new(value)


def _kubernetes(found: Found, stated: str, minor: int) -> None:
    """Say what Kubernetes 1.*minor*, which *stated* states, does by itself."""
    nearest = versions.nearest_profile(minor)
    what = stated if stated == KUBERNETES_VERSION else f"image of {stated}"
    how = f"{what}: Kubernetes 1.{minor}, nearest profile {nearest}"
    found.add(PROFILE, nearest, how, estimate=stated not in {APISERVER, KUBERNETES_VERSION})
    differing = len(set(found.minors.values()))
    if differing > 1:
        found.assumed.append(f"components are of {differing} versions of Kubernetes: 1.{minor} is taken")
    for value in manifests_versions.by_kubernetes(minor):
        found.take_if_new(value)
    note = manifests_apiserver.lists_note(minor)
    found.tell([note] if note else [])
    if minor >= manifests_versions.RELEASES_LOCK:
        found.tell([f"Kubernetes 1.{minor}: kube-controller-manager releases its lock when it stops"])
