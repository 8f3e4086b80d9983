"""The engine that is meant by its name, and how many processes of this machine it has."""

import os

from kscale.engine.base import Engine
from kscale.engine.local import Local
from kscale.errors import KscaleError, did_you_mean
from kscale.measure import machine
from kscale.units import quote

LOCAL, DASK, ADDRESS = "local", "dask", "dask://"
KNOWN = (LOCAL, DASK, f"{ADDRESS}HOST:PORT")


def is_here(text: str) -> bool:
    """Say whether an engine's workers are processes of this machine."""
    return not text.startswith(ADDRESS)


def check(text: str) -> None:
    """Raise KscaleError if there is no engine of that name."""
    if text not in (LOCAL, DASK) and not (text.startswith(ADDRESS) and len(text) > len(ADDRESS)):
        raise KscaleError(f"--engine: no engine {quote(text)}; {did_you_mean(text, KNOWN)}")


def cores() -> int:
    """Return how many cores this process may use: those it may run on, as far as a container's quota goes."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS
    usable = len(allowed(0)) if allowed else os.cpu_count() or 1
    quota = machine.facts().cgroup_cpus
    return usable if quota is None else max(1, min(usable, int(quota)))


def engine(text: str, workers: int) -> Engine:
    """Return the engine of a name that `check` lets pass; KscaleError if what it needs is not installed.

    *workers* are processes of this machine; a cluster at an address has its own.
    """
    if text == LOCAL:
        return Local(workers)
    from kscale.engine.dask import Dask  # noqa: PLC0415  it takes a second, and most do not ask for it

    return Dask(None if text == DASK else text.removeprefix(ADDRESS), workers)
