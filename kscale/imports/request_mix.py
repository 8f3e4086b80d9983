"""How often which requests come, in the words of a scenario: from metrics, or from an audit log."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kscale import units
from kscale.imports import vocabulary
from kscale.imports.facts import Value

Kind = tuple[str, str, str]  # verb, type, subresource or ""

VERBS: Mapping[str, str] = {  # verb of metrics (HTTP's, and Kubernetes' in capitals) to that of audit logs
    "GET": "get",
    "LIST": "list",
    "POST": "create",
    "CREATE": "create",
    "PUT": "update",
    "UPDATE": "update",
    "PATCH": "patch",
    "APPLY": "patch",
    "DELETE": "delete",
    "DELETECOLLECTION": "deletecollection",
    "WATCH": "watch",
    "WATCHLIST": "watch",
} | {
    verb: verb for verb in ("get", "list", "create", "update", "patch", "delete", "deletecollection", "watch")
}
WATCH = "watch"
WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
CONNECTIONS = frozenset({"attach", "exec", "log", "portforward", "proxy"})  # subresources that are streams

GROUPS = frozenset(  # of the types that API servers store themselves and every cluster has
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)
AGGREGATED = frozenset({"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"})
# groups that other servers answer for
NOT_STORED = frozenset(
    {
        "localsubjectaccessreviews",
        "selfsubjectaccessreviews",
        "selfsubjectreviews",
        "selfsubjectrulesreviews",
        "subjectaccessreviews",
        "tokenreviews",
    }
)  # types that are created to be answered, and kept nowhere

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)

MOST_KINDS = 150  # kinds of request that go into a scenario, most frequent first
LEAST_PER_S = 1e-6  # a request in 11 days
MOST_WATCHERS = 500_000  # watch-bookmark.watchers
MOST_OTHERS = 1_000_000  # watch-bookmark.others_per_s
MOST_PER_CHANGE = 1000  # events_per_change and others_per_change
PUTS_OF_A_CLUSTER = ("etcd-learner", "etcd-offload", "etcd-sharding")  # mechanisms with those two
BY_OTHER_KEYS = frozenset({"pods", "nodes", "leases", "events"})  # types whose writes have keys of their own


@dataclass(slots=True)
class Mix:
    """Requests by kind: counted, or a second."""

    asked: dict[Kind, float] = field(default_factory=dict)  # watches and connections are left out
    stored: dict[Kind, float] = field(default_factory=dict)  # those of them that changed what is stored

    def add(self, kind: Kind, amount: float, *, changed: bool) -> None:
        """Count *amount* requests; *changed*: they succeeded, and were not only tried."""
        self.asked[kind] = self.asked.get(kind, 0) + amount
        if changed and is_write(kind):
            self.stored[kind] = self.stored.get(kind, 0) + amount

    def per_second(self, seconds: float) -> "Mix":
        """Return rates for what was counted in so many seconds."""
        return Mix(
            {kind: amount / seconds for kind, amount in self.asked.items()},
            {kind: amount / seconds for kind, amount in self.stored.items()},
        )


def is_name(resource: str, group: str = "") -> bool:
    """Return whether these can be the name and the group of a resource."""
    return bool(_NAME.fullmatch(resource)) and (group == "" or bool(_NAME.fullmatch(group)))


def type_of(resource: str, group: str) -> str:
    """Return the type as a scenario names it: pods, or widgets.example.com for what is not built in."""
    return resource if group in GROUPS else f"{resource}.{group}"


def split_type(written: str) -> tuple[str, str]:
    """Return resource and group of "deployments.apps"."""
    resource, _, group = written.partition(".")
    return resource, group


def is_write(kind: Kind) -> bool:
    """Return whether such a request changes what is stored."""
    verb, resource, part = kind
    if verb not in WRITES or resource in NOT_STORED or part in CONNECTIONS:
        return False
    return (resource, part) != ("serviceaccounts", "token")


def values(mix: Mix, how: str, *, estimate: bool) -> tuple[list[Value], list[str]]:
    """Return what rates (*mix*, a second) say for a scenario, and sentences on what no key takes."""
    found = [
        Value(f"load.requests.{'/'.join(part for part in kind if part)}", rate_text(rate), how, estimate)
        for kind, rate in kept(mix.asked)
    ]
    pods = sum(rate for kind, rate in mix.stored.items() if kind[1] == "pods")
    if pods >= LEAST_PER_S:
        found.append(Value("load.pod_changes", rate_text(pods), f"writes of pods, {how}", estimate))
        found += _beside_pods(mix, pods, how, estimate=estimate)
    asked = sum(mix.asked.values())
    writes = sum(rate for kind, rate in mix.asked.items() if is_write(kind))
    if 0 < writes < asked:
        share = digits(writes / asked)
        found.append(
            Value(
                "mechanisms.apiserver-balance.write_share", share, f"writes of all requests, {how}", estimate
            )
        )
    return found, _left_out(mix.asked)


def _beside_pods(mix: Mix, pods: float, how: str, *, estimate: bool) -> list[Value]:
    """Return how often other types are written, alone and for each change of a pod."""
    events = sum(rate for kind, rate in mix.stored.items() if kind[1] == "events")
    rest = sum(rate for kind, rate in mix.stored.items() if kind[1] not in BY_OTHER_KEYS)
    others = sum(rate for kind, rate in mix.stored.items() if kind[1] != "pods")
    found = []
    for mechanism in PUTS_OF_A_CLUSTER:
        for param, rate in (("events_per_change", events), ("others_per_change", rest)):
            if rate <= 0:  # none, or not asked for
                continue
            key = f"mechanisms.{mechanism}.{param}"
            found.append(capped(Value(key, digits(rate / pods), f"writes, {how}", estimate), MOST_PER_CHANGE))
    if others >= LEAST_PER_S:
        key = "mechanisms.watch-bookmark.others_per_s"
        told = f"writes of other types, {how}"
        found.append(capped(Value(key, digits(others), told, estimate), MOST_OTHERS))
    return found


def kept(asked: Mapping[Kind, float]) -> list[tuple[Kind, float]]:
    """Return the kinds that go into a scenario, by verb and type."""
    return sorted(_by_amount(asked)[:MOST_KINDS])


def _left_out(asked: Mapping[Kind, float]) -> list[str]:
    """Return the sentence on requests too rare for the scenario."""
    rare = len(asked) - len(kept(asked))
    rate = sum(asked.values()) - sum(rate for _, rate in kept(asked))
    return [f"{rare:,} rare kinds of request, {units.show_rate(digits(rate))} in all"] if rare else []


def shares(mix: Mix, most: int = 5) -> str:
    """Return "41.2 % get/leases, 12 % list/pods, ..": the most frequent kinds of built-in types."""
    total = sum(mix.asked.values())
    parts = [
        f"{units.show_percent(digits(amount / total))} {'/'.join(part for part in kind if part)}"
        for kind, amount in _by_amount(mix.asked)
        if is_public(kind)
    ]
    return ", ".join(parts[:most])


def is_public(kind: Kind) -> bool:
    """Return whether a kind of request is told by Kubernetes' own words alone."""
    return vocabulary.is_public_type("/".join(part for part in kind[1:] if part))


