"""The mechanism etcd-sharding: its puts, its promise, and where sharding gains nothing."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import etcd_write
from kscale.mechanisms import etcd_puts, etcd_sharding, etcd_sharding_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.etcd_sharding_load import Params, ShardingLoad
from kscale.scenario import build, profiles
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

VARIANTS = etcd_sharding.MECHANISM.variants
MS, S = 1_000_000, 1_000_000_000


def cluster(profile: str = "k8s-1.14", nodes: int = 300, seed: int = 3) -> Cluster:
    """Return a small cluster, of 3 members each etcd."""
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "small",
                "profile": profile,
                "seed": seed,
                "cluster": {"nodes": {"count": nodes}, "pods": {"count": 3000}, "objects": {"total": 20_000}},
                "load": {"pod_changes": "10/s"},
            }
        )
    )


def run(load: ShardingLoad) -> dict[str, Outcome]:
    """Return what every variant makes of *load*, after they agreed."""
    outcomes = {name: variant.run(variant.build(load)) for name, variant in VARIANTS.items()}
    etcd_sharding.agree(load, outcomes)
    return outcomes


def works(params: Params, small: Cluster | None = None) -> dict[str, Work]:
    """Return the work of every variant."""
    load = etcd_sharding_load.make(small or cluster(), params)
    return {name: outcome.work for name, outcome in run(load).items()}


@pytest.mark.tiny
@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_rates_follow_the_cluster(profile: str) -> None:
    """Leases each 10 s, node status at its age, Events with the pods, the rest by what is stored."""
    small = cluster(profile)
    rates = etcd_puts.rates(small, events=2.0, others=1.0)
    period = small.profile.node_status_period_ns // S
    assert (rates["pods"], rates["leases"], rates["nodes"]) == (10.0, 30.0, 300 / period)
    assert rates["events"] == 20.0
    rest = set(rates) - {"pods", "leases", "nodes", "events"}
    assert sum(rates[name] for name in rest) == pytest.approx(10.0)
    puts = etcd_puts.puts(small, rates, 10 * S, "test")
    assert np.bincount(puts.type_of).tolist() == [int(rate * 10 + 0.5) for rate in rates.values()]
    assert (np.diff(puts.arrival) >= 0).all()
    assert 0 <= puts.arrival[0] <= puts.arrival[-1] < 10 * S
    pods = small.objects.size[small.objects.type_of == small.objects.types.index("pods")]
    assert set(puts.size[puts.type_of == puts.types.index("pods")].tolist()) <= set(pods.tolist())


@pytest.mark.tiny
def test_costs_become_rules() -> None:
    """Each rule of the kernel is the coefficient, constant or setting of its name."""
    small = cluster()
    made = etcd_puts.etcd(small, cores=4)
    assert made.rules[etcd_write.APPLY] == small.costs["etcd_apply_ns"]
    assert made.rules[etcd_write.COMMIT] == 2 * small.control_plane.etcd_fsync_ns
    assert (made.rules[etcd_write.QUORUM], len(made.followers), made.rules[etcd_write.CORES]) == (2, 2, 4)
    assert (made.rules[[etcd_write.GAP, etcd_write.WINDOW, etcd_write.MESSAGE]] == [5000, 512, 1 << 20]).all()


def test_overload_is_carried_by_more_etcds() -> None:
    """At a rate that one etcd must refuse, one for each type answers more, sooner, from smaller stores."""
    found = works(Params(rate=900.0, duration_ns=S))
    before, after, events = (found[name] for name in (BASELINE, OPTIMIZED, etcd_sharding.EVENTS_FIRST))
    assert before["refused"] > 1000 > after["refused"]
    assert after["answered_per_s"] > events["answered_per_s"] > before["answered_per_s"]
    assert after["put_p99_ns"] * 2 < before["put_p99_ns"]
    assert after["shard_store_bytes"] * 2 < before["shard_store_bytes"] == before["store_bytes"]
    for work in found.values():
        assert work["answered"] + work["refused"] == work["puts"]
        assert {metric.name for metric in etcd_sharding.METRICS} == work.keys()
    assert (before["shards"], events["shards"], before["members"], events["members"]) == (1, 2, 3, 6)


@pytest.mark.tiny
def test_clients_of_one_type_are_answered_by_one_etcd() -> None:
    """The closed loop, etcd's own benchmark, has a single type: each variant runs the same etcd."""
    load = etcd_sharding_load.make(cluster(), Params(clients=200, puts=5000))
    outcomes = run(load)
    assert all(outcome.work["shards"] == 1 for outcome in outcomes.values())
    said = etcd_sharding.losses({name: outcome.work for name, outcome in outcomes.items()})
    assert "one type" in said[0]


