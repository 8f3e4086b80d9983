"""What `kscale limit` asks and runs: a scenario as a size, and where to look for its walls."""

from dataclasses import dataclass

from kscale import units
from kscale.cli import compiling, progress_limit
from kscale.cli import slo as slos
from kscale.clusterwide import limit as walls
from kscale.clusterwide import size as sizes
from kscale.clusterwide import toggles, words, workers
from kscale.clusterwide.limit import Limit, Wish
from kscale.clusterwide.size import AXES, Size
from kscale.clusterwide.toggles import Toggles
from kscale.clusterwide.walls import MILLI
from kscale.errors import Interrupted, KscaleError, did_you_mean
from kscale.measure import stopping
from kscale.scenario import build, load

LEAST_PPM, MOST_PPM = 100, 500_000  # of a precision
LEAST_NS, MOST_NS = units.NS_PER_S, 86_400 * units.NS_PER_S


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be found."""

    size: Size
    wish: Wish


def question(
    scenario: str,
    *,
    axis: str,
    slo: str,
    before: str,
    after: str,
    steps: bool,
    seeds: int,
    seed: int | None,
    precision: str,
    duration: str,
    least: str | None,
    most: str | None,
) -> Question:
    """Return what is asked; KscaleError says which option or which line of the scenario is wrong."""
    if axis not in AXES:
        raise KscaleError(f"--axis: no axis {units.quote(axis)}; {did_you_mean(axis, AXES)}")
    precision_ppm, duration_ns = _precision(precision), _duration(duration)
    loaded = load.load(scenario)
    size = sizes.of(build.build(loaded.scenario, loaded.recorded))
    _check_end(size, duration_ns)
    sets = [_set(option, text, size) for option, text in (("--before", before), ("--after", after))]
    objectives = slos.parse(slo, size.profile)
    first = size.seed if seed is None else seed
    wish = Wish(
        axis=axis,
        before=sets[0],
        after=sets[1],
        names=(words.label(before, sets[0]), words.label(after, sets[1])),
        objectives=objectives,
        slo=slos.shown(objectives, size.profile),
        steps=steps,
        seeds=tuple(range(first, first + seeds)),
        precision_ppm=precision_ppm,
        duration_ns=duration_ns,
        least=_bound("--from", axis, least),
        most=_bound("--to", axis, most),
    )
    walls.bounds_of(size, wish)  # refused before any work
    return Question(size, wish)


def answer(asked: Question, *, workers: int | None, quiet: bool, color: str) -> Limit:
    """Return what was found; Interrupted says how far it was."""
    compiling.announce(quiet=quiet, color=color)
    with progress_limit.observer(quiet=quiet, color=color) as observer, stopping.stoppable():
        observer.begin(asked.size.name, asked.wish)
        try:
            return walls.limit(asked.size, asked.wish, observer, workers or _usual())
        except Interrupted as stopped:
            raise Interrupted(f"{stopped}: {observer.said()}", stopped.exit_code) from None


def _usual() -> int:
    """Return a worker for each core."""
    return workers.usual()


def _check_end(size: Size, duration_ns: int) -> None:
    """Raise KscaleError if something is to happen after the end of a run."""
    happens = [(one.at_ns, one.kind) for one in size.simulation.faults]
    happens += [(one.at_ns, one.kind) for one in size.simulation.workloads]
    for at_ns, kind in happens:
        if at_ns >= duration_ns:
            raise KscaleError(
                f"--duration: {kind} at {units.exact_duration(at_ns)} is after the end of a run, "
                f"{units.exact_duration(duration_ns)}; give a longer one"
            )


def _set(option: str, text: str, size: Size) -> Toggles:
    """Return a set of optimizations."""
    today = size.control_plane.optimizations
    if words.TODAY in text.replace("-", "").split(",") and not today:
        raise KscaleError(
            f"{option} {words.TODAY}: the scenario does not say what is on: give control_plane.optimizations"
        )
    try:
        return toggles.parse(text, today)
    except KscaleError as error:
        raise KscaleError(f"{option}: {error}") from None


def _precision(text: str) -> int:
    """Return a precision in ppm."""
    try:
        found = int(units.parse_percent(text) * 1_000_000)
    except ValueError as error:
        raise KscaleError(f"--precision: {error}") from error
    if not LEAST_PPM <= found <= MOST_PPM:
        raise KscaleError(f"--precision: must be 0.01% to 50%, got {text.strip()}")
    return found


def _duration(text: str) -> int:
    """Return a time in ns."""
    try:
        found = units.parse_duration(text)
    except ValueError as error:
        raise KscaleError(f"--duration: {error}") from error
    if not LEAST_NS <= found <= MOST_NS:
        raise KscaleError(f"--duration: must be 1s to 24h, got {units.exact_duration(found)}")
    return found


def _bound(option: str, axis: str, text: str | None) -> int | None:
    """Return a bound on the axis; of pod changes, thousandths a second."""
    if text is None:
        return None
    try:
        if axis == "pod-changes":
            found = round(units.parse_number(text.strip().removesuffix("/s")) * MILLI)
        else:
            found = units.parse_count(text)
    except ValueError as error:
        raise KscaleError(f"{option}: {error}") from error
    if found < 1:
        raise KscaleError(f"{option}: must be more than 0, got {text.strip()}")
    return found
