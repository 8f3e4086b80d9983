"""etcd-freelist's workload values: where the hashmap loses, and what a cell of it needs."""

import tracemalloc
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from kscale.measure import parameters
from kscale.measure.parameters import ParameterError
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.etcd_freelist import MECHANISM
from kscale.mechanisms.etcd_freelist_load import Params

if TYPE_CHECKING:
    from kscale.scenario.cluster import Cluster

CLUSTER = cast("Cluster", SimpleNamespace(seed=7, space=None))


def values(**more: Any) -> Params:  # noqa: ANN401 - any parameter
    """Return parameters of the workload."""
    return Params(workload="values", **{"free_pages": 2_000, "transactions": 5} | more)


def outcomes(params: Params) -> dict[str, Outcome]:
    """Return what every variant makes of it, after they were seen to agree."""
    load = MECHANISM.prepare(CLUSTER, params)
    found = {name: one.run(one.build(load)) for name, one in MECHANISM.variants.items()}
    MECHANISM.agree(load, found)
    return found


def works(params: Params) -> dict[str, Work]:
    """Return the work of every variant."""
    return {name: one.work for name, one in outcomes(params).items()}


@pytest.mark.parametrize("fragmentation", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("value_bytes", [100, 15 * 1024])
@pytest.mark.parametrize("new_share", [0.0, 0.9, 1.0])
def test_variants_agree(fragmentation: float, value_bytes: int, new_share: float) -> None:
    """Single and many pages, few and many pieces, overwrites and growth; a seed fixes every count."""
    params = values(fragmentation=fragmentation, value_bytes=value_bytes, new_share=new_share)
    assert works(params) == works(params)
    assert works(params) != works(replace(params, seed=8))


def test_more_pieces_are_more_work_for_the_array_alone() -> None:
    """Losing regime of the array: the search passes every piece that is too short."""
    few, many = (works(values(fragmentation=share, value_bytes=15 * 1024)) for share in (0.01, 1.0))
    assert many[BASELINE]["ids_scanned"] > 2 * few[BASELINE]["ids_scanned"]
    assert many[OPTIMIZED]["entries_touched"] < 5 * few[OPTIMIZED]["entries_touched"]


def test_single_pages_of_a_small_store_are_less_work_for_the_array() -> None:
    """Losing regime of the hashmap: it splits a run for each page that the array takes from its front."""
    small = works(values(free_pages=100, fragmentation=0.1, new_share=0.9))
    assert small[OPTIMIZED]["entries_touched"] > 2 * small[BASELINE]["entries_touched"]
    (said,) = (line for line in MECHANISM.losses(small) if "spans by size touched" in line)
    for name in (BASELINE, OPTIMIZED):
        assert f"{small[name]['entries_touched']:,}" in said
    large = works(values(free_pages=20_000, fragmentation=0.1, new_share=0.9))
    assert large[OPTIMIZED]["entries_touched"] < large[BASELINE]["entries_touched"]
    assert not any("spans by size touched" in line for line in MECHANISM.losses(large))


@pytest.mark.tiny
def test_only_values_keeps_its_parameters() -> None:
    """A cell of another workload keeps the key it had; one of values keeps all that it ran with."""
    assert parameters.values(Params()) == {
        "workload": "C",
        "free_pages": 1_000_000,
        "transactions": None,
        "seed": None,
    }
    kept = parameters.values(parameters.read(MECHANISM, {"workload": "values", "value_bytes": "15KiB"}))
    assert kept["value_bytes"] == 15_360
    assert (kept["fragmentation"], kept["overwrites"], kept["new_share"]) == (0.5, 256, 0.0)
    assert parameters.kept(MECHANISM, kept) == Params(workload="values", value_bytes=15_360)


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"fragmentation": "50%"}, "workload C has no fragmentation, only values has"),
        ({"workload": "churn", "overwrites": 5}, "workload churn has no overwrites, only values has"),
        ({"workload": "values", "fragmentation": 1.5}, r"1\.5 is more than the whole"),
        ({"workload": "values", "value_bytes": "2MiB"}, "less than or equal to 1572864"),
        (
            {"workload": "values", "transactions": "10k", "value_bytes": "1MiB"},
            "write up to 1,313,280,000 pages, most are 200,000,000; lower transactions, overwrites or",
        ),
    ],
)
def test_what_does_not_go_together(given: dict[str, Any], says: str) -> None:
    """One line, before any work."""
    with pytest.raises(ParameterError, match=says):
        parameters.read(MECHANISM, given)


@pytest.mark.parametrize(
    "params",
    [
        values(free_pages=100_000, fragmentation=1.0),
        values(free_pages=100_000, fragmentation=0.0, value_bytes=15 * 1024),
        values(free_pages=100, value_bytes=1 << 20, overwrites=32),
    ],
    ids=["pieces", "one run", "large values"],
)
def test_memory_is_said_from_above(params: Params) -> None:
    """All lists, their programme and the audit."""
    outcomes(values())
    tracemalloc.start()
    try:
        outcomes(params)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MECHANISM.memory(CLUSTER, params) < 10 * peak + (64 << 20)


@pytest.mark.tiny
def test_cost_grows_with_what_is_asked_for() -> None:
    """More free pages and longer runs take the array longer."""
    costs = [
        MECHANISM.cost_ns(CLUSTER, values(free_pages=free, value_bytes=size))
        for free, size in ((1_000, 100), (100_000, 100), (100_000, 15_000))
    ]
    assert costs == sorted(costs)
    assert costs[0] * 10 < costs[2]