def test_a_hot_type_bounds_the_gain() -> None:
    """With nine of ten puts in one type, one etcd for each carries little more than one for all."""
    burst = Params(rate=900.0, duration_ns=S)
    spread, hot = works(burst), works(replace(burst, hot="events"))
    assert hot[OPTIMIZED]["events_puts"] == pytest.approx(0.9 * hot[OPTIMIZED]["puts"], abs=10)
    assert hot[OPTIMIZED]["puts"] == pytest.approx(spread[OPTIMIZED]["puts"], abs=10)
    assert hot[OPTIMIZED]["hottest_shard_ppm"] == pytest.approx(900_000, abs=100)
    gains = [found[OPTIMIZED]["answered"] / found[BASELINE]["answered"] for found in (spread, hot)]
    assert gains[1] < 1.3 < gains[0]
    said = etcd_sharding.losses(hot)
    assert any("90.0 % of the puts go to one etcd, that of events" in line for line in said)
    assert any("still refused" in line for line in said)


@pytest.mark.tiny
def test_a_hot_type_takes_its_share_of_the_same_puts() -> None:
    """The others keep their proportions; a type that is not written cannot be hot."""
    small = cluster()
    own = etcd_puts.rates(small, 2.0, 1.0)
    mixed = etcd_sharding_load._mixed(own, Params(hot="pods", hot_share=0.5))
    assert sum(mixed.values()) == pytest.approx(sum(own.values()))
    assert mixed["pods"] == pytest.approx(0.5 * sum(own.values()))
    assert mixed["leases"] / mixed["events"] == pytest.approx(own["leases"] / own["events"])
    assert etcd_sharding_load._mixed(own, Params()) == own
    with pytest.raises(KscaleError, match=r"hot is events, but this cluster writes only pods, .*leases"):
        etcd_sharding_load.make(small, Params(hot="events", events_per_change=0))


