"""An etcd database file as mapped bytes: opened, its hash checked, its meta page chosen.

A file is pages; pages 0 and 1 are the meta pages, written in turns: of those that are whole, the one of
the later transaction counts (etcd-io/bbolt internal/common/meta.go). `etcdctl snapshot save` appends the
sha256 of all pages, so that such a file is 32 bytes longer than whole pages.
"""

import fcntl
import hashlib
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import opened
from kscale.imports.facts import Progress
from kscale.kernels import bbolt, bbolt_page, bbolt_space
from kscale.kernels.bbolt_page import Bytes, Words
from kscale.scenario.document import one_line

MOST_PAGES = 2**26  # 256 GiB of pages of 4 KiB; a byte of memory for each
LARGEST = 2**38  # bytes of a file; those of a hash are all read
PAGE_SIZES = tuple(2**power for power in range(9, 17))  # bytes; what bbolt takes and systems have
NOT_SAVED = -1  # of the free list

_MAGIC, _VERSION = 0xED0CDAED, 2
_META = struct.Struct(
    "<IIIIQQQQQQ"
)  # magic, version, page size, flags, root, sequence, free list, pages, tx, sum
_META_AT = 16  # bytes of the page's header
_SUMMED = _META.size - 8
_NO_FREE_LIST = 2**64 - 1
_HASH = hashlib.sha256().digest_size
_SECTOR = 512  # pages are multiples of it
_AT_ONCE = 2**22  # bytes hashed at once
_WORDS = {  # what the kernels find wrong
    bbolt_page.OUTSIDE: "element {item:,} is not inside the page, or over the one before",
    bbolt_page.ORDER: "the key of element {item:,} is not above the one before",
    bbolt_page.RANGE: "element {item:,} refers to a page that does not exist; the last is {last:,}",
    bbolt_page.TWICE: "is referred to twice",
    bbolt_page.WRONG_ID: "says that it is another page",
    bbolt_page.WRONG_KIND: "is of the wrong kind",
    bbolt_page.CROWDED: "has more elements than room, or none though it must",
    bbolt_page.OVERFLOW: "goes on beyond the last page, {last:,}",
    bbolt_page.DEEP: f"is more than {bbolt.DEEPEST} pages below its root",
    bbolt_page.BUCKET: "element {item:,} is not a bucket, or one where none may be",
    bbolt_space.USED: "is in use and in the saved free list, or there twice",
    bbolt_space.LOST: "is not in use and not in the saved free list",
}


@dataclass(frozen=True, slots=True)
class Meta:
    """What the meta page that counts says."""

    page_bytes: int
    root: int  # page of the bucket of buckets
    free_list: int  # page of the saved free list, or NOT_SAVED
    pages: int  # high water mark: pages in use or free, the meta pages too
    tx: int


@dataclass(frozen=True, slots=True)
class Database:
    """An open file."""

    name: str  # for errors
    bytes: int  # of the file
    hashed: bool  # its hash was there, and right
    meta: Meta
    data: Bytes  # its pages
    words: Words  # the same
    mapping: mmap.mmap

    def forget(self) -> None:
        """Take the pages that were read out of this process's memory; they stay in the system's cache."""
        self.mapping.madvise(mmap.MADV_DONTNEED)

    def error(self, page: int, what: str) -> KscaleError:
        """Return the error that something is wrong on *page*."""
        return KscaleError(one_line(f"{self.name}: page {page:,}: {what}"))

    def wrong(self, code: int, page: int, item: int) -> KscaleError:
        """Return the error for what the kernels found."""
        return self.error(page, _WORDS[code].format(item=item, last=self.meta.pages - 1))


