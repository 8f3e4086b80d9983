"""Waterfalls: from a first total to a last one."""

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from plot_requests import HOSTILE, LONG

from kscale.report.plot import picture, style, waterfall
from kscale.report.plot.waterfall import End, Step, Waterfall

WALL = Waterfall(
    title="All 4 optimizations move the wall from 1,240 to 33,700 nodes",
    caption="alibaba-10k, seed 7",
    what="largest cluster that keeps every objective, modelled",
    unit="nodes",
    start=End("none", 1240, "mutating requests: the API servers' CPU", 1180, 1300),
    steps=(
        Step("leases as heartbeats", 4760, "gave way: the API servers' CPU"),
        Step("bookmarks", 0),
        Step("warm standby", -500, "etcd's log"),
        Step("scheduling by class", 28_200, "gave way: the scheduler"),
    ),
    end=End("all 4", 33_700, "pod start-up: the scheduler", 32_000, 35_100),
)
SHARES = replace(
    WALL,
    title="P99 of scheduling latency",
    what="P99 of scheduling latency, modelled",
    unit="ns",
    start=End("none", 42_000_000_000),
    steps=(Step("a", Fraction(-70_000_000_000, 3)), Step("b", Fraction(4_000_000_000, 3)), Step("c", 0)),
    end=End("all", 20_000_000_000),
    additive=True,
    less_is_better=True,
)


def texts(made: Waterfall) -> list[str]:
    """Return the texts of the picture, in the order they are drawn."""
    drawn = picture.rendered(picture.whole(waterfall.picture(made)), "svg", page=True).decode()
    return re.findall(r"<text[^>]*>([^<]+)</text>", drawn)


def bars(made: Waterfall) -> list[tuple[float, float, str, str]]:
    """Return begin, end, colour and hatch of each bar, from the top."""
    figure = picture.drawn(waterfall.picture(made))
    (axes,) = figure.axes
    found = [one for one in axes.patches if isinstance(one, Rectangle)]
    return [
        (one.get_x(), one.get_x() + one.get_width(), rgb(one.get_facecolor()), str(one.get_hatch() or ""))
        for one in sorted(found, key=lambda one: one.get_y())
    ]


def rgb(color: tuple[float, float, float, float]) -> str:
    """Return a colour as it is written."""
    return "#" + "".join(f"{round(part * 255):02X}" for part in color[:3])


def test_steps_that_do_not_add_up_are_refused() -> None:
    """By one node, or by a third of a nanosecond."""
    with pytest.raises(ValueError, match="do not add up"):
        replace(WALL, end=End("all", 33_701))
    with pytest.raises(ValueError, match="do not add up"):
        replace(SHARES, steps=(*SHARES.steps, Step("d", Fraction(1, 3))))


@given(st.integers(1, 10**6), st.lists(st.fractions(-1000, 10**6, max_denominator=5040), max_size=14))
def test_a_bar_begins_where_the_one_above_ended(start: int, gains: list[Fraction]) -> None:
    """Exactly; the first and the last are the totals."""
    steps = tuple(Step(str(number), gain) for number, gain in enumerate(gains))
    made = replace(WALL, start=End("x", start), steps=steps, end=End("y", start + sum(gains, Fraction())))
    found = waterfall._bars(made)
    assert [one.begins for one in found[1:-1]] == [one.ends for one in found[:-2]]
    assert found[-1].ends == found[-2].ends
    assert found[0].begins is found[-1].begins is None


def test_a_loss_is_drawn_back_and_told_apart_without_colour() -> None:
    """Whether more is better or less."""
    wall, shares = bars(WALL), bars(SHARES)
    assert [(begin < end, color, hatch) for begin, end, color, hatch in wall] == [
        (True, style.ORANGE, ""),
        (True, style.BETTER, ""),
        (False, style.WORSE, "xxx"),
        (True, style.BETTER, ""),
        (True, style.BLUE, "///"),
    ]
    assert [(begin < end, color) for begin, end, color, _ in shares[1:-1]] == [
        (False, style.BETTER),
        (True, style.WORSE),
    ]
    assert [bar[:2] for bar in shares[:1] + shares[-1:]] == [(0, 42e9), (0, 20e9)]
    assert "crossed: a loss" in waterfall.picture(WALL).caption


