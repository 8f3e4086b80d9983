"""What each optimization buys of a figure, between two sets of them: alone, last, and over all orders.

The optimizations that differ between the sets are the players of a game, whose value is the figure of
a run with those of them that have joined (shapley.py). All runs have one seed, so what differs between
two of them is the work of the optimizations. An optimization that changes no output at all, neither
beside none nor beside all others, comes last in every order: that saves its runs, not its account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from kscale.clusterwide import ablate_metrics, figures, shapley
from kscale.clusterwide.ablate_metrics import LIMIT
from kscale.clusterwide.limit import wall_of
from kscale.clusterwide.record import Simulated
from kscale.clusterwide.shapley import Coalition
from kscale.clusterwide.simulate import Asked, simulate
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles, ordered, shown
from kscale.clusterwide.workers import Jobs, digest
from kscale.errors import KscaleError, listed

MOST_RUNS = 256  # for the values, unless orders are asked for
MOST_LIMITS = 48  # likewise; each is a search of many runs


@dataclass(frozen=True, slots=True)
class Valued:
    """A metric of a run."""

    amount: int
    bound: bool = False  # a latency that was never answered, counted as the run's length; a limit not reached


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of a run."""

    values: Mapping[str, Valued]  # by metric; what was never asked is not among them
    digest: str  # of every output but which optimizations were on


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be accounted for, and how closely."""

    metric: str
    before: Toggles
    after: Toggles
    seed: int
    duration_ns: int = 0  # of a run; 0: the scenario's
    orders: int | None = None  # that are drawn; None: as many as the budget of runs allows
    every: bool = False  # count all orders
    pairs: bool = True

    @property
    def players(self) -> tuple[str, ...]:
        """Return the optimizations that differ, in print order."""
        return ordered(self.before ^ self.after)


@dataclass(frozen=True, slots=True)
class Part:
    """What one optimization buys, in the metric's unit: below 0 the metric gets smaller by it."""

    toggle: str
    joins: bool  # it is put in; else taken out
    numerator: int  # of its Shapley value, over Ablation.denominator
    standard_error: int | None  # rounded up; 0: all orders were counted; None: one pair of orders
    alone: int  # it alone, beside `before`
    last: int  # it alone is missing from `after`
    quiet: bool  # no output changes by it, neither beside `before` nor in `after`
    alone_unseen: bool = False  # both values of `alone` are bounds: what it adds is not seen
    last_unseen: bool = False  # likewise


@dataclass(frozen=True, slots=True)
class Pair:
    """What two optimizations do together that they do not do apart: see shapley.pairs."""

    one: str
    two: str
    amount: int


@dataclass(frozen=True, slots=True)
class Ablation:
    """An account: before + the sum of all parts = after, exactly."""

    scenario: str
    nodes: int
    pods: int
    duration_ns: int  # of a run; 0: the scenario's
    seed: int
    metric: str
    unit: str
    better: str  # lower | higher
    before: tuple[str, ...]  # optimizations, in print order
    after: tuple[str, ...]
    value_before: Valued
    value_after: Valued
    denominator: int
    parts: tuple[Part, ...]  # in print order
    pairs: tuple[Pair, ...]  # of those that are not quiet
    orders: int  # that were drawn; 0: all were counted
    runs: int  # different sets of optimizations
    bounds: int  # of them with a value that is only a bound

    def __post_init__(self) -> None:
        """Check that the parts add up."""
        total = (self.value_after.amount - self.value_before.amount) * self.denominator
        if sum(part.numerator for part in self.parts) != total:
            raise ValueError(f"{self.metric}: the parts do not add up to the difference")

    @property
    def exact(self) -> bool:
        """Say whether all orders were counted."""
        return self.orders == 0


class Observer(Protocol):
    """Is told how far an account is."""

    def planned(self, runs: int) -> None:
        """Hear how many runs there will be, as far as is known: more once, when the ends are known."""

    def ran(self) -> None:
        """Hear that a run is done, or known from before."""


def outcome(size: Size, asked: Asked) -> Outcome:
    """Return what is kept of a run. Errors are those of `simulate`."""
    return kept(simulate(size, asked))


def kept(run: Simulated) -> Outcome:
    """Return every figure of a run, and one digest of all it came to."""
    values = {
        name: Valued(run.duration_ns, bound=True) if value is None else Valued(value)
        for name, value in figures.figures(run).items()
    }
    return Outcome(values, digest(replace(run, toggles=())))


