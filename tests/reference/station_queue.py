"""What queueing theory says of stations, exactly, and slow stations that are written from the rules.

Sources: Erlang, "Solution of some problems in the theory of probabilities of significance in automatic
telephone exchanges", 1917 (M/M/c, M/D/1); Pollaczek and Khinchine for M/G/1; Daley, "The serial correlation
coefficients of waiting times in a stationary single server queue", J. Austral. Math. Soc. 8, 1968 (variance).
"""

import heapq
from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from math import factorial


def waits(load: Fraction, cores: int) -> Fraction:
    """Return the chance that one has to wait in M/M/c: Erlang's C of a *load* in cores."""
    full = load**cores / factorial(cores) * cores / (cores - load)
    return full / (sum((load**k / Fraction(factorial(k)) for k in range(cores)), Fraction()) + full)


def mean_wait(load: Fraction, cores: int, service: int, *, fixed: bool = False) -> Fraction:
    """Return the mean time that one waits in M/M/c, or half of it in M/D/1, where services are all alike."""
    exponential = waits(load, cores) * service / (cores - load)
    return exponential / 2 if fixed else exponential


def relative_error(utilisation: float, count: int) -> float:
    """Return the standard error of the mean wait of so many in M/M/1, as a part of it.

    Waits of neighbours are alike, so it is many times that of independent ones.
    """
    u = utilisation
    variance = u * (2 + 5 * u - 4 * u**2 + u**3) / (1 - u) ** 4  # in services squared, over count
    mean = u / (1 - u)
    return float((variance / count) ** 0.5 / mean)


def first_come(times: Sequence[int], services: Sequence[int], cores: int) -> list[int]:
    """Return when each is done: one line, the next in it begins when any core is free."""
    line: deque[int] = deque()
    busy: list[int] = []  # when those that are served are done
    done = [0] * len(times)

    def begin(number: int, now: int) -> None:
        done[number] = now + services[number]
        heapq.heappush(busy, done[number])

    def ends() -> None:
        now = heapq.heappop(busy)
        if line:
            begin(line.popleft(), now)

    for number, time in enumerate(times):
        while busy and busy[0] <= time:
            ends()
        if len(busy) < cores:
            begin(number, time)
        else:
            line.append(number)
    while line:
        ends()
    return done


def with_tokens(times: Sequence[int], interval: int, burst: int) -> list[Fraction]:
    """Return when each is sent: it takes a token, one that is still to come if there is none."""
    tokens, last, sent = Fraction(burst), 0, []
    for time in times:
        tokens = min(Fraction(burst), tokens + Fraction(time - last, interval)) - 1
        last = time
        sent.append(time + max(Fraction(0), -tokens) * interval)
    return sent
