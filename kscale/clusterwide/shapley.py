"""What each player of a game adds to its total: Shapley values, alone, last, and pairs.

A game gives an integer to every coalition, a set of players. A player's Shapley value is what it
adds when it joins those before it, over all orders of the players (Shapley, "A value for n-person
games", 1953). In every order the players together add value(all) - value(none), so their values
do, exactly: sums of integers over one denominator. With few players all orders are counted, by
coalition; with more, orders are drawn in antithetic pairs, one and its reverse, which lets a player
that came early come late (Castro, Gomez, Tejada, "Polynomial calculation of the Shapley value based
on sampling", 2009; Mitchell et al., "Sampling permutations for Shapley value estimation", 2022).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from kscale.errors import KscaleError
from kscale.scenario.draw import Stream, keys

Coalition = frozenset[str]
Value = Callable[[Coalition], int]
Order = tuple[str, ...]

MOST_PLAYERS = 16  # of all orders: 65,536 coalitions
FEWEST_PAIRS = 2  # of orders: one says nothing of how far they differ


@dataclass(frozen=True, slots=True)
class Plan:
    """Which orders are looked at."""

    players: tuple[str, ...]  # who come in every order
    last: tuple[str, ...]  # who come after all of them, in this order
    orders: tuple[Order, ...]  # of players, each followed by its reverse; () for all there are

    @property
    def exact(self) -> bool:
        """Say whether all orders of the players are counted."""
        return not self.orders

    def coalitions(self) -> tuple[Coalition, ...]:
        """Return the coalitions whose value is needed, each once, in a fixed order."""
        chains = [*_after(self.players, self.last)]
        if self.exact:
            return _each_once((*subsets(self.players), *chains))
        return _each_once((*(part for one in self.orders for part in prefixes(one)), *chains))


@dataclass(frozen=True, slots=True)
class Shares:
    """What each player adds: numerator / denominator; their sum is value(all) - value(none)."""

    denominator: int
    numerators: Mapping[str, int]
    errors: Mapping[str, int | None]  # standard error, rounded up to a whole unit; 0 if nothing was drawn


def planned(
    players: Sequence[str],
    last: Sequence[str],
    *,
    seed: int,
    most: int,
    orders: int | None = None,
    every: bool = False,
) -> Plan:
    """Return the orders to look at: all if *every*, or if that takes no more than *most* coalitions.

    Else *orders* of them, made even, or as many pairs as *most* coalitions hold. KscaleError if there
    are too many players for all orders.
    """
    few, late = tuple(players), tuple(last)
    if every and len(few) > MOST_PLAYERS:
        raise KscaleError(f"every order of {len(few)} players is too many; at most {MOST_PLAYERS} players")
    if every or (orders is None and 2 ** len(few) <= most):
        return Plan(few, late, ())
    if orders is not None:
        return Plan(few, late, drawn(few, max(1, math.ceil(orders / 2)), seed))
    pairs = FEWEST_PAIRS
    while len(Plan(few, late, drawn(few, pairs + 1, seed)).coalitions()) <= most:
        pairs += 1
    return Plan(few, late, drawn(few, pairs, seed))


def drawn(players: Order, pairs: int, seed: int) -> tuple[Order, ...]:
    """Return so many pairs of orders, an order and its reverse; more pairs begin with those of fewer."""
    count = len(players)
    numbers = keys(seed, Stream.ABLATION, 0, pairs * count).reshape(pairs, count)
    found: list[Order] = []
    for row in np.argsort(numbers, axis=1, kind="stable"):
        one = tuple(players[place] for place in row)
        found += [one, one[::-1]]
    return tuple(found)


def subsets(players: Sequence[str]) -> tuple[Coalition, ...]:
    """Return all coalitions, the small ones first."""
    return tuple(frozenset(part) for size in range(len(players) + 1) for part in combinations(players, size))


def prefixes(order: Sequence[str]) -> tuple[Coalition, ...]:
    """Return the coalitions of those who came first, from none to all."""
    return tuple(frozenset(order[:count]) for count in range(len(order) + 1))


def shares(plan: Plan, value: Value) -> Shares:
    """Return what each player adds, over the orders of *plan*."""
    found = _exact(plan, value) if plan.exact else _sampled(plan, value)
    late = {
        player: (value(after) - value(before)) * found.denominator
        for player, (before, after) in zip(plan.last, pairwise(_after(plan.players, plan.last)), strict=True)
    }
    return Shares(
        found.denominator, {**found.numerators, **late}, {**found.errors, **dict.fromkeys(plan.last, 0)}
    )


def _exact(plan: Plan, value: Value) -> Shares:
    """Return what each player adds over all orders: of n! that many put a coalition of s before it."""
    count = len(plan.players)
    orders = [math.factorial(size) * math.factorial(count - size - 1) for size in range(count)]
    sums = dict.fromkeys(plan.players, 0)
    for before in subsets(plan.players):
        base = value(before)
        for player in plan.players:
            if player not in before:
                sums[player] += orders[len(before)] * (value(before | {player}) - base)
    return Shares(math.factorial(count), sums, dict.fromkeys(plan.players, 0))


def _sampled(plan: Plan, value: Value) -> Shares:
    """Return what each player adds over the orders drawn."""
    pairs = len(plan.orders) // 2
    added: dict[str, list[int]] = {player: [0] * pairs for player in plan.players}
    for number, order in enumerate(plan.orders):
        for player, (before, after) in zip(order, pairwise(prefixes(order)), strict=True):
            added[player][number // 2] += value(after) - value(before)
    return Shares(
        len(plan.orders),
        {player: sum(found) for player, found in added.items()},
        {player: _error(found) for player, found in added.items()},
    )


def _error(sums: Sequence[int]) -> int | None:
    """Return the standard error of the mean of orders, of the sums of each pair, rounded up.

    Pairs are independent, an order and its reverse are not. None with one pair.
    """
    pairs = len(sums)
    if pairs < FEWEST_PAIRS:
        return None
    scatter = pairs * sum(one * one for one in sums) - sum(sums) ** 2
    return _root_up(scatter, 4 * pairs * pairs * (pairs - 1))


def _root_up(over: int, under: int) -> int:
    """Return the least integer whose square is at least over / under."""
    whole = math.isqrt(over // under)
    return whole + (whole * whole * under < over)


def alone(players: Iterable[str], value: Value) -> dict[str, int]:
    """Return what each adds to none."""
    none = value(frozenset())
    return {player: value(frozenset((player,))) - none for player in players}


def at_last(players: Iterable[str], value: Value) -> dict[str, int]:
    """Return what each adds to all others."""
    everyone = frozenset(players)
    return {player: value(everyone) - value(everyone - {player}) for player in players}


def ends(players: Sequence[str]) -> tuple[Coalition, ...]:
    """Return the coalitions that `alone` and `at_last` read, each once."""
    everyone = frozenset(players)
    first = [frozenset((player,)) for player in players]
    return _each_once((frozenset(), everyone, *first, *(everyone - one for one in first)))


def pair_coalitions(players: Iterable[str], everyone: Coalition) -> tuple[Coalition, ...]:
    """Return the coalitions that `pairs` reads beside those of `ends`."""
    return tuple(everyone - set(two) for two in combinations(players, 2))


def pairs(players: Sequence[str], everyone: Coalition, value: Value) -> dict[tuple[str, str], int]:
    """Return how much more each of two adds beside the other than without it, all others there.

    value(all) - value(all - one) - value(all - two) + value(all - both). 0: each does the same whether the
    other is there or not. Of the sign of what they add: they need each other. Of the other sign: one
    takes the other's place. Seen from all, not from none, where a player that is held back by something
    else adds nothing, and its pairs neither.
    """
    total = value(everyone)
    return {
        (one, two): total - value(everyone - {one}) - value(everyone - {two}) + value(everyone - {one, two})
        for one, two in combinations(players, 2)
    }


def _after(players: Sequence[str], last: Sequence[str]) -> tuple[Coalition, ...]:
    """Return the coalitions of all *players* and one more of *last* after the other."""
    return tuple(frozenset((*players, *last[:count])) for count in range(len(last) + 1))


def _each_once(found: Iterable[Coalition]) -> tuple[Coalition, ...]:
    """Return coalitions without repeats, in order."""
    return tuple(dict.fromkeys(found))
