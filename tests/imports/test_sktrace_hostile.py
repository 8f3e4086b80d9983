"""Traces that nobody should believe: refused with one line that says where."""

from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kscale.errors import KscaleError
from kscale.imports import sktrace, sktrace_file
from kscale.imports.facts import Facts

FOLDER = Path(__file__).parent.parent / "vectors" / "traces" / "simkube-examples"
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}}


def trace(**keys: object) -> dict[str, object]:
    given: dict[str, object] = {
        "version": 2,
        "config": {},
        "events": [event()],
        "index": {},
        "pod_lifecycles": {},
    }
    return given | keys


def event(**keys: object) -> dict[str, object]:
    given: dict[str, object] = {"ts": 5, "applied_objs": [], "deleted_objs": []}
    return given | keys


def read_bytes(folder: Path, data: bytes) -> Facts:
    path = folder / "t.sktrace"
    path.write_bytes(data)
    return sktrace.read(path, "t.sktrace", lambda _done, _all: None)


def applied(**keys: object) -> dict[str, object]:
    return trace(events=[event(applied_objs=[POD | keys])])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([1], "its msgpack data is no map"),
        ({}, "has no version"),
        (trace(version=3), "is of version 3; kscale reads version 2"),
        (trace(version=True), "is of version true"),
        ({"version": 2, "config": {}}, "no events here"),
        (trace(events={}), "events: must be a list"),
        (trace(events=[]), "events: must be a list with one event"),
        (trace(events=[1]), "events[0]: must be a map, got 1"),
        (trace(events=[event(ts=-1)]), "events[0].ts: must be Unix seconds, got -1"),
        (trace(events=[event(ts=2**63)]), "events[0].ts: must be Unix seconds"),
        (trace(events=[event(ts=float("nan"))]), "events[0].ts: must be Unix seconds, got nan"),
        (trace(events=[event(), event(ts=4)]), "events[1].ts: is before that of the event before"),
        (trace(events=[event(applied_objs=None)]), "events[0].applied_objs: must be a list, got null"),
        (
            trace(events=[event(deleted_objs=["x"])]),
            "events[0].deleted_objs[0]: must be an object, got text of 1 character",
        ),
        (applied(kind=5), "events[0].applied_objs[0]: kind: 5 is not a kind"),
        (applied(apiVersion="\x1b"), "apiVersion: text of 1 character is not a version"),
        (applied(spec=[]), "spec: must map keys to values"),
        (
            applied(spec={"containers": [{"resources": {"requests": {"cpu": "NaN"}}}]}),
            "'NaN' is not a quantity",
        ),
        (applied(spec={"x": float("nan")}), "JSON cannot hold it"),
        (applied(spec={("a", "b"): 1}), "JSON cannot hold it"),
        (
            applied(kind="Deployment", apiVersion="apps/v1", spec={"replicas": -1}),
            "spec.replicas: must be a whole number, 0 to 1,000,000,000",
        ),
        (trace(pod_lifecycles=[]), "pod_lifecycles: must be a map"),
        (trace(pod_lifecycles={"a": {}}), "pod_lifecycles: must map kind and name"),
        (trace(pod_lifecycles={("v1.Pod", "a"): {1: 5}}), "pod_lifecycles: must be lists of lives"),
        (trace(pod_lifecycles={("v1.Pod", "a"): {1: [{"Running": "x"}]}}), "pod_lifecycles: a life is"),
        (trace(pod_lifecycles={("v1.Pod", "a"): {1: [{"Finished": [1]}]}}), "pod_lifecycles: a life is"),
        (trace(index={(("a",),): 1}), "a key is a list of other things than text"),
        (trace(index={1.5: 1}), "a key is neither text nor a number"),
        (trace(config=msgpack.ExtType(5, b"x")), "cannot be read as msgpack"),
        (trace(config=msgpack.Timestamp(1, 1)), "cannot be read as msgpack"),
        (trace(config=b"binary"), "cannot be read as msgpack"),
        (trace(config="x" * (2**20 + 1)), "cannot be read as msgpack"),
    ],
)
def test_a_trace_is_refused_with_its_place(tmp_path: Path, given: Any, why: str) -> None:  # noqa: ANN401 - anything
    with pytest.raises(KscaleError) as caught:
        read_bytes(tmp_path, msgpack.packb(given))
    assert why in str(caught.value)
    assert str(caught.value).startswith("t.sktrace: ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "ends in the middle"),
        (b"\xc1", "cannot be read as msgpack"),
        (b"\x81\xa1a", "ends in the middle"),
        (b"\x82\xa1a\x01\xa1a\x02", "a key is in a map twice"),
        (b"\x81\xa1\xff\x01", "a text is not UTF-8"),
        (b"\xdf\xff\xff\xff\xff", "cannot be read as msgpack"),
        (b"\xdd\xff\xff\xff\xff" * 1000, "cannot be read as msgpack"),
        (b"\xdd\x00\x00\x0f\xff" * 1000, "cannot be read as msgpack"),
        (b"\x91" * 5000, "nested too deeply"),
        (msgpack.packb(trace()) + b"\x00\x00", "its msgpack data ends 2 B before the file"),
        (msgpack.packb(trace())[:-1], "ends in the middle"),
    ],
)
def test_bytes_are_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(KscaleError) as caught:
        read_bytes(tmp_path, data)
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=300),
    lambda inner: (
        st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=40) | st.integers(0, 9), inner)
    ),
    max_leaves=60,
)


