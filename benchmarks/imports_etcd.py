"""An etcd snapshot of 2 GB imported in a process of its own: seconds and peak memory."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import made_etcd_db
from benchmarks.figure import Figure

SIZE = 2 * 2**30
MIB = 2**20
MILLION = 10**6

_READ = """
import json, sys, time
from pathlib import Path
from kscale.measure import machine
machine.use_jit_cache()
from kscale.imports import etcd_db
began = time.perf_counter()
facts = etcd_db.read(Path(sys.argv[1]), "snapshot.db", lambda done, total: None)
seconds = time.perf_counter() - began
objects = sum(fact.count for fact in facts.types.values())
print(json.dumps([seconds, machine.peak_rss_bytes(), objects]))
"""


def figures() -> Iterator[Figure]:
    """Yield what the import of a snapshot takes: of a mixture of types, and of small objects only."""
    for what, kinds in (("mixed types", made_etcd_db.MIXED), ("leases only", made_etcd_db.SMALL)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "snapshot.db"
            made_etcd_db.write(path, kinds, 2 * MIB)
            measured(path)  # compiles
            revisions = made_etcd_db.write(path, kinds, SIZE)
            seconds, peak, objects = measured(path)
        whole = f"etcd snapshot, 2 GiB, {what}"
        yield Figure(f"{whole}: import", seconds, "s", most=30)
        yield Figure(f"{whole}: peak memory", peak / MIB, "MiB", most=500)
        yield Figure(f"{whole}: revisions", revisions / MILLION, "M")
        yield Figure(f"{whole}: objects", objects / MILLION, "M")


def measured(path: Path) -> tuple[float, int, int]:
    """Return the seconds, the peak of memory in bytes and the objects of an import in a fresh process."""
    command = [sys.executable, "-c", _READ, str(path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    seconds, peak, objects = json.loads(said.stdout)
    return float(seconds), int(peak), int(objects)


if __name__ == "__main__":
    for figure in figures():
        print(figure.line())
