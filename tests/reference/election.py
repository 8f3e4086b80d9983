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
    renewed: int = 0

    def update(self, holder: str, version: int, now: int) -> bool:
        """Write, unless someone else has since *version*."""
        if version != self.version:
            return False
        self.holder, self.version, self.renewed = holder, version + 1, now
        return True


@dataclass(slots=True)
class Candidate:
    """What a candidate remembers."""

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

    def at(self, time: int, process: int, what: str) -> None:
        """Let *process* do something."""
        heapq.heappush(self.queue, (time, process, self.turns, what))
        self.turns += 1

    def run(self, standbys: int, *, release: bool) -> tuple[int, int, int]:
        """Return when the leader ended, when it last renewed, and when another one had the lease."""
        retry, jitter, _, request = self.rules
        end = kernel.WARM_NS + below(self.state, max(retry, request))
        candidates = [Candidate() for _ in range(standbys)]
        for c in range(standbys):
            self.at(request + below(self.state, retry + retry * jitter // PPM // 2), c, "read")
        self.at(request, LEADER, "renew")
        if release:
            self.at(end + request, LEADER, "release")
        last = 0
        while True:
            now, process, _, what = heapq.heappop(self.queue)
            if what == "renew":
                if now <= end:
                    self.record.update("leader", self.record.version, now)
                    last = now
                    self.at(now + max(retry, request), LEADER, "renew")
            elif what == "release":
                self.record.update("", self.record.version, now)
            elif what == "take":
                if self.record.update(f"candidate {process}", candidates[process].seen, now):
                    return end, last, now
                self.at(now + self.gap() + request, process, "read")
            else:
                self.read(candidates[process], process, now)

    def read(self, me: Candidate, process: int, now: int) -> None:
        """Let a candidate look at the record, and try to take it if it may."""
        lease, request = self.rules[2:]
        if me.seen != self.record.version:
            me.seen, me.since = self.record.version, now
        if self.record.holder and me.since + lease > now:
            self.at(now + self.gap() + request, process, "read")
        else:
            self.at(now + request, process, "take")

    def gap(self) -> int:
        """Return the time until a candidate reads again."""
        retry, jitter = self.rules[0], self.rules[1]
        return retry + below(self.state, retry * jitter // PPM + 1)


def simulate(draws: Longs, rules: Longs, standbys: int, *, release: bool) -> list[tuple[int, int, int]]:
    """Return every trial."""
    return [Trial(rules.tolist(), state).run(standbys, release=release) for state in draws.copy()]
