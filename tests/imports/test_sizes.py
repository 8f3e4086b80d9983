"""Sizes of objects from several places, added up."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kscale.imports import sizes

PART = st.dictionaries(st.integers(0, 40) | st.integers(0, 2**40), st.integers(1, 2**40), max_size=8)


@given(st.lists(PART, min_size=1, max_size=4))
def test_sizes_add_up_each_once_ascending(parts: list[dict[int, int]]) -> None:
    expected = Counter[int]()
    for part in parts:
        expected.update(part)
    found = sizes.added([np.array(list(part.items()), dtype=np.int64).reshape(-1, 2) for part in parts])
    assert found.dtype == np.int64
    assert found.tolist() == [[size, number] for size, number in sorted(expected.items())]