def _by_amount(asked: Mapping[Kind, float]) -> list[tuple[Kind, float]]:
    """Return the kinds that are seen at all, most frequent first; ties by name."""
    seen = [(kind, amount) for kind, amount in asked.items() if amount >= LEAST_PER_S]
    return sorted(seen, key=lambda item: (-item[1], item[0]))


def watched(watches: Mapping[str, float], how: str) -> list[Value]:
    """Return the open watches of each type, and how many clients follow the pods."""
    found = [
        Value(f"load.watches.{name}", round(count), how)
        for name, count in sorted(watches.items())
        if round(count) > 0
    ]
    pods = round(watches.get("pods", 0))
    if pods:
        key = "mechanisms.watch-bookmark.watchers"
        found.append(capped(Value(key, pods, f"watches of pods, {how}"), MOST_WATCHERS))
    return found


def capped(one: Value, most: float) -> Value:
    """Return a number for a mechanism, *most* and said so where there is more than the mechanism takes."""
    if isinstance(one.value, str) or one.value <= most:
        return one
    return Value(one.key, most, f"{one.how}: more, but no more than {most:,} is taken", estimate=True)


def digits(value: float) -> float:
    """Return four significant digits: what was counted is no more exact than that."""
    return float(f"{value:.4g}")


def rate_text(per_s: float) -> str:
    """Return a rate as a scenario writes it, four significant digits: "12.5/s"."""
    return units.exact_rate(digits(per_s))


def counted(count: int, noun: str) -> str:
    """Return "1 type" or "12 types" for *noun*, a plural."""
    return f"{count:,} {units.singular(noun) if count == 1 else noun}"


def total(amounts: Iterable[float]) -> int:
    """Return a sum of counts as a whole number."""
    return round(sum(amounts))
