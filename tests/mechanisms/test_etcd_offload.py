"""The mechanism etcd-offload: its promise, and all that two stores lose."""

from dataclasses import replace

import numpy as np
import pytest

from kscale.errors import WrongAnswer
from kscale.kernels import offload
from kscale.mechanisms import etcd_offload, etcd_offload_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.etcd_offload import IN_PLACE, INDEX_FIRST
from kscale.mechanisms.etcd_offload_load import OffloadLoad, Params
from kscale.scenario import build, profiles
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

VARIANTS = etcd_offload.MECHANISM.variants
S = 1_000_000_000
SMALL = Params(rate=20.0, duration_ns=S, operations=2000, keys=100)


def cluster(profile: str = "k8s-1.14") -> Cluster:
    """Return a small cluster."""
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "small",
                "profile": profile,
                "seed": 3,
                "cluster": {"nodes": {"count": 300}, "pods": {"count": 3000}, "objects": {"total": 20_000}},
                "load": {"pod_changes": "10/s"},
            }
        )
    )


def run(load: OffloadLoad) -> dict[str, Outcome]:
    """Return what every variant makes of *load*, after they agreed."""
    outcomes = {name: variant.run(variant.build(load)) for name, variant in VARIANTS.items()}
    etcd_offload.agree(load, outcomes)
    return outcomes


def works(params: Params = SMALL) -> dict[str, Work]:
    """Return the work of every variant."""
    load = etcd_offload_load.make(cluster(), params)
    return {name: outcome.work for name, outcome in run(load).items()}


