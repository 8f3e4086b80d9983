"""Formulas and the coefficients they give: each has points, an inverse and a place in the cost model."""

import made_points
import numpy as np
import pytest

from kscale.calibrate import coefficients, experiments, families, fit
from kscale.calibrate.coefficients import NOT_SEEN
from kscale.calibrate.formula import Formula
from kscale.calibrate.meant import MEANT, Meant
from kscale.calibrate.point import Point
from kscale.scenario import costs, profiles

UNPREDICTED = {  # a quotient of others; and what lists do to a writer, at two or three settings
    "freelist-spill-ratio",
    "lists-beside-p50",
    "lists-beside-p99",
}
MEASURED = {family for one in (*experiments.DEFAULT, *experiments.QUICK) for family in one.families}


def test_every_family_that_is_measured_has_its_formula() -> None:
    """And no formula is without points."""
    assert families.FORMULAS.keys() | UNPREDICTED == MEASURED
    assert not families.FORMULAS.keys() & UNPREDICTED


@pytest.mark.parametrize("formula", families.FORMULAS.values(), ids=lambda one: one.family)
def test_a_formula_is_whole(formula: Formula) -> None:
    """Few terms, told apart by name; value to sum is sum to value."""
    assert len(formula.terms) <= 5
    assert len({term.name for term in formula.terms}) == len(formula.terms)
    at = next(made_points.settings(formula.family))
    assert formula.turned(at, formula.turned(at, 123.0)) == pytest.approx(123.0)


def test_no_time_is_no_rate() -> None:
    """Coefficients of nothing predict nothing, and do not divide by it."""
    formula = families.FORMULAS["put-throughput"]
    assert formula.predicted(np.zeros(4), {"clients": 1, "value_bytes": 256}) == float("inf")


@pytest.mark.parametrize(
    ("value_bytes", "grown"), [(300, 460), (2000, 4100), (4000, 4100), (8000, 8200), (15_360, 16_400)]
)
def test_the_store_grows_by_pages(value_bytes: float, grown: float) -> None:
    """As a real etcd 3.5.1 did, within 2 %."""
    assert families.pages(value_bytes) == pytest.approx(grown, rel=0.02)


@pytest.mark.parametrize("meant", MEANT, ids=lambda one: one.name)
@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_a_coefficient_is_one_of_the_cost_models(meant: Meant, profile: str) -> None:
    """In its unit, and from families that are measured."""
    known = costs.of_profile(profile).coefficients
    assert known[meant.name].unit == meant.unit
    assert set(meant.families) <= families.FORMULAS.keys()


def test_what_stays_is_named_once() -> None:
    """Every coefficient of etcd is measured or has a reason."""
    named = [name for left in NOT_SEEN for name in left.name.split(", ")] + [one.name for one in MEANT]
    assert len(named) == len(set(named))
    etcd = {name for name in costs.of_profile("k8s-1.36") if name.startswith("etcd_")}
    assert etcd <= set(named)


def test_coefficients_follow_from_the_fits() -> None:
    """Their arithmetic, from points with known costs."""
    points = {name: made_points.points(formula, 0.02) for name, formula in families.FORMULAS.items()}
    fits = {
        name: found
        for name, formula in families.FORMULAS.items()
        if (found := fit.fit(formula, points[name])) is not None
    }
    profile = costs.of_profile("k8s-1.36")
    slow = {**profile, "etcd_write_cpu_ns": 100, "etcd_append_cpu_ns": 200, "etcd_apply_ns": 300}
    stated, left = coefficients.stated(fits, slow)
    values = {one.meant.name: one.value for one in stated}
    assert left == []
    assert values["etcd_client_round_trip_ns"] == pytest.approx(1000 - (1000 - 200 - 300), rel=0.01)
    assert values["etcd_write_cpu_ns"] == pytest.approx(1000 - 200 - 300, rel=0.01)
    assert values["etcd_put_cpu_ns"] == pytest.approx(1000 + 2000, rel=0.01)
    assert values["etcd_put_cpu_ps_per_byte"] == pytest.approx(3000, rel=0.01)
    assert values["etcd_log_ps_per_byte"] == pytest.approx(
        3000 + profile["etcd_write_cpu_ps_per_byte"], rel=0.01
    )
    assert values["etcd_commit_ps_per_byte"] == pytest.approx(1.2 * 3000, rel=0.01)
    assert values["etcd_wal_record_bytes"] == pytest.approx(1000, rel=0.01)
    assert values["etcd_range_locked_ppm"] == pytest.approx(1_000_000, rel=0.01)
    for one in stated:
        assert one.low <= one.value <= one.high
        assert not one.above_goal
        assert one.over
    over = {one.meant.name: one.over for one in stated}
    assert over["etcd_put_cpu_ns"] == {"clients": (1, 64), "value_bytes": (256, 15_360)}
    assert over["list_fetch_ns_per_object"]["list_bytes"][1] <= 2**24


