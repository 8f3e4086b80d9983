"""Which coefficients are stated: those whose fit is checked, and no half of a pair."""

import pytest

from kscale.calibrate import coefficients, cost_file, families
from kscale.calibrate.campaign import Outcome
from kscale.calibrate.cost_file import CostFile, Setting
from kscale.calibrate.meant import MEANT
from kscale.calibrate.point import Point
from kscale.scenario import costs

PROFILE = costs.of_profile("k8s-1.36")
SETTING = Setting("2026-11-21", "etcd 3.5.1", 60, PROFILE, "ext4", (), 3.0)


def _made(points: list[Point], cut: tuple[str, ...] = ()) -> CostFile:
    """Return the file of these points."""
    return cost_file.made(Outcome(points, cut=set(cut)), SETTING)


def _opened(*sizes: float) -> list[Point]:
    """Return starts on stores of those bytes."""
    return [
        Point("open-time", {"db_bytes": size}, "ns", (0.99 * (5e8 + 10 * size), 1.01 * (5e8 + 10 * size)))
        for size in sizes
    ]


def _lists(key_ns: float, byte_ns: float, spread: float) -> list[Point]:
    """Return lists whose keys and bytes cost so much, repeats *spread* apart."""
    return [
        Point(
            "list-time",
            {"keys": keys, "value_bytes": size, "list_bytes": keys * size},
            "ns",
            tuple((3e5 + keys * (key_ns + byte_ns * size)) * off for off in (1 - spread, 1 + spread)),
        )
        for keys in (80.0, 1000.0, 4000.0, 16_000.0)
        for size in (256.0, 2048.0)
    ]


def _stated(file: CostFile) -> dict[str, coefficients.Stated]:
    """Return what is stated, by name."""
    return {one.meant.name: one for one in file.stated}


def test_a_line_through_two_points_is_not_stated() -> None:
    """Nothing checks it; the range that the family shows is that of a formula that misses the goal."""
    file = _made(_opened(4e7, 8e7))
    assert file.stated == ()
    (why,) = (one.why for one in file.calibration.left if one.name == "etcd_open_ps_per_byte")
    assert why == "measured at too few settings to check a fit"
    low, high = file.calibration.families["open-time"].coefficients["a byte"].range
    assert high / low > 2
    assert "etcd_open_ps_per_byte" in _stated(_made(_opened(2e7, 4e7, 8e7)))


def test_what_was_cut_off_is_partial_or_not_stated() -> None:
    """It depends on whether there is enough left to check it."""
    file = _made(_opened(4e7, 8e7), ("open-time",))
    assert file.stated == ()
    (why,) = (one.why for one in file.calibration.left if one.name == "etcd_open_ps_per_byte")
    assert "its experiment was cut off" in why
    whole = _made(_opened(2e7, 4e7, 8e7), ("open-time",))
    assert _stated(whole)["etcd_open_ps_per_byte"].cut
    assert "partial: its experiment was cut off" in cost_file.text(whole).replace("\n      ", " ")
    assert not _stated(_made(_opened(2e7, 4e7, 8e7)))["etcd_open_ps_per_byte"].cut


def test_no_coefficient_is_stated_beside_one_that_contradicts_its_fit() -> None:
    """A key of nearly nothing is stated with a range from nothing, where the profile's is far above."""
    found = _stated(_made(_lists(1.0, 4.0, 0.1)))
    key = found["list_fetch_ns_per_object"]
    assert key.low == 0
    assert key.high < PROFILE["list_fetch_ns_per_object"]
    assert "list_fetch_ps_per_byte" in found


def test_a_coefficient_is_fitted_beside_the_profiles() -> None:
    """Where the profile's is as likely as what was found, the other one is made to go with it."""
    points = _lists(1000.0, 30.0, 0.3)
    file = _made(points)
    found = _stated(file)
    assert "list_fetch_ns_per_object" not in found
    (why,) = (one.why for one in file.calibration.left if one.name == "list_fetch_ns_per_object")
    assert "beside which the others are fitted" in why
    key = file.calibration.families["list-time"].coefficients["a key"]
    assert key.value == PROFILE["list_fetch_ns_per_object"]
    assert key.range == (key.value, key.value)
    assert (
        found["list_fetch_ps_per_byte"].value < 30_000
    )  # what the profile's key takes is not left for bytes


@pytest.mark.parametrize("family", ["list-time", "list-cpu"])
def test_pairs_are_known(family: str) -> None:
    """Both coefficients of a list's fit; a formula's only one is no pair."""
    same = [one for one in MEANT if one.families == (family,)]
    assert {one.term for one in same} == {"a key", "a byte"}
    assert {one.term for one in same} <= {term.name for term in families.FORMULAS[family].terms}
