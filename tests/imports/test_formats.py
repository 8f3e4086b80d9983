"""A file's format is told by its content; what kscale does not read is called by its name."""

import gzip
import struct
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale.errors import KscaleError
from kscale.imports import formats, json_head, manifests, manifests_pods

PAGE = struct.pack("<QHHII", 0, 4, 0, 0, formats.BBOLT_MAGIC)  # page 0: a meta page

KNOWN = {
    "etcd-db": [PAGE + bytes(5000), bytes(4096) + PAGE + bytes(4096)],
    "sktrace": [b"\x85\xa7version\x02\xa6config\x81\xaetrackedObjects\x81"],
    "audit": [b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata"}\n'],
    "prometheus": [
        b"# HELP etcd_server_has_leader x\n# TYPE etcd_server_has_leader gauge\netcd_server_has_leader 1\n",
        b'\n\napiserver_storage_objects{resource="pods"} 12 1732000000\n',
        b'{"status":"success","data":{"resultType":"vector","result":[]}}',
        b'{"data":{"resultType":"vector","result":[]},"status":"success"}',
        b'{"data":{"resultType":"vector","result":[' + b'{"metric":{}},' * 9000,  # cut by the head
        b'{__name__="apiserver_storage_objects",resource="pods"} 12\n',
        b'{"apiserver.storage", resource="pods"} 12\n',
    ],
    "manifest": [
        b"# by hand\napiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver}\n",
        b"---\nkind: KubeletConfiguration\n",
        b"name: infra1\ndata-dir: /var/lib/etcd\n",
        b'{"kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1"}',
        b'{"kubeletconfig": {"maxPods": 110}}',
        b'{"kind":"Pod","spec":{"containers":[{"command":["kube-apiserver"]}]}}',
        b'{"data":{"a":"kind: ClusterConfiguration"},"kind":"ConfigMap"}',
        b"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\nkind: List\n",
        b"kind: List\napiVersion: v1\nitems:\n  - kind: ConfigMap\n    apiVersion: v1\n",
    ],
    "kubectl": [
        b'{"apiVersion": "v1", "items": [], "kind": "List"}',
        b'\xef\xbb\xbf  {\n "kind": "NodeList"}',
        b'[{"kind": "Pod"}]',
        b'{"apiVersion":"config.gatekeeper.sh/v1alpha1","kind":"Config","metadata":{}}',
        b'{"kind":"List","items":[{"kind":"Pod","metadata":{"labels":{"resultType":"x"}}}]}',
        b'{"kind":"List","items":[{"kind":"Foo","spec":{"k":{"kind":"KubeletConfiguration"}}}]}',
        b'{"kind":"List","items":[{"kind":"Foo","spec":{"apiVersion":"audit.k8s.io/v1"}}]}',
        b'{"apiVersion":"v1","data":{"resultType":"x"},"kind":"ConfigMap"}',
        b'{"kind":"Pod","metadata":{"uid":"1"},"spec":{"containers":[{"command":["kube-apiserver"]}]}}',
        b'[{"kind":"Pod","spec":{"containers":[{"command":["kube-apiserver"]}]}}]',
        b'{"kind":"Pod","spec":{"containers":[{"command":["etcd"]}]}}\n{"kind":"Pod"}\n',
        b'{"kind":"Status","apiVersion":"v1","status":"success"}',
    ],
    "openb": [b"sn,cpu_milli,memory_mib,gpu,model\n", b"name,cpu_milli,memory_mib,num_gpu\n"],
}

FOREIGN = {
    "is empty": b"",
    "is a zip archive": b"PK\x03\x04rest",
    "is a tar archive": bytes(257) + b"ustar\x0000",
    "is a Parquet file": b"PAR1\x15\x04",
    "is packed with zstd": b"\x28\xb5\x2f\xfd\x04",
    "is packed with xz": b"\xfd7zXZ\0\0",
    "is packed with bzip2": b"BZh91AY",
    "is an SQLite database": b"SQLite format 3\0",
    "is a program": b"\x7fELF\x02",
    "is UTF-16 text": '{"kind": "List"}'.encode("utf-16"),
    "is XML or HTML": b"  <?xml version='1.0'?><a/>",
    "is a kubeconfig": b"apiVersion: v1\nclusters: []\ncurrent-context: a\nkind: Config\n",
    "is a list in YAML": b"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Node\nkind: List\n",
    "is a table of kubectl": b"NAME    STATUS   ROLES    AGE   VERSION\nnode-1  Ready    <none>   1d\n",
    "is text of kubectl describe": b"Name:         web-0\nNamespace:    default\n",
    "holds a message of kubectl": b"No resources found in default namespace.\n",
    "is kscale's own": b"schema: kscale.scenario/1\nname: mine\n",
    "is of no format that kscale reads": b"hello there",
}


def _file(folder: Path, data: bytes, name: str = "file") -> Path:
    """Return a file with *data*."""
    path = folder / name
    path.write_bytes(data)
    return path


def _format_or_line(path: Path) -> str:
    """Return the id of a file's format, or the line that says why it has none."""
    try:
        return formats.of(path, "it").id
    except KscaleError as error:
        return str(error)


@pytest.mark.parametrize(("format_id", "data"), [(one, data) for one, many in KNOWN.items() for data in many])
def test_format_is_told_by_content(tmp_path: Path, format_id: str, data: bytes) -> None:
    """Packed or not, whatever the name says."""
    assert formats.of(_file(tmp_path, data, "x.json"), "it").id == format_id
    if format_id != "etcd-db":
        assert formats.of(_file(tmp_path, gzip.compress(data)), "it").id == format_id


def test_every_format_is_tried_and_has_its_reader_in_the_folder() -> None:
    """The list is whole, and each line of it names a module."""
    assert {one.id for one in formats.FORMATS} == set(KNOWN)
    folder = Path(formats.__file__).parent
    for one in formats.FORMATS:
        assert (folder / f"{one.module}.py").is_file(), one.module
        assert find_spec(f"kscale.imports.{one.module}") is not None


@pytest.mark.parametrize(("said", "data"), FOREIGN.items())
def test_what_is_not_read_is_called_by_its_name(tmp_path: Path, said: str, data: bytes) -> None:
    """One line says what it is, and what to give."""
    with pytest.raises(KscaleError) as error:
        formats.of(_file(tmp_path, data), "it")
    assert str(error.value).startswith(f"it: {said}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("data", [b"", b"  \n\n", b"\xef\xbb\xbf\n"])
def test_nothing_but_blanks_is_empty(tmp_path: Path, data: bytes) -> None:
    """There is nothing to quote."""
    with pytest.raises(KscaleError, match=r"^it: is empty$"):
        formats.of(_file(tmp_path, data), "it")


def test_a_list_in_yaml_is_told_by_its_own_entries(tmp_path: Path) -> None:
    """Events name pods, which does not make them pods."""
    event = b"- apiVersion: v1\n  involvedObject:\n    kind: Pod\n  kind: Event\n"
    with pytest.raises(KscaleError, match="is a list in YAML"):
        formats.of(_file(tmp_path, b"apiVersion: v1\nitems:\n" + event + b"kind: List\n"), "it")


def test_configurations_are_those_that_are_read() -> None:
    """Formats are told without importing the readers."""
    assert manifests.CONFIGS.keys() == formats.CONFIG_KINDS
    assert {*manifests_pods.TEMPLATES, "ConfigMap"} == formats.MANIFEST_KINDS


def test_packed_snapshot_is_to_be_unpacked(tmp_path: Path) -> None:
    """Its pages are read in place."""
    with pytest.raises(KscaleError, match=r"^it: is a packed etcd snapshot; unpack it first"):
        formats.of(_file(tmp_path, gzip.compress(PAGE + bytes(5000))), "it")


def test_name_helps_only_where_content_says_nothing(tmp_path: Path) -> None:
    """The ending is a hint."""
    assert formats.of(_file(tmp_path, b"\x01odd", "x.sktrace"), "it").id == "sktrace"
    assert formats.of(_file(tmp_path, KNOWN["kubectl"][0], "x.sktrace"), "it").id == "kubectl"


@given(st.binary(min_size=1, max_size=300) | st.text(min_size=1, max_size=300).map(str.encode))
def test_no_content_crashes_detection(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """It is a format, or one printable line."""
    path = _file(tmp_path_factory.getbasetemp(), data, "anything")
    said = _format_or_line(path)
    assert said in KNOWN or (said.startswith("it: ") and said.isprintable())


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (
            '{"a":1,"b":{"c":"x","d":{"e":2}},"f":[{"g":3}]}',
            {"a": "1", "b": "{", "b.c": "x", "b.d": "{", "f": "["},
        ),
        ('[{"a":null},{"b":2}]', {"a": "null"}),
        ('{"a":{"b":"c', {"a": "{", "a.b": "c"}),
        ('{"a\\"b":"\\\\"}{"c":1}', {'a\\"b': "\\\\"}),
        ('{"a":1,"a":2}', {"a": "1"}),
    ],
)
def test_outermost_keys_are_told(text: str, keys: dict[str, str]) -> None:
    """However the rest is nested or cut."""
    assert next(iter(json_head.outlines(text))) == keys


def test_endless_escapes_take_no_time() -> None:
    """A string that never ends is looked at once."""
    assert list(json_head.outlines('{"a":' + '"\\' * 30_000)) != []
    assert json_head.is_json('{"' + '\\"' * 30_000)
