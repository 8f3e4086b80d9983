"""Free space laid out on purpose, and leaves written in it, beside slow twins and bbolt's own arithmetic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import freelist_values as twin

from kscale.kernels import freelist_layouts, freelist_values
from kscale.kernels.freelist_pages import GIVE_BACK, RELEASE, TAKE_OR_GROW
from kscale.kernels.freelist_values import LEAVES


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("value_bytes", "pages"),
    [
        (0, 1),
        (1024, 1),
        (2007, 1),  # 16 + 2 x (16 + 17 + 2,007) = 4,096
        (2008, 2),
        (4096, 3),
        (15 * 1024, 8),  # as read in bbolt: two to four of 15 KB give 8 to 15 pages
        (1 << 20, 513),
        (3 << 19, 769),
    ],
)
def test_pages_of_a_leaf(value_bytes: int, pages: int) -> None:
    """A leaf keeps two values, whatever their size."""
    assert freelist_values.leaf_pages(value_bytes) == pages


@pytest.mark.tiny
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    free=st.integers(1, 60),
    ppm=st.sampled_from([0, 1, 200_000, 500_000, 999_999, 1_000_000]),
    pages=st.integers(1, 5),
    overwrites=st.integers(1, 9),
    new_ppm=st.sampled_from([0, 300_000, 1_000_000]),
)
def test_files_and_programmes_are_those_of_slow_twins(
    seed: int, free: int, ppm: int, pages: int, overwrites: int, new_ppm: int
) -> None:
    """Free runs, leaves, the end of the file and every row."""
    load = freelist_values.workload_values(free, ppm, pages, overwrites, new_ppm, seed, 3)
    numbers = twin.Numbers(seed)
    wanted = twin.file_of(numbers, free, ppm, LEAVES * overwrites, pages)
    found = load.starts.tolist(), load.sizes.tolist(), load.live.tolist(), load.high_water
    assert found == wanted
    rows = twin.programme(numbers, LEAVES * overwrites, pages, 3, overwrites, new_ppm)
    assert load.rows.tolist() == rows
    assert load.transactions == 3


@pytest.mark.tiny
def test_the_ends_of_fragmentation() -> None:
    """0 is one run, 1 is every page alone; between them about so many runs for each free page."""
    whole, alone = (freelist_values.workload_values(500, ppm, 1, 8, 0, 1, 1) for ppm in (0, 1_000_000))
    assert whole.sizes.tolist() == [500]
    assert alone.sizes.tolist() == [1] * 500
    assert (np.diff(alone.starts) >= 2).all()
    some = freelist_values.workload_values(20_000, 250_000, 1, 8, 0, 1, 1)
    assert abs(len(some.sizes) / 20_000 - 0.25) < 0.01
    assert some.sizes.sum() == 20_000


@pytest.mark.tiny
def test_nothing_overlaps_and_nothing_touches() -> None:
    """Every page of the file is free, a leaf's, or one that keeps two free runs apart."""
    load = freelist_values.workload_values(300, 400_000, 3, 5, 0, 9, 2)
    uses = np.zeros(load.high_water, np.int64)
    for first, size in [*zip(load.starts, load.sizes, strict=True), *load.live]:
        uses[first : first + size] += 1
    assert uses.max() == 1
    ends = load.starts + load.sizes
    assert (ends[:-1] < load.starts[1:]).all()
    leafless = set(ends.tolist()) - set(load.live[:, 0].tolist())
    assert np.flatnonzero(uses[2:] == 0).tolist() == [end - 2 for end in sorted(leafless)]


@pytest.mark.tiny
def test_new_leaves_free_nothing() -> None:
    """With nothing but new leaves there is no page to free; with none, as many as are taken."""
    old, new = (freelist_values.workload_values(100, 10**6, 2, 16, ppm, 4, 5) for ppm in (0, 10**6))
    for load, frees in ((old, 1), (new, 0)):
        ops = load.rows[:, 0]
        assert np.count_nonzero(ops == GIVE_BACK) == frees * np.count_nonzero(ops == TAKE_OR_GROW)
        assert np.count_nonzero(ops == RELEASE) == 5


def test_one_compiled_shape() -> None:
    """The programme's kernel is compiled once, whatever is asked for."""
    for ppm in (0, 5, 10**6):
        freelist_values.workload_values(10, ppm, 1, 2, ppm, 2**64 - 1, 2)
    signatures = getattr(freelist_values.rewrite, "signatures", ["not compiled"])
    assert len(signatures) == 1
    assert freelist_layouts.stream(1).dtype == np.uint64
