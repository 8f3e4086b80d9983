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

from pydantic import Field, StrictInt, ValidationError, model_validator

from kscale.errors import KscaleError, did_you_mean
from kscale.scenario import document
from kscale.scenario.spec import Name, Pieces, Spec, Text

FOLDER = Path(__file__).parent / "cost_models"
LEAST = "the least cost model is two lines: schema: kscale.costs/1 and coefficients:"
LONGEST_SOURCE = 1000  # characters

Origin = Literal["published", "derived", "measured", "assumed", "fitted"]
Amount = Annotated[StrictInt, Field(ge=0, lt=2**53)]
Prose = Annotated[str, Field(min_length=1, max_length=LONGEST_SOURCE)]


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


class _File(Spec):
    """A cost-model file."""

    schema_: Literal["kscale.costs/1"] = Field(alias="schema")
    extends: Name | None = None
    coefficients: Annotated[dict[Name, Coefficient], Pieces(0, 1000)]
    calibration: dict[str, Any] | None = None  # how it was measured: calibrate/record.py reads it


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


def parse(data: bytes, where: str, name: str) -> CostModel:
    """Return the cost model in *data*; every complaint is one line: file:line: key: what."""
    tree = document.tree(data, where, LEAST)
    try:
        file = _File.model_validate(tree.value)
    except ValidationError as error:
        raise document.first(error, where, tree.lines) from error
    base = _extended(file.extends, where, tree.lines) if file.extends else {}
    return CostModel(name, {**base, **file.coefficients})


def _extended(profile: str, where: str, lines: dict[tuple[str | int, ...], int]) -> Mapping[str, Coefficient]:
    """Return what a file extends; KscaleError if there is no such profile."""
    known = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    if profile not in known:
        message = f"no cost model '{profile}'; {did_you_mean(profile, known)}"
        raise document.complaint(where, ("extends",), message, lines)
    return of_profile(profile).coefficients
