"""No name of a cluster leaves the machine: outputs are searched for every string of the inputs."""

import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import named_inputs
import numpy as np
import pytest
from named_inputs import ADDRESS, AUDIT, MANIFEST, MARK, METRICS, NODES, OPENB, PODS, STORE, TRACE

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import anonymize, merge, sources, vocabulary, write
from kscale.imports.prometheus_metrics import BY_NAME
from kscale.report import table_import
from kscale.report.export import imported as documents
from kscale.scenario.schema import Scenario
from kscale.scenario.schema_cluster import RequestSpec, ShapeSpec

KEY = bytes(range(32))
MIXES = [
    *((name,) for name in (NODES, PODS, STORE, METRICS, MANIFEST, AUDIT, TRACE, OPENB)),
    (NODES, PODS, STORE, METRICS, MANIFEST),
    (NODES, PODS, STORE, METRICS, MANIFEST, AUDIT, TRACE, OPENB),
]
# Words of the inputs that are not of the cluster, but of Kubernetes' API, or plain English in comments.
PUBLIC = {
    *vocabulary.KINDS,
    *vocabulary.RESOURCES,
    *vocabulary.VERBS,
    *vocabulary.SUBRESOURCES,
    *vocabulary.LABEL_KEYS,
    *vocabulary.TAINT_KEYS,
    *vocabulary.VALUES,
    *vocabulary.EXTENDED,
    *vocabulary.EFFECTS,
    *vocabulary.OPERATORS,
    *BY_NAME,  # metrics that kscale asks for
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the files, by name."""
    return named_inputs.write(tmp_path_factory.mktemp("inputs"))


def _imported(paths: list[Path]) -> write.Imported:
    """Return what these files make, names hidden."""
    parts = [sources.read(one, lambda _done, _all: None) for one in sources.found(paths)]
    return write.make(merge.merge(parts), anonymize.hashes(KEY))


def _outputs(imported: write.Imported, folder: Path) -> dict[str, bytes]:
    """Return everything that is written or said, by where: members of the columns' file one by one."""
    written = write.save(imported, folder / "mine.yaml", "mine")
    found = {path.name: path.read_bytes() for path in written}
    if len(written) > 1:
        with zipfile.ZipFile(io.BytesIO(found["mine.npz"])) as file:
            found |= {name: file.read(name) for name in file.namelist()}
    found["json"] = documents.json(imported, written).encode()
    found["terminal"] = table_import.table(imported, written, 100).plain.encode()
    return found


@pytest.mark.parametrize("names", MIXES, ids=" ".join)
def test_no_name_is_in_any_output(inputs: dict[str, Path], tmp_path: Path, names: tuple[str, ...]) -> None:
    """Neither as it is, nor as a part of another word; only files are called by name, where that is said."""
    outputs = _outputs(_imported([inputs[name] for name in names]), tmp_path)
    assert {"mine.yaml", "json", "terminal"} <= set(outputs)
    for where, data in outputs.items():
        text = data.decode("utf-8", "replace").replace(str(inputs[NODES].parent), "").replace(TRACE, "")
        assert MARK not in text.lower(), (where, text[max(0, text.lower().index(MARK) - 60) :][:120])
        assert ADDRESS not in text


@pytest.mark.parametrize("names", MIXES[-2:], ids=" ".join)
def test_no_string_of_the_inputs_is_a_word_of_the_scenario(
    inputs: dict[str, Path], tmp_path: Path, names: tuple[str, ...]
) -> None:
    """But for public ones: what the files say, not only what was made to be found."""
    outputs = _outputs(_imported([inputs[name] for name in names]), tmp_path)
    given = {text for text in named_inputs.strings() if len(text) >= 3 and not _is_number(text)} - PUBLIC
    assert len(given) > 300
    for where in ("mine.yaml", "recorded.json"):
        # comments are kscale's own sentences, which share plain words with the API ("name", "apiserver")
        lines = outputs[where].decode().splitlines()
        values = "\n".join(line.partition("  #")[0] for line in lines if not line.strip().startswith("#"))
        words = set(re.findall(r"[^\s\"'{}\[\],|()=:]+", values))
        assert words & given <= _keys(), where
    for where, data in outputs.items():  # long strings must not be there at all, comments or not
        if where not in {"json", "terminal"}:
            assert [one for one in given if len(one) >= 16 and one.encode() in data] == [], where


def _is_number(text: str) -> bool:
    """Return whether a string is a number, with or without a unit."""
    try:
        units.parse_cpu(text)
    except ValueError:
        try:
            units.parse_bytes(text)
        except ValueError:
            return False
    return True


def _keys() -> set[str]:
    """Return every key that a scenario can have."""
    found = set()
    stack: list[object] = [one.model_json_schema() for one in (Scenario, ShapeSpec, RequestSpec)]
    while stack:
        tree = stack.pop()
        if isinstance(tree, dict):
            found |= set(tree.get("properties", ()))
            stack += tree.values()
        elif isinstance(tree, list):
            stack += tree
    return found


def test_selectors_still_match_the_nodes_they_matched(inputs: dict[str, Path]) -> None:
    """Equal names have equal hashes, in lists of their own too."""
    recorded = _imported([inputs[NODES], inputs[PODS]]).recorded
    assert recorded.nodes is not None
    assert recorded.pods is not None
    pool, zone = anonymize.hashed(KEY, "label", "zqcorp.example/pool"), "topology.kubernetes.io/zone"
    of_pool = {shape.labels[pool] for shape in recorded.nodes.shapes}
    assert of_pool == {anonymize.hashed(KEY, "value", f"zqpool-{i}") for i in range(2)}
    for request in recorded.pods.requests:
        assert set(request.selector) == {pool, zone}
        assert set(request.selector[pool]) < of_pool
        assert len(request.selector[zone]) == 2
        assert request.tolerations[0].key == recorded.nodes.shapes[0].taints[0].key
        assert request.tolerations[0].value == recorded.nodes.shapes[0].taints[0].value
        assert set(request.extended) == set(recorded.nodes.shapes[0].extended)
        assert request.preferred[0].key == pool
    asked = {one for request in recorded.pods.requests for one in request.selector[zone]}
    on_nodes = {shape.labels.get(zone) for shape in recorded.nodes.shapes}
    assert on_nodes == asked | {None}  # the third zone, which nobody asks for, is no label
    assert recorded.nodes.zones == 3
    assert recorded.pods.namespaces == 4
    assert int(recorded.pods.app.max()) + 1 == 6


def test_types_of_one_custom_resource_have_one_hash_in_every_source(inputs: dict[str, Path]) -> None:
    """The store, metrics and logs speak of the same type."""
    hidden = anonymize.hashed(KEY, "type", named_inputs.GROUP)
    store, metrics, log = (_imported([inputs[name]]) for name in (STORE, METRICS, AUDIT))
    assert store.recorded.objects is not None
    assert hidden in store.recorded.objects.types
    assert hidden in metrics.counted
    assert f"load.watches.{hidden}" in metrics.merged.values
    assert f"load.requests.update/{hidden}" in log.merged.values


def test_names_are_kept_where_that_is_asked_for(inputs: dict[str, Path], tmp_path: Path) -> None:
    """--no-anonymize: labels and types as they are; names of nodes, pods and namespaces still vanish."""
    parts = [
        sources.read(one, lambda _done, _all: None)
        for one in sources.found([inputs[NODES], inputs[PODS], inputs[STORE]])
    ]
    imported = write.make(merge.merge(parts), anonymize.as_they_are)
    data = b"".join(_outputs(imported, tmp_path)[name] for name in ("mine.yaml", "recorded.json"))
    for kept in (b"zqcorp.example/pool", b"zqpool-1", b"zqcorp.example/fpga", named_inputs.GROUP.encode()):
        assert kept in data
    for vanished in (b"zq-machine", b"zqspace", b"zqapp", b"zquid", b"zqsecretvalue", b"zqnobody"):
        assert vanished not in data


@pytest.mark.parametrize("name", [NODES, PODS, AUDIT])
def test_no_complaint_quotes_a_name(inputs: dict[str, Path], tmp_path: Path, name: str) -> None:
    """Strings that hold a name are made ones that no scenario takes: only where they stand is said."""
    data = inputs[name].read_bytes()
    text = gzip.decompress(data) if name.endswith(".gz") else data
    tree = json.loads(text) if name == NODES else json.loads(text.splitlines()[0])
    tree = tree["items"][0] if name == NODES else tree
    complaints = set()
    for number, spoilt in enumerate(_spoilt(tree)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(spoilt))
        try:
            sources.read(sources.found([path])[0], lambda _done, _all: None)
        except KscaleError as error:
            complaints.add(str(error))
    assert len(complaints) > 1
    assert [one for one in complaints if MARK in one.lower()] == []


def _spoilt(tree: object) -> Iterator[object]:
    """Yield a tree as often as there are keys and values with a name in it, one of them spoilt each time."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            rest = {other: one for other, one in tree.items() if other != key}
            if MARK in key.lower():
                yield rest | {f"{key} <x>": value}
            yield from (rest | {key: other} for other in _spoilt(value))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from ([*tree[:number], other, *tree[number + 1 :]] for other in _spoilt(value))
    elif isinstance(tree, str) and MARK in tree.lower():
        yield from (f"{tree}\n", tree * 100, [tree])


def test_same_inputs_in_any_order_make_the_same_bytes(inputs: dict[str, Path], tmp_path: Path) -> None:
    """The key being the same."""
    paths = [inputs[name] for name in (NODES, PODS, STORE, METRICS, MANIFEST, AUDIT)]
    made = []
    for number, order in enumerate((paths, paths[::-1])):
        (tmp_path / str(number)).mkdir()
        written = write.save(_imported(order), tmp_path / str(number) / "mine.yaml", "mine")
        made.append([path.read_bytes() for path in written])
    assert made[0] == made[1]
    assert len(made[0]) == 2


def test_another_key_changes_hashes_and_nothing_else(inputs: dict[str, Path]) -> None:
    """Columns are the same numbers."""
    paths = [inputs[NODES], inputs[PODS]]
    parts = [sources.read(one, lambda _done, _all: None) for one in sources.found(paths)]
    one, other = (write.make(merge.merge(parts), anonymize.hashes(key)).recorded for key in (KEY, bytes(32)))
    assert one.nodes is not None
    assert other.nodes is not None
    assert one.pods is not None
    assert other.pods is not None
    for left, right in (
        (one.nodes.shape, other.nodes.shape),
        (one.nodes.zone, other.nodes.zone),
        (one.pods.request, other.pods.request),
    ):
        assert np.array_equal(left, right)
    assert one.nodes.shapes != other.nodes.shapes


def test_json_says_what_the_terminal_says(inputs: dict[str, Path], tmp_path: Path) -> None:
    """Every sentence that is printed is in the document."""
    imported = _imported([inputs[NODES], inputs[PODS], inputs[STORE]])
    tree = json.loads(documents.json(imported, [tmp_path / "mine.yaml"]))
    shown = " ".join(table_import.table(imported, [tmp_path / "mine.yaml"], 110).plain.split())
    assert tree["schema"] == "kscale.import/1"
    assert [one["format"] for one in tree["sources"]] == ["etcd-db", "kubectl", "kubectl"]
    for source in tree["sources"]:
        for line in source["read"]:
            assert line in shown
    for one in tree["contradictions"]:
        assert f"{one['subject']}: {one['sides'][0]['shown']}, not {one['sides'][1]['shown']}" in shown
        assert one["why"] in shown
        assert [side["used"] for side in one["sides"]] == [True] + [False] * (len(one["sides"]) - 1)
    assert tree["holds"] == {"nodes": 12, "pods": 60, "objects": imported.recorded.object_count}