def limit_outcome(size: Size, asked: Asked) -> Outcome:
    """Return the largest number of nodes that keeps every objective, by as many runs as that takes."""
    wall = wall_of(size, asked)
    values = {LIMIT: Valued(wall.holds_at, bound=wall.breaks_at is None)}
    return Outcome(values, digest(replace(wall, toggles=(), sentences=())))


def ablate(size: Size, question: Question, jobs: Jobs[Outcome], observer: Observer) -> Ablation:
    """Return the account of a metric. KscaleError if nothing differs, or the metric was never asked for."""
    players = question.players
    if not players:
        said = shown(question.before)
        raise KscaleError(f"--before and --after are the same optimizations: {said}; nothing to tell apart")
    game = _Game(size, question, jobs, observer)
    game.run(shapley.ends(players))
    quiet = tuple(player for player in players if game.changes_nothing(player))
    loud = [player for player in players if player not in quiet]
    plan = shapley.planned(
        loud,
        quiet,
        seed=question.seed,
        most=MOST_LIMITS if question.metric == LIMIT else MOST_RUNS,
        orders=question.orders,
        every=question.every,
    )
    everyone = frozenset(players)
    twos = shapley.pair_coalitions(loud, everyone) if question.pairs else ()
    game.run((*plan.coalitions(), *twos))
    shares = shapley.shares(plan, game.value)
    alone, last = shapley.alone(players, game.value), shapley.at_last(players, game.value)
    found = shapley.pairs(loud, everyone, game.value) if question.pairs else {}
    return Ablation(
        scenario=size.name,
        nodes=size.nodes,
        pods=size.pods,
        duration_ns=question.duration_ns,
        seed=question.seed,
        metric=question.metric,
        unit=ablate_metrics.unit_of(question.metric),
        better=ablate_metrics.better_of(question.metric),
        before=ordered(question.before),
        after=ordered(question.after),
        value_before=game.valued(frozenset()),
        value_after=game.valued(everyone),
        denominator=shares.denominator,
        parts=tuple(
            Part(
                player,
                player in question.after,
                shares.numerators[player],
                shares.errors[player],
                alone[player],
                last[player],
                player in quiet,
                game.unseen(frozenset(), frozenset((player,))),
                game.unseen(everyone - {player}, everyone),
            )
            for player in players
        ),
        pairs=tuple(Pair(one, two, amount) for (one, two), amount in found.items()),
        orders=len(plan.orders),
        runs=len(game.outcomes),
        bounds=game.bounds,
    )


class _Game:
    """The metric of the run of every coalition that was asked for."""

    def __init__(self, size: Size, question: Question, jobs: Jobs[Outcome], observer: Observer) -> None:
        """Know nothing yet."""
        self.size = size
        self.question = question
        self.jobs = jobs
        self.observer = observer
        self.outcomes: dict[Coalition, Outcome] = {}

    def run(self, coalitions: Sequence[Coalition]) -> None:
        """Have the runs made that are not known."""
        new = [one for one in dict.fromkeys(coalitions) if one not in self.outcomes]
        self.observer.planned(len(self.outcomes) + len(new))
        asked = [
            Asked(self.question.before ^ one, self.question.seed, self.question.duration_ns) for one in new
        ]
        for index, found in self.jobs.finished([(self.size, one) for one in asked]):
            self._check(found)
            self.outcomes[new[index]] = found
            self.observer.ran()

    def valued(self, coalition: Coalition) -> Valued:
        """Return the metric of a run, and whether it is a bound."""
        return self.outcomes[coalition].values[self.question.metric]

    def value(self, coalition: Coalition) -> int:
        """Return the metric of a run."""
        return self.valued(coalition).amount

    def changes_nothing(self, player: str) -> bool:
        """Say whether no output differs by *player*, neither beside none nor beside all others."""
        everyone = frozenset(self.question.players)
        none: Coalition = frozenset()
        sides = ((none, none | {player}), (everyone - {player}, everyone))
        return all(self.outcomes[one].digest == self.outcomes[other].digest for one, other in sides)

    def unseen(self, one: Coalition, other: Coalition) -> bool:
        """Say whether the values of both are bounds, and so what lies between them is not seen."""
        return self.valued(one).bound and self.valued(other).bound

    @property
    def bounds(self) -> int:
        """Return how many values are bounds."""
        return sum(one.values[self.question.metric].bound for one in self.outcomes.values())

    def _check(self, found: Outcome) -> None:
        """Raise KscaleError if a run has no such metric."""
        if self.question.metric not in found.values:
            raise KscaleError(
                f"--metric {self.question.metric}: nothing of it was asked for in {self.size.name}; "
                f"there are: {listed(sorted(found.values))}"
            )
