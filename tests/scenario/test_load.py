"""Every complaint about a file is one line with the right place; nothing else ever escapes."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscale.errors import ExitCode, KscaleError
from kscale.scenario import document, load, resolve, shipped
from kscale.scenario.schema import Scenario

HEAD = "schema: kscale.scenario/1\n"

# (text, line, the rest of the message)
HOSTILE: list[tuple[str | bytes, int, str]] = [
    ("cluster:\n  nodes: {cuont: 5}\n", 2, "cluster.nodes.cuont: unknown key; did you mean 'count'?"),
    ("clutser: {}\n", 1, "clutser: unknown key; did you mean 'cluster'?"),
    ("seed: 1\nseed: 2\n", 2, "seed: is already given on line 1; keep one"),
    (
        "cluster:\n  nodes:\n    count: 1\n    count: 1\n",
        4,
        "cluster.nodes.count: is already given on line 3",
    ),
    ("cluster: {nodes: {count: -5}}\n", 1, "cluster.nodes.count: -5 is negative; write it like"),
    ("cluster: {nodes: {count: 0}}\n", 1, "cluster.nodes.count: must be 1 to 1,000,000, got 0"),
    ("cluster: {nodes: {count: 2M}}\n", 1, "cluster.nodes.count: must be 1 to 1,000,000, got 2,000,000"),
    ("cluster: {nodes: {count: true}}\n", 1, "cluster.nodes.count: true is not a count"),
    ("cluster: {nodes: {count: [1, 2]}}\n", 1, "cluster.nodes.count: a list is not a count"),
    ("cluster: {nodes: {count: 1.5}}\n", 1, "cluster.nodes.count: 1.5 is not a whole number"),
    ("cluster: {nodes: {count: .nan}}\n", 1, "cluster.nodes.count: '.nan' is not a count"),
    ("cluster: {nodes: {count: .inf}}\n", 1, "cluster.nodes.count: '.inf' is not a count"),
    (f"seed: {'9' * 5000}\n", 1, "seed: '9999"),
    ("seed: 1e400\n", 1, "seed: '1e400' is out of reach"),
    (
        "cluster: {nodes: {shapes: [{memory: 15KB/s}]}}\n",
        1,
        "cluster.nodes.shapes[0].memory: '15KB/s' is not a size",
    ),
    ("cluster: {nodes: {shapes: [{memory: 9E}]}}\n", 1, "cluster.nodes.shapes[0].memory: "),
    ("cluster: {nodes: {shapes: []}}\n", 1, "cluster.nodes.shapes: must have at least 1 entry"),
    ("cluster: {nodes: {shapes: {cpu: 1}}}\n", 1, "cluster.nodes.shapes: must be a list, got a mapping"),
    ("cluster: {nodes: {shapes: [5]}}\n", 1, "cluster.nodes.shapes[0]: must map keys to values, got 5"),
    (
        "cluster:\n  nodes:\n    shapes:\n    - {share: 0.5}\n    - {share: 0.2}\n",
        3,
        "cluster.nodes.shapes: shares must come to 1, got 0.7",
    ),
    (
        "cluster: {nodes: {shapes: [{share: 70%}, {share: 70%}, {}]}}\n",
        1,
        "cluster.nodes.shapes: shares must come to 1",
    ),
    (
        "cluster: {nodes: {shapes: [{share: 1.5}]}}\n",
        1,
        "cluster.nodes.shapes[0].share: 1.5 is more than the whole",
    ),
    (
        "cluster: {nodes: {shapes: [{taints: [gpu]}]}}\n",
        1,
        "cluster.nodes.shapes[0].taints[0]: 'gpu' is not a taint",
    ),
    (
        "cluster: {nodes: {shapes: [{taints: ['gpu:NoSchedul']}]}}\n",
        1,
        "cluster.nodes.shapes[0].taints[0].effect: cannot be 'NoSchedul'; did you mean 'NoSchedule'?",
    ),
    (
        "cluster: {nodes: {shapes: [{labels: {a: 1}}]}}\n",
        1,
        "cluster.nodes.shapes[0].labels.a: must be text, got 1",
    ),
    (
        "cluster: {pods: {apps: 10, count: 5}}\n",
        1,
        "cluster.pods.apps: 10 apps need as many pods, there are 5",
    ),
    ("cluster: {pods: {namespaces: 9, apps: 5}}\n", 1, "cluster.pods.namespaces: must be at most the 5 apps"),
    (
        "cluster: {pods: {app_sizes: ziff}}\n",
        1,
        "cluster.pods.app_sizes: cannot be 'ziff'; did you mean 'zipf'?",
    ),
    (
        "cluster: {pods: {requests: [{cpu: [1, x]}]}}\n",
        1,
        "cluster.pods.requests[0].cpu[1]: 'x' is not an amount",
    ),
    (
        "cluster: {pods: {requests: [{cpu: x}]}}\n",
        1,
        "cluster.pods.requests[0].cpu: 'x' is not an amount of cpu",
    ),
    (
        "cluster: {pods: {requests: [{preferred: [{values: a}]}]}}\n",
        1,
        "cluster.pods.requests[0].preferred[0].key: is needed here",
    ),
    (
        "cluster:\n  objects:\n    total: 10\n    types:\n      pods: {}\n",
        3,
        "cluster.objects.total: the types come to 20,000 objects, more than the total of 10",
    ),
    (
        "cluster: {objects: {types: {a: {count: 1, share: 1%}}}}\n",
        1,
        "cluster.objects.types.a: has a count and a share",
    ),
    (
        "cluster: {objects: {types: {a: {size: 2MiB}}}}\n",
        1,
        "cluster.objects.types.a.size: must be 1 B to 1 MiB",
    ),
    ("cluster: {objects: {types: {'-': {}}}}\n", 1, "cluster.objects.types.-: '-' is not a name"),
    (
        "cluster: {objects: {types: {a: {spread: 9}}}}\n",
        1,
        "cluster.objects.types.a.spread: 9 is not a spread",
    ),
    (
        "cluster: {objects: {types: {other: {count: 1}}}}\n",
        1,
        "cluster.objects.types.other: must take the 99,999",
    ),
    ("cluster: openb\n", 1, "cluster: must map keys to values, got 'openb'"),
    ("cluster: {trace: opnb}\n", 1, "cluster.trace: cannot be 'opnb'; did you mean 'openb'?"),
    ("cluster: {trace: openb, nodes: {}}\n", 1, "cluster.nodes: unknown key"),
    ("cluster: {trace: openb, repeat: {times: 2, nodes: 1}}\n", 1, "cluster.repeat: has times beside nodes"),
    ("cluster: {trace: openb, repeat: -1}\n", 1, "cluster.repeat.times: should be greater than 0, got -1"),
    ("cluster: {trace: openb, repeat: 9999}\n", 1, "cluster.repeat: makes 15,228,477 nodes"),
    ("control_plane: {etcd: {fsync: 10}}\n", 1, "control_plane.etcd.fsync: 10 is not a duration"),
    ("control_plane: {etcd: {fsync: 1h}}\n", 1, "control_plane.etcd.fsync: must be 0ns to 10s, got 1h"),
    ("load: {pod_changes: 100}\n", 1, "load.pod_changes: 100 is not a rate; write it like 100/s"),
    ("load: {heartbeat: {period: '1:30'}}\n", 1, "load.heartbeat.period: '1:30' is not a duration"),
    ("profile: k8s-1.13\n", 1, "profile: no profile 'k8s-1.13'; did you mean"),
    (
        "schema: kscale.scenario/2\n",
        1,
        "schema: cannot be 'kscale.scenario/2'; did you mean 'kscale.scenario/1'",
    ),
    ("name: ../../etc\n", 1, "name: '../../etc' is not a scenario name"),
    ("about: 5\n", 1, "about: must be text, got 5; put it in quotes"),
    ("mechanisms: [a]\n", 1, "mechanisms: must map keys to values, got a list"),
    (
        "mechanisms: {Etcd_Freelist: {}}\n",
        1,
        "mechanisms.Etcd_Freelist: 'Etcd_Freelist' is not a mechanism id",
    ),
    (
        "mechanisms: {etcd-freelist: 5}\n",
        1,
        "mechanisms.etcd-freelist: must be a mapping from parameter to value",
    ),
    (
        "mechanisms: {a: {b: {c: 1}}}\n",
        1,
        "mechanisms.a.b: must be a value or a list of values, got a mapping",
    ),
    ("mechanisms: {a: {b: []}}\n", 1, "mechanisms.a.b: must have 1 to 1,000 values, got 0"),
    ("mechanisms: {a: {b: }}\n", 1, "mechanisms.a.b: must be a value or a list of values, got null"),
    ("mechanisms: {a: []}\n", 1, "mechanisms.a: must have at least 1 entry"),
    # YAML itself
    ("a: &x 1\nb: *x\n", 1, "a: anchors are not read; take &x away"),
    ("a: [*x]\n", 1, "a[0]: aliases are not read; write *x out"),
    ("seed: !!python/object/apply:os.system ['true']\n", 1, "seed: tags are not read"),
    ("seed: !!int '5'\n", 1, "seed: tags are not read"),
    ("seed: 1\n---\nseed: 2\n", 2, "a second document starts here"),
    ("seed: [1, 2\n", 2, "not valid YAML: "),
    ("seed: 1\n\tname: x\n", 2, "not valid YAML: "),
    ("seed: 'x\n", 2, "not valid YAML: "),
    ("name: on\n", 1, "name: 'on' is read as true by some and as text by others; write true or \"on\""),
    ("name: No\n", 1, "name: 'No' is read as false by some"),
    ("seed: 010\n", 1, "seed: '010' is read as octal by some and as 10 by others; write 10"),
    ("load: {heartbeat: {period: 1:30}}\n", 1, "load.heartbeat.period: '1:30' is read in base 60 by some"),
    ("? [a]\n: 1\n", 1, "a key must be plain text, not a list or a mapping"),
    ("{[a]: 1}\n", 1, "a key must be plain text, not a list or a mapping"),
    ("[" * 100_000, 1, "more than 32 levels deep"),
    ("a:\n - " + "- " * 5000 + "1\n", 2, "more than 32 levels deep"),
    ("{a: " * 5000, 1, "more than 32 levels deep"),
    ("seed:\n- " + "1\n- " * 250_000, 200_000, "more than 200,000 values"),
    ("- 1\n- 2\n", 1, "must map keys to values, got a list"),
    ("5\n", 1, "must map keys to values, got 5"),
    ("", 1, "is empty; the least scenario is one line"),
    ("# nothing\n", 1, "is empty"),
    (b"seed: 1\nname: \xff\xfe\n", 2, "not UTF-8: byte 0xff cannot be read"),
    ("seed: 1\n".encode("utf-16"), 1, "not UTF-8: byte 0xff"),
    (b"seed: 1\nabout: a\0b\n", 2, "character U+0000 is not allowed"),
    ("about: \x1b[31mred\n", 1, "character U+001B is not allowed"),
    ('about: "\\e[31m"\n', 1, "about: must be one line of at most 253 characters, got '\\x1b[31m'"),
    ('"\\n\\e[31m": 1\n', 1, "\\n\\x1b[31m: unknown key"),
    (f"? {'k' * 10_000_000}\n: 1\n", 1, "kkkk"),
]


@pytest.mark.parametrize(("text", "line", "message"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_bad_file_gets_one_line_with_its_place(text: str | bytes, line: int, message: str) -> None:
    """file:line: key: what is wrong, in one printable line, as a mistake of the user."""
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(KscaleError) as caught:
        load.parse(data, "x.yaml", "x.yaml")
    said = str(caught.value)
    assert said.startswith(f"x.yaml:{line}: {message}")
    assert said.isprintable()
    assert len(said) < 500
    assert caught.value.exit_code is ExitCode.USAGE


def test_the_first_of_several_complaints_is_shown() -> None:
    """The topmost line comes first, the others are counted."""
    text = "seed: x\ncluster: {nodes: {count: y}}\nload: {pod_changes: z}\n"
    with pytest.raises(KscaleError, match=r"^x\.yaml:1: seed: 'x' is not a count.* \(and 2 more\)$"):
        load.parse(text.encode(), "x.yaml", "x.yaml")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_never_crash(data: bytes) -> None:
    """Whatever a file holds, it is a scenario or a KscaleError."""
    _one_line_or_scenario(data)


WORDS = (
    "cluster: |nodes: |pods: |objects: |types: |shapes: |requests: |cpu: |share: |mechanisms: |a-b: |trace: |"
    "openb|{|}|[|]|, |: |- |\n|\n  |\n    |? |5|-1|x|10k|0.5|30%|null|true|'|\"|\\|&a |*a|!!int |<<: |#|"
    "%YAML 1.2\n|---\n|...\n|\t|\u00e9|\ufeff|\x85|\u2028|1e999|seed: |name: "
)
YAML_PIECES = st.lists(st.sampled_from(WORDS.split("|")), max_size=40).map("".join)


@settings(max_examples=500, deadline=None)
@given(YAML_PIECES)
def test_random_yaml_never_crashes(text: str) -> None:
    """Text that looks like a scenario is one, or gets one line."""
    _one_line_or_scenario(text.encode())


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
PLACES = [
    "seed",
    "name",
    "about",
    "profile",
    "schema",
    "cluster",
    "load",
    "control_plane",
    "simulation",
    "mechanisms",
]
INNER = [
    "nodes",
    "pods",
    "objects",
    "trace",
    "repeat",
    "etcd",
    "heartbeat",
    "a-b",
    "pod_changes",
    "count",
    "shapes",
    "faults",
    "workloads",
    "reads",
    "kind",
]


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(PLACES), st.lists(st.sampled_from(INNER), max_size=2), JSON_VALUES)
def test_any_value_at_any_key_never_crashes(place: str, inner: list[str], value: object) -> None:
    """Wrong types anywhere are a KscaleError."""
    for key in reversed(inner):
        value = {key: value}
    _one_line_or_scenario(json.dumps({place: value}).encode())


def _one_line_or_scenario(data: bytes) -> None:
    try:
        loaded = load.parse(data, "x.yaml", "x.yaml")
    except KscaleError as error:
        assert str(error).isprintable()  # noqa: PT017 - a scenario is as good an outcome
        assert str(error).startswith("x.yaml:")  # noqa: PT017 - as above
    else:
        json.dumps(loaded.resolved(), allow_nan=False)


@pytest.mark.parametrize("name", sorted(shipped.names()))
def test_what_was_resolved_loads_again(name: str) -> None:
    """A result's scenario is complete: loading it gives the same scenario and digest."""
    first = load.load(name)
    again = resolve.resolve(Scenario.model_validate(first.resolved()))
    assert again == first.scenario
    assert load.sha256(load.dump(again)) == first.sha256
    as_file = load.parse(json.dumps(first.resolved()).encode(), "x", "x")  # JSON is YAML
    assert as_file.sha256 == first.sha256


