"""What `kscale calibrate etcd` prints: coefficients beside the profile's, and how well points are predicted.

Errors are of points that were kept back from the fit, each one and their median; `!` is above the goal,
`*` a prediction beyond what was fitted.
"""

import json
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import yaml
from rich.text import Text

from kscale import units
from kscale.calibrate.coefficients import Stated
from kscale.calibrate.cost_file import CostFile
from kscale.calibrate.record import GOAL_PCT, Calibration, Family, Measured
from kscale.report import grid
from kscale.report.grid import GAP, Column
from kscale.report.text import clean, joined, paragraph
from kscale.results.record import BUSY_PCT

INDENT = " " * GAP
HEADS = ("coefficient", "family")  # titles of columns of names
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")  # needs no quotes in YAML, unless it is no text there
ONE_DECIMAL = 9.95  # per cent below which an error has one


def table(file: CostFile, written: Path | None, width: int, *, verbose: bool = False) -> Text:
    """Return all of it for *width* columns; *written*: None if that failed; *verbose*: every point too."""
    made = file.calibration
    lines = [
        *paragraph(_head(made), width, style="bold"),
        *_busy(made, width),
        Text(),
        *_coefficients(file, width),
        Text(),
        *_families(made, width),
        *(_points(made, width) if verbose else ()),
        Text(),
        *_left(made, width),
        *_closing(made, written, width),
    ]
    return joined(lines)


def _head(made: Calibration) -> str:
    """Return what was measured, where and for how long."""
    disk = f", {made.machine.file_system}" if made.machine.file_system else ""
    quick = ", quick plan" if made.plan == "quick" else ""
    took = f"{made.seconds:.0f} s of {made.budget_s:.0f} s{quick}"
    taken = "; taken to be here for its address" if made.endpoint == "local" else ""
    return f"{made.etcd} {made.where}{disk}, {made.date}: {took}{taken}"


def _busy(made: Calibration, width: int) -> Iterator[Text]:
    """Yield a warning if others used the machine meanwhile."""
    other = made.machine.other_cpu_pct
    if other is not None and other >= BUSY_PCT:
        said = f"others used {other:.0f} % of a core meanwhile: times and errors are worse than they could be"
        yield from paragraph(said, width, style="yellow")


def _coefficients(file: CostFile, width: int) -> Iterator[Text]:
    """Yield the table of coefficients."""
    known = file.extends.coefficients
    stated = [(one, known[one.meant.name].value) for one in file.stated]
    columns = [
        Column("", [Text(_marks(one), "red") for one, _ in stated]),
        Column("coefficient", [Text(one.meant.name) for one, _ in stated], name=True),
        Column("measured", [Text(f"{one.value:,}", "bold") for one, _ in stated], right=True),
        Column("range", [Text(f"{one.low:,} to {one.high:,}", "dim") for one, _ in stated], right=True),
        Column("unit", [Text(clean(one.meant.unit)) for one, _ in stated]),
        Column(file.extends.name, [Text(f"{value:,}") for _, value in stated], right=True),
        Column("factor", [Text(_factor(one.value, value)) for one, value in stated], right=True),
    ]
    yield from _grid(columns, width)
    yield from paragraph(
        "range: of the fit over resampled settings and repeats, widened by what its formula misses;"
        " ! from a family whose error is above the goal; ~ partial, its experiment was cut off",
        width,
        style="dim",
    )


def _marks(one: Stated) -> str:
    """Return what is to be known of a coefficient, a character each."""
    marks = {"!": one.above_goal, "~": one.cut}
    return "".join(mark for mark, holds in marks.items() if holds)


def _factor(ours: int, profile: int) -> str:
    """Return how many times the profile's value was measured."""
    return units.show_ratio(Fraction(ours, profile)) if profile else "-"


