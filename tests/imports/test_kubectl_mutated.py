"""Lists with anything in any place: read within bounds, or refused in one line."""

import copy
import json
import math
from pathlib import Path
from typing import Any

import kubectl_objects as made
import read_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kscale.errors import KscaleError
from kscale.imports import kubectl
from kscale.imports.facts import Facts

LIST = made.as_list([made.node(0), made.pod(0), made.lease(0)])


def imported(folder: Path, data: bytes) -> Facts:
    """Return what a file of these bytes says."""
    return read_files.imported(kubectl.read, folder / "list.json", data)


def imported_or_refused(folder: Path, data: bytes) -> Facts | None:
    """Return what a file of these bytes says; None if it is refused in one line."""
    try:
        return imported(folder, data)
    except KscaleError as error:
        if not str(error).isprintable():
            raise
        return None


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["1", "-1", "1Gi", "1e30", "In", "Exists", "Always", "NoExecute", "Pod", "v1", made.time(0)]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - any JSON
    """Return the path of every value in a document."""
    found = [here]
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found += places(value[key], (*here, key))
    return found


STATIC = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "kube-apiserver-a", "ownerReferences": [{"controller": True, "kind": "Node"}]},
    "spec": {
        "containers": [
            {
                "command": ["kube-apiserver", "--goaway-chance=0.001", "--watch-cache-sizes=pods#10"],
                "env": [{"name": "A", "value": "1"}],
                "image": "kube-apiserver:v1.30.1",
                "name": "kube-apiserver",
            }
        ],
        "nodeName": "a",
    },
}
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "kube-system"},
    "data": {"kubelet": "kind: KubeletConfiguration\nmaxPods: 64\n"},
}
ITEMS: list[made.Made] = [made.node(10, images=2), made.pod(0), made.lease(0), STATIC, CONFIG]
for _one in ITEMS:
    _one["metadata"].pop("managedFields", None)
WHOLE = {"apiVersion": "v1", "kind": "List", "items": ITEMS}
PLACES = places(WHOLE)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=3))
def test_any_value_anywhere_is_read_or_refused(
    tmp_path: Path, changes: list[tuple[tuple[Any, ...], Any]]
) -> None:
    """Facts or one line; amounts stay in reach."""
    document: Any = copy.deepcopy(WHOLE)
    for place, value in changes:
        if not place:
            document = value
            continue
        at = document
        try:
            for key in place[:-1]:
                at = at[key]
            at[place[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # another change took the place away
    data = json.dumps(document).encode()
    facts = imported_or_refused(tmp_path, data)
    if facts is None:
        return
    for one in facts.values:
        assert not isinstance(one.value, float) or math.isfinite(one.value)
    for node in facts.nodes or ():
        assert 0 < node.cpu_milli <= 10**8


def listed(data: bytes) -> list[Any] | None:
    """Return the objects in a file as Python's own reader finds them; None if it is no JSON."""
    text = data.replace(b"\x0b", b" ").replace(b"\x0c", b" ")  # ijson's C takes them for blanks
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return list(found["items"]) if isinstance(found, dict) and "items" in found else [found]


COUNTED = ("Lease", "Node", "Pod")
SOME_BYTE = st.one_of(st.integers(0, 255), st.sampled_from(b"PpNn0 9.-e"))  # names and numbers that stay ones


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, len(LIST) - 1), SOME_BYTE), min_size=1, max_size=4), st.integers(0, 7)
)
def test_any_byte_anywhere_is_read_or_refused(
    tmp_path: Path, changes: list[tuple[int, int]], cut: int
) -> None:
    """One line, or just the objects that another reader finds too."""
    data = bytearray(LIST)
    for at, byte in changes:
        data[at] = byte
    if cut == 0:
        del data[changes[0][0] :]
    facts, items = imported_or_refused(tmp_path, bytes(data)), listed(bytes(data))
    if facts is None:
        return
    assert items is not None
    assert sum(fact.count for fact in facts.types.values()) <= len(items)
    for kind in COUNTED:
        counted = (
            fact.count for name, fact in facts.types.items() if name.split(".")[0] == f"{kind.lower()}s"
        )
        assert sum(counted) == sum(one["kind"] == kind for one in items)
    assert (facts.pods is not None) == any(one["kind"] == "Pod" for one in items)
