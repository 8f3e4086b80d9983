"""What becomes of a claim: bands and their ends, the worst figure, what does not count, what is required."""

import dataclasses
import math

import made_claims
import pytest

from kscale.errors import KscaleError
from kscale.judge.claims import verdict
from kscale.judge.claims.record import Figure, Kind, identity, order, ratio
from kscale.judge.claims.verdict import Count, Finding, Verdict
from kscale.mechanisms import registry
from kscale.mechanisms.base import Mechanism
from kscale.scenario import costs
from kscale.scenario.costs import Coefficient, CostModel


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (100.0, Verdict.REPRODUCED),
        (95.0, Verdict.REPRODUCED),
        (105.0, Verdict.REPRODUCED),
        (94.99, Verdict.OUTSIDE),
        (105.01, Verdict.OUTSIDE),
        (0.0, Verdict.OUTSIDE),
        (math.nan, Verdict.OUTSIDE),
        (math.inf, Verdict.OUTSIDE),
    ],
)
def test_an_identity_holds_within_five_percent(ours: float, expected: Verdict) -> None:
    """The ends belong to the band; what is no number is in none."""
    found = made_claims.finding(made_claims.claim("A1", "A", identity("x", "x", 100, lambda _: ours)))
    assert found.verdict is expected


@pytest.mark.parametrize(("ours", "inside"), [(50.0, True), (200.0, True), (49.9, False), (200.1, False)])
def test_a_measurement_is_of_the_order(ours: float, inside: bool) -> None:
    """Within a factor of two, both ways."""
    found = made_claims.finding(made_claims.claim("M1", "M", order("x", "ns", 100, lambda _: ours)))
    assert found.verdict is (Verdict.IN_BAND if inside else Verdict.OUTSIDE)
    assert found.figures[0].factor == ours / 100


def test_a_ratio_has_its_own_band() -> None:
    """Which may be open at its upper end."""
    made = made_claims.claim("R1", "R", ratio("x", 30, (30, math.inf), lambda _: 5000.0))
    assert made_claims.finding(made).verdict is Verdict.IN_BAND


def test_the_worst_figure_decides() -> None:
    """One figure outside, and the claim is."""
    good, bad = (ratio("x", 10, (5, 15), lambda _, ours=ours: ours) for ours in (10.0, 20.0))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    assert made_claims.finding(made_claims.claim("R1", "R", good, bad)).verdict is Verdict.OUTSIDE
    assert made_claims.finding(made_claims.claim("R1", "R", good, good)).verdict is Verdict.IN_BAND


def test_a_published_zero_has_no_factor() -> None:
    """Unless ours is zero too."""
    made = made_claims.claim(
        "A1",
        "A",
        identity("none", "relists", 0, lambda _: 0.0),
        identity("some", "relists", 0, lambda _: 3.0),
    )
    found = made_claims.finding(made)
    assert [one.factor for one in found.figures] == [1.0, None]
    assert found.verdict is Verdict.OUTSIDE


@pytest.mark.parametrize("figures", [(), (order("x", "ns", 100, lambda _: 100.0),)])
def test_what_was_not_published_in_full_does_not_count(figures: tuple[Figure, ...]) -> None:
    """With or without a figure of the nearest set-up, in its band or not."""
    found = made_claims.finding(made_claims.claim("M1", "M", *figures, not_reproducible="no load was named"))
    assert found.verdict is Verdict.NOT_REPRODUCIBLE
    assert not found.counted
    assert [one.inside for one in found.figures] == [True] * len(figures)


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> tuple[Mechanism, ...]:
    """Return mechanisms of which one reads a coefficient that was fitted to R1."""
    one = Coefficient(
        value=100,
        range=(100, 100),
        unit="ns",
        provenance="fitted",
        about="a page",
        source="R1",
        fitted_to=("R1",),
    )
    monkeypatch.setattr(costs, "of_profile", lambda name: CostModel(name, {"page_ns": one}))
    mechanism = dataclasses.replace(registry.find(made_claims.MECHANISM), costs=("page_ns",))
    return (mechanism,)


