"""Result files and their names: save, load, find.

A result is one JSON file, `results/<name or id>.json` or `.json.gz`. It is written
to a temporary name and renamed, so a file is there whole or not at all. While a run goes on,
each finished cell is a line of `<id>.partial.jsonl` (see journal.py).
"""

import gzip
import json
import os
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kscale import files
from kscale.errors import KscaleError, did_you_mean, listed
from kscale.results import check, strict
from kscale.results.record import SCHEMA, Result
from kscale.results.upgrade import FAMILY, NEWEST, upgraded
from kscale.units import quote

FOLDER = "results"  # below the current folder, unless KSCALE_RESULTS names another
# Of a result file, unpacked: the largest sweep, 20,000 cells, takes 92 MiB of counters of seven variants, and
# up to 160 with all samples. Reading 92 MiB takes 0.5 GiB of memory and some seconds.
MOST_BYTES = 192 * 2**20
ENDINGS = (".json", ".json.gz")
SIMULATION = "kscale.simulation/"  # what the schema of a file begins with that is none, see simulations.py
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LATEST = re.compile(r"latest(?:~([0-9]{1,6}))?")
_SCHEMA = re.compile(rf"{re.escape(FAMILY)}/([1-9][0-9]{{0,5}})")
_SIMULATION = re.compile(rb'\s*\{\s*"schema": ?"kscale\.simulation/')
_READ_AT_ONCE = 1 << 20
_READ_FIRST = 200


@dataclass(frozen=True, slots=True)
class Store:
    """The folder results are kept in."""

    folder: Path

    @classmethod
    def default(cls) -> "Store":
        """Return the store of KSCALE_RESULTS, else of ./results."""
        return cls(Path(os.environ.get("KSCALE_RESULTS") or FOLDER))

    def path_of(self, name: str) -> Path:
        """Return where the result *name* is saved; KscaleError if it cannot be a name."""
        if not _NAME.fullmatch(name) or name.endswith(ENDINGS) or _LATEST.fullmatch(name):
            raise KscaleError(
                f"{quote(name)} cannot name a result; use letters, digits and . _ - (and not 'latest')"
            )
        return self.folder / f"{name}.json"

    def new_id(self, started: str, tag: str) -> str:
        """Return a run id that is not taken: the time as 20261121T025400Z, then seven digits of *tag*."""
        base = f"{re.sub('[-:]', '', started)}-{tag[:7]}"
        taken = {path.name.split(".")[0] for path in self.folder.glob(f"{base}*")}
        return next(name for name in (base, *(f"{base}-{i}" for i in range(2, 10_000))) if name not in taken)

    def save(self, result: Result, *, replace: bool = False) -> Path:
        """Write *result* under its name, or its id if it has none, and return the path.

        KscaleError if the name belongs to another run and *replace* is not set, if it is larger than what
        is read, or if nothing can be written. RuntimeError if the file could not be read again.
        """
        path = self.path_of(result.run.called)
        if result.run.name:
            self.check_free(result.run.name, replace=replace)
        wrong = check.fault(result)
        if wrong:  # a bug in kscale, better met now than when the run is needed
            raise RuntimeError(f"{path}: not saved, it could not be read again: {wrong}")
        text = dumps(result)
        if len(text.encode()) > MOST_BYTES:
            most = f"larger than the {MOST_BYTES // 2**20} MiB that kscale reads"
            raise KscaleError(f"{path}: not saved, it would be {most}; take fewer cells, variants or samples")
        write(path, text)
        for other in self.files_of(stem(path)):
            if other != path:  # a packed one of the name that was replaced
                other.unlink(missing_ok=True)
        return path

    def check_free(self, name: str, *, replace: bool) -> None:
        """Raise KscaleError if *name* is taken, so that a run is refused before it starts, not after."""
        self.path_of(name)
        taken = self.files_of(name)
        if taken and not replace:
            raise KscaleError(f"{taken[0]}: there is a result of that name; --force replaces it")

    def saved(self) -> dict[str, Path]:
        """Return the file of each name; a packed one beside a plain one has its suffix as well."""
        found: dict[str, Path] = {}
        for path in self._files():  # in the order of names, so that plain comes before packed
            found[path.name if stem(path) in found else stem(path)] = path
        return found

    def files_of(self, name: str) -> list[Path]:
        """Return the files saved under exactly this name: none, one, or a plain and a packed one."""
        return [path for path in self._files() if stem(path) == name]

    def names(self) -> list[str]:
        """Return the names of all saved results, the oldest run first; of simulations none."""
        results = {name: path for name, path in self.saved().items() if not is_simulation(path)}
        return [name for _, name in sorted((_head(path, "started"), name) for name, path in results.items())]

    def load(self, name: str) -> Result:
        """Return the result that *name* means: a path, a saved name, a run id's beginning, latest, latest~1.

        KscaleError if there is none, if several begin so, or if the file is not a result.
        """
        return load(self.find(name))

    def find(self, name: str) -> Path:
        """Return the file that *name* means; see load."""
        saved = self.saved()
        if name.endswith(ENDINGS) or os.sep in name:
            return saved[name] if name in saved and not Path(name).exists() else Path(name)
        if name in saved:
            return saved[name]
        latest = _LATEST.fullmatch(name)
        if latest:
            return self._latest(int(latest[1] or 0))
        ids = {
            _head(path, "id"): path for path in sorted(saved.values(), key=_order)
        }  # named ones have one too
        ids.pop("", None)
        begins = sorted(run_id for run_id in ids if name and run_id.startswith(name))
        if len(begins) == 1:
            return ids[begins[0]]
        if begins:
            raise KscaleError(f"several results begin with {quote(name)}: {listed(begins)}")
        if not saved:
            raise KscaleError(
                f"no result {quote(name)}: {self.folder} has none yet; make one with kscale run smoke"
            )
        raise KscaleError(f"no result {quote(name)} in {self.folder}; {did_you_mean(name, saved | ids)}")

    def _latest(self, back: int) -> Path:
        """Return the *back*-th newest run; a run and its copies under other names count once."""
        results = [path for path in self._files() if not is_simulation(path)]
        oldest_first = sorted(results, key=lambda path: (_head(path, "started"), *_order(path)))
        runs = {_head(path, "id") or stem(path): path for path in oldest_first}
        if back >= len(runs):
            have = f"has {len(runs)}" if runs else f"has {self._none()}; make one with kscale run smoke"
            raise KscaleError(f"no result 'latest{f'~{back}' if back else ''}': {self.folder} {have}")
        return list(runs.values())[-1 - back]

    def _none(self) -> str:
        """Return what is there where there is no result."""
        return "simulations, and no result yet" if self._files() else "none yet"

    def _files(self) -> list[Path]:
        """Return every result file of the folder."""
        if not self.folder.is_dir():
            return []
        return sorted(
            path for path in self.folder.iterdir() if path.name.endswith(ENDINGS) and path.is_file()
        )