def _families(made: Calibration, width: int) -> Iterator[Text]:
    """Yield the table of families: how many points, and the error of each one kept back."""
    known = [(name, one) for name, one in made.families.items() if one.formula is not None]
    columns = [
        Column("", [Text("!" if _above(one) else "", "red") for _, one in known]),
        Column("family", [Text(clean(name)) for name, _ in known]),
        Column("fitted", [Text(str(_fitted(one))) for _, one in known], right=True),
        Column("held out", [Text(str(one.held)) for _, one in known], right=True),
        Column(
            "error",
            [Text(_percent(one.held_out_error_pct), "red" if _above(one) else "bold") for _, one in known],
            right=True,
        ),
        Column("worst", [Text(_percent(one.worst_error_pct)) for _, one in known], right=True),
        Column("of each point held out, %", [Text(_each(one), "dim") for _, one in known], name=True),
    ]
    yield from _grid(columns, width)
    judged = [one for _, one in known if one.held_out_error_pct is not None]
    good = sum(not _above(one) for one in judged)
    yield from paragraph(
        f"error: median of points kept back from the fit, goal {GOAL_PCT:.0f} %: {good} of {len(judged)}"
        " families hold it, ! does not; * is of a setting beyond the fitted ones, kept back to show how far"
        " the formula reaches: not in the median; - nothing could be kept back",
        width,
        style="dim",
    )


def _above(one: Family) -> bool:
    """Return whether a family's error is above the goal."""
    return one.held_out_error_pct is not None and one.held_out_error_pct > GOAL_PCT


def _fitted(one: Family) -> int:
    """Return how many points a family was fitted to."""
    return sum(point.predicted is not None and not point.held_out for point in one.points)


def _percent(error: float | None) -> str:
    """Return an error, or that there is none."""
    return "-" if error is None else f"{error:.1f} %"


def _each(one: Family) -> str:
    """Return the error of each point that was kept back."""
    return " ".join(_off(point) for point in one.points if point.held_out)


def _off(point: Measured) -> str:
    """Return how far a prediction is off: "+12", "-3.4*"."""
    if point.error_pct is None:
        return "?"
    digits = 1 if abs(point.error_pct) < ONE_DECIMAL else 0
    return f"{point.error_pct:+.{digits}f}{'*' if point.extrapolated else ''}"


def _points(made: Calibration, width: int) -> Iterator[Text]:
    """Yield every point with what its formula gives, by family."""
    for name, family in made.families.items():
        yield Text()
        said = f"{name}, {family.unit}" + (f" = {family.formula}" if family.formula else ": not predicted")
        yield from paragraph(said, width, style="bold")
        for term, one in family.coefficients.items():
            low, high = one.range
            said = f"{term}: {_number(one.value)} {one.unit}, {_number(low)} to {_number(high)}"
            yield from paragraph(said, width, first=INDENT, rest=INDENT * 2, style="dim")
        columns = [
            *(_at(family.points, key) for key in family.points[0].at),
            Column("measured", [Text(_number(one.measured), "bold") for one in family.points], right=True),
            Column("least", [Text(_least(one), "dim") for one in family.points], right=True),
            Column("most", [Text(_most(one), "dim") for one in family.points], right=True),
            Column("predicted", [Text(_predicted(one)) for one in family.points], right=True),
            Column(
                "error, %",
                [Text(_off(one) if one.error_pct is not None else "") for one in family.points],
                right=True,
            ),
            Column("", [Text("held out" if one.held_out else "") for one in family.points]),
        ]
        yield from _grid(columns, width)


def _at(points: Sequence[Measured], key: str) -> Column:
    """Return the column of a part of the settings."""
    return Column(clean(key).replace("_", " "), [Text(_number(one.at[key])) for one in points], right=True)


def _least(one: Measured) -> str:
    """Return the least of the repeats, or that there were none."""
    return _number(one.low) if one.repeats > 1 else "once"


def _most(one: Measured) -> str:
    """Return the most of the repeats."""
    return _number(one.high) if one.repeats > 1 else ""


def _predicted(one: Measured) -> str:
    """Return what the formula gives, if it does."""
    return "" if one.predicted is None else _number(one.predicted)


