"""Objects of a file of JSON one after another, in memory that does not grow with their number.

A document is a list (`v1.List`, `PodList`: a mapping with a list `items`), a plain list, or one object;
documents follow each other with or without a line between them. ijson gives the events of all of them
and objects are built here, not by ijson's own `items`: that one keeps a path for each level, which makes
20,000 nested brackets a gigabyte (measured), takes documents of one shape only, and says no sizes.

A key that is given twice is refused, as it is in YAML: no API server writes one.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import ijson

from kscale.imports import fields
from kscale.imports.fields import Object
from kscale.imports.kubectl_feed import AT_ONCE, Feed, in_one_line
from kscale.imports.kubectl_object import ENDS, STARTS, Events, build, json_bytes, twice, value_of
from kscale.imports.vocabulary import KINDS


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


def items(feed: Feed, ahead: Callable[[], dict[int, Head]]) -> Iterator[Item]:
    """Yield every object; KscaleError, one line, where the file holds anything else.

    ahead: gives, by number of document, the heads of lists that say their kind after their items; called
    only if items do not say it.
    """
    with in_one_line(feed):
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
    with in_one_line(feed):
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
        if event in STARTS:
            listed |= depth == 1 and key == "items"
            depth += 1
        elif event in ENDS:
            depth -= 1
        elif depth == 1:
            key = value if event == "map_key" else key
            given |= {key: value} if key in {"kind", "apiVersion"} else {}
    return Head(given.get("apiVersion"), given.get("kind")) if listed else None


def _events(feed: Feed) -> Events:
    """Return ijson's events of all documents."""
    return iter(ijson.basic_parse(feed, multiple_values=True, use_float=True, buf_size=AT_ONCE))


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
        if key in given:
            raise twice(feed)
        built, length, of_managed = value_of(found, feed, begin, value)
        given[key] = built
        size += length + json_bytes(key) + 2  # colon and comma
        managed += of_managed
    if not listed and not _is_empty_list(given, feed):
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


def _is_empty_list(given: Object, feed: Feed) -> bool:
    """Return whether a mapping is a list as Go writes one of nothing; KscaleError for other lists."""
    kind = given.get("kind")
    if not isinstance(kind, str) or not kind.endswith("List"):
        return False
    if "items" not in given:
        if kind.removesuffix("List") in {"", *KINDS}:  # what else ends so is somebody's own kind
            raise feed.error("is a list without items", feed.items + 1)
        return False
    if given["items"] is not None:
        raise feed.error(f"items: must be a list, got {fields.got(given['items'])}", feed.items + 1)
    return True


def _elements(found: Events, feed: Feed, head: Callable[[], Head | None]) -> Iterator[Item]:
    """Yield the objects of a list."""
    for event, value in found:
        if event == "end_array":
            return
        if event != "start_map":
            raise feed.error(f"must be an object of Kubernetes, got {_shown(event, value)}", feed.items + 1)
        built, size, managed = build(found, feed, event)
        feed.items += 1
        feed.begin = feed.bytes
        yield Item(built, size, managed, None if "kind" in built else head())


def _shown(event: str, value: object) -> str:
    """Return a value that is no mapping for an error."""
    return "a list" if event == "start_array" else fields.got(value)
