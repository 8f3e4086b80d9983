"""Configuration files of components: kubelet, scheduler, kubeadm, etcd."""

from collections import Counter

from kscale.imports import manifests_apiserver, manifests_clients, manifests_etcd, manifests_versions
from kscale.imports.manifests_flags import APISERVER, CONTROLLERS, ETCD, SCHEDULER
from kscale.imports.manifests_found import CONFIGURED, Found
from kscale.imports.manifests_images import version_of
from kscale.imports.manifests_settings import Settings
from kscale.imports.manifests_tree import Branch

KUBELET = "kubelet"
KUBERNETES_VERSION = "kubernetesVersion"
CLUSTER = "ClusterConfiguration"
LEARNER = "EtcdLearnerMode"
MOST_MEMBERS = 9


def kubelet(root: Branch, found: Found) -> None:
    """Read a KubeletConfiguration."""
    found.begin()
    settings = _top_level("KubeletConfiguration", root)
    _gates(root.at("featureGates"), settings)
    manifests_clients.kubelet(settings, found)
    found.close(settings)


def scheduler(root: Branch, found: Found) -> None:
    """Read a KubeSchedulerConfiguration."""
    found.begin()
    settings = _top_level("KubeSchedulerConfiguration", root)
    manifests_clients.scheduler_config(root, settings, found)
    found.close(settings)


def etcd(root: Branch, found: Found) -> None:
    """Read etcd's own configuration file, which beats all its flags."""
    found.begin()
    settings = _top_level(ETCD, root)
    manifests_etcd.read(settings, found, whole=True)
    found.close(settings)


def kubeadm(root: Branch, found: Found) -> None:
    """Read a ClusterConfiguration: the flags it adds, the versions, who keeps etcd."""
    found.begin(CONFIGURED)
    minor = version_of(root.at(KUBERNETES_VERSION).scalar())
    if minor is not None and minor[0] == 1:
        found.versions.setdefault(KUBERNETES_VERSION, Counter())[minor[1]] += 1
    server = _extra(APISERVER, root.at("apiServer", "extraArgs"))
    manifests_apiserver.read(server, found, found.minors.get(KUBERNETES_VERSION), whole=False)
    manager = _extra(CONTROLLERS, root.at("controllerManager", "extraArgs"))
    manifests_clients.controllers(manager, found)
    chooser = _extra(SCHEDULER, root.at("scheduler", "extraArgs"))
    manifests_clients.scheduler(chooser, found)
    store = _extra(ETCD, root.at("etcd", "local", "extraArgs"))
    manifests_etcd.read(store, found, whole=False)
    found.parts.setdefault(CLUSTER, []).append(sum(map(len, (server, manager, chooser, store))))
    for settings in (server, manager, chooser, store):
        if len(settings):
            found.close(settings)
    tag = version_of(root.at("etcd", "local", "imageTag").scalar())
    if tag is not None:
        found.etcd, found.etcd_flags = tag, False
    members = {entry.text() for entry in root.at("etcd", "external", "endpoints").entries()}
    if 1 <= len(members) <= MOST_MEMBERS:
        how = f"etcd.external.endpoints of {CLUSTER}"
        found.add("control_plane.etcd.members", len(members), how, estimate=len(members) == 1)
    _learner(root, found, local=not members)


def node(root: Branch, found: Found) -> None:
    """Read what kubeadm's InitConfiguration or JoinConfiguration tells a kubelet."""
    given = _extra(KUBELET, root.at("nodeRegistration", "kubeletExtraArgs"))
    if not len(given):
        found.dropped["configurations of a node by kubeadm, without settings of its kubelet"] += 1
        return
    found.begin()
    settings = Settings(KUBELET, flags=False)  # under the names of the configuration file
    given.rename_into(settings, manifests_clients.KUBELET_FLAGS)
    manifests_clients.kubelet(settings, found)
    found.close(given)


def _learner(root: Branch, found: Found, *, local: bool) -> None:
    """Read whether members join without a vote at first."""
    gate = root.at("featureGates", LEARNER)
    if gate.value is not None:
        if not isinstance(gate.value, bool):
            raise gate.error("must be true or false")
        found.optimization("etcd-learner", gate.value, f"feature gate {LEARNER} of kubeadm")
    elif local and KUBERNETES_VERSION in found.minors:
        minor = found.minors[KUBERNETES_VERSION]
        on = minor >= manifests_versions.KUBEADM_LEARNER
        found.optimization("etcd-learner", on, f"kubeadm 1.{minor} by default", estimate=True)


def _top_level(of: str, root: Branch) -> Settings:
    """Return the plain values of a configuration file by name."""
    settings = Settings(of, flags=False)
    for key, child in root.children():
        if key not in {"kind", "apiVersion"} and child.is_scalar():
            settings.add(key, child.scalar(), child)
    return settings


def _extra(of: str, branch: Branch) -> Settings:
    """Return extraArgs: a mapping, or from kubeadm's v1beta4 on a list of name and value."""
    settings = Settings(of, flags=True)
    if isinstance(branch.value, list):
        for entry in branch.entries():
            settings.add(entry.at("name").text(), entry.at("value").scalar(), entry.at("value"))
    else:
        for name, child in branch.children():
            settings.add(name, child.scalar(), child)
    return settings


def _gates(branch: Branch, settings: Settings) -> None:
    """Add a mapping of feature gates as flags have them."""
    for gate, child in branch.children():
        settings.add("feature-gates", f"{gate}={child.scalar()}", child)