@contextmanager
def opened_database(path: Path, name: str, progress: Progress) -> Iterator[Database]:
    """Yield the database file *path*, its hash checked if there is one.

    It is locked as bbolt's readers lock it: a file that a running etcd writes is refused. KscaleError, one
    line that begins with *name*, if it is not whole, or another one once it was read. The system ends a
    process (SIGBUS) under which a mapped file is cut off: bbolt never does that.
    """
    with opened.open_stream(path, name) as file:
        if opened.is_packed(path):
            raise KscaleError(one_line(f"{name}: is packed; unpack it first"))
        _lock(file, name)
        before = os.fstat(file.fileno())
        size = before.st_size
        hashed = size % _SECTOR == _HASH
        meta = _meta(file, name)
        whole = meta.pages * meta.page_bytes
        if whole > size - _HASH * hashed:
            raise KscaleError(
                one_line(
                    f"{name}: ends too early: {size:,} bytes, its {meta.pages:,} pages are {whole:,} bytes"
                )
            )
        if size > LARGEST or meta.pages > MOST_PAGES:
            raise KscaleError(
                one_line(
                    f"{name}: has {meta.pages:,} pages in {units.show_bytes(size)};"
                    f" at most {MOST_PAGES:,} pages and {units.show_bytes(LARGEST)} are read"
                )
            )
        if hashed:
            _check_hash(file, size, name, progress)
        mapping = mmap.mmap(file.fileno(), whole, access=mmap.ACCESS_READ)
        data = np.frombuffer(mapping, dtype=np.uint8)
        yield Database(name, size, hashed, meta, data, data.view(np.int32), mapping)
        after = os.fstat(file.fileno())
        if (after.st_size, after.st_mtime_ns) != (size, before.st_mtime_ns):
            raise KscaleError(one_line(f"{name}: was changed while it was read"))


def _lock(file: BinaryIO, name: str) -> None:
    """Take bbolt's lock for readers until the file is closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise KscaleError(
            one_line(f"{name}: a running etcd writes it; take a snapshot instead: etcdctl snapshot save FILE")
        ) from error
    except OSError:  # a file system without locks
        return


def _check_hash(file: BinaryIO, size: int, name: str, progress: Progress) -> None:
    """Compare the sha256 at the end with that of all before it."""
    found, done, end = hashlib.sha256(), 0, size - _HASH
    file.seek(0)
    while done < end:
        progress(done, 2 * size)
        part = file.read(min(_AT_ONCE, end - done))
        if not part:
            break
        found.update(part)
        done += len(part)
    if file.read(_HASH) != found.digest():
        raise KscaleError(one_line(f"{name}: is damaged: it is not what the sha256 at its end was taken of"))


def _meta(file: BinaryIO, name: str) -> Meta:
    """Return the meta page that counts; the second is looked for at every page size if the first is bad."""
    first = _read_meta(file, 0, None)
    sizes = (first.page_bytes,) if isinstance(first, Meta) else PAGE_SIZES
    seconds = [_read_meta(file, size, size) for size in sizes]
    good = [meta for meta in (first, *seconds) if isinstance(meta, Meta)]
    if not good:
        raise KscaleError(one_line(f"{name}: neither meta page is good: page 0: {first}"))
    return max(good, key=lambda meta: meta.tx)


def _read_meta(file: BinaryIO, at: int, page_bytes: int | None) -> Meta | str:
    """Return the meta page at byte *at*, of pages of *page_bytes* (None: any), or what is wrong with it."""
    file.seek(at + _META_AT)
    raw = file.read(_META.size)
    if len(raw) < _META.size:
        return "ends too early"
    magic, version, size, _, root, _, free_list, pages, tx, checksum = _META.unpack(raw)
    bad = (
        (magic != _MAGIC, "is not bbolt's"),
        (version != _VERSION, f"is of version {version:,}; known is {_VERSION}"),
        (checksum != _fnv(raw[:_SUMMED]), "its checksum is wrong"),
        (
            size not in PAGE_SIZES,
            f"has pages of {size:,} bytes; known are {PAGE_SIZES[0]} to {PAGE_SIZES[-1]:,}",
        ),
        (page_bytes not in {None, size}, "is in the wrong place"),
        (pages > units.LARGEST // PAGE_SIZES[-1], f"has {pages:,} pages"),
        (not bbolt_page.FIRST_PAGE <= root < pages, f"its root is page {root:,} of {pages:,}"),
        (
            free_list != _NO_FREE_LIST and not bbolt_page.FIRST_PAGE <= free_list < pages,
            f"its free list is page {free_list:,} of {pages:,}",
        ),
    )
    wrong = next((what for is_so, what in bad if is_so), None)
    return wrong or Meta(size, root, NOT_SAVED if free_list == _NO_FREE_LIST else free_list, pages, tx)


def _fnv(data: bytes) -> int:
    """Return the FNV-1a hash of 64 bits."""
    found = 0xCBF29CE484222325
    for byte in data:
        found = (found ^ byte) * 0x100000001B3 % 2**64
    return found
