"""How costs grow, in the table of a sweep: a row for each mechanism, variant and axis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from kscale.judge import growth
from kscale.judge.growth import Grown
from kscale.judge.rows import WALL
from kscale.measure.fit import POOR_FIT
from kscale.report import cells, grid, sweep_words
from kscale.report.grid import Column
from kscale.report.text import clean, paragraph
from kscale.results.record import Result
from kscale.units import show_ratio

NONE = "-"
MOST_ROWS = 16  # more are counted
HOW_READ = "exponent 1: twice the size, twice the cost; 0: it does not grow"


@dataclass(frozen=True, slots=True)
class Row:
    """One variant's growth over one axis, at all points of the others."""

    mechanism: str
    metric: str
    variant: str
    over: str
    span: str
    exponent: str
    interval: str
    note: str = ""
    warned: bool = False


def lines(result: Result, width: int, *, verbose: bool = False) -> Iterator[Text]:
    """Yield how each variant's first headline counter grows over each axis; of *verbose* every one."""
    every = list(rows(result, every=verbose))
    found = every if verbose else every[:MOST_ROWS]
    if not found:
        return
    yield from paragraph(f"growth · {HOW_READ}", width, style="bold")
    yield from _table(found, width)
    if len(every) > len(found):
        yield Text(f"and {len(every) - len(found):,} more rows: --verbose")
    if any(one.warned for one in found):
        told = f"poor fit: a cost is more than {show_ratio(POOR_FIT)} off the line, so no power describes it"
        yield from paragraph(f"{told}; its exponent says little", width, style="yellow")


def rows(result: Result, *, every: bool = False) -> Iterator[Row]:
    """Yield the rows: of times, and of all headline counters or of each mechanism's first."""
    groups: dict[tuple[str, str, str, str], list[Grown]] = {}
    timed = any(one.wall_ns is not None for cell in result.cells for one in cell.variants.values())
    times = growth.of_result(result, WALL) if timed else []
    for one in [*times, *growth.of_result(result)]:
        groups.setdefault((one.mechanism, one.metric, one.parameter, one.variant), []).append(one)
    first = {mechanism: metric for mechanism, metric, *_ in reversed(groups) if metric != WALL}
    for (mechanism, metric, _, _), found in groups.items():
        if every or metric in {first.get(mechanism), WALL}:
            yield _row(result, found)


def exponent(value: float) -> str:
    """Return an exponent: "1.01", "-0.39", "0.00"."""
    shown = f"{value:.2f}"
    return "0.00" if shown == "-0.00" else shown


def interval(low: float, high: float) -> str:
    """Return the interval of an exponent."""
    return f"{exponent(low)} … {exponent(high)}"


def poor(off: float) -> str:
    """Return that a fit is poor, and by how much."""
    return f"poor fit: {show_ratio(off)} off"


def _row(result: Result, found: Sequence[Grown]) -> Row:
    """Return one variant's growth over an axis; over several points of the others, from least to most."""
    first = found[0]
    info = result.mechanisms[first.mechanism]
    modelled = info.metrics[first.metric].provenance if first.metric in info.metrics else "measured"
    name = cells.named(first.metric, first.per)
    fitted = [one.fitted for one in found if one.fitted is not None]
    bad = [one for one in fitted if one.poor]
    exponents = [one.exponent for one in fitted]
    low, high = (min(exponents), max(exponents)) if exponents else (0.0, 0.0)
    one = fitted[0] if len(fitted) == 1 else None
    several = len(fitted) > 1 and exponent(low) != exponent(high)
    of = len(found)
    notes = [f"at {of:,} points"] if of > 1 else []
    notes += [first.why] if not fitted else []
    notes += [f"no exponent at {of - len(fitted):,}"] if 0 < len(fitted) < of else []
    notes += ["costs nothing"] if all(grown.nothing for grown in found) else []
    if bad:
        worst = poor(max(fit.off for fit in bad))
        notes.append(f"{worst} at {len(bad):,}" if of > 1 else worst)
    return Row(
        mechanism=clean(first.mechanism),
        metric=name if modelled == "measured" else f"{name} ({modelled})",
        variant=clean(first.variant),
        over=sweep_words.parameter(first.parameter),
        span=_span(found),
        exponent=(interval(low, high) if several else exponent(low)) if fitted else NONE,
        interval=interval(one.low, one.high) if one is not None and one.has_interval else "",
        note="; ".join(notes),
        warned=bool(bad),
    )


def _span(found: Sequence[Grown]) -> str:
    """Return the sizes, from the least to the most."""
    sizes = [size for one in found for size in one.sizes]
    name = found[0].parameter
    return f"{sweep_words.value(name, min(sizes))} … {sweep_words.value(name, max(sizes))}"


def _table(found: Sequence[Row], width: int) -> Iterator[Text]:
    """Yield rows in columns; where those do not fit, under a heading each metric, or as sentences."""
    places = [
        Column("mechanism", [Text(one.mechanism) for one in found], name=True),
        Column("metric", [Text(one.metric) for one in found], name=True),
    ]
    columns = [
        Column("variant", [Text(one.variant) for one in found], name=True),
        Column("over", [Text(one.over) for one in found], name=True),
        Column("from … to", [Text(one.span) for one in found]),
        Column("exponent", [Text(one.exponent) for one in found], right=True),
        Column("95 % interval", [Text(one.interval) for one in found]),
        Column("", [Text(one.note, "yellow" if one.warned else "dim") for one in found], name=True),
    ]
    columns = [column for column in columns if any(cell.plain for cell in column.cells)]
    widths = grid.fitted([*places, *columns], width)
    if widths is not None:
        yield grid.titles([*places, *columns], widths)
        for number in range(len(found)):
            yield from grid.row([*places, *columns], number, widths)
        return
    widths = grid.fitted(columns, width - grid.GAP)
    if widths is None:
        yield from _sentences(found, width)
    else:
        yield from grid.under([f"{one.mechanism} · {one.metric}" for one in found], columns, widths)


def _sentences(found: Sequence[Row], width: int) -> Iterator[Text]:
    """Yield a sentence for each row."""
    for one in found:
        yield from paragraph(_sentence(one), width, rest="  ", style="yellow" if one.warned else "")


def _sentence(one: Row) -> str:
    """Return a row where columns do not fit."""
    sure = f" [{one.interval}]" if one.interval else ""
    note = f"; {one.note}" if one.note else ""
    place = f"{one.mechanism} · {one.metric}, {one.variant} over {one.over} {one.span}"
    return f"{place}: exponent {one.exponent}{sure}{note}"
