"""YAML text to plain values, with the line of every key: the only reader of YAML.

Values are built from PyYAML's event stream, so nothing is ever constructed by tag, an
alias cannot multiply anything, and depth is bounded by a list and not by Python's stack.
Refused: anchors, aliases, tags, duplicate keys, keys that are not plain, more than one document,
and the traps of YAML 1.1, where `on` is true, 010 is 8 and 1:30 is 90; each says what it may mean.
Integers and decimals become numbers; `10k`, `1_000` and dates stay text.

Files that were written for Kubernetes are read by `documents`: as strictly, but there may be several
documents, and the words of YAML 1.1 mean what they mean to Kubernetes.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from kscale import units

DEEPEST = 32  # levels of nesting
MOST_VALUES = 200_000  # keys and values in a file
LONGEST_NUMBER = 40  # characters; longer ones stay text

Loc = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_OCTAL = re.compile(r"0[0-7]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9]*)?")
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_TRAPS = {"yes": "true", "no": "false", "on": "true", "off": "false"}

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times quicker


class YamlError(ValueError):
    """The text cannot be read; *line* counts from 1, *loc* is the key it belongs to."""

    def __init__(self, line: int, message: str, loc: Loc = ()) -> None:
        """Keep the place."""
        super().__init__(message)
        self.line = line
        self.loc = loc


@dataclass(frozen=True, slots=True)
class Tree:
    """Plain values and the line of each key and entry."""

    value: Any
    lines: dict[Loc, int]


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    loc: Loc
    value: dict[str, Any] | list[Any]
    key: str | None = None  # of a mapping, when its value comes next


@dataclass(slots=True)
class _Reader:
    """Builds documents from events."""

    plain: Callable[[str, int, Loc], object]  # what unquoted text stands for; its line and place
    several: bool  # there may be more than one document
    trees: list[Tree] = field(default_factory=list)  # documents that have ended
    before: int = 0  # values in them
    lines: dict[Loc, int] = field(default_factory=dict)
    open: list[_Open] = field(default_factory=list)
    value: Any = None

    def take(self, event: Any) -> None:  # noqa: ANN401 - PyYAML's events are untyped
        """Take the next event."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            if self.trees and not self.several:
                raise YamlError(line, "a second document starts here; a file holds one")
        elif isinstance(event, yaml.DocumentEndEvent):
            self.trees.append(Tree(self.value, self.lines))
            self.before += len(self.lines)
            self.lines, self.value = {}, None
        elif isinstance(event, yaml.AliasEvent):
            raise YamlError(line, f"aliases are not read; write *{event.anchor} out", self._place())
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()

    def _node(self, event: Any, line: int) -> None:  # noqa: ANN401 - PyYAML's events are untyped
        """Put a scalar, list or mapping where it belongs."""
        if event.anchor is not None:
            raise YamlError(line, f"anchors are not read; take &{event.anchor} away", self._place())
        if event.tag not in {None, "!"}:
            raise YamlError(line, f"tags are not read; take {units.quote(event.tag)} away", self._place())
        if self.before + len(self.lines) >= MOST_VALUES:
            raise YamlError(line, f"more than {MOST_VALUES:,} values; no file of kscale needs so many")
        if not isinstance(event, yaml.ScalarEvent):
            new = _Open((), {} if isinstance(event, yaml.MappingStartEvent) else [])
            new.loc = self._put(new.value, line)
            self.open.append(new)
            if len(self.open) > DEEPEST:
                raise YamlError(line, f"more than {DEEPEST} levels deep")
        elif self._wants_key():
            self._key(event.value, line)
        else:
            plain = event.implicit[0]
            self._put(self.plain(event.value, line, self._place()) if plain else event.value, line)

    def _wants_key(self) -> bool:
        """Return whether the next scalar is a key."""
        return bool(self.open) and isinstance(self.open[-1].value, dict) and self.open[-1].key is None

    def _key(self, key: str, line: int) -> None:
        """Remember *key*; its value comes next."""
        inner = self.open[-1]
        loc = (*inner.loc, key)
        if key in inner.value:
            raise YamlError(line, f"is already given on line {self.lines[loc]}; keep one", loc)
        inner.key = key
        self.lines[loc] = line

    def _put(self, value: object, line: int) -> Loc:
        """Put a finished scalar or a fresh collection in its parent and return its place."""
        if not self.open:
            self.value = value
            self.lines[()] = line
            return ()
        inner = self.open[-1]
        if isinstance(inner.value, list):
            loc = (*inner.loc, len(inner.value))
            inner.value.append(value)
            self.lines[loc] = line
            return loc
        if inner.key is None:
            raise YamlError(line, "a key must be plain text, not a list or a mapping", inner.loc)
        loc = (*inner.loc, inner.key)
        inner.value[inner.key] = value
        inner.key = None
        return loc

    def _place(self) -> Loc:
        """Return the key or entry that is being read."""
        if not self.open:
            return ()
        inner = self.open[-1]
        last = len(inner.value) if isinstance(inner.value, list) else inner.key
        return inner.loc if last is None else (*inner.loc, last)


