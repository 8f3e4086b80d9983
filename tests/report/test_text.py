import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kscale.report import text


@given(st.text())
@pytest.mark.tiny
def test_clean_names_cannot_steer_a_terminal(name: str) -> None:
    """No control, format, surrogate or unassigned character is left."""
    assert all(unicodedata.category(char) not in text.HIDDEN for char in text.clean(name))
    assert all(unicodedata.category(char) not in text.HIDDEN for char in text.clean_prose(name))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("1M free pages, workload A", "1M free pages, workload A"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\u202egnp", "\\u202egnp"),
        ("\ud800", "\\ud800"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_clean(given: str, shown: str) -> None:
    """Honest names are as they were; others show what is in them."""
    assert text.clean(given) == shown


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs"))), st.integers(2, 40))
def test_wrapped_lines_fit_and_lose_nothing(given: str, width: int) -> None:
    """Every line fits its columns; all that is lost is spaces at the breaks."""
    lines = text.wrapped(given, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == given.replace(" ", "")


def test_a_number_stays_with_its_unit() -> None:
    """The space before %, ns, µs, ms or s is no place to break a line."""
    assert text.wrapped("took 10 % and 3 µs", 8) == ["took", "10 % and", "3 µs"]


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("pods", "pod"),
        ("transactions", "transaction"),
        ("queries", "query"),
        ("classes", "class"),
        ("ids_scanned", "ids scanned"),
        ("loss", "loss"),
        ("puts_per_s", "put per s"),
    ],
)
def test_singular(plural: str, one: str) -> None:
    """What a time is divided by is named in the singular."""
    assert text.singular(plural) == one
