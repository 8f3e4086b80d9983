"""Watch events, encoded for each watcher or once for all, and framed into each watcher's response.

An event goes to all watchers, one after the other, as if each sent at once: its frame is built in
one buffer and read once, for the checksum that stands for sending. Framing, reading and the encoders
are the same code whether an event is shared or not.

In protobuf the object is wrapped as Kubernetes does it: the magic number and runtime.Unknown (1 typeMeta
{1 apiVersion, 2 kind}, 2 raw); the frame is its length in 4 bytes, big-endian, and WatchEvent
(1 type, 2 object {1 raw}). In JSON it is {"type":..,"object":..} and a new line.
"""

import numpy as np

from kscale.kernels import json_write, protobuf_write
from kscale.kernels._jit import inline, kernel
from kscale.kernels.json_write import put
from kscale.kernels.protobuf_write import Bytes, Longs, bytes_size, put_bytes, put_head

# Columns of `encodings`, int64[k, 5]; KIND and VERSION are first bytes in *text*.
FORMAT = 0  # PROTOBUF or JSON
KIND, KIND_BYTES = 1, 2
VERSION, VERSION_BYTES = 3, 4  # apiVersion
ENCODING = 5
PROTOBUF, JSON = 0, 1

ADDED, MODIFIED, DELETED = 0, 1, 2  # types of events
TYPES = ("ADDED", "MODIFIED", "DELETED")

# Rows of `got`, int64[3, watchers].
FRAMES = 0  # frames received
BYTES = 1  # bytes of these frames
DIGEST = 2  # ordered checksum of these bytes
GOT = 3

# Columns of `done`, int64[events, 6]: what one event took.
ENCODINGS = 0  # objects encoded
PROTOBUF_BYTES, JSON_BYTES = 1, 2  # bytes of these
COPIED = 3  # bytes copied from an encoding
LOOKUPS = 4  # looked for an encoding made for another watcher
HELD = 5  # bytes of encodings kept for other watchers until the last is served
DONE = 6

# Of a buffer. A plain 0 is a type of its own to numba, which would compile whatever takes it once more.
START: int = np.int64(0)  # type: ignore[assignment]
HEADERS = 64  # bytes of wrapper and frame around an object, at most, without kind and version

_TYPE_TEXT = np.frombuffer("".join(TYPES).encode(), dtype=np.uint8).copy()
_TYPE_ENDS = np.cumsum([0, *(len(name) for name in TYPES)])
_MAGIC = np.frombuffer(b"k8s\x00", dtype=np.uint8).copy()
_JSON_HEAD = np.frombuffer(b'{"type":', dtype=np.uint8).copy()
_JSON_MIDDLE = np.frombuffer(b',"object":', dtype=np.uint8).copy()
_JSON_END = np.frombuffer(b"}\n", dtype=np.uint8).copy()

_BLOCK = 256  # bytes summed at a time: 255 * 256 * 257 / 2 fits int32
_PRIME = 4_194_301  # DIGEST * PRIME + a sum stays below 2**63, so that nothing wraps
_MASK = (1 << 40) - 1


@kernel
def encode(
    i: int, e: int, encodings: Longs, objects: Longs, labels: Longs, text: Bytes, out: Bytes, at: int
) -> int:
    """Encode object *i* in encoding *e* into *out* from byte *at* on. Returns where it ends.

    encodings  int64[k, 5]  see above
    objects, labels, text   as in protobuf_write.py
    """
    kind, kind_bytes = encodings[e, KIND], encodings[e, KIND_BYTES]
    version, version_bytes = encodings[e, VERSION], encodings[e, VERSION_BYTES]
    if encodings[e, FORMAT] == JSON:
        return json_write.write(i, kind, kind_bytes, version, version_bytes, objects, labels, text, out, at)
    at = put(_MAGIC, 0, len(_MAGIC), out, at)
    at = put_head(1, bytes_size(1, version_bytes) + bytes_size(2, kind_bytes), out, at)
    at = put_bytes(1, text, version, version_bytes, out, at)
    at = put_bytes(2, text, kind, kind_bytes, out, at)
    at = put_head(2, protobuf_write.size_of(i, objects, labels), out, at)
    return protobuf_write.write(i, objects, labels, text, out, at)


@kernel
def frame(kind: int, form: int, raw: Bytes, first: int, count: int, out: Bytes, at: int) -> int:
    """Write the frame of an event of type *kind* around an encoded object. Returns where it ends.

    raw  uint8[...]  holds the object from byte *first* on, *count* bytes in format *form*
    out  uint8[...]  out: the frame, from byte *at* on
    """
    named, name_bytes = _TYPE_ENDS[kind], _TYPE_ENDS[kind + 1] - _TYPE_ENDS[kind]
    if form == JSON:
        at = put(_JSON_HEAD, 0, len(_JSON_HEAD), out, at)
        at = json_write.put_string(_TYPE_TEXT, named, name_bytes, out, at)
        at = put(_JSON_MIDDLE, 0, len(_JSON_MIDDLE), out, at)
        at = put(raw, first, count, out, at)
        return put(_JSON_END, 0, len(_JSON_END), out, at)
    size = bytes_size(1, name_bytes) + bytes_size(2, bytes_size(1, count))
    for byte in range(4):
        out[at + byte] = (size >> (24 - 8 * byte)) & 255
    at = put_bytes(1, _TYPE_TEXT, named, name_bytes, out, at + 4)
    at = put_head(1, count, out, put_head(2, bytes_size(1, count), out, at))
    return put(raw, first, count, out, at)


