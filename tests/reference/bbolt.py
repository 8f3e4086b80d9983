"""bbolt files in plain Python: a small writer, and a reader that trusts them; and what etcd keeps in them.

Written from the layout (etcd-io/bbolt internal/common), not from the kernels: the reader goes down by
recursion and keeps keys and values, page after page, in dicts and lists.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from reference import protobuf
from reference.freelist import spans

BRANCH, LEAF, META, FREE_LIST = 1, 2, 4, 16
MAGIC, VERSION = 0xED0CDAED, 2
HEADER = struct.Struct("<QHHI")  # id, kind, elements, overflow
ELEMENT_OF_BRANCH = struct.Struct("<IIQ")  # begin, key bytes, child
ELEMENT_OF_LEAF = struct.Struct("<IIII")  # kind, begin, key bytes, value bytes
BUCKET = struct.Struct("<QQ")  # root, sequence
META_PAGE = struct.Struct("<IIIIQQQQQ")
NOT_SAVED = 2**64 - 1

Tree = Mapping[bytes, "bytes | Tree"]
Item = tuple[int, bytes, bytes]  # kind of a leaf's element or child's id, key, value
Span = tuple[int, int]


def fnv(data: bytes) -> int:
    """Return the FNV-1a hash of 64 bits."""
    found = 14695981039346656037
    for byte in data:
        found = (found ^ byte) * 1099511628211 & 2**64 - 1
    return found


def page(number: int, kind: int, items: Sequence[Item], page_bytes: int) -> bytes:
    """Return a page with its overflow."""
    table, data = bytearray(), bytearray()
    at = HEADER.size + 16 * len(items)
    for i, (what, key, value) in enumerate(items):
        begin = at + len(data) - HEADER.size - 16 * i
        if kind == BRANCH:
            table += ELEMENT_OF_BRANCH.pack(begin, len(key), what)
        else:
            table += ELEMENT_OF_LEAF.pack(what, begin, len(key), len(value))
        data += key + value
    pages = -(-(at + len(data)) // page_bytes) if page_bytes else 1
    content = HEADER.pack(number, kind, len(items), pages - 1) + table + data
    return bytes(content).ljust(pages * page_bytes, b"\0")


def meta(number: int, page_bytes: int, root: int, free_list: int, pages: int, tx: int) -> bytes:
    """Return a meta page."""
    content = META_PAGE.pack(MAGIC, VERSION, page_bytes, 0, root, 0, free_list, pages, tx)
    content += struct.pack("<Q", fnv(content))
    return (HEADER.pack(number, META, 0, 0) + content).ljust(page_bytes, b"\0")


@dataclass
class Writer:
    """A file in the making; *gaps* says, in turns, how many pages stay free before each run."""

    page_bytes: int
    gaps: Iterator[int]
    pages: dict[int, bytes] = field(default_factory=dict)  # runs by first page
    next: int = 2

    def allocate(self, content_bytes: int) -> int:
        """Return the first page of a new run, not written yet."""
        first = self.next + next(self.gaps)
        self.next = first + max(1, -(-content_bytes // self.page_bytes))
        return first

    def put(self, kind: int, items: Sequence[Item]) -> int:
        """Write a run and return its first page."""
        first = self.allocate(16 + sum(16 + len(key) + len(value) for _, key, value in items))
        self.pages[first] = page(first, kind, items, self.page_bytes)
        return first

    def split(self, items: Sequence[Item], least: int) -> Iterator[list[Item]]:
        """Yield the items of one page after another, each of at least so many."""
        part: list[Item] = []
        size = HEADER.size
        for item in items:
            more = 16 + len(item[1]) + len(item[2])
            if size + more > self.page_bytes and len(part) >= least:
                yield part
                part, size = [], HEADER.size
            part.append(item)
            size += more
        yield part

    def tree(self, items: Sequence[Item]) -> int:
        """Write the pages of a bucket and return its root."""
        level = [(self.put(LEAF, part), part[0][1] if part else b"") for part in self.split(items, 1)]
        while len(level) > 1:
            children = [(first, key, b"") for first, key in level]
            level = [(self.put(BRANCH, part), part[0][1]) for part in self.split(children, 2)]
        return level[0][0]

    def bucket(self, content: Tree, inline: bool) -> bytes:
        """Write a bucket and return the value that stands for it."""
        items = self.items(content, inline)
        alone = page(0, LEAF, items, 0)
        if inline and len(alone) <= self.page_bytes // 4 and not any(kind for kind, _, _ in items):
            return BUCKET.pack(0, 0) + alone
        return BUCKET.pack(self.tree(items), 0)

    def items(self, content: Tree, inline: bool) -> list[Item]:
        """Return a leaf's elements, buckets written."""
        return [
            (0, key, value) if isinstance(value, bytes) else (1, key, self.bucket(value, inline))
            for key, value in sorted(content.items())
        ]


