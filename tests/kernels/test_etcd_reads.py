"""etcd's reads and writes around its lock: closed forms of each part, and the buffer against plain Python."""

import numpy as np
import pytest
from etcd_servers import server, took
from hypothesis import given, settings
from hypothesis import strategies as st

from kscale.kernels import etcd_backend as be
from kscale.kernels import read_buffer as rb
from kscale.kernels.etcd_backend import BLOCKING, CACHED, COPIED, PUT, READ, SCAN

MODES = pytest.mark.parametrize("mode", [BLOCKING, COPIED, CACHED])

A_PUT = 3 + 1 + (1_000 + 7) + 100 + 20  # request, its bytes, log, majority, apply
A_READ = 100 + 3 + 30 + 40  # index, request, under the lock or not
A_SCAN = 100 + 3 + 5_000 + 9_000
HELD = (103, 5_103)  # when a scan sent at 0 has the lock


@pytest.mark.tiny
@MODES
def test_one_at_a_time(mode: int) -> None:
    """Alone each takes the sum of its parts, in every way of reading."""
    etcd = server(mode, [0, 50_000], [20_000], [100_000], network=11)
    assert took(etcd, PUT) == [A_PUT + 11] * 2
    assert took(etcd, READ) == [A_READ + 11]
    assert took(etcd, SCAN) == [A_SCAN + 11]


@pytest.mark.tiny
def test_puts_share_an_fsync() -> None:
    """What comes while the log is written waits, and is written together; applying is one at a time."""
    etcd = server(COPIED, [0, 100, 100, 100])
    first = 4 + 1_007
    second = first + 1_000 + 3 * 7 + 100
    assert took(etcd, PUT) == [A_PUT, *(second + 20 * i - 100 for i in (1, 2, 3))]
    assert etcd.now[be.FSYNCS] == 2


@pytest.mark.tiny
def test_a_long_range_stops_a_put_and_the_put_stops_reads() -> None:
    """Until a writer waits reads go on beside the range; then they wait for both."""
    etcd = server(BLOCKING, [0], [200, 1_100, 2_000], [0])
    assert took(etcd, PUT) == [HELD[1]]  # applied at 1,131, it waits for the range
    behind = HELD[1] - 1_100 + 30 + 40
    to_be_seen = HELD[1] - 2_000 + 3 + 30 + 40  # sent when the put was committed: it waits for that first
    assert took(etcd, READ) == [A_READ, behind, to_be_seen]
    assert etcd.now[be.WRITE_WAITED] == HELD[1] - A_PUT
    assert etcd.now[be.READ_WAITED] == HELD[1] - 1_203
    assert (etcd.now[be.WRITE_WAITS], etcd.now[be.READ_WAITS]) == (1, 1)


@pytest.mark.tiny
@pytest.mark.parametrize("mode", [COPIED, CACHED])
def test_a_copy_stops_nobody(mode: int) -> None:
    """With copies nobody waits for a long range."""
    etcd = server(mode, [0], [200, 2_000], [0])
    assert took(etcd, PUT) == [A_PUT]
    assert took(etcd, READ) == [A_READ] * 2
    assert etcd.now[be.WRITE_WAITED] == etcd.now[be.READ_WAITED] == 0


@pytest.mark.tiny
def test_readers_that_waited_go_before_the_next_writer() -> None:
    """As in Go's RWMutex: the second put waits for the reads that the first one kept out."""
    etcd = server(BLOCKING, [0, 0], [1_050, 1_060], [0])
    assert took(etcd, READ) == [HELD[1] - 1_050 + 70, HELD[1] - 1_060 + 70]
    assert took(etcd, PUT) == [HELD[1], HELD[1] + 30]  # it was applied at 20


@pytest.mark.tiny
@MODES
def test_a_commit_keeps_reads_out(mode: int) -> None:
    """bbolt's commit holds the lock in every version; a read that meets it waits until its end."""
    etcd = server(mode, [0], [1_000_000 - 103], changes={be.COMMIT_EVERY: 1_000_000 - 50})
    assert took(etcd, READ) == [A_READ + 450]
    assert etcd.now[be.COMMITS] >= 1
    assert etcd.now[be.STORED_PUTS] == 1


