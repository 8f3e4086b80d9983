"""A user's fan-out on a few watchers: whom it names for an event, and whom the event concerns."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from kscale.plugins import execute
from kscale.plugins.example import Hear, Wrong, smallest, unheard
from kscale.plugins.fanout import ID
from kscale.plugins.functions import Arrays, Function, arrays, plain

EXAMPLES = 200
NODES, NAMESPACES = 5, 4  # of the small cluster
NOBODY = -2  # what found holds where nothing was written


@dataclass(frozen=True, slots=True)
class Case:
    """Watchers of namespaces and of nodes, both ascending, and one pod's change."""

    scopes: tuple[int, ...]
    nodes: tuple[int, ...]
    new: int  # node after the event, -1 none
    old: int
    namespace: int

    def concerned(self) -> list[int]:
        """Return the watchers of the namespace and of both nodes."""
        s = len(self.scopes)
        of_scope = [w for w, scope in enumerate(self.scopes) if scope == self.namespace]
        return of_scope + [s + w for w, node in enumerate(self.nodes) if node in {self.new, self.old}]

    def lines(self) -> list[str]:
        """Return it in words."""
        s = len(self.scopes)
        who = [f"watcher {w}: namespace {scope}" for w, scope in enumerate(self.scopes)]
        who += [f"watcher {s + w}: node {node}" for w, node in enumerate(self.nodes)]
        after, before = (f"node {one}" if one >= 0 else "no node" for one in (self.new, self.old))
        return [*who, f"a pod of namespace {self.namespace} changes: on {before} before, on {after} after"]


CASES = st.builds(
    Case,
    scopes=st.lists(st.integers(0, NAMESPACES - 1), max_size=5).map(lambda one: tuple(sorted(one))),
    nodes=st.lists(st.integers(0, NODES - 1), max_size=6).map(lambda one: tuple(sorted(one))),
    new=st.integers(-1, NODES - 1),
    old=st.integers(-1, NODES - 1),
    namespace=st.integers(0, NAMESPACES - 1),
)


def small(name: str, parts: Mapping[str, Function], examples: int = EXAMPLES, hear: Hear = unheard) -> str:
    """Ask whom small events concern; say how many. Wrong shows the smallest that is answered wrongly."""
    plainly = {part: plain(function) for part, function in parts.items()}

    def test(case: Case) -> None:
        """Ask without the compiler, which tells lines of errors, and with it."""
        for using in (plainly, parts):
            _check(name, case, using)

    smallest(CASES, test, examples, hear)
    return f"{examples} small events: everyone concerned is named once, and nobody else"


def _check(name: str, case: Case, parts: Mapping[str, Function]) -> None:
    """Ask about one event; Wrong if others are named than those it concerns."""
    scopes, nodes = np.array(case.scopes, np.int32), np.array(case.nodes, np.int32)
    watchers = len(scopes) + len(nodes)
    found = np.full(watchers + 1, NOBODY, np.int32)
    try:
        index: Arrays = arrays(f"{ID}: index", parts["index"](scopes, nodes, NAMESPACES, NODES))
        event = np.int32(case.new), np.int32(case.old), np.int32(case.namespace)
        count = int(parts["match"](*index, *event, found, np.zeros(1, np.int64)))
    except Exception as error:
        raise Wrong(execute.said(name, error), *case.lines()) from error
    named = sorted(found[: max(0, count)].tolist())
    if not 0 <= count <= watchers or named != case.concerned():
        must = ", ".join(map(str, case.concerned())) or "nobody"
        got = ", ".join(map(str, named)) or "nobody"
        line = f"match returns {count} and names {got}, must name {must}"
        raise Wrong("others are named than the event concerns", *case.lines(), line)
