"""A scenario file to its model; every complaint is one line: file:line: key: what, what is allowed."""

import hashlib
import json
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kscale import units
from kscale.errors import KscaleError, did_you_mean
from kscale.scenario import resolve, shipped, yaml_tree
from kscale.scenario.schema import Scenario
from kscale.scenario.spec import InconsistentError
from kscale.scenario.yaml_tree import Loc, Tree, YamlError

LARGEST_FILE = 16 * 2**20  # bytes
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scenario with all its defaults, and what is needed to speak of its file."""

    scenario: Scenario
    path: str  # as given, or the name of a shipped scenario; never absolute
    sha256: str  # of the canonical JSON of resolved()
    where: str  # the file, as complaints name it
    lines: dict[Loc, int]  # line of each key and list entry in the file

    def resolved(self) -> dict[str, Any]:
        """Return the scenario as plain JSON values, every default in it; it can be loaded again."""
        return dump(self.scenario)

    def with_seed(self, seed: int) -> "Loaded":
        """Return the same scenario with another seed."""
        scenario = self.scenario.model_copy(update={"seed": seed})
        return replace(self, scenario=scenario, sha256=sha256(dump(scenario)))

    def complain(self, loc: Loc, message: str) -> KscaleError:
        """Return the error that says *message* of the key at *loc*."""
        line, key = place(loc, self.lines)
        return KscaleError(_one_line(f"{self.where}:{line}: {key}: {message}"))


def load(name_or_path: str) -> Loaded:
    """Return a scenario by file, by the name of a shipped one, or from stdin by "-"."""
    if name_or_path == STDIN:
        data, where, stem = _read_stdin(), "stdin", "stdin"
    else:
        path, where = shipped.find(name_or_path)
        data, stem = _read(path, where), path.stem
    recorded = "-" if name_or_path == STDIN else Path(where).name if Path(where).is_absolute() else where
    return parse(data, where, recorded, stem)


def parse(data: bytes, where: str, path: str, stem: str = "scenario") -> Loaded:
    """Return the scenario in *data*; *where* names it in complaints, *path* in results."""
    try:
        tree = yaml_tree.read(data)
    except YamlError as error:
        key = f"{_path_of(error.loc)}: " if error.loc else ""
        raise KscaleError(_one_line(f"{where}:{error.line}: {key}{error}")) from error
    if tree.value is None:
        raise KscaleError(f"{where}:1: is empty; the least scenario is one line: schema: kscale.scenario/1")
    if not isinstance(tree.value, dict):
        line = tree.lines[()]
        raise KscaleError(
            _one_line(f"{where}:{line}: must map keys to values, got {units.quote(tree.value)}")
        )
    try:
        scenario = resolve.resolve(Scenario.model_validate({"name": _name_of(stem)} | tree.value))
    except ValidationError as error:
        raise _first(error, where, tree) from error
    except InconsistentError as error:
        line, key = place(error.loc, tree.lines)
        raise KscaleError(_one_line(f"{where}:{line}: {key}: {error}")) from error
    return Loaded(scenario, path, sha256(dump(scenario)), where, tree.lines)


def dump(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as plain JSON values under the keys of the file."""
    return scenario.model_dump(mode="json", by_alias=True, exclude_none=True)


def sha256(resolved: dict[str, Any]) -> str:
    """Return the digest of the canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(resolved, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def place(loc: Loc, lines: dict[Loc, int]) -> tuple[int, str]:
    """Return the line of *loc*, or of its nearest ancestor in the file, and the key as people write it.

    An index of a list that the file does not write out (one value that stands for a list of one) is left out.
    """
    known: Loc = ()
    shown: list[str | int] = []
    for part in loc:
        if (*known, part) in lines:
            known = (*known, part)
        elif isinstance(part, int):
            continue
        shown.append(part)
    return lines.get(known, 1), _path_of(tuple(shown))


def _first(error: ValidationError, where: str, tree: Tree) -> KscaleError:
    """Return the first complaint of the file, and how many more there are."""
    found = []
    for detail in error.errors(include_url=False):
        loc = _loc_of(detail)
        line, key = place(loc, tree.lines)
        found.append((line, f"{key}: {_what(detail)}"))
    found.sort(key=lambda item: item[0])
    line, text = found[0]
    more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    return KscaleError(_one_line(f"{where}:{line}: {text}") + more)


def _loc_of(detail: ErrorDetails) -> Loc:
    """Return the place in the file of one of pydantic's errors."""
    loc = tuple(part for part in detail["loc"] if part != "[key]")
    if loc[:1] == ("cluster",):
        loc = loc[:1] + loc[2:]  # pydantic names the kind of cluster here
    key = detail.get("ctx", {}).get("key")
    return loc if key is None else (*loc, key)


def _what(detail: ErrorDetails) -> str:
    """Return what is wrong and what is allowed, in kscale's words."""
    got, context = units.quote(detail["input"]), detail.get("ctx", {})
    match detail["type"]:
        case "unknown_key" | "parameter":
            what = str(context["why"])
        case "value_error":
            what = str(context["error"])
        case "missing":
            what = "is needed here"
        case "model_type" | "dict_type" | "model_attributes_type":
            what = f"must map keys to values, got {got}"
        case "list_type" | "tuple_type":
            what = f"must be a list, got {got}"
        case "bool_type":
            what = f"must be true or false, got {got}"
        case "literal_error":
            known = re.findall(r"'([^']*)'", context["expected"])
            what = f"cannot be {got}; {did_you_mean(str(detail['input'])[: units.LONGEST], known)}"
        case _:
            what = f"{detail['msg'].removeprefix('Input ')}, got {got}"
    return what


def _path_of(loc: Loc) -> str:
    """Return nodes.shapes[1].cpu for its parts, never long."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")
    return text if len(text) <= 4 * units.LONGEST else text[: 4 * units.LONGEST] + "..."


def _one_line(text: str) -> str:
    """Return *text* with everything that would break or colour a line escaped."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _name_of(stem: str) -> str:
    """Return a file's name as a scenario's name."""
    return re.sub(r"[^a-z0-9._-]", "-", stem.lower()).lstrip("._-")[:64] or "scenario"


def _read(path: Path, where: str) -> bytes:
    """Return a file's bytes, or raise KscaleError."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise KscaleError(_one_line(f"{where}: cannot be read: {error.strerror}")) from error
    return _checked(data, where)


def _read_stdin() -> bytes:
    """Return what is piped in."""
    stream = getattr(sys.stdin, "buffer", None)
    data = stream.read(LARGEST_FILE + 1) if stream else sys.stdin.read(LARGEST_FILE + 1).encode()
    return _checked(data, "stdin")


def _checked(data: bytes, where: str) -> bytes:
    """Return *data* if it is not larger than any scenario."""
    if len(data) > LARGEST_FILE:
        raise KscaleError(_one_line(f"{where}: is larger than {units.show_bytes(LARGEST_FILE)}"))
    return data
