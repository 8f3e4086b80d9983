"""The few messages of etcd's API that we need, as protocol-buffer bytes; no generated code.

Field numbers are those of etcd's rpc.proto and kv.proto. Writers leave out fields at their default,
as protocol buffers do. Readers skip fields they do not know; what is no message is a KscaleError.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kscale.errors import KscaleError

PUT = "/etcdserverpb.KV/Put"
RANGE = "/etcdserverpb.KV/Range"
DELETE = "/etcdserverpb.KV/DeleteRange"
TXN = "/etcdserverpb.KV/Txn"
COMPACT = "/etcdserverpb.KV/Compact"
WATCH = "/etcdserverpb.Watch/Watch"
STATUS = "/etcdserverpb.Maintenance/Status"

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_WORD = 2**64
_LONGEST_VARINT = 10  # bytes

Value = int | bytes


def varint(value: int) -> bytes:
    """Return an integer in base 128, low digits first; a negative one in two's complement of 64 bits."""
    value %= _WORD
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, value: Value) -> bytes:
    """Return one field of a message; nothing if it is at its default."""
    if not value:
        return b""
    if isinstance(value, int):
        return varint(number << 3 | _VARINT) + varint(value)
    return varint(number << 3 | _BYTES) + varint(len(value)) + value


def message(number: int, content: bytes) -> bytes:
    """Return a message as a field of another; it is written even if it is empty."""
    return varint(number << 3 | _BYTES) + varint(len(content)) + content


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Yield (number, value) of each field: int of a number (signed, 64 bits), bytes of anything else."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _read_varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            raw, at = _read_varint(data, at)
            yield number, raw - _WORD if raw >= _WORD // 2 else raw
            continue
        if kind == _BYTES:
            size, at = _read_varint(data, at)
        elif kind in {_FIXED64, _FIXED32}:
            size = 8 if kind == _FIXED64 else 4
        else:
            raise _broken(f"a field of wire type {kind}")
        if size > end - at:
            raise _broken("a field longer than its message")
        yield number, data[at : at + size]
        at += size


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at *at* and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return value % _WORD, at + place + 1
    raise _broken("a number without an end")


def _broken(what: str) -> KscaleError:
    """Return the complaint that an answer cannot be read."""
    return KscaleError(f"what answered is no etcd: {what}")


def prefix_end(prefix: bytes) -> bytes:
    """Return the first key after all that start with *prefix*; a zero byte, all keys, if there is none."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else b"\0"


def put(key: bytes, value: bytes) -> bytes:
    """Return a PutRequest."""
    return field(1, key) + field(2, value)


def range_(
    key: bytes,
    end: bytes = b"",
    *,
    limit: int = 0,
    serializable: bool = False,
    keys_only: bool = False,
    count_only: bool = False,
) -> bytes:
    """Return a RangeRequest: one key, or all from *key* to before *end*."""
    return (
        field(1, key)
        + field(2, end)
        + field(3, limit)
        + field(7, int(serializable))
        + field(8, int(keys_only))
        + field(9, int(count_only))
    )


def delete(key: bytes, end: bytes = b"") -> bytes:
    """Return a DeleteRangeRequest: one key, or all from *key* to before *end*."""
    return field(1, key) + field(2, end)


def txn(puts: Iterable[bytes] = (), deletes: Iterable[bytes] = ()) -> bytes:
    """Return a TxnRequest that does all of it: PutRequests, then DeleteRangeRequests."""
    operations = [message(2, one) for one in puts] + [message(3, one) for one in deletes]
    return b"".join(message(2, one) for one in operations)


def compact(revision: int, *, physical: bool = False) -> bytes:
    """Return a CompactionRequest; *physical*: answered when the old revisions are gone from the file."""
    return field(1, revision) + field(2, int(physical))


def watch(key: bytes, end: bytes) -> bytes:
    """Return a WatchRequest that creates a watch of all from *key* to before *end*, from now on."""
    return message(1, field(1, key) + field(2, end))


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A key at a revision."""

    key: bytes
    value: bytes
    modified: int  # revision


@dataclass(frozen=True, slots=True)
class Ranged:
    """A RangeResponse."""

    revision: int  # of the store
    count: int  # keys in the range
    kvs: tuple[KeyValue, ...]


def ranged(data: bytes) -> Ranged:
    """Return a RangeResponse."""
    revision, count, kvs = 0, 0, []
    for number, value in fields(data):
        if number == 1 and isinstance(value, bytes):
            revision = _number(value, 3)
        elif number == 2 and isinstance(value, bytes):  # noqa: PLR2004 - as in rpc.proto
            kvs.append(_key_value(value))
        elif number == 4 and isinstance(value, int):  # noqa: PLR2004 - as in rpc.proto
            count = value
    return Ranged(revision, count, tuple(kvs))


def _key_value(data: bytes) -> KeyValue:
    """Return a KeyValue."""
    found: dict[int, Value] = dict(fields(data))
    key, value, modified = found.get(1, b""), found.get(5, b""), found.get(3, 0)
    if not (isinstance(key, bytes) and isinstance(value, bytes) and isinstance(modified, int)):
        raise _broken("a key or a value that is none")
    return KeyValue(key, value, modified)


def _number(data: bytes, wanted: int) -> int:
    """Return a number of a message by its field; 0 if it is not there."""
    return next((value for number, value in fields(data) if number == wanted and isinstance(value, int)), 0)


def revision(data: bytes) -> int:
    """Return the store's revision, which is in the header of every response."""
    header = next((value for number, value in fields(data) if number == 1), b"")
    return _number(header, 3) if isinstance(header, bytes) else 0


def deleted(data: bytes) -> int:
    """Return how many keys a DeleteRangeResponse says are gone."""
    return _number(data, 2)


def watched(data: bytes) -> tuple[bool, int]:
    """Return whether a WatchResponse says that a watch was created, and how many events it brings."""
    created, events = False, 0
    for number, value in fields(data):
        created |= number == 3 and value == 1  # noqa: PLR2004 - as in rpc.proto
        events += number == 11  # noqa: PLR2004 - as in rpc.proto
    return created, events


def version(data: bytes) -> str:
    """Return the version that a StatusResponse states."""
    found = next((value for number, value in fields(data) if number == 2), b"")  # noqa: PLR2004 - as above
    return found.decode(errors="replace") if isinstance(found, bytes) else ""
