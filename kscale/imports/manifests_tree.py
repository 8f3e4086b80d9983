"""A place in a YAML file or an object: values with their type checked, complaints with file, line and key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kscale import units
from kscale.errors import KscaleError
from kscale.imports.fields import got
from kscale.scenario import document
from kscale.scenario.yaml_tree import Loc, Tree

LONGEST = 16_384  # characters of a value that is looked into
MOST_ENTRIES = 10_000  # of one list


@dataclass(frozen=True, slots=True)
class Branch:
    """A value and where it stands; one that is not given is None, as null is to Kubernetes."""

    value: Any
    loc: Loc
    lines: Mapping[Loc, int]
    file: str  # what errors begin with; empty: with the key

    def where(self) -> str:
        """Return the file, the line if lines are known, and the key."""
        lines = self.lines or {self.loc[:i]: 0 for i in range(len(self.loc) + 1)}
        line, key = document.place(self.loc, lines)
        file = f"{self.file}:{line}" if self.lines else self.file
        return ": ".join(part for part in (file, key) if part)

    def error(self, message: str) -> KscaleError:
        """Return the error that says *message* of this place."""
        return KscaleError(document.one_line(f"{self.where()}: {message}"))

    def at(self, *keys: str) -> "Branch":
        """Return what is at *keys*, one below the other."""
        branch = self
        for key in keys:
            branch = branch._child(key)
        return branch

    def mapping(self) -> Mapping[str, Any]:
        """Return a mapping, empty if nothing is given."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.error(f"must map keys to values, got {got(self.value)}")
        return self.value

    def children(self) -> Iterator[tuple[str, "Branch"]]:
        """Yield the keys of a mapping and what is there."""
        for key in self.mapping():
            yield key, self._child(key)

    def entries(self) -> list["Branch"]:
        """Return the entries of a list, none if nothing is given."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.error(f"must be a list, got {got(self.value)}")
        if len(self.value) > MOST_ENTRIES:
            raise self.error(f"must have at most {MOST_ENTRIES:,} entries, got {len(self.value):,}")
        return [Branch(one, (*self.loc, i), self.lines, self.file) for i, one in enumerate(self.value)]

    def text(self) -> str:
        """Return text, empty if nothing is given."""
        if self.value is None:
            return ""
        if not isinstance(self.value, str):
            raise self.error(f"must be text, got {got(self.value)}")
        return self.value

    def scalar(self) -> str:
        """Return a plain value as text, as a flag would have it; empty if nothing is given."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, int | float):
            if isinstance(self.value, int) and abs(self.value) > units.LARGEST:
                raise self.error(f"{units.quote(self.value)} is out of reach")
            return str(self.value)
        if len(self.text()) > LONGEST:
            raise self.error(f"is longer than {LONGEST:,} characters")
        return self.text()

    def is_scalar(self) -> bool:
        """Return whether a plain value is given."""
        return isinstance(self.value, str | int | float)

    def _child(self, key: str) -> "Branch":
        """Return what is at *key*."""
        return Branch(self.mapping().get(key), (*self.loc, key), self.lines, self.file)


def root(tree: Tree, file: str) -> Branch:
    """Return the whole of a document."""
    return Branch(tree.value, (), tree.lines, file)
