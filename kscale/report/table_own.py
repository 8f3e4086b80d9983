"""What is said of the user's own variants in a run: whose they are, where they lose, where nothing changes.

A result names the plugins that were run, and which variants it has; theirs are those that are not ours.
"""

from collections.abc import Iterator

from rich.text import Text

from kscale.judge import rows, wording
from kscale.judge.rows import Row
from kscale.judge.verdict import Verdict
from kscale.report import cells
from kscale.report.text import clean, paragraph
from kscale.results.record import Cell, Result
from kscale.units import show_counted

OURS = ("baseline", "optimized")  # that others are held against
DIGITS = 12  # of the hash of a plugin


def names(result: Result, mechanism: str) -> tuple[str, ...]:
    """Return the variants of a mechanism that are of the run's plugins."""
    if not result.run.plugins or mechanism not in result.mechanisms:
        return ()
    from kscale.mechanisms.registry import MECHANISMS  # noqa: PLC0415 - it loads the compiler, for a plugin only

    ours = next((one.variants for one in MECHANISMS if one.id == mechanism), {})
    return tuple(name for name in result.mechanisms[mechanism].variants if name not in ours)


def plugins(result: Result, width: int) -> Iterator[Text]:
    """Yield a line that names the plugins, and one for each of their variants that was run."""
    for plugin in result.run.plugins:
        yield from paragraph(f"plugin {clean(plugin.name)} {clean(plugin.sha256[:DIGITS])}", width)
    for mechanism in dict.fromkeys(cell.mechanism for cell in result.cells):
        for name in names(result, mechanism):
            run = [one for one in result.cells if one.mechanism == mechanism and name in one.variants]
            if run:
                what = f"{clean(mechanism)} · {clean(name)}: in {show_counted(len(run), 'cell')}"
                yield from paragraph(f"{what}{_same(run, name)}", width, first="  ", rest="    ")


def _same(run: list[Cell], name: str) -> str:
    """Return in how many cells a variant counts what the baseline does, which leaves no rows to show."""
    same = 0
    for cell in run:
        work, before = cell.variants[name].work, cell.variants[OURS[0]].work
        same += all(before.get(key) == count for key, count in work.items())
    return f", the same work as baseline in {'all' if same == len(run) else f'{same:,}'}" if same else ""


def losses(result: Result, cell: Cell) -> Iterator[str]:
    """Yield where a variant of the user's own is worse than one of ours: in the metrics that are shown."""
    info = result.mechanisms.get(cell.mechanism)
    if info is None:
        return
    for name in names(result, cell.mechanism):
        for before in OURS:
            if {before, name} <= cell.variants.keys():
                worse = [row for row in rows.of_cell(info, cell, before, name) if _loses(row)]
                said = ", ".join(f"{cells.metric_name(row)} {wording.change(row)}" for row in worse)
                if said:
                    yield f"{clean(name)} against {before}: {said}"


def _loses(row: Row) -> bool:
    """Say whether a row that is shown got worse."""
    return row.info.headline and row.verdict is Verdict.WORSE
