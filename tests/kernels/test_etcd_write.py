"""etcd's write path against its slow twin and against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import etcd_write as twin

from kscale.kernels import etcd_write as kernel
from kscale.kernels import etcd_write_loop

Longs = NDArray[np.int64]

US, MS, S = 1000, 1_000_000, 1_000_000_000
RULES = twin.Rules(
    client=300 * US,
    front=30 * US,
    front_ps=1000,
    cores=4,
    append=5 * US,
    log_ps=3000,
    entry_bytes=100,
    fsync=MS,
    net_ps=800,
    apply=20 * US,
    apply_ps=1000,
    commit=2 * MS,
    commit_ps=1800,
    commit_every=100 * MS,
    commit_at=10_000,
    quorum=2,
    gap=5000,
    window=512,
    message=1 << 20,
)
FREE = replace(  # nothing costs anything but the fsync
    RULES,
    client=0,
    front=0,
    front_ps=0,
    append=0,
    log_ps=0,
    net_ps=0,
    apply=0,
    apply_ps=0,
    commit_every=100 * S,
    quorum=1,
)
TWO = [(400 * US, MS)] * 2


def as_array(rules: twin.Rules) -> Longs:
    """Return the kernel's rules."""
    found = np.zeros(kernel.RULES, dtype=np.int64)
    for name in twin.Rules.__dataclass_fields__:
        found[getattr(kernel, name.upper())] = getattr(rules, name)
    return found


def run(
    sizes: list[int],
    rules: twin.Rules = RULES,
    *,
    arrivals: list[int] | None = None,
    clients: int = 0,
    followers: list[tuple[int, int]] = TWO,
    blocked: list[tuple[int, int]] | None = None,
) -> tuple[Longs, Longs, Longs]:
    """Return when each request was sent, when it was answered, and the counters."""
    n = len(sizes)
    arrival = np.array(arrivals or [0] * n, dtype=np.int64)
    done, counts = np.zeros(n, dtype=np.int64), np.zeros(kernel.COUNTS, dtype=np.int64)
    etcd_write_loop.run(
        arrival,
        np.array(sizes, dtype=np.int64),
        clients,
        as_array(rules),
        np.array(followers, dtype=np.int64).reshape(-1, 2),
        np.array(blocked or [], dtype=np.int64).reshape(-1, 2),
        done,
        counts,
    )
    return arrival, done, counts


