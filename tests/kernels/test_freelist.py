"""The free lists against their slow twins, their invariants and their borders."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import freelist as slow

from kscale.kernels import freelist_hashmap
from kscale.kernels.freelist import ArrayList, FreeList, HashmapList, Room, SimdArrayList, ids_of, spans_of
from kscale.kernels.freelist_pages import (
    ALLOCATE,
    CLOSE,
    FREE,
    GIVE_BACK,
    JOINED,
    MERGED,
    MOVED,
    OPEN,
    RELEASE,
    RELOAD,
    ROLLBACK,
    SAVE,
    SCANNED,
    SPANS,
    SPLIT,
    TAKE,
    TAKE_OR_GROW,
)

PAGES = 400
SLOTS = 6
KINDS = [(ArrayList, slow.SlowArray), (SimdArrayList, slow.SlowArray), (HashmapList, slow.SlowHashmap)]
both = pytest.mark.parametrize(("kind", "twin"), KINDS, ids=["array", "simd", "hashmap"])


def opened(kind: type[FreeList], ids: list[int], live: Any = None, pages: int = PAGES) -> FreeList:  # noqa: ANN401 - an array or nothing
    """Open a list of these free pages, with room for everything a test does."""
    starts, sizes = spans_of(np.array(sorted(ids), np.int64))
    slots = np.zeros((SLOTS, 2), np.int32) if live is None else live
    return kind(starts, sizes, slots, pages // 2, Room(pages=pages, free=pages, frees=200, readers=50))


def play(found: FreeList, *rows: tuple[int, ...]) -> list[int]:
    """Do rows that may leave columns out."""
    return [int(one) for one in found.play(np.array([(*row, 0, 0, 0)[:4] for row in rows], np.int64))]


def check(found: FreeList) -> None:
    """Spans do not touch, counts are right, the hashmap's maps tell the same story."""
    starts, sizes = found.free_spans()
    assert (starts[1:] > (starts + sizes)[:-1]).all()
    assert (found.free_pages, int(found.counts[SPANS])) == (sizes.sum(), len(starts))
    assert len(set(found.saved_ids().tolist())) == found.free_pages + found.pending_pages
    if isinstance(found, HashmapList):
        check_maps(found, dict(zip(starts.tolist(), sizes.tolist(), strict=True)))


def check_maps(found: HashmapList, spans: dict[int, int]) -> None:
    """Ends agree with starts, lists with both, bits with lists."""
    ends = np.flatnonzero(found.records[:, freelist_hashmap.END])
    sizes = found.records[ends, freelist_hashmap.END]
    assert dict(zip((ends - sizes + 1).tolist(), sizes.tolist(), strict=True)) == spans
    listed = {}
    for size in np.flatnonzero(found.heads).tolist():
        page, before = int(found.heads[size]), 0
        while page:
            listed[page] = size
            assert found.records[page, freelist_hashmap.PREVIOUS] == before
            page, before = int(found.records[page, freelist_hashmap.NEXT]), page
    assert listed == spans
    set_bits = [
        w * 32 + b for w, word in enumerate(found.bits[: found.levels[1]]) for b in range(32) if word >> b & 1
    ]
    assert set_bits == sorted(set(spans.values()))


programmes = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([TAKE, TAKE_OR_GROW]), st.integers(1, 9), st.integers(0, SLOTS - 1)),
        st.tuples(st.just(GIVE_BACK), st.just(0), st.integers(0, SLOTS - 1)),
        st.tuples(st.just(RELEASE), st.just(0), st.just(0)),
        st.tuples(st.sampled_from([OPEN, CLOSE, ROLLBACK]), st.integers(0, 5), st.just(0)),
        st.tuples(st.sampled_from([SAVE, RELOAD]), st.just(0), st.just(0)),
        st.tuples(st.just(FREE), st.integers(0, 60), st.integers(0, 3)),
    ),
    max_size=60,
)


def rows_of(programme: list[tuple[int, int, int]], stride: int) -> list[slow.Row]:
    """Give operations rising transaction ids; a reader is of a recent one, a rollback of any recent one."""
    rows = []
    for at, (op, n, slot) in enumerate(programme):
        tx = 10 + at // stride
        rows.append((op, tx - n, 0, 0) if op in {OPEN, CLOSE, ROLLBACK} else (op, tx, n, slot))
    return rows