def read(data: bytes) -> Tree:
    """Return the values of one YAML document, or raise YamlError."""
    trees = _read(data, _Reader(_plain, several=False))
    return trees[0] if trees else Tree(None, {})


def plain(text: str) -> str | int | float | bool | None:
    """Return the value that *text* stands for where it is written without quotes, or raise YamlError."""
    return _plain(text, 1, ())


def documents(data: bytes) -> list[Tree]:
    """Return the documents of a file for Kubernetes, or raise YamlError.

    As sigs.k8s.io/yaml reads it: `yes`, `no`, `on` and `off` are true and false, 0644 is octal. JSON too.
    """
    if data.lstrip()[:1] in {b"{", b"["}:
        data = data.replace(b"\t", b" ")  # JSON may be indented by tabs; its text holds none
    return _read(data, _Reader(_plain_for_kubernetes, several=True))


def _read(data: bytes, reader: _Reader) -> list[Tree]:
    """Return what *reader* makes of a file."""
    text = _decode(data)
    try:
        for event in _events(text):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(f"{error.context or ''} {error.problem or ''}".split())
        raise YamlError(mark.line + 1 if mark else 1, f"not valid YAML: {what}") from error
    except yaml.YAMLError as error:
        raise YamlError(1, f"not valid YAML: {' '.join(str(error).split())}") from error
    return reader.trees


def _events(text: str) -> Iterator[Any]:
    """Yield PyYAML's events and let its parser go at the end, however that comes."""
    loader = _LOADER(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _decode(data: bytes) -> str:
    """Return the text, or raise YamlError with the line of the first character that is not allowed."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise YamlError(line, f"not UTF-8: byte 0x{data[error.start]:02x} cannot be read") from error
    odd = _CONTROL.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        raise YamlError(line, f"character U+{ord(odd.group()):04X} is not allowed")
    return text


def _plain(text: str, line: int, loc: Loc) -> str | int | float | bool | None:
    """Return the value that unquoted *text* stands for."""
    word = text.lower()
    if word in _WORDS:
        return _WORDS[word]
    if word in _TRAPS:
        truth = _TRAPS[word]
        said = f"'{text}' is read as {truth} by some and as text by others; write {truth} or \"{text}\""
        raise YamlError(line, said, loc)
    if _LEADING_ZERO.fullmatch(text):
        ten = text.replace("_", "").lstrip("+-0") or "0"
        raise YamlError(line, f"'{text}' is read as octal by some and as {ten} by others; write {ten}", loc)
    if _BASE_60.fullmatch(text):
        said = f"'{text}' is read in base 60 by some; write a duration like 90s, or put it in quotes"
        raise YamlError(line, said, loc)
    return _number(text)


def _plain_for_kubernetes(text: str, _line: int, _loc: Loc) -> str | int | float | bool | None:
    """Return the value that unquoted *text* stands for to Kubernetes."""
    word = text.lower()
    if word in _WORDS:
        return _WORDS[word]
    if word in _TRAPS:
        return _TRAPS[word] == "true"
    if _OCTAL.fullmatch(text) and len(text) <= LONGEST_NUMBER:
        return int(text, 8)
    return _number(text)


def _number(text: str) -> str | int | float:
    """Return the number that *text* is, or the text."""
    if len(text) <= LONGEST_NUMBER:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
    return text