@st.composite
def blocks(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Return a few blocked stretches, some of them end to end, some empty."""
    steps = draw(st.lists(st.integers(0, 3 * MS), max_size=8))
    times = np.cumsum(steps).tolist()
    return list(zip(times[::2], times[1::2], strict=False))


rules_of_all_kinds = st.builds(
    twin.Rules,
    client=st.sampled_from([0, 1, 300 * US]),
    front=st.sampled_from([0, 30 * US, 700 * US]),
    front_ps=st.sampled_from([0, 1000]),
    cores=st.integers(1, 3),
    append=st.sampled_from([0, 5 * US]),
    log_ps=st.sampled_from([0, 3000]),
    entry_bytes=st.integers(0, 100),
    fsync=st.sampled_from([0, 100 * US, MS]),
    net_ps=st.sampled_from([0, 800, 100_000]),
    apply=st.sampled_from([0, 20 * US, 300 * US]),
    apply_ps=st.sampled_from([0, 1000]),
    commit=st.sampled_from([0, MS]),
    commit_ps=st.just(1800),
    commit_every=st.sampled_from([1, 500 * US, 5 * MS]),
    commit_at=st.integers(1, 20),
    quorum=st.integers(1, 3),
    gap=st.integers(0, 6),
    window=st.integers(1, 4),
    message=st.sampled_from([1, 1000, 1 << 20]),
)


@settings(deadline=None, max_examples=300)
@given(
    rules=rules_of_all_kinds,
    load=st.lists(st.tuples(st.integers(0, MS), st.integers(0, 2000)), max_size=40),
    clients=st.integers(0, 6),
    followers=st.lists(st.tuples(st.integers(0, MS), st.integers(0, 2 * MS)), max_size=3),
    blocked=blocks(),
)
def test_it_counts_as_its_slow_twin(
    rules: twin.Rules,
    load: list[tuple[int, int]],
    clients: int,
    followers: list[tuple[int, int]],
    blocked: list[tuple[int, int]],
) -> None:
    """Every answer and every counter, open loop and closed, with every rule at its borders."""
    if clients:
        rules = replace(rules, gap=100)
    sizes = [size for _, size in load]
    arrivals = np.cumsum([gap for gap, _ in load], dtype=np.int64).tolist()
    slow = twin.Etcd(sizes, rules, followers, blocked)
    slow.run(None if clients else arrivals, clients)
    sent, done, counts = run(
        sizes, rules, arrivals=arrivals, clients=clients, followers=followers, blocked=blocked
    )
    assert done.tolist() == slow.done
    answered = [n for n, time in enumerate(slow.done) if time >= 0]
    assert [sent[n] for n in answered] == [slow.sent_at[n] for n in answered]
    assert counts.tolist() == [
        len(slow.entries),
        slow.counts["refused"],
        slow.counts["fsyncs"],
        slow.counts["follower_fsyncs"],
        slow.counts["largest"],
        slow.bytes_of(0, len(slow.entries)),
        slow.counts["sent"],
        slow.counts["messages"],
        slow.store.commits,
        slow.counts["front"],
        slow.counts["log"],
        slow.store.busy,
        slow.store.committing,
        slow.store.stood,
        max(slow.done[n] for n in answered) if answered else 0,
    ]


@pytest.mark.tiny
def test_one_client_waits_for_the_sum_of_the_stages() -> None:
    """Throughput of one client is 1 / (client + front + append + slowest second log + apply)."""
    follower = 5 * US + MS + 3 * 364  # append, fsync, log
    each = 300 * US + 30 * US + 264 + 5 * US + 364 * 8 // 10 + 400 * US + follower + 20 * US + 264
    rules = replace(RULES, commit_every=1000 * S)
    sent, done, counts = run([264] * 20, rules, clients=1)
    assert (done - sent).tolist() == [each] * 20
    assert counts[kernel.FSYNCS] == counts[kernel.ENTRIES] == 20
    assert counts[kernel.FOLLOWER_FSYNCS] == 40


def test_saturated_the_slowest_serial_stage_sets_the_pace() -> None:
    """With very many clients a put takes what applying takes, and its share of bbolt's commits."""
    n = 60_000
    _, done, counts = run([1000] * n, clients=2000)
    applying = n * 21 * US
    commits = int(counts[kernel.COMMITS])
    assert counts[kernel.APPLY_BUSY] == applying
    assert commits == pytest.approx(applying / (100 * MS), rel=0.1)
    stages = applying + counts[kernel.COMMIT_BUSY]
    assert int(done.max()) == pytest.approx(stages, rel=0.01)
    slow_log = replace(RULES, append=50 * US)
    _, done, counts = run([1000] * n, slow_log, clients=2000)
    assert int(done.max()) == pytest.approx(int(counts[kernel.LOG_BUSY]), rel=0.03)  # the last is applied
    assert int(done.max()) > n * 50 * US


@pytest.mark.tiny
@pytest.mark.parametrize("clients", [1, 7, 50])
def test_one_fsync_carries_all_who_wait(clients: int) -> None:
    """A lone member at infinite load and free CPU answers every client with each fsync."""
    turns = 4
    _, done, counts = run([100] * (turns * clients), FREE, clients=clients, followers=[])
    assert done.tolist() == [turn * MS for turn in range(1, turns + 1) for _ in range(clients)]
    assert counts[kernel.FSYNCS] == turns
    assert counts[kernel.LARGEST] == clients


@pytest.mark.tiny
def test_what_comes_during_an_fsync_goes_with_the_next() -> None:
    """Of six requests one goes at once, four wait for the second fsync, one comes after it."""
    arrivals = [0, 1, 2, 3, MS, 3 * MS]
    _, done, counts = run([100] * 6, FREE, arrivals=arrivals, followers=[])
    assert done.tolist() == [MS, 2 * MS, 2 * MS, 2 * MS, 2 * MS, 4 * MS]
    assert (counts[kernel.FSYNCS], counts[kernel.LARGEST]) == (3, 4)


@pytest.mark.tiny
def test_the_faster_half_of_the_members_decides() -> None:
    """Of five members the third to log counts; a lost majority answers nobody."""
    far = [(0, 7 * MS), (2 * MS, 3 * MS), (0, 2 * MS), (0, 100 * MS)]
    _, done, counts = run([100], replace(FREE, quorum=3), followers=far)
    assert done.tolist() == [5 * MS]
    assert counts[kernel.FOLLOWER_FSYNCS] == 4
    _, done, _ = run([100], replace(FREE, quorum=3), followers=far[:1])
    assert done.tolist() == [kernel.LOST]


@pytest.mark.tiny
def test_nothing_is_applied_while_the_store_is_blocked() -> None:
    """Entries that were committed meanwhile are applied one after another when it is free again."""
    rules = replace(FREE, apply=10 * US)
    _, done, counts = run(
        [100] * 5, rules, clients=5, followers=[], blocked=[(MS // 2, 9 * MS), (9 * MS, 10 * MS)]
    )
    assert done.tolist() == [10 * MS + 10 * US * one for one in range(1, 6)]
    assert counts[kernel.BLOCKED] == 9 * MS


@pytest.mark.tiny
def test_a_request_is_refused_when_applying_lags_too_far() -> None:
    """With more than GAP entries committed and not applied the next request is sent back."""
    rules = replace(FREE, gap=3)
    arrivals = [0, 0, 0, 0, 5 * MS, 5 * MS, 30 * MS]
    _, done, counts = run([100] * 7, rules, arrivals=arrivals, followers=[], blocked=[(0, 20 * MS)])
    assert done.tolist() == [20 * MS] * 4 + [kernel.REFUSED] * 2 + [31 * MS]
    assert (counts[kernel.REFUSALS], counts[kernel.ENTRIES]) == (2, 5)


@pytest.mark.tiny
def test_commits_stop_the_applying() -> None:
    """A write transaction is committed after COMMIT_EVERY, or at once when it holds COMMIT_AT operations."""
    timed = replace(FREE, commit=3 * MS, commit_every=10 * MS)
    _, done, counts = run([100] * 2, timed, arrivals=[0, 10 * MS], followers=[])
    assert done.tolist() == [MS, 13 * MS + 180]
    assert (counts[kernel.COMMITS], counts[kernel.COMMIT_BUSY]) == (1, 3 * MS + 180)
    full = replace(FREE, commit=3 * MS, commit_at=2)
    _, done, counts = run([100] * 4, full, clients=4, followers=[])
    assert done.tolist() == [MS, MS, 4 * MS + 360, 4 * MS + 360]
    assert counts[kernel.COMMITS] == 2


def test_no_more_than_the_window_is_under_way() -> None:
    """A far follower gets WINDOW messages a round trip; what waits goes in fewer, larger ones."""
    rules = replace(FREE, quorum=2, window=2, message=1 << 20)
    arrivals = [MS * one for one in range(100)]
    _, done, counts = run([100] * 100, rules, arrivals=arrivals, followers=[(100 * MS, 0)])
    assert counts[kernel.MESSAGES] < 10
    assert int(done.max()) <= 100 * MS + 3 * 100 * MS + MS
    _, _, wide = run([100] * 100, replace(rules, window=512), arrivals=arrivals, followers=[(100 * MS, 0)])
    assert wide[kernel.MESSAGES] == 100


@pytest.mark.tiny
def test_no_requests() -> None:
    """Nothing is asked, nothing happens."""
    for clients in (0, 3):
        _, done, counts = run([], clients=clients)
        assert len(done) == 0
        assert not counts.any()
