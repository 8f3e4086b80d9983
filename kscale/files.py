"""A file that is there whole or not at all: written beside its place, then put there at once."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kscale.errors import KscaleError


def write(path: Path, data: bytes) -> None:
    """Write *data* to *path*; a link's target is what is replaced, and missing folders are made.

    Who may read it is decided by the umask, as for any file. KscaleError if it cannot be written.
    """
    write_pieces(path, (data,))


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Write what *pieces* yields to *path* as `write` does, without ever holding all of it."""
    try:
        target = path.resolve() if path.is_symlink() else path
        target.parent.mkdir(parents=True, exist_ok=True)
        with _beside(target, pieces) as made:
            made.chmod(0o666 & ~_umask())
            made.replace(target)
    except OSError as error:
        raise KscaleError(f"{path}: cannot be written: {error.strerror or error}") from None


@contextmanager
def beside(path: Path, data: bytes) -> Iterator[Path]:
    """Yield a file beside *path* that holds *data*, flushed to the disk, and that only its owner may read.

    At the end of the block, however that comes, it is removed, unless it was renamed.
    """
    with _beside(path, (data,)) as made:
        yield made


@contextmanager
def _beside(path: Path, pieces: Iterable[bytes]) -> Iterator[Path]:
    """Yield a file as `beside` does."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        yield made
    finally:
        made.unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    now = os.umask(0o077)
    os.umask(now)
    return now
