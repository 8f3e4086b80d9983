"""Damaged and hostile etcd files: one line that names the page, never a crash, never work without end."""

import hashlib
import os
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import read_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from read_files import quiet
from reference import bbolt as plain

from kscale.errors import KscaleError
from kscale.imports import etcd_db
from kscale.imports.facts import Facts

KEYS: list[plain.Change] = [
    *((b"/registry/pods/shop/web-%d" % i, b"p" * (i * 7 % 400)) for i in range(60)),
    *((b"/registry/minions/node-%d" % i, b"n" * 900) for i in range(4)),
    (b"/registry/pods/shop/web-0", None),
    (b"/registry/example.com/widgets/shop/one", b"r" * 40),
]
DEEP: plain.Tree = {b"in": {b"%d" % i: b"x" * 90 for i in range(30)}, b"large": b"x" * 1500}
CONTENT: plain.Tree = {**plain.etcd(KEYS, compacted=1), b"zone": DEEP}
PAGE = 512


def made(**options: bool) -> bytes:
    """Return a sound file with all there is in one."""
    return plain.write(CONTENT, PAGE, (0, 1, 0, 2), 3, **options)


SOUND = {
    "snapshot": made(hashed=True),
    "raw": made(),
    "saved list": made(saved=True),
    "not inline": made(inline=False),
}


def imported(folder: Path, data: bytes) -> Facts:
    """Return what a file of these bytes says."""
    return read_files.imported(etcd_db.read, folder / "any.db", data)


def line_of(folder: Path, data: bytes) -> str:
    """Return the one line with which these bytes are refused."""
    return read_files.complaint(etcd_db.read, folder / "any.db", data).removeprefix("any.db: ")


def written(at: int, code: str, *values: int) -> Callable[[bytes], bytes]:
    """Return the change that writes numbers over some."""

    def change(data: bytes) -> bytes:
        found = bytearray(data)
        struct.pack_into(f"<{code}", found, at, *values)
        return bytes(found)

    return change


def with_metas(data: bytes, at: int, code: str, value: int) -> bytes:
    """Return *data* with a number of both meta pages changed, their checksums right."""
    found = bytearray(data)
    for page in (0, PAGE):
        struct.pack_into(f"<{code}", found, page + 16 + at, value)
        struct.pack_into("<Q", found, page + 72, plain.fnv(bytes(found[page + 16 : page + 72])))
    return bytes(found)


def test_sound_files_are_read(tmp_path: Path) -> None:
    """What the others damage is right before."""
    for data in SOUND.values():
        assert imported(tmp_path, data).types["nodes"].count == 4


def test_changed_snapshot_does_not_fit_its_hash(tmp_path: Path) -> None:
    """One bit anywhere, in the pages or in the hash."""
    data = SOUND["snapshot"]
    for at in (40, 5000, len(data) - 1):
        assert "is damaged: it is not what the sha256" in line_of(
            tmp_path, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        )


@pytest.mark.parametrize("cut", [1, 32, 512, 4096, 10_000])
def test_truncated_file_is_said(tmp_path: Path, cut: int) -> None:
    """How many bytes there should be."""
    size = len(SOUND["raw"])
    assert line_of(tmp_path, SOUND["raw"][:-cut]) == (
        f"ends too early: {size - cut:,} bytes, its {size // PAGE:,} pages are {size:,} bytes"
    )


def test_nearly_nothing_is_said(tmp_path: Path) -> None:
    """Files that end in their meta pages, or before."""
    for size in (0, 1, 15, 31, 32, 79):
        assert line_of(tmp_path, SOUND["raw"][:size])


@pytest.mark.parametrize(
    ("at", "code", "value", "what"),
    [
        (0, "I", 7, "is not bbolt's"),
        (4, "I", 3, "is of version 3; known is 2"),
        (8, "I", 4097, "has pages of 4,097 bytes"),
        (8, "I", 0, "has pages of 0 bytes"),
        (16, "Q", 1, "its root is page 1 of"),
        (16, "Q", 2**64 - 1, "its root is page 18,446,744,073,709,551,615 of"),
        (32, "Q", 0, "its free list is page 0 of"),
        (32, "Q", 2**63, "its free list is page 9,223,372,036,854,775,808 of"),
        (40, "Q", 2**63, "has 9,223,372,036,854,775,808 pages"),
        (40, "Q", 2, "its root is page"),
    ],
)
def test_bad_meta_pages_are_said(tmp_path: Path, at: int, code: str, value: int, what: str) -> None:
    """Each number, both checksums right."""
    line = line_of(tmp_path, with_metas(SOUND["raw"], at, code, value))
    assert line.startswith("neither meta page is good: page 0: ")
    assert what in line


def test_wrong_checksums_are_said(tmp_path: Path) -> None:
    """Of both meta pages."""
    data = written(PAGE + 60, "I", 9)(written(60, "I", 9)(SOUND["raw"]))
    assert line_of(tmp_path, data) == "neither meta page is good: page 0: its checksum is wrong"


