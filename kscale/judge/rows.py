"""One line of a comparison: one metric of one cell, before and after, with its verdict.

Rows hold numbers and no text, so that every output says the same of them.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations

import numpy as np

from kscale.errors import KscaleError
from kscale.judge import verdict
from kscale.judge.verdict import Verdict
from kscale.measure import stats
from kscale.measure.stats import Ratio
from kscale.results.record import Cell, MechanismInfo, MetricInfo, Result, Samples, VariantRecord

WALL = "wall_ns"  # the name of the time of a variant

TIME = MetricInfo(kind="timing", unit="ns", better="lower", provenance="measured", headline=True)
UNDECLARED = MetricInfo(kind="exact", unit="", better="none", provenance="measured")
OTHER_MACHINE = "other machine"
OTHER_WORK = "other work"
APART = "not run side by side"
ONE_PROCESS = "one process on each side: not judged"
Place = tuple[str, str, str, str]  # of a row: mechanism, label, key and variant
NOWHERE: Place = ("", "", "", "")  # filled in by the caller


@dataclass(frozen=True, slots=True)
class Amount:
    """One side of a row, in the metric's unit; times are ns per unit of work."""

    value: float | int
    spread_pct: float | None = None  # half the interquartile range in % of the median; times only


@dataclass(frozen=True, slots=True)
class Times:
    """What a time's row is made of, in ns per unit of work: samples, pair by pair if its ratio is paired.

    Of pairs taken in several processes: the medians of each process.
    """

    a: stats.Floats
    b: stats.Floats


@dataclass(frozen=True, slots=True)
class Middle:
    """How a counter changes over several seeds: medians of each seed's own change, not of both sides."""

    ratio: float  # after over before
    by: float  # after less before


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of one cell, before and after."""

    mechanism: str
    at: str  # the cell's label
    cell: str  # the cell's key
    variant: str  # whose amount is on the right; on both sides if two results are compared
    metric: str
    info: MetricInfo
    a: Amount
    b: Amount
    verdict: Verdict | None
    margin: float = 0.0  # fraction the verdict was given by
    ratio: Ratio | None = None  # of times
    per: str = ""  # counter by which a time is divided; empty: time of a whole run
    notes: tuple[str, ...] = ()
    times: Times | None = field(default=None, repr=False, compare=False)  # of a time
    extrapolated: bool = False  # modelled, in a cell that uses coefficients beyond where they were measured
    middle: Middle | None = None  # of a counter over several seeds, whose medians are its sides

    @property
    def change(self) -> float:
        """Return after over before: the ratio's centre, or that of the counters (infinite from 0)."""
        if self.ratio is not None:
            return self.ratio.value
        if self.middle is not None:
            return self.middle.ratio
        if self.a.value == self.b.value:
            return 1.0
        return float(Fraction(self.b.value) / Fraction(self.a.value)) if self.a.value else math.inf

    @property
    def by(self) -> float:
        """Return after less before, in the metric's unit."""
        return self.b.value - self.a.value if self.middle is None else self.middle.by

    @property
    def label(self) -> str:
        """Return which row it is as people say it, without parameters nobody gave."""
        return f"{self.mechanism}[{self.at}] {self.variant}.{self.metric}"

    @property
    def noisy(self) -> bool:
        """Say whether equal code seems to differ by more than the margin asked for."""
        if self.ratio is None or self.ratio.floor is None:
            return False
        return self.ratio.floor > (verdict.MARGIN if self.ratio.paired else verdict.MARGIN_APART)

    @property
    def severity(self) -> tuple[int, float]:
        """Return a sort key: worst verdict first, then the largest change; what is the same comes last."""
        if self.verdict is Verdict.SAME:
            return len(Verdict) + 1, 0.0  # in the order of the file
        place = len(Verdict) if self.verdict is None else list(Verdict).index(self.verdict)
        return place, -self.size

    @property
    def size(self) -> float:
        """Return how large the change is, on the scale of logarithms; infinite from or to 0."""
        return abs(math.log(self.change)) if self.change > 0 else math.inf

    @property
    def changes(self) -> tuple["Row", ...]:
        """Return this row: a line of a table with one change."""
        return (self,)