def lives_as_its_twin(
    kind: type[FreeList], twin: Callable[..., slow.SlowList], free: set[int], rows: list[slow.Row]
) -> None:
    """Do row after row in both until the real code would panic, comparing everything."""
    found = opened(kind, sorted(free))
    other = twin(free, {}, PAGES // 2)
    for row in rows:
        try:
            want = other.do(*row)
        except slow.MisuseError:
            with pytest.raises(ValueError, match=r"^(row|rollback)"):
                play(found, row)
            return
        assert play(found, row) == [want]
        assert set(ids_of(*found.free_spans()).tolist()) == other.free_ids()
        assert sorted(found.pending_ids().tolist()) == sorted(other.pending_ids())
        assert np.flatnonzero(found.life & 1).tolist() == sorted(other.cache)
        given_by = found.life >> 1
        assert {p: int(given_by[p]) for p in np.flatnonzero(given_by).tolist()} == other.allocs
    if isinstance(other, slow.SlowArray):
        assert found.counts[[MOVED, MERGED]].tolist() == [other.moved, other.merged]
        assert kind is SimdArrayList or found.counts[SCANNED] == other.scanned
    if isinstance(other, slow.SlowHashmap):
        assert found.counts[[SPLIT, JOINED]].tolist() == [other.splits, other.joins]
    check(found)


@both
@settings(max_examples=60, deadline=None)
@given(free=st.sets(st.integers(2, 60), max_size=40), programme=programmes, stride=st.integers(1, 6))
def test_life_of_pages(
    kind: type[FreeList],
    twin: Callable[..., slow.SlowList],
    free: set[int],
    programme: list[tuple[int, int, int]],
    stride: int,
) -> None:
    """Any operations leave the same pages free, pending, cached and given as in the plain code."""
    lives_as_its_twin(kind, twin, free, rows_of(programme, stride))


@pytest.mark.tiny
@both
def test_a_short_life(kind: type[FreeList], twin: Callable[..., slow.SlowList]) -> None:
    """The same on one life that uses every operation, small enough to run without the JIT."""
    rows = [(SAVE, 0, 0, 0), (TAKE, 5, 2, 0), (TAKE, 5, 3, 1), (TAKE_OR_GROW, 5, 9, 2), (OPEN, 5, 0, 0)]
    rows += [(RELEASE, 0, 0, 0), (GIVE_BACK, 6, 0, 0), (GIVE_BACK, 6, 0, 2), (TAKE, 6, 1, 3), (OPEN, 6, 0, 0)]
    rows += [
        (RELEASE, 0, 0, 0),
        (GIVE_BACK, 7, 0, 3),
        (ROLLBACK, 7, 0, 0),
        (FREE, 7, 20, 1),
        (RELEASE, 0, 0, 0),
    ]
    rows += [(CLOSE, 5, 0, 0), (RELEASE, 0, 0, 0), (TAKE, 8, 1, 4), (GIVE_BACK, 9, 0, 4), (RELEASE, 0, 0, 0)]
    rows += [(CLOSE, 6, 0, 0), (RELOAD, 0, 0, 0), (RELEASE, 0, 0, 0), (ALLOCATE, 9, 2, 0), (SAVE, 0, 0, 0)]
    lives_as_its_twin(kind, twin, {*range(2, 12), 14, 17, 18}, rows)


@both
def test_pages_given_and_freed_between_readers_come_back(kind: type[FreeList], twin: object) -> None:
    """A page is free again once no reader can see it, even while an older and a younger one read on."""
    found = opened(kind, [10, 20])
    play(
        found,
        (TAKE, 5, 1, 0),
        (OPEN, 5),
        (TAKE, 7, 1, 1),
        (GIVE_BACK, 8, 0, 1),
        (GIVE_BACK, 8, 0, 0),
        (OPEN, 9),
    )
    play(found, (OPEN, 9), (RELEASE,))
    assert (found.free_pages, found.pending_pages) == (1, 1)
    play(found, (CLOSE, 5), (RELEASE,))
    assert (found.free_pages, found.pending_pages) == (2, 0)


@pytest.mark.tiny
@both
def test_borders(kind: type[FreeList], twin: object) -> None:
    """Nothing, everything, one too many; an empty list gives nothing."""
    empty = opened(kind, [])
    assert play(empty, (ALLOCATE, 5, 0), (ALLOCATE, 5, 1), (RELEASE,), (SAVE,)) == [0, 0, 0, 16]
    full = opened(kind, [*range(2, 10)])
    assert play(full, (ALLOCATE, 5, 0), (ALLOCATE, 5, 9), (ALLOCATE, 5, PAGES + 5), (ALLOCATE, 5, 8)) == [
        0,
        0,
        0,
        2,
    ]
    assert play(full, (ALLOCATE, 5, 1)) == [0]
    check(full)


@both
@pytest.mark.parametrize("n", [31, 32, 33, 1023, 1024, 1025, 32_767, 32_768])
def test_word_borders_of_sizes(kind: type[FreeList], twin: object, n: int) -> None:
    """Sizes on both sides of a word, of two levels and of three are found, split and joined."""
    pages = 140_000
    found = opened(
        kind, [*range(2, 2 + n), *range(40_000, 40_000 + n + 1), *range(80_000, 80_000 + 40_000)], pages=pages
    )
    first, second, third = play(found, (ALLOCATE, 5, n), (ALLOCATE, 5, n), (ALLOCATE, 5, n))
    assert (first, second, third) == (2, 40_000, 80_000)
    check(found)
    play(found, (FREE, 6, third, n - 1), (FREE, 6, first, n - 1), (FREE, 6, second, n - 1), (RELEASE,))
    assert found.free_spans()[1].tolist() == [n, n + 1, 40_000]
    check(found)


@pytest.mark.parametrize("at", [0, 1, 510, 511, 512, 513, 1023, 1024, 1025])
@pytest.mark.parametrize("n", [1, 2, 3, 511, 512, 513])
def test_blocks_find_what_the_scan_finds(at: int, n: int) -> None:
    """The vectorised search gives the same run wherever it lies in or across blocks."""
    ids = [*range(2, 2 + 3 * at, 3), *range(5_000, 5_000 + n), 9_000, 9_002]
    pair = [opened(kind, ids, pages=10_000) for kind in (ArrayList, SimdArrayList)]
    answers = [play(found, (ALLOCATE, 5, n), (ALLOCATE, 5, n), (ALLOCATE, 5, 2)) for found in pair]
    assert answers[0] == answers[1]
    assert pair[0].counts[MOVED] == pair[1].counts[MOVED]
    assert pair[0].saved_ids().tolist() == pair[1].saved_ids().tolist()


@both
def test_pages_outside_the_file_are_refused(kind: type[FreeList], twin: object) -> None:
    """A list is never written past its room."""
    found = opened(kind, [5])
    for row in [
        (FREE, 5, PAGES, 0),
        (FREE, 5, PAGES - 1, 1),
        (FREE, 5, 3, PAGES),
        (TAKE_OR_GROW, 5, PAGES, 0),
    ]:
        with pytest.raises(ValueError, match="do not fit"):
            play(found, row)
    with pytest.raises(ValueError, match="no operation 99"):
        play(found, (99,))


def test_reload_of_an_empty_list_keeps_the_hashmaps_cache() -> None:
    """The original's quirk: pages that were free cannot be freed again, though they are not free any more."""
    for kind, refused in ((ArrayList, False), (HashmapList, True)):
        found = opened(kind, [])
        play(found, (SAVE,), (FREE, 5, 9, 0), (RELEASE,), (RELOAD,))
        assert found.free_pages == 0
        try:
            play(found, (FREE, 6, 9, 0))
        except ValueError:
            assert refused
        else:
            assert not refused


@pytest.mark.parametrize("count", [65_534, 65_535, 65_536])
def test_saved_form_around_the_count_escape(count: int) -> None:
    """From 65,535 ids on, the number of ids is written before them."""
    found = opened(ArrayList, [*range(2, 2 + count)], pages=70_000)
    assert play(found, (SAVE,)) == [len(found.image())] == [16 + 8 * (count + (count >= 65_535))]


@pytest.mark.tiny
def test_trailing_zeros() -> None:
    """The lowest set bit is found in every place."""
    for low, high in itertools.product(range(32), range(32)):
        assert freelist_hashmap.trailing_zeros(1 << low | 1 << max(low, high)) == low
