"""Saved simulations, wherever a result may be named: found, shown, drawn."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kscale.cli.output import Outputs
    from kscale.report.plot.runs import Runs
    from kscale.results.simulation import Saved
    from kscale.results.store import Store


FORMATS = ("table", "json", "jsonl", "csv", "markdown")


def find(store: "Store", arguments: "Sequence[str]") -> "tuple[Saved, ...]":
    """Return the simulations that the *arguments* name; none if none of them names one.

    KscaleError if one is damaged, or if some are simulations and others are not.
    """
    from kscale.clusterwide import saved
    from kscale.errors import KscaleError
    from kscale.units import quote

    paths = {argument: _path(store, argument) for argument in arguments}
    found = {argument: path for argument, path in paths.items() if path is not None}
    if not found:
        return ()
    other = next((argument for argument in arguments if argument not in found), None)
    if other is not None:
        one = next(iter(found))
        raise KscaleError(f"{quote(one)} is a simulation and {quote(other)} is not; show them one by one")
    return tuple(saved.load(path) for path in found.values())


def _path(store: "Store", argument: str) -> Path | None:
    """Return the file of a simulation that an argument names; None if it names none."""
    from kscale.errors import KscaleError
    from kscale.results import store as files

    try:
        path = store.find(argument)
    except KscaleError:  # said by who looks for a result next
        return None
    return path if files.is_simulation(path) else None


def save(store: "Store", found: "Saved", *, replace: bool) -> Path:
    """Write a simulation under its name and return the path."""
    from kscale.results import simulations

    return simulations.save(store, found, replace=replace)


def write(found: "Saved", outputs: "Outputs", *, verbose: bool, color: str) -> None:
    """Write the files and print the simulation in the format asked for."""
    from kscale.report import table_simulate
    from kscale.report.export import simulations as documents

    shown = table_simulate.subject(found)
    outputs.write_as(
        lambda name: documents.FORMATS[name](found),
        lambda width: table_simulate.simulate_table(shown, width, verbose=verbose),
        color=color,
    )


def runs(found: "Saved") -> "Runs":
    """Return what is drawn of a simulation: its first and its last run; a timeline has those between too."""
    from kscale.clusterwide import saved
    from kscale.report.plot.runs import Runs

    return Runs.of(saved.runs(found), found.scenario.name, saved.faults_of(found), found.kscale)


def write_timeline(found: "Saved", path: Path) -> None:
    """Write the timeline of every run."""
    from kscale.report import timeline

    timeline.write(runs(found), path)


def draw(simulated: "Sequence[Saved]", kind: str | None, path: Path | None) -> str:
    """Write a picture of a simulation and return what is to be said; KscaleError if there are several."""
    from kscale.errors import KscaleError
    from kscale.report.plot import picture, run_kinds
    from kscale.report.text import clean_prose

    if len(simulated) > 1:
        raise KscaleError(f"a picture is of one simulation, not of {len(simulated)}; name one")
    (found,) = simulated
    name = kind or run_kinds.DEFAULT
    made = run_kinds.picture(name, runs(found))
    where = path or Path(f"{file_name(found.called)}-{name}.png")
    picture.write(made, where)
    return f"wrote {clean_prose(str(where))}: {clean_prose(made.title)}"


def file_name(called: str) -> str:
    """Return a harmless name for a file."""
    import re

    return re.sub(r"[^A-Za-z0-9._-]+", "_", called).lstrip(".-_")[:60] or "kscale"


def broken(found: "Saved") -> list[str]:
    """Return the objectives that the last run breaks, in words."""
    from kscale.clusterwide import saved, words
    from kscale.report import simulate_wording as wording
    from kscale.report.text import clean

    last = saved.runs(found)[-1]
    return [
        f"{clean(words.heading(last.label))}: {wording.objective(one)}: {wording.worst(last.run, one)}"
        for one in last.run.verdicts
        if not one.holds
    ]
