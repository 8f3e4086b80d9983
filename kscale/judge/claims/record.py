"""A published figure, its set-up, and how kscale comes to its own.

Three kinds, by what a model can be held to. An *identity* (A) follows from its set-up by arithmetic
and must hold within 5 %. A *ratio* (R) must lie in its band. A *measurement* (M) was taken on
someone's machine: ours is shown with its factor and should be within 2 of it. An identity or a
measurement may have a band of its own, as a bound has; it is then counted apart.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kscale.calibrate.record import FigureValue
from kscale.errors import KscaleError
from kscale.measure.stats import Ratio
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Work
from kscale.scenario.costs import CostsSpec

Kind = Literal["A", "R", "M"]
Provenance = Literal["measured", "modelled"]
Interval = tuple[float, float]  # of 95 %

IDENTITY = 0.05  # an identity holds within it
FACTOR = 2.0  # a measurement is of the same order within it
USUAL: Mapping[Kind, tuple[float, float]] = {  # factors of the published figure that a kind is held to
    "A": (1 - IDENTITY, 1 + IDENTITY),
    "M": (1 / FACTOR, FACTOR),
}


@dataclass(frozen=True, slots=True)
class Ran:
    """One cell of a set-up, run."""

    mechanism: str
    params: Mapping[str, Any]  # defaults included
    works: Mapping[str, Work]  # by variant
    times: Mapping[str, float]  # median ns of a run by variant; empty unless the claim is timed
    ratios: Mapping[str, Ratio] = field(default_factory=dict)  # time over the baseline's, of pairs; as times


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a set-up says of its cluster and its load."""

    nodes: int
    pods: int
    objects: int
    apiservers: int
    controllers: int
    etcd_members: int
    fsync_ns: int
    pod_changes_per_s: float
    heartbeat_period_ns: int
    heartbeat_bytes: int
    seed: int


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that the set-up of a claim came to."""

    name: str  # of its scenario
    cells: tuple[Ran, ...]
    profile: str = ""  # of its scenario: whose cost model its mechanisms read
    inputs: Inputs | None = None
    costs: CostsSpec | None = None  # what its scenario gives in the place of that model's
    calibrated: Mapping[str, FigureValue] = field(default_factory=dict)  # figures of a real etcd, by name
    missing: Mapping[str, str] = field(default_factory=dict)  # those that a calibration lacks, and why

    def cell(self, mechanism: str, **params: object) -> Ran:
        """Return the one cell of *mechanism* with those parameters; KscaleError if there is not just one."""
        found = [
            cell
            for cell in self.cells
            if cell.mechanism == mechanism
            and all(cell.params.get(name) == value for name, value in params.items())
        ]
        if len(found) != 1:
            raise KscaleError(f"claims/{self.name}: {len(found)} cells of {mechanism} with {params}, not one")
        return found[0]

    def before(self, mechanism: str, **params: object) -> Work:
        """Return the baseline's work in one cell."""
        return self.cell(mechanism, **params).works[BASELINE]

    def after(self, mechanism: str, **params: object) -> Work:
        """Return the optimized variant's work in one cell."""
        return self.cell(mechanism, **params).works[OPTIMIZED]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a claim: what was published, what still counts as the same, and ours."""

    what: str  # "log a minute, before"
    unit: str  # ns, bytes, bytes/min, 1/s, cores, x (a ratio), share (0 to 1)
    published: float
    low: float  # of the band
    high: float
    ours: Callable[[Setup], float]
    interval: Callable[[Setup], Interval | None] | None = None  # of ours, where it is a ratio of times
    reads: str = ""  # a figure of a calibration

    @property
    def open(self) -> bool:
        """Say whether the published figure is a bound from below, which no factor can be taken of."""
        return math.isinf(self.high)

    def within(self, low: float, high: float) -> bool:
        """Say whether the band reaches no further than those factors of the published figure."""
        ends = sorted((self.published * low, self.published * high))
        room = 1e-9 * max(map(abs, ends))
        return ends[0] - room <= self.low and self.high <= ends[1] + room


@dataclass(frozen=True, slots=True)
class Claim:
    """A published statement with its figures.

    A claim whose set-up was not published in enough detail has `not_reproducible`, in a sentence; it may
    still have figures of the nearest set-up that can be run. Whether a coefficient was fitted to it is
    read from the cost model.
    """

    id: str  # "C8"
    title: str  # in a line
    kind: Kind
    source: str  # who, where, when
    stated: str  # the set-up as published
    setup: str | None  # scenarios/claims/NAME.yaml; None: nothing to run
    figures: tuple[Figure, ...]
    provenance: Provenance = "modelled"  # of ours
    assumes: tuple[str, ...] = ()  # what we had to assume beside the coefficients, in sentences
    timed: bool = False  # ours is a time measured here: the set-up's cells are timed
    not_reproducible: str = ""  # why
    calibrated: bool = False  # ours is read from a calibration of a real etcd: no model has a part in it

    @property
    def own_band(self) -> bool:
        """Say whether a figure's band reaches beyond what its kind is held to; ratios have no usual one."""
        usual = USUAL.get(self.kind)
        return usual is not None and not all(one.within(*usual) for one in self.figures)


def identity(what: str, unit: str, published: float, ours: Callable[[Setup], float]) -> Figure:
    """Return a figure that follows by arithmetic: within 5 %."""
    return Figure(what, unit, published, published * (1 - IDENTITY), published * (1 + IDENTITY), ours)


def ratio(
    what: str,
    published: float,
    band: tuple[float, float],
    ours: Callable[[Setup], float],
    unit: str = "x",
    interval: Callable[[Setup], Interval | None] | None = None,
) -> Figure:
    """Return a ratio with the band it was published or derived with."""
    return Figure(what, unit, published, *band, ours, interval)


def order(
    what: str,
    unit: str,
    published: float,
    ours: Callable[[Setup], float],
    interval: Callable[[Setup], Interval | None] | None = None,
) -> Figure:
    """Return a figure measured on someone's machine: of the same order within a factor of 2."""
    return Figure(what, unit, published, published / FACTOR, published * FACTOR, ours, interval)
