"""Slow twin of kscale.kernels.etcd_write: members as objects, everything that happens in one sorted list."""

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

REFUSED, LOST = -1, -2


@dataclass(frozen=True)
class Rules:
    """As `rules` of the kernel, by name."""

    client: int
    front: int
    front_ps: int
    cores: int
    append: int
    log_ps: int
    entry_bytes: int
    fsync: int
    net_ps: int
    apply: int
    apply_ps: int
    commit: int
    commit_ps: int
    commit_every: int
    commit_at: int
    quorum: int
    gap: int
    window: int
    message: int
    allocation: int = 0
    free_list: int = 0


@dataclass
class Follower:
    """One follower, and what the leader knows of it."""

    round_trip: int
    fsync: int
    sent: int = 0  # entries
    link: int = 0
    flying: int = 0  # messages sent and not acknowledged
    inbox: deque[int] = field(default_factory=deque)  # entries up to which each message goes
    logged: int = 0
    writing: bool = False
    match: int = 0
    gone: bool = False


class Store:
    """The applying side: one operation or commit at a time."""

    def __init__(self, rules: Rules, blocked: list[tuple[int, int]]) -> None:
        """Start with an empty write transaction."""
        self.rules, self.blocked = rules, blocked
        self.free, self.due = 0, rules.commit_every
        self.open: list[int] = []
        self.pages = 0  # allocations of two or more
        self.commits = self.stood = self.busy = self.committing = 0

    def begin(self, time: int) -> int:
        """Return the first time from *time* on that is in no blocked stretch."""
        for start, end in self.blocked:
            if start <= time < end:
                time = end
        return time

    def commit(self, begin: int) -> None:
        """Commit what is open."""
        took = self.rules.commit + self.rules.commit_ps * sum(self.open) // 1000
        took += self.rules.free_list + self.rules.allocation * self.pages
        self.free = begin + took
        self.due = self.free + self.rules.commit_every
        self.open = []
        self.pages = 0
        self.commits += 1
        self.committing += took

    def wait(self, released: int) -> int:
        """Return when what is there from *released* on can begin, after the commits that are due before."""
        while True:
            ready = max(released, self.free)
            start = self.begin(ready)
            if self.due > start:
                break
            begin = self.begin(max(self.due, self.free))
            if self.open:
                self.stood += max(0, begin - ready)
                self.commit(begin)
            else:
                passed = (max(begin, ready) - self.due) // self.rules.commit_every + 1
                self.due += passed * self.rules.commit_every
        self.stood += start - ready
        return start

    def apply(self, released: int, size: int, pages: int) -> int:
        """Return when an entry is applied."""
        took = self.rules.apply + self.rules.apply_ps * size // 1000
        end = self.free = self.wait(released) + took
        self.busy += took
        self.open.append(size)
        self.pages += pages
        if len(self.open) >= self.rules.commit_at:
            self.commit(self.begin(end))
        return end

    def hold(self, time: int, ns: int) -> None:
        """Let a range hold the lock."""
        self.free = self.wait(time) + ns