@pytest.mark.tiny
def test_stores_are_those_of_the_clusters_own_rate() -> None:
    """A burst, or a hot type, leaves no more history: objects, and what is written until a compaction."""
    small = cluster()
    params = Params(duration_ns=S // 10)
    stored = etcd_sharding_load.make(small, params).stored
    assert etcd_sharding_load.make(small, replace(params, rate=30.0, hot="pods")).stored == stored
    pods = small.objects.size[small.objects.type_of == small.objects.types.index("pods")]
    live = int(pods.sum()) + 83 * len(pods)
    assert stored[0] == live + live * (10 * small.profile.etcd_compaction_ns // S) // len(pods)


def test_the_largest_store_is_named() -> None:
    """Where one etcd keeps more than half of all bytes, the sentence says whose."""
    found = works(Params(shards=2, duration_ns=S))
    after = found[OPTIMIZED]
    assert 2 * after["shard_store_bytes"] > after["store_bytes"]
    names = [one for one in etcd_sharding.NAMED if after[f"{one}_store_bytes"] == after["shard_store_bytes"]]
    said = [line for line in etcd_sharding.losses(found) if "of all bytes stay in one store" in line]
    assert said
    assert said[0].endswith(" and ".join(names) or "another type")
    by_type = works(Params(duration_ns=S))[OPTIMIZED]
    stored = {name: by_type[f"{name}_store_bytes"] for name in etcd_sharding.NAMED}
    assert len(set(stored.values())) == len(stored)
    assert sum(stored.values()) < by_type["store_bytes"] == after["store_bytes"]


def test_at_low_load_there_are_only_more_fsyncs() -> None:
    """Nothing more is answered, nor twice as soon; smaller batches take more fsyncs, of more members."""
    found = works(Params(rate=20.0, duration_ns=2 * S))
    at_rate_1 = works(Params())
    assert at_rate_1[OPTIMIZED]["answered"] == at_rate_1[BASELINE]["answered"]
    before, after = found[BASELINE], found[OPTIMIZED]
    assert after["answered"] == before["answered"] == before["puts"]
    assert before["put_p50_ns"] < 2 * after["put_p50_ns"]
    assert after["log_fsyncs"] > before["log_fsyncs"]
    assert after["members"] > before["members"]
    said = etcd_sharding.losses(found)
    assert any("none more is answered" in line for line in said)
    assert any("the fsyncs" in line for line in said)


@pytest.mark.tiny
def test_where_no_put_comes_there_are_no_latencies() -> None:
    """Of a node's lease every 10 s none need come in 5 s, or one: 0 ns and 0/s would be figures."""
    alone = replace(cluster(nodes=1), load=replace(cluster().load, pod_changes_per_s=0.0))
    found = works(Params(duration_ns=S), alone)
    for work in found.values():
        assert work["puts"] == 0
        assert not [name for name in work if name.startswith(("put_", "hot_p")) or name == "answered_per_s"]
    assert etcd_sharding.losses(found)[0].startswith("no put came in the time simulated")
    found = works(Params(duration_ns=10 * S), alone)
    assert all(work["puts"] == 1 and work["put_p99_ns"] > 0 for work in found.values())
    assert all("answered_per_s" not in work for work in found.values())


@pytest.mark.tiny
def test_refused_puts_leave_a_rate_of_answers() -> None:
    """None answered of many sent is 0/s, which says what it is."""
    assert etcd_sharding._answered_per_s(5000, 0, S) == {"answered_per_s": 0}
    assert etcd_sharding._answered_per_s(0, 0, 0) == {}


@pytest.mark.tiny
def test_a_cluster_that_writes_nothing_is_refused() -> None:
    """Neither nodes nor leases are stored, and no pod changes: there is no etcd to put anywhere."""
    small = cluster()
    objects = replace(small.objects, types=tuple(f"other-{name}" for name in small.objects.types))
    still = replace(small, objects=objects, load=replace(small.load, pod_changes_per_s=0.0))
    with pytest.raises(KscaleError, match="etcd-sharding: nothing is written"):
        etcd_sharding_load.make(still, Params())


def test_revisions_come_from_different_counters() -> None:
    """One etcd numbers all answers upward; several do not."""
    found = works(Params(rate=50.0, duration_ns=S))
    assert found[BASELINE]["unordered"] == 0
    assert found[OPTIMIZED]["unordered"] > found[OPTIMIZED]["answered"] // 10
    assert any("counts for itself" in line for line in etcd_sharding.losses(found))


def test_shards_are_balanced_dearest_type_first() -> None:
    """Each type goes where the least is to be done so far; enough shards are one for each."""
    load = etcd_sharding_load.make(cluster(), Params(shards=3))
    work = etcd_sharding_load._work(load)
    shard_of = etcd_sharding_load.by_type(load)
    totals = [sum(w for w, s in zip(work, shard_of, strict=True) if s == one) for one in range(3)]
    assert 3 * max(totals) <= 4 * max(*work, -(-sum(work) // 3))  # Graham's bound, 4/3 of the best
    many = replace(load, shards=99)
    assert etcd_sharding_load.by_type(many).tolist() == list(range(len(load.types)))
    outcomes = run(load)
    assert outcomes[OPTIMIZED].work["shards"] == 3


def test_a_missing_a_double_and_a_late_answer_are_caught() -> None:
    """The first put that got no reply, two, or one before its predecessor's, is named with its type."""
    load = etcd_sharding_load.make(cluster(), Params(rate=20.0, duration_ns=S))
    outcome = run(load)[OPTIMIZED]
    for replies in (0, 2):
        wrong = outcome.answer.replies.copy()
        wrong[5] = replies
        broken = Outcome(outcome.work, replace(outcome.answer, replies=wrong))
        with pytest.raises(
            WrongAnswer, match=rf"optimized replies {replies} times to put 5, of [a-z]+ \(1 of"
        ):
            etcd_sharding.agree(load, {OPTIMIZED: broken})
    leases = np.flatnonzero(load.puts.type_of == load.types.index("leases"))
    done = outcome.answer.done.copy()
    done[leases[3]] = done[leases[2]] - 1
    broken = Outcome(outcome.work, replace(outcome.answer, done=done))
    with pytest.raises(WrongAnswer, match=f"put {leases[3]}, of leases, before an earlier one"):
        etcd_sharding.agree(load, {OPTIMIZED: broken})


@pytest.mark.tiny
def test_too_many_puts_are_refused() -> None:
    """One line, with what to do."""
    with pytest.raises(KscaleError, match=r"etcd-sharding: .* puts are more than 5,000,000; lower rate"):
        etcd_sharding_load.make(cluster(), Params(rate=9000.0, duration_ns=3600 * S))


@pytest.mark.tiny
def test_memory_and_cost_grow_with_the_puts() -> None:
    """The plan follows rate and number."""
    small = cluster()
    for plan in (etcd_sharding_load.memory, etcd_sharding_load.cost_ns):
        assert plan(small, Params(rate=500.0)) > plan(small, Params(rate=1.0))
        assert plan(small, Params(clients=5, puts=10**6)) > plan(small, Params(clients=5, puts=10))


def test_the_plan_covers_what_is_held() -> None:
    """Drawing the puts, answering them in every variant and comparing them needs what was planned."""
    small, params = cluster(), Params(rate=900.0, duration_ns=3 * S)
    works(Params(duration_ns=S))
    tracemalloc.start()
    works(params, small)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    planned = etcd_sharding_load.memory(small, params)
    assert planned / 2 < peak < planned
