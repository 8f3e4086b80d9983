"""The slow twin of balance over API servers: objects, a queue of functions, and counts taken by looking.

Follows section 3 of the control-plane notes. Connections are counted at every look, nothing is kept beside
who is connected where. It draws from the same generator in the same order, so that every choice is the same.
"""

import heapq
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import balance, draws
from kscale.kernels import balance_servers as sv
from kscale.mechanisms.balance_load import BalanceLoad, Policy

FAULT, DONE, RETRY, TIMER, SHUFFLE, ARRIVAL = range(6)  # of events at one time, in this order
PPM = 1_000_000


@dataclass(eq=False)
class Request:
    """One request."""

    number: int
    client: "Client"
    demand: int
    write: bool
    tries: int = 0
    served: int = 0
    given_up: int = 0
    finished: int = -1


@dataclass(eq=False)
class Server:
    """One slot for a server."""

    number: int
    busy: int = 0
    life: int = 0
    handshakes: int = 0
    resumes: int = 0
    request_next: bool = False
    waiting: deque[Request] = field(default_factory=deque)
    working: list[Request] = field(default_factory=list)
    cold_until: int = 0
    probes: int = 0
    rejected_in: Counter[int] = field(default_factory=Counter)

    def in_flight(self, *, write: bool) -> int:
        return sum(one.write == write for one in (*self.waiting, *self.working))


@dataclass(eq=False)
class Client:
    """One client."""

    number: int
    connection: Server | None
    watch: Server | None
    watch_end: int
    lingers: bool = False
    timed: bool = False
    rejected: int = 0
    since: int = 0


