"""The `sweep:` of a scenario file: read with it, and no part of what is run at a point."""

import pytest

from kscale.errors import KscaleError
from kscale.scenario import load
from kscale.scenario.load import Loaded
from kscale.scenario.schema_sweep import SweepSpec

HEAD = "schema: kscale.scenario/1\nname: mine\n"


def loaded(section: str) -> Loaded:
    """Return a scenario with that section."""
    return load.parse((HEAD + section).encode(), "mine.yaml", "mine.yaml", "mine")


def test_values_are_kept_as_they_are_written() -> None:
    """A list, or one text; what it means is for `kscale sweep` to say."""
    found = loaded(
        "sweep:\n  over:\n    free_pages: 1k..1M/4log\n    cluster.nodes.count: [100, 2k]\n"
        "    churn: [true, false]\n  seeds: 10\n"
    ).scenario.sweep
    assert found == SweepSpec.model_validate(
        {
            "over": {
                "free_pages": ("1k..1M/4log",),
                "cluster.nodes.count": (100, "2k"),
                "churn": (True, False),
            },
            "seeds": 10,
        }
    )
    assert found is not None
    assert [type(one) for one in found.over["churn"]] == [bool, bool]


def test_it_does_not_decide_what_a_point_is() -> None:
    """The hash and the resolved scenario are those of the file without it."""
    plain, swept = loaded(""), loaded("sweep: {over: {free_pages: 1..2/2}, seeds: 3}\n")
    assert swept.sha256 == plain.sha256
    assert swept.resolved() == plain.resolved()
    assert plain.scenario.sweep is None
    assert loaded("sweep: {}\n").scenario.sweep == SweepSpec()


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("sweep: 5\n", "mine.yaml:3: sweep: must map keys to values, got 5"),
        ("sweep:\n  ovr: {}\n", "mine.yaml:4: sweep.ovr: unknown key; did you mean 'over'?"),
        ("sweep: {seeds: 0}\n", "mine.yaml:3: sweep.seeds: must be 1 to 1,000, got 0"),
        ("sweep: {seeds: many}\n", "mine.yaml:3: sweep.seeds: 'many' is not a count"),
        ("sweep: {over: [a]}\n", "mine.yaml:3: sweep.over: must map keys to values, got a list"),
        (
            "sweep:\n  over:\n    a: {b: 1}\n",
            "mine.yaml:5: sweep.over.a: must be a list of values or a range",
        ),
        ("sweep: {over: {a: [[1]]}}\n", "mine.yaml:3: sweep.over.a: must be a list of values or a range"),
        ("sweep: {over: {a: []}}\n", "mine.yaml:3: sweep.over.a: must have at least 1 entry"),
        ("sweep: {over: {a: }}\n", "mine.yaml:3: sweep.over.a: must be a list of values or a range"),
        (
            f"sweep: {{over: {{a: {list(range(1001))}}}}}\n",
            "mine.yaml:3: sweep.over.a: must have at most 1,000",
        ),
        (
            f"sweep: {{over: {{{', '.join(f'k{i}: 1' for i in range(11))}}}}}\n",
            "mine.yaml:3: sweep.over: must have at most 10 entries, got 11",
        ),
    ],
)
def test_complaints_about_the_section(section: str, says: str) -> None:
    """With the line and the key."""
    with pytest.raises(KscaleError) as found:
        loaded(section)
    assert str(found.value).startswith(says)
