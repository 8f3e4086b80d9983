"""About how long a run takes: from what it took before, else from the cost model."""

from pathlib import Path

import pytest
from made_results import result
from measure_fakes import Script, cluster, loaded, mechanism

from kscale.measure import estimate, plan
from kscale.measure.plan import PlannedCell
from kscale.measure.timing import Settings
from kscale.mechanisms.registry import MECHANISMS
from kscale.results.record import Result
from kscale.results.store import Store
from kscale.scenario import build, load

SCENARIO = loaded("mechanisms: {fake-search: {free_pages: [10, 20]}}")
FINGERPRINT = "f" * 16


def planned() -> list[PlannedCell]:
    """Two cells of a mechanism whose baseline is said to take 1 ms."""
    return plan.plan(SCENARIO, [mechanism(Script())])


def asked(*, timed: bool) -> dict[str, bool]:
    """The planned cells, to be timed or not."""
    return {cell.key: timed for cell in planned()}


def before(run_id: str, seconds: float, **changes: object) -> Result:
    """A saved result of the first cell."""
    one = result(run_id)
    cell = one.cells[0].model_copy(
        update={"mechanism": "fake-search", "params": planned()[0].values, "seconds": seconds}
    )
    scenario = one.scenario.model_copy(update={"sha256": SCENARIO.sha256})
    run = one.run.model_copy(update=changes)
    return one.model_copy(update={"cells": [cell], "scenario": scenario, "run": run})


def test_what_it_took_before(tmp_path: Path) -> None:
    """A cell that was counted here before takes as long again; the others are modelled, and say so."""
    Store(tmp_path).save(before("20261121T025400Z-aaaaaaa", 3.5))
    earlier = estimate.earlier_cells(Store(tmp_path), SCENARIO, FINGERPRINT, asked(timed=False))
    first, second = estimate.estimates(planned(), cluster(), Settings(timing=False), earlier)
    assert (first.seconds, first.provenance) == (3.5, "measured")
    assert second.provenance == "modelled"
    assert second.seconds == pytest.approx(2 * 1.5e-3)  # two runs of a baseline and of a half as dear other
    assert first.bytes == 1000


@pytest.mark.parametrize(
    ("changes", "fingerprint", "timed"),
    [
        ({}, "other machine", False),
        ({}, FINGERPRINT, True),
        ({"quick": True}, FINGERPRINT, False),
        ({"together": "x"}, FINGERPRINT, False),
    ],
)
def test_what_does_not_count(
    tmp_path: Path, changes: dict[str, object], fingerprint: str, *, timed: bool
) -> None:
    """Another machine, a counted run for a timed one, a quick one, one in turns: they say nothing."""
    Store(tmp_path).save(before("20261121T025400Z-aaaaaaa", 3.5, **changes))
    assert estimate.earlier_cells(Store(tmp_path), SCENARIO, fingerprint, asked(timed=timed)) == {}


def test_another_scenario_does_not_count(tmp_path: Path) -> None:
    """Cells of equal parameters on another cluster are other cells."""
    Store(tmp_path).save(before("20261121T025400Z-aaaaaaa", 3.5))
    other = SCENARIO.with_seed(1)
    assert estimate.earlier_cells(Store(tmp_path), other, FINGERPRINT, asked(timed=False)) == {}


def test_a_damaged_file_does_not_matter(tmp_path: Path) -> None:
    """A plan can do without a result that cannot be read."""
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    assert estimate.earlier_cells(Store(tmp_path), SCENARIO, FINGERPRINT, asked(timed=True)) == {}


@pytest.mark.parametrize(
    ("run_s", "least_s", "most_s"),
    [(1e-6, 0.1, 2), (0.1, 1, 10), (1, 8, 20), (100, 200, 400)],
)
def test_times_follow_the_rules_of_timing(run_s: float, least_s: float, most_s: float) -> None:
    """Samples of 10 ms, six pairs at least, within the share unless a single pair is dearer."""
    found = estimate._modelled_s(run_s, 2, share_s=10, timed=True)
    assert least_s <= found <= most_s


def test_every_mechanism_has_a_cost() -> None:
    """The cost model grows with the point, for each mechanism and workload."""
    points = b"""
mechanisms:
  etcd-freelist:
    - {workload: [A, B, C, W], free_pages: [10k, 1M]}
    - {workload: churn, transactions: [10, 1000]}
  etcd-offload: {rate: [1, 20]}
  etcd-sharding: {rate: [1, 20]}
  etcd-learner: {rate: [1, 10]}
  etcd-concurrent-reads: {duration_ns: [1s, 1min]}
  node-lease: {duration_ns: [1min, 10min]}
  apiserver-balance: {requests_per_s: [0.01, 1]}
  watch-fanout: {events: [1k, 100k]}
  watch-encode: {events: [20, 2k]}
  watch-bookmark: {duration_ns: [10min, 100h]}
  list-index: {lists: [1, 4]}
  controller-standby: {trials: [1k, 100k]}
  sched-equivalence: {pods: [1k, 100k]}
  sched-sampling: {pods: [1k, 100k]}
"""
    text = b"cluster: {nodes: {count: 1000}, pods: {count: 100k}}" + points
    found = load.parse(text, "x", "x")
    arrays = build.build(found.scenario)
    cells = plan.plan(found, MECHANISMS)
    costs = [cell.mechanism.cost_ns(arrays, cell.params) for cell in cells]
    assert all(2 * small < large for small, large in zip(costs[::2], costs[1::2], strict=True))


def test_the_process_holds_cluster_and_largest_cell() -> None:
    """Cells run one after the other, so only the largest counts."""
    found = [
        estimate.Estimate(cell, 1, size, "modelled") for cell, size in zip(planned(), (5, 7), strict=True)
    ]
    assert estimate.process_bytes(100, found) - estimate.process_bytes(100, []) == 7
