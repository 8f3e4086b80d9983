"""How the cost of each variant grows over a swept parameter: for the table, the plot and the gate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kscale.engine.task import SEED
from kscale.judge import rows, seeds
from kscale.judge.rows import WALL
from kscale.measure import fit, stats
from kscale.measure.fit import Growth
from kscale.results.record import Cell, MechanismInfo, Result, VariantRecord

SEEDS = frozenset({SEED, "seed"})  # of the scenario, of a mechanism: numbers that are no amounts
LEAST_SIZES = 2  # of a line
LEAST_FITTED = 3  # of an exponent: two points always lie on a line
TOO_FEW = f"fewer than {LEAST_FITTED} sizes"
SOME_ZERO = "0 at some sizes, where a power says nothing"


@dataclass(frozen=True, slots=True)
class Grown:
    """One variant's cost over one parameter, all other parameters equal, all seeds together."""

    mechanism: str
    variant: str
    metric: str  # a counter, or WALL
    parameter: str
    held: str  # the other parameters, as labels have them, where it is swept at several points of them
    sizes: tuple[float, ...]  # ascending, each once
    costs: tuple[float, ...]  # medians over seeds
    fitted: Growth | None  # None below three sizes, or where costs are 0
    why: str = ""  # there is no fit
    cells: tuple[tuple[Cell, ...], ...] = field(default=(), repr=False)  # of each size, by seed
    per: str = ""  # counter by which a time is divided; empty: time of a whole run

    @property
    def nothing(self) -> bool:
        """Say whether it costs nothing, at any size."""
        return not any(self.costs)


def of_result(result: Result, metric: str | None = None) -> list[Grown]:
    """Return the growth of each variant over each swept amount, of *metric* or of the headline counters."""
    found: list[Grown] = []
    for mechanism in dict.fromkeys(cell.mechanism for cell in result.cells):
        cells = [cell for cell in result.cells if cell.mechanism == mechanism]
        info = rows.described(result, cells[0])
        for one in [metric] if metric is not None else headlines(info):
            found.extend(of_cells(info, cells, one))
    return found


def headlines(info: MechanismInfo) -> list[str]:
    """Return the counters that head a mechanism's table and have a better direction."""
    return [
        name
        for name, one in info.metrics.items()
        if one.headline and (one.kind, one.better) != ("exact", "none")
    ]


def of_cells(info: MechanismInfo, cells: Sequence[Cell], metric: str) -> list[Grown]:
    """Return the growth of *metric* in cells of one mechanism, over each parameter that is an amount.

    Only amounts above 0 are sizes. A parameter has a line for each point of the others at which it takes
    two sizes or more.
    """
    variants = dict.fromkeys(name for cell in cells for name in cell.variants)
    per = _per(info, cells) if metric == WALL else ""
    found: list[Grown] = []
    for parameter in dict.fromkeys(name for cell in cells for name in cell.params):
        lines = list(_lines(cells, parameter))
        for line in lines:
            held = _held(line, parameter) if len(lines) > 1 else ""
            for variant in variants:
                one = _grown(parameter, line, variant, metric, per, held)
                if one is not None:
                    found.append(one)
    return found


def size_of(value: object) -> float | None:
    """Return a parameter's value if it is an amount above 0, which has a logarithm."""
    return (
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None
    )


def cost_of(record: VariantRecord | None, metric: str, per: str) -> float | None:
    """Return what one variant of a cell costs; a time is ns per unit of work. None if it is not known."""
    if record is None:
        return None
    if metric != WALL:
        return record.work.get(metric)
    if record.wall_ns is None or not record.wall_ns.values:
        return None
    return float(rows.amount_of_time(per, record).value)


Line = Mapping[float, Sequence[Cell]]  # the cells of each size, ascending


def _lines(cells: Sequence[Cell], parameter: str) -> Iterator[dict[float, list[Cell]]]:
    """Return the cells of each size of a parameter, apart for each point of the other parameters."""
    if parameter in SEEDS:
        return
    places: dict[tuple[str, str], dict[float, list[Cell]]] = {}
    for cell in cells:
        size = size_of(cell.params.get(parameter))
        if size is not None and cell.variants:
            place = seeds.place_of(cell, parameter)
            places.setdefault(place, {}).setdefault(size, []).append(cell)
    for line in places.values():
        if len(line) >= LEAST_SIZES:
            yield dict(sorted(line.items()))


def _grown(parameter: str, line: Line, variant: str, metric: str, per: str, held: str) -> Grown | None:
    """Return one variant's growth over a line; None if it was measured at fewer than two of its sizes."""
    known = {
        size: [
            (cell, cost)
            for cell in cells
            for cost in (cost_of(cell.variants.get(variant), metric, per),)
            if cost is not None
        ]
        for size, cells in line.items()
    }
    kept = {size: found for size, found in known.items() if found}
    if len(kept) < LEAST_SIZES:
        return None
    every = [(size, cost) for size, found in kept.items() for _, cost in found]
    fitted, why = _fit(every, len(kept))
    return Grown(
        mechanism=next(iter(line.values()))[0].mechanism,
        variant=variant,
        metric=metric,
        parameter=parameter,
        held=held,
        sizes=tuple(kept),
        costs=tuple(stats.median([cost for _, cost in found]) for found in kept.values()),
        fitted=fitted,
        why=why,
        cells=tuple(tuple(cell for cell, _ in found) for found in kept.values()),
        per=per,
    )


def _fit(every: Sequence[tuple[float, float]], sizes: int) -> tuple[Growth | None, str]:
    """Return the power through all points, or why there is none; what never costs anything does not grow."""
    if sizes < LEAST_FITTED:
        return None, TOO_FEW
    costs = [cost for _, cost in every]
    if not any(costs):
        return Growth(exponent=0.0, stderr=0.0, r2=1.0, points=len(every), low=0.0, high=0.0), ""
    if not all(costs):
        return None, SOME_ZERO
    return fit.growth([size for size, _ in every], costs), ""


def _per(info: MechanismInfo, cells: Sequence[Cell]) -> str:
    """Return the counter by which all times of a mechanism are divided: the same for all of them."""
    timed = [record for cell in cells for record in cell.variants.values() if record.wall_ns is not None]
    return rows.counted_per(info.per, timed)


def _held(line: Line, parameter: str) -> str:
    """Return the point of a line in words, without what is swept over it."""
    cell = next(iter(line.values()))[0]
    return seeds.label_without(cell, parameter, SEED)
