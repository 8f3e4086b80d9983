"""Results kept under a name: list, save, remove.

A baseline is what later runs are compared with, so a run that is hurried, cut short or of
uncommitted code is not saved as one unless that is asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kscale.errors import KscaleError, did_you_mean
from kscale.results import store
from kscale.results.record import Result
from kscale.results.store import Store
from kscale.units import quote


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of the store: a result, or what is wrong with it."""

    name: str
    result: Result | None
    wrong: str = ""

    @property
    def named(self) -> bool:
        """Say whether somebody gave it a name; runs without one are kept under their id."""
        return self.result is None or store.stem(Path(self.name)) != self.result.run.id


def kept(folder: Store) -> list[Kept]:
    """Return every file of the store, the oldest run first; one that cannot be read says why."""
    saved = folder.saved()
    return [_kept(name, saved[name]) for name in folder.names() if name in saved]


def doubts(result: Result) -> Iterator[str]:
    """Return each reason why a result should not be a baseline."""
    if result.run.quick:
        yield "it is a quick look: too few pairs to judge later runs by"
    if result.run.status == "interrupted":
        yield "it was interrupted: cells are missing; kscale run --resume ends it"
    if result.git is not None and result.git.dirty:
        yield "it was measured with uncommitted changes: nobody can measure it again"


def save(folder: Store, name: str, result: Result, *, force: bool = False) -> Kept | None:
    """Save a copy of *result* as *name*; return what it replaced.

    KscaleError if there are doubts or the name is another run's, unless *force* is set.
    """
    folder.path_of(name)
    copy = result.model_copy(update={"run": result.run.model_copy(update={"name": name})})
    before = next((_kept(name, path) for path in folder.files_of(name)), None)
    if before is not None and before.result == copy:
        return before
    against = list(doubts(result))
    if before is not None and (before.result is None or before.result.run.id != result.run.id):
        there = (
            before.wrong
            if before.result is None
            else f"run {before.result.run.id} of {commit(before.result)}"
        )
        against.append(f"the name is taken by {there}; this one is of {commit(result)}")
    if against and not force:
        raise KscaleError(f"{name}: not saved: {'; '.join(against)}; --force saves it all the same")
    folder.save(copy, replace=True)
    return before


def remove(folder: Store, names: list[str]) -> list[Path]:
    """Remove results by their exact names, as they are listed, and return their files.

    KscaleError if one of the names is unknown; then none is removed.
    """
    found: list[Path] = []
    saved = folder.saved()
    for name in names:
        if name not in saved:
            there = folder.names()
            rest = did_you_mean(name, there) if there else f"{folder.folder} has none"
            raise KscaleError(f"no result {quote(name)} in {folder.folder}; {rest}")
        found.extend([saved[name]] if saved[name] not in found else [])
    for path in found:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise KscaleError(f"{path}: cannot be removed: {error.strerror or error}") from None
    return found


def commit(result: Result) -> str:
    """Return the commit of a result in a few characters."""
    if result.git is None:
        return "no commit"
    return result.git.sha[:7] + ("+dirty" if result.git.dirty else "")


def _kept(name: str, path: Path) -> Kept:
    """Return one file as a result, or what is wrong with it."""
    try:
        return Kept(name, store.load(path))
    except KscaleError as error:
        return Kept(name, None, str(error))
