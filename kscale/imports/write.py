"""A merged cluster to its two files: a scenario for people, and the columns that it names beside it.

The columns come first: a scenario never names a file that is not there. Both are written under a
temporary name and renamed.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kscale import files, units
from kscale.errors import KscaleError
from kscale.imports import columns, defaults, fitted, settings, sizes, yaml_cluster, yaml_text
from kscale.imports.anonymize import TYPE, Rename
from kscale.imports.facts import FreeSpace, Ints, TypeFact, Value
from kscale.imports.merge import OBJECTS, Merged
from kscale.imports.vocabulary import OTHER
from kscale.kernels import freelist_workloads
from kscale.scenario import load
from kscale.scenario import recorded as recorded_columns
from kscale.scenario.document import one_line
from kscale.scenario.recorded import LARGEST_OBJECT, MOST_TYPES, Recorded, RecordedObjects, RecordedSpace
from kscale.scenario.schema_cluster import MOST_OBJECTS

MOST_KINDS = 50  # of requests or watches
NO_FILE = "imported.npz", "0" * 64  # stands in where nothing is written yet


@dataclass(frozen=True, slots=True)
class Imported:
    """A cluster ready to be written: no name in it but public and renamed ones."""

    merged: Merged  # what was said on the way here, too
    recorded: Recorded
    counted: dict[str, int]  # objects by type whose sizes nobody knows
    invented: frozenset[str]  # types of those that nobody counted
    worked_out: frozenset[str]  # types whose recorded sizes nobody read
    profile: str | None  # asked for

    def text(self, name: str, file: tuple[str, str] | None) -> str:
        """Return the scenario; *file*: name and sha256 of its columns."""
        head = yaml_text.Head(name, self.profile, file)
        parts = yaml_cluster.Parts(self.recorded, self.counted, self.invented, self.worked_out)
        return yaml_text.scenario(self.merged, parts, head)


def make(merged: Merged, rename: Rename, profile: str | None = None) -> Imported:
    """Return *merged* with every name renamed, its lists as columns; KscaleError if it is too large.

    *profile* comes before any that was read.
    """
    made = columns.make(merged.nodes, merged.pods, rename)
    objects, counted, said = _objects(merged.types, rename)
    known = objects.types if objects else ()
    estimates = frozenset(rename(TYPE, name) for name, fact in merged.types.items() if fact.estimate)
    space = merged.space
    whole = Recorded(
        made.nodes,
        made.pods,
        objects,
        None if space is None else RecordedSpace(space.page_bytes, space.file_pages, space.free, space.live),
    )
    values, smaller = settings.largest(_renamed_values(merged.values, rename), MOST_KINDS)
    dropped = [*merged.dropped, *made.dropped, *smaller]
    if not _agree(values, has_space=space is not None and _has_free_and_used(space)):
        dropped.append("mechanisms.etcd-freelist.free_pages: the pages of the file itself are used")
    likely = [*fitted.nodes(values, whole), *fitted.load(values)]
    values |= {one.key: one for one in likely}
    invented = fitted.stored(values, whole, counted)
    merged = replace(
        merged,
        values=values,
        origins={_renamed_key(what, rename): origin for what, origin in merged.origins.items()},
        contradictions=tuple(
            replace(one, subject=_renamed_key(one.subject, rename)) for one in merged.contradictions
        ),
        dropped=tuple(dropped),
        assumed=(*merged.assumed, *made.assumed, *said, *_invented(invented), *map(_likely, likely)),
    )
    return _fitted(
        Imported(
            merged, whole, counted | invented, frozenset(invented), estimates.intersection(known), profile
        )
    )


def _fitted(imported: Imported) -> Imported:
    """Return *imported* with amounts of work that fit it, and all said that is assumed."""
    merged, whole, profile = imported.merged, imported.recorded, imported.profile
    text = imported.text("imported", None if whole == Recorded() else NO_FILE)
    scenarios = defaults.scenarios(text)
    if scenarios is None:
        return imported  # it cannot be written either, and `save` says why
    amounts = list(fitted.amounts(merged.values, whole, scenarios[1]))
    assumed = (*defaults.said(*scenarios, merged, profile), *merged.assumed, *map(_likely, amounts))
    values = {**merged.values, **{one.key: one for one in amounts}}
    return replace(imported, merged=replace(merged, values=values, assumed=assumed))


def _likely(one: Value) -> str:
    """Return what is said of a value that was worked out to fit."""
    key = one.key.removeprefix("counts.").removeprefix("mechanisms.")
    return f"{key}: {settings.shown(one.key, one.value)}, {one.how}"


def _invented(types: Mapping[str, int]) -> list[str]:
    """Return what is said of objects that nobody counted."""
    if not types:
        return []
    several = " and ".join(f"{count:,} {name}" for name, count in types.items())
    return [f"stored as well, though not read: {several} of kscale's own sizes"]


def _has_free_and_used(space: FreeSpace) -> bool:
    """Return whether there is anything for the free list to do."""
    first = freelist_workloads.FIRST_PAGE
    return all(len(runs) and int(runs[-1, 0]) >= first for runs in (space.free, space.live))


def save(
    imported: Imported,
    path: Path,
    name: str,
    held: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[Path, ...]:
    """Write the scenario to *path* and its columns beside it; return the files written.

    Both are there or none: *held* puts signals off while they are renamed. KscaleError if they cannot be
    written, or would not be a scenario that runs.
    """
    beside = path.with_suffix(".npz")
    recorded = imported.recorded
    file = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}.", dir=path.parent) as folder:
            made = []
            if recorded != Recorded():
                sha256 = recorded_columns.save(recorded, Path(folder) / beside.name)
                file = beside.name, sha256
                made.append(beside)
            _write_scenario(imported.text(name, file).encode(), Path(folder) / path.name)
            made.append(path)
            with held():
                for one in made:
                    (Path(folder) / one.name).replace(one)
    except OSError as error:
        raise KscaleError(one_line(f"{path}: cannot be written: {error.strerror}")) from error
    return tuple(reversed(made))


def _write_scenario(data: bytes, path: Path) -> None:
    """Write the scenario's text, if it can be read again."""
    try:
        load.parse(data, path.name, path.name, path.stem, path.parent)
    except KscaleError as error:
        raise KscaleError(one_line(f"what was read makes no scenario: {error}")) from error
    files.write(path, data)


