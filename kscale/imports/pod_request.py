"""What a pod asks the scheduler for, from its spec: amounts, tolerations, selector, preferences.

Amounts as the scheduler counts them (k8s.io/component-helpers resource/helpers.go, PodRequests): the sum
of the containers and of the init containers that restart always (sidecars), or what the init containers
need at any moment, if that is more; then what the spec asks for as a whole; then overhead. A limit without
a request is a request, as the API server fills it in.

Rules with `In` are kept. Rules that a request of a scenario cannot say are counted by kind.
"""

from collections import Counter
from typing import NamedTuple

from pydantic import ValidationError

from kscale import units
from kscale.imports import amounts, fields
from kscale.imports.fields import FieldError, Object
from kscale.imports.node_object import EFFECTS
from kscale.scenario.schema_cluster import RequestSpec

MOST_CONTAINERS = 1000
MOST_ENTRIES = 50  # tolerations, labels selected, preferences; as in a scenario
MOST_VALUES = 100  # of one label, as in a scenario
MOST_WEIGHT = 100
MOST_CPU, MOST_BYTES, MOST_EXTENDED = 10**8, 2**50, 10**12  # millicores and so on, as in a scenario

TOO_LARGE = "amounts larger than a scenario takes, made as large as it takes"
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
OWN = (amounts.CPU, amounts.MEMORY, amounts.EPHEMERAL)
POD_LEVEL = ("cpu", "memory", "hugepages-")  # resources that a spec may ask for as a whole (KEP-2837)

_TOLERATION = ("key", "operator", "value", "effect")
_PREFERENCE = ("weight", "key", "values")

Selector = tuple[tuple[str, tuple[str, ...]], ...]


class Asked(NamedTuple):
    """What a pod asks for; equal for pods of one equivalence class."""

    cpu_milli: int | None  # None: no request
    memory_bytes: int | None
    ephemeral_bytes: int
    extended: tuple[tuple[str, int], ...]  # sorted
    tolerations: tuple[tuple[str, str, str, str], ...] = ()  # key, operator, value, effect; sorted
    selector: Selector = ()  # label, allowed values; both sorted
    preferred: tuple[tuple[int, str, tuple[str, ...]], ...] = ()  # weight, label, values; sorted


def asked(spec: Object, dropped: Counter[str], at: str = "spec.") -> Asked:
    """Return what a pod's spec (or that of a template) asks for; *at* is where it stands in the object.

    Adds to *dropped* what is left out, by kind. FieldError if a field has a wrong type or value.
    """
    amount = _amounts(spec, at)
    affinity = fields.mapping(spec, "affinity", at)
    node = fields.mapping(affinity, "nodeAffinity", f"{at}affinity.")
    _count_others(spec, affinity, dropped, at)
    one = Asked(
        cpu_milli=amounts.cpu_milli(amount),
        memory_bytes=amounts.size(amount, amounts.MEMORY),
        ephemeral_bytes=amounts.size(amount, amounts.EPHEMERAL) or 0,
        extended=amounts.extended(amount, without=OWN),
        tolerations=_tolerations(spec, dropped, at),
        selector=_selector(spec, node, dropped, at),
        preferred=_preferred(node, dropped, f"{at}affinity.nodeAffinity."),
    )
    return _within_reach(one, dropped)