def write(
    content: Tree,
    page_bytes: int = 4096,
    gaps: Sequence[int] = (0,),
    spare: int = 0,
    tx: int = 7,
    *,
    saved: bool = False,
    hashed: bool = False,
    inline: bool = True,
) -> bytes:
    """Return a file with these buckets.

    spare   free pages at its end
    saved   with a saved free list
    hashed  with its sha256 behind it, as `etcdctl snapshot save` writes it
    inline  small buckets are inline
    """
    writer = Writer(page_bytes, cycle(gaps))
    root = writer.tree(writer.items(content, inline))
    free_list = NOT_SAVED
    if saved:
        most = writer.next + max(gaps) + spare
        free_list = writer.allocate(HEADER.size + 8 * most)
        run = range(free_list, writer.next)
    high_water = writer.next + spare
    if saved:
        used = {first + i for first, one in writer.pages.items() for i in range(len(one) // page_bytes)}
        ids = sorted(set(range(2, high_water)) - used - set(run))
        numbers = ids if len(ids) < 0xFFFF else [len(ids), *ids]
        content_bytes = struct.pack(f"<{len(numbers)}Q", *numbers)
        head = HEADER.pack(free_list, FREE_LIST, min(len(ids), 0xFFFF), len(run) - 1)
        writer.pages[free_list] = (head + content_bytes).ljust(len(run) * page_bytes, b"\0")
    data = bytearray(high_water * page_bytes)
    for number in (0, 1):
        of = tx if tx % 2 == number else tx - 1
        at = number * page_bytes
        data[at : at + page_bytes] = meta(number, page_bytes, root, free_list, high_water, of)
    for first, one in writer.pages.items():
        data[first * page_bytes : first * page_bytes + len(one)] = one
    return bytes(data) + (hashlib.sha256(data).digest() if hashed else b"")


@dataclass
class Found:
    """What a file holds."""

    buckets: dict[bytes, object]  # nested as they are
    live: list[Span]  # first page, pages
    free: list[Span]
    leaves: dict[bytes, list[int]]  # pages of each bucket at the top, by ascending keys


class Reader:
    """A file that is trusted."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.page_bytes = struct.unpack_from("<I", data, 24)[0]
        metas = [META_PAGE.unpack_from(data, 16 + at) for at in (0, self.page_bytes)]
        *_, self.root, _, self.free_list, self.pages, _ = max(metas, key=lambda one: one[-1])
        self.runs: dict[int, int] = {}
        self.leaf_pages: list[int] = []

    def items(self, first: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield the elements of the leaves below a page."""
        at = first * self.page_bytes
        number, kind, count, overflow = HEADER.unpack_from(self.data, at)
        assert number == first
        self.runs[first] = overflow + 1
        if kind == LEAF:
            self.leaf_pages.append(first)
            yield from leaf_items(self.data[at : at + (overflow + 1) * self.page_bytes])
            return
        for i in range(count):
            yield from self.items(ELEMENT_OF_BRANCH.unpack_from(self.data, at + 16 + 16 * i)[2])

    def bucket(self, value: bytes) -> dict[bytes, object]:
        """Return the content of a bucket."""
        root = BUCKET.unpack_from(value)[0]
        items = self.items(root) if root else leaf_items(value[16:])
        return {key: self.bucket(held) if kind else held for kind, key, held in items}


def leaf_items(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield kind, key and value of a leaf's elements."""
    for i in range(HEADER.unpack_from(content)[2]):
        kind, begin, key, value = ELEMENT_OF_LEAF.unpack_from(content, 16 + 16 * i)
        at = 16 + 16 * i + begin
        yield kind, content[at : at + key], content[at + key : at + key + value]


def read(data: bytes) -> Found:
    """Return what a sound file holds."""
    reader = Reader(data)
    buckets: dict[bytes, object] = {}
    leaves: dict[bytes, list[int]] = {}
    for kind, key, value in list(reader.items(reader.root)):
        assert kind == 1
        reader.leaf_pages = []
        buckets[key] = reader.bucket(value)
        leaves[key] = reader.leaf_pages
    if reader.free_list != NOT_SAVED:
        reader.runs[reader.free_list] = HEADER.unpack_from(data, reader.free_list * reader.page_bytes)[3] + 1
    used = {first + i for first, pages in reader.runs.items() for i in range(pages)}
    free = spans(set(range(2, reader.pages)) - used)
    return Found(buckets, sorted(reader.runs.items()), free, leaves)


Change = tuple[bytes, bytes | None]  # key, value; None: deleted


def revision(main: int, sub: int = 0, *, gone: bool = False) -> bytes:
    """Return etcd's key of a revision."""
    return struct.pack(">Qcq", main, b"_", sub) + (b"t" if gone else b"")


def key_value(key: bytes, value: bytes | None, main: int) -> bytes:
    """Return etcd's value of a revision."""
    if value is None:
        return protobuf.field(1, key)
    numbers = protobuf.field(2, main) + protobuf.field(3, main) + protobuf.field(4, 1)
    return protobuf.field(1, key) + numbers + protobuf.field(5, value)


def etcd(changes: Iterable[Change], compacted: int | None = None, first: int = 2) -> dict[bytes, Tree]:
    """Return the buckets of an etcd in which these changes were made, one a revision."""
    keys = {
        revision(main, gone=value is None): key_value(key, value, main)
        for main, (key, value) in enumerate(changes, first)
    }
    noted = {} if compacted is None else {b"finishedCompactRev": revision(compacted)}
    noted |= {b"consistent_index": bytes(8), b"scheduledCompactRev": revision(1)}
    empty: Tree = {}
    return {b"alarm": empty, b"key": keys, b"lease": empty, b"members": {b"8e9e": b"{}"}, b"meta": noted}


def latest(changes: Iterable[Change]) -> dict[bytes, bytes]:
    """Return the live keys with their values."""
    found = dict(changes)
    return {key: value for key, value in found.items() if value is not None}