def of_cell(info: MechanismInfo, cell: Cell, a: str, b: str) -> Iterator[Row]:
    """Compare variants *a* and *b* of one cell: the time by its pairs, counters by direction."""
    before, after, key = cell.variants[a], cell.variants[b], cell.key
    timing = _paired(info.per, before, after, (cell, cell))
    if timing is not None:
        yield _placed(b, timing, key, cell)
    for name, metric in declared(info, before.work):
        if name in after.work:
            at = (cell.mechanism, cell.label, key, b)
            yield _extrapolated(_counted(at, name, metric, before.work[name], after.work[name]), cell)


def of_cells(
    info: MechanismInfo, a: Cell, b: Cell, *, same_machine: bool, together: bool = False
) -> Iterator[Row]:
    """Compare one cell of two results, variant by variant: counters by equality.

    Times are paired if both results were measured *together*, else they are not.
    """
    key = b.key
    for variant, after in b.variants.items():
        before = a.variants.get(variant)
        if before is None:
            continue
        if together:
            timing = _paired(info.per, before, after, (a, b))
        else:
            timing = _apart(info.per, before, after, (a, b))
        if timing is not None:
            yield _placed(variant, timing if same_machine else unjudged(timing, OTHER_MACHINE), key, b, a)
        for name, metric in declared(info, before.work):
            if name in after.work:
                at = (b.mechanism, b.label, key, variant)
                yield _extrapolated(_repeated(at, name, metric, before.work[name], after.work[name]), b, a)


def unjudged(row: Row, why: str) -> Row:
    """Return a row that is shown without a verdict."""
    return replace(row, verdict=None, notes=(why,))


def described(result: Result, cell: Cell) -> MechanismInfo:
    """Return what the result says of a cell's mechanism; KscaleError if it says nothing."""
    info = result.mechanisms.get(cell.mechanism)
    if info is None:
        raise KscaleError(f"{result.run.id}: cell {cell.key}: its mechanism is not described in the result")
    return info


def declared(info: MechanismInfo, work: Mapping[str, int]) -> Iterator[tuple[str, MetricInfo]]:
    """Return the counters of *work* with their rules, in the order the mechanism declares them."""
    yield from ((name, metric) for name, metric in info.metrics.items() if name in work)
    yield from ((name, UNDECLARED) for name in work if name not in info.metrics)


def amount_of_time(per: str, record: VariantRecord) -> Amount:
    """Return a timed variant's median time in ns per unit of work; of a whole run if *per* is empty."""
    assert record.wall_ns is not None  # noqa: S101 - callers ask for timed variants only
    runs = stats.per_run(record.wall_ns)
    spread = stats.spread_pct(runs) if len(runs) >= stats.FEWEST else None  # of so few it says nothing
    return Amount(stats.median(runs) / _units(per, record), spread)


def counted_per(per: str, records: Iterable[VariantRecord]) -> str:
    """Return by which counter times are divided: *per* if every side counted any, else none of them is."""
    return per if all(record.work.get(per) for record in records) else ""


def _units(per: str, record: VariantRecord) -> int:
    """Return by how many units of work a variant's time is divided; 1 if it did not count them."""
    return max(1, record.work.get(per, 1)) if per else 1


def _placed(variant: str, row: Row, key: str, cell: Cell, *others: Cell) -> Row:
    """Return the row with its place in the result, that of *cell*, by its *key*; *others* are opposite."""
    placed = replace(row, mechanism=cell.mechanism, at=cell.label, cell=key, variant=variant)
    return _extrapolated(placed, cell, *others)


def _extrapolated(row: Row, *cells: Cell) -> Row:
    """Return the row, marked if it is modelled and one of its cells is beyond what was measured."""
    if row.info.provenance == "modelled" and any(one.extrapolated for one in cells):
        return replace(row, extrapolated=True)
    return row


def _timed(record: VariantRecord) -> Samples | None:
    """Return the times of a variant, if it has any that can be divided."""
    samples = record.wall_ns
    return samples if samples is not None and samples.values and min(samples.values) > 0 else None


