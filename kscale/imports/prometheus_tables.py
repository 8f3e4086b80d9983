"""Samples gathered by metric: one cell for each instance and set of labels that are read.

A process gives one scrape: without the label `instance` all is of one instance. Labels that no one asks
for (scope, version, content type) are summed over. What is kept is bounded by the cells, not by the file.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import prometheus_metrics
from kscale.imports.prometheus_metrics import BY_NAME, NAMELESS, Metric
from kscale.imports.prometheus_sample import Sample
from kscale.scenario.document import one_line

MOST_SERIES = 1_000_000  # of metrics that are read
MOST_CELLS = 200_000
LARGEST = 2.0**62  # of any value
LATEST = 253_402_300_799.0  # Unix seconds: the end of the year 9999
LEAST_UPTIME = 600.0  # seconds: the time of a scrape is known to two minutes
ONE_OF = ("cluster", "prometheus_replica", "replica")  # labels of series that must not be put together
LEAST_SPAN = 1.0  # seconds of a range

Key = tuple[str, ...]  # instance, then the values of the metric's labels


@dataclass(slots=True)
class Cell:
    """One or more series that are one here."""

    value: float = 0.0  # sum
    grown: float = 0.0  # sum, of those that came as a range
    ranges: int = 0  # how many did
    time: float | None = None  # newest, Unix seconds
    place: str = ""  # of a bucket, for errors


Table = dict[Key, Cell]


@dataclass(frozen=True, slots=True)
class Rates:
    """A counter's rates, and where they come from."""

    per_s: Mapping[Key, float]
    how: str
    estimate: bool
    missing: int = 0  # cells that do not say since when they count


