"""What `kscale simulate` asks and runs: a scenario as a size, sets of optimizations, further draws."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import kscale
from kscale import units
from kscale.cli import compiling, progress_simulate
from kscale.clusterwide import draws, figures, mechanism, saved, simulate, toggles, words, workers
from kscale.clusterwide import size as sizes
from kscale.clusterwide.record import Simulated
from kscale.clusterwide.saved import Labelled
from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles
from kscale.errors import KscaleError
from kscale.measure import campaign, described, machine, memory, stopping
from kscale.results.record import CostInfo, ScenarioRef
from kscale.results.simulation import MOST_RUNS, Made, Saved
from kscale.results.store import Store
from kscale.scenario import build, costs, load
from kscale.scenario.costs import Coefficient
from kscale.scenario.load import Loaded

LEAST_NS = units.NS_PER_S
MOST_NS = 86_400 * units.NS_PER_S


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be run."""

    loaded: Loaded
    size: Size
    sets: tuple[tuple[str, Toggles], ...]  # label, optimizations that are on; each label once
    duration_ns: int
    samples: int
    workers: int
    began: float  # time.monotonic
    started: str  # UTC, ISO 8601

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Return a question for each set."""
        return tuple(Asked(on, self.size.seed, self.duration_ns) for _, on in self.sets)


def question(
    scenario: str,
    *,
    sets: Sequence[tuple[str, str]],
    nodes: int | None,
    duration: str | None,
    seed: int | None,
    samples: int,
    processes: int | None,
    force: bool | None = None,
) -> Question:
    """Return what is asked; KscaleError says which option or which line of the scenario is wrong.

    *sets*: each with the option that names it. *force*: whether to run what needs more memory than is free;
    None: no option says so.
    """
    began, started = time.monotonic(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    loaded = load.load(scenario)
    if seed is not None:
        loaded = loaded.with_seed(seed)
    given = _duration(duration)
    cluster = build.build(loaded.scenario, loaded.recorded)
    size = sizes.of(cluster)
    chosen = _sets(sets, size)
    if nodes is not None:
        size = sizes.on(size, "nodes", nodes)
    wanted = given or size.simulation.duration_ns
    _check_end(size, wanted)
    found = Question(loaded, size, chosen, wanted, samples, processes or workers.usual(), began, started)
    if not force:
        together = max(1, min(found.workers, samples * len(chosen)))
        params = mechanism.Params(duration_ns=wanted, nodes=size.nodes)
        _check_memory(size, together * mechanism.memory(cluster, params), forced=force is not None)
    return found


def _check_memory(size: Size, needed: int, *, forced: bool) -> None:
    """Raise KscaleError if runs need more than is free: else a machine swaps, or ends what runs on it."""
    needed, free = memory.PROCESS_BYTES + needed, machine.free_bytes()
    if needed > free:
        shown = f"needs about {units.show_bytes(needed)}, {units.show_bytes(free)} are free"
        ways = "fewer --nodes, a shorter --duration" + (", or --force" if forced else "")
        raise KscaleError(f"{size.name} of {units.show_many(size.nodes, 'node')} {shown}; give {ways}")


def _duration(text: str | None) -> int | None:
    """Return a time in ns; KscaleError if it is none, too short or too long."""
    if text is None:
        return None
    try:
        found = units.parse_duration(text)
    except ValueError as error:
        raise KscaleError(f"--duration: {error}") from error
    if not LEAST_NS <= found <= MOST_NS:
        raise KscaleError(f"--duration: must be 1s to 24h, got {units.exact_duration(found)}")
    return found


def _sets(given: Sequence[tuple[str, str]], size: Size) -> tuple[tuple[str, Toggles], ...]:
    """Return each set of optimizations once, with what it is called."""
    today = size.control_plane.optimizations
    found: dict[str, Toggles] = {}
    for option, text in given:
        named = {word.strip().removeprefix("-") for word in text.split(",")}
        if words.TODAY in named and not today:
            lacks = "the scenario has no control_plane.optimizations, which would say what is on"
            raise KscaleError(f"{option} {text}: {lacks}")
        try:
            on = toggles.parse(text, today)
        except KscaleError as error:
            raise KscaleError(f"{option}: {error}") from None
        found.setdefault(words.label(text, on), on)
    if len(found) > MOST_RUNS:
        raise KscaleError(f"--after: up to {MOST_RUNS - 1} of them, got {len(found) - 1}")
    return tuple(found.items())


def _check_end(size: Size, duration_ns: int) -> None:
    """Raise KscaleError if something is to happen after the end."""
    simulation = size.simulation
    for what, each in (("faults", simulation.faults), ("workloads", simulation.workloads)):
        late = next((one for one in each if one.at_ns >= duration_ns), None)
        if late is not None:
            at, end = units.exact_duration(late.at_ns), units.exact_duration(duration_ns)
            raise KscaleError(
                f"simulation.{what}: {late.kind} at {at} is after the end, {end}; give a longer --duration"
            )


def answer(asked: Question, *, quiet: bool, color: str) -> Saved:
    """Return what every run came to; nothing is written."""
    known = _coefficients(asked)
    compiling.announce(quiet=quiet, color=color)
    with progress_simulate.observer(quiet=quiet, color=color) as observer, stopping.stoppable():
        runs: dict[Toggles, Simulated] = {}
        for (label, on), one in zip(asked.sets, asked.asked, strict=True):
            if on not in runs:
                observer.begin(label, one.duration_ns)
                runs[on] = simulate.simulate(asked.size, one, observer)
                observer.end(runs[on])
        drawn = _drawn(asked, known, observer)
    found = [
        Labelled(
            label,
            runs[on],
            figures.ranges(drawn[number]),
            sum(not run.holds for run in drawn[number]),
        )
        for number, (label, on) in enumerate(asked.sets)
    ]
    return Saved(
        schema="kscale.simulation/1",
        kscale=kscale.__version__,
        scenario=ScenarioRef(
            name=asked.loaded.scenario.name,
            path=asked.loaded.path,
            sha256=asked.loaded.sha256,
            resolved=asked.loaded.resolved(),
            costs=described.costs(asked.loaded),
        ),
        draws=asked.samples,
        faults=saved.faults(asked.size.simulation.faults),
        costs={name: CostInfo(**one.model_dump()) for name, one in known.items()},
        runs=[saved.record(one) for one in found],
    )


def _coefficients(asked: Question) -> dict[str, Coefficient]:
    """Return the coefficients that a simulation reads, by name in order; a profile has more."""
    given = costs.model(asked.loaded.scenario.profile, asked.loaded.scenario.costs).coefficients
    return {name: given[name] for name in sorted(set(mechanism.COSTS))}


def _drawn(
    asked: Question, coefficients: Mapping[str, Coefficient], observer: progress_simulate.Quiet
) -> list[list[Simulated]]:
    """Return the further runs of each set."""
    found: list[list[Simulated]] = [[] for _ in asked.sets]
    if not asked.samples:
        return found
    wanted = list(draws.wanted(asked.size, coefficients, asked.asked, asked.samples))
    observer.begin_draws(len(wanted))
    with workers.Jobs(simulate.simulate, asked.workers) as jobs:
        for number, run in enumerate(jobs.each(wanted)):
            found[number % len(found)].append(run)
            observer.draw()
    return found


def made(found: Saved, asked: Question, store: Store, name: str) -> Saved:
    """Return *found* with where and when it was made."""
    return found.model_copy(
        update={
            "made": Made(
                id=store.new_id(asked.started, asked.loaded.sha256),
                name=name,
                started=asked.started,
                seconds=round(time.monotonic() - asked.began, 3),
                argv=[campaign.portable(argument) for argument in sys.argv[1:]],
                code=machine.code_stamp(),
            )
        }
    )