def test_one_key_comes_to_what_was_measured() -> None:
    """Its round trip and the server's work, as the same file states it, make up its time."""
    points = {name: made_points.points(formula, 0.02) for name, formula in families.FORMULAS.items()}
    fits = {name: fit.fit(families.FORMULAS[name], points[name]) for name in ("get-time", "put-cpu")}
    known = {name: one for name, one in fits.items() if one is not None}
    profile = {
        **costs.of_profile("k8s-1.36"),
        "etcd_write_cpu_ns": 100,
        "etcd_append_cpu_ns": 400,
        "etcd_apply_ns": 500,
    }
    values = {one.meant.name: one.value for one in coefficients.stated(known, profile)[0]}
    alone = values["etcd_client_round_trip_ns"] + values["etcd_write_cpu_ns"]
    assert alone == pytest.approx(made_points.coefficients(families.FORMULAS["get-time"])[0], rel=1e-3)
    del known["put-cpu"]
    values = {one.meant.name: one.value for one in coefficients.stated(known, profile)[0]}
    assert values["etcd_client_round_trip_ns"] == pytest.approx(1000 - 100, rel=1e-3)


def test_a_part_of_the_profile_is_no_measurement() -> None:
    """A byte of the log that no flush takes longer for stays as it is, with what the profile adds to it."""
    formula = families.FORMULAS["fsync"]
    flat = [
        Point(one.family, one.at, one.unit, (1e6 + one.at["puts"], 1e6))
        for one in made_points.points(formula)
    ]
    found = fit.fit(formula, flat)
    assert found is not None
    stated, left = coefficients.stated({"fsync": found}, costs.of_profile("k8s-1.36"))
    assert stated == []
    why = {one.name: one.why for one in left}
    assert why["etcd_log_ps_per_byte"].startswith("cannot be told from nothing")


def test_a_coefficient_of_a_fit_that_misses_says_so() -> None:
    """With the error of its worst family; and if it was measured once."""
    formula = families.FORMULAS["get-time"]
    points = [
        Point(one.family, one.at, one.unit, (one.value * 3 ** (number % 2),))
        for number, one in enumerate(made_points.points(formula))
    ]
    found = fit.fit(formula, points)
    assert found is not None
    (one,) = coefficients.stated(
        {"get-time": found}, {**costs.of_profile("k8s-1.36"), "etcd_write_cpu_ns": 1}
    )[0]
    assert one.above_goal
    assert one.once


def test_what_is_not_clear_stays_as_it_is() -> None:
    """Not measured; all at one setting; or no more than noise: each says so."""
    profile = costs.of_profile("k8s-1.36")
    stated, left = coefficients.stated({}, profile)
    assert stated == []
    assert {one.name for one in left} == {one.name for one in MEANT}
    assert all("not measured" in one.why for one in left)
    formula = families.FORMULAS["get-time"]
    points = made_points.points(formula)
    alike = fit.fit(formula, [point for point in points if point.at["value_bytes"] == 256])
    assert alike is not None
    _, left = coefficients.stated({"get-time": alike}, profile)
    why = {one.name: one.why for one in left}
    assert why["etcd_client_round_trip_ns"] == "too few different settings of get-time"
    clear = fit.fit(formula, points)
    assert clear is not None
    _, left = coefficients.stated({"get-time": clear}, {**profile, "etcd_write_cpu_ns": 10_000_000})
    why = {one.name: one.why for one in left}
    assert why["etcd_client_round_trip_ns"].startswith("cannot be told from nothing")
