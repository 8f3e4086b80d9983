"""An etcd snapshot of 2 GB through the whole of `kscale import`: seconds and peak memory."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import made_etcd_db
from benchmarks.figure import Figure
from benchmarks.imported import imported

SIZE = 2 * 2**30
MIB = 2**20
MILLION = 10**6
KINDS = {"mixed types": made_etcd_db.MIXED, "leases": made_etcd_db.LEASES, "tiny values": made_etcd_db.TINY}


def figures() -> Iterator[Figure]:
    """Yield what the import of a snapshot takes: of a mixture of types, of leases, of very many keys."""
    for what, kinds in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "snapshot.db"
            made_etcd_db.write(path, kinds, 2 * MIB)
            imported(path)  # compiles
            revisions = made_etcd_db.write(path, kinds, SIZE)
            found = imported(path)
        whole = f"etcd snapshot, 2 GiB, {what}"
        yield Figure(f"{whole}: kscale import", found.seconds, "s", most=30)
        yield Figure(f"{whole}: peak memory", found.peak_bytes / MILLION, "MB", most=500)
        yield Figure(f"{whole}: revisions", revisions / MILLION, "M")
        yield Figure(f"{whole}: objects", found.objects / MILLION, "M")


if __name__ == "__main__":
    for figure in figures():
        print(figure.line())
