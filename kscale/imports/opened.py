"""A file to import as a stream of bytes: gzip is unpacked on the way, within limits.

Only plain files are opened: a folder, a device or a pipe is refused at once instead of waited for.
Deflate makes at most 1,032 bytes of one; lists of real clusters stay far below the ratio allowed here.
"""

import gzip
import io
import os
import stat
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from kscale import units
from kscale.errors import KscaleError
from kscale.scenario.document import one_line

MOST_BYTES = 64 * 2**30  # unpacked
MOST_RATIO = 500  # unpacked to packed
RATIO_FROM = 64 * 2**20  # bytes unpacked before the ratio counts
HEAD = 64 * 2**10  # bytes that tell a format
AT_ONCE = 2**20  # bytes read at once

GZIP = b"\x1f\x8b"


class _Unpacked(io.RawIOBase):
    """The bytes of a gzip file; KscaleError at a damaged or endless one."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Unpack *file*, which is closed with this; *name* is for errors."""
        self.file = file
        self._name = name
        self._plain = gzip.GzipFile(fileobj=file)
        self._bytes = 0

    def readable(self) -> bool:
        """Return that this can be read."""
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]  # any buffer, as BufferedReader gives it
        """Fill *buffer* and return how many bytes it got; 0 at the end."""
        try:
            data = self._plain.read1(len(buffer))  # what is before a damaged place comes out first
        except (OSError, EOFError, zlib.error) as error:
            what = "ends in the middle" if isinstance(error, EOFError) else "is damaged"
            after = f" after {units.show_bytes(self._bytes)}" if self._bytes else ""
            raise KscaleError(one_line(f"{self._name}: its gzip data {what}{after}")) from error
        got = len(data)
        buffer[:got] = data
        self._bytes += got
        if self._bytes > MOST_BYTES:
            raise KscaleError(
                one_line(f"{self._name}: is larger than {units.show_bytes(MOST_BYTES)} when unpacked")
            )
        if self._bytes > max(RATIO_FROM, MOST_RATIO * self.file.tell()):
            raise KscaleError(
                one_line(f"{self._name}: unpacks to over {MOST_RATIO} times its size: no list does that")
            )
        return got

    def close(self) -> None:
        """Close the file too."""
        self.file.close()
        super().close()


def open_stream(path: Path, name: str) -> BinaryIO:
    """Return the bytes of the plain file *path*, unpacked if it is gzip; the caller closes it.

    KscaleError, one line that begins with *name*, if it cannot be opened, and from `read` if its
    gzip data is damaged, too large or a bomb. The stream only goes forwards.
    """
    raw = _plain_file(path, name)
    magic = raw.read(len(GZIP))
    raw.seek(0)
    if magic == GZIP:
        return cast("BinaryIO", io.BufferedReader(_Unpacked(raw, name), AT_ONCE))
    return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", raw), AT_ONCE))


def at(stream: BinaryIO) -> int:
    """Return how many bytes of the file itself, packed as it is, the stream has taken: for progress."""
    raw = getattr(stream, "raw", None)
    file = raw.file if isinstance(raw, _Unpacked) else raw if raw is not None else stream
    return int(file.tell())


def size(path: Path) -> int:
    """Return the bytes of the file itself."""
    return path.stat().st_size


def is_packed(path: Path) -> bool:
    """Return whether a file that was opened before is gzip."""
    with path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


def head(path: Path, name: str | None = None) -> bytes:
    """Return the first 64 KiB, unpacked; fewer if there are no more."""
    with open_stream(path, name or str(path)) as stream:
        return stream.read(HEAD)


def _plain_file(path: Path, name: str) -> BinaryIO:
    """Return *path* opened, unbuffered; KscaleError if it is no plain file."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe is not waited for
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = (error.strerror if isinstance(error, OSError) else None) or "not a file name"
        raise KscaleError(one_line(f"{name}: cannot be read: {why}")) from error
    mode = os.fstat(number).st_mode
    if not stat.S_ISREG(mode):
        os.close(number)
        raise KscaleError(one_line(f"{name}: {_other_kind(mode)}"))
    return cast("BinaryIO", os.fdopen(number, "rb", buffering=0))


def _other_kind(mode: int) -> str:
    """Return what is said of something that is no plain file."""
    if stat.S_ISDIR(mode):
        return "is a folder; name the files in it"
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return "is a pipe; save it as a file first"
    return "is a device, not a file"
