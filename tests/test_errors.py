"""Names in complaints: the nearest first, never too many."""

from kscale.errors import did_you_mean, listed


def test_the_nearest_name_is_offered() -> None:
    """A slip of the finger is put right."""
    assert did_you_mean("mian", ["main", "head"]) == "did you mean 'main'? known: head, main"


def test_many_names_are_counted() -> None:
    """A folder of results does not fill the screen."""
    said = did_you_mean("x", [f"run{number:04}" for number in range(3000)])
    assert said.startswith("known: run0000, run0001, ")
    assert said.endswith(", run0019 and 2,980 more")


def test_long_names_are_cut() -> None:
    """A name of a file may be as long as the system allows."""
    assert listed(["a" * 255]) == "a" * 57 + "..."
    assert len(did_you_mean("a" * 10_000, ["a" * 255])) < 160
