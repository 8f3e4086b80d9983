"""Settings of a component, from flags or from a configuration file: read by name, typed, with their place.

Flags as pflag and Go's flag package take them: `--flag=value`, `--flag value`, a switch alone is true, the
last one wins; lists and maps of feature gates add up.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeVar

from kscale import units
from kscale.errors import KscaleError
from kscale.imports.manifests_tree import Branch
from kscale.scenario.document import one_line

T = TypeVar("T")

LARGEST = 2**62  # of a whole number
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_NUMBER = re.compile(r"\+?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_GATE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}", re.ASCII)

Given = tuple[str, Branch]  # text of a value, and the place it is from


class Settings:
    """What is set, by name; what nobody asks for is counted as dropped."""

    def __init__(self, of: str, flags: bool) -> None:
        """Start without settings; *of* is the component, *flags* whether names are those of flags."""
        self.of = of
        self._sign = "--" if flags else ""
        self._given: dict[str, list[Given]] = {}
        self._used: set[str] = set()

    def __len__(self) -> int:
        """Return how many settings there are."""
        return len(self._given)

    def add(self, name: str, text: str, place: Branch) -> None:
        """Add a setting; of several of one name the last wins."""
        self._given.setdefault(name, []).append((text, place))

    def rename_into(self, other: "Settings", names: Mapping[str, str]) -> None:
        """Add the settings that have another name there."""
        for name, new in names.items():
            self._used.add(name)
            for text, place in self._given.get(name, ()):
                other.add(new, text, place)

    def call(self, name: str) -> str:
        """Return how people call a setting: "flag --x of etcd"."""
        return f"flag {self._sign}{name} of {self.of}" if self._sign else f"{name} of {self.of}"

    def unused(self) -> int:
        """Return how many settings nobody asked for."""
        return len(self._given.keys() - self._used)

    def has(self, name: str) -> bool:
        """Return whether *name* is set, to something."""
        self._used.add(name)
        return any(text for text, _ in self._given.get(name, ()))

    def text(self, name: str) -> str:
        """Return the text of a setting, empty if it is not set."""
        self._used.add(name)
        given = self._given.get(name)
        return given[-1][0] if given else ""

    def each(self, name: str) -> list[str]:
        """Return the entries of a list with commas; lists of one name add up."""
        self._used.add(name)
        texts = (text for text, _ in self._given.get(name, ()))
        return [entry.strip() for text in texts for entry in text.split(",") if entry.strip()]

    def gates(self, name: str = "feature-gates") -> dict[str, bool]:
        """Return feature gates, off or on."""
        found = {}
        for entry in self.each(name):
            gate, equals, text = entry.partition("=")
            on = _switch(text.strip())
            if not equals or on is None or not _GATE.fullmatch(gate.strip()):
                raise self.error(name, f"{units.quote(entry)} is not a gate; write it like NodeLease=true")
            found[gate.strip()] = on
        return found

    def error(self, name: str, message: str) -> KscaleError:
        """Return the error that says *message* of a setting."""
        given = self._given.get(name)
        if not given:
            return KscaleError(one_line(f"{self.of}: {name}: {message}"))
        return given[-1][1].error(f"{self._sign}{name}: {message}" if self._sign else message)

    def switch(self, name: str) -> bool | None:
        """Return a switch, None if it is not set."""
        return self._typed(name, _a_switch)

    def whole(self, name: str) -> int | None:
        """Return a whole number, which may be negative."""
        return self._typed(name, _a_whole)

    def number(self, name: str) -> Fraction | None:
        """Return a number, 0 or more."""
        return self._typed(name, _a_number)

    def duration(self, name: str) -> int | None:
        """Return ns."""
        return self._typed(name, units.parse_duration)

    def _typed(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Return a setting as *parse* reads it; None if it is not set."""
        text = self.text(name)
        if not text:
            return None
        try:
            return parse(text)
        except ValueError as error:
            raise self.error(name, str(error)) from error


def _switch(text: str) -> bool | None:
    """Return the truth that Go reads from *text*, None if it reads none."""
    return True if text in _TRUE else False if text in _FALSE else None


def _a_switch(text: str) -> bool:
    """Return a truth."""
    on = _switch(text)
    if on is None:
        raise ValueError(f"{units.quote(text)} is neither true nor false")
    return on


def _a_whole(text: str) -> int:
    """Return a whole number."""
    if not _WHOLE.fullmatch(text) or abs(int(text)) > LARGEST:
        raise ValueError(f"{units.quote(text)} is not a whole number")
    return int(text)


def _a_number(text: str) -> Fraction:
    """Return a number, 0 or more."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{units.quote(text)} is not a number, 0 or more")
    return units.parse_number(text)


def shown_switch(settings: Settings, name: str) -> str | None:
    """Return a switch for people, None if it is not set."""
    on = settings.switch(name)
    return None if on is None else str(on).lower()


def shown_whole(settings: Settings, name: str) -> str | None:
    """Return a whole number for people, None if it is not set."""
    value = settings.whole(name)
    return None if value is None else str(value)


def shown_number(settings: Settings, name: str) -> str | None:
    """Return a number for people, None if it is not set."""
    value = settings.number(name)
    return None if value is None else units.show_number(value)


def shown_duration(settings: Settings, name: str) -> str | None:
    """Return a duration for people, None if it is not set."""
    ns = settings.duration(name)
    return None if ns is None else units.exact_duration(ns)


def shown_given(settings: Settings, name: str) -> str | None:
    """Return that something is set whose text may be a name."""
    return "given" if settings.has(name) else None


Shown = Callable[[Settings, str], str | None]
Told = Mapping[str, Shown]  # settings that no key of a scenario takes, and how each is shown


def told(settings: Settings, table: Told) -> list[str]:
    """Return a line for each setting of *table* that is set, free of names."""
    lines = []
    for name, shown in table.items():
        text = shown(settings, name)
        if text is not None:
            lines.append(f"{settings.call(name)}: {text}")
    return lines