class Run:
    """A run of one policy, to its end."""

    def __init__(self, load: BalanceLoad, policy: Policy, random: NDArray[np.int64]) -> None:
        self.rules = [int(one) for one in load.policy_rules(policy)]
        self.random = random
        self.servers = [Server(s) for s in range(2 * load.servers)]
        self.up = self.servers[: load.servers]
        ends = load.watch_ends.tolist()
        self.clients = [
            Client(c, self.up[c % load.servers], self.up[c % load.servers], ends[c])
            for c in range(load.clients)
        ]
        self.requests = [
            Request(i, self.clients[who], abs(demand), demand < 0)
            for i, (who, demand) in enumerate(load.asked.tolist())
        ]
        self.counts: Counter[str] = Counter()
        self.samples: list[tuple[int, int, int]] = []
        self.now, self.pending, self.sequence = 0, 0, 0
        self.events: list[tuple[int, int, int, Callable[[], None]]] = []
        for when, event, where in load.timeline(surge=policy.surge).tolist():
            self.at(when, FAULT, lambda event=event, where=where: self.happen(event, where))  # type: ignore[misc]
        if policy.reshuffle:
            for lap in range(self.rules[sv.END] // self.rules[sv.RESHUFFLE] + 1):
                for phase, c in load.shuffled.tolist():
                    when = phase + lap * self.rules[sv.RESHUFFLE]
                    if when <= self.rules[sv.END]:
                        self.at(when, SHUFFLE, lambda c=c: self.reshuffle(self.clients[c]))  # type: ignore[misc]
        for when, request in zip(load.arrives.tolist(), self.requests, strict=True):
            self.at(when, ARRIVAL, lambda request=request: self.send(request))  # type: ignore[misc]
        self.loop()

    def at(self, when: int, kind: int, what: Callable[[], None]) -> None:
        self.sequence += 1
        heapq.heappush(self.events, (when, kind, self.sequence, what))

    def loop(self) -> None:
        while self.events:
            when, _, _, what = heapq.heappop(self.events)
            if when > self.rules[sv.END] and self.pending == 0:
                return
            self.now = when
            what()

    def send(self, request: Request) -> None:
        self.pending += 1
        self.attempt(request)

    def attempt(self, request: Request) -> None:
        client, rules = request.client, self.rules
        self.counts["attempts"] += 1
        if client.connection is None:
            self.connect(client)
        server = client.connection
        if server is None:
            self.counts["no_server"] += 1
            self.fail(request)
            return
        cold = rules[sv.COLD_REJECTS] and not request.write and self.now < server.cold_until
        if cold or self.full(server, write=request.write):
            move = self.reject(client, server)
            self.fail(request)
            if move:
                self.hang_up(client)
                self.connect(client)
                return
        else:
            server.waiting.append(request)
            flying = len(server.waiting) + len(server.working)
            self.counts["peak_in_flight"] = max(self.counts["peak_in_flight"], flying)
            self.work(server)
        if rules[sv.GOAWAY_PPM] and draws.chance(self.random, rules[sv.GOAWAY_PPM]):
            self.go_away(client)
            self.connect(client)

    def full(self, server: Server, *, write: bool) -> bool:
        reads, writes = server.in_flight(write=False), server.in_flight(write=True)
        if self.rules[sv.SHARED]:
            return reads + writes >= self.rules[sv.MOST_READS]
        return writes >= self.rules[sv.MOST_WRITES] if write else reads >= self.rules[sv.MOST_READS]

    def reject(self, client: Client, server: Server) -> bool:
        self.counts["rejected"] += 1
        server.rejected_in[self.now // sv.SECOND_NS] += 1
        if client.rejected == 0 or self.now - client.since > self.rules[sv.WINDOW]:
            client.since, client.rejected = self.now, 0
        client.rejected += 1
        if (
            self.rules[sv.CLOSE_ABOVE]
            and server.rejected_in[self.now // sv.SECOND_NS] > self.rules[sv.CLOSE_ABOVE]
        ):
            self.counts["closed"] += 1
            return True
        if self.rules[sv.RECONNECT_AFTER] and client.rejected >= self.rules[sv.RECONNECT_AFTER]:
            self.counts["reconnected"] += 1
            return True
        return False

    def fail(self, request: Request) -> None:
        request.tries += 1
        if request.tries > self.rules[sv.RETRIES]:
            request.given_up += 1
            request.finished = self.now
            self.pending -= 1
        else:
            self.counts["retried"] += 1
            self.at(self.now + self.rules[sv.RETRY_AFTER], RETRY, lambda: self.attempt(request))

    def work(self, server: Server) -> None:
        cold = self.now < server.cold_until and not self.rules[sv.COLD_REJECTS]
        slow = self.rules[sv.COLD_PPM] if cold else PPM
        while server.busy < self.rules[sv.CORES]:
            overhead = server.handshakes + server.resumes
            if not overhead and not server.waiting:
                return
            request = None
            if overhead and not (server.waiting and server.request_next):
                server.request_next = True
                if server.handshakes:
                    server.handshakes -= 1
                    cost = self.rules[sv.HANDSHAKE]
                else:
                    server.resumes -= 1
                    cost = self.rules[sv.RESUME] * slow // PPM
            else:
                server.request_next = False
                request = server.waiting.popleft()
                server.working.append(request)
                cost = request.demand if request.write else request.demand * slow // PPM
            server.busy += 1
            life = server.life
            self.at(self.now + cost, DONE, lambda r=request, at=life: self.done(server, r, at))  # type: ignore[misc]

    def done(self, server: Server, request: Request | None, life: int) -> None:
        if life != server.life:
            return
        server.busy -= 1
        if request:
            server.working.remove(request)
            request.served += 1
            request.finished = self.now
            self.pending -= 1
        self.work(server)

    def held(self, server: Server) -> int:
        return sum((c.connection is server) + (c.watch is server and c.lingers) for c in self.clients)

    def connect(self, client: Client) -> None:
        if not self.up:
            return
        if self.rules[sv.LEAST]:
            server = min(self.up, key=lambda one: (self.held(one), one.number))
        else:
            server = self.up[draws.below(self.random, len(self.up))]
        client.connection, client.rejected = server, 0
        server.handshakes += 1
        self.counts["connections_opened"] += 1
        self.rewatch(client)
        self.work(server)

    def rewatch(self, client: Client) -> None:
        if client.watch is None and client.connection is not None:
            client.watch, client.lingers = client.connection, False
            client.watch.resumes += 1
            self.counts["watches_moved"] += 1

    def hang_up(self, client: Client) -> None:
        client.connection, client.watch, client.lingers = None, None, False

    def reshuffle(self, client: Client) -> None:
        self.counts["reshuffled"] += 1
        self.hang_up(client)
        self.connect(client)

    def go_away(self, client: Client) -> None:
        self.counts["sent_away"] += 1
        client.connection = None
        if client.lingers:
            return
        client.lingers = True
        least, most = self.rules[sv.WATCH_MIN], self.rules[sv.WATCH_MAX]
        while client.watch_end <= self.now:
            client.watch_end += least + draws.below(self.random, most - least + 1)
        if not client.timed:
            client.timed = True
            self.at(client.watch_end, TIMER, lambda: self.move_watch(client))

    def move_watch(self, client: Client) -> None:
        client.timed = False
        if client.lingers and client.watch_end > self.now:
            client.timed = True
            self.at(client.watch_end, TIMER, lambda: self.move_watch(client))
        elif client.lingers:
            client.watch, client.lingers = None, False
            self.rewatch(client)
            if client.connection:
                self.work(client.connection)

    def happen(self, event: int, where: int) -> None:
        server = self.servers[where] if event != balance.SAMPLE else None
        if server is None:
            spots = [Counter(c.connection for c in self.clients), Counter(c.watch for c in self.clients)]
            most = [max((n for at, n in spot.items() if at is not None), default=0) for spot in spots]
            self.samples.append((most[0], most[1], self.counts["rejected"]))
        elif event == balance.START:
            self.start(server)
        elif event == balance.LEAVE:
            self.leave(server)
        elif event == balance.STOP:
            self.stop(server)
        elif event == balance.LOSE:
            self.lose(server)
        else:
            for one in self.servers:
                if one in self.up:
                    self.probe(one)

    def probe(self, server: Server) -> None:
        server.probes = server.probes + 1 if self.full(server, write=False) else 0
        if self.rules[sv.LIVENESS] and server.probes >= self.rules[sv.LIVENESS]:
            self.counts["restarts"] += 1
            self.at(self.now + self.rules[sv.DOWN], TIMER, lambda: self.start(server))
            self.lose(server)

    def start(self, server: Server) -> None:
        if server not in self.up:
            self.up.append(server)
            server.cold_until = self.now + self.rules[sv.COLD]
            server.probes = 0

    def leave(self, server: Server) -> None:
        if server in self.up:
            last = self.up.pop()
            if last is not server:
                self.up[self.up.index(server)] = last

    def stop(self, server: Server) -> None:
        self.leave(server)
        server.handshakes = server.resumes = 0
        dropped = [c for c in self.clients if c.connection is server]
        for client in self.clients:
            if client.watch is server:
                client.watch, client.lingers = None, False
            if client in dropped:
                client.connection = None
        for client in self.clients:
            if client in dropped:
                self.connect(client)
            elif client.watch is None and client.connection is not None:
                self.rewatch(client)
                self.work(client.connection)

    def lose(self, server: Server) -> None:
        failing = [*sorted(server.working, key=lambda one: one.number), *server.waiting]
        server.working.clear()
        server.waiting.clear()
        server.busy = 0
        server.life += 1
        for request in failing:
            self.counts["lost"] += 1
            self.fail(request)
        self.stop(server)
