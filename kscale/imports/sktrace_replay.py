"""The events of a SimKube trace, one after another: which pods and objects were there from when to when.

A pod of its own and the pods of a Job or CronJob live as the trace has recorded (`pod_lifecycles`). Of
Deployments, StatefulSets and the like, `spec.replicas` says how many pods there are from an event on: the
newest go first, and a changed template replaces all. Counts are kept as runs of equal pods, so that a
trace that claims a billion replicas costs no more than one that claims ten.
"""

import json
from collections import Counter
from dataclasses import dataclass, field

from kscale.imports import fields
from kscale.imports.fields import FieldError, Object
from kscale.imports.kubectl_types import PROTOBUF_PART, type_of
from kscale.imports.pod_request import Asked, asked

MOST_REPLICAS = 10**9
FOREVER = 2**62  # seconds: the end of what is still there
LATEST = 253_402_300_799  # the end of the year 9999, Unix seconds

REPLICATED = frozenset({"deployments", "replicasets", "statefulsets", "replicationcontrollers"})

Key = tuple[str, str, str]  # type, namespace, name
Lives = dict[Key, list[tuple[int, int]]]  # by owner: start and end of each of its pods that was recorded


@dataclass(slots=True)
class Run:
    """Equal pods that came at the same time."""

    start: int
    end: int
    count: int
    asked: Asked
    owner: str  # empty: each is its own
    namespace: str


@dataclass(slots=True)
class Stored:
    """An object, from when to when, and its size."""

    type: str
    bytes: int
    start: int
    end: int = FOREVER


@dataclass(slots=True)
class _Owner:
    """What keeps pods, and those it keeps now."""

    template: str  # as JSON: another one replaces the pods
    runs: list[Run] = field(default_factory=list)


