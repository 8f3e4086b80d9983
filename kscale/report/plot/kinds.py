"""Every kind of picture by its name, and the one drawn if none is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from kscale.errors import KscaleError, did_you_mean
from kscale.judge.rows import WALL
from kscale.report.plot import (
    bars,
    chosen,
    forest,
    growth,
    heatmap,
    history,
    latency,
    overview,
    pareto,
    samples,
)
from kscale.report.plot import map as crossover
from kscale.report.plot.asked import OPTIMIZED, Asked, NothingToDraw
from kscale.report.plot.picture import Picture
from kscale.units import LONGEST, quote


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of picture, and what may be asked of it."""

    draw: Callable[[Asked], Picture]
    most: int  # results
    by: bool = False  # its parameters may be named
    times_only: bool = False
    every: bool = False  # draws all variants, whichever there are


MANY = 1_000  # results of a history; nobody saves more

KINDS: Mapping[str, Kind] = {
    "forest": Kind(forest.picture, most=2),
    "overview": Kind(overview.picture, most=1, by=True),
    "bars": Kind(bars.picture, most=1),
    "growth": Kind(growth.picture, most=1, by=True),
    "samples": Kind(samples.picture, most=3, times_only=True),
    "latency": Kind(latency.picture, most=3, times_only=True),
    "heatmap": Kind(heatmap.picture, most=2, by=True),
    "map": Kind(crossover.picture, most=1, by=True),
    "pareto": Kind(pareto.picture, most=4, by=True, every=True),
    "history": Kind(history.picture, most=MANY),
}


def picture(name: str, asked: Asked) -> Picture:
    """Return a picture; KscaleError if there is no such kind, it cannot show that, or has nothing to draw."""
    kind = find(name)
    if len(asked.results) > kind.most:
        other = "forest compares two, history shows many"
        raise KscaleError(f"--kind {name} draws up to {kind.most}, not {len(asked.results)} results; {other}")
    if asked.by and not kind.by:
        able = ", ".join(other for other, one in KINDS.items() if one.by)
        raise KscaleError(f"--by: {name} has no parameters along its axes; these have: {able}")
    if not any(result.cells for result in asked.results):
        raise NothingToDraw(f"{', '.join(asked.called)}: nothing to draw: no cell was finished")
    chosen.check(_with_any(asked) if kind.every else asked)
    if kind.times_only and asked.metric not in {None, WALL}:
        raise KscaleError(f"--metric {asked.metric}: {name} shows times; counters have no samples")
    return kind.draw(asked)


def _with_any(asked: Asked) -> Asked:
    """Return the request with a variant that is there, unless one was asked for."""
    cells = [cell for result in asked.results for cell in result.cells]
    there = dict.fromkeys(name for cell in cells for name in cell.variants if name != asked.before)
    if asked.variant is not None or asked.after != OPTIMIZED or asked.after in there:
        return asked
    return replace(asked, after=next(iter(there), asked.after))


def find(name: str) -> Kind:
    """Return the kind of that name; KscaleError, with the nearest one, if there is none."""
    if name not in KINDS:
        raise KscaleError(f"--kind {quote(name)}: no such kind; {did_you_mean(name[:LONGEST], KINDS)}")
    return KINDS[name]


def default(asked: Asked) -> str:
    """Return the kind that suits so many results."""
    return {1: "overview", 2: "forest"}.get(len(asked.results), "history")
