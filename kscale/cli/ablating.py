"""What `kscale ablate` asks and runs, and what it keeps of an interrupted account."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

import kscale
from kscale.cli import compiling, progress_ablate, simulating
from kscale.clusterwide import ablate, ablate_metrics, workers
from kscale.clusterwide.ablate import Ablation, Outcome, Question
from kscale.clusterwide.size import Size
from kscale.errors import Interrupted, KscaleError
from kscale.measure import machine, stopping
from kscale.results import resumed
from kscale.results.store import Store

FOLDER = "ablations"  # in that of the results, apart from them
_OUTCOME = TypeAdapter(Outcome)


def question(
    scenario: str,
    *,
    metric: str,
    before: str,
    after: str,
    nodes: int | None,
    duration: str | None,
    seed: int | None,
    permutations: int | None,
    exact: bool,
    pairs: bool | None,
) -> tuple[Size, Question]:
    """Return a cluster and what is asked of it; KscaleError says which option or line is wrong."""
    if exact and permutations is not None:
        raise KscaleError("--exact counts every order: it cannot be combined with --permutations")
    try:
        named = ablate_metrics.metric(metric)
    except KscaleError as error:
        raise KscaleError(f"--metric: {error}") from None
    asked = simulating.question(
        scenario,
        sets=(("--before", before), ("--after", after)),
        nodes=nodes,
        duration=duration,
        seed=seed,
        samples=0,
        processes=None,
    )
    sets = [on for _, on in asked.sets]
    wanted = Question(
        metric=named,
        before=sets[0],
        after=sets[-1],
        seed=asked.size.seed,
        duration_ns=asked.duration_ns,
        orders=permutations,
        every=exact,
        pairs=named != ablate_metrics.LIMIT if pairs is None else pairs,
    )
    return asked.size, wanted


def answer(size: Size, asked: Question, *, count: int | None, quiet: bool, color: str) -> Ablation:
    """Return the account, made in *count* processes; Interrupted says how many runs are kept."""
    if asked.before != asked.after:  # else nothing is run
        compiling.announce(quiet=quiet, color=color)
    journal = path_of(f"{workers.digest(_of(size, asked))[:16]}{resumed.ENDING}")
    run = ablate.limit_outcome if asked.metric == ablate_metrics.LIMIT else ablate.outcome

    def keep(key: str, found: Outcome) -> None:
        """Put a run into the journal."""
        resumed.append(journal, key, asdict(found))

    with (
        progress_ablate.observer(quiet=quiet, color=color) as observer,
        stopping.stoppable(),
        workers.Jobs(run, count or workers.usual(), keep) as jobs,
    ):
        jobs.known.update(_known(journal))
        observer.begin(size.name, len(jobs.known))
        try:
            found = ablate.ablate(size, asked, jobs, observer)
        except Interrupted as stopped:
            said = (
                f"{observer.done:,} of {observer.of_all:,} runs are kept; the same command goes on with them"
            )
            raise Interrupted(f"{stopped}: {said}", stopped.exit_code) from None
    resumed.remove(journal)
    return found


def path_of(name: str) -> Path:
    """Return where accounts and their journals are kept."""
    return Store.default().folder / FOLDER / name


def _of(size: Size, asked: Question) -> tuple[object, ...]:
    """Return what runs must have in common to be gone on with: any set, any order, any figure."""
    kind = asked.metric == ablate_metrics.LIMIT
    return (kscale.__version__, machine.code_stamp(), kind, size, asked.seed, asked.duration_ns)


def _known(journal: Path) -> dict[str, Outcome]:
    """Return what an interrupted account has left."""
    found: dict[str, Outcome] = {}
    for key, came in resumed.read(journal).items():
        outcome = _valid(came)
        if outcome is not None:
            found[key] = outcome
    return found


def _valid(came: Any) -> Outcome | None:  # noqa: ANN401 - whatever JSON holds
    """Return a kept outcome, or None if it is none."""
    try:
        return _OUTCOME.validate_python(came)
    except ValidationError:
        return None
