"""Every kind of picture of simulations by its name."""

from collections.abc import Callable, Mapping

from kscale.errors import KscaleError, did_you_mean
from kscale.report.plot import life, spread, stations
from kscale.report.plot.picture import Picture
from kscale.report.plot.runs import Runs
from kscale.units import LONGEST, quote

DEFAULT = "stations"
KINDS: Mapping[str, Callable[[Runs], Picture]] = {
    "stations": stations.picture,
    "life": life.picture,
    "spread": spread.picture,
}


def picture(name: str, runs: Runs) -> Picture:
    """Return a picture; KscaleError, with the nearest, if there is no such kind, NothingToDraw if none."""
    if name not in KINDS:
        nearest = did_you_mean(name[:LONGEST], KINDS)
        raise KscaleError(f"--kind {quote(name)}: no such kind for a simulation; {nearest}")
    return KINDS[name](runs)
