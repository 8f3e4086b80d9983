"""What runs came to before the work they were for was interrupted: a line of JSON for each.

A line is {"key": what was run, "came": to what}, on disk before the next run is looked at. What a
crash or a pulled plug leaves half written is passed over.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

ENDING = ".partial.jsonl"


def read(path: Path) -> Mapping[str, Any]:
    """Return what is in a file by key; nothing if it cannot be read."""
    found: dict[str, Any] = {}
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return found
    for line in lines[:-1]:
        try:
            tree = json.loads(line)
            found[str(tree["key"])] = tree["came"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue  # the line that was being written when the machine stopped
    return found


def append(path: Path, key: str, came: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    """Add a line; where nothing can be written, nothing can be resumed, and nothing else fails."""
    line = json.dumps({"key": key, "came": came}, sort_keys=True)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            if file.tell() and not _whole(file):
                file.write(b"\n")  # what was being written when the machine stopped ends here
            file.write(f"{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())


def _whole(file: Any) -> bool:  # noqa: ANN401 - an open binary file
    """Say whether the last line is whole."""
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def remove(path: Path) -> None:
    """Forget it: the work is done."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