def test_defaults_depend_on_size() -> None:
    """20 pods a node, 5 objects a pod, and every number is in the resolved form."""
    resolved = load.parse(b"cluster: {nodes: {count: 50}}", "x", "x").resolved()["cluster"]
    assert resolved["pods"] | {"requests": 0} == {
        "count": 1000, "apps": 10, "app_sizes": "zipf", "namespaces": 1, "requests": 0
    }  # fmt: skip
    assert resolved["objects"]["total"] == 5000
    assert sum(one["count"] for one in resolved["objects"]["types"].values()) == 5000


def test_a_key_without_value_means_its_default() -> None:
    """Commenting out all of a block leaves the default."""
    text = "cluster:\n  nodes:\nload:\nmechanisms:\n  watch-fanout:\n"
    loaded = load.parse(text.encode(), "x", "x", "my scenario")
    assert loaded.scenario.name == "my-scenario"
    assert loaded.scenario.mechanisms == {"watch-fanout": [{}]}
    assert loaded.resolved()["load"] == load.parse(HEAD.encode(), "x", "x").resolved()["load"]


def test_mechanisms_keep_values_as_written() -> None:
    """Blocks become lists; what a parameter means is another room's business."""
    text = (
        "mechanisms:\n  a-b: {pages: [10k, 5, 0.5, true, 2020-01-01], variants: b}\n  c: [{x: 1}, {x: 1_0}]\n"
    )
    assert load.parse(text.encode(), "x", "x").scenario.mechanisms == {
        "a-b": [{"pages": ["10k", 5, 0.5, True, "2020-01-01"], "variants": "b"}],
        "c": [{"x": 1}, {"x": "1_0"}],
    }


