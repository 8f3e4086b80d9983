"""What becomes of a claim: our figure beside the published one, and a word for it.

A figure counts as the same if it lies in its band, ends included; of a claim the worst figure
decides. Two kinds of claim are judged and not counted: one whose set-up was not published in enough
detail, and one that a coefficient was fitted to, where the agreement says nothing. A figure that
is outside although a coefficient was fitted to it stays outside, and counts. Claims that a calibration
of a real etcd answers are counted apart: no model has a part in them, and without one they are open.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kscale.judge.claims.record import Claim, Figure, Interval, Kind, Setup
from kscale.mechanisms.base import Mechanism
from kscale.scenario import costs

ENOUGH = 0.8  # of the ratios must be in band


class Verdict(StrEnum):
    """A figure's or a claim's, the best first."""

    REPRODUCED = "reproduced"  # an identity, within 5 %
    IN_BAND = "in band"  # a ratio or a measurement
    FITTED = "fitted"  # in band, because a coefficient was chosen so
    UNDECIDED = "undecided"  # of a calibration: the interval of ours is partly in the band, or there is none
    OUTSIDE = "outside"
    NOT_REPRODUCIBLE = "not reproducible as stated"
    NOT_MEASURED = "not measured here"  # it takes a calibration


ORDER = {verdict: number for number, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class Judged:
    """One figure with ours."""

    figure: Figure
    ours: float
    verdict: Verdict
    interval: Interval | None = None  # of ours, if times were taken in pairs, or by a calibration

    @property
    def factor(self) -> float | None:
        """Return ours over the published figure; None where that is zero and ours is not, or a bound."""
        if self.figure.open:
            return None
        if self.figure.published == 0:
            return 1.0 if self.ours == 0 else None
        return self.ours / self.figure.published

    @property
    def inside(self) -> bool:
        """Say whether ours lies in the band, counted or not."""
        return self.figure.low <= self.ours <= self.figure.high


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim with what became of it."""

    claim: Claim
    figures: tuple[Judged, ...]
    verdict: Verdict
    fitted_by: tuple[str, ...] = ()  # coefficients that were fitted to it
    setup: Setup | None = None

    @property
    def counted(self) -> bool:
        """Say whether it counts for or against the models."""
        aside = {Verdict.FITTED, Verdict.NOT_REPRODUCIBLE, Verdict.NOT_MEASURED}
        return self.verdict not in aside and not self.claim.calibrated

    @property
    def held(self) -> bool:
        """Say whether ours agrees."""
        return self.verdict in {Verdict.REPRODUCED, Verdict.IN_BAND}


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a kind of claim hold."""

    held: int
    of: int  # that count
    fitted: int
    not_reproducible: int
    own_held: int = 0  # of held: those with a figure in a band of its own
    own_of: int = 0  # of those that count

    @property
    def share(self) -> float:
        """Return the part that holds; all, where there is none."""
        return self.held / self.of if self.of else 1.0


def judge(claim: Claim, setup: Setup | None, mechanisms: Sequence[Mechanism]) -> Finding:
    """Return what becomes of a claim whose set-up came to *setup*; None if it has none."""
    if claim.calibrated:
        return _calibrated(claim, setup)
    if setup is None:
        return Finding(claim, (), Verdict.NOT_REPRODUCIBLE)
    fitted = fitted_by(claim, setup, mechanisms)
    figures = tuple(_judged(claim, one, setup, fitted=bool(fitted)) for one in claim.figures)
    worst = max((one.verdict for one in figures), key=ORDER.__getitem__, default=Verdict.NOT_REPRODUCIBLE)
    return Finding(claim, figures, worst, fitted, setup)


def _calibrated(claim: Claim, setup: Setup | None) -> Finding:
    """Return what becomes of a claim by a calibration; one of whose figures is not measured is not either.

    Unless another is outside. Nothing but ours is published, so there is nothing to reproduce: it is in
    band or not, or undecided.
    """
    known = setup.calibrated if setup else {}
    if setup is None or not any(one.reads in known for one in claim.figures):
        return Finding(claim, (), Verdict.NOT_MEASURED, setup=setup)
    figures = tuple(
        _beside(one, setup) if one.reads in known else Judged(one, math.nan, Verdict.NOT_MEASURED)
        for one in claim.figures
    )
    found = {one.verdict for one in figures}
    open_ = Verdict.NOT_MEASURED in found and Verdict.OUTSIDE not in found
    worst = max(found - {Verdict.NOT_MEASURED}, key=ORDER.__getitem__)
    return Finding(claim, figures, Verdict.NOT_MEASURED if open_ else worst, setup=setup)


def _beside(figure: Figure, setup: Setup) -> Judged:
    """Return a figure of a calibration: undecided where the interval of ours does not keep to one side.

    So is what was measured once: nothing is known of how far it may be off.
    """
    ours = figure.ours(setup)
    interval = figure.interval(setup) if figure.interval else None
    low, high = interval or (-math.inf, math.inf)
    if figure.low <= low and high <= figure.high:
        verdict = Verdict.IN_BAND
    elif high < figure.low or low > figure.high:
        verdict = Verdict.OUTSIDE
    else:
        verdict = Verdict.UNDECIDED
    return Judged(figure, ours, verdict, interval)


def fitted_by(claim: Claim, setup: Setup, mechanisms: Sequence[Mechanism]) -> tuple[str, ...]:
    """Return the coefficients that the set-up reads and that were fitted to this claim."""
    return tuple(name for name, one in coefficients(setup, mechanisms).items() if claim.id in one.fitted_to)


def coefficients(setup: Setup, mechanisms: Sequence[Mechanism]) -> Mapping[str, costs.Coefficient]:
    """Return what the mechanisms of a set-up read of its scenario's cost model, in the mechanisms' order."""
    by_id = {mechanism.id: mechanism for mechanism in mechanisms}
    names = dict.fromkeys(name for cell in setup.cells for name in by_id[cell.mechanism].costs)
    known = costs.model(setup.profile, setup.costs).coefficients if names else {}
    return {name: known[name] for name in names}


def count(findings: Iterable[Finding], kind: Kind) -> Count:
    """Return how many claims of a kind hold; those by a calibration are not among them."""
    found = [one for one in findings if one.claim.kind == kind and not one.claim.calibrated]
    return Count(
        held=sum(one.held for one in found),
        of=sum(one.counted for one in found),
        fitted=sum(one.verdict is Verdict.FITTED for one in found),
        not_reproducible=sum(one.verdict is Verdict.NOT_REPRODUCIBLE for one in found),
        own_held=sum(one.held for one in found if one.claim.own_band),
        own_of=sum(one.counted for one in found if one.claim.own_band),
    )


def failures(findings: Sequence[Finding]) -> list[str]:
    """Return what is required of the models and not met, in sentences: all identities, most ratios."""
    found = [f"{one.claim.id} is an identity and outside" for one in findings if _broken(one)]
    ratios = count(findings, "R")
    if ratios.share < ENOUGH:
        found.append(f"{ratios.held} of {ratios.of} ratios are in band, less than {ENOUGH:.0%}")
    return found


def _broken(finding: Finding) -> bool:
    """Say whether an identity does not hold."""
    return finding.claim.kind == "A" and finding.counted and not finding.held


def _judged(claim: Claim, figure: Figure, setup: Setup, *, fitted: bool) -> Judged:
    """Return a figure with its verdict; no number is in no band."""
    ours = figure.ours(setup)
    inside = not math.isnan(ours) and figure.low <= ours <= figure.high
    if claim.not_reproducible:
        verdict = Verdict.NOT_REPRODUCIBLE
    elif not inside:
        verdict = Verdict.OUTSIDE
    elif fitted:
        verdict = Verdict.FITTED
    else:
        verdict = Verdict.REPRODUCED if claim.kind == "A" else Verdict.IN_BAND
    return Judged(figure, ours, verdict, figure.interval(setup) if figure.interval else None)
