"""Audit events, counted: which requests came when, from how many clients, and what was answered.

Users, addresses and agents are hashed at once and only counted. All that is kept is bounded: kinds of
request, clients, and seconds of a month.
"""

import re
from array import array
from dataclasses import dataclass, field
from datetime import datetime

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import fields, places, request_mix
from kscale.imports.audit_events import Event
from kscale.imports.audit_herds import MOST_SPAN, Seconds
from kscale.imports.request_mix import WATCH, Kind, Mix
from kscale.scenario.document import one_line

MOST_KINDS = 20_000  # verbs, types and subresources together
MOST_CLIENTS = 1_000_000
COMPLETE, STARTED, RECEIVED, PANIC = "ResponseComplete", "ResponseStarted", "RequestReceived", "Panic"
TOO_MANY, GONE = 429, 410
TOO_FAR = "is over a month from that of another event: give a log of less"

_VERB = re.compile(r"[a-zA-Z*-]{1,63}", re.ASCII)


@dataclass(slots=True)
class Lists:
    """How LISTs were asked for."""

    all: int = 0
    newest: int = 0  # without resourceVersion: what is newest, through etcd in old versions
    any: int = 0  # resourceVersion=0: whatever the cache has
    limited: int = 0  # in pages
    continued: int = 0  # pages after the first: not counted in `all`
    pods: dict[str, int] = field(default_factory=dict)  # of pods: by node, label, all, namespace


@dataclass(slots=True)
class Watches:
    """How watches were asked for."""

    started: int = 0
    ended: int = 0
    bookmarks: int = 0
    listing: int = 0  # sendInitialEvents: a list as a stream


@dataclass(slots=True)
class Log:
    """Everything counted so far."""

    mix: Mix = field(default_factory=Mix)
    lists: Lists = field(default_factory=Lists)
    watches: Watches = field(default_factory=Watches)
    list_seconds: Seconds = field(default_factory=Seconds)
    watch_seconds: Seconds = field(default_factory=Seconds)  # by what says that they began
    ended_seconds: Seconds = field(default_factory=Seconds)  # the same, where only their end is logged
    stages: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)  # 429, 410, 5xx
    left_out: dict[str, int] = field(default_factory=dict)  # by what they are
    clients: set[int] = field(default_factory=set)
    ids: "array[int]" = field(default_factory=lambda: array("Q"))  # hashes of answered requests
    oldest: float = 0.0  # Unix seconds
    newest: float = 0.0
    counted: int = 0

    def add(self, event: Event, place: str) -> None:
        """Count one event; KscaleError if a field that is read cannot be."""
        stage, verb = _text(event, "stage", place), _text(event, "verb", place)
        if stage != COMPLETE and not (stage == STARTED and verb == WATCH):
            known = stage if stage in {RECEIVED, STARTED, PANIC} else "other"
            self.stages[known] = self.stages.get(known, 0) + 1
            return
        time = _time(event, "stageTimestamp", place)
        self.oldest = min(self.oldest, time) if self.counted else time
        self.newest = max(self.newest, time) if self.counted else time
        if self.newest - self.oldest > MOST_SPAN:
            raise KscaleError(one_line(f"{place}: stageTimestamp: {TOO_FAR}"))
        self.counted += 1
        if len(self.ids) < places.MOST:
            self.ids.append(places.hashed(_text(event, "auditID", place) or f"{time} {place}"))
        if verb == WATCH:
            self._watch(event, stage, time, place)
        else:
            self._request(event, verb, time, place)

    def _watch(self, event: Event, stage: str, time: float, place: str) -> None:
        """Count a watch: once when it is opened, once when it ends."""
        began = _time(event, "requestReceivedTimestamp", place, time)
        if stage == STARTED:
            self.watches.started += 1
            query = _query(event, place)
            self.watches.bookmarks += "allowWatchBookmarks=true" in query
            self.watches.listing += "sendInitialEvents=true" in query
            self._second(self.watch_seconds, began, place)
        else:
            self.watches.ended += 1
            self._code(event, place)
            if began >= self.oldest:  # else it was opened before the log begins
                self._second(self.ended_seconds, began, place)

    def _request(self, event: Event, verb: str, time: float, place: str) -> None:
        """Count a request that was answered."""
        code = self._code(event, place)
        self._client(event, place)
        kind = self._kind(event, verb, place)
        if isinstance(kind, str):
            self._leave_out(kind)
            return
        changed = code < 300 and not _given(_query(event, place), "dryRun")  # noqa: PLR2004 - HTTP's successes
        self.mix.add(kind, 1, changed=changed)
        if kind[0] == "list" and self._list(event, kind, place):
            self._second(self.list_seconds, _time(event, "requestReceivedTimestamp", place, time), place)

    def _kind(self, event: Event, verb: str, place: str) -> Kind | str:
        """Return verb, type and subresource, or what it is if no scenario has a place for it."""
        of = event.get("objectRef")
        if of is None:
            return "paths that are no resource"
        if not isinstance(of, dict):
            raise KscaleError(one_line(f"{place}: objectRef: must map keys to values, got {fields.got(of)}"))
        resource, group, part = (
            _text(of, key, place, "objectRef.") for key in ("resource", "apiGroup", "subresource")
        )
        if not resource:
            return "paths that are no resource"
        if not request_mix.is_name(resource, group):
            raise KscaleError(one_line(f"{place}: objectRef.resource: must be a resource's name like pods"))
        if part and not request_mix.is_name(part):
            raise KscaleError(one_line(f"{place}: objectRef.subresource: must be one like status"))
        if not _VERB.fullmatch(verb):
            raise KscaleError(one_line(f"{place}: verb: must be a verb like list"))
        if group in request_mix.AGGREGATED:
            return "answered by other servers"
        known = request_mix.VERBS.get(verb, "")
        if not known or part in request_mix.CONNECTIONS:
            return "streams, and other verbs"
        kind = (known, request_mix.type_of(resource, group), part)
        if kind not in self.mix.asked and len(self.mix.asked) >= MOST_KINDS:
            return f"of more than {MOST_KINDS:,} kinds"
        return kind

    def _leave_out(self, what: str) -> None:
        """Count a request that is left out."""
        self.left_out[what] = self.left_out.get(what, 0) + 1

    def _list(self, event: Event, kind: Kind, place: str) -> bool:
        """Count how a LIST was asked for; False for a further page of one."""
        query = _query(event, place)
        lists = self.lists
        if _given(query, "continue"):
            lists.continued += 1
            return False
        lists.all += 1
        version = _given(query, "resourceVersion")
        lists.limited += _given(query, "limit") not in {"", "0"}
        lists.newest += version == ""
        lists.any += version == "0"
        if kind[1] == "pods" and not kind[2]:
            by = _by(event, query)
            lists.pods[by] = lists.pods.get(by, 0) + 1
        return True

    def _code(self, event: Event, place: str) -> int:
        """Count an answer that tells of trouble; return its code, 0 if there is none."""
        status = event.get("responseStatus")
        if status is None:
            return 0
        code = status.get("code", 0) if isinstance(status, dict) else None
        if isinstance(code, float) and code.is_integer():
            code = int(code)
        if not isinstance(code, int) or isinstance(code, bool) or not 0 <= code < 1000:  # noqa: PLR2004 - HTTP's
            raise KscaleError(
                one_line(f"{place}: responseStatus.code: must be a status like 200, got {units.quote(code)}")
            )
        if code in {TOO_MANY, GONE} or code >= 500:  # noqa: PLR2004 - HTTP's failures
            what = "5xx" if code >= 500 else str(code)  # noqa: PLR2004 - as above
            self.codes[what] = self.codes.get(what, 0) + 1
        return code

    def _client(self, event: Event, place: str) -> None:
        """Count a client by the hash of who asks, from where, with what; nothing of it is kept."""
        if len(self.clients) > MOST_CLIENTS:
            return
        user, addresses = event.get("user"), event.get("sourceIPs")
        if not isinstance(user, dict | None) or not isinstance(addresses, list | None):
            raise KscaleError(one_line(f"{place}: user and sourceIPs: must be a mapping and a list"))
        address = addresses[0] if addresses else ""
        who = (_text(user or {}, "username", place, "user."), str(address), _text(event, "userAgent", place))
        self.clients.add(hash(who))

    def _second(self, seconds: Seconds, time: float, place: str) -> None:
        """Count a request in its second."""
        if not seconds.add(int(time)):
            raise KscaleError(one_line(f"{place}: requestReceivedTimestamp: {TOO_FAR}"))


