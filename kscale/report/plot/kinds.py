"""Every kind of picture by its name, and the one drawn if none is asked for."""

from collections.abc import Callable, Mapping

from kscale.errors import KscaleError, did_you_mean
from kscale.report.plot import bars, chosen, growth, overview
from kscale.report.plot.asked import Asked
from kscale.report.plot.picture import Picture
from kscale.units import LONGEST, quote

KINDS: Mapping[str, Callable[[Asked], Picture]] = {
    "overview": overview.picture,
    "bars": bars.picture,
    "growth": growth.picture,
}


def picture(kind: str, asked: Asked) -> Picture:
    """Return a picture; KscaleError if there is no such kind, or nothing of it to draw."""
    if kind not in KINDS:
        raise KscaleError(f"--kind {quote(kind)}: no such kind; {did_you_mean(kind[:LONGEST], KINDS)}")
    chosen.check(asked)
    return KINDS[kind](asked)


def default(asked: Asked) -> str:
    """Return the kind that suits what was asked for."""
    return "overview" if asked.comparison is None else "forest"
