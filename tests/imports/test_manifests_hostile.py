"""Manifests that nobody should believe: refused with file, line and key, or read within bounds."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kscale.errors import KscaleError
from kscale.imports import manifests
from kscale.imports.facts import Facts

FOLDER = Path(__file__).parent.parent / "vectors" / "manifests"
POD = "kind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    command:\n    - kube-apiserver\n"
ETCD = POD.replace("kube-apiserver", "etcd")
HOSTED = "kind: Deployment\nspec:\n replicas: 1\n template: {spec: {containers: [{name: kube-apiserver}]}}"
SCHEDULER = "kind: KubeSchedulerConfiguration\n"


def read_bytes(folder: Path, data: bytes) -> Facts:
    path = folder / "m.yaml"
    path.write_bytes(data)
    return manifests.read(path, "m.yaml", lambda _done, _all: None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "m.yaml:1: holds no document"),
        ("---\n---\n", "m.yaml:1: holds no document"),
        ("kind: Service\n", "m.yaml:1: holds nothing of a control plane; kscale reads kube-apiserver, etcd"),
        (
            "---\nkind: ConfigMap\n---\nkind: ConfigMap\n",
            "m.yaml:1: holds nothing of a control plane; kscale reads kube-apiserver, etcd",
        ),
        (
            "kind: List\nitems:\n- kind: Pod\n",
            "kubeadm and etcd; give a list as JSON: `kubectl",
        ),
        ("- 1\n", "m.yaml:1"),
        ("kind: [1]\n", "m.yaml:1: kind: must be text, got a list"),
        ("a: &x [1]\nb: *x\n", "m.yaml:1: a: anchors are not read"),
        ("a: !!python/object/apply:os.system [x]\n", "m.yaml:1: a: tags are not read"),
        ("kind: Pod\nkind: Pod\n", "m.yaml:2: kind: is already given on line 1"),
        ("kind: Pod\n---\nkind: Pod\nspec: 5\n", "m.yaml:4: spec: must map keys to values, got 5"),
        ("a: " + "[" * 100, "m.yaml:1"),
        ("kind: Pod\nspec: {containers: {}}\n", "m.yaml:2: spec.containers: must be a list"),
        (f"{POD}    - [x]\n", "m.yaml:7: spec.containers[0].command[1]: must be text"),
        (
            f"{POD}    - --goaway-chance=0.5\n",
            "m.yaml:7: spec.containers[0].command[1]: --goaway-chance: must be 0 to 0.02, got '0.5'",
        ),
        (f"{POD}    - --goaway-chance=NaN\n", "--goaway-chance: 'NaN' is not a number"),
        (f"{POD}    - --goaway-chance=-1\n", "--goaway-chance: '-1' is not a number"),
        (f"{POD}    - --goaway-chance=1e999\n", "--goaway-chance: "),
        (f"{POD}    - --watch-cache=perhaps\n", "--watch-cache: 'perhaps' is neither true nor false"),
        (f"{POD}    - --feature-gates=A\n", "'A' is not a gate"),
        (f"{POD}    - --etcd-servers-overrides=events\n", "text of 6 characters is no override"),
        (f"{POD}    - --max-requests-inflight={'9' * 30}\n", "is not a whole number"),
        (f"{POD}    - --event-ttl=soon\n", "--event-ttl: 'soon' is not a duration"),
        (f"{POD}    - --watch-cache-sizes=pods=1\n", "text of 6 characters is no size"),
        (f"{POD}    - '--etcd-servers={'a' * 20_000}'\n", "is longer than 16,384 characters"),
        (f"{ETCD}    - --quota-backend-bytes=many\n", "--quota-backend-bytes: 'many' is not a whole number"),
        (f"{ETCD}    - --backend-bbolt-freelist-type=tree\n", "must be array or map, got 'tree'"),
        (f"{ETCD}    - --auto-compaction-mode=never\n", "must be periodic or revision, got 'never'"),
        (f"{SCHEDULER}percentageOfNodesToScore: 101\n", "m.yaml:2: percentageOfNodesToScore: must be"),
        (f"{SCHEDULER}percentageOfNodesToScore: yes\n", "m.yaml:2: percentageOfNodesToScore: must be"),
        (
            f"{SCHEDULER}profiles:\n- plugins: {{score: {{enabled: [{{name: A, weight: -1}}]}}}}\n",
            "m.yaml:3: profiles[0].plugins.score.enabled[0].weight: must be a whole number, 0 to 300",
        ),
        (
            "kind: KubeletConfiguration\nnodeStatusUpdateFrequency: -1s\n",
            "m.yaml:2: nodeStatusUpdateFrequency: '-1s' is negative",
        ),
        (
            "kind: ConfigMap\ndata:\n  kubelet: |\n    kind: KubeletConfiguration\n    kubeAPIQPS: x\n",
            "m.yaml:3: data.kubelet:2: kubeAPIQPS: 'x' is not a number",
        ),
        ("kind: ClusterConfiguration\napiServer: {extraArgs: 5}\n", "apiServer.extraArgs: must map"),
        ("kind: Deployment\nspec: {replicas: 9999}\n", "holds nothing of a control plane"),
        (
            HOSTED.replace("1", "-1"),
            "m.yaml:3: spec.replicas: must be a whole number, 0 to 1,000",
        ),
    ],
)
def test_a_manifest_is_refused_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(KscaleError) as caught:
        read_bytes(tmp_path, text.encode())
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"kind: \xff\n", "m.yaml:1: not UTF-8"),
        (b"a: 1\nkind: \x1b[31m\n", "m.yaml:2: character U+001B is not allowed"),
        (b"x: 1\n" * 2, "is already given"),
        (b"a: [" + b"1," * 200_000, "m.yaml:1: more than 200,000 values"),
        (b" " * (16 * 2**20 + 1), "m.yaml: is larger than 16 MiB"),
    ],
)
def test_bytes_are_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(KscaleError) as caught:
        read_bytes(tmp_path, data)
    assert why in str(caught.value)


def test_a_shell_that_never_ends_its_quotes(tmp_path: Path) -> None:
    command = "exec kube-apiserver --goaway-chance=0.001 'x"
    text = f'kind: Pod\nspec: {{containers: [{{command: [sh, -c, "{command}"]}}]}}'
    facts = read_bytes(tmp_path, text.encode())
    assert any(one.key.endswith("goaway_ppm") and one.value == 1000 for one in facts.values)


def test_variables_cannot_grow_without_end(tmp_path: Path) -> None:
    words = "'--x=" + "$(A)" * 65 + "'"
    value = "y" * 10
    container = f"{{name: etcd, env: [{{name: A, value: {value}}}], args: [{words}]}}"
    text = f"kind: Pod\nspec: {{containers: [{container}]}}"
    with pytest.raises(KscaleError, match=r"args\[0\]: refers to more than 64 variables"):
        read_bytes(tmp_path, text.encode())


def _documents() -> list[object]:
    """Return every document of the vectors."""
    return [
        one
        for path in sorted(FOLDER.glob("*.yaml"))
        for one in yaml.safe_load_all(path.read_text(encoding="utf-8").replace("\t", " "))
    ]


def _places(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the place of every value."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [at, *(place for key, one in inner for place in _places(one, (*at, key)))]


def _changed(value: object, at: tuple[str | int, ...], new: object) -> object:
    """Return a document with another value at a place."""
    if not at:
        return new
    if isinstance(value, dict):
        return {key: _changed(one, at[1:], new) if key == at[0] else one for key, one in value.items()}
    assert isinstance(value, list)
    return [_changed(one, at[1:], new) if i == at[0] else one for i, one in enumerate(value)]


def _read_or_refused(folder: Path, data: bytes) -> bool:
    """Return whether a file is read, or refused with one line."""
    try:
        return read_bytes(folder, data).source.format == "manifest"
    except KscaleError as error:
        return str(error).isprintable()


DOCUMENTS = _documents()
PLACES = [(number, place) for number, one in enumerate(DOCUMENTS) for place in _places(one)]
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "--goaway-chance=x", "--etcd-servers-overrides=#", "--quota-backend-bytes=", "etcd",
            "1e400", "-0", "v1.99", "9" * 50, "$(A)$(B)", "exec etcd ;;", "kind: Pod", "kind: [",
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=3))
def test_changed_documents_are_read_or_refused(
    tmp_path: Path, changes: list[tuple[tuple[int, tuple[str | int, ...]], object]]
) -> None:
    (number, place), new = changes[0]
    document = _changed(DOCUMENTS[number], place, new)
    for (_, other), value in changes[1:]:
        if other in _places(document):
            document = _changed(document, other, value)
    data = yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass")
    assert _read_or_refused(tmp_path, data)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(path.name for path in FOLDER.glob("*.yaml"))),
    cut=st.integers(0, 2000),
    put=st.binary(max_size=6),
)
def test_damaged_files_are_read_or_refused(tmp_path: Path, name: str, cut: int, put: bytes) -> None:
    data = (FOLDER / name).read_bytes()
    cut = min(cut, len(data))
    assert _read_or_refused(tmp_path, data[:cut] + put + data[cut + len(put) :])
