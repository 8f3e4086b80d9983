"""The slow twin of watch fan-out: one watcher, one event, one read at a time.

Follows section 1.1 of the cacher's description: events are offered to the watchers of the
pod's namespace, then to those of everything, then to those of its node; a full channel
makes the dispatcher wait out of its budget of time; a watcher not served in time is ended.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

SECOND = 1_000_000_000


@dataclass
class Watcher:
    """One client, its channel, and what became of it."""

    wants: Callable[["Event"], bool]
    cap: int
    take: int
    channel: deque[int] = field(default_factory=deque)
    got: list[int] = field(default_factory=list)
    lost: int = 0
    ended: int = -1

    def try_put(self, event: int) -> bool:
        if len(self.channel) >= self.cap:
            return False
        self.channel.append(event)
        self.got.append(event)
        return True

    def read(self) -> None:
        for _ in range(min(self.take, len(self.channel))):
            self.channel.popleft()


@dataclass(frozen=True)
class Event:
    """A change of a pod."""

    new: int
    old: int
    namespace: int


@dataclass(frozen=True)
class Rules:
    """How time passes; ns."""

    interval: int
    tick: int
    refill: int  # per second
    most: int
    together: bool


class Server:
    """The dispatcher and its clock."""

    def __init__(self, watchers: Sequence[Watcher], rules: Rules) -> None:
        self.watchers, self.rules = watchers, rules  # in the order in which they are served
        self.now, self.next_tick = 0, rules.tick
        self.budget, self.refilled = 0, 0
        self.waited, self.waits = 0, 0

    def run(self, events: Sequence[Event]) -> None:
        for number, event in enumerate(events):
            self.pass_time(number * self.rules.interval)
            self.dispatch(number, [w for w in self.watchers if w.wants(event)])

    def dispatch(self, event: int, concerned: Sequence[Watcher]) -> None:
        blocked = []
        for watcher in concerned:
            if watcher.ended >= 0:
                watcher.lost += 1
            elif not watcher.try_put(event):
                if self.rules.together:
                    blocked.append(watcher)
                else:
                    self.wait_for([watcher], event)
        if blocked:
            self.wait_for(blocked, event)

    def wait_for(self, blocked: Sequence[Watcher], event: int) -> None:
        """One timer for all of *blocked*: the whole budget. What is left of it goes back."""
        accrued = (self.now - self.refilled) * self.rules.refill // SECOND
        time_out = min(self.rules.most, self.budget + accrued)
        self.refilled, start = self.now, self.now
        for watcher in blocked:
            if watcher.try_put(event):
                continue
            reads = watcher.take > 0 and watcher.cap > 0
            in_time = reads and self.next_tick <= start + time_out
            until = self.next_tick if in_time else start + time_out
            if until > self.now:
                self.waits += 1
                self.pass_time(until)
            if not watcher.try_put(event):
                watcher.ended = event
                watcher.lost += 1
        self.waited += self.now - start
        self.budget = min(self.rules.most, time_out - (self.now - start))

    def pass_time(self, time: int) -> None:
        self.now = max(self.now, time)
        while self.next_tick <= self.now:
            for watcher in self.watchers:
                watcher.read()
            self.next_tick += self.rules.tick


def matching(events: Sequence[Event], scopes: Sequence[int], nodes: Sequence[int]) -> list[list[int]]:
    """Return, for each event, the watchers by namespace and by node that it concerns."""
    return [
        [w for w, scope in enumerate(scopes) if scope == event.namespace]
        + [len(scopes) + w for w, node in enumerate(nodes) if node in {event.new, event.old}]
        for event in events
    ]
