"""Objects of a file of JSON one after another, in memory that does not grow with their number.

A document is a list (`v1.List`, `PodList`: a mapping with a list `items`), a plain list, or one object;
documents follow each other with or without a line between them. ijson gives the events of all of them
and objects are built here, not by ijson's own `items`: that one keeps a path for each level, which makes
20,000 nested brackets a gigabyte; it takes one shape of document only, and longer (measured: 220 to 280
microseconds for a pod of 6 KB with its C backend, 170 here, sizes included).

Of a key given twice the last value counts, as for kubectl.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from json.encoder import encode_basestring
from typing import Any, BinaryIO, NamedTuple

import ijson

from kscale import units
from kscale.errors import KscaleError
from kscale.imports.fields import Object
from kscale.scenario.document import one_line

DEEPEST = 100  # levels of nesting in an object
LARGEST = 16 * 2**20  # bytes of an object; the API server takes 3 MiB
AT_ONCE = 64 * 2**10  # bytes parsed at once
MOST_KEYS = 100_000  # of which the length is remembered
LONGEST_KEY = 100  # characters of such a key
LARGEST_INTEGER = 2**63 - 1

MANAGED = "managedFields"
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")

Event = tuple[str, Any]
Events = Iterator[Event]
OnRead = Callable[[], None]


class Head(NamedTuple):
    """What a list says of its items that do not say it themselves."""

    api_version: object
    kind: object


class Item(NamedTuple):
    """One object."""

    value: Object
    size: int  # bytes of its JSON without blanks
    managed: int  # bytes of its managedFields in it
    head: Head | None  # of the list it is in; None: of no list


class Feed:
    """The bytes of a stream for ijson; KscaleError where one object never ends."""

    def __init__(self, stream: BinaryIO, name: str, on_read: OnRead) -> None:
        """Read *stream* to its end; *on_read* is called before each piece."""
        self._stream, self._name, self._on_read = stream, name, on_read
        self.bytes = 0  # read so far
        self.begin = 0  # so many had been read when the last object was complete
        self.items = 0  # complete objects
        self.ended = False
        self.key_bytes: dict[str, int] = {}  # of keys seen, as they are written, with their colon

    def read(self, most: int) -> bytes:
        """Return the next bytes, at most *most*; none at the end."""
        self._on_read()
        data = self._stream.read(most)
        if not self.bytes:
            if data.startswith(UTF_16):
                raise KscaleError(one_line(f"{self._name}: is UTF-16; save it as UTF-8"))
            if data.startswith(BOM):
                data = data.removeprefix(BOM) or b" "
        self.bytes += len(data)
        self.ended = not data
        if self.bytes - self.begin > LARGEST + 2 * AT_ONCE:
            raise self.error(f"is larger than {units.show_bytes(LARGEST)}", self.items + 1)
        return data

    def error(self, what: str, item: int) -> KscaleError:
        """Return the error that says *what* of an item, by its number and the bytes read by then."""
        return KscaleError(one_line(f"{self._name}: item {item:,}, before byte {self.bytes:,}: {what}"))


def items(feed: Feed, ahead: Callable[[], dict[int, Head]]) -> Iterator[Item]:
    """Yield every object; KscaleError, one line, where the file holds anything else.

    ahead: gives, by number of document, the heads of lists that say their kind after their items; called
    only if items do not say it.
    """
    with _one_line(feed):
        found = _events(feed)
        for number, (event, _) in enumerate(found):
            if event == "start_map":
                yield from _document(found, feed, partial(_late, ahead, number))
            elif event == "start_array":
                yield from _elements(found, feed, _no_head)
            else:
                raise feed.error("must be an object of Kubernetes", feed.items + 1)
            feed.begin = feed.bytes


def heads(feed: Feed) -> dict[int, Head]:
    """Return the head of each list by the number of its document."""
    late = {}
    with _one_line(feed):
        found = _events(feed)
        for number, (event, _) in enumerate(found):
            head = _head(found, feed) if event == "start_map" else None
            if head is not None:
                late[number] = head
    return late


def _head(found: Events, feed: Feed) -> Head | None:
    """Return what a document that is a list says of itself; None if it is no list."""
    given: dict[str, Any] = {}
    depth, key, listed = 1, "", False
    while depth:
        feed.begin = feed.bytes
        event, value = next(found)
        if event in _STARTS:
            listed |= depth == 1 and key == "items"
            depth += 1
        elif event in _ENDS:
            depth -= 1
        elif depth == 1:
            key = value if event == "map_key" else key
            given |= {key: value} if key in {"kind", "apiVersion"} else {}
    return Head(given.get("apiVersion"), given.get("kind")) if listed else None


_STARTS = frozenset({"start_map", "start_array"})
_ENDS = frozenset({"end_map", "end_array"})


def _events(feed: Feed) -> Events:
    """Return ijson's events of all documents."""
    return iter(ijson.basic_parse(feed, multiple_values=True, use_float=True, buf_size=AT_ONCE))


@contextmanager
def _one_line(feed: Feed) -> Iterator[None]:
    """Turn the errors of ijson's backends into one line."""
    try:
        yield
    except (ijson.JSONError, ValueError, OverflowError) as error:
        if feed.ended:
            what = "the file ends in the middle of it" if feed.bytes else "the file is empty"
        else:
            what = _why(str(error))
        raise feed.error(what, feed.items + 1) from error


