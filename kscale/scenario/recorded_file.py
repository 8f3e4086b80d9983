"""A .npz file of named integer columns and one page of JSON; nothing in it is believed before it is checked.

It is a zip that `numpy.load` opens too. Members, their order, their dates and the headers of the columns
are fixed, so equal content gives equal bytes with one zlib. Reading parses no header: a column's must be,
byte for byte, the one that would be written for its dtype and length.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from kscale import files, units
from kscale.errors import KscaleError, listed
from kscale.scenario.document import one_line

ABOUT = "recorded.json"
MOST_BYTES = 2**29  # of a file, and of all that is in it
MOST_ABOUT = 2**25  # bytes of the JSON
_HEADER = 128  # bytes of a column's: numpy's own length for every shape there can be
_DATE = (1980, 1, 1, 0, 0, 0)  # the first a zip can name
_LEVEL = 6  # of deflate
_ENTRY = b"PK\x01\x02"  # begins an entry of a zip's directory; packed data may have it by chance
_MOST_ENTRIES = 100

Column = NDArray[np.int32] | NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a column must look like."""

    dtype: str  # "<i4" or "<i8"
    width: int | None = None  # numbers in a row; None: one, and no second dimension


def write(
    path: Path, about: Mapping[str, Any], columns: Mapping[str, Column], kinds: Mapping[str, Kind]
) -> str:
    """Write a file so that it is there whole or not at all; return its sha256.

    KscaleError if it would be larger than can be read again, or cannot be written.
    """
    text = json.dumps(about, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    members = {ABOUT: text.encode()}
    for name, kind in kinds.items():
        if name in columns:
            rows = np.ascontiguousarray(columns[name], dtype=kind.dtype)
            members[_member(name)] = _header(kind, len(rows)) + rows.tobytes()
    if sum(map(len, members.values())) > MOST_BYTES or len(members[ABOUT]) > MOST_ABOUT:
        raise KscaleError(one_line(f"{path.name}: would hold more than {units.show_bytes(MOST_BYTES)}"))
    data = _zipped(members)
    files.write(path, data)
    return hashlib.sha256(data).hexdigest()


def read(
    path: Path, sha256: str, where: str, kinds: Mapping[str, Kind]
) -> tuple[dict[str, Any], dict[str, Column]]:
    """Return the JSON and the columns of a file whose hash is *sha256*; KscaleError names it *where*."""
    data = _bytes_of(path, where)
    if hashlib.sha256(data).hexdigest() != sha256:  # which it is instead is nobody's business
        raise KscaleError(one_line(f"{where}: is not the file that is meant: it has another sha256"))
    known = {ABOUT, *map(_member, kinds)}
    try:
        members = _unzipped(data, known)
    except _UnusableError as error:
        raise KscaleError(one_line(f"{where}: {error}")) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        raise KscaleError(one_line(f"{where}: is not a zip that can be read")) from error
    if ABOUT not in members:
        raise KscaleError(one_line(f"{where}: has no {ABOUT}: kscale import writes such files"))
    columns = {
        name: _column(members[_member(name)], kind, f"{where}: {_member(name)}")
        for name, kind in kinds.items()
        if _member(name) in members
    }
    return _about(members[ABOUT], where), columns


class _UnusableError(Exception):
    """What is wrong with the zip."""


def _member(name: str) -> str:
    """Return the member that holds a column."""
    return f"{name}.npy"


def _header(kind: Kind, rows: int) -> bytes:
    """Return what comes before the numbers of a column: format 1.0 of numpy's .npy files."""
    shape = f"({rows},)" if kind.width is None else f"({rows}, {kind.width})"
    text = f"{{'descr': '{kind.dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    start = b"\x93NUMPY\x01\x00" + (_HEADER - 10).to_bytes(2, "little")
    return start + text.encode().ljust(_HEADER - 11) + b"\n"


def _column(data: bytes, kind: Kind, where: str) -> Column:
    """Return a column's numbers, in the machine's own byte order."""
    a_row = np.dtype(kind.dtype).itemsize * (kind.width or 1)
    rows, rest = divmod(len(data) - _HEADER, a_row)
    if rows < 0 or rest or data[:_HEADER] != _header(kind, rows):
        shape = "[n]" if kind.width is None else f"[n, {kind.width}]"
        raise KscaleError(one_line(f"{where}: is not {np.dtype(kind.dtype).name}{shape}, numpy's format 1.0"))
    flat = np.frombuffer(data, dtype=kind.dtype, offset=_HEADER)
    numbers = flat.astype(flat.dtype.newbyteorder("="))
    found: Column = numbers if kind.width is None else numbers.reshape(rows, kind.width)
    return found


def _about(data: bytes, where: str) -> dict[str, Any]:
    """Return the JSON, which must be an object."""

    def refuse(word: str) -> NoReturn:
        raise ValueError(word)

    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key is there twice")
        return dict(pairs)

    try:
        found = json.loads(data, parse_constant=refuse, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise KscaleError(one_line(f"{where}: {ABOUT}: is not JSON that can be read")) from error
    if not isinstance(found, dict):
        raise KscaleError(one_line(f"{where}: {ABOUT}: must map keys to values, got {units.quote(found)}"))
    return found


def _zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of *members* that depends on nothing else."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            file.writestr(info, data, compresslevel=_LEVEL)
    return out.getvalue()


def _unzipped(data: bytes, known: set[str]) -> dict[str, bytes]:
    """Return the members, all of them known and none larger than it says; else _UnusableError."""
    if data.count(_ENTRY) > _MOST_ENTRIES:  # before zipfile makes an object of each
        raise _UnusableError("has very many members")
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        infos = file.infolist()
        names = [info.filename for info in infos]
        if len(infos) > len(known) or set(names) - known:
            odd = sorted(set(names) - known)[:1] or ["too many of them"]
            raise _UnusableError(f"has a member {units.quote(odd[0])}; known: {listed(sorted(known))}")
        if len(set(names)) < len(names):
            raise _UnusableError("has a member twice")
        if sum(info.file_size for info in infos) > MOST_BYTES:
            raise _UnusableError(f"unpacks to more than {units.show_bytes(MOST_BYTES)}")
        if any(info.filename == ABOUT and info.file_size > MOST_ABOUT for info in infos):
            raise _UnusableError(f"{ABOUT} is larger than {units.show_bytes(MOST_ABOUT)}")
        members = {}
        for info in infos:
            if info.flag_bits & 1 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise _UnusableError(f"{info.filename} is encrypted, or packed in a way that is not read")
            with file.open(info) as member:
                members[info.filename] = member.read(info.file_size + 1)
            if len(members[info.filename]) != info.file_size:
                raise _UnusableError(f"{info.filename} is not as long as the zip says")
    return members


def _bytes_of(path: Path, where: str) -> bytes:
    """Return a file's bytes, no more than MOST_BYTES of them."""
    try:
        if path.exists() and not path.is_file():
            raise KscaleError(one_line(f"{where}: is not a file"))
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise KscaleError(one_line(f"{where}: no such file; it belongs beside its scenario")) from error
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        why = (error.strerror if isinstance(error, OSError) else None) or "its name is not one"
        raise KscaleError(one_line(f"{where}: cannot be read: {why}")) from error
    if len(data) > MOST_BYTES:
        raise KscaleError(one_line(f"{where}: is larger than {units.show_bytes(MOST_BYTES)}"))
    return data
