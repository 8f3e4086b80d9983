"""Where listed objects are: what tells whether two lists are of the same things.

Namespaces, objects by name, and the apps that own them are kept as hashes while an import runs: with a key
that is drawn once a run and never written.
"""

import re
import secrets
from array import array
from collections import defaultdict
from hashlib import blake2b

import numpy as np

from kscale.imports import fields
from kscale.imports.facts import Places
from kscale.imports.fields import FieldError, Object

MOST = 2_000_000  # of a file; of things in namespaces the first ones are kept
_KEY = secrets.token_bytes(16)
_MADE = {  # kinds that an app makes under new names: what is added to its own
    "ReplicaSet": re.compile(r"-[a-z0-9]+\Z"),
    "Job": re.compile(r"-[0-9]+\Z"),
}
_NODE = "Node"  # owns static pods, which are no app of its
_BYTES = 8  # among 2M names two of one hash are less likely than 1 in 10**6


class Gathered:
    """The places of objects one after another, by type."""

    def __init__(self) -> None:
        """Start without objects."""
        self._namespaces: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._names: defaultdict[str, set[int]] = defaultdict(set)
        self._things: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        self._number = 0
        self._kept = 0  # things

    def add(self, kind: str, metadata: Object) -> None:
        """Take an object of a type; FieldError if its name or namespace is no text, or there are too many."""
        namespace = fields.text(metadata, "namespace", "metadata.")
        if namespace:
            known = self._namespaces[kind]
            if namespace not in known:
                known[namespace] = hashed(namespace)
                self._count()
            if self._kept < MOST:
                things = [hashed(f"{namespace}/{text}") for text in _texts(metadata)]
                self._things[kind].extend(things)
                self._kept += len(things)
            return
        name = fields.text(metadata, "name", "metadata.")
        if name:
            names = self._names[kind]
            before = len(names)
            names.add(hashed(name))
            if len(names) > before:
                self._count()

    def places(self) -> dict[str, Places]:
        """Return the places by type."""
        return {
            kind: Places(
                frozenset(self._namespaces[kind].values()),
                frozenset(self._names[kind]),
                np.unique(np.frombuffer(self._things[kind].tobytes(), dtype=np.uint64)),
            )
            for kind in sorted({*self._namespaces, *self._names})
        }

    def _count(self) -> None:
        """Count one more place."""
        self._number += 1
        if self._number > MOST:
            raise FieldError(f"metadata: more than {MOST:,} namespaces and objects in none of them")


def _texts(metadata: Object) -> list[str]:
    """Return what tells an object of a namespace: its name, and that of the app that owns it."""
    found = []
    name, owners = metadata.get("name"), metadata.get("ownerReferences")
    if isinstance(name, str):
        found.append(f"n{name}")
    for owner in owners if isinstance(owners, list) else ():
        if isinstance(owner, dict) and owner.get("controller"):
            kind, name = owner.get("kind"), owner.get("name")
            if isinstance(kind, str) and isinstance(name, str) and kind != _NODE:
                found.append(f"o{_MADE[kind].sub('', name) if kind in _MADE else name}")
            break
    return found


def hashed(text: str) -> int:
    """Return the hash of a name; another one in each run."""
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=_BYTES, key=_KEY).digest(), "big")