@dataclass(slots=True)
class Replay:
    """What happened; counts leave out what was there when the trace began."""

    lives: Lives
    templates: dict[
        str, tuple[str, ...]
    ]  # of other kinds by "group/version.Kind": keys to the pod's template
    began: int
    runs: list[Run] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    updates: int = 0  # of objects that were there
    dropped: Counter[str] = field(default_factory=Counter)
    asked_dropped: Counter[str] = field(default_factory=Counter)
    now: dict[Key, Stored] = field(default_factory=dict)
    owners: dict[Key, _Owner] = field(default_factory=dict)

    def apply(self, thing: Object, ts: int) -> None:
        """Take an object that was made or changed at *ts*; FieldError if a field is not what it must be."""
        key, built_in = _key_of(thing)
        size = _json_bytes(thing)
        before = self.now.pop(key, None)
        if before is not None:
            before.end = ts
            self.updates += ts > self.began
        self.now[key] = Stored(key[0], -(-size // PROTOBUF_PART) if built_in else size, ts)
        self.stored.append(self.now[key])
        if key[0] in REPLICATED:
            self._scale(key, thing, ts)
        elif before is None:
            self._others(key, thing, ts)

    def delete(self, thing: Object, ts: int) -> None:
        """Take an object that was deleted at *ts*, and with it its pods."""
        key, _ = _key_of(thing)
        before = self.now.pop(key, None)
        if before is None:
            self.dropped["deletions of objects that were never applied"] += 1
            return
        before.end = ts
        owner = self.owners.pop(key, None)
        for run in owner.runs if owner is not None else []:
            run.end = min(run.end, max(ts, run.start))

    def _scale(self, key: Key, thing: Object, ts: int) -> None:
        """Bring the pods of a Deployment or the like to what its spec says."""
        spec = fields.mapping(thing, "spec")
        wanted = fields.integer(spec, "replicas", 0, MOST_REPLICAS, "spec.")
        wanted = 1 if wanted is None else wanted
        inner = fields.mapping(fields.mapping(spec, "template", "spec."), "spec", "spec.template.")
        template = json.dumps(inner, sort_keys=True, allow_nan=False)
        owner = self.owners.setdefault(key, _Owner(template))
        if owner.template != template:
            _end(owner.runs, sum(run.count for run in owner.runs), ts, self.runs)
            owner.template = template
        have = sum(run.count for run in owner.runs)
        if wanted < have:
            _end(owner.runs, have - wanted, ts, self.runs)
        elif wanted > have:
            one = asked(inner, self.asked_dropped, "spec.template.spec.")
            run = Run(ts, FOREVER, wanted - have, one, "/".join(key), key[1])
            owner.runs.append(run)
            self.runs.append(run)

    def _others(self, key: Key, thing: Object, ts: int) -> None:
        """Add the pods of a pod of its own, a Job, a CronJob or a custom kind."""
        found = self._template(key, thing)
        if found is None:
            return
        spec, at = found
        one = asked(spec, self.asked_dropped, at)
        owner = "" if key[0] == "pods" else "/".join(key)
        lives = self.lives.get(key, [])
        if not lives and key[0] == "cronjobs":
            self.dropped["cronjobs whose runs were not recorded"] += 1
        elif not lives:
            lives = [(ts, FOREVER)] * _at_once(key[0], thing)
        runs = [Run(start, end, count, one, owner, key[1]) for (start, end), count in Counter(lives).items()]
        self.runs += runs
        self.owners[key] = _Owner("", runs)

    def _template(self, key: Key, thing: Object) -> tuple[Object, str] | None:
        """Return the spec of the pods of an object, and where it is; None if it makes no pods we know of."""
        spec = fields.mapping(thing, "spec")
        if key[0] == "pods":
            return spec, "spec."
        if key[0] == "daemonsets":
            self.dropped["daemonsets, whose pods are as many as nodes"] += 1
            return None
        if key[0] == "jobs":
            path: tuple[str, ...] = ("spec", "template")
        elif key[0] == "cronjobs":
            path = ("spec", "jobTemplate", "spec", "template")
        else:
            path = self.templates.get(_gvk(thing), ())
        if not path:
            return None
        inner, at = thing, ""
        for part in (*path, "spec"):
            inner, at = fields.mapping(inner, part, at), f"{at}{part}."
        return inner, at


def _end(runs: list[Run], count: int, ts: int, every: list[Run]) -> None:
    """End the newest *count* pods of *runs* at *ts*; what ends as a part of a run becomes one of its own."""
    while count and runs:
        run = runs[-1]
        gone = min(count, run.count)
        count -= gone
        if gone == run.count:
            run.end = max(ts, run.start)
            runs.pop()
        else:
            run.count -= gone
            every.append(Run(run.start, max(ts, run.start), gone, run.asked, run.owner, run.namespace))


def _at_once(of: str, thing: Object) -> int:
    """Return how many pods there are of an object whose pods' lives were not recorded."""
    if of != "jobs":
        return 1
    spec = fields.mapping(thing, "spec")
    parallel = fields.integer(spec, "parallelism", 0, MOST_REPLICAS, "spec.")
    completions = fields.integer(spec, "completions", 0, MOST_REPLICAS, "spec.")
    parallel = 1 if parallel is None else parallel
    return parallel if completions is None else min(parallel, completions)


def _key_of(thing: Object) -> tuple[Key, bool]:
    """Return what tells an object apart, and whether its type is built in."""
    name, built_in = type_of(thing.get("kind"), thing.get("apiVersion"))
    metadata = fields.mapping(thing, "metadata")
    namespace = fields.text(metadata, "namespace", "metadata.") or "default"
    return (name, namespace, fields.text(metadata, "name", "metadata.")), built_in


def _gvk(thing: Object) -> str:
    """Return a kind as a trace writes it: apps/v1.Deployment."""
    return f"{thing.get('apiVersion')}.{thing.get('kind')}"


def _json_bytes(thing: Object) -> int:
    """Return the bytes of an object's JSON without blanks."""
    try:
        text = json.dumps(thing, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return len(text.encode())
    except (ValueError, TypeError, RecursionError) as error:  # a lone surrogate, NaN, a tuple for a key
        raise FieldError("is not an object of Kubernetes: JSON cannot hold it") from error


def lives_of(given: object) -> Lives:
    """Return the recorded lives of pods by owner; FieldError if they are not written as SimKube does."""
    if not isinstance(given, dict):
        raise FieldError(f"pod_lifecycles: must be a map, got {fields.got(given)}")
    lives: Lives = {}
    for owner, by_hash in given.items():
        if not (isinstance(owner, tuple) and len(owner) == 2 and isinstance(by_hash, dict)):  # noqa: PLR2004
            raise FieldError("pod_lifecycles: must map kind and name of an owner to maps of lives")
        version, _, kind = owner[0].rpartition(".")
        name, _ = type_of(kind, version)
        namespace, _, own = owner[1].rpartition("/")
        key = (name, namespace or "default", own)
        for entries in by_hash.values():
            if not isinstance(entries, list):
                raise FieldError(f"pod_lifecycles: must be lists of lives, got {fields.got(entries)}")
            lives.setdefault(key, []).extend(life for life in map(_life, entries) if life is not None)
    return lives


def _life(given: object) -> tuple[int, int] | None:
    """Return start and end of a pod; None if it never ran."""
    if given == "Empty":
        return None
    if isinstance(given, dict) and len(given) == 1:
        if "Running" in given and _is_time(given["Running"]):
            return given["Running"], FOREVER
        times = given.get("Finished")
        if isinstance(times, list) and len(times) == 2 and all(map(_is_time, times)):  # noqa: PLR2004
            return times[0], max(times)
    raise FieldError("pod_lifecycles: a life is Empty, Running: start, or Finished: [start, end]")


def _is_time(given: object) -> bool:
    """Return whether *given* is a time in whole Unix seconds."""
    return isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= LATEST


def templates_of(config: object) -> dict[str, tuple[str, ...]]:
    """Return where custom kinds keep their pods' templates: the first place of each that is plain."""
    tracked = config.get("trackedObjects") if isinstance(config, dict) else None
    found = {}
    for kind, how in tracked.items() if isinstance(tracked, dict) else ():
        paths = how.get("podSpecTemplatePaths") if isinstance(how, dict) else None
        path = paths[0] if isinstance(paths, list) and paths else None
        if isinstance(kind, str) and isinstance(path, str) and path.startswith("/"):
            parts = tuple(path[1:].split("/"))
            if not any(part.isdigit() or part == "*" for part in parts) and len(parts) <= 16:  # noqa: PLR2004
                found[kind] = parts
    return found
