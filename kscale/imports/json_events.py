"""JSON of any size as a stream of events: bounded depth, bounded values, one line for what is wrong.

ijson parses; no object is ever built here unless a reader asks for one, and then with a budget.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import opened
from kscale.imports.facts import Progress
from kscale.scenario.document import one_line

Event = tuple[str, Any]
Events = Iterator[Event]

DEEPEST = 64  # levels of nesting
LONGEST = 32 * 2**20  # bytes of one value; strings are held whole
BOM = b"\xef\xbb\xbf"
ENDS = {"start_map": "end_map", "start_array": "end_array"}
CUT = ("premature EOF", "Incomplete JSON")  # what ijson's two backends say where text ends early
KINDS = {
    "start_map": "a mapping",
    "start_array": "a list",
    "null": "null",
    "boolean": "a truth value",
    "number": "a number",
    "string": "text",
}


class _Watched:
    """A stream that tells how far it is, and stops where one value never ends."""

    def __init__(self, stream: BinaryIO, name: str, progress: Progress, size: int) -> None:
        """Read *stream*; *size* is that of the file, for *progress*."""
        self._stream, self._name, self._progress, self._size = stream, name, progress, size
        self.since = 0  # bytes since the last value

    def read(self, most: int) -> bytes:
        """Return the next bytes, at most *most*; none at the end."""
        self._progress(opened.at(self._stream), self._size)
        data = self._stream.read(most)
        self.since += len(data)
        if self.since > LONGEST:
            raise KscaleError(one_line(f"{self._name}: has a value longer than {units.show_bytes(LONGEST)}"))
        return data


def events(stream: BinaryIO, name: str, progress: Progress, size: int) -> Events:
    """Return the events of one document after another; KscaleError where it is no JSON or too deep."""
    watched, depth = _Watched(stream, name, progress, size), 0
    try:
        for event, value in ijson.basic_parse(watched, multiple_values=True, use_float=True):
            watched.since = 0
            if event in ENDS:
                depth += 1
                if depth > DEEPEST:
                    raise KscaleError(one_line(f"{name}: is nested more than {DEEPEST} levels deep"))
            elif event in {"end_map", "end_array"}:
                depth -= 1
            yield event, value
    except (ijson.JSONError, ValueError, OverflowError) as error:
        cut = any(words in str(error) for words in CUT)
        why = "ends in the middle" if cut else "has a place that is no JSON"
        raise KscaleError(one_line(f"{name}: {why}")) from error


def skip(found: Events, event: str) -> None:
    """Pass over the rest of the value that *event* began."""
    depth = 1 if event in ENDS else 0
    while depth:
        after = next(found)[0]
        depth += (after in ENDS) - (after in {"end_map", "end_array"})


def build(found: Events, event: str, value: object, budget: list[int], without: frozenset[str]) -> object:
    """Return the value that *event* begins; keys *without* are passed over, and so is what is over *budget*.

    budget: one number, the values that may still be kept; used up by this.
    """
    budget[0] -= 1
    if event == "start_map":
        mapping: dict[str, object] = {}
        for name, key in found:
            if name == "end_map":
                break
            one, inner = next(found)
            if key in without or budget[0] <= 0:
                skip(found, one)
            else:
                mapping[key] = build(found, one, inner, budget, without)
        return mapping
    if event == "start_array":
        items: list[object] = []
        for one, inner in found:
            if one == "end_array":
                break
            if budget[0] <= 0:
                skip(found, one)
            else:
                items.append(build(found, one, inner, budget, without))
        return items
    return value
