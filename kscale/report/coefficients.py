"""Coefficients of the cost model as text: what a modelled number stands on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from kscale.report.text import clean, clean_prose


class Cost(Protocol):
    """What is said of a coefficient, as the cost model has it or as a result keeps it."""

    @property
    def value(self) -> int:
        """Return it, in whole units."""

    @property
    def range(self) -> tuple[int, int]:
        """Return the least and most it may be."""

    @property
    def unit(self) -> str:
        """Return its unit."""

    @property
    def provenance(self) -> str:
        """Return how it came about."""

    @property
    def about(self) -> str:
        """Return what costs that."""

    @property
    def source(self) -> str | None:
        """Return who says so."""

    @property
    def fitted_to(self) -> Sequence[str]:
        """Return the claims it was chosen to give."""


def amount(cost: Cost) -> str:
    """Return the value with its unit and range: "16,700 ns [10,000 to 25,000]"."""
    low, high = cost.range
    return f"{cost.value:,} {clean(cost.unit)} [{low:,} to {high:,}]"


def origin(cost: Cost) -> str:
    """Return how a coefficient came about, and who says so."""
    fitted = f" to {', '.join(map(clean, cost.fitted_to))}" if cost.fitted_to else ""
    source = f": {clean_prose(cost.source)}" if cost.source else ""
    return f"{cost.provenance}{fitted}{source}"


def line(name: str, cost: Cost) -> str:
    """Return a coefficient on one line."""
    return f"{clean(name)} = {amount(cost)}, {origin(cost)}"


def by_profile(name: str, models: Mapping[str, Mapping[str, Cost]]) -> tuple[str, str]:
    """Return a coefficient's amount, and what else is to be known of it, by profile where they differ.

    *models* are the coefficients of each profile by name.
    """
    known = {profile: costs[name] for profile, costs in models.items() if name in costs}
    if not known:
        return "", ""
    first, *others = known.items()
    said = [f"{clean_prose(first[1].about)} [{origin(first[1])}]"]
    last = first[1]
    for profile, cost in others:
        if cost != last:
            said.append(f"{clean(profile)}: {amount(cost)}, {origin(cost)}")
        last = cost
    return amount(first[1]), "; ".join(said)


def of_run(costs: Mapping[str, Mapping[str, Cost]]) -> Iterator[str]:
    """Yield each coefficient that the mechanisms of a result read, by mechanism, on one line each."""
    for mechanism, read in costs.items():
        yield from (f"{clean(mechanism)}: {line(name, cost)}" for name, cost in read.items())
