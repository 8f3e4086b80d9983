"""Some cells of a result once more, in a fresh process.

A process may be slow for a reason of its own: where its memory landed, what else ran just then. A
gate that found a slower time asks here before it says so.
"""

from collections.abc import Sequence

from kscale.errors import KscaleError
from kscale.measure import parameters, together, turns
from kscale.measure.campaign import Observer
from kscale.measure.plan import PlannedCell
from kscale.measure.remote import Remote, worker
from kscale.measure.timing import Allowance, Settings
from kscale.measure.together import Installation, Side
from kscale.mechanisms import registry
from kscale.results.record import Cell, Result
from kscale.scenario.load import folder_of

CELL_S = 20.0  # for each cell; a slower time is looked at closely
AMPLE = Allowance(share_s=CELL_S, even_s=CELL_S)


def measure(
    results: Sequence[Result], keys: Sequence[str], observer: Observer, base: str | None = None
) -> tuple[Result, ...]:
    """Return *results* with nothing but the cells of *keys*, measured again.

    One result: its variants take turns. Two that were measured together: they take turns again, the
    first by its own interpreter *base*. Two that were not: only the second is measured again.
    KscaleError, saying why, if it cannot be done here: another machine, other code, no interpreter.
    """
    first, head = results[0], results[-1]
    own = [plugin.name for result in results for plugin in result.run.plugins]
    if own:
        raise KscaleError(f"its variants of {own[0]} are not loaded again by themselves")
    planned = [_planned(cell, head) for cell in head.cells if cell.key in keys]
    paired = first is not head and first.run.together is not None and first.run.together == head.run.together
    settings = Settings(budget_s=CELL_S * len(planned))
    if paired:
        if base is None:
            raise KscaleError(f"say with --against PYTHON where the kscale of {first.run.called} is")
        return _in_turns(first, head, base, planned, settings, observer)
    with worker(head.run.called) as ours:
        _check(ours, head)
        ours.build(head.scenario.resolved, folder_of(head.scenario.path))
        cells = [turns.alone(ours, one, settings, observer, AMPLE) for one in planned]
    _same_work(head, cells)
    again = _with(head, cells)
    if first is head:
        return (again,)
    return _with(first, [cell for cell in first.cells if cell.key in keys]), again


def _in_turns(
    first: Result,
    head: Result,
    base: str,
    planned: Sequence[PlannedCell],
    settings: Settings,
    observer: Observer,
) -> tuple[Result, Result]:
    """Return both results with these cells, measured in turns again."""
    sides = (
        Side(Installation(first.run.called, base), first.run.called),
        Side(Installation(head.run.called), head.run.called),
    )
    with worker(first.run.called, base) as theirs, worker(head.run.called) as ours:
        _check(theirs, first)
        _check(ours, head)
    folder = folder_of(head.scenario.path)
    together.measure(sides, planned, head.scenario.resolved, folder, settings, observer)
    kept = [[one.kept() for one in side.opened.values()] for side in sides]
    for result, cells in zip((first, head), kept, strict=True):
        _same_work(result, cells)
    return _with(first, kept[0]), _with(head, kept[1])


def _planned(cell: Cell, result: Result) -> PlannedCell:
    """Return a cell of a result as one to be run."""
    mechanism = registry.find(cell.mechanism)
    try:
        params = parameters.kept(mechanism, cell.params)
    except parameters.ParameterError as error:
        raise KscaleError(f"{result.run.called}: {cell.key}: {error}") from error
    return PlannedCell(mechanism, params, tuple(cell.variants), cell.label)


def _check(remote: Remote, result: Result) -> None:
    """Raise KscaleError if a worker would not make the same measurement as the result's."""
    if remote.code != result.run.code:
        raise KscaleError(f"{remote.name} was measured by another kscale than the one that is here")
    if remote.machine.fingerprint != result.machine.fingerprint:
        raise KscaleError(f"{remote.name} was measured on another machine")


def _same_work(result: Result, cells: Sequence[Cell]) -> None:
    """Raise KscaleError if a cell did other work than the result's: its times would say nothing."""
    digests = {cell.key: cell.digest for cell in result.cells}
    for cell in cells:
        if digests.get(cell.key) != cell.digest:
            raise KscaleError(f"{cell.key} counts something else now than {result.run.called} says")


def _with(result: Result, cells: list[Cell]) -> Result:
    """Return a result of these cells only."""
    return result.model_copy(update={"cells": cells})
