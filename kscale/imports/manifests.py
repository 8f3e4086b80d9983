"""Static-pod manifests and configuration files of a control plane: which optimizations are on today.

Read are pods, and what has a pod's template, that run kube-apiserver, etcd, kube-scheduler or
kube-controller-manager; the configuration files of kubelet, scheduler, kubeadm and etcd; and ConfigMaps
and lists that hold those. Names, addresses and paths are never kept: settings of known names with
numbers, words and truths for values are.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import (
    manifests_apiserver,
    manifests_configs,
    manifests_etcd,
    manifests_pods,
    manifests_versions,
    opened,
    versions,
)
from kscale.imports.facts import Facts, Progress, Source
from kscale.imports.manifests_configs import KUBERNETES_VERSION
from kscale.imports.manifests_flags import APISERVER, COMPONENTS, CONTROLLERS, SCHEDULER
from kscale.imports.manifests_found import CONFIGURED, PROFILE, Found
from kscale.imports.manifests_pods import NOT_STATIC, TEMPLATES
from kscale.imports.manifests_tree import Branch, root
from kscale.scenario import yaml_tree
from kscale.scenario.document import LARGEST_FILE, one_line
from kscale.scenario.yaml_tree import YamlError

KNOWN = f"{', '.join(COMPONENTS)}, and configurations of kubelet, scheduler, kubeadm and etcd"

CONFIGS: Mapping[str, Callable[[Branch, Found], None]] = {
    "KubeletConfiguration": manifests_configs.kubelet,
    "KubeSchedulerConfiguration": manifests_configs.scheduler,
    "ClusterConfiguration": manifests_configs.kubeadm,
    "InitConfiguration": manifests_configs.node,
    "JoinConfiguration": manifests_configs.node,
}
IGNORED = ("KubeProxyConfiguration",)
STATE_VERSION = (APISERVER, KUBERNETES_VERSION, CONTROLLERS, SCHEDULER)  # the first one that does counts
NOTHING = "objects without a part of a control plane"
NO_CONFIG = "texts of ConfigMaps without a configuration"

_HOLDS = re.compile(
    rf"(?:^[ \t]*|\")kind\"?[ \t]*:[ \t]*[\"']?(?:{'|'.join((*CONFIGS, *IGNORED))})\b", re.MULTILINE
)
_LIST = re.compile(rb"^items\s*:", re.MULTILINE)


def read(path: Path, name: str, progress: Progress) -> Facts:
    """Return what a file of manifests or configurations says; KscaleError with its line otherwise."""
    with opened.open_stream(path, name) as stream:
        data = stream.read(LARGEST_FILE + 1)
    advice = "; give a list as JSON: `kubectl get ... -o json`" if _LIST.search(data) else ""
    if len(data) > LARGEST_FILE:
        raise KscaleError(one_line(f"{name}: is larger than {units.show_bytes(LARGEST_FILE)}{advice}"))
    size = opened.size(path)
    progress(0, size)
    branches = _documents(data, name, advice)
    found = Found()
    for branch in branches:
        _document(branch, found)
    if not found.parts and not any(kind in what for what in found.dropped for kind in IGNORED):
        what = "nothing of a control plane" if branches else "no document"
        raise KscaleError(one_line(f"{name}:1: holds {what}; kscale reads {KNOWN}{advice}"))
    finish(found)
    progress(size, size)
    return Facts(
        source=Source("manifest", name, size, None),
        values=found.told_values(),
        also=found.told_also(),
        read=found.told_read(),
        dropped=found.told_dropped(),
        assumed=found.told_assumed(),
    )


def finish(found: Found) -> None:
    """Say what all that was read comes to: versions, and what they do by themselves; how many servers."""
    _versions(found)
    manifests_pods.count(found)


def config_map(branch: Branch, found: Found) -> int:
    """Read the configuration files that a ConfigMap holds as text; return how many texts are none."""
    others = 0
    for _, value in branch.at("data").children():
        text = value.text()
        if not _HOLDS.search(text):
            others += 1
            continue
        for one in _documents(text.encode("utf-8", "surrogatepass"), value.where()):
            _document(one, found, inside=True)
    return others


def _documents(data: bytes, file: str, advice: str = "") -> list[Branch]:
    """Return the documents that are not empty."""
    try:
        trees = yaml_tree.documents(data)
    except YamlError as error:
        raise Branch(None, error.loc, {(): error.line}, file).error(f"{error}{advice}") from error
    return [root(tree, file) for tree in trees if tree.value is not None]


def _document(branch: Branch, found: Found, *, inside: bool = False) -> None:
    """Read a document; *inside* a ConfigMap or a list no other ones are looked for."""
    kind = branch.at("kind").text()
    if kind in TEMPLATES:
        if not manifests_pods.read(branch, kind, found):
            found.dropped[NOTHING] += 1
    elif kind in CONFIGS:
        CONFIGS[kind](branch, found)
    elif kind == "ConfigMap" and not inside:
        found.drop(NO_CONFIG, config_map(branch, found))
    elif (kind == "List" or kind.endswith("List")) and not inside:
        for entry in branch.at("items").entries():
            _entry(entry, found)
    elif kind in IGNORED:
        found.dropped[f"{kind}, of which nothing is modelled"] += 1
    elif not kind and "kubeletconfig" in branch.mapping():  # a kubelet's /configz
        manifests_configs.kubelet(branch.at("kubeletconfig"), found)
    elif not kind and manifests_etcd.KEYS & branch.mapping().keys():
        manifests_configs.etcd(branch, found)
    else:
        found.dropped[NOTHING] += 1


def _entry(branch: Branch, found: Found) -> None:
    """Read an entry of a list, which may be a ConfigMap, or any pod of the cluster."""
    kind, entry = branch.at("kind").text(), branch.mapping()
    if kind == "ConfigMap":
        found.drop(NO_CONFIG, config_map(branch, found))
    elif kind == "Pod" and not manifests_pods.is_static(entry):
        found.dropped[NOT_STATIC if manifests_pods.is_named_like_one(entry) else NOTHING] += 1
    else:
        _document(branch, found, inside=True)


def _versions(found: Found) -> None:
    """Say which profile is nearest, and what the versions switch on by themselves."""
    stated = next((one for one in STATE_VERSION if one in found.minors), None)
    found.begin(CONFIGURED if stated == KUBERNETES_VERSION else "")
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
    differing = len({minor for each in found.versions.values() for minor in each})
    if differing > 1:
        found.assumed.append(f"components are of {differing} versions of Kubernetes: 1.{minor} is taken")
    for value in manifests_versions.by_kubernetes(minor):
        found.take_if_new(value)
    note = manifests_apiserver.lists_note(minor)
    found.tell([note] if note else [])
    if minor >= manifests_versions.RELEASES_LOCK:
        found.tell([f"Kubernetes 1.{minor}: kube-controller-manager releases its lock when it stops"])
