"""A temporary folder for an etcd's data: room is checked first, and it goes away however we end."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kscale import units
from kscale.calibrate import find
from kscale.errors import KscaleError

KEEPER = Path(__file__).with_name("keeper.py")
PATIENCE_S = 30.0  # for a keeper to end


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that `keeper` removes once nobody holds the pipe to it any more."""

    path: Path
    held: int  # file descriptor: whoever is given it keeps the folder alive


@contextlib.contextmanager
def temporary(needed: int, parent: Path | None = None) -> Iterator[Folder]:
    """Yield a new folder in *parent*, or where temporary files go; KscaleError without *needed* bytes there.

    It is removed at the end of the block, and also if this process is killed.
    """
    above = Path(tempfile.gettempdir()) if parent is None else parent
    check_room(above, needed)
    try:
        path = Path(tempfile.mkdtemp(prefix="kscale-etcd-", dir=above))
    except OSError as error:
        raise KscaleError(f"{above}: no folder for etcd's data can be made there: {error.strerror}") from None
    keeper = None
    try:
        with contextlib.ExitStack() as stack:
            keeper = start_keeper([str(path)])
            held = stack.enter_context(keeper.stdin or contextlib.nullcontext())
            yield Folder(path, held.fileno() if held else -1)
    finally:
        if keeper is not None:
            end_keeper(keeper)
        shutil.rmtree(path, ignore_errors=True)  # in case the keeper was killed


def check_room(folder: Path, needed: int) -> None:
    """Raise KscaleError if *folder* does not exist, or its disk has not *needed* bytes left."""
    if not folder.is_dir():
        raise KscaleError(f"{folder}: no such folder; etcd's data needs one that exists")
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise KscaleError(
            f"{folder}: {units.show_bytes(free)} left on that disk,"
            f" etcd's data may take {units.show_bytes(needed)}; name a folder elsewhere"
        )


def start_keeper(arguments: list[str], log: Path | None = None, held: int = -1) -> subprocess.Popen[bytes]:
    """Start a keeper; it ends when its standard input is closed. *held*: passed on to it."""
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log.open("ab")) if log else subprocess.DEVNULL
        return subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", str(KEEPER), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=find.clean_environment(),
            pass_fds=[held] if held >= 0 else [],
            start_new_session=True,  # Ctrl-C on the terminal is for us alone
        )


def end_keeper(keeper: subprocess.Popen[bytes]) -> None:
    """Let a keeper end and wait for it; a second signal while waiting leaves it to end by itself."""
    for pipe in (keeper.stdin, keeper.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        keeper.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
