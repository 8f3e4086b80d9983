"""A list of 200,000 pods as kubectl gives it, imported in a process of its own: seconds and peak memory.

Without blanks, so that a gigabyte has as much in it as it can: printed with kubectl's four blanks a level
the same list is more than twice as long and takes little longer.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure

TESTS = Path(__file__).parents[1] / "tests"
PODS = 200_000
MIB = 2**20
GIB = 2**30

_WRITE = """
import sys
sys.path.append(sys.argv[1])
import kubectl_objects
with open(sys.argv[2], "wb") as file:
    file.writelines(kubectl_objects.compact_list(int(sys.argv[3])))
"""
_READ = """
import json, sys, time
from pathlib import Path
import ijson
from kscale.measure import machine
from kscale.imports import kubectl
began = time.perf_counter()
facts = kubectl.read(Path(sys.argv[1]), "pods.json", lambda done, total: None)
seconds = time.perf_counter() - began
print(json.dumps([seconds, machine.peak_rss_bytes(), len(facts.pods.request), ijson.backend]))
"""


def figures() -> Iterator[Figure]:
    """Yield what the import of a large list takes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pods.json"
        said(_WRITE, str(TESTS), str(path), str(PODS))
        size = path.stat().st_size
        seconds, peak, pods, backend = json.loads(said(_READ, str(path)))
    whole = f"kubectl list of {pods:,} pods"
    yield Figure(f"{whole}: its size", size / GIB, "GiB", least=1)
    yield Figure(f"{whole}: import, ijson's {backend}", seconds, "s", most=120)
    yield Figure(f"{whole}: peak memory", peak / MIB, "MiB", most=500)


def said(program: str, *args: str) -> str:
    """Return what a fresh process prints."""
    command = [sys.executable, "-c", program, *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - ourselves


if __name__ == "__main__":
    for figure in figures():
        print(figure.line())