def _objects(
    types: Mapping[str, TypeFact], rename: Rename
) -> tuple[RecordedObjects | None, dict[str, int], list[str]]:
    """Return the objects whose sizes are known, the number of all others by type, and what was assumed."""
    said: list[str] = []
    largest = sorted(
        types, key=lambda name: (name not in fitted.STORED, -types[name].count, rename(TYPE, name))
    )
    most = MOST_TYPES - 1 - len(fitted.STORED)  # room for small types as one, and for those invented
    kept = {name for name in largest[:most] if types[name].count > 0}
    if len(types) > len(kept) + (OTHER in types):
        said.append(f"{units.show_many(len(types) - len(kept), 'small type')} counted as the type {OTHER}")
    rows: dict[str, list[Ints]] = defaultdict(list)
    counted: dict[str, int] = defaultdict(int)
    clipped = 0
    for name in sorted(types, key=lambda name: rename(TYPE, name)):
        fact, renamed = types[name], rename(TYPE, name) if name in kept else OTHER
        if fact.sizes is not None and len(fact.sizes):
            clipped += int(fact.sizes[fact.sizes[:, 0] > LARGEST_OBJECT, 1].sum())
            rows[renamed].append(fact.sizes)
        elif fact.count:
            counted[renamed] += fact.count
    if clipped:
        said.append(
            f"{units.show_many(clipped, 'object')} larger than any store takes: made as large as that"
        )
    if (
        sum(counted.values()) + sum(int(one[:, 1].sum()) for each in rows.values() for one in each)
        > MOST_OBJECTS
    ):
        raise KscaleError(f"there are more objects than a scenario takes, {MOST_OBJECTS:,}")
    if OTHER in rows and OTHER in counted:
        said.append(
            f"{units.show_many(counted.pop(OTHER), 'object')} of small types without a known size: left out"
        )
    if counted:
        said.append(
            f"sizes of {units.show_many(len(counted), 'type')} that nobody says: kscale's own for such types"
        )
    names = tuple(sorted(rows))
    return (_histogram(names, rows) if names else None), dict(sorted(counted.items())), said


def _histogram(names: Sequence[str], rows: Mapping[str, Sequence[Ints]]) -> RecordedObjects:
    """Return the sizes of all types, each size of a type once."""
    parts = []
    for number, name in enumerate(names):
        clipped = [
            np.column_stack([np.clip(part[:, 0], 0, LARGEST_OBJECT), part[:, 1]]) for part in rows[name]
        ]
        of_type = sizes.added(clipped)
        parts.append(np.insert(of_type[of_type[:, 1] > 0], 0, number, axis=1))
    return RecordedObjects(tuple(names), np.concatenate(parts))


def _renamed_values(values: Mapping[str, Value], rename: Rename) -> dict[str, Value]:
    """Return the values by key, the resources in keys and values renamed."""
    found = {}
    for key, one in values.items():
        renamed, value = _renamed_key(key, rename), one.value
        if isinstance(value, str) and key.startswith("mechanisms.") and key.endswith("type"):
            value = rename(TYPE, value)
        found[renamed] = replace(one, key=renamed, value=value)
    return found


def _renamed_key(key: str, rename: Rename) -> str:
    """Return a key, or what something is called in origins, with its resource renamed."""
    if key.startswith(settings.REQUESTS):
        verb, slash, resource = key.removeprefix(settings.REQUESTS).partition("/")
        return f"{settings.REQUESTS}{verb}{slash}{rename(TYPE, resource)}"
    for prefix in (settings.WATCHES, f"{OBJECTS}."):
        if key.startswith(prefix):
            return prefix + rename(TYPE, key.removeprefix(prefix))
    return key


def _agree(values: dict[str, Value], *, has_space: bool) -> bool:
    """Let the free list's workload be the file's if there is one; say whether nothing was taken away."""
    if not has_space:
        values.pop(fitted.WORKLOAD, None)
        return True
    values.setdefault(fitted.WORKLOAD, Value(fitted.WORKLOAD, "file", "free pages of the store"))
    return values[fitted.WORKLOAD].value != "file" or values.pop(fitted.FREE_PAGES, None) is None