def test_huge_high_water_mark_takes_no_memory(tmp_path: Path) -> None:
    """The file has to be as long as it says."""
    assert "ends too early" in line_of(tmp_path, with_metas(SOUND["raw"], 40, "Q", 2**40))


@pytest.mark.parametrize(("size", "pages"), [(2**43, 2**34), (2**38 + 32, 2**20), (2**36, 2**26 + 1)])
def test_more_pages_than_memory_is_for_are_refused(tmp_path: Path, size: int, pages: int) -> None:
    """A file of holes is as long as it says, and costs nothing; with a hash, all of it would be read."""
    path = tmp_path / "db"
    path.write_bytes(with_metas(SOUND["raw"], 40, "Q", pages))
    os.truncate(path, size)
    with pytest.raises(KscaleError, match=rf"^db: has {pages:,} pages in [0-9.]+ [GT]iB; at most 67,108,864"):
        etcd_db.read(path, "db", quiet)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """What was read of it may be of two states."""
    path = tmp_path / "db"
    path.write_bytes(SOUND["raw"])

    def touch(done: int, total: int) -> None:
        os.utime(path, ns=(0, 0))

    with pytest.raises(KscaleError, match=r"^db: was changed while it was read"):
        etcd_db.read(path, "db", touch)


def test_other_bbolt_files_are_told_from_etcds(tmp_path: Path) -> None:
    """No bucket `key`, or one with other keys, other values, buckets."""
    line = line_of(tmp_path, plain.write({b"meta": {b"a": b"b"}}))
    assert line == "page 2: has no bucket `key`: a bbolt file, but not etcd's"
    line = line_of(tmp_path, plain.write({b"key": {b"name": b"value"}}))
    assert line == "page 2: element 0: its key is not a revision"
    line = line_of(tmp_path, plain.write({b"key": {plain.revision(2): b"value"}}))
    assert line == "page 2: element 0: its value is not a key with its value"
    line = line_of(tmp_path, plain.write({b"key": {b"inner": {b"a": b"b"}}}))
    assert line == "page 2: has a bucket where etcd has none"
    line = line_of(tmp_path, plain.write({b"key": {b"inner": {}}}, inline=False))
    assert "has a bucket where etcd has none" in line


@pytest.mark.parametrize(
    ("at", "code", "value", "what"),
    [
        (0, "Q", 3, "says that it is another page"),
        (8, "H", 1024, "is of the wrong kind"),
        (10, "H", 60_000, "has more elements than room, or none though it must"),
        (12, "I", 2**31, "goes on beyond the last page"),
        (20, "I", 2**31, "element 0 is not inside the page, or over the one before"),
        (28, "I", 2**32 - 1, "element 0 is not inside the page, or over the one before"),
    ],
)
def test_damaged_pages_are_named(tmp_path: Path, at: int, code: str, value: int, what: str) -> None:
    """A leaf of the bucket `key`."""
    data = SOUND["raw"]
    page = plain.read(data).leaves[b"key"][3]
    line = line_of(tmp_path, written(page * PAGE + at, code, value)(data))
    assert line.startswith(f"page {page}: {what}")


def test_keys_of_two_leaves_in_the_wrong_order_are_said(tmp_path: Path) -> None:
    """The branch leads to the later one first."""
    data = bytearray(SOUND["raw"])
    one, other = plain.read(SOUND["raw"]).leaves[b"key"][:2]
    leaves = [data[page * PAGE : (page + 1) * PAGE] for page in (one, other)]
    for page, leaf in zip((other, one), leaves, strict=True):
        data[page * PAGE : (page + 1) * PAGE] = struct.pack("<Q", page) + leaf[8:]
    assert "the key of element 0 is not above the one before" in line_of(tmp_path, bytes(data))


def test_cycle_is_said(tmp_path: Path) -> None:
    """A branch that leads to itself."""
    found = plain.Reader(SOUND["raw"])
    found.bucket(next(value for _, key, value in list(found.items(found.root)) if key == b"key"))
    branches = [page for page in found.runs if kind_of(SOUND["raw"], page) == plain.BRANCH]
    page = branches[0]
    line = line_of(tmp_path, written(page * PAGE + 24, "Q", page)(SOUND["raw"]))
    assert line == f"page {page}: is referred to twice"


def kind_of(data: bytes, page: int) -> int:
    """Return of which kind a page is."""
    return int(plain.HEADER.unpack_from(data, page * PAGE)[1])


def test_saved_list_that_differs_is_said(tmp_path: Path) -> None:
    """By the page that is in one of the two only."""
    data = SOUND["saved list"]
    reader, free = plain.Reader(data), plain.read(data).free
    at = reader.free_list * PAGE
    count = plain.HEADER.unpack_from(data, at)[2]
    line = line_of(tmp_path, written(at + 10, "H", count - 1)(data))
    assert line == f"page {sum(free[-1]) - 1}: is not in use and not in the saved free list"
    line = line_of(tmp_path, written(at + 16, "Q", 2)(data))
    assert line == "page 2: is in use and in the saved free list, or there twice"


