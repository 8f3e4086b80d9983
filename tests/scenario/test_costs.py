"""Cost models: every coefficient has a range and an origin, and a hidden fit is refused."""

import pytest

from kscale.errors import KscaleError
from kscale.scenario import costs, profiles

ONE = """
  put_cpu_ns:
    value: 50000
    range: [40000, 100000]
    unit: ns
    provenance: measured
    about: CPU of a put
    source: one machine, two cores
"""


def model(text: str) -> costs.CostModel:
    """Return the model of those coefficients."""
    return costs.parse(f"schema: kscale.costs/1\ncoefficients:{text}".encode(), "mine.yaml", "mine")


def test_a_model_is_a_mapping_to_whole_numbers() -> None:
    """And keeps where each is from."""
    found = model(ONE)
    assert dict(found) == {"put_cpu_ns": 50_000}
    assert found.coefficients["put_cpu_ns"].provenance == "measured"
    with pytest.raises(
        KscaleError, match=r"^cost model mine has no coefficient 'put_cpu'; did you mean 'put_cpu_ns'\?"
    ):
        found["put_cpu"]


SOURCE = "    source: one machine, two cores\n"
RANGE = "range: [40000, 100000]\n    unit: ns\n    provenance: measured"
HEAD = "schema: kscale.costs/1\n"


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("50000", "5"), 3, "value must lie in its range 40,000 to 100,000, got 5"),
        (("50000", "5.5"), 4, "should be a valid integer"),
        ((SOURCE, ""), 3, "measured needs a source; without one it is assumed"),
        (("measured", "fitted"), 3, "fitted and fitted_to go together"),
        (("measured", "guessed"), 7, "cannot be 'guessed'"),
        (("about:", "abut:"), 8, "unknown key; did you mean 'about'?"),
        (("measured", "measured\n    fitted_to: [C8]"), 3, "fitted and fitted_to go together"),
        (
            (RANGE, RANGE.replace("40000, 100000", "50000, 50000").replace("measured", "assumed")),
            3,
            "a range",
        ),
        ((HEAD, f"{HEAD}extends: k8s-1.15\n"), 2, "no cost model 'k8s-1.15'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(change: tuple[str, str], line: int, said: str) -> None:
    """With the file and the line."""
    text = f"schema: kscale.costs/1\ncoefficients:{ONE}"
    assert change[0] in text
    with pytest.raises(KscaleError) as caught:
        costs.parse(text.replace(*change, 1).encode(), "mine.yaml", "mine")
    assert str(caught.value).startswith(f"mine.yaml:{line}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_every_profile_has_a_model(profile: str) -> None:
    """With the coefficients of the one before it."""
    found = costs.of_profile(profile)
    assert found.name == profile
    assert found.keys() >= costs.of_profile("k8s-1.14").keys()
    for name, one in found.coefficients.items():
        low, high = one.range
        assert low <= one.value <= high, name
        if one.provenance == "assumed":
            assert high >= 1.25 * low, f"{name}: an assumption that is known within 25 % is no assumption"