@pytest.mark.tiny
def test_an_idle_tick_takes_the_lock_up_to_3_3() -> None:
    """3.4 looks first whether anything was written; 3.3 waited for the lock to see that nothing was."""
    reads = [2_000]
    old = server(BLOCKING, [], reads, [0], changes={be.IDLE_TICKS: 1, be.COMMIT_EVERY: 1_500})
    new = server(BLOCKING, [], reads, [0], changes={be.COMMIT_EVERY: 1_500})
    assert took(new, READ) == [A_READ]
    assert took(old, READ) == [HELD[1] - 2_000 + 30 + 40]  # no fsync: it gives the lock back at once
    assert old.now[be.COMMITS] == new.now[be.COMMITS] == 0


@pytest.mark.tiny
@MODES
def test_what_a_full_batch_has_committed_is_not_committed_again(mode: int) -> None:
    """A tick that waited while the puts' own thread committed finds nothing left."""
    at = A_PUT + 250  # half of the commit that the put itself began
    etcd = server(mode, [0], changes={be.COMMIT_AT: 1, be.COMMIT_EVERY: at, be.IDLE_TICKS: 1})
    assert etcd.now[be.COMMITS] == 1


@pytest.mark.tiny
def test_a_commit_after_so_many_puts() -> None:
    """At the limit the put that reaches it is answered, then committed, and the next one waits for that."""
    etcd = server(COPIED, [0, 0, 0], changes={be.COMMIT_AT: 2})
    second = 4 + 1_007 + 1_014 + 100 + 20
    assert took(etcd, PUT) == [A_PUT, second, second + 500 + 20]
    assert etcd.now[be.COMMITS] == 1 + 1  # and one for what is left


@pytest.mark.tiny
def test_a_read_sees_what_was_committed_when_it_was_sent() -> None:
    """A read waits until everything committed before it is applied."""
    etcd = server(BLOCKING, [0], [4 + 1_007 + 100 + 1], changes={be.APPLY: 5_000})
    assert took(etcd, READ) == [5_000 - 1 + 3 + 30 + 40]
    assert etcd.rows[1, be.SEEN] == 1


@pytest.mark.tiny
def test_work_waits_for_a_core() -> None:
    """Of three reads on one core the third waits for two; a range gives way after each slice."""
    one = {be.CORES: 1}
    assert took(server(COPIED, [], [0, 0, 0], changes=one), READ) == [A_READ, A_READ + 73, A_READ + 146]
    etcd = server(COPIED, [], [200], [0], changes=one | {be.SLICE: 1_000})
    assert took(etcd, READ) == [1_103 - 200 + 3 + 30 + 40]


@pytest.mark.tiny
def test_a_put_is_refused_when_too_much_is_not_applied() -> None:
    """More than so many committed and not applied: the next put is turned away."""
    etcd = server(BLOCKING, [0, 0, 0, 3_000], [], [0], changes={be.MOST_BEHIND: 2})
    rows = etcd.rows[:4, be.DONE]
    assert rows[3] == be.REFUSED
    assert (rows[:3] > HELD[1] - 1).all()


@pytest.mark.tiny
def test_every_read_copies_the_whole_slice() -> None:
    """A copy is of the capacity: 512 entries of 48 bytes, used or not; half as much again beyond that."""
    puts = [0] * 513
    few = server(COPIED, puts[:1], [50_000, 60_000])
    assert (few.now[be.COPIES], few.now[be.BYTES_COPIED]) == (2, 2 * 512 * 48)
    many = server(COPIED, puts, [500_000])
    assert many.now[be.BYTES_COPIED] == 768 * 48
    kept = server(COPIED, puts, [5_000_000])  # emptied by a commit, the slice stays as large
    assert kept.now[be.COMMITS] >= 1
    assert kept.now[be.BYTES_COPIED] == 768 * 48
    assert server(COPIED, [], [0]).now[be.BYTES_COPIED] == 0


@pytest.mark.tiny
def test_a_copy_takes_time_under_the_lock() -> None:
    """512 entries at 1 ns a byte: a put that comes meanwhile waits for it."""
    etcd = server(COPIED, [0, 60_000 - 1_000], [60_000], changes={be.COPY_PS: 1000})
    held = 60_103 + 512 * 48
    assert took(etcd, READ) == [A_READ + 512 * 48]
    assert took(etcd, PUT)[1] == held - (60_000 - 1_000)