def test_packed_file_is_refused(tmp_path: Path) -> None:
    """Its pages cannot be mapped."""
    import gzip  # noqa: PLC0415 - here alone

    assert line_of(tmp_path, gzip.compress(SOUND["raw"])) == "is packed; unpack it first"


def test_no_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    """With the name that was given."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(KscaleError, match=r"^any\.db: "):
            etcd_db.read(path, "any.db", quiet)


def test_keys_that_overlap_do_not_make_work(tmp_path: Path) -> None:
    """Thousands of elements that all have the same long key are refused at the second."""
    rows = [(0, plain.revision(i), b"") for i in range(2000)]
    content = plain.page(2, plain.LEAF, rows, 0)
    at = plain.HEADER.size + 16 * len(rows)
    table = b"".join(struct.pack("<IIII", 0, at - 16 - 16 * i, 10**6, 0) for i in range(len(rows)))
    leaf = content[:12] + struct.pack("<I", 300) + table + bytes(10**6)
    data = bytearray(plain.write(plain.etcd([]), 4096, spare=400))
    data[2 * 4096 : 2 * 4096 + len(leaf)] = leaf
    assert line_of(tmp_path, bytes(data)) == (
        "page 2: element 1 is not inside the page, or over the one before"
    )


INTERESTING = (0, 1, 2, 3, 0x7F, 0xFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a sound file with a few changes."""
    data = bytearray(SOUND[draw(st.sampled_from(sorted(SOUND)))])
    for _ in range(draw(st.integers(1, 4))):
        draw(st.sampled_from((flip, number, swap, header, element)))(draw, data)
    if draw(st.integers(0, 4)) == 0:
        del data[draw(st.integers(0, len(data) - 1)) :]
    if draw(st.booleans()) and len(data) > 2 * PAGE:  # believed so far: the sums are right
        for at in (0, PAGE):
            struct.pack_into("<Q", data, at + 72, plain.fnv(bytes(data[at + 16 : at + 72])))
        if len(data) % PAGE == 32:
            data[-32:] = hashlib.sha256(data[:-32]).digest()
    return bytes(data)


def page_of(draw: st.DrawFn, data: bytearray) -> int:
    """Return where a page begins."""
    return PAGE * draw(st.integers(0, len(data) // PAGE - 1))


def numbers(most: int) -> st.SearchStrategy[int]:
    """Return small numbers and those on the border of something."""
    return st.one_of(st.integers(0, most), st.sampled_from(INTERESTING))


def flip(draw: st.DrawFn, data: bytearray) -> None:
    """Change a byte."""
    data[draw(st.integers(0, len(data) - 1))] ^= draw(st.integers(1, 255))


def number(draw: st.DrawFn, data: bytearray) -> None:
    """Write a number anywhere."""
    struct.pack_into("<Q", data, draw(st.integers(0, len(data) - 8)), draw(numbers(70)))


def header(draw: st.DrawFn, data: bytearray) -> None:
    """Write kind, elements or overflow of a page."""
    at = page_of(draw, data) + draw(st.sampled_from((8, 10, 12, 14)))
    struct.pack_into("<H", data, at, draw(numbers(70)) & 0xFFFF)


def element(draw: st.DrawFn, data: bytearray) -> None:
    """Write a number of an element."""
    at = page_of(draw, data) + 16 + 4 * draw(st.integers(0, 40))
    struct.pack_into("<I", data, at, draw(numbers(600)) & 2**32 - 1)


def swap(draw: st.DrawFn, data: bytearray) -> None:
    """Change two pages for each other; their ids may stay where they were."""
    one, other = page_of(draw, data), page_of(draw, data)
    kept = draw(st.sampled_from((0, 8)))
    first, second = data[one + kept : one + PAGE], data[other + kept : other + PAGE]
    data[one + kept : one + PAGE], data[other + kept : other + PAGE] = second, first


@given(damaged())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_file_gives_facts_or_one_line(tmp_path: Path, data: bytes) -> None:
    """Whatever was done to it; what is counted is no more than the file can hold."""
    try:
        facts = imported(tmp_path, data)
    except KscaleError as error:
        line = str(error)
        assert line.startswith("any.db: ")
        assert line.isprintable()
        return
    assert sum(fact.count for fact in facts.types.values()) * 16 < len(data)
    assert facts.space is not None
    pages = facts.space.free[:, 1].sum() + facts.space.live[:, 1].sum()
    assert pages == facts.space.file_pages - 2


def test_random_bytes_after_good_meta_pages(tmp_path: Path) -> None:
    """Pages of noise, with ids and kinds that are right."""
    draw = random.Random(2)  # noqa: S311 - test data
    for _ in range(200):
        data = bytearray(SOUND["raw"])
        for page in range(2, len(data) // PAGE):
            if draw.random() < 0.3:
                kind = draw.choice((plain.BRANCH, plain.LEAF))
                head = plain.HEADER.pack(page, kind, draw.randint(0, 30), draw.choice((0, 0, 1)))
                data[page * PAGE : (page + 1) * PAGE] = head + draw.randbytes(PAGE - 16)
        assert line_of(tmp_path, bytes(data)).startswith("page ")
