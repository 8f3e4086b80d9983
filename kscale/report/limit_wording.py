"""The walls of a cluster in sentences: where it breaks, why, and what took no part."""

from collections.abc import Sequence
from fractions import Fraction

from kscale.clusterwide import toggles, words
from kscale.clusterwide.limit import FAULTS, Limit
from kscale.clusterwide.objectives import WINDOW_NS
from kscale.clusterwide.path import Step
from kscale.clusterwide.walls import NOUNS, WAY_PPM, Wall, bare, shown_at
from kscale.report.text import clean, clean_prose
from kscale.units import exact_duration, show_many, show_percent, show_ratio

PPM = 1_000_000
FEW = 4  # toggles of a step that are named


def finding(found: Limit) -> str:
    """Return one sentence: where the cluster breaks with the first set and with the second, and why."""
    first, last = found.wish.names
    before = f"{words.chosen(first)} {clean(found.name)} {_breaks(found.before)}"
    if found.wish.before == found.wish.after:
        return _begun(f"{before}.")
    return _begun(f"{before}; {words.chosen(last, first)} {_breaks(found.after, bare_value=True)}.")


def _begun(said: str) -> str:
    """Return a sentence with a capital at its beginning."""
    flat = clean_prose(said)
    return f"{flat[0].upper()}{flat[1:]}"


def _breaks(wall: Wall, *, bare_value: bool = False) -> str:
    """Return where a wall is, and the station to blame."""
    if wall.breaks_at is None:
        return f"keeps every objective up to {shown_at(wall.axis, wall.holds_at)}, the most that was run"
    why = f": {words.STATIONS[wall.station]}" if wall.station else ""
    if not wall.holds_at:
        return f"breaks even at {shown_at(wall.axis, wall.breaks_at)}{why}"
    at = bare(wall.axis, wall.breaks_at) if bare_value else shown_at(wall.axis, wall.breaks_at)
    return f"{'' if bare_value else 'breaks '}at {at}{why}"


def head(found: Limit) -> str:
    """Return what was asked: the cluster, how closely, with which seeds, in how many runs."""
    wish = found.wish
    seeds = f"seeds {wish.seeds[0]} to {wish.seeds[-1]}" if len(wish.seeds) > 1 else f"seed {wish.seeds[0]}"
    exact = show_percent(Fraction(wish.precision_ppm, PPM))
    if found.steps and wish.precision_ppm < WAY_PPM:
        exact += f" (steps {show_percent(Fraction(WAY_PPM, PPM))})"
    grows = "pods, objects and pod changes in proportion" if wish.axis == "nodes" else "all else as it is"
    return (
        f"{clean(found.name)}: {shown_at(wish.axis, found.own)}; {grows} · {clean_prose(wish.slo)} · "
        f"{seeds} · within {exact} · {show_many(found.runs, 'run')} of {_length(wish.duration_ns)}"
    )


def _length(duration_ns: int) -> str:
    """Return how long runs are; objectives are of windows of five minutes, cut off in shorter ones."""
    short = "" if duration_ns >= WINDOW_NS else " (windows cut off there: not official)"
    return f"{exact_duration(duration_ns)} each{short}"


def what(wall: Wall) -> str:
    """Return the objective that breaks; a mark where none does."""
    return clean_prose(wall.objective) or "-"


def station(wall: Wall) -> str:
    """Return the station to blame beside its numbers."""
    return words.station(wall.station) if wall.station else "-"


def holds(wall: Wall) -> str:
    """Return the largest value that holds, with its noun."""
    return shown_at(wall.axis, wall.holds_at) if wall.holds_at else "none"


def breaks(wall: Wall) -> str:
    """Return the least value that breaks."""
    return "not reached" if wall.breaks_at is None else bare(wall.axis, wall.breaks_at)


def interval(wall: Wall) -> str:
    """Return the lowest and highest limit over seeds; one if they are equal."""
    low, high = (bare(wall.axis, value) for value in wall.interval)
    return low if low == high else f"{low} to {high}"


def arithmetic(wall: Wall) -> str:
    """Return where arithmetic has the first station full."""
    if wall.arithmetic is None:
        return "-"
    return f"{bare(wall.axis, wall.arithmetic)}, {words.station(wall.arithmetic_station)}"


def headroom(found: Limit, wall: Wall) -> str:
    """Return how many times the scenario's own size a cluster can have."""
    return show_ratio(Fraction(wall.holds_at, max(1, found.own)))


def step(one: Step) -> str:
    """Return what a step changes, in the words of its toggles."""
    if len(one.changed) > FEW:
        return f"{len(one.changed)} together"
    titles = " and ".join(toggles.find(each).title for each in one.changed)
    return titles if one.added else f"without {titles}"


def gain(axis: str, value: int) -> str:
    """Return what a step gained, with its sign."""
    return f"{'-' if value < 0 else '+'}{bare(axis, abs(value))}"


def rest(found: Limit) -> list[str]:
    """Return sentences on the toggles that differ, and took no part."""
    quiet = [one for one in found.path.left if one not in found.unprovoked]
    said = []
    if quiet:
        said.append(f"no part: {_named(quiet)}: the wall is where it is without them")
    if found.unprovoked:
        kinds = " or ".join(FAULTS[one] for one in found.unprovoked)
        said.append(f"no part: {_named(found.unprovoked)}: nothing fails in this scenario (no {kinds})")
    return said


def notes(found: Limit) -> list[str]:
    """Return what is odd about the walls."""
    walls = [found.before, *(one.wall for one in found.steps), found.after]
    return [clean_prose(each) for each in dict.fromkeys(each for wall in walls for each in wall.sentences)]


def losses(found: Limit) -> list[str]:
    """Return the steps that lower the wall."""
    return [
        f"{step(one)} lowers the wall by {bare(found.wish.axis, -one.gain)} {NOUNS[found.wish.axis]}"
        for one in found.steps
        if one.gain < 0
    ]


def _named(ids: Sequence[str]) -> str:
    """Return ids with commas."""
    return ", ".join(ids)
