"""A list of 200,000 pods as kubectl gives it through the whole of `kscale import`: seconds and peak memory.

Without blanks, so that a gigabyte has as much in it as it can: printed with kubectl's four blanks a level
the same list is more than twice as long and takes little longer.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import ijson

from benchmarks.figure import Figure
from benchmarks.imported import imported

TESTS = Path(__file__).parents[1] / "tests"
PODS = 200_000
MILLION = 10**6
GIB = 2**30

_WRITE = """
import sys
sys.path.append(sys.argv[1])
import kubectl_objects
with open(sys.argv[2], "wb") as file:
    file.writelines(kubectl_objects.compact_list(int(sys.argv[3])))
"""


def figures() -> Iterator[Figure]:
    """Yield what the import of a large list takes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pods.json"
        write(path, 10)
        imported(path)  # byte code
        write(path, PODS)
        size = path.stat().st_size
        found = imported(path)
    whole = f"kubectl list of {found.pods:,} pods"
    yield Figure(f"{whole}: its size", size / GIB, "GiB", least=1)
    yield Figure(f"{whole}: kscale import, ijson's {ijson.backend}", found.seconds, "s", most=120)
    yield Figure(f"{whole}: peak memory", found.peak_bytes / MILLION, "MB", most=500)


def write(path: Path, pods: int) -> None:
    """Write a list of so many pods, in a process that can see what the tests make."""
    command = [sys.executable, "-c", _WRITE, str(TESTS), str(path), str(pods)]
    subprocess.run(command, check=True)  # noqa: S603 - ourselves


if __name__ == "__main__":
    for figure in figures():
        print(figure.line())
