from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import golden_text
import pytest
from pydantic import Field, PlainValidator
from rich.cells import cell_len

from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant
from kscale.report.listing import card, listing


@dataclass(frozen=True, slots=True)
class Params:
    """Size and shape of the free space."""

    free_pages: Annotated[int, Field(ge=1, le=10_000_000, description="Free pages at the start.")] = 1_000_000
    workload: Annotated[Literal["A", "B", "C"], Field(description="What is allocated and freed.")] = "C"
    readers: Annotated[int, Field(ge=0, description="Open read transactions.")] = 123_456
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Opaque:
    """Parameters pydantic has no schema for."""

    pages: Annotated[int, PlainValidator(int)] = 7


@dataclass(frozen=True, slots=True)
class Rates:
    """Parameters that need not be whole."""

    events_per_s: Annotated[float, Field(ge=0, le=1e6, description="Changes.")] = 0.0
    jitter: Annotated[float, Field(ge=0.25, le=1.5)] = 0.5


def mechanism(params: type[Any] = Params) -> Mechanism:
    """Return a mechanism that is shown and never run."""
    variant = Variant("one sorted array: scan and move", lambda load: load, lambda _: Outcome({}, None))
    return Mechanism(
        id="etcd-freelist",
        title="etcd free-page search",
        panel="etcd",
        about="Finding free pages for a write. The array is walked; lists kept by size are not.",
        source="etcd-io/bbolt 4e65d8f internal/freelist",
        left_out="Disk writes and the B+ tree.",
        loses=("Single-page allocations: the array finds them at once.", "Memory: three maps for one array."),
        params=params,
        prepare=lambda _cluster, _params: None,
        variants={BASELINE: variant, OPTIMIZED: variant},
        agree=lambda _load, _outcomes: None,
        metrics=(
            Metric("ids_scanned", "ids", about="free page ids looked at", headline=True),
            Metric("waited_ns", "ns", provenance="modelled"),
            Metric("spans", "spans", "none", "runs of free pages"),
        ),
        per="transactions",
        losses=lambda _: (),
        memory=lambda _cluster, _params: 0,
        cost_ns=lambda _cluster, _params: 0.0,
    )


@pytest.mark.parametrize("width", [60, 100])
def test_a_card(width: int, tmp_path: Path) -> None:
    """Everything known of a mechanism."""
    golden_text.check(f"card_{width}", card(mechanism(), width).plain, tmp_path)


@pytest.mark.parametrize("width", [60, 100])
def test_a_listing(width: int, tmp_path: Path) -> None:
    """A line for each mechanism under its panel, and for each scenario."""
    scenarios = {
        "alibaba-10k": "The 10,000-node cluster of the 2019 articles.",
        "mine": "",
        "\x1b[2J": "[red]",
    }
    golden_text.check(f"listing_{width}", listing((mechanism(),), scenarios, width).plain, tmp_path)


def test_parameters_without_a_schema_are_named() -> None:
    """Name and default are always known."""
    assert "pages = 7" in card(mechanism(Opaque), 80).plain


def test_numbers_read_as_people_write_them() -> None:
    """Whole ones have no decimals and large ones their commas."""
    shown = card(mechanism(Rates), 80).plain
    assert "events_per_s = 0  " in shown
    assert "Changes. (0 to 1,000,000)" in shown
    assert "jitter = 0.5" in shown
    assert "(0.25 to 1.5)" in shown


@pytest.mark.parametrize("width", [30, 60, 200])
def test_a_card_fits(width: int) -> None:
    """Cards wrap at any width."""
    assert max(map(cell_len, card(mechanism(), width).plain.splitlines())) <= width
