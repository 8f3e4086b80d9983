"""The codec: what it writes reads back, what it reads is never trusted, and a real etcd understands it."""

import pytest
import real_etcd
from hypothesis import given
from hypothesis import strategies as st

from kscale.calibrate import wire
from kscale.errors import KscaleError

INTS = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.integers(1, 2**20)


@given(st.lists(st.tuples(NUMBERS, st.one_of(INTS, st.binary(max_size=300)))))
def test_fields_read_back_as_they_were_written_without_defaults(
    written: list[tuple[int, int | bytes]],
) -> None:
    data = b"".join(wire.field(number, value) for number, value in written)
    assert list(wire.fields(data)) == [(number, value) for number, value in written if value]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "8001"),
        (300, "ac02"),
        (-1, "ff" * 9 + "01"),
        (2**63 - 1, "ff" * 8 + "7f"),
    ],
)
def test_varints_are_those_of_the_protocol_buffers_guide(value: int, written: str) -> None:
    assert wire.varint(value).hex() == written


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_one_line(data: bytes) -> None:
    for read in (wire.ranged, wire.revision, wire.deleted, wire.watched, wire.version):
        try:
            read(data)
        except KscaleError as error:
            assert "\n" not in str(error)  # noqa: PT017 - most inputs are refused, not all


@pytest.mark.parametrize("data", [b"\x0a\x05abc", b"\x08", b"\x08" + b"\xff" * 11, b"\x0b", b"\x0d\x00"])
def test_truncated_and_unknown_fields_are_refused(data: bytes) -> None:
    with pytest.raises(KscaleError, match="no etcd"):
        list(wire.fields(data))


@given(st.binary(min_size=1, max_size=8), st.binary(max_size=4))
def test_the_end_of_a_prefix_is_after_all_its_keys_and_before_the_next(prefix: bytes, rest: bytes) -> None:
    end = wire.prefix_end(prefix)
    if end == b"\0":
        assert set(prefix) == {0xFF}
    else:
        assert prefix + rest < end
        assert not end.startswith(prefix)
        assert len(end) <= len(prefix)


def test_a_real_etcd_understands_every_message_and_is_understood() -> None:
    values = {b"/k/%02d" % number: bytes([number]) * (100 * number) for number in range(20)}
    with real_etcd.started() as etcd:
        calls = etcd.calls
        etcd.puts(values.items())
        etcd.put(b"/k/00", b"new")
        found = wire.ranged(calls[wire.RANGE](wire.range_(b"/k/", wire.prefix_end(b"/k/"))))
        assert {one.key: one.value for one in found.kvs} == {**values, b"/k/00": b"new"}
        assert found.count == 20
        assert found.revision == etcd.revision == 3
        assert [one.modified for one in found.kvs] == [3, *[2] * 19]
        limited = wire.ranged(calls[wire.RANGE](wire.range_(b"/k/", b"/l", limit=5, serializable=True)))
        assert (len(limited.kvs), limited.count) == (5, 20)
        keys = wire.ranged(calls[wire.RANGE](wire.range_(b"/k/", b"/l", keys_only=True)))
        assert [one.value for one in keys.kvs] == [b""] * 20
        assert etcd.count(b"/k/1") == 10
        deletes = wire.txn(deletes=[wire.delete(b"/k/00"), wire.delete(b"/k/01", b"/k/05")])
        assert wire.revision(calls[wire.TXN](deletes)) == 4
        assert etcd.count() == 15
        assert etcd.delete(b"/", b"0") == 15
        etcd.compact()
        assert etcd.metrics()["etcd_debugging_mvcc_db_compaction_keys_total"] > 0
        assert wire.version(calls[wire.STATUS](b"")) == ".".join(map(str, etcd.running.binary.version))
