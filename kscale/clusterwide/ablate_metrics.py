"""What can be accounted for: every figure of a run, and the limit. Nothing heavy: shells ask for it too."""

from kscale.clusterwide import figures
from kscale.clusterwide.record import STATIONS, VERBS
from kscale.errors import KscaleError, did_you_mean
from kscale.units import quote

LIMIT = "limit"  # no figure of a run: see limit.py
METRICS = (
    "pod-startup.p99",
    "scheduling.p99",
    *(f"{name}.p99" for name in VERBS),
    *(f"{name}.busy_ppm" for name in STATIONS),
    "log.bytes_per_min",
    "store.peak_bytes",
    *figures.COUNTS,
    LIMIT,
)
UNITS = (("p99", "ns"), ("busy_ppm", "ppm"), ("bytes_per_min", "bytes"), ("peak_bytes", "bytes"))

HIGHER = frozenset({LIMIT, "pods-running"})  # more is better


def metric(name: str) -> str:
    """Return the metric of that name, however its words are joined; KscaleError names the nearest one."""
    found = next((one for one in METRICS if _words(one) == _words(name)), None)
    if found is None:
        raise KscaleError(f"no metric {quote(name)}; {did_you_mean(name, METRICS)}")
    return found


def _words(name: str) -> str:
    """Return a name with its words joined in one way."""
    return name.lower().replace(".", "-").replace("_", "-")


def unit_of(metric: str) -> str:
    """Return the unit of a metric."""
    if metric == LIMIT:
        return "nodes"
    return next((unit for ending, unit in UNITS if metric.endswith(f".{ending}")), metric)


def better_of(metric: str) -> str:
    """Return whether lower or higher is better."""
    return "higher" if metric in HIGHER else "lower"
