"""Shards of one sweep to the result that a single machine would have given."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kscale.engine import shard
from kscale.errors import KscaleError, listed
from kscale.results.record import Cell, Machine, MachineLoad, MechanismInfo, Result, SweepRef
from kscale.units import quote


class _Part(NamedTuple):
    """A shard, and what its file is called."""

    name: str
    result: Result
    sweep: SweepRef
    number: int  # from 1
    of: int


# What shards of one sweep have in common, as complaints call what differs.
_ALIKE: tuple[tuple[str, Callable[[_Part], object]], ...] = (
    ("another kscale", lambda one: one.result.run.kscale),
    ("another number of shards", lambda one: one.of),
    ("another scenario", lambda one: (one.result.scenario.sha256, one.result.scenario.resolved)),
    ("other axes", lambda one: one.sweep.over),
    ("other seeds", lambda one: (one.result.run.seed, one.sweep.seeds)),
    ("other plugins", lambda one: one.result.run.plugins),
    ("other code of kscale", lambda one: one.result.run.code),
    ("another plan", lambda one: (one.sweep.plan, one.sweep.cells, one.result.run.quick)),
)


def merge(shards: Sequence[Result], names: Sequence[str]) -> Result:
    """Return all cells in the order of the sweep.

    KscaleError, naming the files, if a shard is there twice or missing, if one was interrupted, or if they
    are not of one sweep: another scenario, other axes or seeds, another kscale. Also if they are timed and
    were run on unlike machines: a result tells of one.

    The run's id and start are those of the shard that began last, its seconds those of all; where shards
    were counted on several machines, the machine is the first one's.
    """
    parts = [_part(one, name) for one, name in zip(shards, names, strict=True)]
    if not parts:
        raise KscaleError("no shard is given")
    _check_alike(parts)
    ordered = _complete(parts)
    first = ordered[0].result
    cells = _in_order(ordered)
    newest = max((one.result.run for one in ordered), key=lambda run: run.started)
    engines = sorted({one.sweep.engine for one in ordered})
    run = newest.model_copy(
        update={
            "name": None,
            "seconds": round(sum(one.result.run.seconds for one in ordered), 3),
            "peak_rss_bytes": max(one.result.run.peak_rss_bytes for one in ordered),
            "sweep": ordered[0].sweep.model_copy(update={"shard": None, "engine": ", ".join(engines)}),
        }
    )
    return first.model_copy(
        update={
            "run": run,
            "git": first.git if all(one.result.git == first.git for one in ordered) else None,
            "machine": _machine(ordered),
            "load": _load([one.result.load for one in ordered]),
            "mechanisms": _mechanisms(ordered, cells),
            "cells": cells,
        }
    )


def _part(result: Result, name: str) -> _Part:
    """Return a shard; KscaleError if the result is none."""
    sweep = result.run.sweep
    if sweep is None:
        raise KscaleError(f"{name}: is not of a sweep; shards come from kscale sweep ... --shard 1/8")
    if sweep.shard is None:
        raise KscaleError(f"{name}: is a whole sweep, not a shard of one: there is nothing to merge")
    try:
        number, of = shard.parse(sweep.shard)
    except KscaleError:
        raise KscaleError(f"{name}: damaged: {quote(sweep.shard)} is no shard") from None
    return _Part(name, result, sweep, number, of)


def _check_alike(parts: Sequence[_Part]) -> None:
    """Raise KscaleError if the shards are of several sweeps."""
    first = parts[0]
    for what, of in _ALIKE:
        wanted = of(first)
        other = next((one for one in parts if of(one) != wanted), None)
        if other is None:
            continue
        detail = f": {quote(of(other))} and {quote(wanted)}" if isinstance(wanted, str | int) else ""
        raise KscaleError(f"{other.name}: {what} than {first.name}{detail}; they are not of one sweep")


def _complete(parts: Sequence[_Part]) -> list[_Part]:
    """Return the shards by number; KscaleError if one is there twice, is missing or was cut short."""
    there: dict[int, _Part] = {}
    for one in parts:
        if one.number in there:
            twice = f"{one.number}/{one.of}"
            raise KscaleError(
                f"{there[one.number].name} and {one.name} are both shard {twice}; leave one out"
            )
        there[one.number] = one
    of = parts[0].of
    missing = [f"{number}/{of}" for number in range(1, of + 1) if number not in there]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise KscaleError(f"shard {listed(missing)} {verb} missing: {len(there)} of {of} are given")
    ordered = [there[number] for number in range(1, of + 1)]
    for one in ordered:
        have, wanted = len(one.result.cells), len(range(one.number - 1, one.sweep.cells, of))
        which = f"{one.name}: shard {one.number}/{of}"
        if one.result.run.status != "complete" or have < wanted:
            cut = f"was interrupted: {have} of {wanted} cells"
            raise KscaleError(f"{which} {cut}; its command, typed again, goes on with it")
        if have > wanted:
            raise KscaleError(f"{which}: damaged: it has {have} cells, its part of the sweep is {wanted}")
    return ordered


def _in_order(ordered: Sequence[_Part]) -> list[Cell]:
    """Return the cells as the sweep has them; KscaleError if two shards have the same one."""
    of, total = len(ordered), ordered[0].sweep.cells
    cells: list[Cell] = []
    holders: dict[str, str] = {}
    for at in range(total):
        one = ordered[at % of]
        cell = one.result.cells[at // of]
        if cell.key in holders:
            raise KscaleError(f"{one.name}: damaged: {cell.key} is in {holders[cell.key]} too")
        holders[cell.key] = one.name
        cells.append(cell)
    return cells


def _machine(ordered: Sequence[_Part]) -> Machine:
    """Return the machine; KscaleError if times of several unlike ones were to stand in one result."""
    first = ordered[0]
    other = next(
        (one for one in ordered if one.result.machine.fingerprint != first.result.machine.fingerprint), None
    )
    if other is not None and any(_is_timed(one.result) for one in ordered):
        raise KscaleError(
            f"{other.name}: timed on another machine than {first.name}: {_told(other.result.machine)} and "
            f"{_told(first.result.machine)}; only counters can be merged across machines"
        )
    return first.result.machine


def _told(machine: Machine) -> str:
    """Return a machine in a few words."""
    return f"{quote(machine.cpu_model)}, {machine.cores_logical} cores"


def _is_timed(result: Result) -> bool:
    """Say whether a result has times."""
    return any(one.wall_ns is not None for cell in result.cells for one in cell.variants.values())


def _load(loads: Sequence[MachineLoad]) -> MachineLoad:
    """Return what else the machines were doing: at the first and the last shard, and at worst."""
    return MachineLoad(
        before=loads[0].before,
        after=loads[-1].after,
        steal_pct=max(one.steal_pct for one in loads),
        other_cpu_pct=max(one.other_cpu_pct for one in loads),
    )


def _mechanisms(ordered: Sequence[_Part], cells: Sequence[Cell]) -> dict[str, MechanismInfo]:
    """Return what the shards say of their mechanisms, in the order of the cells.

    KscaleError if two say different things.
    """
    found: dict[str, tuple[MechanismInfo, str]] = {}
    for one in ordered:
        for name, info in one.result.mechanisms.items():
            kept, holder = found.setdefault(name, (info, one.name))
            if kept is not info and kept != info:
                raise KscaleError(f"{one.name}: damaged: it tells of {quote(name)} otherwise than {holder}")
    names = dict.fromkeys([*(cell.mechanism for cell in cells), *found])
    return {name: found[name][0] for name in names if name in found}
