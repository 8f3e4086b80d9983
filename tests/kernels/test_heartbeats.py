"""Heartbeats against one queue of all events, and against their closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import heartbeats as twin

from kscale.kernels import heartbeats as kernel
from kscale.scenario import draw
from kscale.scenario.draw import Stream

Longs = NDArray[np.int64]
S = kernel.SECOND


def rules(
    *,
    status: int = 10 * S,
    lease: int = 0,
    age: int = 0,
    change: int = 0,
    jitter: int = 40_000,
    monitor: int = 5 * S,
    grace: int = 40 * S,
    end: int = 120 * S,
) -> Longs:
    """The rules of kubelet and node controller."""
    return np.array([status, lease, age, change, jitter, monitor, grace, end], dtype=np.int64)


def beat(
    by: Longs, nodes: int, *, seed: int = 1, silent: dict[int, int] | None = None
) -> tuple[Longs, Longs, list[twin.Node]]:
    """What the kernel counts for each node and second, and the twin's nodes."""
    phases = draw.keys(seed, Stream.HEARTBEAT_PHASES, 0, 2 * nodes).reshape(2, nodes) >> np.uint64(2)
    lease = max(1, int(by[kernel.LEASE_NS]))
    first_status = (phases[0] % np.uint64(by[kernel.STATUS_NS])).astype(np.int64)
    first_lease = (phases[1] % np.uint64(lease)).astype(np.int64)
    written = first_status - (1 + np.arange(nodes) % 6) * 10 * S
    dies = np.full(nodes, kernel.NEVER, dtype=np.int64)
    for node, at in (silent or {}).items():
        dies[node] = at
    streams = (Stream.HEARTBEATS, Stream.HEARTBEAT_LEASES, Stream.HEARTBEAT_CHANGES)
    draws = tuple(draw.generators(seed, stream, 0, nodes) for stream in streams)
    slow = twin.simulate(first_status, first_lease, written, dies, (draws[0], draws[1], draws[2]), by)
    found = np.zeros((nodes, kernel.COLUMNS), dtype=np.int64)
    seconds = np.zeros((-(-int(by[kernel.END_NS]) // S), kernel.EACH), dtype=np.int64)
    sizes = np.arange(nodes, dtype=np.int64)
    kernel.beat(
        first_status,
        first_lease,
        written,
        dies,
        1000 + sizes,
        10 + sizes,
        draws[0],
        draws[1],
        draws[2],
        by,
        found,
        seconds,
    )
    return found, seconds, slow


@pytest.mark.tiny
@settings(max_examples=40, deadline=None)
@given(
    nodes=st.integers(1, 6),
    seed=st.integers(0, 99),
    status=st.integers(1, 15),
    lease=st.sampled_from([0, 3, 10, 30]),
    age=st.sampled_from([0, 1, 25, 60, 10**6]),
    change=st.sampled_from([0, 1, 20]),
    jitter=st.sampled_from([0, 40_000, 1_000_000]),
    grace=st.integers(1, 50),
    dies=st.dictionaries(st.integers(0, 5), st.integers(0, 70 * S), max_size=3),
)
def test_every_beat_and_look_is_the_twins(
    nodes: int,
    seed: int,
    status: int,
    lease: int,
    age: int,
    change: int,
    jitter: int,
    grace: int,
    dies: dict[int, int],
) -> None:
    """Signs, writes, false alarms and detections, with periods that are too long for the grace too."""
    by = rules(
        status=status * S,
        lease=lease * S,
        age=age * S,
        change=change * S,
        jitter=jitter,
        grace=grace * S,
        end=60 * S,
    )
    silent = {node: at for node, at in dies.items() if node < nodes}
    found, seconds, slow = beat(by, nodes, seed=seed, silent=silent)
    assert found.tolist() == twin.columns(slow, 60 * S)
    for second in range(60):
        there = [
            (1000 if what == "status" else 10) + i
            for i, node in enumerate(slow)
            for at, what, _ in node.writes
            if at // S == second
        ]
        assert seconds[second].tolist() == [len(there), sum(there)]


@pytest.mark.tiny
def test_counts_without_jitter_are_the_closed_form() -> None:
    """Every 10 s for two minutes is 12 each; at an age of 60 s it is two."""
    found, _, _ = beat(rules(jitter=0, lease=10 * S, age=60 * S), 5)
    assert found[:, kernel.LEASE_WRITES].tolist() == [12] * 5
    assert found[:, kernel.STATUS_WRITES].tolist() == [2] * 5
    found, _, _ = beat(rules(jitter=0), 5)
    assert found[:, kernel.STATUS_WRITES].tolist() == [12] * 5


@pytest.mark.tiny
def test_changes_come_at_their_rate() -> None:
    """Written within 10 s: a share 1 - exp(-10 / 30) of the ticks."""
    found, _, _ = beat(rules(jitter=0, lease=10 * S, age=kernel.NEVER, change=30 * S), 300)
    assert found[:, kernel.STATUS_WRITES].sum() == found[:, kernel.CHANGED].sum()
    assert found[:, kernel.CHANGED].mean() == pytest.approx(12 * (1 - np.exp(-1 / 3)), rel=0.05)


@pytest.mark.tiny
def test_detection_is_bounded() -> None:
    """More than the grace period after the last sign, at most two looks more after falling silent."""
    silent = {i: 20 * S + i * S // 3 for i in range(200)}
    found, _, _ = beat(rules(), 200, silent=silent)
    late = found[:, kernel.FOUND] - np.array(list(silent.values()))
    assert (found[:, kernel.FOUND] > found[:, kernel.LAST] + 40 * S).all()
    assert (late <= 50 * S).all()
    assert (found[:, kernel.MISSED] == kernel.NONE).all()


@pytest.mark.tiny
def test_a_lease_longer_than_the_grace_is_missed() -> None:
    """60 s between signs of life and 40 s of grace: live nodes are NotReady."""
    found, _, _ = beat(rules(lease=60 * S, age=kernel.NEVER), 20)
    assert (found[:, kernel.MISSED] != kernel.NONE).any()
