"""What stations and sets of optimizations are called in a sentence, the same in every table and picture."""

from collections.abc import Mapping

from kscale.clusterwide import toggles
from kscale.clusterwide.toggles import Toggles

TODAY = "today"
MOST_NAMED = 2  # toggles of a sentence; more are counted

STATIONS: Mapping[str, str] = {
    "clients": "the clients' QPS limits",
    "apiserver-queue": "the API servers' request limit",
    "apiserver-cpu": "the API servers' CPU",
    "watch-dispatch": "the watch dispatcher",
    "etcd-log": "etcd's log",
    "etcd-apply": "etcd's apply loop",
    "etcd-store": "etcd's quota",
    "scheduler": "the scheduler",
    "kubelets": "the kubelets",
}
OBJECTIVES: Mapping[str, str] = {  # service level indicator -> what it is of
    "mutating": "mutating requests",
    "read-one": "reads of one object",
    "read-namespace": "lists of a namespace",
    "read-cluster": "lists of the cluster",
    "pod-startup": "pod start-up",
}


def label(asked: str, chosen: Toggles) -> str:
    """Return what a set is called in a heading: `today` if that was asked for, else its short form."""
    return TODAY if asked.strip() == TODAY else toggles.shown(chosen)


def chosen(named: str) -> str:
    """Return a set, as `label` has it, in a sentence: "without the optimizations", "with all of them"."""
    if named == TODAY:
        return "as it is today"
    if named == "none":
        return "without the optimizations"
    if named == "all":
        return "with all of them"
    names = named.split(",")
    if names[0] == "all":
        out = [name.removeprefix("-") for name in names[1:] if name.startswith("-")]
        more = [name for name in names[1:] if not name.startswith("-")]
        said = f"with all but {_listed(out)}" if out else "with all of them"
        return f"{said} and {_listed(more)}" if more else said
    return f"with {_listed(names)}"


def _listed(names: list[str]) -> str:
    """Return few names, or how many there are."""
    return " and ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} optimizations"
