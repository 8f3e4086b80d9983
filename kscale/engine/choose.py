"""The engine that is meant by its name."""

from kscale.engine.base import Engine
from kscale.engine.local import Local
from kscale.errors import KscaleError, did_you_mean
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


def engine(text: str, workers: int) -> Engine:
    """Return the engine of a name that `check` lets pass; KscaleError if what it needs is not installed.

    *workers* are processes of this machine; a cluster at an address has its own.
    """
    if text == LOCAL:
        return Local(workers)
    from kscale.engine.dask import Dask  # noqa: PLC0415  it takes a second, and most do not ask for it

    return Dask(None if text == DASK else text.removeprefix(ADDRESS), workers)
