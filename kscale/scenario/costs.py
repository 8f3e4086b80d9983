"""The cost model: what work costs on a real machine, where kscale cannot execute it.

One YAML file a profile in `cost_models/`; a file that extends another states only what differs.
Every coefficient is a whole number of its unit (a virtual clock counts in integers), with the
range it may lie in, and where it comes from. A coefficient without a source is `assumed`; one
that was chosen so that a published figure comes out is `fitted` and names it in `fitted_to`:
such a figure does not count as reproduced.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, ValidationError, model_validator

from kscale import units
from kscale.errors import KscaleError, did_you_mean
from kscale.scenario import document
from kscale.scenario.spec import InconsistentError, Name, Pieces, Spec, Text
from kscale.scenario.yaml_tree import Loc

FOLDER = Path(__file__).parent / "cost_models"
LEAST = "the least cost model is two lines: schema: kscale.costs/1 and coefficients:"
LONGEST_SOURCE = 1000  # characters
MOST_SETTINGS = 16  # that a coefficient was measured over

SHARES = frozenset({"etcd_range_locked_ppm", "watch_copy_share_ppm"})  # other ppm are factors
ALL_PPM = 1_000_000

Origin = Literal["published", "derived", "measured", "assumed", "fitted"]
Amount = Annotated[StrictInt, Field(ge=0, lt=2**53)]
Prose = Annotated[str, Field(min_length=1, max_length=LONGEST_SOURCE)]


def _ordered(given: tuple[int, int]) -> tuple[int, int]:
    """Return least and most if they are in that order."""
    low, high = given
    if low > high:
        raise ValueError(f"must be the least, then the most, got {low:,}, {high:,}")
    return given


Over = Annotated[tuple[Amount, Amount], AfterValidator(_ordered)]


class Coefficient(Spec):
    """One coefficient: what a piece of work costs, how sure that is, and who says so."""

    value: Amount = Field(description="In whole units.")
    range: tuple[Amount, Amount] = Field(description="Least and most it may be.")
    unit: Text = Field(description="ns, ps/byte, ppm, bytes ...")
    provenance: Origin = Field(
        description="published: someone's figure; derived: worked out from published ones; measured: here;"
        " assumed: no source; fitted: chosen so that the figures in fitted_to come out."
    )
    about: Prose = Field(description="What costs that.")
    source: Prose | None = Field(
        None, description="Where it is from, with the arithmetic if there is any; an assumption's reason."
    )
    fitted_to: tuple[Name, ...] = Field((), description="Ids of the claims it was fitted to.")
    over: Annotated[dict[Name, Over], Pieces(1, MOST_SETTINGS)] | None = Field(
        None, description="Least and most of each setting it was measured at; beyond is extrapolated."
    )

    @model_validator(mode="after")
    def _whole(self) -> "Coefficient":
        """Refuse a value outside its range, a figure without a source, and a hidden fit."""
        low, high = self.range
        if not low <= self.value <= high:
            raise ValueError(f"value must lie in its range {low:,} to {high:,}, got {self.value:,}")
        if self.source is None and self.provenance != "assumed":
            raise ValueError(f"{self.provenance} needs a source; without one it is assumed")
        if (self.provenance == "fitted") != bool(self.fitted_to):
            raise ValueError("fitted and fitted_to go together")
        if self.provenance == "assumed" and low == high:
            raise ValueError("what is assumed needs a range")
        return self


Coefficients = Annotated[dict[Name, Coefficient], Pieces(0, 1000)]


class CostsSpec(Spec):
    """Coefficients that take the place of those of the profile of the same name."""

    extends: Name | None = Field(None, description="The scenario's profile, which is the default.")
    coefficients: Coefficients = Field(description="By name; each has the unit it has in the profile.")


class _File(Spec):
    """A cost-model file."""

    schema_: Literal["kscale.costs/1"] = Field(alias="schema")
    extends: Name | None = None
    coefficients: Coefficients
    calibration: dict[str, Any] | None = None  # how it was measured: calibrate/record.py reads it


class MeasuredAt(BaseModel):
    """A machine, as far as it is shown."""

    model_config = ConfigDict(frozen=True)

    fingerprint: Text
    cpu: Text
    cores: Annotated[int, Field(ge=1, lt=2**53)]
    other_cpu_pct: Annotated[float, Field(ge=0, lt=1e6, allow_inf_nan=False)] | None = None


class Measured(BaseModel):
    """Where coefficients were measured: the few facts of a file's `calibration` that results keep."""

    model_config = ConfigDict(frozen=True)

    etcd: Text
    date: Text
    endpoint: Text | None = None
    plan: Text | None = None
    machine: MeasuredAt


