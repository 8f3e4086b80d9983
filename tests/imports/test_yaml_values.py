"""Values and names as YAML: each reads back as it was."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from kscale.imports import yaml_values
from kscale.scenario import yaml_tree


@given(
    st.text()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)
def test_scalars_read_back_the_same(given_value: str | float) -> None:
    """Whatever text is in it: as a key and as a value, under YAML's rules and kscale's."""
    text = f"{yaml_values.scalar('a b')}: {yaml_values.scalar(given_value)}\n"
    assert yaml.safe_load(text) == {"a b": given_value}
    if not isinstance(given_value, float):
        assert yaml_tree.read(text.encode()).value == {"a b": given_value}


def test_names_that_yaml_would_misread_are_quoted() -> None:
    """The Norway problem, times, numbers and octals."""
    for text in (
        "no",
        "On",
        "null",
        "1e3",
        "0777",
        "12:30",
        "2026-11-21",
        "~",
        "-",
        "? a",
        "12",
        "0x1f",
        "1_000",
        ".5",
        "=",
        "<<",
    ):
        assert yaml.safe_load(yaml_values.scalar(text)) == text
    for text in ("k8s-1.36", "10s", "12.5/s", "8GiB", "list/pods", "mine.npz"):
        assert yaml_values.scalar(text) == text
