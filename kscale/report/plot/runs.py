"""Simulations that are drawn: one, or one before and one after, and what each is called and looks like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kscale.clusterwide import toggles, words
from kscale.clusterwide.record import Simulated
from kscale.clusterwide.saved import Labelled
from kscale.report.plot import names, style
from kscale.report.plot.asked import BASELINE, OPTIMIZED
from kscale.report.text import clean
from kscale.scenario.cluster import Fault
from kscale.units import show_count, show_many, show_ns, show_percent

LATER = ("before", "after")
NAME = 60  # columns of what a set is called
STAGES: Mapping[str, str] = {  # of LIFE, by the name of the later one
    "stored": "create request",
    "seen": "watch to the scheduler",
    "scheduled": "queue and scheduling",
    "bound": "binding",
    "assigned": "watch to the kubelet",
    "running": "containers start",
    "known": "status to a client",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One run in a picture."""

    name: str  # harmless and short
    run: Simulated
    look: style.Look
    line: object  # matplotlib's line style: what tells lines apart without colours


@dataclass(frozen=True, slots=True)
class Runs:
    """What is to be drawn."""

    before: Simulated
    after: Simulated | None
    name: str  # of the scenario
    faults: tuple[Fault, ...] = ()
    kscale: str = ""  # its version
    labels: tuple[str, ...] = ()  # what the sets of optimizations were asked for as: none, today ...
    between: tuple[tuple[str, Simulated], ...] = ()  # further runs with their labels: no picture has them

    @classmethod
    def of(
        cls, labelled: Sequence[Labelled], name: str, faults: tuple[Fault, ...] = (), kscale: str = ""
    ) -> "Runs":
        """Return what is drawn of one run or more: the first and the last."""
        first, *more = labelled
        return cls(
            first.run,
            more[-1].run if more else None,
            name,
            faults,
            kscale,
            tuple(one.label for one in labelled),
            tuple((one.label, one.run) for one in more[:-1]),
        )

    @property
    def drawn(self) -> tuple[Drawn, ...]:
        """Return the runs with a name and a look of their own."""
        baseline, optimized = (style.looks((one,))[one] for one in (BASELINE, OPTIMIZED))
        if self.after is None:
            look = optimized if self.before.toggles else baseline
            return (Drawn(called(self.before, *self.labels[:1]), self.before, look, "-"),)
        labels = self.labels or ("", "")
        said = [called(self.before, labels[0]), called(self.after, labels[-1])]
        if said[0] == said[1]:
            said = [f"{name}, {when}" for name, when in zip(said, LATER, strict=True)]
        return (
            Drawn(said[0], self.before, baseline, "-"),
            Drawn(said[1], self.after, optimized, (0, (4, 1.6))),
        )

    @property
    def every(self) -> tuple[Drawn, ...]:
        """Return all runs in their order, those between the first and the last too."""
        first, *last = self.drawn
        more = [Drawn(called(run, label), run, first.look, "-") for label, run in self.between]
        return (first, *more, *last)

    @property
    def longest_ns(self) -> int:
        """Return the virtual time at which the last run ends."""
        return max(1, *(one.run.ended_ns for one in self.drawn))


def called(run: Simulated, label: str = "") -> str:
    """Return what a set of optimizations is called in a sentence; *label* is what was asked for, if known."""
    return names.clipped(words.chosen(clean(label or toggles.shown(frozenset(run.toggles)))), NAME)


def station(name: str) -> str:
    """Return what a station is called beside an axis."""
    return words.STATIONS.get(name, names.short(name)).removeprefix("the ")


def facts(runs: Runs) -> str:
    """Return what was simulated, and that it is modelled."""
    run = runs.before
    ends = [
        f"{one.name} ended at {show_ns(one.run.ended_ns)}: {names.short(one.run.stopped, 60)}"
        for one in runs.drawn
        if one.run.stopped
    ]
    parts = (
        f"{names.short(runs.name)}, seed {run.seed}",
        f"{show_many(run.nodes, 'node')}, {show_count(run.pods)} pods",
        f"{show_ns(run.duration_ns)} of virtual time",
        "modelled from named coefficients",
        *ends,
        _left_out(len(runs.between)),
        f"kscale {names.short(runs.kscale)}" * bool(runs.kscale),
    )
    return " · ".join(part for part in parts if part)


def _left_out(count: int) -> str:
    """Return that so many runs are not drawn; nothing for none."""
    return f"{show_many(count, 'run')} between {'is' if count == 1 else 'are'} not drawn" if count else ""


def fault_end(one: Fault, run: Simulated) -> int | None:
    """Return when a fault is over in a run; None for one that does not last.

    Servers restart one after the other, each for its time. With apiserver-balance the new ones are up before.
    """
    if one.kind != "apiserver-restart":
        return one.at_ns + one.lasts_ns if one.lasts_ns else None
    if "apiserver-balance" in run.toggles or not one.lasts_ns:
        return None
    return one.at_ns + one.lasts_ns * min(one.count, run.settings.get("apiservers", one.count))


def fault(one: Fault) -> str:
    """Return what went wrong, and when."""
    lasts = f" for {show_ns(one.lasts_ns)}" if one.lasts_ns else ""
    many = f" of {one.count}, one after the other" if one.count > 1 else ""
    said = {
        "apiserver-restart": f"API server restart{many}{lasts}{' each' * bool(many and lasts)}",
        "etcd-member-loss": f"etcd member lost{lasts}",
        "partition": f"zone {one.zone} cut off{lasts}",
        "controller-crash": "controller manager crash",
        "kubelet-restart": f"{show_percent(Fraction(one.share_ppm, 1_000_000))} of kubelets restart",
    }
    return f"{said.get(one.kind, names.short(one.kind))} at {show_ns(one.at_ns)}"
