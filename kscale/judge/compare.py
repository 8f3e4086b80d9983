"""Two variants of one run, or two results, side by side.

What may be compared is decided here (benchmarking practice, section 6): equal work
only, counters on any machine, times on one machine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kscale.errors import GateFailed, KscaleError, NoVerdict, did_you_mean
from kscale.judge import rows, verdict, wording
from kscale.judge.rows import Row
from kscale.judge.verdict import Verdict
from kscale.measure import stats
from kscale.results.record import Cell, Machine, Result

UNLIKE = frozenset({"mechanisms", "name", "about"})  # parts of a scenario that do not change a cell's work
GIB = 2**30
LISTED = 3  # failures named in the one line of an error


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, as its heading names it."""

    name: str
    commit: str = ""  # first seven digits
    date: str = ""  # UTC, of the run


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was said of two sides."""

    a: Side
    b: Side
    of: Literal["variants", "results"]
    paired: bool
    same_machine: bool
    rows: tuple[Row, ...]
    gone: tuple[str, ...] = ()  # cells, variants and counters of a only
    new: tuple[str, ...] = ()  # of b only
    different: tuple[str, ...] = ()  # cells in both that did different work
    notes: tuple[str, ...] = ()
    run: str = ""  # name of the run whose variants are compared

    @property
    def worst_first(self) -> tuple[Row, ...]:
        """Return the rows by verdict, then by size of change."""
        return tuple(sorted(self.rows, key=lambda row: row.severity))

    def count(self, found: Verdict | None) -> int:
        """Return how many rows got a verdict; None counts those that got none."""
        return sum(row.verdict is found for row in self.rows)


def of_variants(result: Result, a: str, b: str) -> Comparison:
    """Compare two variants of one run by their pairs.

    KscaleError if no cell has a variant of that name, NoVerdict if no cell has both.
    """
    known = {name for cell in result.cells for name in cell.variants}
    for name in (a, b):
        if name not in known:
            raise KscaleError(f"no variant '{name}' in run {_name(result)}; {did_you_mean(name, known)}")
    found: list[Row] = []
    gone: list[str] = []
    new: list[str] = []
    for cell in result.cells:
        if a in cell.variants and b in cell.variants:
            found.extend(rows.of_cell(rows.described(result, cell), cell, a, b))
        elif a in cell.variants or b in cell.variants:
            (gone if a in cell.variants else new).append(cell.key)
    if not found:
        raise NoVerdict(f"no cell of run {_name(result)} has both '{a}' and '{b}': nothing to compare")
    return Comparison(
        *(Side(a), Side(b)),
        of="variants",
        run=_name(result),
        paired=any(row.ratio is not None and row.ratio.paired for row in found),
        same_machine=True,
        rows=tuple(found),
        gone=tuple(gone),
        new=tuple(new),
        notes=tuple(_state(result, _name(result))),
    )


def of_results(a: Result, b: Result, names: tuple[str, str] | None = None) -> Comparison:
    """Compare two results, cell by cell and variant by variant.

    *names* head the columns; the results' own names if not given. NoVerdict if no cell did
    the same work in both.
    """
    left, right = names or (_name(a), _name(b))
    machine = same_machine(a.machine, b.machine)
    together = a.run.together is not None and a.run.together == b.run.together
    before, after = ({cell.key: cell for cell in result.cells} for result in (a, b))
    different = _different(a, b, [key for key in before if key in after])
    found: list[Row] = []
    gone = [key for key in before if key not in after]
    new = [key for key in after if key not in before]
    for key, cell in after.items():
        if key in before and key not in different:
            info = rows.described(b, cell)
            found.extend(rows.of_cells(info, before[key], cell, same_machine=machine, together=together))
            gone.extend(_parts(before[key], cell))
            new.extend(_parts(cell, before[key]))
    if not found:
        why = f"different work in {len(different)} cells" if different else "no cell is in both"
        raise NoVerdict(f"nothing to compare between {left} and {right}: {why}")
    return Comparison(
        *(_side(a, left), _side(b, right)),
        of="results",
        paired=together and any(row.ratio is not None and row.ratio.paired for row in found),
        same_machine=machine,
        rows=tuple(found),
        gone=tuple(gone),
        new=tuple(new),
        different=tuple(different),
        notes=(*_state(a, left), *_state(b, right), *_versions(a, b), *_machines(a, b)),
    )


def failures(comparison: Comparison, percent: float) -> tuple[str, ...]:
    """Return a line for each thing that fails a gate whose margin for times is *percent*.

    A time fails when its whole interval is beyond the margin, or beyond twice the noise floor if
    that is more. Between two results any worse counter and anything gone fail too; between
    two variants they do not: an optimization may pay with one counter for another.
    """
    lines = [_failure(row, percent) for row in comparison.worst_first if _fails(row, percent, comparison)]
    if comparison.of == "results":
        lines.extend(f"{key} is gone" for key in comparison.gone)
    return tuple(lines)


def check(comparison: Comparison, percent: float) -> None:
    """Raise GateFailed, naming the worst, if anything fails; NoVerdict if nothing a gate looks at was judged.

    Between two variants that is the times; between two results counters are judged too, unless
    there are times and none of them got a verdict.
    """
    found = failures(comparison, percent)
    if found:
        more = f"; and {len(found) - LISTED} more" if len(found) > LISTED else ""
        raise GateFailed(f"{len(found)} failed: {'; '.join(found[:LISTED])}{more}")
    times = [row for row in comparison.rows if row.info.kind == "timing"]
    looked_at = times if times or comparison.of != "results" else comparison.rows
    if all(row.verdict is None for row in looked_at):
        what = "no time has a verdict" if looked_at is times else "no row has a verdict"
        raise NoVerdict(f"nothing was judged: {what} (too few pairs, another machine, or counted only)")


def same_machine(a: Machine, b: Machine) -> bool:
    """Say whether times may be compared: equal fingerprints, or only Python or a library differs."""
    return a.fingerprint == b.fingerprint or _hardware(a) == _hardware(b)


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


def _different(a: Result, b: Result, shared: Sequence[str]) -> list[str]:
    """Return the cells in both whose seed or cluster differs, so that their work does too."""
    if a.run.seed == b.run.seed and (
        a.scenario.sha256 == b.scenario.sha256
        or _cluster(a.scenario.resolved) == _cluster(b.scenario.resolved)
    ):
        return []
    return list(shared)


def _cluster(resolved: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a cell's work depends on beside its own parameters; if unknown, like nothing else."""
    return {key: value for key, value in resolved.items() if key not in UNLIKE} or {"": object()}