def test_a_fitted_claim_does_not_count(fitted: tuple[Mechanism, ...]) -> None:
    """If a coefficient that its set-up reads was fitted to it, by id; another claim on it counts."""
    for number, expected in (("R1", Verdict.FITTED), ("R2", Verdict.IN_BAND)):
        made = made_claims.claim(number, "R", ratio("x", 10, (5, 15), lambda _: 10.0))
        found = verdict.judge(made, made_claims.setup(), fitted)
        assert found.verdict is expected
        assert found.counted is (expected is Verdict.IN_BAND)
        assert found.fitted_by == (("page_ns",) if number == "R1" else ())


def test_a_fit_that_does_not_give_its_claim_stays_outside(fitted: tuple[Mechanism, ...]) -> None:
    """And counts against the models."""
    made = made_claims.claim("R1", "R", ratio("x", 10, (5, 15), lambda _: 50.0))
    found = verdict.judge(made, made_claims.setup(), fitted)
    assert found.verdict is Verdict.OUTSIDE
    assert found.counted


def test_what_is_read_is_that_of_the_profile(fitted: tuple[Mechanism, ...]) -> None:
    """Each coefficient once, in the order of the mechanisms."""
    assert list(verdict.coefficients(made_claims.setup(), fitted)) == ["page_ns"]
    assert not verdict.coefficients(made_claims.setup(), registry.MECHANISMS)


def test_a_band_of_its_own_is_counted_apart() -> None:
    """An identity wider than 5 % and a measurement wider than a factor of 2; narrower ones are not."""
    wide = ratio("x", 100, (90, 101), lambda _: 91.0)
    narrow = ratio("x", 100, (96, 104), lambda _: 100.0)
    bound = ratio("x", 50, (50, math.inf), lambda _: 70.0)
    zero = identity("x", "x", 0, lambda _: 0.0)
    made: list[tuple[Kind, Figure]] = [
        ("A", wide),
        ("A", narrow),
        ("A", zero),
        ("M", bound),
        ("M", narrow),
        ("R", bound),
    ]
    found = [
        made_claims.finding(made_claims.claim(f"{kind}{number}", kind, figure))
        for number, (kind, figure) in enumerate(made)
    ]
    assert verdict.count(found, "A") == Count(3, 3, 0, 0, 1, 1)
    assert verdict.count(found, "M") == Count(2, 2, 0, 0, 1, 1)
    assert verdict.count(found, "R") == Count(1, 1, 0, 0)
    assert found[3].figures[0].factor is None


def test_counts() -> None:
    """Of each kind: held, of those that count, and those that do not."""
    found = made_claims.findings()
    assert verdict.count(found, "A") == Count(1, 1, 0, 0)
    assert verdict.count(found, "R") == Count(1, 2, 1, 0)
    assert verdict.count(found, "M") == Count(1, 1, 0, 2)
    assert verdict.count([], "R").share == 1.0


def _ratios(held: int, of: int) -> list[Finding]:
    """Return so many ratios, of which some hold."""
    return [
        made_claims.finding(
            made_claims.claim(f"R{i}", "R", ratio("x", 1, (0.5, 2), lambda _, i=i: 1.0 if i < held else 9.0))  # type: ignore[misc]  # as above
        )
        for i in range(of)
    ]


def test_what_is_required() -> None:
    """All identities, and four ratios of five; a measurement that is outside is shown and no failure."""
    outside = made_claims.claim("A9", "A", identity("x", "x", 1, lambda _: 2.0))
    wrong = made_claims.claim("M9", "M", order("x", "x", 1, lambda _: 9.0))
    assert verdict.failures(_ratios(4, 5)) == []
    assert verdict.failures(_ratios(3, 4)) == ["3 of 4 ratios are in band, less than 80%"]
    assert verdict.failures([made_claims.finding(wrong)]) == []
    assert verdict.failures([made_claims.finding(outside)]) == ["A9 is an identity and outside"]


def test_a_set_up_is_read_by_cell() -> None:
    """One cell by mechanism and parameters; anything else is an error that says so."""
    made = made_claims.setup(ids_scanned=7)
    assert made.before(made_claims.MECHANISM)["ids_scanned"] == 7
    assert made.after(made_claims.MECHANISM, free_pages=10_000)["ids_scanned"] == 7
    with pytest.raises(KscaleError, match="0 cells of etcd-freelist"):
        made.before(made_claims.MECHANISM, free_pages=1)
