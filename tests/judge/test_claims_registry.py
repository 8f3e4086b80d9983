"""All claims: every row is there, every set-up can be run, and what is required of the models holds."""

import math
from collections import Counter

import pytest

from kscale.cli.progress_claims import Quiet
from kscale.judge.claims import registry, run, verdict
from kscale.judge.claims.record import IDENTITY, Claim
from kscale.judge.claims.registry import CLAIMS, SUBJECTS
from kscale.judge.claims.run import Planned
from kscale.mechanisms.registry import MECHANISMS
from kscale.scenario import costs, profiles, shipped

IDS = {claim.id for claim in CLAIMS}
NOTES = {f"C{number}" for number in range(1, 29)} | {"C13b"}  # of the notes on the control plane
SURFACES = {"watch-surface": "C13"}  # set-ups that show what decides the figures of a claim, not run for it
LONGEST = 110  # characters of a title


@pytest.fixture(scope="module")
def planned() -> dict[str, Planned]:
    """Return every set-up, loaded and planned."""
    return {one.name: one for one in run.planned(CLAIMS, MECHANISMS)}


def test_every_row_of_the_notes_is_there() -> None:
    """Each once, and no id is taken twice, in either case."""
    assert set() == NOTES - IDS
    twice = [name for name, number in Counter(claim.id.lower() for claim in CLAIMS).items() if number > 1]
    assert twice == []


def test_ids_and_subjects_are_told_apart() -> None:
    """What is typed means one or the other."""
    assert {name.lower() for name in IDS} & set(SUBJECTS) == set()
    assert registry.chosen(["C1"]) == [registry.find("c1")]
    assert registry.chosen(["freelist"]) == list(SUBJECTS["freelist"])
    assert len(registry.chosen(())) == len(CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_is_whole(claim: Claim) -> None:
    """It has figures or says why not; a band holds the published figure; an identity's is 5 %."""
    assert claim.figures or claim.not_reproducible
    assert bool(claim.figures) == (claim.setup is not None or claim.calibrated)
    assert claim.title
    assert len(claim.title) <= LONGEST
    assert claim.source
    assert claim.stated
    for figure in claim.figures:
        assert figure.low <= figure.published <= figure.high
        assert not math.isinf(figure.published)
        if claim.kind == "A" and not claim.not_reproducible:
            assert figure.low >= figure.published * (1 - IDENTITY) - 1e-9
            assert figure.high <= figure.published * (1 + IDENTITY) + 1e-9


def test_every_set_up_is_planned_and_used(planned: dict[str, Planned]) -> None:
    """Mechanisms and parameters exist; no file lies about for nothing; each has a profile of ours."""
    files = {name.removeprefix(f"{shipped.CLAIMS}/") for name in shipped.setups((shipped.CLAIMS,))}
    assert files == planned.keys() | SURFACES.keys()
    assert set(SURFACES.values()) <= IDS
    surfaces = (run._planned(name, MECHANISMS, timed=False) for name in SURFACES)
    for one in (*planned.values(), *surfaces):
        assert one.cells
        assert one.loaded.scenario.profile in profiles.PROFILES
        assert one.loaded.scenario.name == one.name


def test_mechanisms_and_claims_name_each_other(planned: dict[str, Planned]) -> None:
    """A mechanism's ids are claims; a claim that is run is one of a mechanism of its set-up."""
    for mechanism in MECHANISMS:
        assert set(mechanism.claims) - IDS == set()
    for claim in CLAIMS:
        if claim.setup is not None:
            near = {name for cell in planned[claim.setup].cells for name in cell.mechanism.claims}
            assert claim.id in near


def test_what_was_fitted_names_claims() -> None:
    """In every profile."""
    for profile in profiles.PROFILES:
        for one in costs.of_profile(profile).coefficients.values():
            assert set(one.fitted_to) - IDS == set()


def test_what_is_required_holds() -> None:
    """Of what counts: every identity, and at least 80 % of the ratios. Every measurement has its factor.

    Not counted is what was not published in full and what a coefficient was fitted to; a measurement may
    be outside, and is shown so. Run as `kscale claims --check` runs it, but nothing is timed: no row that
    is required is a time.
    """
    assert verdict.ENOUGH == 0.8
    untimed = [claim for claim in CLAIMS if not claim.timed]
    assert all(claim.kind == "M" or claim.not_reproducible for claim in CLAIMS if claim.timed)
    found = {one.name: one for one in run.run(run.planned(untimed, MECHANISMS), Quiet())}
    findings = [verdict.judge(claim, found.get(claim.setup or ""), MECHANISMS) for claim in untimed]
    assert verdict.failures(findings) == []
    identities, ratios = (verdict.count(findings, kind) for kind in ("A", "R"))
    assert identities.held == identities.of >= 10
    assert ratios.held >= 0.8 * ratios.of
    assert ratios.of > 0
    measured = [one for finding in findings if finding.claim.kind == "M" for one in finding.figures]
    assert all((one.factor is None) == one.figure.open for one in measured)
