"""Set-ups of claims, run for a test."""

from kscale.judge.claims import run
from kscale.judge.claims.record import Claim, Figure, Setup
from kscale.measure import plan
from kscale.measure.plan import PlannedCell
from kscale.mechanisms.base import Mechanism
from kscale.scenario import load, shipped


class _Silent:
    """Hears and says nothing."""

    def start(self, setups: object) -> None:
        """Ignore it."""

    def cell_start(self, setup: object, cell: PlannedCell) -> None:
        """Ignore it."""

    def cell_done(self, setup: object, cell: PlannedCell) -> None:
        """Ignore it."""

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        """Ignore it."""


def setup_of(claim: Claim, mechanism: Mechanism) -> Setup:
    """Return what the set-up of a claim comes to."""
    (done,) = run.run(run.planned([claim], [mechanism]), _Silent())
    return done


def varied(claim: Claim, mechanism: Mechanism, *changes: tuple[str, str]) -> Setup:
    """Return what the set-up of a claim comes to with other text in its file."""
    assert claim.setup is not None
    path, where = shipped.find(f"{shipped.CLAIMS}/{claim.setup}")
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    loaded = load.parse(text.encode(), where, where)
    cells = tuple(plan.plan(loaded, [mechanism]))
    (done,) = run.run([run.Planned(claim.setup, loaded, cells, timed=False)], _Silent())
    return done


def figures(claim: Claim, done: Setup) -> list[tuple[Figure, float]]:
    """Return each figure of a claim with ours."""
    return [(figure, figure.ours(done)) for figure in claim.figures]
