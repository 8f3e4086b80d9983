"""Where leases lose: more writes, as much etcd, and a log that hardly shrinks, each with its own cause."""

from collections.abc import Mapping

from kscale import units
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Work
from kscale.mechanisms.lease_load import MINUTE, SECOND


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say what a cell loses; each sentence holds wherever it is said."""
    if not {BASELINE, OPTIMIZED} <= works.keys() or works[BASELINE]["writes"] == 0:
        return ()
    before, after = works[BASELINE], works[OPTIMIZED]
    return (*_writes(before, after), *_etcd(before, after), *_log(before, after))


def _writes(before: Work, after: Work) -> list[str]:
    """Say that writes rise."""
    if after["writes"] <= before["writes"]:
        return []
    old, new = (units.show_rate(work["writes"] * SECOND / work["duration_ns"]) for work in (before, after))
    more = units.show_percent(after["writes"] / before["writes"] - 1)
    return [f"writes rise from {old} to {new}, by {more}"]


def _etcd(before: Work, after: Work) -> list[str]:
    """Say that etcd's CPU rises or hardly falls, and for how many puts."""
    if after["etcd_cpu_ns"] * 10 <= before["etcd_cpu_ns"] * 9:
        return []
    puts = units.show_ratio(after["writes"] / before["writes"])
    share = units.show_ratio(after["etcd_cpu_ns"] / before["etcd_cpu_ns"])
    rises = after["etcd_cpu_ns"] * 10 > before["etcd_cpu_ns"] * 11
    how = "rises to" if rises else "hardly changes,"
    return [f"etcd's CPU {how} {share} of before, with {puts} the puts"]


def _log(before: Work, after: Work) -> list[str]:
    """Say how much of the log is left where it is more than half, and what keeps it."""
    old, new = before["log_bytes_per_min"], after["log_bytes_per_min"]
    if 2 * new <= old:
        return []
    share = units.show_percent(new / old)
    found = [f"the log grows to {share} of before" if new > old else f"{share} of the log is left"]
    if 2 * after["status_writes"] > before["status_writes"]:
        still = units.show_percent(after["status_writes"] / before["status_writes"])
        changed = units.show_percent(after["status_writes_changed"] / after["status_writes"])
        found.append(f"{still} of the statuses are still written, {changed} of them because they had changed")
    leases = new - after["status_log_bytes_per_min"]
    if 2 * leases > old:
        part = units.show_percent(leases / old)
        lease = units.show_bytes(_each(after, leases, "lease_writes"))
        status = units.show_bytes(_each(before, old, "status_writes"))
        found.append(
            f"leases alone write {part} of what there was: {lease} each, where a status took {status}"
        )
    return found


def _each(work: Work, bytes_per_min: int, writes: str) -> int:
    """Return the bytes of log of one write."""
    return bytes_per_min * work["duration_ns"] // (MINUTE * work[writes])
