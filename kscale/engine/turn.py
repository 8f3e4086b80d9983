"""One timed sweep at a time on a machine: two side by side would be in each other's times.

The turn is a lock on a file in the user's cache folder, beside that for compiled kernels. It ends with the
process, however that ends. Another user, or a container with a cache of its own, is not seen.
"""

import fcntl
import hashlib
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO

from kscale.measure import machine


@contextmanager
def timed(waits: Callable[[str], None]) -> Iterator[None]:
    """Have the machine for timed cells in the block; who must wait for that is told first, once.

    Where there is no cache folder, or it has no locks, nobody waits. Signals end the waiting.
    """
    file = _opened()
    if file is None:
        yield
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits("waits for another timed sweep on this machine")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            pass
        yield


def _opened() -> FileIO | None:
    """Return the file of this machine's turn, for several machines may share a home."""
    beside = machine.jit_cache()
    if beside is None:
        return None
    name = hashlib.sha256(platform.node().encode()).hexdigest()[:12]
    try:
        return (beside.parent / f"timed-{name}.lock").open("ab", buffering=0)
    except OSError:
        return None
