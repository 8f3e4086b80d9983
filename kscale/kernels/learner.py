"""A member joins an etcd cluster: how it catches up, and whether writes go on if another fails meanwhile.

Members 0 .. VOTERS - 1 are those there were, 0 leads; member VOTERS is the new one. It is sent the store as
of when the transfer began, opens it, and is then sent the entries that came since, one after another
(etcd pauses the compaction of its log while a snapshot is under way, so one is enough). It has caught
up at the first moment at which no entry is under way to it. A transfer that breaks, as its leader or the new
member failed, goes on with the entries that are missing, or begins anew if the store had not arrived.

    as a voter    it counts from the beginning: the quorum is that of VOTERS + 1
    as a learner  it counts once it was promoted: at the first of the attempts, PROMOTE_EVERY, at which it
                  has SHARE of the leader's entries (etcd 3.4: 90 %), and it and the leader are there

Writes go on while there is a leader and a quorum of voters that have every entry. A leader that fails is
replaced after ELECTION if a quorum of voters is there, the new one included, whatever it has; else once it is
back. A member that failed is back after REPAIR, with everything. Time is int64 ns.

Where they stop, one cause is to blame: an election that goes on; else the old members, if they are too few
for the quorum they had before; else the new one, that counts and lacks entries or is gone.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]

NEVER = 1 << 60
PPM = 1_000_000
LEADER = 0
NOBODY = -1

# Entries of `rules`, int64[10].
VOTERS = 0
LEARNER = 1  # 1: it learns first
COMES = 2  # 0: it never comes
SNAPSHOT = 3  # ns to send the store, and to open it
ENTRY_PS = 4  # ps/byte of sending it an entry
BEFORE = 5  # entries in the log before the first one here
PROMOTE_EVERY = 6  # ns
SHARE = 7  # ppm
REPAIR = 8  # ns
HORIZON = 9  # ns; what is not over by then is counted up to it
RULES = 10

# Columns of `faults`, int64[k, FAULT].
WHO = 0  # which member fails, or NOBODY
WHEN = 1  # ns
ELECTION = 2  # ns that an election takes then
FAULT = 3

# Columns of `found`, int64[k, FOUND], out; ns from the beginning unless said.
UNAVAILABLE = 0  # ns without writes, the sum of the last four
CAUGHT_UP = 1  # when the new member last came to have every entry, or NEVER
PROMOTED = 2  # when it came to count, or NEVER
MATCH = 3  # ppm of the leader's entries that it had when it was promoted
SNAPSHOTS = 4  # sent to it
ELECTING = 5  # ns of an election
JOINING = 6  # ns in which the new member counted and had not yet had everything
GONE = 7  # ns in which it counted, had had everything, and was cut off
TOO_FEW = 8  # ns in which the old members were fewer than their own quorum
FOUND = 9
WRITES = -1  # in place of a cause

# Entries of a fault's times, in ns.
_FAILS, _ELECTING, _ELECTED, _BACK, _HAS_ALL, _LACKS, _HAS_AGAIN = 0, 1, 2, 3, 4, 5, 6
_TIMES = 7


@inline
def _arrived(time: int, arrival: Longs) -> int:
    """Return how many entries there are at *time*."""
    return int(np.searchsorted(arrival, time, side="right"))


@inline
def _quorum(voters: int) -> int:
    """Return how many of so many voters decide."""
    return voters // 2 + 1


@kernel
def catch_up(begin: int, snapshot: int, has: int, ps: int, arrival: Longs, size: Longs, got: Longs) -> int:
    """Send what is missing from *begin* on. Returns when everything has come.

    begin     ns
    snapshot  ns that the store takes first; 0 if it is there
    has       entries that it has, or that the store holds
    ps        ps/byte of an entry
    arrival   int64[n]  when each entry comes, ascending
    size      int64[n]  bytes
    got       int64[n]  out, from *has* on: when the new member has each
    """
    time, caught = begin + snapshot, -1
    for entry in range(has, len(arrival)):
        if caught < 0 and arrival[entry] > time:
            caught = time
        time = max(time, arrival[entry]) + size[entry] * ps // 1000
        got[entry] = time
    return time if caught < 0 else caught


@kernel
def _promote(begin: int, end: int, caught: int, arrival: Longs, got: Longs, rules: Longs, row: Longs) -> None:
    """Try to promote it from *begin* on and before *end*, unless it was or never comes."""
    every = rules[PROMOTE_EVERY]
    time = -(-begin // every) * every
    while rules[COMES] and time < end and row[PROMOTED] == NEVER:
        leader = rules[BEFORE] + _arrived(time, arrival)
        has = leader if time >= caught else rules[BEFORE] + _arrived(time, got)
        if has * PPM >= leader * rules[SHARE]:
            row[PROMOTED], row[MATCH] = time, has * PPM // max(1, leader)
        time += every


@kernel
def _elect(fault: Longs, times: Longs, rules: Longs, row: Longs) -> None:
    """Say when an election begins, and when there is a leader again."""
    voters = rules[VOTERS]
    counts = row[PROMOTED] <= fault[WHEN]
    there = voters - 1 + (1 if counts and rules[COMES] else 0)
    times[_ELECTING] = times[_FAILS] if there >= _quorum(voters + (1 if counts else 0)) else times[_BACK]
    times[_ELECTED] = times[_ELECTING] + fault[ELECTION]


@kernel
def _transfer_again(
    who: int, ready: int, times: Longs, arrival: Longs, size: Longs, rules: Longs, got: Longs, row: Longs
) -> int:
    """Send a new member that was cut off what it lacks. Returns from when on it can be promoted."""
    begin = times[_ELECTED] if who == LEADER else times[_BACK]
    whole = times[_FAILS] < ready
    has = _arrived(begin, arrival) if whole else _arrived(times[_FAILS], got[0])
    snapshot = rules[SNAPSHOT] if whole else 0
    for entry in range(has):
        got[1, entry] = begin + snapshot if whole else got[0, entry]
    caught = row[CAUGHT_UP]
    row[CAUGHT_UP] = catch_up(begin, snapshot, has, rules[ENTRY_PS], arrival, size, got[1])
    row[SNAPSHOTS] += 1 if whole else 0
    if times[_FAILS] < caught:
        times[_HAS_ALL] = row[CAUGHT_UP]
    else:
        times[_LACKS], times[_HAS_AGAIN] = times[_FAILS], row[CAUGHT_UP]
    return int(begin + snapshot)


@kernel
def _stopped_by(time: int, who: int, times: Longs, rules: Longs, row: Longs) -> int:
    """Return what is to blame that nothing is written at *time*, a column of `found`; or WRITES."""
    voters, counts = rules[VOTERS], time >= row[PROMOTED]
    old = voters
    if 0 <= who < voters and times[_FAILS] <= time < times[_BACK]:
        old -= 1
    has_all = time >= times[_HAS_ALL] and not times[_LACKS] <= time < times[_HAS_AGAIN]
    leads = who != LEADER or not times[_FAILS] <= time < times[_ELECTED]
    there = old + (1 if counts and has_all else 0)
    if leads and there >= _quorum(voters + (1 if counts else 0)):
        return WRITES
    if not leads and time >= times[_ELECTING]:
        return ELECTING
    if old < _quorum(voters):
        return TOO_FEW
    return JOINING if time < times[_HAS_ALL] else GONE


@kernel
def _unavailable(who: int, times: Longs, rules: Longs, row: Longs) -> None:
    """Count the ns without writes, by what is to blame: what changes, changes at one of a few times."""
    begin, horizon = 0, rules[HORIZON]
    while begin < horizon:
        end = horizon
        for time in times:
            if begin < time < end:
                end = time
        if begin < row[PROMOTED] < end:
            end = row[PROMOTED]
        cause = _stopped_by(begin, who, times, rules, row)
        if cause != WRITES:
            row[UNAVAILABLE] += end - begin
            row[cause] += end - begin
        begin = end


@kernel
def run(faults: Longs, arrival: Longs, size: Longs, rules: Longs, got: Longs, found: Longs) -> None:
    """Let a member join once for each fault, and say how long nothing was written.

    faults   int64[k, FAULT]  see above
    arrival  int64[n]  when each entry comes, ascending
    size     int64[n]  bytes
    rules    int64[RULES]  see above
    got      int64[2, n]  scratch; the first row is left as when each entry has come if nobody fails
    found    int64[k, FOUND]  out

    Cost is O(n) for each fault that cuts the new member off, else O(log n).
    """
    times, voters = np.empty(_TIMES, dtype=np.int64), rules[VOTERS]
    ready, caught = rules[SNAPSHOT] if rules[COMES] else NEVER, NEVER
    if rules[COMES]:
        caught = catch_up(0, ready, 0, rules[ENTRY_PS], arrival, size, got[0])
    for number in range(len(faults)):
        fault, row, who = faults[number], found[number], faults[number, WHO]
        fails = fault[WHEN] if who >= 0 else NEVER
        row[:] = 0
        row[CAUGHT_UP], row[SNAPSHOTS] = caught, rules[COMES]
        row[PROMOTED] = NEVER if rules[LEARNER] else 0
        _promote(ready, fails, caught, arrival, got[0], rules, row)
        times[:] = NEVER
        times[_FAILS], times[_HAS_ALL] = fails, caught
        times[_BACK] = fails + rules[REPAIR] if who >= 0 else NEVER
        if who == LEADER:
            _elect(fault, times, rules, row)
        resumes = times[_BACK] if voters - 1 < _quorum(voters) else fails
        cut_off = who == voters or (who == LEADER and fails < caught)
        if cut_off and rules[COMES]:
            resumes = _transfer_again(who, ready, times, arrival, size, rules, got, row)
        elif who == LEADER:
            resumes = times[_ELECTED]
        _promote(max(ready, resumes), NEVER, row[CAUGHT_UP], arrival, got[1 if cut_off else 0], rules, row)
        _unavailable(who, times, rules, row)