def values_in(given: object) -> int:
    """Return how many keys and values there are, lists and maps too."""
    if isinstance(given, dict):
        return 1 + sum(values_in(key) + values_in(value) for key, value in given.items())
    return 1 + sum(map(values_in, given)) if isinstance(given, list) else 1


@given(ANY)
@settings(max_examples=50, deadline=None)
def test_values_are_counted_before_they_are_made(given_value: object) -> None:
    """Exactly, whatever they are."""
    data, count = msgpack.packb(given_value), values_in(given_value)
    assert not sktrace_file.has_more_values(data, count)
    assert sktrace_file.has_more_values(data, count - 1)


@pytest.mark.parametrize(
    "filling",
    [
        b"\x90" * sktrace_file.MOST_VALUES,  # lists of nothing
        b"\x81\x01" * (sktrace_file.MOST_VALUES // 2 + 1),  # a map in a map in a map
        (b"\xdd\x00\x06\x1a\x80" + b"\xc0" * 399_999) * 10,  # lists that do not end, one in the other
    ],
)
def test_more_values_than_memory_is_for_are_refused(tmp_path: Path, filling: bytes) -> None:
    """None of them is made: 3 MB of such a file would be 300 MB."""
    with pytest.raises(KscaleError, match=r"t\.sktrace: has more than 3,000,000 keys and values"):
        read_bytes(tmp_path, b"\x85\xa6config\xdd\xff\xff\xff\xff" + filling)


def test_a_trace_of_too_many_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sktrace_file, "LARGEST", 40)
    with pytest.raises(KscaleError, match="is larger than 40 B"):
        read_bytes(tmp_path, msgpack.packb(trace()))


def test_an_empty_trace_says_nothing(tmp_path: Path) -> None:
    facts = read_bytes(tmp_path, msgpack.packb(trace()))
    assert facts.pods is None
    assert not facts.types
    assert not facts.values


def _read_or_refused(folder: Path, data: bytes) -> bool:
    """Return whether a trace is read, or refused with one line."""
    try:
        return bool(read_bytes(folder, data).source.format == "sktrace")
    except KscaleError as error:
        return str(error).isprintable()


EXAMPLES = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.sktrace"))}
HOSTILE = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@HOSTILE
@given(
    name=st.sampled_from(["bare-pods.sktrace", "cronjob.sktrace"]),
    place=st.floats(0, 1),
    put=st.binary(max_size=8),
    cut=st.booleans(),
)
def test_damaged_traces_are_read_or_refused(
    tmp_path: Path, name: str, place: float, put: bytes, cut: bool
) -> None:
    data = EXAMPLES[name]
    at = int(place * len(data))
    assert _read_or_refused(tmp_path, data[:at] + put + (b"" if cut else data[at + len(put) :]))


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=4)
    | st.sampled_from(["apps/v1", "Deployment", "Pod", "Job", "100m", "1Gi", "-1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["spec", "metadata", "replicas", "template", "containers", "resources", "name"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
LIVES = st.dictionaries(
    st.sampled_from(["v1.Pod", ("v1.Pod", "default/a"), ("batch/v1.Job", "a")]), ODD, max_size=2
)


@HOSTILE
@given(
    kind=st.sampled_from([("v1", "Pod"), ("apps/v1", "Deployment"), ("batch/v1", "Job"), ("x.y/v1", "Z")]),
    spec=ODD,
    metadata=ODD | st.just({"name": "a"}),
    ts=st.integers(-1, 2**40),
    config=ODD,
    lives=LIVES | st.just({}),
)
def test_odd_traces_are_read_or_refused(
    tmp_path: Path,
    kind: tuple[str, str],
    spec: object,
    metadata: object,
    ts: int,
    config: object,
    lives: object,
) -> None:
    one = {"apiVersion": kind[0], "kind": kind[1], "metadata": metadata, "spec": spec}
    events = [event(ts=0, applied_objs=[one]), event(ts=ts, applied_objs=[one], deleted_objs=[one, POD])]
    data = msgpack.packb(trace(events=events, config=config, pod_lifecycles=lives))
    assert _read_or_refused(tmp_path, data)
