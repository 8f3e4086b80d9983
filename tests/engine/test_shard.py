"""A sweep is cut into shards that have each task once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale.engine import shard
from kscale.errors import KscaleError


@pytest.mark.parametrize(("text", "found"), [("2/8", (2, 8)), ("1/1", (1, 1)), (" 08/10 ", (8, 10))])
def test_a_shard_is_read(text: str, found: tuple[int, int]) -> None:
    """Which, and of how many."""
    assert shard.parse(text) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0/8", "--shard 0/8: shards are counted from 1: 1/8 to 8/8"),
        ("9/8", "--shard 9/8: shards are counted from 1"),
        ("1/0", "--shard 1/0: a sweep is cut into 1 to 10,000 shards, not 0"),
        ("1/99999", "not 99,999"),
        ("x", "--shard 'x': write which of how many, such as 2/8"),
        ("", "--shard '': write which"),
        ("1/2/3", "write which"),
        ("-1/2", "write which"),
        ("1/²", "write which"),
        ("1/9999999", "write which"),
    ],
)
def test_what_is_no_shard_is_refused_in_a_line(text: str, says: str) -> None:
    """The line says what was given and what is allowed."""
    with pytest.raises(KscaleError) as refused:
        shard.parse(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.integers(0, 60), st.integers(1, 12))
def test_shards_have_every_task_once(tasks: int, of: int) -> None:
    """Together all, none twice, and no shard two more than another."""
    parts = [shard.part(range(tasks), (number, of)) for number in range(1, of + 1)]
    assert sorted(task for part in parts for task in part) == list(range(tasks))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
