"""The walk over bbolt's pages against a reader that trusts them; what is wrong with damaged ones."""

import random
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from reference import bbolt as plain

from kscale.kernels import bbolt, bbolt_page, bbolt_space
from kscale.kernels.bbolt_page import Longs

Pages = NDArray[np.uint8]

EMPTY: plain.Tree = {}
FLAT: plain.Tree = {b"only": {b"%04d" % i: b"v" * (i % 300) for i in range(400)}}
LARGE: plain.Tree = {b"only": {b"k" * 300 + b"%d" % i: b"v" * 3000 for i in range(9)}}
NESTED: plain.Tree = {
    b"a": {b"inner%d" % i: {b"%d" % j: b"x" * 200 for j in range(30)} for i in range(8)},
    b"b": {b"empty": EMPTY, b"plain": b"1"},
    b"c": EMPTY,
    b"d": {b"deep": {b"er": {b"est": {b"%d" % j: b"x" * 100 for j in range(50)}}}},
}
FILES = {"empty": EMPTY, "flat": FLAT, "large": LARGE, "nested": NESTED}


class Walk:
    """A file in arrays, as the kernels take it."""

    def __init__(self, data: bytes, leaves_at_once: int = 3, budget: int = 10_000) -> None:
        self.bytes = np.frombuffer(data, dtype=np.uint8)
        self.words = self.bytes.view(np.int32)
        self.file = plain.Reader(data)
        self.seen: Pages = np.zeros(self.file.pages, dtype=np.uint8)
        self.seen[self.file.root] = bbolt.CLAIMED
        self.stack = np.zeros((bbolt.DEEPEST, bbolt.STACK), dtype=np.int64)
        self.place = np.zeros(bbolt_page.PLACE, dtype=np.int64)
        self.leaves = np.zeros((leaves_at_once, bbolt.LEAVES), dtype=np.int64)
        self.buckets = np.zeros((bbolt_page.MOST_ELEMENTS, bbolt.BUCKETS), dtype=np.int64)
        self.budget = budget

    def tree(self, root: int) -> tuple[int, list[int], list[Longs]]:
        """Return what is wrong or 0, the leaves' pages and rows of the buckets."""
        self.place[[bbolt_page.ROOT, bbolt_page.DEPTH, bbolt_page.LAST_BYTES]] = root, 0, -1
        pages: list[int] = []
        rows: list[Longs] = []
        while True:
            found, held = bbolt.walk(
                self.bytes,
                self.words,
                self.file.page_bytes,
                self.file.pages,
                self.budget,
                self.seen,
                self.stack,
                self.place,
                self.leaves,
                self.buckets,
            )
            if found <= 0:
                return found, pages, rows
            pages += self.leaves[:found, bbolt.LEAF_PAGE].tolist()
            rows += list(self.buckets[:held].copy())

    def everything(self) -> dict[bytes, list[int]]:
        """Walk all trees; return the leaves of each bucket at the top."""
        wrong, _, top = self.tree(self.file.root)
        assert wrong == 0
        found = {}
        for row in top:
            waiting, pages = [row], []
            while waiting:
                root = int(waiting.pop(0)[bbolt.BUCKET_ROOT])
                if root:
                    wrong, some, inside = self.tree(root)
                    assert wrong == 0
                    pages += some
                    waiting = inside + waiting
            found[self.bytes[row[0] : row[0] + row[1]].tobytes()] = pages
        return found

    def spans(self) -> tuple[list[plain.Span], list[plain.Span]]:
        """Return the free runs and those in use."""
        none = np.zeros((0, 2), dtype=np.int64)
        holes, used = bbolt_space.runs(self.seen, none, none)
        free, live = np.zeros((holes, 2), dtype=np.int64), np.zeros((used, 2), dtype=np.int64)
        assert bbolt_space.runs(self.seen, free, live) == (holes, used)
        return [(a, b) for a, b in free.tolist()], [(a, b) for a, b in live.tolist()]

    def free_list(self) -> tuple[int, int]:
        """Compare the saved free list; return what is wrong or 0, and on which page."""
        page, page_bytes = self.file.free_list, self.file.page_bytes
        overflow = bbolt_space.claim_free_list(
            self.words, page, page_bytes, self.file.pages, self.seen, self.place
        )
        if overflow < 0:
            return overflow, int(self.place[bbolt_page.PAGE])
        end = (page + 1 + overflow) * page_bytes
        wrong = bbolt_space.compare_free_list(self.words, page * page_bytes, end, self.seen, self.place)
        return wrong, int(self.place[bbolt_page.PAGE])


