"""The claims on encoding: what their set-ups give, which are fitted, and that they can fail."""

import math
from dataclasses import replace

import pytest
from claim_setups import setup_of

from kscale.judge.claims import encoding, verdict
from kscale.judge.claims.record import Claim, Setup
from kscale.judge.claims.verdict import Verdict
from kscale.mechanisms import watch_encode
from kscale.mechanisms.base import BASELINE, OPTIMIZED

MECHANISMS = [watch_encode.MECHANISM]
PROTOBUF_NS, JSON_NS = 10_000_000.0, 70_000_000.0  # made-up times of a run


def claim_of(claim_id: str) -> Claim:
    """Return the claim of that id."""
    return next(claim for claim in encoding.CLAIMS if claim.id == claim_id)


def counted(claim: Claim) -> Setup:
    """Return what the set-up of a claim comes to, counted."""
    return setup_of(replace(claim, timed=False), watch_encode.MECHANISM)


@pytest.fixture(scope="module")
def endpoints() -> Setup:
    """Return the set-up of the large objects."""
    return counted(claim_of("C16"))


@pytest.mark.parametrize(
    ("claim_id", "expected", "ours"),
    [
        ("C16", Verdict.IN_BAND, 5000),  # one encoding in place of one a watcher
        ("C16b", Verdict.FITTED, 3.13e9),  # 5,000 x 1 MB x 40 ns on 64 cores
        ("C17", Verdict.FITTED, 80.2),  # 8/s x 5,000 x 50 KB x 40 ns
    ],
)
def test_claims_on_endpoints(endpoints: Setup, claim_id: str, expected: Verdict, ours: float) -> None:
    """The ratio is counted; busy time and cores agree because their coefficient was drawn from them."""
    found = verdict.judge(claim_of(claim_id), endpoints, MECHANISMS)
    assert found.verdict is expected
    assert found.figures[0].ours == pytest.approx(ours, rel=0.01)
    assert found.fitted_by == (() if claim_id == "C16" else ("watch_encode_cpu_ps_per_byte",))


def test_without_sharing_the_ratio_fails(endpoints: Setup) -> None:
    """Were the optimized server to encode for each watcher, C16 would be outside."""
    cells = tuple(
        replace(cell, works={**cell.works, OPTIMIZED: cell.works[BASELINE]}) for cell in endpoints.cells
    )
    found = verdict.judge(claim_of("C16"), replace(endpoints, cells=cells), MECHANISMS)
    assert found.verdict is Verdict.OUTSIDE


def test_the_ratio_is_a_lower_bound() -> None:
    """Published is "at least"; ours is the number of watchers, so that an upper end would mean nothing."""
    (figure,) = claim_of("C16").figures
    assert (figure.low, figure.high) == (50, math.inf)
    assert any("follows from the set-up" in said for said in claim_of("C16").assumes)


def test_formats() -> None:
    """JSON is longer by what is counted; times are taken as given, and sending cancels out."""
    claim = claim_of("E1")
    done = counted(claim)
    times = {0.0: PROTOBUF_NS, 1.0: JSON_NS}
    sending = 3_000_000.0
    cells = tuple(
        replace(cell, times={BASELINE: sending + times[cell.params["json_share"]], OPTIMIZED: sending})
        for cell in done.cells
    )
    bytes_, time = claim.figures
    timed = replace(done, cells=cells)
    assert bytes_.ours(timed) == pytest.approx(1.67, abs=0.05)
    assert time.ours(timed) == pytest.approx(JSON_NS / PROTOBUF_NS)


def test_the_average_gain_is_not_reproducible() -> None:
    """It says why, and shows no number."""
    found = verdict.judge(claim_of("C18"), None, MECHANISMS)
    assert found.verdict is Verdict.NOT_REPRODUCIBLE
    assert found.claim.not_reproducible


def test_watch_encode_names_its_claims() -> None:
    """What `kscale show` names is what is here."""
    assert tuple(claim.id for claim in encoding.CLAIMS) == watch_encode.MECHANISM.claims
