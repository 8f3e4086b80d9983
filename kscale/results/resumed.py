"""What runs came to before the work they were for was interrupted: a line of JSON for each.

A line is {"key": what was run, "came": to what}, on disk before the next run is looked at. What a
crash or a pulled plug leaves half written is passed over.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

ENDING = ".partial.jsonl"


def read(path: Path) -> Mapping[str, Any]:
    """Return what is in a file by key; nothing if it cannot be read."""
    found: dict[str, Any] = {}
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return found
    for line in lines[:-1]:
        try:
            tree = json.loads(line)
            found[str(tree["key"])] = tree["came"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue  # the line that was being written when the machine stopped
    return found


def append(path: Path, key: str, came: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    """Add a line; where nothing can be written, nothing can be resumed, and nothing else fails."""
    with suppress(OSError), Writer(path) as writer:
        writer.add(key, came)


class Writer:
    """Adds lines to a journal; a context, at whose end all are on disk. OSError if one cannot be written.

    A line is the system's when `add` returns: from there on it is lost only if the machine itself stops,
    and after `sync` not even then. A journal that is still empty at the end is removed.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal; what was being written when a machine stopped ends where it is."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab+", buffering=0)
        try:
            if self._file.tell() and not _whole(self._file):
                self._file.write(b"\n")
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Take lines."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put on disk what was added, and close the journal."""
        try:
            self.sync()
            if not os.fstat(self._file.fileno()).st_size:
                remove(self.path)
        finally:
            self._file.close()

    def add(self, key: str, came: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        """Add a line."""
        line = json.dumps({"key": key, "came": came}, sort_keys=True)
        left = memoryview(f"{line}\n".encode())
        while left:
            left = left[self._file.write(left) :]

    def sync(self) -> None:
        """Wait until what was added is on disk."""
        os.fsync(self._file.fileno())


def _whole(file: BinaryIO) -> bool:
    """Say whether the last line is whole."""
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def remove(path: Path) -> None:
    """Forget it: the work is done."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
