"""What runs came to before the work they were for was interrupted: a line of JSON for each.

A line is {"key": what was run, "came": to what}, on disk before the next run is looked at. What a
crash or a pulled plug leaves half written is passed over.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kscale.errors import KscaleError

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
    with suppress(KscaleError), Writer(path) as writer:
        writer.add(key, came)


class Writer:
    """Adds lines to a journal; a context, at whose end all are on disk. KscaleError if one cannot be written.

    A line is the system's when `add` returns: from there on it is lost only if the machine itself stops,
    and after `sync` not even then. A journal that is empty at the end is removed.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal; what was being written when a machine stopped ends where it is."""
        self.path = path
        self._file = self._opened()
        self._begun = False

    def __enter__(self) -> Self:
        """Take lines."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put on disk what was added, and close the journal."""
        if self._file.closed:
            return
        with self._file, suppress(KscaleError) if error else nullcontext():
            self.sync()
            if self._is_there() and not os.fstat(self._file.fileno()).st_size:
                remove(self.path)

    def claim(self) -> bool:
        """Have the journal for this process until it is closed, or the process ends, however it ends.

        False, and closed, if another process has it. Where the file system has no locks, nobody is refused.
        """
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.close()
                return False
            except OSError:
                return True
            if self._is_there():
                return True
            self._file.close()  # who had it was done with it in between, and has removed it
            self._file = self._opened()

    def add(self, key: str, came: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        """Add a line."""
        line = json.dumps({"key": key, "came": came}, sort_keys=True)
        with self._written():
            apart = "" if self._begun or self._whole() else "\n"
            left = memoryview(f"{apart}{line}\n".encode())
            while left:
                left = left[self._file.write(left) :]
        self._begun = True

    def clear(self) -> None:
        """Forget all lines."""
        with self._written():
            self._file.truncate(0)

    def sync(self) -> None:
        """Wait until what was added is on disk."""
        with self._written():
            os.fsync(self._file.fileno())

    def _opened(self) -> FileIO:
        """Return the file, made if need be."""
        with self._written():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self.path.open("ab+", buffering=0)

    def _whole(self) -> bool:
        """Say whether the last line is whole."""
        if not self._file.seek(0, os.SEEK_END):
            return True
        self._file.seek(-1, os.SEEK_END)
        return self._file.read(1) == b"\n"

    def _is_there(self) -> bool:
        """Say whether the file is still what its path means."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self.path.stat())
        except OSError:
            return False

    @contextmanager
    def _written(self) -> Iterator[None]:
        """Turn what the system refuses in the block into a KscaleError of one line."""
        try:
            yield
        except OSError as error:
            raise KscaleError(f"{self.path}: cannot be written: {error.strerror or error}") from None


def remove(path: Path) -> None:
    """Forget it: the work is done."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