def dumps(result: Result) -> str:
    """Return the text of a result file: one cell a line, so that two files can be compared by eye."""
    tree = result.model_dump(mode="json", by_alias=True)
    cells = tree.pop("cells")
    head = json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False)
    lines = ",\n".join("  " + json.dumps(cell, ensure_ascii=False, allow_nan=False) for cell in cells)
    return f'{head[:-2]},\n "cells": [\n{lines}\n ]\n}}\n'


def load(path: Path) -> Result:
    """Read a result file; KscaleError, in one line that names the file, if it is not one."""
    return parse(read(path), str(path))


def load_alike(paths: Sequence[Path]) -> list[Result]:
    """Read several result files as `load` does; what they say alike of mechanisms is checked once."""
    known: dict[str, Any] = {}
    return [parse(read(path), str(path), known) for path in paths]


def read(path: Path) -> bytes:
    """Return what is in a file, unpacked; KscaleError if it cannot be read, or is no file of ours."""
    try:
        data = _open(path)(MOST_BYTES + 1)
    except FileNotFoundError:
        raise KscaleError(f"{path}: no such file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise KscaleError(f"{path}: cannot be read: {_why(error)}") from None
    if len(data) > MOST_BYTES:
        raise KscaleError(f"{path}: larger than {MOST_BYTES // 2**20} MiB, not a result of kscale")
    return data


def parse(data: bytes, where: str, known: dict[str, Any] | None = None) -> Result:
    """Return the result in *data*; *where* is named in complaints.

    *known* keeps what an earlier file says of its mechanisms, as it was read and as it was checked.
    """
    tree = strict.tree_of(data, where)
    schema = tree.get("schema") if isinstance(tree, dict) else None
    version = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if isinstance(schema, str) and schema.startswith(SIMULATION):
        raise KscaleError(
            f"{where}: is a simulation, of which nothing was measured; kscale show, plot and report show it"
        )
    if version is None:
        raise KscaleError(f"{where}: not a result of kscale: it has no schema {SCHEMA}")
    if int(version[1]) > NEWEST:
        raise KscaleError(
            f"{where}: has schema {version[0]}, this kscale reads up to /{NEWEST}; a newer kscale wrote it"
        )
    try:
        tree = upgraded(tree, int(version[1]))
        told = tree.get("mechanisms")
        if known and told == known["read"]:
            tree["mechanisms"] = known["checked"]
        result = Result.model_validate(tree)
        if known is not None and not known:
            known.update(read=told, checked=result.mechanisms)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise KscaleError(f"{where}: damaged: {quote(place)}: {first['msg']}") from None
    except ValueError as error:
        raise KscaleError(f"{where}: damaged: {error}") from None
    wrong = check.fault(result)
    if wrong:
        raise KscaleError(f"{where}: damaged: {''.join(c if c.isprintable() else '?' for c in wrong)}")
    return result


def write(path: Path, text: str) -> None:
    """Write *text* so that the file is there whole or not at all; gzip by suffix."""
    data = text.encode("utf-8")
    files.write(path, gzip.compress(data, mtime=0) if path.name.endswith(".gz") else data)


def _open(path: Path) -> Callable[[int], bytes]:
    """Return how to read at most so many bytes of a plain or packed file."""

    def read(most: int) -> bytes:
        """Read, unpack, close."""
        if path.name.endswith(".gz"):
            with gzip.open(path, "rb") as packed:
                return packed.read(most)
        with path.open("rb") as file:
            return file.read(most)

    return read


def _head(path: Path, key: str) -> str:
    """Return when a run started, or its id, from the head of its file: `latest` must not read whole files."""
    try:
        head = _open(path)(_READ_AT_ONCE).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error):
        return ""
    found = re.search(rf'"{key}": ?"([0-9A-Za-z:.+-]{{10,60}})"', head)
    return found[1] if found else ""


def is_simulation(path: Path) -> bool:
    """Say whether a file begins as a simulation does."""
    try:
        return _SIMULATION.match(_open(path)(_READ_FIRST)) is not None
    except (OSError, EOFError, zlib.error):
        return False


def stem(path: Path) -> str:
    """Return the name a file is known by."""
    return path.name.removesuffix(".gz").removesuffix(".json")


def _order(path: Path) -> tuple[str, bool]:
    """Return a sort key: by name; of two files of one name the plain one is last, and so the one meant."""
    return stem(path), path.suffix != ".gz"


def _why(error: Exception) -> str:
    """Return the system's reason in one line."""
    return getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
