"""Names of mechanisms, their parameters, variants and metrics, and of claims, read from their sources.

A completer must answer while somebody types, and importing the mechanisms takes numba half a second.
Their records are written out in their modules, so the parsed source has the names; a test
compares them with the records themselves.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "mechanisms"
_CLAIMS = Path(__file__).parent.parent / "judge" / "claims"
_PACKAGE = "kscale.mechanisms"
WALL = "wall_ns"  # of every mechanism, beside its counters


def mechanisms() -> dict[str, str]:
    """Return the registered ids in print order, each with its title."""
    found = {}
    for module in _registered():
        record = _record(module)
        found[_text(module, record["id"])] = _text(module, record["title"])
    return found


def parameters() -> dict[str, tuple[str, ...]]:
    """Return the parameters of each mechanism."""
    return {name: tuple(_fields(module, "Params")) for name, module in _by_id()}


def variants() -> tuple[str, ...]:
    """Return the names of all variants, each once."""
    found: dict[str, None] = {}
    for module in _registered():
        keys = _record(module)["variants"]
        if isinstance(keys, ast.Dict):
            found |= dict.fromkeys(_text(module, key) for key in keys.keys if key is not None)
    return tuple(found)


def metrics() -> tuple[str, ...]:
    """Return the names of all metrics, each once."""
    found = {WALL: None}
    for path in sorted(_FOLDER.glob("*.py")):
        for node in ast.walk(_source(path.stem)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Metric" and node.args:
                found[_text(path.stem, node.args[0])] = None
    return tuple(found)


def claims() -> dict[str, dict[str, str]]:
    """Return the ids of published figures with their titles, by subject; as their modules are named."""
    found = {}
    for path in sorted(_CLAIMS.glob("*.py")):
        records = _claims(path)
        if records:
            found[path.stem.replace("_", "-")] = records
    return found


def _claims(path: Path) -> dict[str, str]:
    """Return the ids and titles of the records of a module, whether written out or made by a function."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not (isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "CLAIMS"):
            continue
        for call in node.value.elts if isinstance(node.value, ast.Tuple) else ():
            if isinstance(call, ast.Call):
                given = {str(each.arg): each.value for each in call.keywords}
                named, title = given.get("id", call.args[0] if call.args else None), given.get("title")
                if isinstance(named, ast.Constant):
                    found[str(named.value)] = str(title.value) if isinstance(title, ast.Constant) else ""
    return found


def _by_id() -> Iterator[tuple[str, str]]:
    """Yield each mechanism's id and its module."""
    return zip(mechanisms(), _registered(), strict=True)


def _registered() -> list[str]:
    """Return the modules of the registry, in its order."""
    for node in ast.walk(_source("registry")):
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Tuple):
            return [
                each.value.id
                for each in node.value.elts
                if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name)
            ]
    return []


def _record(module: str) -> dict[str, ast.expr]:
    """Return what a module's Mechanism(...) is made of."""
    return next(
        {str(each.arg): each.value for each in node.keywords}
        for node in ast.walk(_source(module))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Mechanism"
    )


def _fields(module: str, record: str) -> Iterator[str]:
    """Yield the fields of a parameter record, those of what it is made from first."""
    for node in _source(module).body:
        if isinstance(node, ast.ClassDef) and node.name == record:
            for base in node.bases:
                yield from _fields(module, getattr(base, "id", ""))
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    yield line.target.id
            return
    home = _imported(module, record)
    if home:
        yield from _fields(home, record)


def _text(module: str, node: ast.expr) -> str:
    """Return a text that is written out, or the name of one."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    name = getattr(node, "id", "")
    for line in _source(module).body:
        if isinstance(line, ast.Assign) and name in {getattr(target, "id", None) for target in line.targets}:
            return _text(module, line.value)
    home = _imported(module, name)
    return _text(home, node) if home else ""


def _imported(module: str, name: str) -> str | None:
    """Return the mechanisms' module that a name is imported from."""
    for node in _source(module).body:
        if (
            isinstance(node, ast.ImportFrom)
            and (node.module or "").startswith(f"{_PACKAGE}.")
            and any((each.asname or each.name) == name for each in node.names)
        ):
            return str(node.module).removeprefix(f"{_PACKAGE}.")
    return None


@cache
def _source(module: str) -> ast.Module:
    """Return a module, parsed."""
    return ast.parse((_FOLDER / f"{module}.py").read_text(encoding="utf-8"))
