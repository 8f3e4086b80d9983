"""What is told of an etcd database file: counts and sizes, free of names but for the types themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kscale import units
from kscale.imports import sizes
from kscale.imports.etcd_db_file import NOT_SAVED, Database
from kscale.imports.facts import Facts, FreeSpace, Ints, Source, TypeFact, Value
from kscale.imports.vocabulary import OTHER, is_public_type
from kscale.kernels import etcd_key_table, etcd_keys

FORMAT = "etcd-db"
MOST_TOLD = 12  # types whose revisions are told one by one


@dataclass(frozen=True, slots=True)
class Revisions:
    """What etcd's bucket `key` holds."""

    types: tuple[str, ...]  # name of each type; some may have the same
    sizes: Ints  # [k, 2] (type + 1) << TYPE_SHIFT | bytes + 1, and objects of that
    tallies: Ints  # [types, etcd_keys.TALLY]
    keys: int  # distinct, deleted ones too
    oldest: int  # revisions in the file
    newest: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a whole file holds."""

    revisions: Revisions
    compacted: int | None  # revision; None: not said
    space: FreeSpace
    other_buckets: int  # beside `key` and `meta`
    other_pages: int  # of them


@dataclass(frozen=True, slots=True)
class _Churn:
    """The revisions of a type."""

    objects: int
    revisions: int
    tombstones: int


def facts(path: Path, db: Database, found: Contents) -> Facts:
    """Return what a file says, for `kscale import`."""
    types = _types(found.revisions)
    read = [_told_space(db, found.space), _told_objects(types), _told_revisions(found)]
    if db.meta.free_list != NOT_SAVED:
        read.append("a saved free list: the same pages as no bucket reaches")
    if db.hashed:
        read.append("the sha256 at the end: it is right")
    return Facts(
        source=Source(FORMAT, str(path), db.bytes, None),
        types=types,
        space=found.space,
        values=_values(types, found.space),
        also=_told_churn(_churn(found.revisions, types)),
        read=tuple(read),
        dropped=tuple(_told_dropped(found)),
    )


def _types(found: Revisions) -> dict[str, TypeFact]:
    """Return the objects by type, in the types' alphabetical order."""
    merged: dict[str, list[Ints]] = {}
    rows = found.sizes[np.argsort(found.sizes[:, 0])]
    of = (rows[:, 0] >> etcd_key_table.TYPE_SHIFT) - 1
    pairs = np.stack([(rows[:, 0] & etcd_key_table.SIZE_MASK) - 1, rows[:, 1]], axis=1)
    for i, name in enumerate(found.types):
        begin, end = np.searchsorted(of, [i, i + 1])
        if end > begin:
            merged.setdefault(name, []).append(pairs[begin:end])
    return {name: _type_fact(merged[name]) for name in sorted(merged)}


def _type_fact(parts: list[Ints]) -> TypeFact:
    """Return the sizes of one type from those under each of its names in the store."""
    found = sizes.added(parts)
    return TypeFact(int(found[:, 1].sum()), found)


def _bytes(fact: TypeFact) -> int:
    """Return the bytes of all objects of a type."""
    return 0 if fact.sizes is None else int((fact.sizes[:, 0] * fact.sizes[:, 1]).sum())


def _churn(found: Revisions, types: dict[str, TypeFact]) -> dict[str, _Churn]:
    """Return the revisions of each type; types whose names are not public are one."""
    sums: dict[str, Ints] = {}
    objects: dict[str, int] = {}
    for name, tally in zip(found.types, found.tallies, strict=True):
        public = name if is_public_type(name) else ""
        sums[public] = sums.get(public, np.zeros(etcd_keys.TALLY, dtype=np.int64)) + tally
    for name, fact in types.items():
        public = name if is_public_type(name) else ""
        objects[public] = objects.get(public, 0) + fact.count
    return {
        name: _Churn(objects.get(name, 0), int(row[etcd_keys.REVISIONS]), int(row[etcd_keys.TOMBSTONES]))
        for name, row in sums.items()
    }


