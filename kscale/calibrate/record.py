"""How a cost model was measured: the `calibration` section of its file, kscale.calibration/1.

No host name, user name or path: the machine by its fingerprint and its processor. Errors are of points
that were kept back from the fit; what a formula gives at the points it was fitted to is not counted.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from kscale.errors import KscaleError
from kscale.results.record import BUSY_PCT
from kscale.scenario import costs, document
from kscale.units import quote

GOAL_PCT = 20.0  # median absolute error of held-out points
DIGITS = 6  # significant ones that are kept


def rounded(value: float) -> float:
    """Return a number with the digits that are kept."""
    return float(f"{value:.{DIGITS}g}")


Amount = Annotated[float, Field(ge=0, lt=1e18), AfterValidator(rounded)]
Number = Annotated[float, Field(gt=-1e18, lt=1e18), AfterValidator(rounded)]
Line = Annotated[str, Field(max_length=1000)]
Range = tuple[Amount, Amount]
Unit = Literal["ns", "bytes", "x"]
Plan = Literal["default", "quick"]
Endpoint = Literal["local", "elsewhere"]  # of an address: loopback is taken to be this machine


class Part(BaseModel):
    """A frozen piece of the record; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Machine(Part):
    """Where it was measured; `fingerprint` hashes what makes times comparable."""

    fingerprint: Line
    cpu: Line
    cores: int
    memory_bytes: int
    kernel: Line
    container: bool
    file_system: Line | None = None  # kind, of the folder with etcd's data; null: not known
    other_cpu_pct: float | None = None  # of a core, used by others meanwhile


class Done(Part):
    """One experiment: measured, or left out with the reason."""

    id: Line
    title: Line
    seconds: Amount = 0.0
    left_out: Line | None = None


class _Ranged(Protocol):
    """Has a value, and a range or none."""

    @property
    def value(self) -> float:
        """Return the value."""

    @property
    def range(self) -> tuple[float, float] | None:
        """Return its range."""


R = TypeVar("R", bound=_Ranged)


def _inside(given: R) -> R:
    """Refuse a range that does not hold its value."""
    if given.range is not None and not given.range[0] <= given.value <= given.range[1]:
        low, high = given.range
        raise ValueError(f"value must lie in its range {low:g} to {high:g}, got {given.value:g}")
    return given


class CostValue(Part):
    """One fitted coefficient of a formula."""

    value: Amount
    range: Range  # of resampled settings and repeats, widened by what the formula misses
    unit: Line

    _held = model_validator(mode="after")(_inside)


class Measured(Part):
    """One point: what was measured, and what the formula gives."""

    at: Mapping[str, Number]
    measured: Amount  # median of the repeats
    low: Amount  # of the repeats
    high: Amount
    repeats: Annotated[int, Field(ge=1)]
    held_out: bool = False  # kept back from the fit
    predicted: Amount | None = None  # null: there is no formula, or it gives no time
    error_pct: Number | None = None
    extrapolated: bool = False  # beyond the fitted settings: no part of the family's error


class Family(Part):
    """Points that one formula explains."""

    unit: Line
    formula: Line | None = None  # null: shown, not predicted
    coefficients: Mapping[str, CostValue] = Field(default_factory=dict)
    held_out_error_pct: Amount | None = None  # median absolute error; null: none was kept back
    worst_error_pct: Amount | None = None  # of the same points
    points: tuple[Measured, ...]

    @property
    def held(self) -> int:
        """Return how many points were kept back from the fit, within its range."""
        return sum(one.held_out and not one.extrapolated for one in self.points)

    @property
    def beyond(self) -> int:
        """Return how many were kept back beyond it."""
        return sum(one.held_out and one.extrapolated for one in self.points)


class FigureValue(Part):
    """A ratio or amount that is held to one that was measured elsewhere."""

    value: Annotated[Amount, Field(gt=0)]
    range: Range | None = None  # of 95 %, for the spread of repeats or of a fit; null: measured once
    repeats: Annotated[int, Field(ge=1)]  # of the setting with the fewest
    unit: Unit
    at: Line

    _held = model_validator(mode="after")(_inside)


def _in_their_units(given: Mapping[str, FigureValue]) -> Mapping[str, FigureValue]:
    """Refuse a figure in another unit than that of its name."""
    for name, one in given.items():
        unit = "x" if "ratio" in name.split("-") else name.rpartition("-")[2]
        if one.unit != unit:
            raise ValueError(f"{quote(name)} is in {unit}, got {one.unit}")
    return given


class LeftAs(Part):
    """Coefficients that stay as the profile has them."""

    name: Line
    why: Line


class Calibration(Part):
    """The section."""

    schema_: Literal["kscale.calibration/1"] = Field("kscale.calibration/1", alias="schema")
    date: Line  # UTC
    etcd: Line
    endpoint: Endpoint | None = None  # of the user's etcd; null: one of our own
    kscale: Line
    free_lists: tuple[Line, ...] = ()
    machine: Machine
    plan: Plan
    budget_s: Amount
    seconds: Amount
    fsync_ns: Amount | None = None  # one put in flight: control_plane.etcd.fsync
    put_ns: Amount | None = None  # mean latency of a small put, one in flight
    experiments: tuple[Done, ...]
    left: tuple[LeftAs, ...] = ()
    families: Mapping[str, Family]
    figures: Annotated[Mapping[str, FigureValue], AfterValidator(_in_their_units)] = Field(
        default_factory=dict
    )

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)

    @property
    def where(self) -> str:
        """Return which machines took part, to be read after the etcd's name."""
        here = f"{self.machine.cores} x {self.machine.cpu}"
        if self.endpoint == "elsewhere":
            return f"at an endpoint, its machine unknown, its client on {here}"
        return f"on {here} that it shares with its client"


def conditions(plan: str, other_cpu_pct: float | None) -> list[str]:
    """Return what makes a calibration worth less: "quick plan", "other programs used 151 % of a core ..."."""
    busy = other_cpu_pct is not None and other_cpu_pct >= BUSY_PCT
    return [
        *(["quick plan"] if plan == "quick" else []),
        *([f"other programs used {other_cpu_pct:.0f} % of a core meanwhile"] if busy else []),
    ]


def read(path: Path) -> Calibration | None:
    """Return how a cost-model file was measured, None if it does not say; KscaleError in a line."""
    where = str(path)
    found = costs.read_calibration(document.read(path, where), where)
    return None if found is None else parse(found, where)


def parse(found: Mapping[str, Any], where: str) -> Calibration:
    """Return the section of a file; KscaleError in a line if it is not one."""
    try:
        return Calibration.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, ("calibration", *first["loc"])))[:200]
        raise KscaleError(f"{where}: {key}: {first['msg']}") from None
