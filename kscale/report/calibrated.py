"""Which coefficients of a run a real etcd gave, where, and which are used beyond what was measured."""

from collections.abc import Iterator

from kscale.calibrate import record
from kscale.report.text import clean, clean_prose
from kscale.results.record import CostsRef, Machine, Result
from kscale.units import show_bytes, show_many


def said(result: Result) -> str | None:
    """Return "costs: 14 coefficients measured on etcd 3.5.1, 2 x a CPU, 2026-11-21 (costs/mine.yaml)".

    None if all coefficients are the profile's.
    """
    given = result.scenario.costs
    if given is None:
        return None
    many = show_many(given.coefficients, "coefficient")
    where = f"({clean_prose(given.path)})" if given.path is not None else "(in the scenario)"
    if given.etcd is None:
        return f"costs: {many} in place of the profile's {where}{_unchecked(result)}"
    machine, date = f"{given.cores} x {clean_prose(given.cpu or '?')}", clean(given.date or "?")
    if given.endpoint == "elsewhere":
        machine = f"at an endpoint, its machine unknown, its client on {machine}"
    worth = "".join(f"; {clean(text)}" for text in record.conditions(given.plan or "", given.other_cpu_pct))
    measured = f"measured on {clean_prose(given.etcd)}, {machine}, {date} {where}{worth}"
    return f"costs: {many} {measured}{_elsewhere(given, result.machine)}{_unchecked(result)}"


def _unchecked(result: Result) -> str:
    """Return of how many nothing tells whether they are used where they were measured; nothing if of none."""
    names = {name for cell in result.cells for name in cell.unchecked}
    return f"; of {len(names):,} the range of use is not checked" if names else ""


def _elsewhere(given: CostsRef, here: Machine) -> str:
    """Return that the machine was another one, or was set up otherwise; nothing if it was this one."""
    if given.fingerprint == here.fingerprint:
        return ""
    if (given.cpu, given.cores) == (here.cpu_model, here.cores_logical):
        return "; since then the kernel, the memory or a version of Python or its packages has changed"
    return "; another machine than this run's"


def beyond(result: Result) -> Iterator[str]:
    """Yield "etcd-learner uses etcd_open_ps_per_byte at 12 B of db, measured at 4 B to 9 B".

    One line for all coefficients of a mechanism that leave the same range, over all its cells.
    """
    used: dict[tuple[str, str, str, tuple[int, int]], tuple[int, int]] = {}
    for cell in result.cells:
        for one in cell.extrapolated:
            key = cell.mechanism, one.coefficient, one.setting, one.measured
            low, high = used.get(key, one.used)
            used[key] = min(low, one.used[0]), max(high, one.used[1])
    lines: dict[tuple[str, str, tuple[int, int], tuple[int, int]], list[str]] = {}
    for (mechanism, name, setting, measured), ends in used.items():
        lines.setdefault((mechanism, setting, measured, ends), []).append(name)
    for (mechanism, setting, measured, ends), names in lines.items():
        yield (
            f"{clean(mechanism)} uses {', '.join(map(clean, names))} at {_used(setting, ends)},"
            f" measured at {_span(setting, measured)}"
        )


def _used(setting: str, ends: tuple[int, int]) -> str:
    """Return "200,000 keys", "1,000 to 64,000 keys" or "2 KiB to 4 KiB of value"."""
    words, of, unit = clean(setting).replace("_", " ").rpartition("bytes")
    noun = words.strip() and f" of {words.strip()}" if of else f" {unit}"
    return f"{_span(setting, ends)}{noun}"


def _span(setting: str, ends: tuple[int, int]) -> str:
    """Return "1,000 to 64,000", or one number; sizes with their units."""
    show = show_bytes if setting.endswith("bytes") else "{:,}".format
    low, high = map(show, ends)
    return low if low == high else f"{low} to {high}"