def _why(text: str) -> str:
    """Return in a few words what a parser of JSON complains of; its own text quotes the file."""
    if "overflow" in text:
        return "holds a number that is too large"
    return "is not valid UTF-8" if "UTF8" in text or "utf-8" in text else "is not valid JSON"


def _document(found: Events, feed: Feed, late: Callable[[], Head | None]) -> Iterator[Item]:
    """Yield the objects of a document that is a mapping: its items, or itself."""
    given: dict[str, Any] = {}
    size, managed, listed = 2, 0, False
    for event, key in found:
        if event == "end_map":
            break
        begin, value = next(found)
        if key == "items" and begin == "start_array":
            if listed:
                raise feed.error("is in a list that has items twice", feed.items + 1)
            listed = True
            head = Head(given.get("apiVersion"), given.get("kind"))
            yield from _elements(found, feed, late if head.kind is None else partial(_same, head))
            continue
        built, length, of_managed = _value(found, feed, begin, value)
        given[key] = built
        size += length + _length(key) + 2  # colon and comma
        managed += of_managed
    if not listed and not _is_empty_list(given):
        feed.items += 1
        yield Item(given, size - bool(given), managed, None)


def _no_head() -> None:
    """Return that there is no list that says anything."""


def _same(head: Head) -> Head:
    """Return what the list said before its items."""
    return head


def _late(ahead: Callable[[], dict[int, Head]], number: int) -> Head | None:
    """Return what a list says after its items."""
    return ahead().get(number)


def _is_empty_list(given: Object) -> bool:
    """Return whether a mapping is a list as Go writes one without items."""
    kind = given.get("kind")
    return isinstance(kind, str) and kind.endswith("List") and given.get("items", 0) is None


def _elements(found: Events, feed: Feed, head: Callable[[], Head | None]) -> Iterator[Item]:
    """Yield the objects of a list."""
    for event, value in found:
        if event == "end_array":
            return
        if event != "start_map":
            raise feed.error(f"must be an object of Kubernetes, got {_shown(event, value)}", feed.items + 1)
        built, size, managed = _build(found, feed, event)
        feed.items += 1
        feed.begin = feed.bytes
        yield Item(built, size, managed, None if "kind" in built else head())


def _shown(event: str, value: object) -> str:
    """Return a value that is no mapping for an error."""
    return "a list" if event == "start_array" else units.quote(value)


def _length(text: str) -> int:
    """Return the bytes of a JSON string, quotes and escapes and all."""
    quoted = encode_basestring(text)
    return len(quoted) if quoted.isascii() else len(quoted.encode("utf-8", "replace"))


def _value(found: Events, feed: Feed, event: str, value: Any) -> tuple[Any, int, int]:  # noqa: ANN401 - any value of JSON
    """Return the value that an event begins, the bytes of its JSON without blanks, those of managedFields."""
    if event in _STARTS:
        return _build(found, feed, event)
    return value, _length(value) if event == "string" else _length_of_other(feed, event, value), 0


def _build(found: Events, feed: Feed, begun: str) -> tuple[Any, int, int]:  # noqa: C901 - one loop, see below
    """Return as `_value` a mapping or list; managedFields are counted and become null.

    Every value is counted with a comma after it, which a container takes back for its last one. One loop
    with few calls of our own: a large list has a hundred million events.
    """
    known = feed.key_bytes
    stack: list[Any] = []
    current: Any = {} if begun == "start_map" else []
    key, size, managed = "", 2, 0
    for event, value in found:
        new = value
        if event == "map_key":
            key = value
            size += known.get(value) or _remembered(known, value)
            continue
        if event == "string":
            quoted = encode_basestring(value)
            size += (len(quoted) if quoted.isascii() else _length(value)) + 1
        elif event in _ENDS:
            if not stack:
                return current, size - bool(current), managed
            size += not current
            current = stack.pop()
            continue
        elif event not in _STARTS:
            size += _length_of_other(feed, event, value) + 1
        elif key == MANAGED and type(current) is dict:
            counted = _count(found, feed, len(stack) + 1)
            size, managed, new = size + counted + 1, managed + counted, None
        else:
            new = {} if event == "start_map" else []
            size += 2
        if type(current) is list:
            current.append(new)
        else:
            current[key] = new
        if new is not None and event in _STARTS:
            stack.append(current)
            current = new
            if len(stack) >= DEEPEST:
                raise _too_deep(feed)
    raise AssertionError("ijson ended a document that had not ended")


def _count(found: Events, feed: Feed, depth: int) -> int:
    """Return the bytes of the JSON without blanks of a mapping or list that has begun; keep nothing of it.

    depth: levels that it is nested in.
    """
    known, size, last, outside = feed.key_bytes, 2, "start_map", depth
    for event, value in found:
        if event == "map_key":
            size += known.get(value) or _remembered(known, value)
        elif event in _STARTS:
            size += 2
            depth += 1
            if depth >= DEEPEST:
                raise _too_deep(feed)
        elif event in _ENDS:
            if depth == outside:
                return size - (last not in _STARTS)
            size += last in _STARTS
            depth -= 1
        else:
            size += (_length(value) if event == "string" else _length_of_other(feed, event, value)) + 1
        last = event
    raise AssertionError("ijson ended a document that had not ended")


def _too_deep(feed: Feed) -> KscaleError:
    """Return the error for an object that is nested too deeply."""
    return feed.error(f"is nested more than {DEEPEST} levels deep", feed.items + 1)


def _remembered(known: dict[str, int], key: str) -> int:
    """Return the bytes of a key and its colon, and remember them."""
    length = _length(key) + 1
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