@dataclass(slots=True)
class Tables:
    """Everything that was read from one file."""

    by_name: dict[str, Table] = field(default_factory=dict)  # by the name that the file uses
    series: int = 0
    unnamed: int = 0  # results of expressions that say nothing
    newest: float | None = None  # Unix seconds
    first: float | None = None  # begin of the range, if one was asked for
    _cells: int = 0
    _one: dict[str, str] = field(default_factory=dict)  # label to the value that all series must have
    _seen: set[bytes] = field(default_factory=set)

    def add(self, sample: Sample) -> None:
        """Take one sample; KscaleError if its value cannot be, or the series is there twice."""
        metric = self._metric(sample)
        if metric is None:
            return
        self._check(sample, metric)
        self.series += 1
        table = self.by_name.setdefault(sample.name, {})
        instance = sample.labels.get("instance") or sample.labels.get("pod") or ""
        key = (instance, *(sample.labels.get(label, "") for label in metric.labels))
        cell = table.get(key)
        if cell is None:
            self._cells += 1
            if self._cells > MOST_CELLS:
                raise KscaleError(
                    one_line(
                        f"{sample.place}: over {MOST_CELLS:,} types, verbs, instances: no cluster has so many"
                    )
                )
            cell = table[key] = Cell()
        if metric.kind == "bucket":
            cell.place = sample.place
        cell.value += sample.value
        if sample.grown is not None:
            cell.grown += sample.grown
            cell.ranges += 1
        if sample.time is not None:
            cell.time = sample.time if cell.time is None else max(cell.time, sample.time)
            self.newest = sample.time if self.newest is None else max(self.newest, sample.time)
        if sample.since is not None:
            self.first = sample.since if self.first is None else min(self.first, sample.since)

    def _metric(self, sample: Sample) -> Metric | None:
        """Return what a sample is of; None: nothing that is read."""
        if sample.name == NAMELESS:
            metric = prometheus_metrics.nameless(sample.labels)
            self.unnamed += metric is None
            return metric
        return prometheus_metrics.READ.get(sample.name) or prometheus_metrics.recorded(sample.name)

    def _check(self, sample: Sample, metric: Metric) -> None:
        """Raise if one of the values, the time or the series cannot be."""
        given = (sample.value, *sample.beside, sample.grown or 0.0)
        what = next(filter(None, (_wrong(value, metric) for value in given)), "")
        what = what or self._wrong_series(sample, metric)
        if what:
            raise KscaleError(one_line(f"{sample.place}: {what}"))

    def _wrong_series(self, sample: Sample, metric: Metric) -> str:
        """Return why there cannot be such a series here; empty: there can."""
        if any(time is not None and not 0 <= time <= LATEST for time in (sample.time, sample.since)):
            return "its time is none between 1970 and 9999"
        if self.series >= MOST_SERIES:
            return f"over {MOST_SERIES:,} series of metrics that are read: no scrape has so many"
        if self._is_elsewhere(sample, metric):
            return (
                "the file has series of more than one cluster, or from more than one Prometheus; ask for one"
            )
        if self._is_known(sample):
            return "the same series twice; give each scrape as a file of its own"
        return ""

    def _is_elsewhere(self, sample: Sample, metric: Metric) -> bool:
        """Return whether a series is of another cluster, or of another Prometheus, than those before."""
        there = [label for label in ONE_OF if label in sample.labels and label not in metric.labels]
        return any(
            self._one.setdefault(label, sample.labels[label]) != sample.labels[label] for label in there
        )

    def _is_known(self, sample: Sample) -> bool:
        """Return whether the series was there before."""
        text = "\0".join((sample.name, *(f"{key}\0{value}" for key, value in sorted(sample.labels.items()))))
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        known = digest in self._seen
        self._seen.add(digest)
        return known

    def table(self, name: str) -> Table:
        """Return the cells of a metric by its newest name in the file; empty: it is not there."""
        return next(
            (self.by_name[one] for one in prometheus_metrics.names_of(BY_NAME[name]) if one in self.by_name),
            {},
        )

    def rates(self, name: str) -> Rates | None:
        """Return how fast a counter grows; None if the file does not say over which time it grew."""
        table = self.table(name)
        for rates in (self._of_range(table), self._recorded(name), self._of_uptime(table)):
            if rates is not None:
                return rates
        return None

    def _of_range(self, table: Table) -> Rates | None:
        """Return rates over the range that was asked for."""
        if self.first is None or self.newest is None or not any(cell.ranges for cell in table.values()):
            return None
        span = self.newest - self.first
        if span < LEAST_SPAN:
            return None
        how = f"counters over {_span(span)}"
        return Rates(
            {key: cell.grown / span for key, cell in table.items() if cell.ranges}, how, estimate=False
        )

    def _recorded(self, name: str) -> Rates | None:
        """Return rates that a recording rule kept: of several, those of the rule with most to say."""
        rules = [one for one in self.by_name if one and prometheus_metrics.recorded(one) is BY_NAME[name]]
        if not rules:
            return None
        best = max(sorted(rules), key=lambda one: len(self.by_name[one]))
        per_s = {key: cell.value for key, cell in self.by_name[best].items()}
        return Rates(per_s, "rates of a recording rule", estimate=False)

    def _of_uptime(self, table: Table) -> Rates | None:
        """Return rates since each process was started, of those that have been up for long enough."""
        per_s: dict[Key, float] = {}
        times = []
        for key, cell in table.items():
            uptime = self._uptime(key[0], cell)
            if uptime is not None:
                times.append(uptime)
                per_s[key] = cell.value / uptime
        if not times:
            return None
        how = f"counters over {_span(max(times))} since the process was started"
        return Rates(per_s, how, estimate=True, missing=len(table) - len(per_s))

    def _uptime(self, instance: str, cell: Cell) -> float | None:
        """Return for how many seconds a counter has counted; None: not known, or not for long."""
        start = self.table("process_start_time_seconds").get((instance,))
        now = cell.time if cell.time is not None else self.scraped(instance)
        if start is None or now is None or now - start.value < LEAST_UPTIME or start.value <= 0:
            return None
        return now - start.value

    def scraped(self, instance: str = "") -> float | None:
        """Return when a process was scraped, to two minutes: Go collects garbage at least so often."""
        collected = self.table("go_memstats_last_gc_time_seconds").get((instance,))
        return collected.value if collected is not None and 0 < collected.value <= LATEST else None


def _wrong(value: float, metric: Metric) -> str:
    """Return why a value cannot be one of the metric's; empty: it can."""
    if not math.isfinite(value):
        return f"{value} is not a number that counts anything"
    if abs(value) > LARGEST:
        return f"{value:g} is more than any metric counts"
    if metric.kind != "gauge" and value < 0:
        return f"{value:g} is negative: a counter never is"
    return ""


def by_label(table: Mapping[Key, Cell], metric: str) -> Iterable[tuple[str, dict[str, str], float]]:
    """Return instance, labels and value of each cell."""
    labels = BY_NAME[metric].labels
    for key, cell in table.items():
        yield key[0], dict(zip(labels, key[1:], strict=True)), cell.value


def instances(*tables: Table) -> set[str]:
    """Return the instances that metrics come from; empty if the file names none."""
    return {key[0] for table in tables for key in table if key[0]}


def _span(seconds: float) -> str:
    """Return a time of counting for a sentence."""
    return units.show_ns(round(seconds * units.NS_PER_S))
