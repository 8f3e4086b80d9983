"""The mechanism list-index: its load, its promise, what profiles change, and where it loses."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from reference import protobuf

from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import list_pods
from kscale.mechanisms import list_answers, list_index, list_load, list_server
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.list_index import LOOKUP, PAGED, SCAN
from kscale.mechanisms.list_load import ListLoad, Params
from kscale.scenario import build, profiles
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

MS = 1_000_000
MECHANISM = list_index.MECHANISM


def cluster(
    profile: str = "k8s-1.36", nodes: int = 20, pods: int = 400, changes: str = "10/s", seed: int = 3
) -> Cluster:
    """Return a small cluster."""
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "small",
                "profile": profile,
                "seed": seed,
                "cluster": {
                    "nodes": {"count": nodes},
                    "pods": {"count": pods, "apps": 10},
                    "objects": {"total": 5 * pods + 1000},
                },
                "load": {"pod_changes": changes},
            }
        )
    )


def outcomes_of(load: ListLoad) -> dict[str, Outcome]:
    """Return what every variant makes of *load*."""
    return {name: variant.run(variant.build(load)) for name, variant in MECHANISM.variants.items()}


def works_of(small: Cluster, **params: Any) -> dict[str, Work]:  # noqa: ANN401 - of Params
    """Return the work of every variant, quality included, after they were seen to agree."""
    load = list_load.make(small, Params(**{"object_bytes": 600, "arrivals": 300, **params}))
    outcomes = outcomes_of(load)
    list_index.agree(load, outcomes)
    return {name: {**one.work, **list_index.quality(load, one)} for name, one in outcomes.items()}


@pytest.mark.tiny
@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
@pytest.mark.parametrize("by", ["node", "label", "none", "all"])
def test_lists_agree_and_counters_repeat(profile: str, by: str) -> None:
    """Same pods in the same order; a seed fixes every counter, and the metrics name each."""
    small = cluster(profile, pods=60)
    works = works_of(small, by=by, lists=3, page=25, arrivals=30)
    assert works == works_of(small, by=by, lists=3, page=25, arrivals=30)
    for work in works.values():
        assert work.keys() == {metric.name for metric in list_index.METRICS}


@pytest.mark.parametrize("by", ["node", "label"])
def test_a_ring_stands_for_all_pods(monkeypatch: pytest.MonkeyPatch, by: Literal["node", "label"]) -> None:
    """Rounds over a ring of a few pods find just the pods that the load says there are, on every node."""
    monkeypatch.setattr(list_load, "RING_BYTES", 600 * 30)
    load = list_load.make(cluster(), Params(by=by, object_bytes=600, lists=50, page=77))
    assert len(load.starts) - 1 == 30
    assert load.wants.shape == (50, 14, 2)
    outcomes = outcomes_of(load)
    list_index.agree(load, outcomes)
    assert outcomes[BASELINE].work["objects_returned"] > 0
    each = np.diff(load.starts)
    assert load.bytes_of(0, 400) == sum(int(each[i % 30]) for i in range(400))
    assert load.bytes_of(13, 77) == sum(int(each[i % 30]) for i in range(13, 77))
    assert len(np.unique(load.node_of)) == 20  # all nodes have pods, though the ring is small


def test_the_ring_is_protobuf_of_the_right_size() -> None:
    """A reader that knows no schema finds the node and the application that the load says."""
    load = list_load.make(cluster(), Params(object_bytes=2000))
    assert abs(np.diff(load.starts) - 2000).max() < 20
    thing = protobuf.decode(load.ring[load.starts[7] : load.starts[8]].tobytes())
    assert thing.node == b"node-%011d" % load.node_of[7]
    assert dict(thing.labels)[b"app"] == b"app-%012d" % load.app_of[7]


def test_pods_are_as_large_as_the_cluster_says() -> None:
    """Without object_bytes, sizes are those of the stored pods, which differ."""
    small = cluster()
    load = list_load.make(small, Params())
    stored = small.objects.size[small.objects.type_of == small.objects.types.index("pods")]
    assert len(set(np.diff(load.starts).tolist())) > 100
    assert abs(load.bytes_of(0, 400) / stored.sum() - 1) < 0.02


def test_counters_of_lists_are_exact() -> None:
    """What is read, walked and tested, in closed form."""
    works = works_of(cluster(), lists=5, page=150)
    returned = works[BASELINE]["objects_returned"]
    for name in (BASELINE, PAGED):
        assert works[name]["objects_read"] == works[name]["tests"] == 5 * 400
        assert works[name]["index_bytes"] == works[name]["revision_reads"] == 0
    assert works[BASELINE]["ranges"] == 5
    assert works[BASELINE]["keys_walked"] == 5 * 400
    assert works[PAGED]["ranges"] == 5 * 3
    assert works[PAGED]["keys_walked"] == 5 * (400 + 250 + 100)
    assert works[SCAN]["tests"] == 5 * 400
    assert works[OPTIMIZED]["tests"] == works[LOOKUP]["tests"] == returned
    assert works[OPTIMIZED]["revision_reads"] == 5
    assert works[OPTIMIZED]["index_bytes"] == 4 * (400 + 21 + 64)
    assert all(works[name]["bytes_read"] == 0 for name in (OPTIMIZED, SCAN, LOOKUP))


def test_costs_are_those_of_the_coefficients() -> None:
    """One list of 400 pods from etcd, and one from the cache, by hand."""
    load = list_load.make(cluster(), Params(object_bytes=600, by="none"))
    outcomes = outcomes_of(load)
    size, cost = load.bytes_of(0, 400), load.costs
    found = list_server.costs_of(load, outcomes[BASELINE].work)
    assert found["etcd_cpu_ns"] == 400 * 8700 + size * 5200 // 1000 + cost["etcd_quorum_read_cpu_ns"]
    assert (
        found["apiserver_cpu_ns"] == cost["apiserver_request_cpu_ns"] + 400 * 16_700 + size * 10_100 // 1000
    )
    assert found["alone_ns"] == cost["list_request_wall_ns"] + 400 * 30_000 + size * 4800 // 1000 + 700_000
    cached = list_server.costs_of(load, outcomes[SCAN].work)
    assert cached["alone_ns"] == cost["list_request_wall_ns"] + 400 * 1600
    assert cached["etcd_cpu_ns"] == 0
    fresh = list_server.costs_of(load, outcomes[OPTIMIZED].work)
    assert fresh["etcd_cpu_ns"] == cost["etcd_quorum_read_cpu_ns"] > 0  # of its revision


def test_paging_is_slower_as_a_real_etcd_is() -> None:
    """100,000 keys in pages of 500 took 3.4 times as long as one range of 1.04 s on a real etcd."""
    costs = cluster().costs
    walked = sum(100_000 - first for first in range(0, 100_000, 500)) - 100_000
    ratio = 1 + walked * costs["list_walk_ns_per_key"] / 1.044e9
    assert abs(ratio / 3.4 - 1) < 0.15


def test_a_list_of_everything_gains_little() -> None:
    """The losing regime: what is left is encoding, and both variants do it."""
    works = works_of(cluster(), by="all")
    assert works[BASELINE]["alone_ns"] < 4 * works[OPTIMIZED]["alone_ns"]
    one = works_of(cluster(pods=4000), by="node")
    assert one[BASELINE]["alone_ns"] > 20 * one[OPTIMIZED]["alone_ns"]
    assert any("100 % of all pods" in line for line in list_index.losses(works))
    every = works_of(cluster(nodes=1), by="node")  # one node: the index finds everything
    assert every[OPTIMIZED]["tests"] == 400
    assert any("100 % of all pods" in line for line in list_index.losses(every))


def test_a_small_cluster_is_slower_from_the_cache() -> None:
    """The losing regime: who comes after a question to etcd waits longer than reading a few pods takes."""
    few = cluster(nodes=100, pods=200, changes="0.1/s")
    works = works_of(few, arrivals=2000, rate=1.0)
    assert works[OPTIMIZED]["list_p99_ns"] > 2 * works[BASELINE]["list_p99_ns"]
    assert any("slower from the cache at P99" in line for line in list_index.losses(works))
    assert works[OPTIMIZED]["list_p50_ns"] < works[BASELINE]["list_p50_ns"]  # asked at once, and answered
    assert works[OPTIMIZED]["fresh_wait_max_ns"] <= 103 * MS
    rare = works_of(few, arrivals=2000, rate=0.1)
    assert not any("slower" in line for line in list_index.losses(rare))


def test_lists_beyond_the_time_out_are_not_answered() -> None:
    """Each list from etcd takes longer than 60 s: none is answered; a minute of lists is held."""
    load = list_load.make(cluster(), Params(object_bytes=600, rate=1.0, arrivals=600))
    costs = {"alone_ns": 90_000 * MS, "apiserver_cpu_ns": 1, "etcd_cpu_ns": 1}
    found = list_server.together(load, costs, 100, fresh=False)
    assert found["timed_out"] == 600
    assert found["list_p50_ns"] == found["list_max_ns"] == 60_000 * MS
    assert 60 * 100 / 2 < found["server_bytes"] < 60 * 100 * 2
    works = works_of(cluster())
    works[BASELINE] = {**works[BASELINE], "timed_out": 600}
    assert any("baseline: 600 lists were cancelled" in line for line in list_index.losses(works))


def test_an_unindexed_selector_walks_the_cache() -> None:
    """The losing regime: by label every cached pod is tested, RV=0 or not; etcd is spared all the same."""
    works = works_of(cluster(), by="label")
    for name in (OPTIMIZED, SCAN, LOOKUP):
        assert works[name]["tests"] == 400
        assert works[name]["objects_read"] == 0
    assert works[OPTIMIZED]["index_bytes"] > 0  # held, and of no use here
    assert any("no index for this selector" in line for line in list_index.losses(works))


def test_rv0_ignores_the_limit() -> None:
    """The losing regime: whatever the page, RV=0 returns all at once, and holds it all if encoded whole."""
    works = works_of(cluster(), by="all", page=10, encoder="whole")
    assert works[SCAN]["objects_returned"] == works[LOOKUP]["objects_returned"] == 400
    assert works[SCAN]["list_bytes"] == 5 * works[SCAN]["bytes_returned"]


def test_a_quiet_type_is_refused_where_etcd_cannot_be_asked() -> None:
    """The losing regime: only a change of a pod ends the wait, where etcd is not asked how far it is."""
    quiet = {name: cluster(name, changes="0.01/s") for name in profiles.PROFILES}
    works = {name: works_of(one)[OPTIMIZED] for name, one in quiet.items()}
    assert works["k8s-1.14"]["stale"] > 0
    assert works["k8s-1.14"]["failed"] > 0
    assert works["k8s-1.36"]["stale"] == works["k8s-1.36"]["failed"] == 0
    whole = works_of(quiet["k8s-1.20"])
    assert any("refused as nothing told the cache" in line for line in list_index.losses(whole))


def test_the_index_takes_memory() -> None:
    """The losing regime: four bytes a pod and more for the nodes, which the other ways do not need."""
    small, large = (works_of(cluster(pods=pods))[OPTIMIZED]["index_bytes"] for pods in (400, 800))
    assert large - small == 4 * 400


def test_profiles_say_what_they_do() -> None:
    """Which variants are upstream follows the version; so does the memory of a response."""
    upstream = {
        name: {variant for variant, work in works_of(cluster(name)).items() if work["upstream"]}
        for name in profiles.PROFILES
    }
    assert upstream == {
        "k8s-1.14": {BASELINE, PAGED, SCAN},
        "k8s-1.20": {BASELINE, PAGED, LOOKUP},
        "k8s-1.36": {OPTIMIZED, LOOKUP},
    }
    old, new = (works_of(cluster(name), by="all") for name in ("k8s-1.14", "k8s-1.36"))
    assert old[LOOKUP]["list_bytes"] > 50 * new[LOOKUP]["list_bytes"]
    assert any("without a patch" in line for line in list_index.losses(old))
    assert not any("without a patch" in line for line in list_index.losses(new))


def test_memory_of_a_list() -> None:
    """From etcd, what is read is held; in pages, one page of it; from the cache, what is returned."""
    load = list_load.make(cluster("k8s-1.14"), Params(object_bytes=600, by="none", page=100))
    outcomes = outcomes_of(load)
    sizes = {
        name: list_server.request_bytes(load, one.work, one.answer.held) for name, one in outcomes.items()
    }
    assert sizes[BASELINE] == load.bytes_of(0, 400)
    assert sizes[PAGED] == load.bytes_of(0, 100)
    assert sizes[OPTIMIZED] == sizes[SCAN] == 0
    everything = replace(load, params=replace(load.params, by="all"), key=np.zeros(3, np.int64))
    whole = outcomes_of(everything)[BASELINE]
    assert list_server.request_bytes(everything, whole.work, whole.answer.held) == 5 * load.bytes_of(0, 400)


def test_many_lists_at_once_overload_etcd() -> None:
    """Beyond what its cores can read, lists from etcd pile up in memory; from the cache they do not."""
    works = works_of(cluster(pods=20_000), rate=200.0, arrivals=2000, cores=4, etcd_cores=3)
    assert works[BASELINE]["server_bytes"] == 400 * works[BASELINE]["list_bytes"]
    assert works[BASELINE]["refused"] > 0
    assert works[BASELINE]["server_bytes"] > 1000 * works[OPTIMIZED]["server_bytes"]
    assert works[OPTIMIZED]["refused"] == 0
    assert works[BASELINE]["list_p99_ns"] > 100 * works[OPTIMIZED]["list_p99_ns"]


def test_a_broken_index_is_told() -> None:
    """An index whose nodes are off by one is told from the right one, by its first difference."""
    load = list_load.make(cluster(), Params(object_bytes=600, lists=30))
    outcomes = outcomes_of(load)
    cache = list_answers.build_index(load)
    broken = list_answers.run_fresh(replace(cache, firsts=np.roll(cache.firsts, 1)))
    with pytest.raises(WrongAnswer, match=r"list-index: optimized, list 0: its end where pod \d+ should be"):
        list_index.agree(load, outcomes | {OPTIMIZED: broken})
    answer = outcomes[SCAN].answer.pods
    longer = replace(outcomes[SCAN].answer, pods=[np.append(answer[0], answer[0][-1]), *answer[1:]])
    wrong = Outcome(outcomes[SCAN].work, longer)
    with pytest.raises(WrongAnswer, match=r"rv0-scan, list 0: pod \d+ where its end should be"):
        list_index.agree(load, outcomes | {SCAN: wrong})


def test_wrong_bytes_and_damaged_pods_are_told() -> None:
    """As many pods of other sizes are another answer, and a pod that cannot be decoded is no pod."""
    load = list_load.make(cluster(), Params(object_bytes=600))
    outcomes = outcomes_of(load)
    work = {**outcomes[LOOKUP].work, "bytes_returned": 1}
    with pytest.raises(WrongAnswer, match=r"list-index: rv0-index returned 1 bytes, baseline \d+"):
        list_index.agree(load, outcomes | {LOOKUP: Outcome(work, outcomes[LOOKUP].answer)})
    zeros = list_answers.build_index(replace(load, ring=np.zeros_like(load.ring)))
    with pytest.raises(WrongAnswer, match="optimized, list 0: other bytes than baseline returned"):
        list_index.agree(load, outcomes | {OPTIMIZED: list_answers.run_fresh(zeros)})
    ring = load.ring.copy()
    ring[load.starts[9] + 1] = 0xFF
    with pytest.raises(WrongAnswer, match=r"a pod of 0 to 399 cannot be decoded: TRUNCATED"):
        list_answers.run_etcd(list_answers.build_etcd(replace(load, ring=ring)))


@pytest.mark.parametrize("every", [2, 1 << 40])
def test_a_decoder_that_skips_is_told(monkeypatch: pytest.MonkeyPatch, every: int) -> None:
    """Pods found without decoding the others, every second one or all, are the right ones, and no list."""
    load = list_load.make(cluster(), Params(object_bytes=600))
    outcomes = outcomes_of(load)
    decode = list_pods.by_decoding

    def skip(first: int, end: int, *rest: Any) -> int:  # noqa: ANN401 - as the kernel's
        """Decode only those that match and one of some others."""
        for pod in range(first, end):
            if load.node_of[pod] == load.wanted[0] or pod % every == 1:
                decode(pod, pod + 1, *rest)
        return 0

    monkeypatch.setattr(list_pods, "by_decoding", skip)
    skipped = list_answers.run_etcd(list_answers.build_etcd(load))
    assert skipped.answer.sums == outcomes[BASELINE].answer.sums
    with pytest.raises(WrongAnswer, match=r"list-index: baseline decoded \d+ pods where there are 400"):
        list_index.agree(load, {BASELINE: skipped})
    short = replace(outcomes[BASELINE].answer, text_bytes=1)
    with pytest.raises(WrongAnswer, match=r"baseline decoded 1 bytes of strings where there are \d+"):
        list_index.agree(load, {BASELINE: Outcome(outcomes[BASELINE].work, short)})


@pytest.mark.tiny
def test_what_cannot_be_listed_is_refused() -> None:
    """No nodes or no pods, and a list longer than the clock, are one line."""
    small = cluster(pods=60)
    none = replace(small, pods=replace(small.pods, app=small.pods.app[:0], klass=small.pods.klass[:0]))
    with pytest.raises(KscaleError, match="list-index needs a pod and a node, got 0 pods and 20 nodes"):
        list_load.make(none, Params())
    load = list_load.make(small, Params(object_bytes=600))
    costs = {"alone_ns": 10**14, "apiserver_cpu_ns": 1, "etcd_cpu_ns": 1}
    with pytest.raises(KscaleError, match="a list would take 100000 s, at most 10000"):
        list_server.together(load, costs, 0, fresh=False)


@pytest.mark.tiny
def test_memory_of_the_load_is_bounded_from_above() -> None:
    """The plan is above the arrays that are held."""
    small = cluster(pods=60)
    load = list_load.make(small, Params())
    held = sum(
        one.nbytes for one in (load.ring, load.text, load.objects, load.labels, load.wants, load.names)
    )
    assert list_load.memory(small, Params()) > held
    assert list_load.memory(cluster(pods=6000), Params(object_bytes=600)) > 0


def test_losses_need_both_variants() -> None:
    """Nothing is said of one variant alone."""
    works = works_of(cluster())
    assert list_index.losses({BASELINE: works[BASELINE]}) == ()