@pytest.mark.tiny
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("page_bytes", [512, 4096])
def test_bbolt_walk_agrees_with_the_plain_reader(name: str, page_bytes: int) -> None:
    """Leaves in order, runs in use and free ones, with and without inline buckets and a saved list."""
    for inline, saved, gaps, spare in ((True, False, (0,), 0), (False, True, (0, 2, 1, 0, 5), 3)):
        data = plain.write(FILES[name], page_bytes, gaps, spare, saved=saved, inline=inline)
        walk, found = Walk(data), plain.read(data)
        assert walk.everything() == found.leaves
        if saved:
            assert walk.free_list()[0] == 0
        assert walk.spans() == (found.free, found.live)


def test_bbolt_walk_is_the_same_in_small_steps_and_large() -> None:
    """How many leaves are found at once changes nothing."""
    data = plain.write(FLAT, 512, (0, 1))
    all_at_once = Walk(data, leaves_at_once=10_000, budget=10**9)
    one_by_one = Walk(data, leaves_at_once=1, budget=1)
    assert all_at_once.everything() == one_by_one.everything()
    assert all_at_once.seen.tolist() == one_by_one.seen.tolist()


def test_bbolt_walk_on_random_files() -> None:
    """Random buckets, sizes of pages and gaps."""
    draw = random.Random(5)  # noqa: S311 - test data
    for _ in range(30):
        content = {
            draw.randbytes(draw.randint(1, 9)): random_bucket(draw, 2) for _ in range(draw.randint(0, 6))
        }
        gaps = [draw.choice((0, 0, 1, 4)) for _ in range(7)]
        saved = draw.random() < 0.5
        data = plain.write(content, draw.choice((512, 1024)), gaps, draw.randint(0, 4), saved=saved)
        walk, found = Walk(data), plain.read(data)
        walk.everything()
        if saved:
            assert walk.free_list()[0] == 0
        assert walk.spans() == (found.free, found.live)


def random_bucket(draw: random.Random, depth: int) -> dict[bytes, "bytes | plain.Tree"]:
    """Return a bucket of keys, and of buckets as deep as *depth*."""
    return {
        draw.randbytes(draw.randint(1, 40)): random_bucket(draw, depth - 1)
        if depth and draw.random() < 0.1
        else draw.randbytes(draw.choice((0, 10, 100, 2000)))
        for _ in range(draw.choice((0, 3, 40)))
    }


def test_bbolt_long_saved_lists_hold_their_number_before_the_ids() -> None:
    """At 65,534, 65,535 and 65,536 free pages."""
    for free in (65_534, 65_535, 65_536):
        data = plain.write(EMPTY, 512, spare=free, saved=True)
        walk = Walk(data)
        walk.everything()
        assert walk.free_list()[0] == 0
        assert sum(pages for _, pages in walk.spans()[0]) == free


def changed(data: bytes, at: int, code: str, *values: int) -> bytes:
    """Return *data* with some numbers written over it."""
    found = bytearray(data)
    struct.pack_into(f"<{code}", found, at, *values)
    return bytes(found)


def first_leaf(data: bytes) -> int:
    """Return where the first leaf of the bucket `only` begins."""
    return plain.read(data).leaves[b"only"][0] * 512


