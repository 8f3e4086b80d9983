"""Accounts of games in place of simulations: what each optimization buys of them is known."""

from typing import Any

from bare_sizes import size

from kscale.clusterwide import ablate, toggles
from kscale.clusterwide.ablate import Ablation, Outcome, Question, Valued
from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import NONE, Toggles
from kscale.clusterwide.workers import Jobs, digest

S = 1_000_000_000
METRIC = "pod-startup.p99"
SMALL = frozenset({"etcd-learner", "node-lease", "watch-encode", "watch-bookmark", "list-index"})


class Unwatched:
    """Hears nothing."""

    def planned(self, runs: int) -> None:
        """Hear how many runs there will be."""

    def ran(self) -> None:
        """Hear that a run is done."""


def startup(on: Toggles) -> int:
    """Return 90 s; leases take 60, encoding 20 more beside them, lists 0.4; bookmarks cost 1.2345."""
    leases = 60 * S * ("node-lease" in on) + 20 * S * {"node-lease", "watch-encode"}.issubset(on)
    return (
        90 * S - leases - 4 * S // 10 * ("list-index" in on) + 12_345 * S // 10_000 * ("watch-bookmark" in on)
    )


def outcome(_: Size, asked: Asked) -> Outcome:
    """Return a run whose pod start-up is `startup`, not answered without leases."""
    value = startup(asked.toggles)
    late = value > 80 * S
    return Outcome({METRIC: Valued(value, late)}, digest((value, "etcd-sharding" in asked.toggles)))


def account(after: Toggles = SMALL, before: Toggles = NONE, **asked: Any) -> Ablation:  # noqa: ANN401 - any of the fields
    """Return the account of `startup`."""
    question = Question(METRIC, before, after, seed=7, duration_ns=300 * S, **asked)
    with Jobs(outcome) as jobs:
        return ablate.ablate(size(name="made", nodes=10_000, pods=200_000), question, jobs, Unwatched())


def of_all(**asked: Any) -> Ablation:  # noqa: ANN401 - any of the fields
    """Return the account of all optimizations, over drawn orders."""
    return account(toggles.ALL, orders=8, **asked)
