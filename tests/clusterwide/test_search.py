"""The search for a wall, against queues whose limits are known in closed form."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale.clusterwide import search
from kscale.clusterwide.search import Found, Probe, Question, Run

TWO_PERCENT = 20_000
MOST = 1_000_000
Keeps = Callable[[int, int], bool]  # whether a value and seed keep every objective


def asked(
    guess: int,
    seeds: tuple[int, ...] = (0, 1, 2),
    most: int = MOST,
    precision: int = TWO_PERCENT,
    *,
    thorough: bool = True,
) -> Question:
    """Return a question."""
    return Question(search.guesses(guess), 1, most, precision, seeds, thorough)


def answered(keeps: Keeps, too_large: int = MOST + 1) -> search.Runs:
    """Return runs that keep every objective where *keeps* says so, and are too large from a value on."""

    def runs(wanted: Sequence[tuple[int, Probe]]) -> list[Run | None]:
        """Answer all."""
        return [
            None
            if one.value >= too_large
            else Run(one.value, one.seed, True)
            if keeps(one.value, one.seed)
            else Run(one.value, one.seed, False, "slow", "scheduler")
            for _, one in wanted
        ]

    return runs


def found(keeps: Keeps, question: Question, too_large: int = MOST + 1) -> Found:
    """Return what a search finds."""
    (only,) = search.together([search.search(question)], answered(keeps, too_large))
    return only


def mm1(rate: int, at_most_s: float = 1.0) -> Keeps:
    """Return whether the 99 % quantile of an M/M/1's time in the system is kept: ln 100 / (rate - load)."""
    return lambda load, _: load < rate and math.log(100) / (rate - load) <= at_most_s


@pytest.mark.parametrize("guess", [1, 40, 997, 1000, 5000, MOST])
def test_a_queue_breaks_where_its_formula_says(guess: int) -> None:
    """Whatever the first guess is; what holds and what breaks are at most 2 % apart."""
    exact = 1000 - math.log(100)  # 995.39
    got = found(mm1(1000), asked(guess))
    assert got.breaks_at is not None
    assert got.holds_at <= exact < got.breaks_at <= got.holds_at * 1.02
    assert got.broke == Run(got.breaks_at, 0, False, "slow", "scheduler")
    assert got.limits == ((0, got.holds_at), (1, got.holds_at), (2, got.holds_at))
    assert got.again == ()


@given(st.integers(1, MOST), st.integers(1, MOST), st.sampled_from([1000, 5000, 20_000, 100_000]))
def test_every_wall_is_found_within_the_precision(wall: int, guess: int, precision: int) -> None:
    """Or to the next whole number; values tried lie within the bounds."""
    got = found(lambda value, _: value <= wall, asked(guess, precision=precision))
    if wall == MOST:
        assert (got.holds_at, got.breaks_at) == (MOST, None)
        return
    assert got.breaks_at is not None
    assert got.holds_at <= wall < got.breaks_at
    assert got.breaks_at - got.holds_at <= max(1, got.holds_at * precision // 10**6)
    assert all(1 <= run.value <= MOST for run in got.runs)


def test_a_good_guess_takes_few_runs() -> None:
    """A bracket and its thirds; the other seeds two each; five far away."""
    got = found(lambda value, _: value <= 1650, asked(2000))
    assert len(got.runs) <= 2 + 2 * 3 + 2 * 2 + 5
    quick = found(lambda value, _: value <= 1650, asked(2000, thorough=False))
    assert (quick.holds_at, quick.breaks_at) == (got.holds_at, got.breaks_at)
    assert len(quick.runs) <= 2 + 2 * 3 + 2


@pytest.mark.parametrize("thorough", [True, False])
@pytest.mark.parametrize("walls", [(1000, 900, 1100), (500, 2000, 600), (1000, 1005, 995), (1000, 10, 1000)])
def test_the_limit_is_what_all_seeds_keep(walls: tuple[int, int, int], thorough: bool) -> None:
    """The lowest of their limits; a thorough search gives the limit of each."""
    got = found(lambda value, seed: value <= walls[seed], asked(1500, thorough=thorough))
    assert got.holds_at <= min(walls)
    assert got.holds_at * 1.02 + 1 >= min(walls)
    if thorough:
        for seed, limit in got.limits:
            assert limit <= walls[seed] <= limit * 1.02 + 1


def test_a_gap_below_the_wall_is_the_limit() -> None:
    """Where 700 to 800 break and 801 to 1,000 hold, the limit is below 700, and the others are named."""
    got = found(lambda value, _: value <= 1000 and not 700 <= value <= 800, asked(1000))
    assert 686 <= got.holds_at < 700
    assert got.breaks_at is not None
    assert 700 <= got.breaks_at <= 714
    assert max(got.again) == got.limits[0][1] if got.again[-1] < 700 else got.again[-1] > 980


def test_an_island_beyond_the_wall_is_seen() -> None:
    """The wall stays the lowest break."""
    got = found(lambda value, _: value <= 1000 or 1400 <= value <= 1600, asked(1000))
    assert 980 <= got.holds_at <= 1000
    assert any(1400 <= value <= 1600 for value in got.again)


def test_what_never_breaks_is_not_reached() -> None:
    """Up to the largest value that was asked for, or that is not too large to run."""
    got = found(lambda value, _: True, asked(3000, most=20_000))
    assert (got.holds_at, got.breaks_at, got.reached, got.most) == (20_000, None, False, 20_000)
    got = found(lambda value, _: True, asked(3000), too_large=50_000)
    assert not got.reached
    assert 25_000 <= got.holds_at == got.most < 50_000


def test_a_guess_that_is_too_large_to_run() -> None:
    """Is halved until it can be run."""
    got = found(lambda value, _: value <= 700, asked(MOST), too_large=2000)
    assert 686 <= got.holds_at <= 700
    nothing = found(lambda value, _: True, asked(5), too_large=1)
    assert (nothing.holds_at, nothing.breaks_at, nothing.runs) == (0, None, ())


def test_what_never_holds() -> None:
    """The limit is 0, and the break the least value there is."""
    got = found(lambda value, _: False, asked(3000))
    assert (got.holds_at, got.breaks_at) == (0, 1)
    assert len(got.runs) < 40


def test_values_are_neat() -> None:
    """No more digits than half the precision is worth."""
    assert [search.neat(value, TWO_PERCENT) for value in (0, 7, 99, 1234, 12_345, 123_456)] == [
        1, 7, 99, 1230, 12_300, 123_000,
    ]  # fmt: skip
    assert search.neat(Fraction(12_345, 10), 1) == 1234


def test_several_searches_go_on_together() -> None:
    """Their runs are asked for at once; what each finds is as alone, whatever the others do."""
    walls = {0: 50, 1: 4000, 2: 120_000}
    batches: list[int] = []

    def runs(wanted: Sequence[tuple[int, Probe]]) -> list[Run]:
        """Answer, and note how many were wanted at once."""
        batches.append(len({number for number, _ in wanted}))
        return [Run(one.value, one.seed, one.value <= walls[number]) for number, one in wanted]

    questions = [asked(guess) for guess in (60, 9000, 100_000)]
    got = search.together([search.search(one) for one in questions], runs)
    assert batches[0] == 3
    for number, wall in walls.items():
        alone = found(lambda value, _, wall=wall: value <= wall, questions[number])  # type: ignore[misc]
        assert (got[number].holds_at, got[number].runs[:2]) == (alone.holds_at, got[number].runs[:2])
        assert [run.value for run in got[number].runs] == [run.value for run in alone.runs]