def _values(types: dict[str, TypeFact], space: FreeSpace) -> tuple[Value, ...]:
    """Return the numbers that a scenario takes."""
    found = [
        Value(f"counts.{name}", types[name].count, "objects in etcd")
        for name in ("nodes", "pods")
        if name in types
    ]
    if "nodes" in types:
        mean = -(-_bytes(types["nodes"]) // types["nodes"].count)
        found.append(Value("load.heartbeat.size", f"{mean}B", "mean of the node objects in etcd"))
    if len(space.free):
        found.append(Value("mechanisms.etcd-freelist.workload", "file", "free pages of the etcd file"))
    return tuple(found)


def _told_space(db: Database, space: FreeSpace) -> str:
    """Return the sentence on pages."""
    free = int(space.free[:, 1].sum())
    size, used = db.meta.pages * db.meta.page_bytes, (db.meta.pages - free) * db.meta.page_bytes
    holes = units.show_many(len(space.free), "run")
    return (
        f"{units.show_bytes(size)} in {db.meta.pages:,} pages, {units.show_bytes(used)} in use: "
        f"{units.show_many(free, 'free page')} in {holes}, with those still held for readers"
    )


def _told_objects(types: dict[str, TypeFact]) -> str:
    """Return the sentence on objects."""
    total = sum(fact.count for fact in types.values())
    size = sum(_bytes(fact) for fact in types.values())
    other = types[OTHER].count if OTHER in types else 0
    none = f", {other:,} of them no Kubernetes objects (type {OTHER})" if other else ""
    of = units.show_many(len(types), "type")
    return f"{units.show_many(total, 'object')} of {of}: {units.show_bytes(size)}{none}"


def _told_revisions(found: Contents) -> str:
    """Return the sentence on revisions."""
    rows = found.revisions
    revisions = int(rows.tallies[:, etcd_keys.REVISIONS].sum())
    deleted = int(rows.tallies[:, etcd_keys.TOMBSTONES].sum())
    if not revisions:
        return "no revisions"
    since = "no compaction is noted" if found.compacted is None else f"compacted up to {found.compacted:,}"
    each = units.show_number(revisions / rows.keys)
    return (
        f"{units.show_many(revisions, 'revision')} of {units.show_many(rows.keys, 'key')}, {each} of each,"
        f" {deleted:,} of them deletions: {rows.oldest:,} to {rows.newest:,}, {since}"
    )


def _told_dropped(found: Contents) -> Iterator[str]:
    """Yield what is not kept."""
    yield "keys and values: only how many there are, and of how many bytes"
    if len(found.revisions.types) > etcd_keys.MOST_TYPES:
        yield f"types after the first {etcd_keys.MOST_TYPES:,}: their objects count as {OTHER}"
    if found.other_buckets:
        pages = (
            f", with {units.show_many(found.other_pages, 'page')} of their own" if found.other_pages else ""
        )
        yield f"{units.show_many(found.other_buckets, 'other bucket')} of etcd (members, users ..){pages}"


def _told_churn(churn: dict[str, _Churn]) -> tuple[str, ...]:
    """Return a sentence for each of the types with most revisions, and one for the rest."""
    ordered = sorted(
        ((name, one) for name, one in churn.items() if name and one.revisions),
        key=lambda item: (-item[1].revisions, item[0]),
    )
    told = [f"{name}: {_told_one(one)}" for name, one in ordered[:MOST_TOLD]]
    rest = [one for _, one in ordered[MOST_TOLD:]] + [churn[name] for name in churn if not name]
    if any(one.revisions for one in rest):
        together = _Churn(
            sum(one.objects for one in rest),
            sum(one.revisions for one in rest),
            sum(one.tombstones for one in rest),
        )
        told.append(f"all other types: {_told_one(together)}")
    return tuple(told)


def _told_one(one: _Churn) -> str:
    """Return the revisions of a type in words."""
    each = f" ({units.show_number(one.revisions / one.objects)} an object)" if one.objects else ""
    deleted = f", {one.tombstones:,} of them deletions" if one.tombstones else ""
    kept = f"{units.show_many(one.revisions, 'revision')} kept{each}{deleted}"
    return f"{units.show_many(one.objects, 'object')}, {kept}"
