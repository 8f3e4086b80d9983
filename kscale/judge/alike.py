"""What two results have in common, and what may therefore be compared (benchmarking practice, section 6).

other scenario content or seed    the cells did different work: not compared
other machine                     counters are judged, times only shown
other python, numpy or numba      compared, with a note
uncommitted changes, interrupted, quick look    compared, with a note
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from kscale.results.record import Machine, Result

Across = Literal["", "seed", "scenario"]  # what differs because it was asked for

UNLIKE = frozenset({"mechanisms", "name", "about"})  # parts of a scenario that do not change a cell's work
LIBRARIES = ("python", "numpy", "numba")
LISTED = 3  # cells in a note
GIB = 2**30


def same_machine(a: Machine, b: Machine) -> bool:
    """Say whether times may be compared: equal fingerprints, or only Python or a library differs."""
    return a.fingerprint == b.fingerprint or _hardware(a) == _hardware(b)


def same_work(a: Result, b: Result, across: Across = "") -> bool:
    """Say whether equal cells of two results did the same work: seed and cluster are equal.

    What is compared *across* may differ.
    """
    if a.run.seed != b.run.seed and across != "seed":
        return False
    if across == "scenario" or (a.run.seed == b.run.seed and a.scenario.sha256 == b.scenario.sha256):
        return True
    return _cluster(a.scenario.resolved, across) == _cluster(b.scenario.resolved, across)


def state(result: Result, name: str) -> Iterator[str]:
    """Return what is to be known of one result."""
    if result.run.status == "interrupted":
        yield f"{name} was interrupted: some cells may be missing"
    if result.run.quick:
        yield f"{name} is a quick look: few pairs, so little is sure"
    if result.git is not None and result.git.dirty:
        yield f"{name} was measured with uncommitted changes"


def differences(a: Result, b: Result, *, judged: bool) -> Iterator[str]:
    """Return how the versions and the machines differ; *judged*: times are judged whatever the machine."""
    pairs = [("kscale", a.run.kscale, b.run.kscale)]
    pairs.extend((name, getattr(a.machine, name), getattr(b.machine, name)) for name in LIBRARIES)
    moved = [f"{name} {old} → {new}" for name, old, new in pairs if old != new]
    if moved:
        yield f"versions differ ({', '.join(moved)}): times may move with them, counters must not"
    if not same_machine(a.machine, b.machine):
        said = " → ".join(
            f"{machine.cpu_model}, {machine.cores_logical} cores" for machine in (a.machine, b.machine)
        )
        rule = "judged all the same (--allow-other-machine)" if judged else "shown, not judged"
        yield f"other machine ({said}): times are {rule}; counters are judged"


def moved_points(a: Result, b: Result) -> Iterator[str]:
    """Return the cells that people call the same in both, but whose parameters differ: different work."""
    before, after = ({cell.key: cell for cell in result.cells} for result in (a, b))
    old = {(cell.mechanism, cell.label): cell for key, cell in before.items() if key not in after}
    new = {(cell.mechanism, cell.label): cell for key, cell in after.items() if key not in before}
    said = [
        f"{mechanism} · {label} ({_moved(old[mechanism, label].params, cell.params)})"
        for (mechanism, label), cell in new.items()
        if (mechanism, label) in old
    ]
    if said:
        more = f" and {len(said) - LISTED} more" if len(said) > LISTED else ""
        yield f"different work, so not compared: parameters differ: {'; '.join(said[:LISTED])}{more}"


def _hardware(machine: Machine) -> tuple[object, ...]:
    """Return what makes times comparable, versions of Python and libraries left out."""
    return (
        machine.cpu_model,
        machine.cores_physical,
        machine.cores_logical,
        round(machine.memory_bytes / GIB),
        machine.arch,
        machine.os,
        machine.kernel.split(".")[:2],
        machine.threads,
    )


def _cluster(resolved: Mapping[str, Any], across: Across) -> Mapping[str, Any]:
    """Return what a cell's work depends on beside its own parameters; if unknown, like nothing else."""
    return {key: value for key, value in resolved.items() if key not in {*UNLIKE, across}} or {"": object()}


def _moved(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Return which parameters changed."""
    names: Sequence[str] = list(dict.fromkeys([*before, *after]))
    return ", ".join(
        f"{name} {before.get(name, 'none')} → {after.get(name, 'none')}"
        for name in names
        if before.get(name, "none") != after.get(name, "none")
    )