class Etcd:
    """A leader, its followers and its clients."""

    def __init__(
        self,
        sizes: list[int],
        rules: Rules,
        followers: list[tuple[int, int]],
        blocked: list[tuple[int, int]],
        pages: list[int] | None = None,
    ) -> None:
        """Start at time 0."""
        self.sizes, self.rules, self.quorum = sizes, rules, rules.quorum
        self.pages = pages or [0] * len(sizes)
        self.followers = [Follower(*one) for one in followers]
        self.store = Store(rules, blocked)
        self.cores = [0] * rules.cores
        self.decoded = 0
        self.events: list[tuple[int, int, Any]] = []
        self.number = self.now = 0
        self.entries: list[int] = []  # requests
        self.applied_at: list[int] = []
        self.appended = self.logged = 0
        self.busy = False
        self.ready = 0
        self.done = [LOST] * len(sizes)
        self.sent_at = [0] * len(sizes)
        self.waiting: deque[int] = deque()  # requests of a closed loop, not yet sent
        self.closed = False
        self.counts = dict.fromkeys(
            ("refused", "fsyncs", "follower_fsyncs", "largest", "sent", "messages", "front", "log"), 0
        )

    def at(self, time: int, what: Any) -> None:  # noqa: ANN401 - a function without arguments
        """Do *what* at *time*."""
        self.number += 1
        heappush(self.events, (time, self.number, what))

    def send(self, request: int, time: int) -> None:
        """Let a client send a request."""
        self.sent_at[request] = time
        took = self.rules.front + self.rules.front_ps * self.sizes[request] // 1000
        self.decoded = max(self.decoded, self.work(time + self.rules.client // 2, took))
        self.at(self.decoded, lambda: self.propose(request))

    def work(self, time: int, ns: int) -> int:
        """Return when a core has done so much."""
        core = self.cores.index(min(self.cores))
        self.cores[core] = max(time, self.cores[core]) + ns
        self.counts["front"] += ns
        return self.cores[core]

    def propose(self, request: int) -> None:
        """Queue a request, or refuse it."""
        done = sum(1 for time in self.applied_at if time <= self.now)
        if len(self.applied_at) - done > self.rules.gap:
            self.done[request] = REFUSED
            self.counts["refused"] += 1
        else:
            self.entries.append(request)

    def bytes_of(self, first: int, end: int) -> int:
        """Return the bytes of the log of some entries."""
        return sum(self.sizes[one] + self.rules.entry_bytes for one in self.entries[first:end])

    def replicate(self, follower: Follower, ready: int) -> None:
        """Send a follower what it may get."""
        while not follower.gone and follower.sent < self.appended and follower.flying < self.rules.window:
            end = follower.sent + 1
            while end < self.appended and self.bytes_of(follower.sent, end + 1) <= self.rules.message:
                end += 1
            size = self.bytes_of(follower.sent, end)
            follower.link = max(follower.link, ready) + self.rules.net_ps * size // 1000
            self.at(follower.link + follower.round_trip // 2, lambda end=end: follower.inbox.append(end))
            follower.sent = end
            follower.flying += 1
            self.counts["sent"] += size
            self.counts["messages"] += 1

    def logged_by(self, follower: Follower, end: int, messages: int) -> None:
        """End a follower's write."""
        if follower.gone:
            return
        follower.writing = False
        follower.logged = end
        back = follower.round_trip - follower.round_trip // 2
        self.at(self.now + back, lambda: self.acknowledged(follower, end, messages))

    def acknowledged(self, follower: Follower, end: int, messages: int) -> None:
        """See what a follower has logged."""
        if follower.gone:
            return
        follower.match = end
        follower.flying -= messages
        self.replicate(follower, max(self.now, self.ready))

    def leader_logged(self) -> None:
        """End the leader's write."""
        self.logged = self.appended
        self.busy = False

    def start(self) -> None:
        """Start whatever can be started."""
        if not self.busy:
            match = sorted([self.logged, *(one.match for one in self.followers)], reverse=True)
            committed = match[self.quorum - 1] if self.quorum <= len(match) else 0
            while len(self.applied_at) < committed:
                self.release(self.entries[len(self.applied_at)])
            if self.appended < len(self.entries):
                self.append()
        for follower in self.followers:
            if follower.inbox and not follower.writing and not follower.gone:
                messages = len(follower.inbox)
                end = follower.inbox[-1]
                follower.inbox.clear()
                follower.writing = True
                took = (end - follower.logged) * self.rules.append + follower.fsync
                took += self.rules.log_ps * self.bytes_of(follower.logged, end) // 1000
                self.counts["follower_fsyncs"] += 1
                self.at(self.now + took, lambda f=follower, e=end, m=messages: self.logged_by(f, e, m))

    def append(self) -> None:
        """Write the queue to the leader's log with one fsync."""
        count, size = len(self.entries) - self.appended, self.bytes_of(self.appended, len(self.entries))
        self.appended = len(self.entries)
        self.busy = True
        self.ready = self.now + count * self.rules.append
        end = self.ready + self.rules.fsync + self.rules.log_ps * size // 1000
        self.counts["log"] += end - self.now
        self.counts["largest"] = max(self.counts["largest"], count)
        self.counts["fsyncs"] += 1
        self.at(end, self.leader_logged)
        for follower in self.followers:
            self.replicate(follower, self.ready)

    def release(self, request: int) -> None:
        """Apply a committed entry and answer; the client sends its next request."""
        end = self.store.apply(self.now, self.sizes[request], self.pages[request])
        self.applied_at.append(end)
        self.done[request] = end + self.rules.client - self.rules.client // 2
        if self.closed and self.waiting:
            self.send(self.waiting.popleft(), self.done[request])

    def lose(self, f: int) -> None:
        """Let a follower be gone."""
        self.followers[f].gone = True

    def join(self, f: int) -> None:
        """Let a follower be there, with all that is committed."""
        old = self.followers[f]
        old.gone = True
        has = max(old.match, len(self.applied_at))
        self.followers[f] = Follower(old.round_trip, old.fsync, sent=has, logged=has, match=has)
        self.replicate(self.followers[f], max(self.now, self.ready))

    def elect(self, quorum: int) -> None:
        """Let a majority be so many."""
        self.quorum = quorum

    def run(self, arrivals: list[int] | None, clients: int = 0) -> None:
        """Answer every request, of an open loop or of so many clients."""
        self.closed = arrivals is None
        requests = range(len(self.sizes))
        if arrivals is None:
            self.waiting = deque(requests[clients:])
            for request in requests[:clients]:
                self.send(request, 0)
        else:
            for request in requests:
                self.send(request, arrivals[request])
        self.go_on()

    def go_on(self) -> None:
        """Let everything happen that is known."""
        while self.events:
            self.now = self.events[0][0]
            while self.events and self.events[0][0] <= self.now:
                heappop(self.events)[2]()
            self.start()
