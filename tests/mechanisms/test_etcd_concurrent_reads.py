"""The mechanism etcd-concurrent-reads: what copies save, what they cost, and what the profiles change."""

from dataclasses import replace

import pytest

from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import etcd_backend as be
from kscale.mechanisms import etcd_concurrent_reads, etcd_reads_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.etcd_reads_load import Params, ReadLoad
from kscale.scenario import build, profiles
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

VARIANTS = etcd_concurrent_reads.MECHANISM.variants
SECOND = 10**9
LOSSES = etcd_concurrent_reads.losses


def cluster(profile: str = "k8s-1.20", members: int = 3, nodes: int = 100) -> Cluster:
    """Return a small cluster: a tenth of its nodes in heartbeats and 20 changes of pods a second."""
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "small",
                "profile": profile,
                "seed": 3,
                "cluster": {
                    "nodes": {"count": nodes},
                    "pods": {"count": 1000, "apps": 10},
                    "objects": {"total": 5000},
                },
                "control_plane": {"etcd": {"members": members}},
                "load": {"pod_changes": "20/s", "heartbeat": {"period": "10s", "size": "15KiB"}},
            }
        )
    )


def run(load: ReadLoad) -> dict[str, Outcome]:
    """Return what every variant makes of *load*."""
    return {name: variant.run(variant.build(load)) for name, variant in VARIANTS.items()}


def works_of(small: Cluster, params: Params) -> dict[str, Work]:
    """Return the work of every variant, after they were seen to agree."""
    load = etcd_reads_load.make(small, params)
    outcomes = run(load)
    etcd_concurrent_reads.agree(load, outcomes)
    return {name: outcome.work for name, outcome in outcomes.items()}


BESIDE = Params(
    duration_ns=5 * SECOND, scan_every_ns=SECOND, scan_objects=30_000, put_bytes=2000, puts_per_s=500
)


def test_a_long_range_stops_puts_and_reads_before() -> None:
    """The tail of both is what the range holds the lock for; a copy takes that away."""
    works = works_of(cluster(), BESIDE)
    before, after = works[BASELINE], works[OPTIMIZED]
    rules = etcd_reads_load.make(cluster(), BESIDE).rules
    held = int(rules[be.LOCKED + be.SCAN])
    assert held < before["put_max_ns"] < 1.2 * held
    assert 0.8 * held < before["read_p99_ns"] < 1.2 * held
    assert after["put_p99_ns"] < held / 20
    assert after["read_p99_ns"] < held / 20
    assert before["write_waited_ns"] > 10 * after["write_waited_ns"]
    assert before["bytes_copied"] == 0 < works["cached"]["bytes_copied"] < after["bytes_copied"]


def test_nothing_is_gained_without_long_ranges() -> None:
    """Short reads hold the lock for microseconds: every copy is for nothing."""
    works = works_of(cluster(), replace(BESIDE, scan_every_ns=0))
    before, after = works[BASELINE], works[OPTIMIZED]
    assert after["put_p99_ns"] == pytest.approx(before["put_p99_ns"], rel=0.05)
    assert after["read_p99_ns"] == pytest.approx(before["read_p99_ns"], rel=0.05)
    assert after["copies"] == after["reads"] > 0
    assert after["bytes_copied"] > 0
    assert any("nothing is gained" in line for line in LOSSES(works))


def test_the_baseline_commits_only_what_was_written() -> None:
    """Almost nothing written, no long range: 3.3 waits for its lock at each tick, and for no fsync."""
    params = Params(duration_ns=20 * SECOND, puts_per_s=1, put_bytes=300, scan_every_ns=0)
    load = etcd_reads_load.make(cluster(), params)
    before, after = (run(load)[name].work for name in (BASELINE, OPTIMIZED))
    assert before["commits"] == after["commits"] == before["puts"] == 20
    ticks = params.duration_ns // int(load.rules[be.COMMIT_EVERY])
    lock_taken = ticks * 10 * int(load.rules[be.LOCKED + be.READ])  # behind one read, and few wait with it
    assert before["read_waited_ns"] <= after["read_waited_ns"] + lock_taken
    assert before["read_max_ns"] == pytest.approx(after["read_max_ns"], rel=0.05)