@dataclass(frozen=True, slots=True)
class CostModel(Mapping[str, int]):
    """The coefficients of a profile; as a mapping, name to value."""

    name: str
    coefficients: Mapping[str, Coefficient]

    def __getitem__(self, name: str) -> int:
        """Return the value of a coefficient; KscaleError names the nearest one if there is none."""
        if name not in self.coefficients:
            nearest = did_you_mean(name, self.coefficients)
            raise KscaleError(f"cost model {self.name} has no coefficient '{name}'; {nearest}")
        return self.coefficients[name].value

    def __iter__(self) -> Iterator[str]:
        """Return the names, in the order of the files."""
        return iter(self.coefficients)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.coefficients)


@cache
def of_profile(profile: str) -> CostModel:
    """Return the shipped cost model of a profile."""
    path = FOLDER / f"{profile}.yaml"
    return parse(document.read(path, path.name), path.name, profile)


def model(profile: str, given: CostsSpec | None) -> CostModel:
    """Return the cost model of a profile, with what a scenario gives in its place."""
    shipped = of_profile(profile)
    if given is None:
        return shipped
    return CostModel(f"{profile} as calibrated", {**shipped.coefficients, **given.coefficients})


def resolve(given: CostsSpec, profile: str) -> CostsSpec:
    """Return what a scenario of *profile* gives, complete; InconsistentError if the two do not go together.

    A coefficient must be one of the profile's, in its unit: no other is ever read.
    """
    known = of_profile(profile).coefficients
    if given.extends not in {None, profile}:
        message = f"is {given.extends}, the scenario's profile is {profile}; make them one, or leave it out"
        raise InconsistentError(("costs", "extends"), message)
    for name, one in given.coefficients.items():
        here = ("costs", "coefficients", name)
        if name not in known:
            message = f"{profile} has no such coefficient; {did_you_mean(name, known)}"
            raise InconsistentError(here, message)
        if one.unit != known[name].unit:
            message = f"must be in {known[name].unit}, got {units.quote(one.unit)}"
            raise InconsistentError((*here, "unit"), message)
        if name in SHARES and one.range[1] > ALL_PPM:
            message = f"is a share: at most {ALL_PPM:,} ppm, got {one.range[1]:,}"
            raise InconsistentError((*here, "range"), message)
    return given.model_copy(update={"extends": profile})


def read_given(data: bytes, where: str) -> tuple[CostsSpec, Measured | None]:
    """Return what a cost-model file gives a scenario, and where it was measured if the file says it."""
    file, _ = _read(data, where)
    return CostsSpec(extends=file.extends, coefficients=file.coefficients), _measured(file.calibration)


def _measured(calibration: dict[str, Any] | None) -> Measured | None:
    """Return where a file says it was measured; None if it does not, or not as `kscale calibrate` does."""
    try:
        return None if calibration is None else Measured.model_validate(calibration)
    except ValidationError:
        return None


def read_calibration(data: bytes, where: str) -> dict[str, Any] | None:
    """Return how the coefficients of a cost-model file were measured; None if it does not say."""
    return _read(data, where)[0].calibration


def parse(data: bytes, where: str, name: str) -> CostModel:
    """Return the cost model in *data*; every complaint is one line: file:line: key: what."""
    file, lines = _read(data, where)
    base = _extended(file.extends, where, lines) if file.extends else {}
    return CostModel(name, {**base, **file.coefficients})


def _read(data: bytes, where: str) -> tuple[_File, dict[Loc, int]]:
    """Return a file and the lines of its keys."""
    tree = document.tree(data, where, LEAST)
    try:
        return _File.model_validate(tree.value), tree.lines
    except ValidationError as error:
        raise document.first(error, where, tree.lines) from error


def _extended(profile: str, where: str, lines: dict[Loc, int]) -> Mapping[str, Coefficient]:
    """Return what a file extends; KscaleError if there is no such profile."""
    known = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    if profile not in known:
        message = f"no cost model '{profile}'; {did_you_mean(profile, known)}"
        raise document.complaint(where, ("extends",), message, lines)
    return of_profile(profile).coefficients
