"""An etcd snapshot of gigabytes, written in seconds: one block of pages over and over, numbered anew.

A block holds leaves of four types, as large as such objects are, and a few free pages. Only page ids,
revisions and names differ from block to block; they are written over by whole columns.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PAGE = 4096
FREE_PAGES = 3  # at the end of each block
NAME = b"00000000"
BLOCKS_AT_ONCE = 64
CHILDREN = 110  # of a branch, as full as bbolt leaves it
HASH_AT_ONCE = 2**24

_BRANCH, _LEAF, _NOT_SAVED = 1, 2, 2**64 - 1
_KEY = 17  # bytes of a revision

Columns = NDArray[np.uint8]


@dataclass(frozen=True)
class Kind:
    """The leaves of one type in a block."""

    prefix: bytes
    value_bytes: int
    of_a_leaf: int  # objects
    leaves: int
    names: int  # distinct, in the whole file


MIXED = (  # as in a large cluster: many small leases and events, pods, a few huge nodes
    Kind(b"/registry/leases/kube-node-lease/node-", 300, 9, 8, 50_000),
    Kind(b"/registry/events/namespace-17/event-", 650, 5, 8, 10**8),
    Kind(b"/registry/pods/namespace-17/pod-", 5000, 2, 6, 10**8),
    Kind(b"/registry/minions/node-", 15_000, 2, 1, 10_000),
)
LEASES = (Kind(b"/registry/leases/namespace-17/lease-", 300, 9, 40, 10**8),)  # the smallest there are many of
TINY = (
    Kind(b"/registry/leases/namespace-17/lease-", 10, 40, 40, 10**8),
)  # smaller than any object: most keys


@dataclass
class Block:
    """The pages of a block and where its numbers are."""

    data: bytearray = field(default_factory=bytearray)
    runs: list[tuple[int, int]] = field(
        default_factory=list
    )  # byte where a run begins, its page in the block
    revisions: list[int] = field(default_factory=list)  # bytes, in order
    names: list[tuple[int, Kind, int, int]] = field(default_factory=list)  # byte, type, which of so many
    firsts: list[int] = field(default_factory=list)  # of each run, its first revision in the block

    def add(self, kind: Kind) -> None:
        """Add the leaves of a type."""
        each = kind.of_a_leaf * kind.leaves
        for leaf in range(kind.leaves):
            begin = len(self.data)
            self.runs.append((begin, begin // PAGE))
            self.firsts.append(len(self.revisions))
            rows = [_key_value(kind.prefix + NAME, kind.value_bytes)] * kind.of_a_leaf
            at = 16 + 16 * len(rows)
            table, content = bytearray(), bytearray()
            for i, row in enumerate(rows):
                key = at + len(content)
                table += struct.pack("<IIII", 0, key - 16 - 16 * i, _KEY, len(row))
                content += bytes(8) + b"_" + bytes(8) + row
                self.revisions.append(begin + key)
                name = begin + key + _KEY + row.index(NAME)
                self.names.append((name, kind, leaf * kind.of_a_leaf + i, each))
            pages = -(-(at + len(content)) // PAGE)
            head = struct.pack("<QHHI", 0, _LEAF, len(rows), pages - 1)
            self.data += (head + table + content).ljust(pages * PAGE, b"\0")


def _field(number: int, content: bytes) -> bytes:
    """Return a field of bytes."""
    size, out = len(content), bytearray([number << 3 | 2])
    while size > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes(out) + bytes([size]) + content


def _key_value(key: bytes, value_bytes: int) -> bytes:
    """Return what etcd stores of a revision."""
    return _field(1, key) + b"\x10\x05\x18\x05\x20\x01" + _field(5, b"v" * value_bytes)


def write(path: Path, kinds: Sequence[Kind], size: int) -> int:
    """Write a snapshot of about *size* bytes, with its hash; return how many revisions are in it."""
    block = Block()
    for kind in kinds:
        block.add(kind)
    block.data += bytes(FREE_PAGES * PAGE)
    pages = len(block.data) // PAGE
    blocks = size // len(block.data)
    with path.open("wb") as file:
        file.write(bytes(2 * PAGE))
        for first in range(0, blocks, BLOCKS_AT_ONCE):
            file.write(_numbered(block, np.arange(first, min(first + BLOCKS_AT_ONCE, blocks))).tobytes())
        leaves = [
            (struct.pack(">QcQ", 1 + at + b * len(block.revisions), b"_", 0), 2 + page + b * pages)
            for b in range(blocks)
            for (_, page), at in zip(block.runs, block.firsts, strict=True)
        ]
        following = 2 + blocks * pages
        level = leaves
        while len(level) > 1:
            parts = [level[i : i + CHILDREN] for i in range(0, len(level), CHILDREN)]
            file.write(b"".join(_branch(following + i, part) for i, part in enumerate(parts)))
            level = [(part[0][0], following + i) for i, part in enumerate(parts)]
            following += len(parts)
        file.write(_top(following, level[0][1]))
        for page in (0, 1):
            file.seek(page * PAGE)
            file.write(_meta(page, following, following + 1))
    _append_hash(path)
    return blocks * len(block.revisions)


def _numbered(block: Block, which: NDArray[np.int64]) -> Columns:
    """Return some blocks with their numbers."""
    data = np.tile(np.frombuffer(block.data, dtype=np.uint8), (len(which), 1))
    pages = len(block.data) // PAGE
    for begin, page in block.runs:
        ids = (2 + page + which * pages).astype("<u8")
        data[:, begin : begin + 8] = ids.view(np.uint8).reshape(-1, 8)
    for i, begin in enumerate(block.revisions):
        main = (1 + i + which * len(block.revisions)).astype(">u8")
        data[:, begin : begin + 8] = main.view(np.uint8).reshape(-1, 8)
    powers = 10 ** np.arange(len(NAME))[::-1]
    for begin, kind, i, each in block.names:
        number = (i + which * each) % kind.names
        data[:, begin : begin + len(NAME)] = number[:, np.newaxis] // powers % 10 + ord("0")
    return data


def _branch(page: int, children: Sequence[tuple[bytes, int]]) -> bytes:
    """Return a branch."""
    table = b"".join(
        struct.pack("<IIQ", 16 * (len(children) - i) + _KEY * i, _KEY, child)
        for i, (_, child) in enumerate(children)
    )
    keys = b"".join(key for key, _ in children)
    return (struct.pack("<QHHI", page, _BRANCH, len(children), 0) + table + keys).ljust(PAGE, b"\0")


def _top(page: int, root: int) -> bytes:
    """Return the bucket of buckets, with `key` alone."""
    head = struct.pack("<QHHI", page, _LEAF, 1, 0)
    return (head + struct.pack("<IIII", 1, 16, 3, 16) + b"key" + struct.pack("<QQ", root, 0)).ljust(
        PAGE, b"\0"
    )


def _meta(page: int, root: int, pages: int) -> bytes:
    """Return a meta page."""
    content = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, PAGE, 0, root, 0, _NOT_SAVED, pages, page)
    found = 0xCBF29CE484222325
    for byte in content:
        found = (found ^ byte) * 0x100000001B3 % 2**64
    return struct.pack("<QHHI", page, 4, 0, 0) + content + struct.pack("<Q", found)


def _append_hash(path: Path) -> None:
    """Append the sha256, as `etcdctl snapshot save` does."""
    with path.open("r+b") as file:
        found = hashlib.sha256()
        while part := file.read(HASH_AT_ONCE):
            found.update(part)
        file.write(found.digest())
