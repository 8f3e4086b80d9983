"""One YAML file as a model: its bytes, its keys, every complaint as file:line: key: what, what is allowed."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kscale import units
from kscale.errors import KscaleError, did_you_mean
from kscale.scenario import yaml_tree
from kscale.scenario.yaml_tree import Loc, Tree, YamlError

LARGEST_FILE = 16 * 2**20  # bytes


def read(path: Path, where: str) -> bytes:
    """Return a file's bytes; KscaleError if it cannot be read or is larger than any file of kscale's."""
    try:
        if path.exists() and not path.is_file():
            raise KscaleError(
                one_line(f"{where}: cannot be read: it is not a regular file")
            )  # a pipe may never end
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise KscaleError(one_line(f"{where}: cannot be read: {error.strerror}")) from error
    return checked(data, where)


def checked(data: bytes, where: str) -> bytes:
    """Return *data* if it is not too large."""
    if len(data) > LARGEST_FILE:
        raise KscaleError(one_line(f"{where}: is larger than {units.show_bytes(LARGEST_FILE)}"))
    return data


def tree(data: bytes, where: str, least: str) -> Tree:
    """Return the mapping in *data*, with its lines; *least* is the shortest file there can be."""
    try:
        found = yaml_tree.read(data)
    except YamlError as error:
        key = f"{_path_of(error.loc)}: " if error.loc else ""
        raise KscaleError(one_line(f"{where}:{error.line}: {key}{error}")) from error
    if found.value is None:
        raise KscaleError(one_line(f"{where}:1: is empty; {least}"))
    if not isinstance(found.value, dict):
        line = found.lines[()]
        raise KscaleError(
            one_line(f"{where}:{line}: must map keys to values, got {units.quote(found.value)}")
        )
    return found


def complaint(where: str, loc: Loc, message: str, lines: Mapping[Loc, int]) -> KscaleError:
    """Return the error that says *message* of the key at *loc*."""
    line, key = place(loc, lines)
    return KscaleError(one_line(f"{where}:{line}: {key}: {message}"))


def place(loc: Loc, lines: Mapping[Loc, int]) -> tuple[int, str]:
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


def first(
    error: ValidationError, where: str, lines: Mapping[Loc, int], loc_of: Callable[[Loc], Loc] = tuple
) -> KscaleError:
    """Return the first complaint of the file, and how many more there are.

    *loc_of* takes away what pydantic puts into a place beside the keys of the file.
    """
    found = []
    for detail in error.errors(include_url=False):
        line, key = place(_loc_of(detail, loc_of), lines)
        found.append((line, f"{key}: {_what(detail)}"))
    found.sort(key=lambda item: item[0])
    line, text = found[0]
    more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    return KscaleError(one_line(f"{where}:{line}: {text}") + more)


def what(error: ValidationError, loc_of: Callable[[Loc], Loc] = tuple) -> tuple[Loc, str]:
    """Return the place of the first complaint, and what is wrong there."""
    detail = error.errors(include_url=False)[0]
    return _loc_of(detail, loc_of), _what(detail)


def _loc_of(detail: ErrorDetails, loc_of: Callable[[Loc], Loc]) -> Loc:
    """Return the place in the file of one of pydantic's errors."""
    loc = loc_of(tuple(part for part in detail["loc"] if part != "[key]"))
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


def one_line(text: str) -> str:
    """Return *text* with everything that would break or colour a line escaped."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
