"""What two results have in common, and what may therefore be compared (benchmarking practice, section 6).

other scenario content or seed    the cells did different work: not compared
other machine                     counters are judged, times only shown
other python, numpy or numba      compared, with a note
uncommitted changes, interrupted, quick look    compared, with a note
metrics declared in another way   judged as the first result declares them, with a note
the same run twice                compared, with a note
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from kscale.results.record import CostsRef, Machine, MechanismInfo, Result
from kscale.units import show_many

Across = Literal["", "seed", "scenario", "costs"]  # what differs because it was asked for, or costs alone

UNLIKE = frozenset({"mechanisms", "name", "about"})  # parts of a scenario that do not change a cell's work
LIBRARIES = ("python", "numpy", "numba")
DECLARED = ("kind", "unit", "better", "provenance")  # of a metric: what decides how it is judged and read
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


def other_costs(a: Result, b: Result) -> bool:
    """Say whether two results differ in nothing but what work costs."""
    return not same_work(a, b) and same_work(a, b, "costs")


def same_costs(a: Result, b: Result, mechanism: str) -> bool:
    """Say whether all coefficients that a mechanism reads have the same values in both."""
    read = ((name, one.value) for name, one in a.mechanisms[mechanism].costs.items())
    return dict(read) == {name: one.value for name, one in b.mechanisms[mechanism].costs.items()}


def costs_said(a: Result, b: Result) -> str:
    """Return "the costs differ: 13 coefficients measured (costs/mine.yaml) against the profile's"."""
    return f"the costs differ: {_costs(a.scenario.costs)} against {_costs(b.scenario.costs)}"


def _costs(given: CostsRef | None) -> str:
    """Return where the coefficients of one side come from."""
    if given is None:
        return "the profile's"
    many = show_many(given.coefficients, "coefficient")
    how = "of the scenario" if given.etcd is None else f"measured on {given.etcd}, {given.date}"
    return f"{many} {how}" if given.path is None else f"{many} {how} ({given.path})"


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


def redeclared(a: Result, b: Result, name: str) -> Iterator[str]:
    """Return which metrics that both count *b* declares in another way than *a*, which is called *name*.

    What is judged must not say how: `better` turned round would let every loss through.
    """
    said = [
        f"{mechanism} ({', '.join(how)})" if metric is None else f"{mechanism} {metric} ({', '.join(how)})"
        for mechanism, metrics in _counted_by_both(a, b).items()
        if mechanism in a.mechanisms and mechanism in b.mechanisms
        for metric, how in _declared_anew(a.mechanisms[mechanism], b.mechanisms[mechanism], metrics)
    ]
    if said:
        more = f" and {len(said) - LISTED} more" if len(said) > LISTED else ""
        yield f"declared differently, judged as {name} declares it: {'; '.join(said[:LISTED])}{more}"


def same_run(a: Result, b: Result, names: tuple[str, str]) -> Iterator[str]:
    """Return that both are one run: a copy, another name, the part before it went on, or a changed file."""
    if a.run.id != b.run.id:
        return
    before = {cell.key: cell for cell in a.cells}
    equal = all(before[cell.key] == cell for cell in b.cells if cell.key in before)
    said = "are the same run" if equal else "have one run's id, but differ: a file was changed by hand"
    yield f"{names[0]} and {names[1]} {said}"


def _counted_by_both(a: Result, b: Result) -> dict[str, list[str]]:
    """Return, for each mechanism with a cell in both, the counters that both counted."""
    before = {cell.key: cell for cell in a.cells}
    found: dict[str, dict[str, None]] = {}
    for cell in b.cells:
        if cell.key not in before:
            continue
        names = found.setdefault(cell.mechanism, {})
        for variant, old in before[cell.key].variants.items():
            new = cell.variants.get(variant)
            names.update(dict.fromkeys(metric for metric in old.work if new and metric in new.work))
    return {mechanism: list(names) for mechanism, names in found.items()}


def _declared_anew(
    a: MechanismInfo, b: MechanismInfo, metrics: Sequence[str]
) -> Iterator[tuple[str | None, list[str]]]:
    """Return each metric that is declared in another way, and how; None is the time."""
    if a.per != b.per:
        yield None, [f"time per {a.per} → {b.per}"]
    for metric in metrics:
        old, new = a.metrics.get(metric), b.metrics.get(metric)
        if old is None or new is None:
            how = [] if old is new else ["newly declared" if old is None else "not declared"]
        else:
            sides = [(key, getattr(old, key), getattr(new, key)) for key in DECLARED]
            how = [f"{key} {before} → {after}" for key, before, after in sides if before != after]
        if how:
            yield metric, how


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
