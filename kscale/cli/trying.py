"""Variants that are run to be compared: what `kscale compare baseline mine --plugin FILE` does first."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kscale.cli.sides import Sides
    from kscale.measure.plan import PlannedCell
    from kscale.mechanisms.base import Mechanism
    from kscale.plugins.source import Source
    from kscale.results.store import Store
    from kscale.scenario.load import Loaded

LATEST, SMOKE = "latest", "smoke"
BUDGET_S = 25.0  # for all pairs together, as kscale run takes


def measured(
    names: "Sequence[str]",
    plugins: "Sequence[str]",
    scenario: str | None,
    only: "Sequence[str]",
    *,
    quiet: bool,
    color: str,
) -> "tuple[Sides, str]":
    """Run the plugins' mechanisms with just the variants of these *names*, and save the result.

    The scenario is the latest result's, if it runs these mechanisms, else smoke. Returns the variants as
    sides of a comparison, and a line that says what was run. KscaleError if a name is none of their variants.
    """
    from kscale.measure import machine

    machine.use_jit_cache()  # before anything imports numba
    from kscale.cli import plugged, progress
    from kscale.cli.sides import Sides
    from kscale.judge.side_by_side import Named
    from kscale.measure import campaign
    from kscale.measure.timing import Settings
    from kscale.results.store import Store
    from kscale.units import show_many

    sources, store = plugged.read(plugins), Store.default()
    asked = _asked(plugged.mechanisms(sources), names, sources)
    loaded = _scenario(store, scenario, asked)
    cells = _cells(loaded, plugged.mechanisms(sources), asked, names, only)
    request = campaign.Request(sys.argv[1:], plugins=tuple(one.ref() for one in sources))
    with progress.observer(quiet=quiet, color=color) as observer:
        result = campaign.run(loaded, cells, Settings(budget_s=BUDGET_S), observer, store, request)
    ran = " and ".join(dict.fromkeys(cell.mechanism.id for cell in cells))
    where = f"{loaded.scenario.name}, seed {loaded.scenario.seed}, {show_many(len(cells), 'cell')}"
    by = " and ".join(one.name for one in sources)
    line = f"ran {ran} of {where}, with {by}: {' against '.join(names)}"
    return Sides((Named(result.run.called, result),), tuple(names)), line


def _asked(
    mechanisms: "Sequence[Mechanism]", names: "Sequence[str]", sources: "Sequence[Source]"
) -> "tuple[Mechanism, ...]":
    """Return the mechanisms that have all these variants, one of a plugin among them."""
    from kscale.errors import KscaleError, did_you_mean
    from kscale.units import quote

    own = [one for one in mechanisms if any(variant.own for variant in one.variants.values())]
    found = tuple(one for one in own if set(names) <= set(one.variants))
    by = " and ".join(source.name for source in sources)
    if len(set(names)) < max(2, len(names)):
        raise KscaleError(
            f"compare with --plugin takes two or more variants, such as baseline and one of {by}"
        )
    if not found:
        known = list(dict.fromkeys(name for one in own for name in one.variants))
        lost = next((name for name in names if name not in known), None)
        if lost is None:
            raise KscaleError(f"no mechanism that {by} has variants of has all of {', '.join(names)}")
        raise KscaleError(f"{by}: no variant {quote(lost)}; {did_you_mean(lost, known)}")
    return found


def _scenario(store: "Store", name: str | None, asked: "Sequence[Mechanism]") -> "Loaded":
    """Return the scenario that is named, else the latest result's, if it is there and fits, else smoke."""
    from kscale.errors import KscaleError
    from kscale.scenario import load

    if name is not None:
        return load.load(name)
    try:
        latest = store.load(LATEST)
        loaded = load.load(latest.scenario.path).with_seed(latest.run.seed)
    except KscaleError:
        return load.load(SMOKE)
    runs = loaded.scenario.mechanisms
    return loaded if not runs or any(one.id in runs for one in asked) else load.load(SMOKE)


def _cells(
    loaded: "Loaded",
    mechanisms: "Sequence[Mechanism]",
    asked: "Sequence[Mechanism]",
    names: "Sequence[str]",
    only: "Sequence[str]",
) -> "list[PlannedCell]":
    """Return the scenario's cells of what is *asked*; KscaleError if it has none."""
    from kscale.errors import KscaleError
    from kscale.measure.plan import plan
    from kscale.mechanisms.base import BASELINE

    ids = {one.id for one in asked}
    kept = [cell for cell in plan(loaded, mechanisms, only=only) if cell.mechanism.id in ids]
    if not kept:
        raise KscaleError(
            f"{loaded.where}: does not run {' or '.join(sorted(ids))}; name another with --scenario"
        )
    others = [name for name in names if name != BASELINE]
    return [replace(cell, variants=(BASELINE, *others)) for cell in kept]
