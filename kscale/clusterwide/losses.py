"""Where the optimizations lose in a whole cluster: what rose, and objectives that only they break."""

from collections.abc import Callable, Mapping

from kscale import units
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Work

PPM = 1_000_000
NOTABLE = 1.05  # times; less is noise of the order in which things happen


def _share(ppm: int) -> str:
    """Return parts of a million as a share."""
    return units.show_percent(ppm / PPM)


ROSE: tuple[tuple[str, str, Callable[[int], str]], ...] = (
    ("writes", "writes rise", units.show_count),
    ("scheduling_p99_ns", "scheduling takes longer, P99", units.show_ns),
    ("startup_p99_ns", "pods start later, P99", units.show_ns),
    ("mutating_p99_ns", "writes of an object take longer, P99", units.show_ns),
    ("log_bytes_per_min", "the logs grow by more a minute", units.show_bytes),
    ("store_peak_bytes", "the fullest store is larger", units.show_bytes),
    ("apiserver_busy_ppm", "API servers are busier", _share),
    ("etcd_apply_busy_ppm", "etcd's apply loop is busier", _share),
    ("dispatch_busy_ppm", "the busiest dispatcher is busier", _share),
    ("relists", "clients list again more often", units.show_count),
    ("nodes_dead", "more live nodes are taken for dead", units.show_count),
)


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say what a cell loses; each sentence holds wherever it is said."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    before, after = works[BASELINE], works[OPTIMIZED]
    return (*_objectives(before, after), *_unanswered(before, after), *_rises(before, after))


def _objectives(before: Work, after: Work) -> list[str]:
    """Say that more objectives are broken, or that there was none to win."""
    broken = after["objectives_broken"]
    if broken > before["objectives_broken"]:
        return [f"{units.show_many(broken, 'objective')} broken, before {before['objectives_broken']}"]
    if before["objectives_broken"] == 0:
        return ["every objective is kept without them: nothing is won that an objective would show"]
    return []


def _unanswered(before: Work, after: Work) -> list[str]:
    """Say which latencies have no figure any more."""
    return [
        f"{said}: {show(before[name])} before, unanswered at the end after"
        for name, said, show in ROSE
        if name in before and name not in after
    ]


def _rises(before: Work, after: Work) -> list[str]:
    """Say what rose by more than a twentieth; a run that ended early has less of everything."""
    if before["ended_ns"] != after["ended_ns"]:
        return []
    return [
        f"{said}: {show(before[name])} before, {show(after[name])} after"
        for name, said, show in ROSE
        if name in before and name in after and after[name] > NOTABLE * before[name]
    ]
