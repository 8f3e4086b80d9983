"""`kscale import` as it is typed: the seconds of the whole command, and the most memory it held.

It is started from a small process of its own: what the benchmarks hold would count as its memory.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_LAUNCH = """
import json, platform, resource, subprocess, sys, time
began = time.perf_counter()
done = subprocess.run([sys.executable, "-m", "kscale", "import", *sys.argv[1:], "--json"],
                      check=True, stdout=subprocess.PIPE)
seconds = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if platform.system() == "Darwin" else 1024)
print(json.dumps([seconds, peak, json.loads(done.stdout)["holds"]]))
"""


@dataclass(frozen=True)
class Imported:
    """What an import took and came to."""

    seconds: float
    peak_bytes: int
    nodes: int
    pods: int
    objects: int


def imported(path: Path) -> Imported:
    """Import a file into a scenario beside it; byte code is kept there too, and the key of names."""
    beside = path.parent
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", _LAUNCH, str(path), "-o", str(beside / "bench.yaml"), "--force"],
        check=True,
        stdout=subprocess.PIPE,
        env=os.environ
        | {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(beside / "bytecode"),
            "XDG_DATA_HOME": str(beside / "data"),
        },
    )
    seconds, peak, holds = json.loads(done.stdout)
    return Imported(seconds, peak, **holds)
