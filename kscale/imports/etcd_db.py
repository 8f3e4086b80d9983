"""An etcd snapshot or database file: objects and bytes by type, revisions, real free pages.

The file is mapped and read in place, bucket by bucket; no key and no value is kept. Of each key
there stays a hash, until all are counted: of 7 million keys at a time, so that memory is bounded, while a
file with more is read several times. The file is not trusted: whatever is in it, reading ends with
Facts or with one line that names the page.
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kscale.errors import KscaleError
from kscale.imports import etcd_db_told
from kscale.imports.etcd_db_file import NOT_SAVED, opened_database
from kscale.imports.etcd_db_told import Contents, Revisions
from kscale.imports.etcd_db_types import LONGEST, name_types
from kscale.imports.etcd_db_walk import Leaves, Walk
from kscale.imports.facts import Facts, FreeSpace, Ints, Progress
from kscale.imports.vocabulary import OTHER
from kscale.kernels import bbolt, bbolt_page, bbolt_space, etcd_key_table, etcd_keys
from kscale.kernels.bbolt_page import Bytes
from kscale.scenario.document import one_line

KEY_BUCKET, META_BUCKET = b"key", b"meta"
COMPACTED = b"finishedCompactRev"  # in the bucket `meta`: the last revision that was compacted

FIRST_SLOTS = 2**14  # of the table of keys
MOST_SLOTS = 2**23  # 192 MiB: 7.3 million keys; of more keys, parts are read one after another
_SMALLEST_POINT, _PRIME = 2**16, 2**31 - 1  # of the hash
_TYPES = etcd_keys.MOST_TYPES + 1

Part = tuple[int, int]  # which of how many parts of all keys


def _zeros(rows: int, columns: int) -> Ints:
    """Return a table of nothing."""
    return np.zeros((rows, columns), dtype=np.int64)


def _secret_points() -> Ints:
    """Return points of the hash that no file can know; what is counted does not depend on them."""
    points = [
        _SMALLEST_POINT + secrets.randbelow(_PRIME - _SMALLEST_POINT) for _ in range(etcd_key_table.LANES)
    ]
    return np.array(points, dtype=np.int64)


@dataclass(slots=True)
class _Table:
    """The keys that were seen, by hash, and their types; see etcd_keys.read."""

    slots: Ints = field(default_factory=lambda: _zeros(FIRST_SLOTS, etcd_key_table.SLOT))
    types: Ints = field(default_factory=lambda: _zeros(etcd_keys.TYPE_SLOTS, etcd_keys.TYPE_ROW))
    names: Ints = field(default_factory=lambda: _zeros(_TYPES, 2))
    tallies: Ints = field(default_factory=lambda: _zeros(_TYPES, etcd_keys.TALLY))
    points: Ints = field(default_factory=_secret_points)
    place: Ints = field(default_factory=lambda: _zeros(1, etcd_keys.PLACE)[0])

    def __post_init__(self) -> None:
        """Begin with the type that is none, and with all keys."""
        self.place[[etcd_keys.TYPES, etcd_keys.PARTS]] = 1


def read(path: Path, name: str, progress: Progress) -> Facts:
    """Return what the etcd database file *path* says. KscaleError, one line that begins with *name*."""
    with opened_database(path, name, progress) as db:
        walk = Walk(db, progress)
        top = np.concatenate([found for _, found in walk.tree(db.meta.root)])
        keys, meta = _bucket(db.data, top, KEY_BUCKET), _bucket(db.data, top, META_BUCKET)
        if not len(keys):
            raise db.error(db.meta.root, "has no bucket `key`: a bbolt file, but not etcd's")
        revisions = _revisions(walk, top[keys[0]])
        compacted = _compacted(walk, top[meta[0]]) if len(meta) else None
        before = walk.reached()
        _others(walk, np.delete(top, [*keys, *meta], axis=0))
        contents = Contents(
            revisions=revisions,
            compacted=compacted,
            space=_space(walk),
            other_buckets=len(top) - len(keys) - len(meta),
            other_pages=walk.reached() - before,
        )
        return etcd_db_told.facts(path, db, contents)


def _bucket(data: Bytes, rows: Ints, name: bytes) -> Ints:
    """Return the row of the bucket *name*, if there is one."""
    return _named(data, rows[:, bbolt.NAME], rows[:, bbolt.NAME_BYTES], name)


def _named(data: Bytes, begins: Ints, sizes: Ints, name: bytes) -> Ints:
    """Return which of the names at *begins* is *name*: one or none, for they ascend."""
    long = np.flatnonzero(sizes == len(name))
    found = data[begins[long, np.newaxis] + np.arange(len(name))]
    same: Ints = long[(found == np.frombuffer(name, dtype=np.uint8)).all(axis=1)]
    return same


def _revisions(walk: Walk, row: Ints) -> Revisions:
    """Return what the bucket `key` holds, its leaves read again for each part of the keys."""
    table = _Table()
    data, later = _read_bucket(walk, row, table)
    known, keys = int(table.place[etcd_keys.TYPES]), int(table.place[etcd_keys.KEYS])
    parts = [
        data[begin : min(end, begin + LONGEST + 1)].tobytes() for begin, end in table.names[1:known].tolist()
    ]
    sizes = [_sizes(table)]
    while later:
        again = _Table(slots=_zeros(MOST_SLOTS, etcd_key_table.SLOT), points=table.points)
        again.place[[etcd_keys.PART, etcd_keys.PARTS]] = later.pop()
        later += _read_bucket(walk.again(), row, again)[1]
        keys += int(again.place[etcd_keys.KEYS])
        sizes.append(_sizes(again))
    return Revisions(
        types=(OTHER, *name_types(parts)),
        sizes=np.concatenate(sizes),
        tallies=table.tallies[:known],
        keys=keys,
        oldest=int(table.place[etcd_keys.OLDEST]),
        newest=int(table.place[etcd_keys.NEWEST]),
    )


def _read_bucket(walk: Walk, row: Ints, table: _Table) -> tuple[Bytes, list[Part]]:
    """Read the revisions in a bucket; return the bytes they are in, and the parts of keys that were left."""
    data, left = walk.db.data, list[Part]()
    for leaves in walk.bucket(row):
        left += _read(walk, table, leaves)
        data = leaves[0]  # bytes of its own if the bucket is inline
    return data, left


def _sizes(table: _Table) -> Ints:
    """Return WHAT and how many objects of it there are, [k, 2], ascending; the table of keys is used up."""
    found = etcd_key_table.live(table.slots)
    packed = table.slots.reshape(-1)[:found]
    packed.sort()
    begins = np.flatnonzero(
        np.concatenate([np.ones(min(found, 1), dtype=np.bool_), packed[1:] != packed[:-1]])
    )
    sizes = np.stack([packed[begins], np.diff(begins, append=found)], axis=1)
    table.slots = _zeros(0, etcd_key_table.SLOT)
    return sizes


def _read(walk: Walk, table: _Table, found: Leaves) -> list[Part]:
    """Read the revisions in some leaves; return the parts of the keys that there was no room for."""
    data, words, leaves = found
    left: list[Part] = []
    while True:
        said = etcd_keys.read(
            data,
            words,
            leaves,
            table.points,
            table.slots,
            table.types,
            table.names,
            table.tallies,
            table.place,
        )
        if said == 0:
            return left
        if said == etcd_keys.ROOM:
            left += _make_room(walk, table)
            continue
        what = (
            "key is not a revision" if said == etcd_keys.NO_REVISION else "value is not a key with its value"
        )
        page = int(leaves[table.place[etcd_keys.LEAF], bbolt.LEAF_PAGE])
        raise walk.db.error(page, f"element {table.place[etcd_keys.ITEM]:,}: its {what}")


def _make_room(walk: Walk, table: _Table) -> list[Part]:
    """Let the table of keys grow; if it may not, leave half of its keys for later, and return which."""
    walk.db.forget()  # the pages that were read need not be in memory beside two tables
    if len(table.slots) < MOST_SLOTS:
        larger = _zeros(2 * len(table.slots), etcd_key_table.SLOT)
        etcd_key_table.enter(table.slots, larger)
        table.slots = larger
        return []
    part, parts = table.place[[etcd_keys.PART, etcd_keys.PARTS]].tolist()
    if parts == etcd_key_table.MOST_PARTS:
        most = etcd_key_table.MOST_PARTS // 2 * MOST_SLOTS
        raise KscaleError(one_line(f"{walk.db.name}: has over {most:,} keys, more than are read"))
    table.place[etcd_keys.PARTS] = 2 * parts
    rows = table.slots[: etcd_key_table.keep(table.slots, part, 2 * parts)].copy()
    table.slots[:] = 0
    etcd_key_table.enter(rows, table.slots)
    table.place[etcd_keys.KEYS] = len(rows)
    return [(part + parts, 2 * parts)]


def _compacted(walk: Walk, row: Ints) -> int | None:
    """Return the last revision that was compacted, if the bucket `meta` says so."""
    for data, words, leaves in walk.bucket(row):
        for begin in leaves[:, bbolt.LEAF_BEGIN].tolist():
            first = (begin + bbolt_page.HEADER) // 4
            items = int(words[begin // 4 + 2]) >> 16 & bbolt_page.MOST_ELEMENTS
            rows = words[first : first + 4 * items].reshape(items, 4).astype(np.int64)
            begins = begin + bbolt_page.HEADER + np.arange(items) * bbolt_page.ELEMENT + rows[:, 1]
            for i in _named(data, begins, rows[:, 2], COMPACTED).tolist():
                at = int(begins[i] + rows[i, 2])
                return int.from_bytes(data[at : at + min(8, int(rows[i, 3]))].tobytes(), "big")
    return None


def _others(walk: Walk, rows: Ints) -> None:
    """Reach the pages of buckets that nobody looks into, and of the buckets in them."""
    waiting = rows[:, bbolt.BUCKET_ROOT].tolist()
    while waiting:
        root = waiting.pop()
        if root:
            for _, inside in walk.tree(root):
                waiting += inside[:, bbolt.BUCKET_ROOT].tolist()


def _space(walk: Walk) -> FreeSpace:
    """Return the free and the used runs; a saved free list must name the same free pages."""
    db, meta = walk.db, walk.db.meta
    if meta.free_list != NOT_SAVED:
        page = meta.free_list
        wrong = overflow = bbolt_space.claim_free_list(
            db.words, page, meta.page_bytes, meta.pages, walk.seen, walk.place
        )
        if overflow >= 0:
            begin, end = page * meta.page_bytes, (page + 1 + overflow) * meta.page_bytes
            wrong = bbolt_space.compare_free_list(db.words, begin, end, walk.seen, walk.place)
        if wrong:
            raise db.wrong(wrong, int(walk.place[bbolt_page.PAGE]), int(walk.place[bbolt_page.ITEM]))
    free, live = bbolt_space.runs(walk.seen, _zeros(0, 2), _zeros(0, 2))
    free_runs, live_runs = _zeros(free, 2), _zeros(live, 2)
    bbolt_space.runs(walk.seen, free_runs, live_runs)
    return FreeSpace(meta.page_bytes, meta.pages, free_runs, live_runs)