def _number(value: float) -> str:
    """Return three digits, whole parts in full."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def _left(made: Calibration, width: int) -> Iterator[Text]:
    """Yield what was not measured, and which coefficients stay, with the reason."""
    for done in made.experiments:
        if done.left_out is not None:
            said = f"left out: {done.title}: {done.left_out}"
            yield from paragraph(said, width, rest=INDENT, style="yellow")
    for one in made.left:
        yield from paragraph(f"as in the profile: {one.name}: {one.why}", width, rest=INDENT, style="dim")


def _closing(made: Calibration, written: Path | None, width: int) -> Iterator[Text]:
    """Yield what to write into a scenario, as lines of YAML that can be copied: none of them is wrapped."""
    yield Text()
    if made.endpoint is not None:
        said = "our keys are deleted there; its file keeps its size until it is defragmented"
        yield from paragraph(said, width, style="dim")
    if written is None:
        return
    path, said = _beside(written)
    yield from paragraph(f"wrote {written}; {said}:", width)
    yield Text(f"costs: {path}", style="cyan")
    if made.fsync_ns is not None:
        yield from _fsync(made.fsync_ns, made.put_ns, width)


def _beside(written: Path) -> tuple[str, str]:
    """Return a file as a scenario in the present folder names it, in YAML; and what to know of that path."""
    here, folder = Path.cwd().resolve(), written.parent.resolve()
    if not folder.is_relative_to(here):  # no scenario names what is outside its own folder
        return _quoted(written.name), "copy it into the folder of the scenario, and write there"
    path = folder.relative_to(here) / written.name
    return _quoted(path.as_posix()), "in a scenario of this folder (the path starts at the scenario's own)"


def _quoted(name: str) -> str:
    """Return a name as YAML reads it back."""
    return name if _PLAIN.fullmatch(name) and yaml.safe_load(name) == name else json.dumps(name)


def _fsync(fsync_ns: float, put_ns: float | None, width: int) -> Iterator[Text]:
    """Yield the fsync for a scenario; that there is none, if a part would be more than the whole put."""
    fsync = exact_fsync(fsync_ns)
    if put_ns is not None and fsync_ns >= put_ns:
        said = (
            f"no fsync to write down: etcd's own clock gives {fsync} for a flush, which is part of a put, and"
            f" a put took {units.show_ns(round(put_ns))}; both are means, of a disk that is uneven"
        )
        yield from paragraph(said, width, first="# ", rest="# ", style="yellow")
        return
    whole = f"; a whole put takes {units.show_ns(round(put_ns))} on average, by one member" if put_ns else ""
    said = f"a flush on average with one put in flight, by etcd's own clock{whole}"
    yield from paragraph(said, width, first="# ", rest="# ", style="cyan")
    yield Text(f"control_plane: {{etcd: {{fsync: {fsync}}}}}", style="cyan")


def exact_fsync(ns: float) -> str:
    """Return a duration as a scenario has it, to the microsecond: "340us"."""
    return units.exact_duration(max(1000, round(ns / 1000) * 1000))


def _grid(columns: Sequence[Column], width: int) -> Iterator[Text]:
    """Yield a table; where its numbers do not fit, a few lines for each row."""
    rows = len(columns[0].cells)
    widths = grid.fitted(columns, width) if rows else None
    if widths is None:
        for number in range(rows):
            yield from _stacked(columns, number, width)
        return
    yield grid.titles(columns, widths)
    for number in range(rows):
        yield from grid.row(columns, number, widths)


def _stacked(columns: Sequence[Column], number: int, width: int) -> Iterator[Text]:
    """Yield a row where it does not fit on a line: its name, below that what is known of it."""
    head = [column.cells[number].plain for column in columns if column.title in {"", *HEADS}]
    if any(column.title in HEADS for column in columns):
        yield from paragraph(" ".join(filter(None, head)), width, rest=INDENT, style="bold")
        columns = [column for column in columns if column.title not in {"", *HEADS}]
    parts = [
        f"{column.title} {column.cells[number].plain}".strip()
        for column in columns
        if column.cells[number].plain
    ]
    yield from paragraph(" · ".join(parts), width, first=INDENT, rest=INDENT)