def request_spec(one: Asked) -> RequestSpec:
    """Return a request as a scenario keeps it; FieldError if a scenario does not take it."""
    try:
        return RequestSpec.model_validate(
            {
                "cpu": () if one.cpu_milli is None else units.exact_cpu(one.cpu_milli),
                "memory": () if one.memory_bytes is None else one.memory_bytes,
                "ephemeral": one.ephemeral_bytes,
                "extended": dict(one.extended),
                "tolerations": [dict(zip(_TOLERATION, values, strict=True)) for values in one.tolerations],
                "selector": {
                    fields.checked_name(key, "spec: selector"): values for key, values in one.selector
                },
                "preferred": [dict(zip(_PREFERENCE, values, strict=True)) for values in one.preferred],
            }
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        why = first.get("ctx", {}).get("error", first["msg"])
        raise FieldError(f"spec: {first['loc'][0]}: {why}") from error


def _amounts(spec: Object, at: str) -> dict[str, int]:
    """Return all that a pod asks for, in billionths by resource."""
    asked_for: dict[str, int] = {}
    for i, container in enumerate(_containers(spec, "containers", at)):
        _add(asked_for, _requests(container, f"{at}containers[{i}]."))
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for i, container in enumerate(_containers(spec, "initContainers", at)):
        where = f"{at}initContainers[{i}]."
        one = _requests(container, where)
        if fields.text(container, "restartPolicy", where) == "Always":
            _add(asked_for, one)
            _add(sidecars, one)
            one = sidecars
        else:
            _add(one, sidecars)
        for name, amount in one.items():
            peak[name] = max(amount, peak.get(name, 0))
    for name, amount in peak.items():
        asked_for[name] = max(amount, asked_for.get(name, 0))
    resources = fields.mapping(spec, "resources", at)
    if resources:
        whole = amounts.resources(resources, "requests", f"{at}resources.")
        limits = amounts.resources(resources, "limits", f"{at}resources.")
        asked_for = {**{k: v for k, v in limits.items() if k.startswith(POD_LEVEL)}, **asked_for}
        asked_for |= {k: v for k, v in whole.items() if k.startswith(POD_LEVEL)}
    _add(asked_for, amounts.resources(spec, "overhead", at))
    return asked_for


def _within_reach(one: Asked, dropped: Counter[str]) -> Asked:
    """Return a request with no amount larger than a scenario takes; *dropped* counts those that were."""
    cpu, memory = one.cpu_milli, one.memory_bytes
    limits = [(cpu or 0, MOST_CPU), (memory or 0, MOST_BYTES), (one.ephemeral_bytes, MOST_BYTES)]
    large = sum(value > most for value, most in (*limits, *((n, MOST_EXTENDED) for _, n in one.extended)))
    if not large:
        return one
    dropped[TOO_LARGE] += large
    return one._replace(
        cpu_milli=None if cpu is None else min(cpu, MOST_CPU),
        memory_bytes=None if memory is None else min(memory, MOST_BYTES),
        ephemeral_bytes=min(one.ephemeral_bytes, MOST_BYTES),
        extended=tuple((name, min(n, MOST_EXTENDED)) for name, n in one.extended),
    )


def _containers(spec: Object, key: str, at: str) -> list[Object]:
    """Return containers."""
    found = fields.mappings(spec, key, at)
    if len(found) > MOST_CONTAINERS:
        raise FieldError(f"{at}{key}: must have at most {MOST_CONTAINERS:,} entries, got {len(found):,}")
    return found


def _requests(container: Object, at: str) -> dict[str, int]:
    """Return what a container asks for."""
    resources = fields.mapping(container, "resources", at)
    if not resources:
        return {}
    limits = amounts.resources(resources, "limits", f"{at}resources.")
    return limits | amounts.resources(resources, "requests", f"{at}resources.")


def _add(to: dict[str, int], more: dict[str, int]) -> None:
    """Add amounts to amounts."""
    for name, amount in more.items():
        to[name] = to.get(name, 0) + amount


def _tolerations(spec: Object, dropped: Counter[str], at: str) -> tuple[tuple[str, str, str, str], ...]:
    """Return the distinct tolerations, sorted."""
    found = set()
    for i, one in enumerate(fields.mappings(spec, "tolerations", at)):
        where = f"{at}tolerations[{i}]."
        key, operator, value, effect = (fields.text(one, name, where) for name in _TOLERATION)
        if effect and effect not in EFFECTS:
            raise FieldError(f"{where}effect: must be one of {', '.join(EFFECTS)}, got {fields.got(effect)}")
        if operator not in ("", "Equal", "Exists"):
            dropped["tolerations with another operator than Equal and Exists"] += 1
            continue
        if "tolerationSeconds" in one:
            dropped["tolerationSeconds"] += 1
        found.add((key, operator or "Equal", value, effect))
    _check_count(len(found), f"{at}tolerations")
    return tuple(sorted(found))


def _selector(spec: Object, node: Object, dropped: Counter[str], at: str) -> Selector:
    """Return labels and their allowed values: nodeSelector and the required node affinity, and-ed."""
    allowed = {key: {value} for key, value in fields.labels(spec, "nodeSelector", at).items()}
    where = f"{at}affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
    required = fields.mapping(
        node, "requiredDuringSchedulingIgnoredDuringExecution", f"{at}affinity.nodeAffinity."
    )
    terms = fields.mappings(required, "nodeSelectorTerms", where)
    if len(terms) > 1:
        dropped["required node affinities of several terms"] += 1
        terms = []
    for term in terms:
        if fields.mappings(term, "matchFields", f"{where}nodeSelectorTerms[0]."):
            dropped["required node affinities by field (DaemonSets' own nodes)"] += 1
        for key, values in _rules(term, "required", dropped, f"{where}nodeSelectorTerms[0]."):
            both = allowed.get(key, values) & values
            if both:
                allowed[key] = both
            else:
                dropped["required node affinities that contradict another rule"] += 1
    _check_count(len(allowed), f"{at}nodeSelector")
    return tuple(sorted((key, tuple(sorted(values))) for key, values in allowed.items()))


def _preferred(node: Object, dropped: Counter[str], at: str) -> tuple[tuple[int, str, tuple[str, ...]], ...]:
    """Return the preferences of one rule with In, sorted."""
    found = []
    name = "preferredDuringSchedulingIgnoredDuringExecution"
    for i, one in enumerate(fields.mappings(node, name, at)):
        where = f"{at}{name}[{i}]."
        weight = fields.integer(one, "weight", 1, MOST_WEIGHT, where)
        term = fields.mapping(one, "preference", where)
        if fields.mappings(term, "matchFields", f"{where}preference."):
            dropped["preferred node affinities by field"] += 1
            continue
        if len(fields.mappings(term, "matchExpressions", f"{where}preference.")) > 1:
            dropped["preferred node affinities of several rules"] += 1
            continue
        rules = _rules(term, "preferred", dropped, f"{where}preference.")
        found += [(weight or 1, key, tuple(sorted(values))) for key, values in rules]
    _check_count(len(found), f"{at}{name}")
    return tuple(sorted(found))


def _rules(term: Object, kind: str, dropped: Counter[str], at: str) -> list[tuple[str, set[str]]]:
    """Return label and values of a term's rules with In."""
    rules = []
    for i, rule in enumerate(fields.mappings(term, "matchExpressions", at)):
        where = f"{at}matchExpressions[{i}]."
        key, operator = fields.text(rule, "key", where), fields.text(rule, "operator", where)
        values = set(fields.texts(rule, "values", where))
        if operator not in OPERATORS:
            raise FieldError(
                f"{where}operator: must be one of {', '.join(OPERATORS)}, got {fields.got(operator)}"
            )
        if operator != "In":
            dropped[f"{kind} node affinities with {operator}"] += 1
        elif not key or not values:
            raise FieldError(f"{at}matchExpressions[{i}]: In needs a key and values")
        elif len(values) > MOST_VALUES:
            dropped[f"{kind} node affinities with over {MOST_VALUES} values"] += 1
        else:
            rules.append((key, values))
    return rules


def _count_others(spec: Object, affinity: Object, dropped: Counter[str], at: str) -> None:
    """Count what the scheduler looks at and a scenario does not say."""
    for key, kind in (("podAffinity", "pod affinities"), ("podAntiAffinity", "pod anti-affinities")):
        if any(value for value in fields.mapping(affinity, key, f"{at}affinity.").values()):
            dropped[kind] += 1
    spreads = fields.mappings(spec, "topologySpreadConstraints", at)
    if spreads:
        dropped["topology spread constraints"] += len(spreads)
    ports = sum(
        1
        for i, container in enumerate(fields.mappings(spec, "containers", at))
        for port in fields.mappings(container, "ports", f"{at}containers[{i}].")
        if port.get("hostPort")
    )
    if ports:
        dropped["host ports"] += ports
    for volume in fields.mappings(spec, "volumes", at):
        for key in ("persistentVolumeClaim", "ephemeral"):
            if volume.get(key) is not None:
                dropped["volumes of claims"] += 1
    for key, kind in _COUNTED:
        if spec.get(key):
            dropped[kind] += 1


_COUNTED = (
    ("resourceClaims", "dynamic resource claims"),
    ("schedulingGates", "scheduling gates"),
)


def _check_count(count: int, where: str) -> None:
    """Refuse more entries than a scenario takes."""
    if count > MOST_ENTRIES:
        raise FieldError(f"{where}: must have at most {MOST_ENTRIES} entries, got {count:,}")
