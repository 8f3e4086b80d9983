"""kscale as a user meets it: the installed command in a process of its own, or main() in this one."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a plain pipe: results in ./results, no colour, 100 columns."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("KSCALE_", "FORCE_", "CI"))
    }
    return kept | {"COLUMNS": "100"} | more


def kscale(folder: Path, *args: str, stdin: str = "", **more: str) -> Ran:
    """Run the command in *folder* and wait for it."""
    done = subprocess.run(
        [sys.executable, "-m", "kscale", *args],
        cwd=folder,
        env=environment(**more),
        input=stdin.encode(),
        capture_output=True,
        timeout=240,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
