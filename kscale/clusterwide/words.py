"""What stations and sets of optimizations are called in a sentence, the same in every table and picture."""

from collections.abc import Mapping

from kscale.clusterwide import toggles
from kscale.clusterwide.toggles import Toggles
from kscale.mechanisms.base import BASELINE, OPTIMIZED

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
    "mutating": "changes of one object",
    "read-one": "reads of one object",
    "read-namespace": "lists of a namespace",
    "read-cluster": "lists of the cluster",
    "pod-startup": "pod start-up",
}


def station(name: str) -> str:
    """Return what a station is called beside its numbers: "scheduler", "etcd's apply loop"."""
    return STATIONS[name].removeprefix("the ")


def label(asked: str, chosen: Toggles) -> str:
    """Return what a set is called in a heading: `today` if that was asked for, else its short form."""
    return TODAY if asked.strip() == TODAY else toggles.shown(chosen)


def heading(named: str) -> str:
    """Return what a set, as `label` has it, is called above a column: baseline has none on, optimized all."""
    return {"none": BASELINE, "all": OPTIMIZED}.get(named, named)


def chosen(named: str, before: str = "") -> str:
    """Return a set, as `label` has it, in a sentence: "without the optimizations", "with all of them".

    *before*: the set that the sentence began with.
    """
    if named == TODAY:
        return "as it is today"
    if named == "none":
        return "without the optimizations"
    first, *names = named.split(",")
    if first != "all":
        return f"with {_listed([first, *names])}"
    every = "all of them" if before == "none" else "all optimizations"
    out = [name.removeprefix("-") for name in names if name.startswith("-")]
    more = [name for name in names if not name.startswith("-")]
    said = f"with {every}" + (f" but {_listed(out)}" if out else "")
    return f"{said} and {_listed(more)}" if more else said


def _listed(names: list[str]) -> str:
    """Return few names, or how many there are."""
    return " and ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} optimizations"
