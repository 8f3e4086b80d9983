"""Shapley values of games whose answer is known, and what holds for every game."""

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscale.clusterwide import shapley
from kscale.clusterwide.shapley import Coalition, Plan, Value
from kscale.errors import KscaleError

FOUR = ("a", "b", "c", "d")
games = st.integers(1, 5).flatmap(
    lambda count: st.lists(st.integers(-(10**15), 10**15), min_size=2**count, max_size=2**count)
)


def of_table(table: list[int]) -> tuple[tuple[str, ...], Value]:
    """Return players and the game whose values are listed by coalition."""
    players = tuple("abcde"[: (len(table) - 1).bit_length()])
    values = dict(zip(shapley.subsets(players), table, strict=True))
    return players, values.__getitem__


def every(players: tuple[str, ...]) -> Plan:
    """Return the plan of all orders."""
    return shapley.planned(players, (), seed=0, most=0, every=True)


def values(plan: Plan, value: Value) -> dict[str, Fraction]:
    """Return the Shapley value of each player."""
    found = shapley.shares(plan, value)
    return {player: Fraction(number, found.denominator) for player, number in found.numerators.items()}


def by_definition(players: tuple[str, ...], value: Value) -> dict[str, Fraction]:
    """Return the mean over every order of what each adds to those before it."""
    orders = list(permutations(players))
    return {
        player: Fraction(
            sum(
                value(frozenset(one[: one.index(player) + 1])) - value(frozenset(one[: one.index(player)]))
                for one in orders
            ),
            len(orders),
        )
        for player in players
    }


def additive(coalition: Coalition) -> int:
    """Each is worth something of its own."""
    return sum({"a": 5, "b": -3, "c": 0, "d": 11}[player] for player in coalition)


def unanimity(coalition: Coalition) -> int:
    """a, b and c are worth 90 together, nothing apart; d is worth nothing."""
    return 90 * coalition.issuperset("abc")


def gloves(coalition: Coalition) -> int:
    """a has a left glove, b and c a right one each; pairs are sold."""
    return 6 * min(len(coalition & {"a"}), len(coalition & {"b", "c"}))


def airport(coalition: Coalition) -> int:
    """A runway as long as the largest needs."""
    return max((ord(player) - ord("a") + 1) * 12 for player in coalition) if coalition else 0


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        (additive, {"a": 5, "b": -3, "c": 0, "d": 11}),
        (unanimity, {"a": 30, "b": 30, "c": 30, "d": 0}),
        (gloves, {"a": 4, "b": 1, "c": 1, "d": 0}),  # Shapley: 2/3, 1/6, 1/6
        (airport, {"a": 3, "b": 7, "c": 13, "d": 25}),  # Littlechild, Owen 1973: shares of each segment
    ],
)
def test_games_with_a_known_answer(game: Value, expected: dict[str, int]) -> None:
    """Every order counted gives the values of the textbooks, without an error."""
    assert values(every(FOUR), game) == expected
    assert set(shapley.shares(every(FOUR), game).errors.values()) == {0}


@given(games)
def test_all_orders_are_counted_by_coalition(table: list[int]) -> None:
    """The sum over coalitions is the mean over all orders, which is what the value means."""
    players, value = of_table(table)
    assert values(every(players), value) == by_definition(players, value)


@given(games, st.integers(1, 6), st.integers(0, 2**62))
def test_drawn_orders_add_up_exactly(table: list[int], pairs: int, seed: int) -> None:
    """Whatever the game and the orders, what the players add is the whole difference."""
    players, value = of_table(table)
    plan = Plan(players, (), shapley.drawn(players, pairs, seed))
    assert sum(values(plan, value).values()) == value(frozenset(players)) - value(frozenset())


@given(games, st.integers(0, 100), st.booleans())
def test_those_who_come_last_are_counted(table: list[int], seed: int, all_orders: bool) -> None:
    """Players put last add up with the others, and each adds what it adds to those before it."""
    players, value = of_table(table)
    few, last = players[:-2], players[-2:]
    plan = Plan(few, last, () if all_orders else shapley.drawn(few, 2, seed))
    found = values(plan, value)
    assert sum(found.values()) == value(frozenset(players)) - value(frozenset())
    assert found[last[-1]] == value(frozenset(players)) - value(frozenset(players[:-1]))


@given(games, st.integers(0, 100), st.booleans())
def test_a_player_that_does_nothing_gets_exactly_nothing(
    table: list[int], seed: int, all_orders: bool
) -> None:
    """A null player is worth 0 with error 0, drawn or not, and takes nothing from the others."""
    players, value = of_table(table)

    def with_null(coalition: Coalition) -> int:
        return value(coalition - {"null"})

    more = ("null", *players)
    plan = Plan(more, (), () if all_orders else shapley.drawn(more, 2, seed))
    found = shapley.shares(plan, with_null)
    assert found.numerators["null"] == 0
    assert found.errors["null"] == 0
    if all_orders:
        assert values(plan, with_null) == values(every(players), value) | {"null": 0}


