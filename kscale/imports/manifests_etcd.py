"""Flags of etcd, also from its environment and its configuration file, where they have the same names.

Names and defaults: etcd-io/etcd server/embed/config.go and server/storage/quota.go, 3.3 to 3.7.
"""

from kscale import units
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

QUOTA, MEMBERS = "control_plane.etcd.quota", "control_plane.etcd.members"
FSYNC = "control_plane.etcd.fsync"
DEFAULT_QUOTA = 2 * 2**30
SMALLEST_QUOTA, LARGEST_QUOTA = 2**20, 2**50  # as in a scenario
MOST_MEMBERS = 9

FREELIST = ("backend-bbolt-freelist-type", "experimental-backend-bbolt-freelist-type")


def _mode(settings: Settings, name: str) -> str | None:
    """Return how the past is forgotten."""
    text = settings.text(name)
    if text and text not in {"periodic", "revision"}:
        raise settings.error(name, f"must be periodic or revision, got {units.quote(text)}")
    return text or None


def _retention(settings: Settings, name: str) -> str | None:
    """Return how much is kept: hours or revisions as a number, or a duration."""
    return shown_whole(settings, name) if settings.text(name).isdigit() else shown_duration(settings, name)


TOLD: Told = {
    "snapshot-count": shown_whole,
    "auto-compaction-mode": _mode,
    "auto-compaction-retention": _retention,
    "heartbeat-interval": shown_whole,
    "election-timeout": shown_whole,
    "backend-batch-interval": shown_duration,
    "backend-batch-limit": shown_whole,
    "max-request-bytes": shown_whole,
    "max-txn-ops": shown_whole,
    "max-snapshots": shown_whole,
    "max-wals": shown_whole,
    "max-concurrent-streams": shown_whole,
    "max-learners": shown_whole,
    "experimental-max-learners": shown_whole,
    "compaction-batch-limit": shown_whole,
    "experimental-compaction-batch-limit": shown_whole,
    "compaction-sleep-interval": shown_duration,
    "experimental-compaction-sleep-interval": shown_duration,
    "watch-progress-notify-interval": shown_duration,
    "experimental-watch-progress-notify-interval": shown_duration,
    "experimental-bootstrap-defrag-threshold-megabytes": shown_whole,
    "bootstrap-defrag-threshold-megabytes": shown_whole,
    "experimental-distributed-tracing-sampling-rate": shown_number,
    "pre-vote": shown_switch,
    "unsafe-no-fsync": shown_switch,
}

KEYS = frozenset(
    {"data-dir", "listen-client-urls", "quota-backend-bytes", "initial-cluster", *FREELIST, *TOLD}
)


def read(settings: Settings, found: Found, *, whole: bool) -> None:
    """Read the flags of a member; *whole*: all of them are there, so that others have their default."""
    _quota(settings, found, whole=whole)
    _free_list(settings, found)
    _members(settings, found)
    if settings.switch("unsafe-no-fsync"):
        found.add(FSYNC, "0s", settings.call("unsafe-no-fsync"))
    found.tell(told(settings, TOLD))


def _quota(settings: Settings, found: Found, *, whole: bool) -> None:
    """Read the largest database."""
    name = "quota-backend-bytes"
    quota = settings.whole(name)
    if quota is None and not whole:
        return
    if not quota:
        how = f"{settings.call(name)} is 0" if quota == 0 else f"no {settings.call(name)}"
        found.add(QUOTA, DEFAULT_QUOTA, f"{how}: etcd's default")
    elif quota < 0:
        found.tell([f"{settings.call(name)}: negative, so etcd has no quota"])
    elif SMALLEST_QUOTA <= quota <= LARGEST_QUOTA:
        found.add(QUOTA, quota, settings.call(name))
    else:
        found.tell([f"{settings.call(name)}: {quota}, which no scenario takes"])


def _free_list(settings: Settings, found: Found) -> None:
    """Read how free pages are kept; the newer name of the flag wins."""
    for name in reversed(FREELIST):
        kind = settings.text(name)
        if kind and kind not in {"array", "map"}:
            raise settings.error(name, f"must be array or map, got {units.quote(kind)}")
        if kind:
            found.optimization("etcd-freelist", kind == "map", settings.call(name))


def _members(settings: Settings, found: Found) -> None:
    """Count the members a cluster begins with."""
    name = "initial-cluster"
    members = len(set(settings.each(name)))
    joined = settings.text("initial-cluster-state") == "existing"
    if not 1 <= members <= MOST_MEMBERS:
        return
    if members == 1 or joined:  # kubeadm adds members one by one: the flag lists those there were then
        found.add(MEMBERS, members, f"{settings.call(name)}, when this member joined", estimate=True)
    else:
        found.add(MEMBERS, members, settings.call(name))
