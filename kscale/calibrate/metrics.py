"""What an etcd counts itself, and what the system says of its process."""

import http.client
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import psutil
from prometheus_client.parser import text_string_to_metric_families

from kscale.errors import KscaleError

NS = 1e9
LARGEST_PAGE = 64 * 2**20  # bytes of /metrics that we read
PAGE_BYTES = 4096  # bbolt's page on the machines that we measure
COMMITTED_S = 0.12  # etcd commits every 100 ms; so long after the last write all is in the file

COMMIT = "etcd_disk_backend_commit_duration_seconds"
FSYNC = "etcd_disk_wal_fsync_duration_seconds"
PART = "etcd_debugging_disk_backend_commit_{}_duration_seconds"  # spill, write, rebalance
SIZE = "etcd_mvcc_db_total_size_in_bytes"
IN_USE = "etcd_mvcc_db_total_size_in_use_in_bytes"
CPU = "process_cpu_seconds_total"
TICK_NS = 1e7  # in which that one moves: Linux tells processes 100 a second
_OLD_SIZE = "etcd_debugging_mvcc_db_total_size_in_bytes"  # etcd before 3.4
_WANTED = ("etcd_", "process_")
_SUFFIXES = ("_bucket", "_created")  # left out


def read(address: str, timeout_s: float = 10.0) -> Mapping[str, float]:
    """Return the metrics of the etcd at host:port by name, summed over labels; without buckets.

    KscaleError if nobody answers, or not with metrics.
    """
    text = _page(address, timeout_s)
    wanted = "\n".join(line for line in text.splitlines() if line.startswith(_WANTED))
    found: defaultdict[str, float] = defaultdict(float)
    try:
        for family in text_string_to_metric_families(wanted + "\n"):
            for sample in family.samples:
                if not sample.name.endswith(_SUFFIXES):
                    found[sample.name] += sample.value
    except ValueError:
        raise KscaleError(f"{address}: /metrics is not in Prometheus' text format") from None
    return found


def _page(address: str, timeout_s: float) -> str:
    """Return the text of /metrics."""
    connection = http.client.HTTPConnection(address, timeout=timeout_s)  # urllib would ask a proxy
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        data = answer.read(LARGEST_PAGE + 1)
    except (OSError, http.client.HTTPException) as error:
        raise KscaleError(
            f"{address}: no answer to GET /metrics: {str(error) or type(error).__name__}"
        ) from None
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK or len(data) > LARGEST_PAGE:
        raise KscaleError(
            f"{address}: /metrics answers {answer.status}, {len(data):,} bytes; no etcd does so"
        )
    return data.decode(errors="replace")


def free_pages(counted: Mapping[str, float]) -> int:
    """Return how many pages of the file are free."""
    size = counted.get(SIZE) or counted.get(_OLD_SIZE, 0.0)
    return round((size - counted[IN_USE]) / PAGE_BYTES)


def cpu_ns(pid: int) -> float:
    """Return the CPU time that a process has used: to the ns on Linux, in ticks elsewhere.

    Threads that have ended are missing from Linux's figures by thread; those of etcd do not end.
    """
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return float(sum(int((task / "schedstat").read_text().split()[0]) for task in tasks))
    except (OSError, ValueError, IndexError):
        used = psutil.Process(pid).cpu_times()
        return (used.user + used.system) * NS


def since(now: Mapping[str, float], before: Mapping[str, float]) -> Mapping[str, float]:
    """Return by how much each counter has grown; 0 for those that are in neither."""
    grown: defaultdict[str, float] = defaultdict(float)
    grown.update({name: value - before.get(name, 0.0) for name, value in now.items()})
    return grown