def _text(of: Event, key: str, place: str, at: str = "") -> str:
    """Return a field that is text, empty if it is not given."""
    value = of.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise KscaleError(one_line(f"{place}: {at}{key}: must be text, got {fields.got(value)}"))
    return value


def _time(event: Event, key: str, place: str, otherwise: float | None = None) -> float:
    """Return a timestamp in Unix seconds; *otherwise* if it is not given."""
    value = event.get(key)
    if value is None and otherwise is not None:
        return otherwise
    try:
        time = datetime.fromisoformat(value)  # type: ignore[arg-type]  # TypeError if it is no text
        if time.tzinfo is None:
            raise ValueError("without a zone it is no moment")  # noqa: TRY301 - said below
        seconds = time.timestamp()
    except (TypeError, ValueError, OverflowError) as error:
        raise KscaleError(
            one_line(
                f"{place}: {key}: must be a time like 2026-11-21T10:00:00.123456Z, got {units.quote(value)}"
            )
        ) from error
    if seconds < 0:
        raise KscaleError(one_line(f"{place}: {key}: is before 1970"))
    return seconds


def _query(event: Event, place: str) -> list[str]:
    """Return the parameters of a request's address."""
    _, _, query = _text(event, "requestURI", place).partition("?")
    return query.split("&") if query else []


def _by(event: Event, query: list[str]) -> str:
    """Return by what pods were listed: node, label, all or namespace."""
    of = event.get("objectRef") or {}
    if "spec.nodeName" in _given(query, "fieldSelector"):
        return "node"
    if _given(query, "labelSelector"):
        return "label"
    return "namespace" if of.get("namespace") else "all"


def _given(query: list[str], key: str) -> str:
    """Return the value of a parameter, empty if it is not given."""
    start = f"{key}="
    return next((one[len(start) :] for one in query if one.startswith(start)), "")