@kernel
def digest(data: Bytes, count: int) -> int:
    """Return a checksum of the first *count* bytes that depends on their places, below 2^56 up to 16 MiB."""
    whole, order = 0, 0
    for low in range(0, count, _BLOCK):
        part = data[low : min(low + _BLOCK, count)]
        block = np.int32(0)
        for i in range(len(part)):
            block = np.int32(block + np.int32(part[i]) * np.int32(i + 1))
        whole += int(block)
        order += whole
    return order


@inline
def _receive(w: int, data: Bytes, count: int, got: Longs) -> None:
    """Let watcher *w* receive a frame of *count* bytes."""
    got[FRAMES, w] += 1
    got[BYTES, w] += count
    got[DIGEST, w] = (got[DIGEST, w] * _PRIME + digest(data, count)) & _MASK


@inline
def _note(event: int, form: int, count: int, done: Longs) -> None:
    """Count an object encoded into *count* bytes."""
    done[event, ENCODINGS] += 1
    done[event, JSON_BYTES if form == JSON else PROTOBUF_BYTES] += count


@kernel
def serve_each(
    events: Longs,
    kinds: Longs,
    wanted: Longs,
    encodings: Longs,
    objects: Longs,
    labels: Longs,
    text: Bytes,
    raw: Bytes,
    out: Bytes,
    got: Longs,
    done: Longs,
) -> None:
    """Encode each event for each watcher anew.

    events     int64[n]  events to serve, ascending: rows of *objects*, *kinds* and *done*
    kinds      int64[e]  type of each event
    wanted     int64[w]  encoding of each watcher
    encodings, objects, labels, text  see above
    raw, out   uint8[...]  scratch for an object and for a frame
    got        int64[3, w]  see above; changed
    done       int64[e, 6]  see above; changed

    Cost is O(events * watchers * bytes).
    """
    for event in events:
        for w in range(len(wanted)):
            e = wanted[w]
            form = encodings[e, FORMAT]
            count = encode(event, e, encodings, objects, labels, text, raw, START)
            _note(event, form, count, done)
            end = frame(kinds[event], form, raw, START, count, out, START)
            done[event, COPIED] += count
            _receive(w, out, end, got)


@inline
def _keep(
    event: int,
    e: int,
    kind: int,
    encodings: Longs,
    objects: Longs,
    labels: Longs,
    text: Bytes,
    whole: bool,
    raw: Bytes,
    held: Bytes,
    at: int,
    done: Longs,
) -> int:
    """Encode an event for the first watcher that asks, into *held*. Returns where it ends."""
    form = encodings[e, FORMAT]
    if not whole:
        end = encode(event, e, encodings, objects, labels, text, held, at)
        _note(event, form, end - at, done)
        return end
    count = encode(event, e, encodings, objects, labels, text, raw, START)
    _note(event, form, count, done)
    done[event, COPIED] += count
    return frame(kind, form, raw, START, count, held, at)


@kernel
def serve_shared(
    events: Longs,
    kinds: Longs,
    wanted: Longs,
    encodings: Longs,
    objects: Longs,
    labels: Longs,
    text: Bytes,
    whole: bool,
    raw: Bytes,
    held: Bytes,
    places: Longs,
    out: Bytes,
    got: Longs,
    done: Longs,
) -> None:
    """Encode each event once in each encoding that is wanted, for the first watcher that wants it.

    whole   keep the frame, which the next watcher copies (1.29+), or else the object, which it copies
            and frames anew (1.17 to 1.28)
    held    uint8[...]   scratch: what is kept of one event, in all encodings
    places  int64[k, 2]  scratch: where in *held* each encoding begins and ends

    The other arguments are as in `serve_each`. Cost is O(events * (encodings + watchers) * bytes).
    """
    for event in events:
        places[:] = -1
        used = 0
        for w in range(len(wanted)):
            e = wanted[w]
            done[event, LOOKUPS] += 1
            if places[e, 0] < 0:
                places[e, 0] = used
                used = _keep(
                    event, e, kinds[event], encodings, objects, labels, text, whole, raw, held, used, done
                )
                places[e, 1] = used
            first, count = places[e, 0], places[e, 1] - places[e, 0]
            done[event, COPIED] += count
            if whole:
                end = put(held, first, count, out, 0)
            else:
                put(held, first, count, raw, 0)
                end = frame(kinds[event], encodings[e, FORMAT], raw, START, count, out, START)
                done[event, COPIED] += count
            _receive(w, out, end, got)
        done[event, HELD] = used
