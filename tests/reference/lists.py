"""The slow twins of lists: selection over plain objects, and a server on a virtual clock, in steps of it.

The server is written from section 1.1 of the control plane's description and from the rules of the model,
with exact fractions and a list of what is in flight, where the kernel has queues and one number for all.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heappop, heappush


@dataclass(frozen=True)
class Pod:
    """What a selector can ask for."""

    node: bytes
    labels: dict[bytes, bytes]
    size: int


def select(pods: Iterable[Pod], want: Callable[[Pod], bool]) -> tuple[list[int], int]:
    """Return the numbers of the pods that are wanted, and their bytes."""
    chosen = [(i, pod.size) for i, pod in enumerate(pods) if want(pod)]
    return [i for i, _ in chosen], sum(size for _, size in chosen)


def checksum(parts: Iterable[bytes]) -> int:
    """Return the checksum of a response that was sent off in *parts*."""
    found = 0
    for part in parts:
        found = (found * 31 + sum(byte * place for place, byte in enumerate(part, 1))) % (2**31 - 1)
    return found


@dataclass
class Running:
    """A list in progress."""

    who: int
    left: Fraction
    until: Fraction  # when it is cancelled


@dataclass
class Sharing:
    """A server whose lists share its cores evenly; nobody waits for a cache."""

    service: int
    speed: int  # lists in full at a time, in thousandths
    limit: int
    retry: int
    tries: int
    timeout: int
    running: list[Running] = field(default_factory=list)
    done: dict[int, Fraction] = field(default_factory=dict)
    refused: int = 0
    failed: int = 0
    timed_out: int = 0

    def serve(self, arrivals: list[int]) -> None:
        """Answer all of them."""
        coming = [(Fraction(at), who, 0) for who, at in enumerate(arrivals)]
        now = Fraction(0)
        while coming or self.running:
            pace = min(Fraction(1), Fraction(self.speed, 1000 * max(1, len(self.running))))
            end = now + min((one.left for one in self.running), default=Fraction(1 << 62)) / pace
            coming.sort()
            cancel = min((one.until for one in self.running), default=end)
            then = min(end, cancel, coming[0][0]) if coming else min(end, cancel)
            for one in self.running:
                one.left -= (then - now) * pace
            now = then
            ended = [one for one in self.running if one.left <= 0]
            self.done |= {one.who: now - arrivals[one.who] for one in ended}
            self.running = [one for one in self.running if one.left > 0]
            over = [one for one in self.running if one.until <= now]
            self.timed_out += len(over)
            self.done |= {one.who: max(now - arrivals[one.who], Fraction(self.timeout)) for one in over}
            self.running = [one for one in self.running if one.until > now]
            if not ended and not over and coming:
                _, who, tried = coming.pop(0)
                if len(self.running) < self.limit:
                    self.running.append(Running(who, Fraction(self.service), now + self.timeout))
                    continue
                self.refused += 1
                if tried == self.tries:
                    self.failed += 1
                    self.done[who] = max(now - arrivals[who], Fraction(self.timeout))
                else:
                    coming.append((now + self.retry, who, tried + 1))


@dataclass
class Waiting:
    """A read that waits for the cache, from when it knows etcd's revision."""

    who: int
    wanted: int  # it is fresh once the cache has all that was written up to then
    since: int


@dataclass
class Freshness:
    """A cache that follows etcd, and reads that wait for it; as in the source, one thing after the other.

    The requester has a timer. While somebody waits and the timer has expired, it asks etcd and sets the timer
    anew; while nobody waits, the timer stays expired (cacher/progress/watch_progress.go).
    """

    trip: int
    lag: int
    ask: int  # 0: never
    notify: int  # 0: never
    patience: int
    has: int = -1  # all that was written up to then is in the cache
    timer: int = 0  # when it expires, or has
    waiting: list[Waiting] = field(default_factory=list)
    coming: list[tuple[int, int, int, int]] = field(default_factory=list)  # time, what, of whom, up to when
    end: dict[int, int] = field(default_factory=dict)  # of the wait
    late: set[int] = field(default_factory=set)
    requests: list[int] = field(default_factory=list)  # when etcd was asked

    def follow(self, reads: list[int], events: list[int], others: list[int]) -> None:
        """Let *reads* come; *events* are writes to the type, *others* to other types."""
        writes = sorted(events + others)
        for at in events:
            heappush(self.coming, (at + self.lag, 0, 0, at))
        for at in range(0, max(reads) + 2 * self.patience, self.notify) if self.notify else ():
            heappush(self.coming, (at + self.lag, 0, 0, at))
        for who, at in enumerate(reads):
            wanted = writes[bisect_right(writes, at) - 1]
            heappush(self.coming, (at + self.trip, 1, who, wanted))
        while self.coming or self.waiting:
            happens = [self.coming[0][0]] if self.coming else []
            happens += [one.since + self.patience for one in self.waiting]
            if self.waiting and self.ask:
                happens.append(self.timer)  # if it had expired, the requester asked when the first one came
            self.step(min(happens))

    def step(self, now: int) -> None:
        """Do all that is due *now*: the cache first, then those who come, then the requester."""
        while self.coming and self.coming[0][0] == now:
            _, what, who, up_to = heappop(self.coming)
            if what == 0:
                self.has = max(self.has, up_to)
                self.leave(now)
            elif self.has >= up_to:
                self.end[who] = now
            else:
                self.waiting.append(Waiting(who, up_to, now))
        for one in [one for one in self.waiting if one.since + self.patience <= now]:
            self.late.add(one.who)
            self.end[one.who] = now
            self.waiting.remove(one)
        if self.waiting and self.ask and self.timer <= now:
            self.requests.append(now)
            self.timer = now + self.ask
            heappush(self.coming, (now + self.trip + self.lag, 0, 0, now))

    def leave(self, now: int) -> None:
        """Let those go whose writes the cache has."""
        for one in self.waiting:
            if one.wanted <= self.has:
                self.end[one.who] = now
        self.waiting = [one for one in self.waiting if one.wanted > self.has]
