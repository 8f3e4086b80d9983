"""Both walls of a cluster and the steps between them, as a waterfall."""

from kscale.clusterwide import path
from kscale.clusterwide.limit import Limit
from kscale.clusterwide.walls import NOUNS, Wall
from kscale.report import limit_wording as wording
from kscale.report.plot.waterfall import End, Step, Waterfall


def waterfall(found: Limit) -> Waterfall:
    """Return what `kscale limit` found, to be drawn."""
    first, last = found.wish.names
    axis = found.wish.axis
    steps = tuple(Step(_title(one), one.gain, _note(one.wall)) for one in found.steps)
    if not steps and found.before.holds_at != found.after.holds_at:  # --no-steps
        steps = (Step("all together", found.after.holds_at - found.before.holds_at),)
    return Waterfall(
        title=wording.finding(found),
        caption=wording.head(found),
        what="largest cluster that keeps every objective, modelled",
        unit=NOUNS[axis] if axis != "pod-changes" else "pod changes/s / 1000",
        start=_end(first, found.before),
        steps=steps,
        end=_end(last, found.after),
    )


def _title(one: path.Step) -> str:
    """Return what a step changes; the ids of several, which are shorter than their titles."""
    return wording.step(one) if len(one.changed) == 1 else " + ".join(one.changed)


def _end(name: str, wall: Wall) -> End:
    """Return a wall as one of the ends."""
    low, high = wall.interval
    return End(name, wall.holds_at, _note(wall), low, high, at_least=wall.breaks_at is None)


def _note(wall: Wall) -> str:
    """Return what breaks there."""
    return f"then {wording.station(wall)}" if wall.station else ""