def test_ranges_rarer_than_one_a_second_are_counted() -> None:
    """Those answered in time are a count, as a rate in whole numbers would be 0."""
    params = Params(duration_ns=10 * SECOND, scan_every_ns=4 * SECOND, scan_objects=30_000, reads_per_s=10)
    for work in works_of(cluster(), params).values():
        assert 2 <= work["scans_in_time"] <= work["scans"] == 3


def test_what_the_clock_decides_is_said_to_be_modelled() -> None:
    """A slower machine changes how much is copied and what waiting clients send."""
    params = replace(BESIDE, duration_ns=SECOND, put_clients=50, puts_per_s=30_000, put_bytes=300)
    small = cluster()
    coefficients = dict(small.costs.coefficients)
    name = "etcd_apply_ns"
    coefficients[name] = coefficients[name].model_copy(update={"value": 50_000})
    slower = replace(small, costs=replace(small.costs, coefficients=coefficients))
    quick, slow = works_of(small, params)[OPTIMIZED], works_of(slower, params)[OPTIMIZED]
    changed = {name for name, count in quick.items() if count != slow[name]}
    assert changed >= {"bytes_copied", "puts"}
    said = {metric.name for metric in etcd_concurrent_reads.METRICS if metric.provenance == "modelled"}
    assert changed <= said


