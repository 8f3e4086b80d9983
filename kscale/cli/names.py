"""Names of mechanisms, their parameters, variants and metrics, and of claims, read from their sources.

A completer must answer while somebody types, and importing the mechanisms takes numba half a second.
Their records are written out in their modules, so the parsed source has the names; a test
compares them with the records themselves.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent
_CLAIMS = Path(__file__).parent.parent / "judge" / "claims"
_REGISTRY, _LATENCY = "kscale.mechanisms.registry", "kscale.mechanisms.latency"
_PACKAGES = ("kscale.mechanisms", "kscale.clusterwide")  # whose modules write names out
_PREFIXES = tuple(f"{one}." for one in _PACKAGES)
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
    """Return the names of metrics that are written out, each once: of a row made in a loop there is none."""
    found = {WALL: None}
    reached = _reached()
    makers = {"Metric", *(name for module in reached for name in _makers(module))}
    for module in reached:
        for node in ast.walk(_source(module)):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            maker = getattr(node.func, "id", "")
            name = _text(module, node.args[0])
            if name and maker in makers:
                found[name] = None
            elif name and maker == "Latency":
                found |= dict.fromkeys(f"{name}_{quantile}_ns" for quantile in _quantiles())
    return tuple(found)


def _reached() -> list[str]:
    """Return the registered modules and those of their packages that they import, theirs too."""
    found: dict[str, None] = {}
    waiting = list(_registered())
    while waiting:
        module = waiting.pop(0)
        if module in found:
            continue
        found[module] = None
        for node in ast.walk(_source(module)):
            if not isinstance(node, ast.ImportFrom):
                continue
            whole = str(node.module)
            if whole in _PACKAGES:
                waiting.extend(f"{whole}.{each.name}" for each in node.names)
            elif whole.startswith(_PREFIXES):
                waiting.append(whole)
    return list(found)


def _makers(module: str) -> Iterator[str]:
    """Yield what in a module makes a metric of the name it is given: functions, and partial(Metric, ...)."""
    for node in _source(module).body:
        if isinstance(node, ast.FunctionDef) and getattr(node.returns, "id", "") == "Metric":
            yield node.name
    for name, value in _assigned(module):
        if isinstance(value, ast.Call) and value.args and getattr(value.args[0], "id", "") == "Metric":
            yield name


def _quantiles() -> list[str]:
    """Return the names of the quantiles of a latency."""
    for name, value in _assigned(_LATENCY):
        if name == "QUANTILES" and isinstance(value, ast.Tuple):
            return [_text(_LATENCY, one.elts[0]) for one in value.elts if isinstance(one, ast.Tuple)]
    return []


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
    home = {
        each.asname or each.name: f"{node.module}.{each.name}"
        for node in _source(_REGISTRY).body
        if isinstance(node, ast.ImportFrom)
        for each in node.names
    }
    for node in ast.walk(_source(_REGISTRY)):
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Tuple):
            return [
                home[each.value.id]
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
    for named, value in _assigned(module):
        if name and named == name:
            return _text(module, value)
    home = _imported(module, name) if name else None
    return _text(home, node) if home else ""


def _assigned(module: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names a module gives to values, alone or several on a line."""
    for line in _source(module).body:
        if not isinstance(line, ast.Assign):
            continue
        for target in line.targets:
            if isinstance(target, ast.Tuple) and isinstance(line.value, ast.Tuple):
                yield from (
                    (getattr(one, "id", ""), value)
                    for one, value in zip(target.elts, line.value.elts, strict=True)
                )
            else:
                yield getattr(target, "id", ""), line.value


def _imported(module: str, name: str) -> str | None:
    """Return the module of the packages that a name is imported from."""
    for node in _source(module).body:
        if (
            isinstance(node, ast.ImportFrom)
            and str(node.module).startswith(_PREFIXES)
            and any((each.asname or each.name) == name for each in node.names)
        ):
            return str(node.module)
    return None


@cache
def _source(module: str) -> ast.Module:
    """Return a module, by its whole name, parsed."""
    path = _ROOT.joinpath(*module.split(".")).with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))