@pytest.mark.tiny
@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_variants_agree_and_counters_repeat(profile: str) -> None:
    """When nothing fails all find the same; a seed fixes every counter."""
    params = Params(duration_ns=S // 2, operations=60, keys=9)
    first, again = (run(etcd_offload_load.make(cluster(profile), params)) for _ in range(2))
    assert {name: o.work for name, o in first.items()} == {name: o.work for name, o in again.items()}
    for outcome in first.values():
        assert outcome.work.keys() == {metric.name for metric in etcd_offload.METRICS}


def test_etcd_gets_small() -> None:
    """It keeps an entry and a record for each object; the values are elsewhere, and its log is shorter."""
    load = etcd_offload_load.make(cluster(), SMALL)
    found = {name: outcome.work for name, outcome in run(load).items()}
    before, after = found[BASELINE], found[OPTIMIZED]
    assert before["etcd_store_bytes"] == load.stored_bytes + 83 * load.objects
    assert after["etcd_store_bytes"] == (100 + 83) * load.objects
    assert after["outside_store_bytes"] == load.stored_bytes
    assert after["etcd_log_bytes"] == (100 + 95) * load.puts.count < before["etcd_log_bytes"]


def test_two_stores_go_wrong_and_one_does_not() -> None:
    """Each order of steps fails in its own way; etcd alone in none."""
    found = works()
    kinds = [
        f"{kind}_{wrong}" for kind in ("crash", "failover", "read") for wrong in ("lost", "stale", "mixed")
    ]
    assert not any(found[BASELINE][kind] for kind in (*kinds, "orphans"))
    for name in (OPTIMIZED, INDEX_FIRST, IN_PLACE):
        assert sum(found[name][kind] for kind in kinds) > found[name]["trials"] // 20
    value, index, place = (found[name] for name in (OPTIMIZED, INDEX_FIRST, IN_PLACE))
    assert value["crash_lost"] == value["crash_stale"] == value["crash_mixed"] == 0
    assert value["orphans"] > 0
    assert value["failover_lost"] > 0
    assert index["crash_lost"] > 0
    assert place["crash_mixed"] > 0
    assert place["failover_stale"] > 0
    assert place["read_stale"] > 0


def test_faults_follow_the_seed_and_not_the_cluster() -> None:
    """A busier and larger cluster counts the same wrong reads, as the mechanism says."""
    assert "seed and the parameters alone" in etcd_offload.MECHANISM.about
    larger = replace(cluster(), load=replace(cluster().load, pod_changes_per_s=99.0))
    larger = replace(larger, objects=replace(larger.objects, size=larger.objects.size * 2))
    load = etcd_offload_load.make(larger, SMALL)
    for name, work in works().items():
        other = VARIANTS[name].run(VARIANTS[name].build(load)).work
        same = [key for key in work if key.startswith(("crash", "failover", "read")) or key == "orphans"]
        assert [other[key] for key in same] == [work[key] for key in same]
        assert other["etcd_log_bytes"] > work["etcd_log_bytes"]


def test_the_headline_counts_what_is_lost_for_good() -> None:
    """Without a copy behind nothing is lost for good, though readers have to try again."""
    headlines = [metric.name for metric in etcd_offload.METRICS if metric.headline]
    assert headlines == ["etcd_store_bytes", "put_p99_ns", "failover_lost"]
    found = works(replace(SMALL, behind=0))[OPTIMIZED]
    assert found["failover_lost"] == 0 < found["read_lost"]


def test_a_copy_that_is_not_behind_saves_what_was_acknowledged() -> None:
    """With both copies written at once a failover changes nothing; crashes and readers remain."""
    found = works(replace(SMALL, behind=0))
    for work in found.values():
        assert work["failover_lost"] == work["failover_stale"] == work["failover_mixed"] == 0
        assert work["read_stale"] == 0
    assert found[OPTIMIZED]["read_lost"] > 0
    assert found[INDEX_FIRST]["crash_lost"] > 0


def test_a_second_round_trip_is_added_to_every_put() -> None:
    """At low load a put takes the outside store's time more, a small one as well."""
    found = works(replace(SMALL, rate=1.0, duration_ns=10 * S))
    before, after = found[BASELINE], found[OPTIMIZED]
    assert (before["round_trips"], after["round_trips"]) == (1, 2)
    for name in ("put", "small"):
        assert 300_000 < after[f"{name}_p50_ns"] - before[f"{name}_p50_ns"] < 600_000
    said = etcd_offload.losses(found)
    assert any("a put takes more than" in line for line in said)
    assert any("up to 1 KiB" in line for line in said)


def test_the_window_is_what_lies_between_the_two_writes() -> None:
    """Value first: all of etcd's write path. Entry first: the outside store's time."""
    load = etcd_offload_load.make(cluster(), SMALL)
    found = {name: outcome.work for name, outcome in run(load).items()}
    assert found[BASELINE]["window_max_ns"] == 0
    assert found[INDEX_FIRST]["window_max_ns"] == int(load.outside_ns.max())
    shortest = int(load.outside_ns.min())
    assert found[OPTIMIZED]["window_p50_ns"] < found[OPTIMIZED]["put_p50_ns"] - shortest + 100_000
    assert found[OPTIMIZED]["window_p50_ns"] > 2_000_000


def test_losses_have_the_figures_of_the_cell() -> None:
    """Lost values, torn reads and garbage are said; of a baseline alone nothing is."""
    found = works()
    said = etcd_offload.losses(found)
    assert any("failed over" in line for line in said)
    assert any("value is not there" in line for line in said)
    assert any("something must look for them" in line for line in said)
    assert etcd_offload.losses({BASELINE: found[BASELINE]}) == ()


def test_a_wrong_read_and_a_lost_put_are_caught() -> None:
    """The first operation or key that reads wrong is named, and a put without a reply."""
    load = etcd_offload_load.make(cluster(), SMALL)
    outcome = run(load)[OPTIMIZED]
    first = int(np.flatnonzero(load.kinds == offload.GET)[0])
    answers = outcome.answer.answers.copy()
    answers[first] = offload.MISSING
    broken = Outcome(outcome.work, replace(outcome.answer, answers=answers))
    with pytest.raises(WrongAnswer, match=rf"etcd-offload: optimized reads put -2 at operation {first}, not"):
        etcd_offload.agree(load, {OPTIMIZED: broken})
    final = outcome.answer.final.copy()
    final[4] += 1
    broken = Outcome(outcome.work, replace(outcome.answer, final=final))
    with pytest.raises(WrongAnswer, match=r"at key 4, not put"):
        etcd_offload.agree(load, {OPTIMIZED: broken})
    broken = Outcome(outcome.work, replace(outcome.answer, replies=load.puts.count - 1))
    with pytest.raises(WrongAnswer, match=r"replies to \d+ of \d+ puts"):
        etcd_offload.agree(load, {OPTIMIZED: broken})


@pytest.mark.tiny
def test_shares_of_operations() -> None:
    """Deletes and reads come in their shares, and cannot be more than all."""
    load = etcd_offload_load.make(cluster(), Params(operations=20_000, delete_share=0.2, get_share=0.5))
    shares = np.bincount(load.kinds) / 20_000
    assert shares == pytest.approx([0.3, 0.2, 0.5], abs=0.02)
    with pytest.raises(ValueError, match=r"come to 1\.2, more than all operations"):
        Params(delete_share=0.6, get_share=0.6)


@pytest.mark.tiny
def test_memory_and_cost_grow_with_what_is_asked_for() -> None:
    """The plan follows puts and operations."""
    small = cluster()
    for plan in (etcd_offload_load.memory, etcd_offload_load.cost_ns):
        assert plan(small, Params(rate=500.0)) > plan(small, Params(rate=1.0))
        assert plan(small, Params(operations=10**6)) > plan(small, Params(operations=10))
