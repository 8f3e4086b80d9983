"""A SimKube trace as plain values: one map of msgpack, within limits.

Format: acrlabs/simkube docs/ref/trace-files.md and sk-core/src/trace, version 2. Keys of maps may be
lists (the owner of pods: kind and name); they become tuples. Extension types, times among them, and
binary data are in no trace and are refused.
"""

from pathlib import Path
from typing import Any

import msgpack

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import opened
from kscale.scenario.document import one_line

VERSION = 2
LARGEST = 64 * 2**20  # bytes, unpacked
LONGEST_TEXT = 2**20  # bytes of a text
MOST_VALUES = 3_000_000  # keys too: each becomes an object of up to 90 bytes and more once it is used
MOST_ENTRIES = 500_000  # of a list or a map: the parser makes room for as many as a header claims
KEYS = ("version", "config", "events", "index", "pod_lifecycles")

Map = dict[Any, Any]

_LENGTH_BYTES = {0xD9: 1, 0xDA: 2, 0xDB: 4}  # of texts whose length follows the first byte
_BYTES = [  # of other values by their first byte, without what is in them (msgpack's specification)
    *[1] * 0xA0,  # small numbers, maps and lists
    *range(1, 33),  # short texts
    *[1] * 10,  # null, truth values, and what is in no trace
    *(5, 9),  # floats
    *(2, 3, 5, 9) * 2,  # integers without and with a sign
    *[1] * 8,  # what is in no trace; texts, as above
    *(3, 5) * 2,  # lists and maps
    *[1] * 0x20,  # small negative numbers
]


def load(path: Path, name: str) -> Map:
    """Return the map that a trace is; KscaleError, one line, if it is none or of another version."""
    with opened.open_stream(path, name) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise KscaleError(one_line(f"{name}: is larger than {units.show_bytes(LARGEST)}"))
    if has_more_values(data, MOST_VALUES):
        raise KscaleError(one_line(f"{name}: has more than {MOST_VALUES:,} keys and values"))
    try:
        trace = _unpack(data)
    except msgpack.ExtraData as error:
        raise KscaleError(
            one_line(f"{name}: its msgpack data ends {len(error.extra):,} B before the file")
        ) from error
    except (msgpack.UnpackException, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise KscaleError(one_line(f"{name}: cannot be read as msgpack: {_why(error)}")) from error
    if not isinstance(trace, dict):
        raise KscaleError(one_line(f"{name}: is no SimKube trace: its msgpack data is no map"))
    _check_version(trace, name)
    return trace


def has_more_values(data: bytes, most: int) -> bool:
    """Return whether *data* has more than so many values, before any of them takes memory.

    A list or a map counts as one, and what is in it follows. From data that is no msgpack, or has what a
    trace has not, the count goes on somehow: unpacking stops there.
    """
    at, end, count = 0, len(data), 0
    while at < end and count <= most:
        first = data[at]
        width = _LENGTH_BYTES.get(first)
        if width:
            at += 1 + width + int.from_bytes(data[at + 1 : at + 1 + width], "big")
        else:
            at += _BYTES[first]
        count += 1
    return count > most


def _unpack(data: bytes) -> object:
    """Return the value that *data* is, all of it."""
    return msgpack.unpackb(
        data,
        raw=False,
        strict_map_key=False,  # keys may be lists and numbers
        object_pairs_hook=_map,
        max_str_len=LONGEST_TEXT,
        max_bin_len=0,
        max_ext_len=0,
        max_array_len=min(len(data), MOST_ENTRIES),
        max_map_len=min(len(data), MOST_ENTRIES),
    )


def _map(pairs: list[tuple[object, object]]) -> Map:
    """Return a mapping; ValueError if a key is there twice or can be none."""
    made = {_key(key): value for key, value in pairs}
    if len(made) != len(pairs):
        raise ValueError("a key is in a map twice")
    return made


def _key(key: object) -> object:
    """Return a key that can be one."""
    if isinstance(key, list):
        if not all(isinstance(part, str) for part in key):
            raise ValueError("a key is a list of other things than text")
        return tuple(key)
    if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
        return key
    raise ValueError("a key is neither text nor a number nor a list of texts")


def _check_version(trace: Map, name: str) -> None:
    """Refuse other versions of the format, and maps that are something else."""
    version = trace.get("version")
    if version != VERSION or isinstance(version, bool):
        what = "has no version" if version is None else f"is of version {units.quote(version)}"
        raise KscaleError(one_line(f"{name}: this SimKube trace {what}; kscale reads version {VERSION}"))
    missing = [key for key in KEYS if key not in trace]
    if missing:
        raise KscaleError(one_line(f"{name}: a SimKube trace has {', '.join(KEYS)}; no {missing[0]} here"))


def _why(error: Exception) -> str:
    """Return in a few words why unpacking failed."""
    if isinstance(error, UnicodeDecodeError):
        return "a text is not UTF-8"
    if isinstance(error, RecursionError | msgpack.StackError):
        return "it is nested too deeply"
    if isinstance(error, MemoryError):
        return "it claims to be larger than memory"
    text = str(error)
    if "incomplete" in text:
        return "it ends in the middle"
    return text[: 2 * units.LONGEST] or "a byte means nothing there"
