"""What is said before kernels are compiled: once, on standard error, that it takes a while."""

import os
from contextlib import suppress
from pathlib import Path

LOOP = "cluster_loop.advance-*.nbc"  # of numba's cache: the last kernel of a simulation to be compiled


def announce(*, quiet: bool, color: str) -> None:
    """Say that the simulation's kernels are compiled first, if they are not yet; nothing with --quiet.

    Call it after `machine.use_jit_cache`, which sets the folder.
    """
    if quiet or not _cold():
        return
    from kscale.report import console

    with suppress(OSError):
        console.console(stderr=True, color=color).print(
            "compiling kernels, about a minute, only the first time", highlight=False
        )


def _cold() -> bool:
    """Say whether numba has still to compile the simulation."""
    folder = os.environ.get("NUMBA_CACHE_DIR")
    if not folder or os.environ.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"}:
        return False
    with suppress(OSError):
        return not any(Path(folder).rglob(LOOP))
    return False
