"""One object from ijson's events, and the bytes of its JSON without blanks."""

from collections.abc import Iterator
from json.encoder import encode_basestring
from typing import Any

from kscale.errors import KscaleError
from kscale.imports.kubectl_feed import Feed

DEEPEST = 100  # levels of nesting in an object
MOST_KEYS = 100_000  # of which the length is remembered
LONGEST_KEY = 100  # characters of such a key
LARGEST_INTEGER = 2**63 - 1

MANAGED = "managedFields"

STARTS = frozenset({"start_map", "start_array"})
ENDS = frozenset({"end_map", "end_array"})

Events = Iterator[tuple[str, Any]]


def value_of(found: Events, feed: Feed, event: str, value: Any) -> tuple[Any, int, int]:  # noqa: ANN401 - any value of JSON
    """Return the value that an event begins, the bytes of its JSON without blanks, those of managedFields."""
    if event in STARTS:
        return build(found, feed, event)
    return value, json_bytes(value) if event == "string" else _length_of_other(feed, event, value), 0


def build(found: Events, feed: Feed, begun: str) -> tuple[Any, int, int]:  # noqa: C901, PLR0912 - one loop: a large list has a hundred million events, and each call is felt
    """Return as `value_of` a mapping or list; managedFields are counted and become null.

    Every value is counted with a comma after it, which a container takes back for its last one.
    """
    known = feed.key_bytes
    stack: list[Any] = []
    listed = begun == "start_array"
    current: Any = [] if listed else {}
    new: Any
    key, size, managed = "", 2, 0
    for event, value in found:
        if event == "map_key":
            key = value
            try:
                size += known[value]
            except KeyError:
                size += _remembered(known, value)
            continue
        if event in {"end_map", "end_array"}:
            if not stack:
                return current, size - bool(current), managed
            if not current:
                size += 1
            current = stack.pop()
            listed = type(current) is list
            continue
        if event == "string":
            quoted = encode_basestring(value)
            size += (len(quoted) if quoted.isascii() else json_bytes(value)) + 1
            new = value
        elif event not in {"start_map", "start_array"}:
            size += _length_of_other(feed, event, value) + 1
            new = value
        elif key == MANAGED and not listed:
            counted = _count(found, feed, len(stack) + 1)
            size, managed, new = size + counted + 1, managed + counted, None
        else:
            new = {} if event == "start_map" else []
            size += 2
            if len(stack) + 1 >= DEEPEST:
                raise _too_deep(feed)
            stack.append(current)
        if listed:
            current.append(new)
        elif key in current:
            raise twice(feed)
        else:
            current[key] = new
        if type(new) is dict or type(new) is list:
            current = new
            listed = event == "start_array"
    raise AssertionError("ijson ended a document that had not ended")


def _count(found: Events, feed: Feed, depth: int) -> int:
    """Return the bytes of the JSON without blanks of a mapping or list that has begun; keep nothing of it.

    depth: levels that it is nested in.
    """
    known, size, last, outside = feed.key_bytes, 2, "start_map", depth
    for event, value in found:
        if event == "map_key":
            try:
                size += known[value]
            except KeyError:
                size += _remembered(known, value)
        elif event in {"start_map", "start_array"}:
            size += 2
            depth += 1
            if depth >= DEEPEST:
                raise _too_deep(feed)
        elif event in {"end_map", "end_array"}:
            empty = last in {"start_map", "start_array"}
            if depth == outside:
                return size - (not empty)
            size += empty
            depth -= 1
        else:
            size += (json_bytes(value) if event == "string" else _length_of_other(feed, event, value)) + 1
        last = event
    raise AssertionError("ijson ended a document that had not ended")


def _too_deep(feed: Feed) -> KscaleError:
    """Return the error for an object that is nested too deeply."""
    return feed.error(f"is nested more than {DEEPEST} levels deep", feed.items + 1)


def twice(feed: Feed) -> KscaleError:
    """Return the error for a key that is given twice: which one counts, readers disagree on."""
    return feed.error("gives one key twice", feed.items + 1)


def _remembered(known: dict[str, int], key: str) -> int:
    """Return the bytes of a key and its colon, and remember them."""
    length = json_bytes(key) + 1
    if len(known) < MOST_KEYS and len(key) <= LONGEST_KEY:
        known[key] = length
    return length


def _length_of_other(feed: Feed, event: str, value: Any) -> int:  # noqa: ANN401 - whatever the file holds
    """Return the bytes of a number, true, false or null."""
    if event != "number":
        return 5 if value is False else 4
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise feed.error("holds a number that is too large", feed.items + 1)
    return len(repr(value))


def json_bytes(text: str) -> int:
    """Return the bytes of a JSON string, quotes and escapes and all."""
    quoted = encode_basestring(text)
    return len(quoted) if quoted.isascii() else len(quoted.encode("utf-8", "replace"))
