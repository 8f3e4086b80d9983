"""Settings of kubelet, kube-scheduler and kube-controller-manager, from flags and configuration files.

Names and defaults: k8s.io/kubelet config/v1beta1, k8s.io/kube-scheduler config/v1,
k8s.io/kube-controller-manager options, 1.14 to 1.37; KEP-589 for leases.
"""

from kscale import units
from kscale.imports.manifests_apiserver import read_gates
from kscale.imports.manifests_found import Found
from kscale.imports.manifests_settings import (
    Settings,
    Told,
    shown_duration,
    shown_number,
    shown_switch,
    shown_whole,
    told,
)
from kscale.imports.manifests_tree import Branch

PERIOD, STATUS_PERIOD = "load.heartbeat.period", "mechanisms.node-lease.status_period_ns"
PERCENTAGE = "mechanisms.sched-sampling.percentage"
REQUESTS, BURST = "mechanisms.controller-standby.requests_per_s", "mechanisms.controller-standby.burst"

DEFAULT_PERIOD = 10 * units.NS_PER_S  # of a kubelet's status
DEFAULT_LEASE = 40  # s
RENEWED = 4  # times in a lease's duration
SCHEDULED = ("sched-sampling", "sched-equivalence")  # mechanisms with the plugins' weights
DEFAULT_PROFILE = "default-scheduler"
WHOLE, MOST_WEIGHT = 100, 300
MOST_REQUESTS = 1_000_000

UPDATE, REPORT, LEASE = "nodeStatusUpdateFrequency", "nodeStatusReportFrequency", "nodeLeaseDurationSeconds"
KUBELET_FLAGS = {  # flag: key of the configuration file
    "node-status-update-frequency": UPDATE,
    "node-status-report-frequency": REPORT,
    "node-lease-duration-seconds": LEASE,
    "kube-api-qps": "kubeAPIQPS",
    "kube-api-burst": "kubeAPIBurst",
    "max-pods": "maxPods",
    "feature-gates": "feature-gates",
}
WEIGHTS = {  # plugin: parameter of the mechanisms
    "NodeResourcesFit": "fit_weight",
    "NodeResourcesBalancedAllocation": "balanced_weight",
    "TaintToleration": "taint_weight",
    "NodeAffinity": "affinity_weight",
}

KUBELET_TOLD: Told = {
    "kubeAPIQPS": shown_number,
    "kubeAPIBurst": shown_whole,
    "eventRecordQPS": shown_number,
    "eventBurst": shown_whole,
    "maxPods": shown_whole,
}
ELECTION_TOLD: Told = {
    "leader-elect": shown_switch,
    "leader-elect-lease-duration": shown_duration,
    "leader-elect-renew-deadline": shown_duration,
    "leader-elect-retry-period": shown_duration,
}
SCHEDULER_TOLD: Told = {
    **ELECTION_TOLD,
    "kube-api-qps": shown_number,
    "kube-api-burst": shown_whole,
    "parallelism": shown_whole,
    "podInitialBackoffSeconds": shown_whole,
    "podMaxBackoffSeconds": shown_whole,
    "delayCacheUntilActive": shown_switch,
}
CONTROLLERS_TOLD: Told = {
    **ELECTION_TOLD,
    "node-monitor-grace-period": shown_duration,
    "node-monitor-period": shown_duration,
    "node-startup-grace-period": shown_duration,
    "pod-eviction-timeout": shown_duration,
    "node-eviction-rate": shown_number,
    "large-cluster-size-threshold": shown_whole,
    "unhealthy-zone-threshold": shown_number,
    "terminated-pod-gc-threshold": shown_whole,
    **{
        f"concurrent-{kind}-syncs": shown_whole
        for kind in (
            "cron-job", "daemonset", "deployment", "endpoint", "ephemeralvolume", "gc",
            "horizontal-pod-autoscaler", "job", "namespace", "rc", "replicaset", "resource-quota",
            "service", "service-endpoint", "serviceaccount-token", "statefulset", "ttl-after-finished",
        )
    },
}  # fmt: skip


def kubelet(settings: Settings, found: Found) -> None:
    """Read what a kubelet reports, and how often.

    A period of 0, as files that kubeadm writes have it, is the default. Where the first one is set and
    the second is not, an unchanged status is written as often as it is worked out.
    """
    update, report = settings.duration(UPDATE), settings.duration(REPORT)
    if update:
        found.add(PERIOD, units.exact_duration(update), settings.call(UPDATE))
    else:
        how = f"no {settings.call(UPDATE)}: its default"
        found.add(PERIOD, units.exact_duration(DEFAULT_PERIOD), how, estimate=True)
    if report or update:
        how = settings.call(REPORT) if report else f"{settings.call(UPDATE)}, without a {REPORT}"
        found.add(STATUS_PERIOD, units.exact_duration(report or update or 0), how)
    lease = settings.whole(LEASE)
    if lease is not None and lease > 0:
        found.optimization("node-lease", True, settings.call(LEASE))
        if lease != DEFAULT_LEASE:
            found.tell([f"{settings.call(LEASE)}: {lease} s, renewed each {lease / RENEWED:g} s"])
    read_gates(settings, found)
    found.tell(told(settings, KUBELET_TOLD))


