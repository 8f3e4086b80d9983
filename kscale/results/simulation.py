"""A saved simulation of the whole control plane: kscale.simulation/1.

Everything in `scenario`, `faults`, `costs`, `runs` and `draws` is exact: equal for equal seeds on every
machine. Only `made` tells where and when, and is null where nothing was saved. No host name, user name
or absolute path. Times are ns of virtual time from 0; a quantile is null where so many were never answered.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from kscale.results.record import CostInfo, Counter, Record, ScenarioRef

SCHEMA: Final = "kscale.simulation/1"
MOST_RUNS = 8
MOST_NAMES = 200  # of counts, series, settings
MOST_SERIES = 100_000  # numbers of a series: more than a day of seconds
MOST_WINDOWS = 1_000
MOST_SAMPLE = 10_000  # pods
MOST_LISTED = 100  # stations, faults, verdicts
MOST_COSTS = 1_000

Text = Annotated[str, Field(max_length=400)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Positive = Annotated[int, Field(ge=1, lt=2**63)]


class Made(Record):
    """Where and when a simulation was run and saved."""

    id: str
    name: str | None = None
    started: str  # UTC, ISO 8601
    seconds: float
    argv: list[str]
    code: str | None = None  # hash of the sources that decided what was counted


class FaultRecord(Record):
    """Something that goes wrong."""

    kind: Name
    at_ns: Counter
    lasts_ns: Counter
    count: Counter
    share_ppm: Counter
    zone: Counter


class QuantilesRecord(Record):
    """How a kind of latency is distributed."""

    count: Counter
    unanswered: Counter
    p50: Counter | None
    p90: Counter | None
    p99: Counter | None
    largest: Counter | None


class SliRecord(Record):
    """A service level indicator in windows of five minutes."""

    name: Name
    windows: Annotated[list[QuantilesRecord], Field(max_length=MOST_WINDOWS)]


class StationRecord(Record):
    """A place where work waits and is done."""

    name: Name
    servers: Counter
    capacity_ns: Counter
    busy_ns: Counter
    entered: Counter
    left: Counter
    inside: Counter
    peak: Counter
    area_ns: Counter
    sojourn_ns: Counter


class PodRecord(Record):
    """A pod's life."""

    number: Counter
    node: Counter | None
    times: Annotated[list[Counter | None], Field(max_length=MOST_LISTED)]


class VerdictRecord(Record):
    """An objective, and whether it was kept."""

    objective: Name
    title: Text
    at_most: Counter
    unit: Literal["ns", "ppm"]
    worst: Counter | None
    holds: bool


Counts = Annotated[dict[Name, Counter], Field(max_length=MOST_NAMES)]
Range = tuple[Counter | None, Counter | None]


class RunRecord(Record):
    """One run."""

    label: Name  # none, all, today, or ids with commas
    toggles: Annotated[list[Name], Field(max_length=MOST_LISTED)]
    seed: Counter
    nodes: Positive
    pods: Counter
    objects: Counter
    pod_changes_milli: Counter
    duration_ns: Positive
    ended_ns: Counter
    stopped: Text
    events: Counter
    slis: Annotated[list[SliRecord], Field(max_length=MOST_LISTED)]
    stages: Annotated[dict[Name, QuantilesRecord], Field(max_length=MOST_LISTED)]
    scheduling: QuantilesRecord
    stations: Annotated[list[StationRecord], Field(max_length=MOST_LISTED)]
    counts: Counts
    series: Annotated[
        dict[Name, Annotated[list[Counter], Field(max_length=MOST_SERIES)]], Field(max_length=MOST_NAMES)
    ]
    sample: Annotated[list[PodRecord], Field(max_length=MOST_SAMPLE)]
    verdicts: Annotated[list[VerdictRecord], Field(max_length=MOST_LISTED)]
    blame: Annotated[str, Field(max_length=100)]
    settings: Counts
    ranges: Annotated[dict[Name, Range], Field(max_length=MOST_NAMES)]  # over the draws, by figure
    broken_draws: Counter = 0  # of the draws, those in which an objective breaks


class Saved(Record):
    """The whole file: runs of one scenario with different optimizations, the first one before the others."""

    schema_: Literal["kscale.simulation/1"] = Field(SCHEMA, alias="schema")
    provenance: Literal["modelled"] = "modelled"  # every time and every use of a station
    made: Made | None = None
    kscale: Name
    scenario: ScenarioRef
    draws: Counter = 0  # of coefficients within their ranges, for `ranges`
    faults: Annotated[list[FaultRecord], Field(max_length=MOST_LISTED)]
    costs: Annotated[dict[Name, CostInfo], Field(max_length=MOST_COSTS)]  # that the times stand on
    runs: Annotated[list[RunRecord], Field(min_length=1, max_length=MOST_RUNS)]

    @property
    def called(self) -> str:
        """Return what people call it: its name, its id, else the scenario's name."""
        return (self.made.name or self.made.id) if self.made else self.scenario.name
