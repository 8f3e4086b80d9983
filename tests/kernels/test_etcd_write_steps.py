"""etcd's write path in steps against its slow twin and against closed forms."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import etcd_write as twin

from kscale.kernels import etcd_write, etcd_write_loop, etcd_write_peers, etcd_write_steps, etcd_write_store
from kscale.kernels.etcd_write_steps import Etcd

Longs = NDArray[np.int64]
Asked = tuple[int, str, int, int]  # when, what, and what of it

US, MS = 1000, 1_000_000
FREE = twin.Rules(  # nothing costs anything but the fsync
    client=0,
    front=0,
    front_ps=0,
    cores=1,
    append=0,
    log_ps=0,
    entry_bytes=100,
    fsync=MS,
    net_ps=0,
    apply=0,
    apply_ps=0,
    commit=0,
    commit_ps=0,
    commit_every=1000 * MS,
    commit_at=10_000,
    quorum=1,
    gap=5000,
    window=4,
    message=1 << 20,
)


def etcds(many: int, rules: twin.Rules, followers: list[tuple[int, int]], cap: int = 64) -> list[Etcd]:
    """Return idle etcds, each a slice of the same arrays, which are not empty."""
    given = np.zeros((many, etcd_write.RULES), dtype=np.int64)
    for one in fields(rules):
        given[:, getattr(etcd_write, one.name.upper())] = getattr(rules, one.name)
    near = np.array(followers, dtype=np.int64).reshape(-1, etcd_write.FOLLOWER)
    shapes = [
        (rules.cores,),
        (len(near), etcd_write_peers.PEER),
        (len(near), rules.window, etcd_write_peers.RING),
        (cap, etcd_write_steps.ENTRY),
        (cap, etcd_write_steps.ENTRY),
        (cap,),
        (etcd_write_store.STORE,),
        (etcd_write_steps.AT,),
        (etcd_write.COUNTS,),
    ]
    arrays = [np.full((many, *shape), 77, dtype=np.int64) for shape in shapes]
    nothing = np.zeros((0, 2), dtype=np.int64)
    found = [Etcd(given[s], near, nothing, *(array[s] for array in arrays)) for s in range(many)]
    for e in found:
        etcd_write_steps.begin(e)
    return found


class Caller:
    """Asks an etcd, and keeps what it is answered."""

    def __init__(self, e: Etcd) -> None:
        """Ask *e*."""
        self.e = e
        self.puts = self.decoded = 0
        self.done: dict[int, int] = {}
        self.heard: list[tuple[int, int, int]] = []  # when, of which request, and what

    def ask(self, time: int, what: str, one: int, other: int) -> None:
        """Ask for something, in any of the ways there are."""
        if what == "put":
            while etcd_write_steps.full(time, self.e):
                self.e = etcd_write_loop._doubled(self.e)
            decoded = int(etcd_write_steps.offer(time, self.puts, one, other, self.e))
            assert decoded >= max(self.decoded, time)
            self.decoded = decoded
            self.puts += 1
        elif what == "read":
            assert etcd_write_steps.busy(time, one, self.e) >= time + one
        elif what == "range":
            assert etcd_write_steps.hold(time, one, self.e) >= time + one
        elif what == "lose":
            etcd_write_steps.lose(one, self.e)
        elif what == "join":
            etcd_write_steps.join(time, one, self.e)
        else:
            self.e.rules[etcd_write.QUORUM] = one

    def advance(self, now: int) -> None:
        """Let etcd go on."""
        out_id, out_done = np.empty((2, len(self.e.upto)), dtype=np.int64)
        for one in range(etcd_write_steps.advance(now, self.e, out_id, out_done)):
            number, when = int(out_id[one]), int(out_done[one])
            assert number not in self.done
            assert when == etcd_write.REFUSED or when >= now
            self.done[number] = when
            self.heard.append((now, number, when))

    def go(self, asked: list[Asked]) -> None:
        """Ask, in order, and advance from event to event between."""
        waking = etcd_write.NEVER
        for place in range(len(asked) + 1):
            time = asked[place][0] if place < len(asked) else etcd_write.NEVER
            while (now := min(waking, int(etcd_write_steps.upcoming(self.e)))) < time:
                self.advance(now)
                waking = etcd_write.NEVER
            if place < len(asked):
                _, what, one, other = asked[place]
                self.ask(time, what, one, other)
                waking = time if what in ("lose", "join", "quorum") else waking


def slowly(rules: twin.Rules, followers: list[tuple[int, int]], asked: list[Asked]) -> twin.Etcd:
    """Return the slow twin, after it was asked the same."""
    puts = [one for one in asked if one[1] == "put"]
    slow = twin.Etcd([size for *_, size, _ in puts], rules, followers, [], [pages for *_, pages in puts])
    number = 0
    for time, what, one, _ in asked:
        if what == "put":
            slow.send(number, time)
            number += 1
        elif what == "read":
            slow.work(time, one)
        elif what == "range":
            slow.at(time, lambda time=time, ns=one: slow.store.hold(time, ns))
        else:
            does = {"lose": slow.lose, "join": slow.join, "quorum": slow.elect}[what]
            slow.at(time, lambda does=does, one=one: does(one))
    slow.go_on()
    return slow


def counted(slow: twin.Etcd) -> list[int]:
    """Return the twin's counters in the kernel's order."""
    answered = [time for time in slow.done if time >= 0]
    return [
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
        max(answered, default=0),
    ]


rules_of_all_kinds = st.builds(
    twin.Rules,
    client=st.just(0),
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
    allocation=st.sampled_from([0, 1, 90 * US]),
    free_list=st.sampled_from([0, 400 * US]),
)
waits = st.sampled_from([0, 0, 1, 50 * US, MS])


@st.composite
def questions(draw: st.DrawFn, members: int) -> list[Asked]:
    """Return puts, and now and then something else, in order of time."""
    puts = st.tuples(st.just("put"), st.integers(0, 2000), st.integers(0, 2))
    others = [
        st.tuples(st.just("read"), st.integers(0, MS), st.just(0)),
        st.tuples(st.just("range"), st.integers(0, 3 * MS), st.just(0)),
        st.tuples(st.just("quorum"), st.integers(1, 3), st.just(0)),
    ]
    if members:
        which = st.integers(0, members - 1)
        others += [st.tuples(st.sampled_from(["lose", "join"]), which, st.just(0))]
    asked = draw(st.lists(st.tuples(waits, st.one_of(puts, puts, puts, puts, *others)), max_size=40))
    times = np.cumsum([wait for wait, _ in asked], dtype=np.int64).tolist()
    return [(time, *what) for time, (_, what) in zip(times, asked, strict=True)]


@settings(deadline=None, max_examples=120)
@given(
    rules=rules_of_all_kinds,
    followers=st.lists(st.tuples(st.integers(0, MS), st.integers(0, 2 * MS)), max_size=3),
    cap=st.sampled_from([2, 64]),
    data=st.data(),
)
def test_steps_count_as_their_slow_twin(
    rules: twin.Rules, followers: list[tuple[int, int]], cap: int, data: st.DataObject
) -> None:
    """Of several etcds in the same arrays: puts, reads, ranges, lost members; rings that just suffice."""
    callers = [Caller(e) for e in etcds(2, rules, followers, cap)]
    asked = [data.draw(questions(len(followers))) for _ in callers]
    for caller, some in zip(callers, asked, strict=True):
        caller.go(some)
    for caller, some in zip(callers, asked, strict=True):
        slow = slowly(rules, followers, some)
        assert [caller.done.get(n, etcd_write.LOST) for n in range(len(slow.done))] == slow.done
        assert caller.e.counts.tolist() == counted(slow)


@settings(deadline=None, max_examples=50)
@given(
    rules=rules_of_all_kinds,
    followers=st.lists(st.tuples(st.integers(0, MS), st.integers(0, 2 * MS)), max_size=2),
    load=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 2000)), max_size=40),
)
def test_a_step_at_a_time_is_a_run(
    rules: twin.Rules, followers: list[tuple[int, int]], load: list[tuple[int, int]]
) -> None:
    """One etcd that is asked and advanced from outside answers as one that is run from end to end."""
    times = np.cumsum([wait * US for wait, _ in load], dtype=np.int64)
    size = np.array([size for _, size in load], dtype=np.int64)
    (e,) = etcds(1, rules, followers)
    caller = Caller(e)
    caller.go([(int(time), "put", int(one), 0) for time, one in zip(times, size, strict=True)])
    done, counts = np.empty(len(size), dtype=np.int64), np.empty(etcd_write.COUNTS, dtype=np.int64)
    etcd_write_loop.run(times, size, 0, e.rules, e.followers, e.blocked, done, counts)
    assert [caller.done.get(n, etcd_write.LOST) for n in range(len(size))] == done.tolist()
    assert caller.e.counts.tolist() == counts.tolist()


@pytest.mark.tiny
@pytest.mark.parametrize("clients", [1, 3])
def test_what_is_asked_may_follow_from_the_answer(clients: int) -> None:
    """Clients that put again once they are answered: as the loop that has them built in."""
    rules, n = replace(FREE, front=30 * US, apply=20 * US, quorum=2, commit_every=5 * MS, commit=MS), 12
    (e,) = etcds(1, rules, [(400 * US, MS)])
    caller, asks = Caller(e), [0] * clients
    while len(caller.done) < n:
        now = int(etcd_write_steps.upcoming(e))
        if asks and caller.puts < n and asks[0] <= now:
            caller.ask(asks.pop(0), "put", 100, 0)
        else:
            answered = len(caller.heard)
            caller.advance(now)
            asks += [when for *_, when in caller.heard[answered:]]
    while (now := int(etcd_write_steps.upcoming(e))) < etcd_write.NEVER:
        caller.advance(now)
    sent, size = np.empty((2, n), dtype=np.int64)
    size[:] = 100
    done, counts = np.empty(n, dtype=np.int64), np.empty(etcd_write.COUNTS, dtype=np.int64)
    etcd_write_loop.run(sent, size, clients, e.rules, e.followers, e.blocked, done, counts)
    assert [caller.done[number] for number in range(n)] == done.tolist()
    assert e.counts.tolist() == counts.tolist()


@pytest.mark.tiny
def test_commits_pay_for_the_free_list() -> None:
    """A fixed part each, and so much for each allocation of several pages since the last; then anew."""
    rules = replace(FREE, commit=MS, commit_at=3, allocation=10 * US, free_list=7 * US)
    (e,) = etcds(1, rules, [])
    caller = Caller(e)
    caller.go([(0, "put", 100, pages) for pages in (2, 0, 1, 0, 0, 0)])
    assert caller.e.counts[etcd_write.COMMITS] == 2
    assert caller.e.counts[etcd_write.COMMIT_BUSY] == (MS + 7 * US + 3 * 10 * US) + (MS + 7 * US)
    e.rules[etcd_write.FREE_LIST] = 9 * US
    caller.go([(10 * MS, "put", 100, 0)] * 3)
    assert caller.e.counts[etcd_write.COMMIT_BUSY] == 3 * MS + (7 + 30 + 7 + 9) * US


@pytest.mark.tiny
def test_a_range_stops_the_applying() -> None:
    """What is committed meanwhile is applied after it; ranges come one after another."""
    (e,) = etcds(1, replace(FREE, apply=10 * US), [])
    caller = Caller(e)
    assert etcd_write_steps.hold(0, 5 * MS, e) == 5 * MS
    assert etcd_write_steps.hold(MS, 2 * MS, e) == 7 * MS
    caller.go([(MS, "put", 100, 0), (MS, "put", 100, 0)])
    assert caller.done == {0: 7 * MS + 10 * US, 1: 7 * MS + 20 * US}


@pytest.mark.tiny
def test_a_range_waits_for_the_commit_that_was_due() -> None:
    """bbolt commits when it is due, not when the next entry comes."""
    (e,) = etcds(1, replace(FREE, commit=3 * MS, commit_every=10 * MS), [])
    caller = Caller(e)
    caller.go([(0, "put", 100, 0)])
    assert caller.done == {0: MS}
    assert etcd_write_steps.hold(11 * MS, MS, e) == 14 * MS
    assert etcd_write_steps.hold(30 * MS, MS, e) == 31 * MS
    assert e.counts[etcd_write.COMMITS] == 1


@pytest.mark.tiny
def test_reads_and_writes_share_the_cores() -> None:
    """A read on the only core delays the put behind it, and no other."""
    (e,) = etcds(1, replace(FREE, front=100 * US), [])
    assert etcd_write_steps.busy(0, 700 * US, e) == 700 * US
    assert etcd_write_steps.offer(0, 0, 100, 0, e) == 800 * US
    (e,) = etcds(1, replace(FREE, front=100 * US, cores=2), [])
    assert etcd_write_steps.busy(0, 700 * US, e) == 700 * US
    assert etcd_write_steps.offer(0, 0, 100, 0, e) == 100 * US


@pytest.mark.tiny
def test_requests_are_decoded_in_order() -> None:
    """A small one on a free core is not ahead of the large one before it."""
    (e,) = etcds(1, replace(FREE, front_ps=1_000_000, cores=2), [])
    assert etcd_write_steps.offer(0, 0, 2000, 0, e) == 2 * MS
    assert etcd_write_steps.offer(0, 1, 100, 0, e) == 2 * MS
    assert etcd_write_steps.offer(0, 2, 100, 0, e) == 2 * MS
    assert e.cores.tolist() == [2 * MS, 200 * US]


@pytest.mark.tiny
def test_without_a_majority_nobody_is_answered() -> None:
    """Until a member comes back, which has the rest sent to it; a smaller quorum does it too."""
    asked: list[Asked] = [(0, "lose", 0, 0), (0, "put", 100, 0)]
    back, near = [(20 * MS, "join", 0, 0)], [(2 * MS, 3 * MS)]
    for late, when in (([], None), (back, 25 * MS), ([(20 * MS, "quorum", 1, 0)], 20 * MS)):
        (e,) = etcds(1, replace(FREE, quorum=2), near)
        caller = Caller(e)
        caller.go([*asked, *late])
        assert caller.done.get(0) == when
        assert e.counts[etcd_write.MESSAGES] == (late == back)


@pytest.mark.tiny
@pytest.mark.parametrize("lost", [MS // 2, MS, 2 * MS, 3 * MS])
def test_what_was_under_way_is_lost(lost: int) -> None:
    """A message before it came, or its acknowledgement; neither keeps the window or the link."""
    (e,) = etcds(1, replace(FREE, quorum=2, window=1, net_ps=5_000_000), [(2 * MS, MS // 2)])
    caller = Caller(e)
    caller.go([(0, "put", 100, 0), (lost, "lose", 0, 0), (lost, "join", 0, 0)])
    assert caller.done == {0: lost + MS + 2 * MS + MS // 2}  # 200 bytes on the link, there, logged, back
    assert e.counts[etcd_write.MESSAGES] == 2


@pytest.mark.tiny
def test_a_batch_is_not_sent_before_it_is_ready() -> None:
    """A window that opens while the leader still puts the next batch together."""
    (e,) = etcds(1, replace(FREE, quorum=2, window=1, append=3 * MS, fsync=0), [(2 * MS, 0)])
    caller = Caller(e)
    caller.go([(0, "put", 100, 0), (7 * MS, "put", 100, 0)])
    assert caller.done == {0: 10 * MS, 1: 15 * MS}  # the leader hands on what is committed between batches


@pytest.mark.tiny
def test_it_is_refused_when_it_is_decoded() -> None:
    """With more than GAP entries to be applied, reported at that moment."""
    (e,) = etcds(1, replace(FREE, gap=1, front=MS // 2), [])
    caller = Caller(e)
    caller.go([(0, "range", 50 * MS, 0), *((0, "put", 100, 0) for _ in range(8))])
    refused = [(now, number) for now, number, when in caller.heard if when == etcd_write.REFUSED]
    assert refused == [(3 * MS, 5), (3 * MS + MS // 2, 6), (4 * MS, 7)]
    assert e.counts[etcd_write.REFUSALS] == 3
    assert [caller.done[number] for number in range(5)] == [50 * MS] * 5


@pytest.mark.tiny
def test_a_ring_that_is_too_small_is_said() -> None:
    """Before anything is written over; there is room again once entries are applied."""
    (e,) = etcds(1, FREE, [], cap=4)
    for number in range(3):
        etcd_write_steps.offer(0, number, 100, 0, e)
    with pytest.raises(IndexError, match="the ring of entries is full"):
        etcd_write_steps.offer(0, 3, 100, 0, e)
    caller = Caller(e)
    caller.go([])
    assert caller.done == dict.fromkeys(range(3), MS)
    for number in range(3):
        etcd_write_steps.offer(MS, number, 100, 0, e)


@pytest.mark.tiny
@pytest.mark.parametrize("asked", [(0, "range", 100 * MS, 0), (0, "quorum", 2, 0)])
def test_what_is_not_applied_is_kept(asked: Asked) -> None:
    """Entries that wait for the lock, or for a majority."""
    (e,) = etcds(1, FREE, [], cap=4)
    caller = Caller(e)
    caller.go([asked, *((2 * MS * turn, "put", 100, 0) for turn in range(3))])
    assert e.counts[etcd_write.ENTRIES] == 3
    with pytest.raises(IndexError, match="the ring of entries is full"):
        etcd_write_steps.offer(50 * MS, 3, 100, 0, e)


@pytest.mark.tiny
def test_what_a_slow_follower_has_not_logged_is_kept() -> None:
    """Entries that are applied long since; once it is lost they are not."""
    for loses in (False, True):
        (e,) = etcds(1, FREE, [(0, 1000 * MS)], cap=4)
        if loses:
            etcd_write_steps.lose(0, e)
        out = np.empty((2, 4), dtype=np.int64)
        offered = 0
        for turn in range(9):
            if etcd_write_steps.full(2 * turn * MS, e):
                break
            etcd_write_steps.offer(2 * turn * MS, turn, 100, 0, e)
            offered += 1
            while (now := int(etcd_write_steps.upcoming(e))) < 2 * (turn + 1) * MS:
                etcd_write_steps.advance(now, e, out[0], out[1])
        assert e.counts[etcd_write.ENTRIES] == offered == (9 if loses else 3)


@pytest.mark.tiny
def test_nothing_happens_before_the_next_event() -> None:
    """A call that comes too early changes nothing."""
    (e,) = etcds(1, replace(FREE, front=MS), [(MS, MS)])
    etcd_write_steps.offer(0, 0, 100, 0, e)
    out = np.empty((2, 64), dtype=np.int64)
    while (now := int(etcd_write_steps.upcoming(e))) < etcd_write.NEVER:
        before = [array.copy() for array in e]
        assert etcd_write_steps.advance(now - 1, e, out[0], out[1]) == 0
        assert all(np.array_equal(one, other) for one, other in zip(before, e, strict=True))
        etcd_write_steps.advance(now, e, out[0], out[1])


@pytest.mark.tiny
@pytest.mark.parametrize("cap", [0, 3, 100])
def test_rings_are_of_a_power_of_two(cap: int) -> None:
    """Others are refused."""
    with pytest.raises(ValueError, match="one power of two"):
        etcds(1, FREE, [], cap=cap)