def scheduler(settings: Settings, found: Found) -> None:
    """Read the flags of a scheduler; its configuration is in another file."""
    if settings.has("config"):
        found.assumed.append(
            "the scheduler has a configuration file of its own (--config): percentageOfNodesToScore is in it"
        )
    read_gates(settings, found)
    found.tell(told(settings, SCHEDULER_TOLD))


def scheduler_config(root: Branch, settings: Settings, found: Found) -> None:
    """Read a KubeSchedulerConfiguration: the default profile's sample, else that of all profiles."""
    profiles = root.at("profiles").entries()
    named = [one for one in profiles if one.at("schedulerName").text() in {"", DEFAULT_PROFILE}]
    chosen = next(iter(named or profiles), None)
    sampled = {_percentage(one) or 0 for one in profiles}
    if len(sampled) > 1:
        found.assumed.append(
            f"the scheduler's {len(profiles):,} profiles sample differently: the default one is taken"
        )
    percentage = _percentage(root)
    if chosen is not None:
        own = _percentage(chosen)
        percentage = percentage if own is None else own
        _weights(chosen, found)
    how = settings.call("percentageOfNodesToScore")
    if percentage:
        found.optimization("sched-sampling", percentage < WHOLE, how)
    else:
        found.optimization("sched-sampling", True, f"{how} is 0 or not given: adaptive")
    if percentage and percentage < WHOLE:  # with 100 there would be nothing to compare
        found.add(PERCENTAGE, percentage, how)
    _copy(root.at("clientConnection"), settings, {"qps": "kube-api-qps", "burst": "kube-api-burst"})
    _copy(
        root.at("leaderElection"),
        settings,
        {
            "leaderElect": "leader-elect",
            "leaseDuration": "leader-elect-lease-duration",
            "renewDeadline": "leader-elect-renew-deadline",
            "retryPeriod": "leader-elect-retry-period",
        },
    )
    settings.text("percentageOfNodesToScore")  # it is read above
    found.tell(told(settings, SCHEDULER_TOLD))


def controllers(settings: Settings, found: Found) -> None:
    """Read the flags of a controller manager."""
    requests, burst = settings.number("kube-api-qps"), settings.whole("kube-api-burst")
    if requests is not None and requests.denominator == 1 and requests <= MOST_REQUESTS:
        found.add(REQUESTS, int(requests), settings.call("kube-api-qps"))
    elif requests is not None:
        found.tell([f"{settings.call('kube-api-qps')}: {units.show_number(requests)}"])
    if burst is not None and 1 <= burst <= MOST_REQUESTS:
        found.add(BURST, burst, settings.call("kube-api-burst"))
    read_gates(settings, found)
    found.tell(told(settings, CONTROLLERS_TOLD))


def _percentage(of: Branch) -> int | None:
    """Return percentageOfNodesToScore, None if it is not given."""
    branch = of.at("percentageOfNodesToScore")
    if branch.value is None:
        return None
    value = branch.value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= WHOLE:
        raise branch.error(f"must be a whole number, 0 to 100, got {units.quote(value)}")
    return value


def _weights(profile: Branch, found: Found) -> None:
    """Read the weights of the plugins that kscale scores with; `score` beats `multiPoint`."""
    weights: dict[str, int] = {}
    for point in ("multiPoint", "score"):
        plugins = profile.at("plugins", point)
        for entry in plugins.at("disabled").entries():
            name = entry.at("name").text()
            weights |= dict.fromkeys(WEIGHTS if name == "*" else WEIGHTS.keys() & {name}, 0)
        for entry in plugins.at("enabled").entries():
            weight = _weight(entry.at("weight"))
            if weight and entry.at("name").text() in WEIGHTS:
                weights[entry.at("name").text()] = weight
    for plugin, weight in sorted(weights.items()):
        for mechanism in SCHEDULED:
            found.add(f"mechanisms.{mechanism}.{WEIGHTS[plugin]}", weight, f"weight of plugin {plugin}")


def _weight(branch: Branch) -> int:
    """Return a plugin's weight, 0 if it is not given."""
    value = 0 if branch.value is None else branch.value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_WEIGHT:
        raise branch.error(f"must be a whole number, 0 to {MOST_WEIGHT}, got {units.quote(value)}")
    return value


def _copy(branch: Branch, settings: Settings, names: dict[str, str]) -> None:
    """Add keys of a part of a configuration file under the names of their flags."""
    for key, name in names.items():
        child = branch.at(key)
        if child.is_scalar():
            settings.add(name, child.scalar(), child)