def said(data: bytes) -> tuple[int, int, int]:
    """Return what is wrong with the bucket `only`, the page and the element."""
    walk = Walk(data)
    wrong, _, top = walk.tree(walk.file.root)
    if wrong == 0 and top:
        wrong, _, _ = walk.tree(int(top[0][bbolt.BUCKET_ROOT]))
    return wrong, int(walk.place[bbolt_page.PAGE]), int(walk.place[bbolt_page.ITEM])


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("at", "code", "values", "wrong"),
    [
        (0, "Q", (99,), bbolt_page.WRONG_ID),
        (0, "Q", (2**63,), bbolt_page.WRONG_ID),
        (8, "H", (3,), bbolt_page.WRONG_KIND),
        (8, "H", (plain.FREE_LIST,), bbolt_page.WRONG_KIND),
        (10, "H", (0xFFFF,), bbolt_page.CROWDED),
        (12, "I", (1000,), bbolt_page.OVERFLOW),
        (12, "I", (2**32 - 1,), bbolt_page.OVERFLOW),
        (16, "I", (7,), bbolt_page.BUCKET),
        (20, "I", (0,), bbolt_page.OUTSIDE),
        (20, "I", (2**32 - 16,), bbolt_page.OUTSIDE),
        (24, "I", (2**31,), bbolt_page.OUTSIDE),
        (28, "I", (2**32 - 1,), bbolt_page.OUTSIDE),
        (28, "I", (600,), bbolt_page.OUTSIDE),
        (28, "I", (5,), bbolt_page.OUTSIDE),  # over the element behind it
    ],
)
def test_bbolt_damaged_leaf_is_said(at: int, code: str, values: Sequence[int], wrong: int) -> None:
    """Each number of a leaf, out of what it may be."""
    data = plain.write(FLAT, 512)
    begin = first_leaf(data)
    found, page, _ = said(changed(data, begin + at, code, *values))
    assert (found, page) == (wrong, begin // 512)


@pytest.mark.tiny
def test_bbolt_keys_out_of_order_are_said() -> None:
    """Within a leaf, and from one leaf to the next."""
    data = plain.write({b"only": {b"a": b"1", b"b": b"2", b"c": b"3"}}, 512, inline=False)
    leaf = first_leaf(data)
    keys = data.index(b"a1b2c3", leaf)
    assert said(data[: keys + 2] + b"a" + data[keys + 3 :]) == (bbolt_page.ORDER, leaf // 512, 1)
    data = plain.write({b"only": {b"%d" % i: b"v" * 400 for i in range(3)}}, 512)
    _, second, _ = plain.read(data).leaves[b"only"]
    at = data.index(b"1vvv", second * 512)
    assert said(data[:at] + b"0" + data[at + 1 :]) == (bbolt_page.ORDER, second, 0)


def branch_of(data: bytes) -> int:
    """Return the page of the root of `only`, a branch."""
    walk = Walk(data)
    _, _, top = walk.tree(walk.file.root)
    return int(top[0][bbolt.BUCKET_ROOT])


@pytest.mark.tiny
@pytest.mark.parametrize("child", [0, 1, 10_000, 2**32, 2**63])
def test_bbolt_child_out_of_the_file_is_said(child: int) -> None:
    """The page and the element that refer to it are named."""
    data = plain.write({b"only": {b"%d" % i: b"v" * 400 for i in range(3)}}, 512)
    branch = branch_of(data)
    assert said(changed(data, branch * 512 + 16 + 16 + 8, "Q", child)) == (bbolt_page.RANGE, branch, 1)


@pytest.mark.tiny
def test_bbolt_pages_used_twice_are_said() -> None:
    """A child that is its own parent, a child of two, an overflow over another run, a bucket's root."""
    data = plain.write({b"only": {b"%d" % i: b"v" * 400 for i in range(3)}}, 512)
    branch = branch_of(data)
    at = branch * 512 + 16 + 16 + 8
    assert said(changed(data, at, "Q", branch))[:2] == (bbolt_page.TWICE, branch)
    assert said(changed(data, at, "Q", 2))[:2] == (bbolt_page.TWICE, 2)
    assert said(changed(data, 3 * 512 + 12, "I", branch - 3))[:2] == (
        bbolt_page.TWICE,
        2 if branch < 3 else branch,
    )
    walk = Walk(plain.write({b"a": FLAT[b"only"], b"b": FLAT[b"only"]}, 512))
    _, _, (one, other) = walk.tree(walk.file.root)
    data = changed(walk.bytes.tobytes(), int(other[bbolt.VALUE]), "Q", int(one[bbolt.BUCKET_ROOT]))
    assert said(data)[:2] == (bbolt_page.TWICE, int(one[bbolt.BUCKET_ROOT]))


@pytest.mark.tiny
def test_bbolt_bad_buckets_are_said() -> None:
    """A root out of the file, values too short for a bucket or an inline page."""
    data = plain.write(FLAT, 512)
    walk = Walk(data)
    _, _, (row,) = walk.tree(walk.file.root)
    root, value = walk.file.root, int(row[bbolt.VALUE])
    for wrong_root in (1, 2**40, 2**63):
        assert said(changed(data, value, "Q", wrong_root)) == (bbolt_page.RANGE, root, 0)
    assert said(changed(data, value, "Q", 0)) == (bbolt_page.BUCKET, root, 0)
    assert said(changed(data, root * 512 + 28, "I", 15)) == (bbolt_page.BUCKET, root, 0)


@pytest.mark.tiny
def test_bbolt_tree_may_be_no_deeper_than_allowed() -> None:
    """A chain of branches, one child each."""
    for levels, wrong in ((bbolt.DEEPEST, 0), (bbolt.DEEPEST + 1, bbolt_page.DEEP)):
        data = bytearray(plain.write(EMPTY, 512, spare=levels))
        for page in range(2, 2 + levels):
            data[page * 512 : (page + 1) * 512] = plain.page(page, plain.BRANCH, [(page + 1, b"", b"")], 512)
        data[(2 + levels) * 512 :] = plain.page(2 + levels, plain.LEAF, [], 512)
        walk = Walk(bytes(data))
        assert walk.tree(2)[0] == wrong


@pytest.mark.tiny
def test_bbolt_branch_without_children_is_said() -> None:
    """It has nothing to lead to."""
    data = plain.write(FLAT, 512)
    assert said(changed(data, branch_of(data) * 512 + 10, "H", 0))[0] == bbolt_page.CROWDED


@pytest.mark.tiny
def test_bbolt_saved_list_that_differs_is_said() -> None:
    """A page too few, one in use, one twice, one out of the file, too many, of another kind."""
    data = plain.write(FLAT, 512, (0, 1), 3, saved=True)
    free = [first + i for first, pages in plain.read(data).free for i in range(pages)]
    begin = plain.Reader(data).free_list * 512

    def compared(at: int, code: str, *values: int) -> tuple[int, int]:
        walk = Walk(changed(data, begin + at, code, *values))
        walk.everything()
        return walk.free_list()

    assert compared(10, "H", len(free) - 1) == (bbolt_space.LOST, free[-1])
    assert compared(16, "Q", free[1]) == (bbolt_space.LOST, free[0])
    assert compared(24, "Q", free[0]) == (bbolt_space.USED, free[0])
    assert compared(16, "Q", free[0] - 1) == (bbolt_space.USED, free[0] - 1)
    assert compared(16, "Q", 1)[0] == bbolt_page.RANGE
    assert compared(16 + 8 * (len(free) - 1), "Q", 10**6)[0] == bbolt_page.RANGE
    assert compared(10, "H", 60_000)[0] == bbolt_page.CROWDED
    assert compared(10, "HIQ", 0xFFFF, 0, 2**63)[0] == bbolt_page.CROWDED
    assert compared(8, "H", plain.LEAF)[0] == bbolt_page.WRONG_KIND


@pytest.mark.tiny
def test_bbolt_inline_leaf() -> None:
    """A sound one, one of another kind, one with a bucket in it, one that is cut off."""

    def check(content: bytes, size: int | None = None) -> int:
        data = np.frombuffer(content.ljust(-(-len(content) // 4) * 4, b"\0"), dtype=np.uint8)
        place = np.zeros(bbolt_page.PLACE, dtype=np.int64)
        return bbolt_page.inline_leaf(data[: size or len(content)], data.view(np.int32), place)

    content = plain.page(0, plain.LEAF, [(0, b"a", b"1"), (0, b"b", b"22")], 0)
    assert check(content) == 0
    assert check(content, len(content) - 1) == bbolt_page.OUTSIDE
    assert check(content[:16]) == bbolt_page.CROWDED
    assert check(plain.page(0, plain.BRANCH, [(3, b"a", b"")], 0)) == bbolt_page.WRONG_KIND
    assert check(plain.page(0, plain.LEAF, [(1, b"a", bytes(32))], 0)) == bbolt_page.BUCKET