def _paired(per: str, before: VariantRecord, after: VariantRecord, cells: tuple[Cell, Cell]) -> Row | None:
    """Judge two variants by their pairs; None if either was not timed. Without pairs, as `_apart`."""
    base, other = _timed(before), _timed(after)
    if base is None or other is None:
        return None
    times = _pairs(base, other)
    if not times.a.size:  # two variants that each ran beside the baseline, or beside their like elsewhere
        row = _apart(per, before, after, cells)
        return row and replace(row, notes=(APART, *row.notes))
    return _time_row(per, before, after, stats.paired_ratio(base, other), times)


def _pairs(base: Samples, other: Samples) -> Times:
    """Return both sides' times pair by pair; those of one process are one witness, by their medians."""
    a, b = stats.pair_up(base, other)
    processes = stats.taken_by_process(base, other)
    if not processes:
        return Times(a, b)
    return Times(*(np.array([stats.median(side[one]) for one in processes]) for side in (a, b)))


def _apart(per: str, before: VariantRecord, after: VariantRecord, cells: tuple[Cell, Cell]) -> Row | None:
    """Judge times that were not taken side by side; None if either was not timed.

    The noise floor is that of whatever pairs the two *cells* hold.
    """
    base, other = _timed(before), _timed(after)
    if base is None or other is None:
        return None
    times = Times(stats.per_run(base), stats.per_run(other))
    ratio, floor = stats.unpaired_ratio(times.a, times.b), _floor(*cells)
    noisy = replace(ratio, floor=floor, bias=floor or 0.0)  # no pairs: what may be there must be feared
    return _time_row(per, before, after, noisy, times)


def _time_row(per: str, before: VariantRecord, after: VariantRecord, ratio: Ratio, times: Times) -> Row:
    """Return the row of a time per unit of work."""
    per = counted_per(per, (before, after))
    units = _units(per, before), _units(per, after)
    scale = units[0] / units[1]  # times are shown per unit, so their ratio is per unit too
    if scale != 1.0:
        ratio = replace(ratio, value=ratio.value * scale, low=ratio.low * scale, high=ratio.high * scale)
    margin = verdict.MARGIN if ratio.paired else verdict.MARGIN_APART
    effective = stats.effective_margin(margin, ratio.bias)
    return Row(
        *NOWHERE,
        metric=WALL,
        info=TIME,
        a=amount_of_time(per, before),
        b=amount_of_time(per, after),
        verdict=verdict.of_timing(ratio, effective, margin),
        margin=effective,
        ratio=ratio,
        per=per,
        times=Times(times.a / units[0], times.b / units[1]),
    )


def _work_row(at: Place, name: str, info: MetricInfo, before: int, after: int, found: Verdict | None) -> Row:
    """Return the row of a counter."""
    return Row(*at, name, info, Amount(before), Amount(after), found)


def _counted(at: Place, name: str, info: MetricInfo, before: int, after: int) -> Row:
    """Judge a counter of two variants."""
    if info.kind == "resource":
        return _resource(at, name, info, before, after)
    return _work_row(at, name, info, before, after, verdict.of_choice(before, after, info.better))


def _repeated(at: Place, name: str, info: MetricInfo, before: int, after: int) -> Row:
    """Judge a counter of one variant in two results."""
    if info.kind == "resource":
        return _resource(at, name, info, before, after)
    return _work_row(at, name, info, before, after, verdict.of_repeat(before, after, info.better))


def _resource(at: Place, name: str, info: MetricInfo, before: int, after: int) -> Row:
    """Show a resource; it is sampled once a process, and one process alone is never judged."""
    row = _work_row(at, name, info, before, after, None)
    return replace(row, margin=verdict.MARGIN_RESOURCE, notes=(ONE_PROCESS,))


def _floor(a: Cell, b: Cell) -> float | None:
    """Return the larger noise floor of two cells, from whichever pairs each holds."""
    floors = [floor for cell in (a, b) for floor in _floors(cell)]
    return max(floors, default=None)


def _floors(cell: Cell) -> Iterator[float]:
    """Return the noise floor of each couple of variants that ran side by side."""
    timed = [samples for samples in map(_timed, cell.variants.values()) if samples is not None]
    for one, other in combinations(timed, 2):
        floor, _ = stats.noise_floor(one, other)
        if floor is not None:
            yield floor