def test_every_step_is_written_with_its_gain_and_the_station_that_gave_way() -> None:
    """In the order of the steps; a step of nothing says 0; totals with unit and interval."""
    found = texts(WALL)
    for said in (
        "1,240 nodes (1,180 … 1,300)",
        "+4,760 (4.84x)",
        "0",
        "-500 (1/1.09x)",
        "+28,200 (6.13x)",
        "33,700 nodes (32,000 … 35,100)",
        "gave way: the scheduler",
    ):
        assert said in found
    assert [one for one in found if one in {"bookmarks", "warm standby", "all 4", "none"}] == [
        "none",
        "bookmarks",
        "warm standby",
        "all 4",
    ]
    assert {"-23.3 s", "+1.33 s", "42 s", "20 s"} <= set(texts(SHARES))


def test_thousandths_are_written_as_what_they_are_of() -> None:
    """A rate in 1,000 s is a rate in a second."""
    rate = replace(WALL, unit="pods/s / 1000", start=End("a", 1500), steps=(), end=End("b", 1500))
    assert texts(rate).count("1.5 pods/s") == 2


def test_what_broke_at_no_size_is_at_least() -> None:
    """The last total is a bound then."""
    open_ = replace(WALL, end=End("all 4", 33_700, "nothing broke", at_least=True))
    assert "≥ 33,700 nodes" in texts(open_)


def test_the_axis_is_linear_unless_the_smallest_would_not_be_seen() -> None:
    """And always where contributions add up; it says which it is."""
    near = replace(WALL, start=End("none", 5000), steps=(Step("a", 20_000),), end=End("all", 25_000))
    far = replace(SHARES, start=End("a", 10), steps=(Step("b", 10_000),), end=End("c", 10_010))
    for made, log in ((WALL, True), (near, False), (far, False), (replace(far, additive=False), True)):
        assert made.log is log
        (axes,) = picture.drawn(waterfall.picture(made)).axes
        assert axes.get_xscale() == ("log" if log else "linear")
        assert ("log axis" if log else "linear axis") in waterfall.picture(made).caption
    from_nothing = replace(far, additive=False, start=End("a", 0), end=End("c", 10_000))
    assert not from_nothing.log
    assert bars(from_nothing)[-1][:2] == (0, 10_000)


def test_totals_below_nothing_have_a_place() -> None:
    """Contributions to a change may pass 0."""
    below = replace(SHARES, unit="", start=End("a", 5), steps=(Step("b", -9),), end=End("c", -4))
    assert [one[:2] for one in bars(below)] == [(0, 5), (5, -4), (0, -4)]


@pytest.mark.parametrize("name", ["a", HOSTILE, LONG])
@pytest.mark.parametrize("steps", [0, 1, 14])
def test_nothing_runs_out_of_a_waterfall(name: str, steps: int) -> None:
    """Every word can be read, whatever it is; a slide's worth of rows fits one."""
    made = replace(
        WALL,
        what=name,
        start=End(name, 10, name, 9, 11),
        steps=tuple(Step(name, 1000, name) for _ in range(steps)),
        end=End(name, 10 + 1000 * steps, name, at_least=True),
    )
    whole = picture.whole(waterfall.picture(made))
    with picture._settings(page=False):
        figure = picture.drawn(whole)
        box = figure.get_tightbbox()  # inches around everything that is drawn
    assert min(box.x0, box.y0) >= -0.02
    assert box.x1 <= whole.width + 0.02
    assert box.y1 <= whole.height + 0.02
    assert whole.height <= 7.6
    sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text().strip()]
    assert min(float(size) for size in sizes) >= style.SMALL


def test_one_waterfall_gives_one_file(tmp_path: Path) -> None:
    """The same bytes twice."""
    for name in ("a.svg", "b.svg"):
        picture.write(waterfall.picture(WALL), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
