"""The slow twin of a watch cache's history and of the clients that resume from it.

Follows section 1.1 of the notes on the control plane: one list of events instead of a ring, one
happening of the simulation after the other, each client with everything it has seen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass
class History:
    """Events of a type, newest last; how many fit changes with how old they are."""

    least: int
    most: int
    window: int
    list_rv: int = 0
    capacity: int = 0
    events: list[tuple[int, int]] = field(default_factory=list)  # rv, time
    dropped: bool = False

    def __post_init__(self) -> None:
        self.capacity = self.least

    def insert(self, rv: int, time: int) -> None:
        if len(self.events) == self.capacity:
            quarter_back = self.events[len(self.events) - self.capacity // 4 :]
            if time - self.events[0][1] < self.window:
                self.capacity = min(self.most, 2 * self.capacity)
            elif quarter_back and time - quarter_back[0][1] > self.window:
                self.capacity = max(self.least, self.capacity // 2)
                self.events = self.events[-self.capacity :]
        if len(self.events) == self.capacity:
            self.events.pop(0)
            self.dropped = True
        self.events.append((rv, time))

    def since(self, rv: int) -> list[int] | None:
        """The RVs after *rv*; None where some of them may be gone."""
        oldest = self.events[0][0] if self.dropped else self.list_rv + 1
        return None if rv < oldest - 1 else [one for one, _ in self.events if one > rv]


@dataclass(frozen=True)
class Watch:
    """One watch of a client, how it ended, when the client was back."""

    client: int
    end: int
    back: int
    fresh: int  # RV of a list when it is back
    bookmark: int  # newest RV it was told, or -1


@dataclass
class Client:
    """What a client knows and has been through."""

    rv: int
    got: set[int] = field(default_factory=set)  # events it was sent, by number
    resumes: int = 0
    relists: int = 0
    missed: int = 0
    repeated: int = 0
    scanned: int = 0
    sent: int = 0
    lost: int = 0


@dataclass
class Simulation:
    """Everything that happens, in order."""

    times: Sequence[int]
    rvs: Sequence[int]
    concerns: Callable[[int, int], bool]  # client, event
    watches: Sequence[Watch]
    clients: Sequence[Client]
    servers: Sequence[tuple[int, int, int]]  # start, move, list RV
    new: Callable[[int], History]  # list RV -> an empty history

    def run(self) -> None:
        self.using = self.new(0)
        self.coming: History | None = None
        self.happened = 0  # events so far
        self.away: set[int] = set()
        self.known = [0] * len(self.clients)  # events up to the end of the last watch
        happenings = [
            *((time, 0, i, self.event) for i, time in enumerate(self.times)),
            *((watch.end, 1, i, self.end) for i, watch in enumerate(self.watches)),
            *((start, 2, i, self.start) for i, (start, _, _) in enumerate(self.servers)),
            *((move, 3, i, self.move) for i, (_, move, _) in enumerate(self.servers)),
            *((watch.back, 4, i, self.back) for i, watch in enumerate(self.watches)),
        ]
        for _, _, number, happen in sorted(happenings, key=lambda one: one[:3]):
            happen(number)

    def event(self, number: int) -> None:
        for history in (self.using, self.coming):
            if history:
                history.insert(self.rvs[number], self.times[number])
        for c, client in enumerate(self.clients):
            if self.concerns(c, number) and c not in self.away:
                client.got.add(number)
                client.rv = max(client.rv, self.rvs[number])
        self.happened = number + 1

    def end(self, number: int) -> None:
        client = self.watches[number].client
        self.away.add(client)
        self.known[client] = self.happened

    def start(self, number: int) -> None:
        self.coming = self.new(self.servers[number][2])

    def move(self, number: int) -> None:
        assert self.coming is not None
        self.using, self.coming = self.coming, None

    def back(self, number: int) -> None:
        watch = self.watches[number]
        client = self.clients[watch.client]
        self.away.discard(watch.client)
        client.resumes += 1
        client.rv = max(client.rv, watch.bookmark)
        after = self.using.since(client.rv)
        if after is None:
            client.relists += 1
            client.lost += len(self.using.events)
            client.rv = watch.fresh
            client.got |= {one for one in range(self.happened) if self.concerns(watch.client, one)}
            return
        client.scanned += len(after)
        served = [self.rvs.index(rv) for rv in after]
        mine = [one for one in served if self.concerns(watch.client, one)]
        known = self.known[watch.client]
        client.repeated += any(one in client.got for one in mine)
        client.missed += len(set(range(known, self.happened)) - set(served))
        client.sent += sum(one >= known for one in mine)
        client.got |= set(mine)
        client.rv = max([client.rv, *(self.rvs[one] for one in mine)])
