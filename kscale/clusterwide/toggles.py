"""The optimizations that can be on or off in a simulated control plane: one toggle a mechanism."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kscale.errors import KscaleError, did_you_mean
from kscale.units import quote

Toggles = frozenset[str]  # ids of those that are on

NONE: Toggles = frozenset()


@dataclass(frozen=True, slots=True)
class Toggle:
    """An optimization that is off or on."""

    id: str  # of its mechanism
    title: str  # in a few words, for a waterfall
    usual: bool = True  # part of `all`


TOGGLES: tuple[Toggle, ...] = (
    Toggle("etcd-freelist", "free pages by run length"),
    Toggle("etcd-offload", "values outside etcd", usual=False),  # tried in 2019 and dropped
    Toggle("etcd-sharding", "an etcd for each type"),
    Toggle("etcd-learner", "learner before voter"),
    Toggle("etcd-concurrent-reads", "reads beside writes"),
    Toggle("node-lease", "leases as heartbeats"),
    Toggle("apiserver-balance", "balanced API servers"),
    Toggle("watch-fanout", "watchers by index"),
    Toggle("watch-encode", "events encoded once"),
    Toggle("watch-bookmark", "bookmarks"),
    Toggle("list-index", "lists from the cache"),
    Toggle("controller-standby", "warm standby"),
    Toggle("sched-equivalence", "scheduling by class"),
    Toggle("sched-sampling", "scheduling on a sample"),
)
IDS = tuple(toggle.id for toggle in TOGGLES)
ALL: Toggles = frozenset(toggle.id for toggle in TOGGLES if toggle.usual)


def find(toggle_id: str) -> Toggle:
    """Return the toggle of that id; KscaleError names the nearest one if there is none."""
    for toggle in TOGGLES:
        if toggle.id == toggle_id:
            return toggle
    raise KscaleError(f"no optimization {quote(toggle_id)}; {did_you_mean(toggle_id, IDS)}")


def ordered(toggles: Iterable[str]) -> tuple[str, ...]:
    """Return *toggles* in print order."""
    wanted = frozenset(toggles)
    return tuple(one for one in IDS if one in wanted)


def parse(text: str, today: Mapping[str, bool]) -> Toggles:
    """Return the toggles that *text* names; KscaleError says what is allowed.

    Names with commas, each after a minus taken out again: `none`, `all`, `today` (those that are on in
    control_plane.optimizations), or ids. `all,-etcd-sharding,etcd-offload`.
    """
    found: Toggles = NONE
    for word in text.split(","):
        name = word.strip()
        out = name.startswith("-")
        name = name.removeprefix("-")
        if name == "all":
            chosen = ALL
        elif name == "none":
            chosen = NONE
        elif name == "today":
            chosen = frozenset(one for one, on in today.items() if on)
        else:
            chosen = frozenset((find(name).id,))
        found = found - chosen if out else found | chosen
    return found


def shown(toggles: Toggles) -> str:
    """Return *toggles* as `parse` reads them, short."""
    if toggles == NONE:
        return "none"
    if toggles == ALL:
        return "all"
    missing = ordered(ALL - toggles)
    if len(missing) < len(toggles & ALL):
        return ",".join(("all", *(f"-{one}" for one in missing), *ordered(toggles - ALL)))
    return ",".join(ordered(toggles))
