"""The change over two parameters."""

import re
from dataclasses import replace

import pytest
from plot_requests import later
from sample_results import Made, cell, cells, result

from kscale.errors import KscaleError
from kscale.judge.verdict import Verdict
from kscale.report import svg
from kscale.report.plot import heatmap, squares
from kscale.report.plot.asked import Asked
from kscale.results.record import Cell, Result


def square(events: int, watchers: int, ns: int, **more: int) -> Cell:
    """Make a cell of two parameters, or three."""
    work = {"events": 10, "watchers_tested": 100}
    return cell(
        "watch-fanout",
        f"{events} events, {watchers} watchers",
        {"events": events, "watchers": watchers, **more},
        {"baseline": Made(100_000, 5, work), "optimized": Made(ns, 5, work)},
    )


def grid() -> Result:
    """Make two by two squares, one of them missing, one a loss."""
    return result([square(10, 5, 40_000), square(1_000, 5, 10_000), square(10, 50, 210_000)])


def maps(made: Result, *by: str) -> list[squares.Map]:
    """Return the maps of a request."""
    return list(squares.maps(Asked((made,), by=by)))


def test_the_only_two_swept_parameters_are_taken() -> None:
    """Amounts in order, missing squares missing."""
    (found,) = maps(grid())
    assert found.across == ("events", (10, 1_000))
    assert found.down == ("watchers", (5, 50))
    assert set(found.squares) == {(10, 5), (1_000, 5), (10, 50)}


def test_the_title_counts_losses_and_names_the_worst() -> None:
    """As plainly as gains."""
    assert heatmap.picture(Asked((grid(),))).title == (
        "Optimized is worse in 1 of 3 squares, better in 2; worst: 2.10x slower at 10 events, 50 watchers"
    )


def test_every_square_has_its_value_and_the_missing_one_is_hatched() -> None:
    """Colour is never needed."""
    drawn = svg.described("heatmap", Asked((grid(),))).svg
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", drawn)
    assert sum(text.endswith("x faster") for text in texts) == 2
    assert sum(text.endswith("x slower") for text in texts) == 1
    assert texts.count("+") == 2
    assert texts.count("x") == 1
    assert drawn.count("<pattern") == 1


def test_two_results_show_what_changed_between_them() -> None:
    """One variant, later against before."""
    made = heatmap.picture(Asked((grid(), later(grid(), 22, factor=1.5))))
    assert made.title.startswith("Optimized is worse in 3 of 3 squares, better in none; worst: +50")
    assert made.caption.startswith("optimized: ")


def test_unclear_squares_are_pale_and_explained() -> None:
    """A large change that is not sure gets no strong colour; the caption says what the mark means."""
    made = heatmap.picture(Asked((grid(),)))
    (found,) = squares.maps(Asked((grid(),)))
    sure = found.squares[10, 50]
    doubtful = replace(sure, verdict=Verdict.UNCLEAR)
    assert heatmap.strength(doubtful, 1.0) == heatmap.FAINTEST < heatmap.strength(sure, 1.0)
    assert "! unclear" in made.caption
    assert "median of the pairs' ratios, not the ratio of the two medians" in made.caption


def test_the_title_counts_the_unclear() -> None:
    """And of exact counters that are equal everywhere it says that they are the same."""
    (found,) = squares.maps(Asked((grid(),)))
    doubtful = {place: replace(row, verdict=Verdict.UNCLEAR) for place, row in found.squares.items()}
    asked = Asked((grid(),))
    assert (
        heatmap.finding([replace(found, squares=doubtful)], asked)
        == "Optimized: no clear difference in 3 squares, unclear in 3"
    )
    one = dict(found.squares) | {(10, 5): doubtful[10, 5]}
    assert ", better in 1, unclear in 1; worst: " in heatmap.finding([replace(found, squares=one)], asked)
    counted = Asked((grid(),), metric="watchers_tested")
    assert heatmap.finding(list(squares.maps(counted)), counted) == (
        "Optimized: the same in 3 squares (exact)"
    )


def test_other_parameters_make_maps_of_their_own() -> None:
    """A third swept parameter is held, and named."""
    three = result([*(square(e, w, 10, shards=s) for e in (1, 2) for w in (3, 4) for s in (5, 6))])
    found = maps(three, "events", "watchers")
    assert [one.name for one in found] == [
        "watch-fanout: time per event (shards 5)",
        "watch-fanout: time per event (shards 6)",
    ]
    with pytest.raises(KscaleError, match=r"name them with --by X,Y; swept: .*events, watchers, shards"):
        maps(three)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (("events",), "two parameters; swept: watch-fanout: events, watchers"),
        (("event", "watchers"), "--by 'event': not swept; did you mean 'events'"),
    ],
)
def test_parameters_that_make_no_map_are_refused(by: tuple[str, ...], said: str) -> None:
    """The swept ones are named."""
    with pytest.raises(KscaleError, match=re.escape(said)):
        maps(grid(), *by)


def test_mechanisms_not_swept_over_two_are_left_out() -> None:
    """The made result has one."""
    assert [one.name for one in maps(result(cells()))] == ["etcd-freelist: time per transaction"]


def test_too_many_squares_are_refused() -> None:
    """What to do about it is said."""
    wide = result([square(e, w, 10) for e in range(1, 20) for w in (1, 2)])
    with pytest.raises(KscaleError, match=r"19 x 2 squares cannot be read, 16 x 40 can; .*--filter"):
        maps(wide)


def test_narrow_squares_still_say_their_value() -> None:
    """Sixteen across."""
    sixteen = result([square(e, w, 10_000) for e in range(1, 17) for w in (1, 2)])
    drawn = svg.described("heatmap", Asked((sixteen,))).svg
    assert drawn.count("faster") >= 32


def test_true_is_not_one() -> None:
    """A flag and a number are two values."""
    assert squares._key(True) != squares._key(1)
