"""Files of simulations, in the folder of the results and under names of the same kind.

A simulation is not a result: nothing in it was timed, so that it is never compared or gated, and `latest`
does not mean one. What shows results by name shows simulations too.
"""

import json
import re
from pathlib import Path

from pydantic import ValidationError

from kscale.errors import KscaleError
from kscale.results import check, store, strict
from kscale.results.simulation import SCHEMA, Saved
from kscale.results.store import Store
from kscale.units import quote

_SCHEMA = re.compile(r"kscale\.simulation/([1-9][0-9]{0,5})")
_NEWEST = 1


def save(folder: Store, saved: Saved, *, replace: bool = False) -> Path:
    """Write *saved* under its name, or its id if it has none, and return the path.

    KscaleError if the name is taken and *replace* is not set, or if nothing can be written.
    """
    path = folder.path_of(saved.called)
    folder.check_free(saved.called, replace=replace)
    store.write(path, dumps(saved))
    for other in folder.files_of(store.stem(path)):
        if other != path:  # a packed one of the name that was replaced
            other.unlink(missing_ok=True)
    return path


def kept(folder: Store) -> list[tuple[str, Saved | KscaleError]]:
    """Return every simulation of the folder by its name, the first made first; or what is wrong with it."""
    found: list[tuple[str, Saved | KscaleError]] = []
    for name, path in folder.saved().items():
        if store.is_simulation(path):
            try:
                found.append((name, load(path)))
            except KscaleError as error:
                found.append((name, error))
    return sorted(found, key=lambda one: (_when(one[1]), one[0]))


def _when(found: Saved | KscaleError) -> str:
    """Return when a simulation was made."""
    return found.made.started if isinstance(found, Saved) and found.made is not None else ""


def dumps(saved: Saved) -> str:
    """Return the text of a file: a run a line, so that two files can be compared by eye."""
    tree = saved.model_dump(mode="json", by_alias=True)
    runs = tree.pop("runs")
    head = json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False)
    lines = ",\n".join("  " + json.dumps(run, ensure_ascii=False, allow_nan=False) for run in runs)
    return f'{head[:-2]},\n "runs": [\n{lines}\n ]\n}}\n'


def load(path: Path) -> Saved:
    """Read a file; KscaleError, in one line that names it, if it is no simulation."""
    return parse(store.read(path), str(path))


def parse(data: bytes, where: str) -> Saved:
    """Return the simulation in *data*; *where* is named in complaints."""
    tree = strict.tree_of(data, where)
    schema = tree.get("schema") if isinstance(tree, dict) else None
    version = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if version is None:
        raise KscaleError(f"{where}: not a simulation of kscale: it has no schema {SCHEMA}")
    if int(version[1]) > _NEWEST:
        raise KscaleError(
            f"{where}: has schema {version[0]}, this kscale reads up to /{_NEWEST}; a newer kscale wrote it"
        )
    if not check.plain(tree):
        raise KscaleError(f"{where}: damaged: nested too deeply, or not plain text")
    try:
        return Saved.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise KscaleError(f"{where}: damaged: {quote(place)}: {first['msg']}") from None