def test_later_rooms_complain_with_the_line() -> None:
    """A parameter's place is found whether or not its block was written as a list."""
    text = "mechanisms:\n  a:\n    pages:\n    - 1\n    - 2\n  b:\n  - {x: 1}\n  - {x: 2}\n  c:\n"
    loaded = load.parse(text.encode(), "x.yaml", "x.yaml")
    places = {
        ("mechanisms", "a", 0, "pages", 1): "x.yaml:5: mechanisms.a.pages[1]: odd",
        ("mechanisms", "b", 1, "x"): "x.yaml:8: mechanisms.b[1].x: odd",
        ("mechanisms", "c", 0, "y"): "x.yaml:9: mechanisms.c.y: odd",
        ("load", "pod_changes"): "x.yaml:1: load.pod_changes: odd",
    }
    assert {loc: str(loaded.complain(loc, "odd")) for loc in places} == places


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, a folder, too large, endless: one line each."""
    monkeypatch.chdir(tmp_path)
    Path("folder.yaml").mkdir()
    Path("large.yaml").write_bytes(b"#" * (document.LARGEST_FILE + 1))
    said = {}
    for name in (
        "no/such.yaml",
        "no.yaml",
        "folder.yaml",
        "large.yaml",
        "alibaba",
        "",
        "a\0b",
        "x" * 5000,
        "/dev/zero",
    ):
        with pytest.raises(KscaleError) as caught:
            load.load(name)
        said[name] = str(caught.value)
    assert said["no/such.yaml"].startswith("no/such.yaml: no such file; shipped scenarios: alibaba-10k,")
    assert said["no.yaml"].startswith("no.yaml: no such file")
    assert said["folder.yaml"] == "folder.yaml: is a folder, a scenario is a YAML file"
    assert said["large.yaml"] == "large.yaml: is larger than 16 MiB"
    assert said["alibaba"].startswith("no scenario 'alibaba'; did you mean 'alibaba-10k'?")
    assert said["/dev/zero"] == "/dev/zero: cannot be read: it is not a regular file"
    assert all(text.isprintable() for text in said.values())


def test_stdin_is_read_by_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario can be piped in."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"seed: 7")))
    loaded = load.load("-")
    assert (loaded.scenario.seed, loaded.scenario.name, loaded.path) == (7, "stdin", "-")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"sed: 7")))
    with pytest.raises(KscaleError, match=r"^stdin:1: sed: unknown key; did you mean 'seed'\?"):
        load.load("-")


def test_an_absolute_path_is_not_recorded(tmp_path: Path) -> None:
    """Results hold no absolute path; complaints name the file as it was given."""
    file = tmp_path / "mine.yaml"
    file.write_bytes(b"\xef\xbb\xbfseed: 7\r\n")  # a byte order mark and Windows' line ends are fine
    loaded = load.load(str(file))
    assert loaded.path == "mine.yaml"
    assert str(loaded.complain(("seed",), "odd")) == f"{file}:1: seed: odd"


def test_the_json_schema_is_useful() -> None:
    """Every key is described, quantities as text or number, and a shipped file's shape is in it."""
    schema = Scenario.model_json_schema(by_alias=True)
    json.dumps(schema)
    assert set(schema["properties"]) == {
        "schema", "name", "about", "profile", "costs", "seed", "cluster", "control_plane", "load",
        "simulation", "mechanisms", "sweep",
    }  # fmt: skip
    parts = [schema, *schema["$defs"].values()]
    fields = [field for part in parts for field in part["properties"].values()]
    assert [field for field in fields if not {"description", "$ref"} & set(field)] == []
