"""The events of an audit log, one after the other: JSON lines, or lists of events of any size."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from kscale.errors import KscaleError
from kscale.imports import fields, json_events, opened
from kscale.imports.facts import Progress
from kscale.imports.json_events import KINDS, Events
from kscale.scenario.document import one_line

LONGEST_LINE = 8 * 2**20  # bytes; longer ones hold whole lists, and are left out
LINES_AT_ONCE = 5_000  # between two reports of progress
MOST_VALUES = 2_000  # of one event of a list, bodies aside
BODIES = frozenset({"requestObject", "responseObject", "annotations"})
API = "audit.k8s.io/"
BOM = b"\xef\xbb\xbf"

Event = dict[str, Any]


class Skipped:
    """How many lines were not read, and why."""

    def __init__(self) -> None:
        """Begin with none."""
        self.long = 0
        self.cut = 0
        self.others = 0  # JSON, but no audit events


def events(path: Path, name: str, progress: Progress, skipped: Skipped) -> Iterator[tuple[str, Event]]:
    """Return each event with its place, "file:12"; KscaleError names the place that is no JSON."""
    with opened.open_stream(path, name) as stream:
        size = path.stat().st_size
        if _is_lines(stream.readline(LONGEST_LINE)):
            with opened.open_stream(path, name) as again:
                yield from _of_lines(again, name, progress, size, skipped)
            return
    with opened.open_stream(path, name) as stream:
        yield from _of_documents(stream, name, progress, size, skipped)


def _is_lines(line: bytes) -> bool:
    """Return whether the first line is a whole document."""
    try:
        _parse(line)
    except (ValueError, RecursionError):
        return False
    return True


def _parse(line: bytes) -> object:
    """Return a line's value; ValueError or RecursionError if it is no JSON, or no end of it."""
    return json.loads(line.removeprefix(BOM).decode("utf-8"))


def _of_lines(
    stream: BinaryIO, name: str, progress: Progress, size: int, skipped: Skipped
) -> Iterator[tuple[str, Event]]:
    """Return the events of lines. The last one may be cut off: the log was being written."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if number % LINES_AT_ONCE == 0:
            progress(opened.at(stream), size)
        whole = line.endswith(b"\n")
        if not whole and len(line) == LONGEST_LINE:
            skipped.long += 1
            _skip_line(stream)
            continue
        if line.isspace():
            continue
        try:
            value = _parse(line)
        except (ValueError, RecursionError) as error:
            if not whole:
                skipped.cut += 1
                continue
            raise KscaleError(one_line(f"{name}:{number}: {_what(error)}")) from error
        yield from _of_value(value, f"{name}:{number}", skipped)


def _what(error: Exception) -> str:
    """Return what is wrong with a line."""
    if isinstance(error, RecursionError):
        return "is nested too deep for an audit event"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8"
    return "is no JSON; each line is one audit event"


def _skip_line(stream: BinaryIO) -> None:
    """Pass over the rest of a line."""
    while line := stream.readline(LONGEST_LINE):
        if line.endswith(b"\n"):
            return


def _of_value(value: object, place: str, skipped: Skipped) -> Iterator[tuple[str, Event]]:
    """Return the events of one parsed line: itself, or those of a list."""
    if not isinstance(value, dict):
        raise KscaleError(one_line(f"{place}: must be an audit event, got {fields.got(value)}"))
    items = value.get("items")
    if value.get("kind") == "EventList" and isinstance(items, list):
        for at, item in enumerate(items):
            yield from _of_item(item, f"{place}: items[{at}]", skipped)
    else:
        yield from _of_item(value, place, skipped)


def _of_item(item: object, place: str, skipped: Skipped) -> Iterator[tuple[str, Event]]:
    """Return an event if it is one; those in lists need not say what they are."""
    if not isinstance(item, dict):
        raise KscaleError(one_line(f"{place}: must be an audit event, got {fields.got(item)}"))
    kind, version = item.get("kind", "Event"), item.get("apiVersion", API)
    if kind == "Event" and isinstance(version, str) and version.startswith(API) and "stage" in item:
        yield place, item
    else:
        skipped.others += 1


def _of_documents(
    stream: BinaryIO, name: str, progress: Progress, size: int, skipped: Skipped
) -> Iterator[tuple[str, Event]]:
    """Return the events of documents of more than a line."""
    peek = getattr(stream, "peek", None)
    if peek is not None and peek(len(BOM)).startswith(BOM):
        stream.read(len(BOM))
    found = json_events.events(stream, name, progress, size)
    number = 0
    for event, _ in found:
        if event not in json_events.ENDS:
            raise KscaleError(one_line(f"{name}: must be audit events, got {KINDS[event]}"))
        one: Event = {}
        for item in _items(found, one) if event == "start_map" else _entries(found):
            number += 1
            yield from _of_item(item, f"{name}: item {number}", skipped)
        if event == "start_map" and one.get("kind") != "EventList":
            number += 1
            yield from _of_item(one, f"{name}: item {number}", skipped)


def _items(found: Events, one: Event) -> Iterator[object]:
    """Return the entries of a mapping's `items`; the rest of the mapping goes into *one*."""
    budget = [MOST_VALUES]
    for event, key in found:
        if event == "end_map":
            return
        after, value = next(found)
        if key == "items" and after == "start_array":
            yield from _entries(found)
        elif key in BODIES or budget[0] <= 0:
            json_events.skip(found, after)
        else:
            one[key] = json_events.build(found, after, value, budget, BODIES)


def _entries(found: Events) -> Iterator[object]:
    """Return the entries of a list."""
    for event, value in found:
        if event == "end_array":
            return
        yield json_events.build(found, event, value, [MOST_VALUES], BODIES)
