"""The page about simulations: what each came to, pictures, numbers, and the coefficients behind them."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from kscale.clusterwide import saved, words
from kscale.report import coefficients, simulate_rows, svg, table_simulate
from kscale.report import simulate_wording as wording
from kscale.report.page import render
from kscale.report.page.view import Meaning, Picture, Raw
from kscale.report.plot import run_kinds
from kscale.report.plot.asked import NothingToDraw
from kscale.report.plot.runs import Runs
from kscale.report.simulate_rows import Group
from kscale.report.text import clean, clean_prose
from kscale.results import simulations
from kscale.results.simulation import Saved
from kscale.units import show_bytes, show_many

SHOWN = 4  # groups above the fold: objectives, latency, stations, volumes
LEGEND = (
    ("objective", "An official one of Kubernetes, of the worst five minutes: ✓ kept, x broken."),
    ("not answered", "When the run ended, or it was given up: so often that no figure would be true."),
    ("> 4 s", "P90, where P99 was not answered."),
    ("!", "The station that limits most in that run."),
    ("used", "Share of a station's capacity over the run; of etcd's quota the most that was full."),
    ("most inside", "At once: those being worked on, and those that wait."),
    ("baseline, optimized", "With none and with all of the optimizations on."),
    ("change", "From the first run to the last; below 5 % it is called neither better nor worse."),
    (
        "range",
        "Lowest and highest over runs with coefficients drawn within their ranges, half below their value.",
    ),
)


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the page says of one."""

    id: str
    name: str
    finding: str
    head: str
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    groups: tuple[Group, ...]
    further: tuple[Group, ...]
    losses: tuple[str, ...]
    pictures: tuple[Picture, ...]
    costs: tuple[Meaning, ...]
    costs_said: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page."""

    title: str
    finding: str
    modelled: str
    simulations: tuple[Simulation, ...]
    legend: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]
    raw: tuple[Raw, ...]


def page(found: Sequence[Saved]) -> str:
    """Return the HTML of a page about one simulation or more."""
    return render.filled("simulations.html.j2", view(found))


def view(found: Sequence[Saved]) -> Page:
    """Return everything the page says, as text."""
    shown = tuple(_simulation(one, number) for number, one in enumerate(found, 1))
    return Page(
        title=" · ".join(dict.fromkeys(one.name for one in shown)),
        finding=shown[0].finding,
        modelled=table_simulate.modelled(table_simulate.subject(found[0])).removeprefix("modelled: "),
        simulations=shown,
        legend=LEGEND,
        commands=tuple(_command(one) for one in found if one.made is not None),
        raw=tuple(_raw(one, number) for number, one in enumerate(found, 1)),
    )


def _simulation(found: Saved, number: int) -> Simulation:
    """Return what is said of one simulation."""
    subject = table_simulate.subject(found)
    groups = simulate_rows.groups(subject.runs, draws=subject.draws, verbose=True)
    above = simulate_rows.groups(subject.runs, draws=subject.draws)
    return Simulation(
        id=f"simulation-{number}",
        name=clean(found.called),
        finding=wording.finding(subject.runs, subject.draws),
        head=wording.head(subject.name, subject.runs[0].run),
        notes=tuple(wording.notes(subject.runs, subject.faults)),
        columns=tuple(clean(words.heading(one.label)) for one in subject.runs),
        groups=above,
        further=tuple(group for group in groups if group not in above),
        losses=simulate_rows.losses(above),
        pictures=tuple(_pictures(found)),
        costs=tuple(_costs(found)),
        costs_said=f"{clean(found.called)}: {show_many(len(found.costs), 'coefficient')}",
    )


def _pictures(found: Saved) -> Iterator[Picture]:
    """Yield the pictures of a simulation's first and last run, those for which there is something to draw."""
    asked = Runs.of(saved.runs(found), found.scenario.name, saved.faults_of(found), found.kscale)
    for kind in run_kinds.KINDS:
        try:
            made = svg.fragment(run_kinds.picture(kind, asked))
        except NothingToDraw:
            continue
        yield Picture(kind, made.title, made.caption, Markup(made.svg))  # noqa: S704 - our own SVG, its text escaped


def _costs(found: Saved) -> Iterator[Meaning]:
    """Yield each coefficient that the times may stand on."""
    for name, cost in found.costs.items():
        said = f"{coefficients.amount(cost)}, {coefficients.origin(cost)}"
        yield Meaning(clean(name), clean_prose(cost.about), said)


def _command(found: Saved) -> tuple[str, str]:
    """Return what makes a simulation again."""
    argv = found.made.argv if found.made else []
    return clean(found.called), " ".join(shlex.quote(clean_prose(part)) for part in ("kscale", *argv))


def _raw(found: Saved, number: int) -> Raw:
    """Return a simulation as JSON."""
    text = simulations.dumps(found)
    return Raw(
        id=f"record-{number}",
        name=clean(found.called),
        file=f"{re.sub('[^A-Za-z0-9._-]', '_', clean(found.called))}.json",
        said=f"{show_many(len(found.runs), 'run')}, {show_bytes(len(text))}",
        json=render.embedded(text),
    )
