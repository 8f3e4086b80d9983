"""Slow twin of kernels/election.py: a record, and processes that read and write it, in one queue.

Written from client-go's tryAcquireOrRenew rather than from the kernel: every process keeps the record
it last saw and when it saw it change, and an update carries the version that was read.
"""

import heapq
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import election as kernel
from kscale.kernels.draws import PPM, below

Longs = NDArray[np.int64]

LEADER = -1


@dataclass(slots=True)
class Record:
    """What is stored."""

    holder: str = "leader"
    version: int = 0

    def update(self, holder: str, version: int) -> bool:
        """Write, unless someone else has since *version*."""
        if version != self.version:
            return False
        self.holder, self.version = holder, version + 1
        return True


@dataclass(slots=True)
class Candidate:
    """What a candidate remembers."""

    begun: int = 0
    seen: int = -1
    since: int = 0


@dataclass(slots=True)
class Trial:
    """One failover."""

    rules: list[int]
    state: Longs
    record: Record = field(default_factory=Record)
    queue: list[tuple[int, int, int, str]] = field(default_factory=list)  # time, process, turn, what it does
    turns: int = 0  # what was put into the queue earlier goes first
    begun: int = 0  # the leader's latest renewal
    last: int = 0  # its latest that reached the record

    def at(self, time: int, process: int, what: str) -> None:
        """Let *process* do something."""
        heapq.heappush(self.queue, (time, process, self.turns, what))
        self.turns += 1

    def run(self, standbys: int, *, release: bool, deadline: int) -> tuple[int, int, int, int]:
        """Return when the leader ended, last renewed, was followed, and when it would give up by itself."""
        retry, jitter, _, request, renew, free = self.rules
        end = kernel.WARM_NS + below(self.state, retry + renew)
        candidates = [Candidate() for _ in range(standbys)]
        for c in range(standbys):
            self.at(below(self.state, retry + retry * jitter // PPM // 2), c, "begin")
        self.at(0, LEADER, "begin")
        if release:
            self.at(end + free, LEADER, "release")
        while True:
            now, process, _, what = heapq.heappop(self.queue)
            if process == LEADER:
                self.lead(what, now, end)
            elif what == "take":
                if self.record.update(f"candidate {process}", candidates[process].seen):
                    return end, self.last, now, self.begun + deadline
                self.at(now + self.gap(), process, "begin")
            elif what == "begin":
                candidates[process].begun = now
                self.at(now + request, process, "read")
            else:
                self.read(candidates[process], process, now)

    def lead(self, what: str, now: int, end: int) -> None:
        """Let the leader begin a renewal, end it and pause, or release; after *end* no renewal ends."""
        retry, renew = self.rules[kernel.RETRY_NS], self.rules[kernel.RENEW_NS]
        if what == "begin":
            self.begun = now
            self.at(now + renew, LEADER, "renew")
        elif what == "release":
            self.record.update("", self.record.version)
        elif now <= end:
            self.record.update("leader", self.record.version)
            self.last = now
            self.at(now + retry, LEADER, "begin")

    def read(self, me: Candidate, process: int, now: int) -> None:
        """Let a candidate look at the record, and try to take it if it may."""
        if me.seen != self.record.version:
            me.seen, me.since = self.record.version, now
        if self.record.holder and me.since + self.rules[kernel.LEASE_NS] > me.begun:
            self.at(now + self.gap(), process, "begin")
        else:
            self.at(now + self.rules[kernel.REQUEST_NS], process, "take")

    def gap(self) -> int:
        """Return the time until a candidate reads again."""
        retry, jitter = self.rules[0], self.rules[1]
        return retry + below(self.state, retry * jitter // PPM + 1)


def simulate(
    draws: Longs, rules: Longs, standbys: int, *, release: bool, deadline: int = 0
) -> list[tuple[int, int, int, int]]:
    """Return every trial."""
    return [
        Trial(rules.tolist(), state).run(standbys, release=release, deadline=deadline)
        for state in draws.copy()
    ]