def _parts(one: Cell, other: Cell) -> Iterator[str]:
    """Return the variants and counters of a cell that the other one lacks."""
    for name, record in one.variants.items():
        if name not in other.variants:
            yield f"{one.key} {name}"
            continue
        yield from (f"{one.key} {name}.{key}" for key in record.work if key not in other.variants[name].work)
        if record.wall_ns is not None and other.variants[name].wall_ns is None:
            yield f"{one.key} {name}.wall_ns"


def _fails(row: Row, percent: float, comparison: Comparison) -> bool:
    """Say whether a row fails a gate of *percent*."""
    if row.verdict is None:
        return False
    if row.ratio is not None:
        margin = stats.effective_margin(percent / 100, row.ratio.floor)
        return verdict.of_timing(row.ratio, margin) is Verdict.WORSE
    return row.verdict is Verdict.WORSE and comparison.of == "results"


def _failure(row: Row, percent: float) -> str:
    """Return the line of one failed row."""
    where = f"{row.cell} {row.variant}.{row.metric}"
    if row.ratio is None:
        before, after = wording.sides(row)
        return f"{where} {wording.change(row)} ({before} → {after}, tolerance 0)"
    start = wording.percent(row.ratio.low - 1, signed=True)
    margin = wording.percent(stats.effective_margin(percent / 100, row.ratio.floor))
    return f"{where} {wording.change(row)} (interval starts at {start}, margin {margin})"


def _name(result: Result) -> str:
    """Return what a result is called."""
    return result.run.name or result.run.id


def _side(result: Result, name: str) -> Side:
    """Return the heading's facts of a result."""
    return Side(name, result.git.sha[:7] if result.git else "", result.run.started[:10])


def _state(result: Result, name: str) -> Iterator[str]:
    """Return what is to be known of one result."""
    if result.run.status == "interrupted":
        yield f"{name} was interrupted: some cells may be missing"
    if result.git is not None and result.git.dirty:
        yield f"{name} was measured with uncommitted changes"


def _versions(a: Result, b: Result) -> Iterator[str]:
    """Return which versions differ; counters must not move with them, times may."""
    libraries = ("python", "numpy", "numba")
    pairs = [("kscale", a.run.kscale, b.run.kscale)]
    pairs.extend((name, getattr(a.machine, name), getattr(b.machine, name)) for name in libraries)
    moved = [f"{name} {old} → {new}" for name, old, new in pairs if old != new]
    if moved:
        yield f"versions differ ({', '.join(moved)}): times may move with them, counters must not"


def _machines(a: Result, b: Result) -> Iterator[str]:
    """Return how the machines differ, if they do."""
    if same_machine(a.machine, b.machine):
        return
    sides = (f"{machine.cpu_model}, {machine.cores_logical} cores" for machine in (a.machine, b.machine))
    yield f"other machine ({' → '.join(sides)}): times are shown, not judged; counters are judged"