def test_small_reads_beside_many_writes_copy_much() -> None:
    """A buffer of thousands of writes is copied for each read of one key; sharing helps between writes."""
    params = Params(
        duration_ns=SECOND, puts_per_s=30_000, put_bytes=300, reads_per_s=5_000, scan_every_ns=SECOND
    )
    busy, quiet = works_of(cluster(), params), works_of(cluster(), replace(params, puts_per_s=100))
    each = busy[OPTIMIZED]["bytes_copied"] // busy[OPTIMIZED]["copies"]
    assert each > 100 * 1024  # thousands of entries of 48 bytes, for one key
    assert 0 < quiet[OPTIMIZED]["bytes_copied"] <= quiet[OPTIMIZED]["copies"] * 512 * 48  # the least slice
    assert busy["cached"]["copies"] / busy["cached"]["reads"] > 0.5
    assert quiet["cached"]["copies"] / quiet["cached"]["reads"] < 0.1
    works = works_of(cluster(), replace(params, scan_objects=30_000, scan_every_ns=SECOND // 2))
    assert any("a full buffer is dear" in line for line in LOSSES(works))


def test_a_commit_still_keeps_reads_out() -> None:
    """With copies the longest wait is for bbolt's commit."""
    works = works_of(cluster(), BESIDE)
    after = works[OPTIMIZED]
    rules = etcd_reads_load.make(cluster(), BESIDE).rules
    puts = BESIDE.puts_per_s // 10 + 5  # between two commits
    commit = int(rules[be.COMMIT] + puts * rules[be.COMMIT_PUT])
    assert after["read_waits"] > 0
    assert after["read_waited_ns"] <= after["read_waits"] * commit
    assert any("bbolt's commit still keeps reads out" in line for line in LOSSES(works))


def test_clients_that_wait_lose_throughput_to_a_stall() -> None:
    """At a rate what is answered stays the same; clients that wait answer for the stall."""
    params = replace(BESIDE, read_clients=5, put_clients=5, read_network_ns=10**6)
    works = works_of(cluster(), params)
    assert works[OPTIMIZED]["reads_per_s"] > 1.2 * works[BASELINE]["reads_per_s"]
    open_loop = works_of(cluster(), BESIDE)
    assert open_loop[OPTIMIZED]["reads"] == open_loop[BASELINE]["reads"]


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("profile", "optimized"), [("k8s-1.14", "copied"), ("k8s-1.20", "copied"), ("k8s-1.36", "cached")]
)
def test_optimized_is_the_profiles_best(profile: str, optimized: str) -> None:
    """3.4 copies, 3.5 shares copies; the 2019 profile's etcd did neither, so 3.4 is shown."""
    assert {one.etcd_reads for one in profiles.PROFILES.values()} == {"blocking", "copied", "cached"}
    params = Params(duration_ns=SECOND // 2, reads_per_s=200)
    load = etcd_reads_load.make(cluster(profile), params)
    assert load.best == optimized
    works = {name: outcome.work for name, outcome in run(load).items()}
    assert (works[OPTIMIZED] == works["cached"]) == (optimized == "cached")
    assert all(
        work.keys() == {metric.name for metric in etcd_concurrent_reads.METRICS} for work in works.values()
    )


@pytest.mark.tiny
def test_what_is_left_to_the_cluster() -> None:
    """Puts are heartbeats and changes of pods, a long range is all pods."""
    small = cluster()
    asked = Params().sized(small)
    pods = small.objects.size[small.objects.type_of == small.objects.types.index("pods")]
    mean = int(pods.sum()) // len(pods)
    assert asked.puts_per_s == 10 + 20
    assert asked.put_bytes == (10 * 15 * 1024 + 20 * mean) // 30
    assert (asked.scan_objects, asked.object_bytes, asked.read_object_bytes) == (len(pods), mean, mean)
    assert asked.reads_per_s == 1000
    assert [Params().sized(cluster(nodes=nodes)).reads_per_s for nodes in (3, 200, 900)] == [30, 2000, 2000]
    assert Params(reads_per_s=0).sized(small).reads_per_s == 0
    assert (
        Params().sized(replace(cluster(nodes=3), load=replace(small.load, pod_changes_per_s=0.0))).puts_per_s
        == 1
    )
    alone = etcd_reads_load.make(cluster(members=1), Params(duration_ns=SECOND // 10))
    assert alone.rules[be.ROUND_TRIP] == 0


@pytest.mark.tiny
def test_wrong_states_are_caught() -> None:
    """A read that saw too little, a mixture, or no answer; and a put with another's revision."""
    params = Params(duration_ns=SECOND // 2, reads_per_s=100, puts_per_s=200, scan_every_ns=SECOND)
    load = etcd_reads_load.make(cluster(), params)
    outcomes = run(load)
    one = outcomes[OPTIMIZED]
    first = int(load.rules[be.FIRST + be.READ])

    def broken(row: int, column: int, value: int) -> dict[str, Outcome]:
        rows = one.answer.rows.copy()
        rows[row, column] = value
        return outcomes | {OPTIMIZED: Outcome(one.work, replace(one.answer, rows=rows))}

    last = int(load.rules[be.END + be.READ]) - 1
    for row, column, value, said in (
        (last, be.SEEN, 0, rf"optimized: short read {last - first} saw less than what was applied"),
        (first, be.SUM, 12345, "short read 0 saw a state that never was"),
        (first, be.DONE, 0, "short read 0 was not answered"),
        (1, be.SEEN, 1, "has the revision of another"),
    ):
        with pytest.raises(WrongAnswer, match=said):
            etcd_concurrent_reads.agree(load, broken(row, column, value))


@pytest.mark.tiny
def test_nothing_asked_and_too_much_asked() -> None:
    """No reads at all are fine; more than can be held is one line."""
    nothing = Params(duration_ns=SECOND // 10, reads_per_s=0, scan_every_ns=0)
    works = works_of(cluster(), nothing)
    assert works[OPTIMIZED]["copies"] == works[OPTIMIZED]["reads"] == 0
    assert LOSSES({BASELINE: works[BASELINE]}) == ()
    with pytest.raises(KscaleError, match=r"etcd-concurrent-reads: .* lower duration_ns or the rates"):
        etcd_reads_load.make(cluster(), Params(duration_ns=3600 * SECOND, scan_every_ns=SECOND))