@given(games)
def test_players_that_do_the_same_get_the_same(table: list[int]) -> None:
    """In a game that looks only at how many there are, all are worth the same."""
    players, value = of_table(table)

    def of_count(coalition: Coalition) -> int:
        return value(frozenset(players[: len(coalition)]))

    assert len(set(values(every(players), of_count).values())) == 1


@settings(max_examples=20)
@given(st.integers(0, 2**62))
def test_drawn_orders_estimate_the_value(seed: int) -> None:
    """Of a game with values of 1 to 7 the estimate is within six standard errors."""
    players = tuple("abcdefg")

    def value(coalition: Coalition) -> int:
        return 1000 * max((ord(one) - ord("a") + 1 for one in coalition), default=0)

    plan = Plan(players, (), shapley.drawn(players, 100, seed))
    found, true = shapley.shares(plan, value), values(every(players), value)
    for player, estimate in values(plan, value).items():
        error = found.errors[player]
        assert error is not None
        assert abs(estimate - true[player]) <= 6 * error


def test_the_error_is_that_of_pairs() -> None:
    """Two pairs that add 2 and 6 in sum: means 1 and 3, sd sqrt(2), error 1; one pair has none."""
    assert shapley._error([2, 6]) == 1
    assert shapley._error([2, 7]) == 2  # 1.25, rounded up
    assert shapley._error([4, 4, 4]) == 0
    assert shapley._error([4]) is None


def test_orders_are_drawn_from_the_seed() -> None:
    """Pairs are an order and its reverse; more pairs begin with those of fewer; another seed, others."""
    few, more = (shapley.drawn(FOUR, pairs, 7) for pairs in (3, 5))
    assert more[:6] == few
    assert all(one[::-1] == other for one, other in zip(more[::2], more[1::2], strict=True))
    assert all(sorted(one) == list(FOUR) for one in more)
    assert more != shapley.drawn(FOUR, 5, 8)
    assert len(set(shapley.drawn(FOUR, 500, 0))) == 24


def test_the_plan_fits_its_budget() -> None:
    """Few players are counted in all orders, more in as many pairs as fit, never less than two."""
    eight = tuple("abcdefgh")
    assert shapley.planned(eight, (), seed=0, most=256).exact
    drawn = shapley.planned(eight, (), seed=0, most=100)
    assert len(drawn.coalitions()) <= 100
    longer = Plan(eight, (), shapley.drawn(eight, len(drawn.orders) // 2 + 1, 0))
    assert len(longer.coalitions()) > 100
    assert len(shapley.planned(eight, (), seed=0, most=1).orders) == 4
    assert len(shapley.planned(eight, (), seed=0, most=256, orders=7).orders) == 8
    assert len(shapley.planned(eight, (), seed=0, most=1, every=True).coalitions()) == 256
    with pytest.raises(KscaleError, match="every order of 17 players is too many; at most 16 players"):
        shapley.planned(tuple("abcdefghijklmnopq"), (), seed=0, most=1, every=True)


@given(games, st.booleans())
def test_only_what_the_plan_names_is_read(table: list[int], all_orders: bool) -> None:
    """Values are asked for the coalitions of the plan and its ends alone, so they can be run ahead."""
    players, value = of_table(table)
    everyone = frozenset(players)
    plan = Plan(players[:-1], players[-1:], () if all_orders else shapley.drawn(players[:-1], 2, 0))
    asked: set[Coalition] = set()

    def heard(known: tuple[Coalition, ...]) -> Callable[[Coalition], int]:
        def answer(coalition: Coalition) -> int:
            assert coalition in known
            asked.add(coalition)
            return value(coalition)

        return answer

    shapley.shares(plan, heard(plan.coalitions()))
    assert asked == set(plan.coalitions())
    asked.clear()
    shapley.alone(players, heard(shapley.ends(players)))
    shapley.at_last(players, heard(shapley.ends(players)))
    assert asked == set(shapley.ends(players))
    shapley.pairs(
        players, everyone, heard(shapley.ends(players) + shapley.pair_coalitions(players, everyone))
    )


def test_alone_last_and_pairs() -> None:
    """a needs b; c and d stand in for each other."""

    def value(coalition: Coalition) -> int:
        return 10 * coalition.issuperset("ab") + 7 * bool(coalition & {"c", "d"})

    assert shapley.alone(FOUR, value) == {"a": 0, "b": 0, "c": 7, "d": 7}
    assert shapley.at_last(FOUR, value) == {"a": 10, "b": 10, "c": 0, "d": 0}
    found = shapley.pairs(FOUR, frozenset(FOUR), value)
    assert found.pop(("a", "b")) == 10
    assert found.pop(("c", "d")) == -7
    assert set(found.values()) == {0}