@pytest.mark.tiny
def test_reads_share_a_copy_until_something_is_written() -> None:
    """From 3.5 on a copy is made only of what has changed."""
    reads = [50_000 + 1_000 * i for i in range(10)]
    assert server(COPIED, [0], reads).now[be.COPIES] == 10
    assert server(CACHED, [0], reads).now[be.COPIES] == 1
    assert server(CACHED, [0, 54_500 - A_PUT], reads).now[be.COPIES] == 2


@pytest.mark.tiny
@MODES
def test_clients_that_wait_send_as_answers_come(mode: int) -> None:
    """Of a closed loop each client sends once a round; a rate bounds them all together."""
    until, alone = 100_000, A_READ + 27
    reads = [0] * until
    changes = {be.UNTIL: until, be.CLIENTS + be.READ: 3, be.GAP + be.READ: 1}
    rows = server(mode, [], reads, network=27, changes=changes).rows
    sent = rows[rows[:, be.SENT] >= 0]
    assert len(sent) == pytest.approx(3 * until / alone, abs=3)
    slower = server(mode, [], reads[:50], network=27, changes=changes | {be.GAP + be.READ: 2_000}).rows
    times = np.sort(slower[slower[:, be.SENT] >= 0, be.SENT])
    assert np.diff(times).min() == 2_000
    assert len(times) == 50


def sums(puts: int) -> list[int]:
    """Return the checksum of the store after each number of puts."""
    total = [0]
    for revision in range(1, puts + 1):
        total.append((total[-1] + (revision * 2_147_483_629 & (1 << 40) - 1)) & (1 << 40) - 1)
    return total


TIMES = st.lists(st.integers(0, 30_000), max_size=30).map(sorted)


@settings(max_examples=200, deadline=None)
@given(
    mode=st.sampled_from([BLOCKING, COPIED, CACHED]),
    puts=TIMES,
    reads=TIMES,
    scans=TIMES,
    cores=st.integers(1, 3),
    commit_at=st.integers(1, 5),
    copy_ps=st.integers(0, 300),
)
def test_every_read_sees_a_whole_state(
    mode: int, puts: list[int], reads: list[int], scans: list[int], cores: int, commit_at: int, copy_ps: int
) -> None:
    """Whatever meets: all is answered, in no less than its work takes, and reads see what they must."""
    changes = {be.CORES: cores, be.COMMIT_AT: commit_at, be.COPY_PS: copy_ps, be.COMMIT_EVERY: 4_000}
    etcd = server(mode, puts, reads, scans, changes=changes)
    expected = sums(len(puts))
    assert all(time >= A_PUT - 1 for time in took(etcd, PUT))
    assert all(time >= A_READ for time in took(etcd, READ))
    assert all(time >= A_SCAN for time in took(etcd, SCAN))
    for row in etcd.rows[len(puts) : -2]:
        assert row[be.SUM] == expected[row[be.SEEN]]
        assert row[be.SEEN] >= row[be.FLOOR]
    assert sorted(etcd.rows[: len(puts), be.SEEN]) == list(range(1, len(puts) + 1))
    assert etcd.now[be.STORED_PUTS] + etcd.state[rb.USED] == len(puts)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from("aaaaasc"), max_size=60), st.integers(0, 1100))
def test_the_buffer_is_a_slice_that_grows_by_half(steps: list[str], before: int) -> None:
    """Entries, capacity and what a copy holds are those of a list."""
    buffer, into = np.zeros((2, rb.room(2000), rb.WORDS), dtype=np.int64)
    state = np.zeros(rb.STATE, dtype=np.int64)
    entries: list[int] = []
    capacity = last = stored = 0
    for step in ["a"] * before + steps:
        if step == "a":
            if len(entries) == capacity:
                capacity = capacity * 3 // 2 if capacity else 512
            last += 1
            entries.append(last)
            rb.add(buffer, state)
        elif step == "s":
            capacity = capacity if entries else 0
            assert rb.store(buffer, state) == len(entries)
            stored, entries = last, []
        else:
            assert rb.copy(buffer, state, into) == 48 * capacity
            assert into[: len(entries), 0].tolist() == entries
            assert rb.checksum(stored, state[rb.STORED_SUM], into, len(entries)) == sums(last)[last]
        assert (state[rb.USED], state[rb.CAPACITY]) == (len(entries), capacity)
