"""The slow twins of lists: selection over plain objects, and a server on a virtual clock, in steps of it.

The server is written from section 1.1 of the control plane's description and from the rules of the model,
with exact fractions and a list of what is in flight, where the kernel has queues and one number for all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction


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


@dataclass
class Running:
    """A list in progress."""

    who: int
    left: Fraction


@dataclass
class Sharing:
    """A server whose lists share its cores evenly; nobody waits for a cache."""

    service: int
    speed: int  # lists in full at a time, in thousandths
    limit: int
    retry: int
    tries: int
    running: list[Running] = field(default_factory=list)
    done: dict[int, Fraction] = field(default_factory=dict)
    refused: int = 0
    failed: int = 0

    def serve(self, arrivals: list[int]) -> None:
        """Answer all of them."""
        coming = [(Fraction(at), who, 0) for who, at in enumerate(arrivals)]
        now = Fraction(0)
        while coming or self.running:
            pace = min(Fraction(1), Fraction(self.speed, 1000 * max(1, len(self.running))))
            end = now + min((one.left for one in self.running), default=Fraction(1 << 62)) / pace
            coming.sort()
            then = min(end, coming[0][0]) if coming else end
            for one in self.running:
                one.left -= (then - now) * pace
            now = then
            ended = [one for one in self.running if one.left <= 0]
            self.done |= {one.who: now - arrivals[one.who] for one in ended}
            self.running = [one for one in self.running if one.left > 0]
            if not ended and coming:
                _, who, tried = coming.pop(0)
                if len(self.running) < self.limit:
                    self.running.append(Running(who, Fraction(self.service)))
                    continue
                self.refused += 1
                if tried == self.tries:
                    self.failed += 1
                    self.done[who] = now - arrivals[who]
                else:
                    coming.append((now + self.retry, who, tried + 1))


def fresh_at(
    asked: int, events: list[int], *, behind: bool, ask: int, notify: int, trip: int, lag: int
) -> int:
    """Return when a cache has everything that was written before *asked*, if events come at those times."""
    start = asked + trip
    last = max((at for at in events if at <= asked), default=0)
    if notify:
        last = max(last, asked // notify * notify)
    if not behind:
        return max(start, last + lag)
    ways = [min((at + lag for at in events if at > asked), default=1 << 62)]
    if notify:
        ways.append((asked // notify + 1) * notify + lag)
    if ask:
        turns = (start + ask - 1) // ask
        ways.append(turns * ask + trip + lag)
    return max(start, min(ways))
