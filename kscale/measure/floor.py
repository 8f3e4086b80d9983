"""The machine's own A/A floor: one kernel against itself, timed as a run times two variants."""

from dataclasses import dataclass, replace

from kscale.measure import plan, runner, stats
from kscale.measure.machine import LoadMeter
from kscale.measure.timing import Allowance, Settings
from kscale.mechanisms import registry
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.results.record import MachineLoad
from kscale.scenario import build, load

SECONDS = 2.5
SCENARIO = b"name: doctor\ncluster: {nodes: {count: 1}}\nmechanisms: {etcd-freelist: {free_pages: 10k}}\n"


@dataclass(frozen=True, slots=True)
class Floor:
    """How far equal code seemed to differ."""

    ratio: stats.Ratio
    load: MachineLoad  # what else went on meanwhile


class _Silent:
    """Hears of pairs and says nothing."""

    def pair(self, cell: plan.PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        """Count a pair."""


def measure(seconds: float = SECONDS) -> Floor:
    """Return what a run would say of two variants that are one: etcd's array free list, twice.

    It takes about *seconds*, more where the kernel must be compiled first.
    """
    loaded = load.parse(SCENARIO, "doctor", "doctor")
    mechanism = registry.find("etcd-freelist")
    twice = replace(
        mechanism,
        variants=dict.fromkeys((BASELINE, OPTIMIZED), mechanism.variants[BASELINE]),
        losses=lambda _: (),
    )
    cell = replace(plan.plan(loaded, [mechanism])[0], mechanism=twice)
    settings = Settings(budget_s=seconds, precision=0.0)  # never precise enough to stop before the last pair
    meter = LoadMeter.start()
    found = runner.measure_cell(
        cell, build.build(loaded.scenario), settings, _Silent(), Allowance(seconds, seconds)
    )
    times = [found.variants[name].wall_ns for name in (BASELINE, OPTIMIZED)]
    first, second = (one for one in times if one is not None)
    return Floor(stats.paired_ratio(first, second), meter.stop())
