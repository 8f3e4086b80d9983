"""Pictures of simulations: stations over time, a pod's life, distributions."""

import re
import warnings
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from made_simulations import MS, S, life, optimized, quantiles, series, simulated, slis
from matplotlib.text import Text
from plot_requests import HOSTILE, LONG

from kscale.clusterwide import words
from kscale.clusterwide.record import LIFE, STATIONS, Quantiles
from kscale.errors import KscaleError
from kscale.report.plot import life as lives
from kscale.report.plot import linear, picture, run_kinds, runs, spread, stations, style
from kscale.report.plot.asked import NothingToDraw
from kscale.report.plot.runs import STAGES, Runs
from kscale.scenario.cluster import Fault

FAULTS = (
    Fault("partition", 300 * S, 120 * S, zone=2),
    Fault("apiserver-restart", 120 * S, 0, count=3),
    Fault("kubelet-restart", 305 * S, 0, share_ppm=300_000),
)
EMPTY: dict[str, Any] = {
    "series": {},
    "sample": (),
    "stages": {},
    "scheduling": Quantiles(0, 0, None, None, None, None),
    "slis": (),
    "verdicts": (),
}


def both(**more: Any) -> Runs:  # noqa: ANN401 - any of the fields
    """Return a run that breaks and one that does not."""
    return Runs(simulated(), optimized(), **({"name": "alibaba-10k", "faults": FAULTS} | more))


def hostile() -> Runs:
    """Return runs where everything a file may name is hostile."""
    run = simulated(stopped=HOSTILE, blame=HOSTILE, series=series(100, 15) | {HOSTILE: (1,)})
    return Runs(run, run, HOSTILE, (Fault(HOSTILE, 1, 1),), HOSTILE, (HOSTILE, LONG))


def texts(kind: str, asked: Runs) -> list[str]:
    """Return the texts of a picture, in the order they are drawn."""
    made = picture.whole(run_kinds.picture(kind, asked))
    drawn = picture.rendered(made, "svg", page=True).decode()
    return re.findall(r"<text[^>]*>([^<]+)</text>", drawn)


@cache
def usual(kind: str) -> list[str]:
    """Return the texts of a picture of both runs."""
    return texts(kind, both())


@pytest.fixture(params=run_kinds.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Return each kind."""
    return str(request.param)


def test_one_simulation_gives_one_picture(kind: str, tmp_path: Path) -> None:
    """The same bytes twice, well-formed; a run alone has one too."""
    for name in ("a.svg", "b.svg"):
        picture.write(run_kinds.picture(kind, both()), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    picture.write(run_kinds.picture(kind, Runs(optimized(), None, "x")), tmp_path / "one.svg")
    assert ET.parse(tmp_path / "one.svg").getroot().tag.endswith("svg")  # noqa: S314 - our own file


def test_hostile_names_of_a_simulation_are_texts(kind: str, tmp_path: Path) -> None:
    """Formulas, escapes and signs the font lacks: no error, no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture.write(run_kinds.picture(kind, hostile()), tmp_path / "a.svg")
    ET.parse(tmp_path / "a.svg")  # noqa: S314 - our own file


@pytest.mark.parametrize("asked", [both(name=LONG, faults=FAULTS * 9), hostile()], ids=["long", "hostile"])
def test_nothing_runs_out_of_a_picture_of_runs(kind: str, asked: Runs) -> None:
    """Every word can be read."""
    whole = picture.whole(run_kinds.picture(kind, asked))
    with picture._settings(page=False):
        figure = picture.drawn(whole)
        box = figure.get_tightbbox()  # inches around everything that is drawn
    assert min(box.x0, box.y0) >= -0.02
    assert box.x1 <= whole.width + 0.02
    assert box.y1 <= whole.height + 0.02
    sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text().strip()]
    assert min(float(size) for size in sizes) >= style.SMALL


def test_a_slide_holds_each_picture(kind: str) -> None:
    """16:9, a little more or less."""
    whole = picture.whole(run_kinds.picture(kind, both()))
    assert whole.width / whole.height == pytest.approx(16 / 9, rel=0.06)


def test_nothing_to_draw_of_a_simulation(kind: str) -> None:
    """A run without pods, seconds or lives: one line."""
    with pytest.raises(NothingToDraw, match="nothing to draw") as said:
        run_kinds.picture(kind, Runs(replace(simulated(), **EMPTY), replace(optimized(), **EMPTY), "x"))
    assert "\n" not in str(said.value)


def test_an_unknown_kind_names_the_nearest() -> None:
    """Of those that simulations have."""
    with pytest.raises(KscaleError, match="--kind 'station': no such kind for a simulation; did you mean"):
        run_kinds.picture("station", both())


def test_runs_are_called_by_what_was_on_and_never_alike() -> None:
    """Two of the same optimizations are told apart by their order."""
    assert [one.name for one in both().drawn] == [words.chosen("none"), words.chosen("all")]
    again = Runs(simulated(), simulated(seed=8), "x", labels=("today", "today")).drawn
    assert [one.name for one in again] == ["as it is today, before", "as it is today, after"]
    assert len({one.look for one in again}) == 2
    (alone,) = Runs(optimized(), None, "x").drawn
    assert alone.look == both().drawn[1].look


def test_every_station_has_a_row_with_its_figures() -> None:
    """Utilisation and the most inside, before and after; what limits is in the title."""
    found = usual("stations")
    assert [one for one in found if one in {runs.station(name) for name in STATIONS}] == [
        runs.station(name) for name in STATIONS
    ]
    for said in ("74 % → 11 %", "2,890 → 130", "9,012 → 31", "5.0 GiB → 2.9 GiB", "utilisation", "inside"):
        assert said in found
    title = run_kinds.picture("stations", both()).title
    none = words.chosen("none")
    judged = simulated().verdicts
    broken = sum(not one.holds for one in judged)
    assert title.startswith(f"{none[:1].upper()}{none[1:]}: {broken} of {len(judged)} objectives broken")
    assert words.STATIONS["scheduler"] in title
    assert title.endswith("every objective kept")


def test_a_station_without_seconds_is_left_out() -> None:
    """An older file, or one that kept fewer."""
    kept = {"scheduler.busy_ppm": (1, 2), "pods-running": (3,)}
    found = texts("stations", Runs(simulated(series=kept), None, "x"))
    assert "scheduler" in found
    assert not {runs.station(name) for name in STATIONS if name != "scheduler"} & set(found)


def test_what_nobody_counted_is_no_line() -> None:
    """A station that worked while none came to it has no number inside, and nought is not one."""
    base = simulated()
    idle = replace(base.station("watch-dispatch"), peak=0, area_ns=0, sojourn_ns=0)
    found = replace(
        base,
        stations=tuple(idle if one.name == idle.name else one for one in base.stations),
        series=dict(base.series) | {"watch-dispatch.inside": (0,) * 600},
    )
    (one,) = Runs(found, None, "x").drawn
    assert len(stations._points(one, "watch-dispatch", "inside")[1]) == 0
    assert len(stations._points(one, "watch-dispatch", "busy_ppm")[1]) > 0
    assert texts("stations", Runs(found, None, "x")).count("not counted") == 1


def test_what_is_above_its_row_is_said() -> None:
    """A use above the whole is cut off, and not silently."""
    over = simulated(series={"clients.busy_ppm": (900_000, 1_300_000)})
    assert "above 100 %" in run_kinds.picture("stations", Runs(over, None, "x")).caption
    assert "above 100 %" not in run_kinds.picture("stations", both()).caption


def test_faults_are_numbered_in_the_order_of_their_time() -> None:
    """Those close together share a place; the caption says which they are."""
    assert stations._numbers(both()) == [(120 * S, "1"), (300 * S, "2-3")]
    caption = run_kinds.picture("stations", both()).caption
    assert "1: API server restart of 3, one after the other at 2 min, 2: zone 2 cut off for 2 min" in caption
    assert "3: 30 % of kubelets restart" in caption
    assert usual("stations").count("2-3") == 2
    late = both(faults=(Fault("controller-crash", 700 * S, 0),))
    assert stations._numbers(late) == []


def test_many_seconds_are_drawn_as_their_mean_and_their_most() -> None:
    """No peak of a queue is lost, and no more points than are seen."""
    number = 3601
    kept = {"scheduler.busy_ppm": tuple(range(number)), "scheduler.inside": (0,) * 3000 + (77,) + (0,) * 600}
    (one,) = Runs(simulated(series=kept), None, "x").drawn
    times, values = stations._points(one, "scheduler", "busy_ppm")
    assert len(times) == len(values) <= stations.POINTS
    step = -(-number // stations.POINTS)
    assert values[0] == sum(range(step)) / step
    assert values[-1] == number - 1
    assert np.expm1(stations._points(one, "scheduler", "inside")[1]).max() == pytest.approx(77)
    assert len(stations._points(one, "clients", "inside")[0]) == 0


def test_the_median_pod_is_one_of_the_sample() -> None:
    """The lower one of an even number; those that did not end come last."""
    ways = [tuple(number * MS for _ in LIFE[1:]) for number in (5, 1, 3, 2)]
    sample = tuple(life(number, 7, way) for number, way in enumerate(ways))
    found = lives.median(simulated(sample=sample))
    assert found is not None
    assert found.total_ns == 2 * 7 * MS
    assert found.stages()[:2] == [(0, 2 * MS), (2 * MS, 4 * MS)]
    never = tuple(life(9 + number, 0, (MS, *(None,) * 6)) for number in range(4))
    waiting = lives.median(simulated(sample=never + sample[:3]))
    assert waiting is not None
    assert waiting.total_ns is None
    assert waiting.stages() == [(0, MS), (MS, None)]
    assert lives.median(simulated(sample=())) is None


def test_every_stage_is_named_in_the_order_of_a_life() -> None:
    """With the time of the median pod, and median and P99 of all pods; never is said."""
    found = usual("life")
    assert tuple(STAGES) == LIFE[1:]
    assert [one for one in found if one in STAGES.values()] == list(STAGES.values())
    assert "60 s, not yet" in found
    assert "9 ms, 18 ms" in found
    title = run_kinds.picture("life", both()).title
    assert "62.0 s without the optimizations (queue and scheduling 60 s)" in title
    stuck = simulated(sample=(life(1, 0, (MS, MS, *(None,) * 5)),))
    assert "not known by the end" in run_kinds.picture("life", Runs(stuck, None, "x")).title
    assert "over 10.0 min" in texts("life", Runs(stuck, None, "x"))


def test_a_distribution_goes_as_far_as_it_is_known() -> None:
    """Quantiles that were never answered are no points, nor is the largest then; the sample stands beside."""
    asked = simulated(scheduling=Quantiles(30_000, 9000, 40 * S, None, None, None))
    kind = spread.KINDS[0]
    (one,) = Runs(asked, None, "x").drawn
    found = spread.line(one, kind)
    assert found is not None
    assert found.points == ((0.5, 40 * S),)
    assert found.sample == 64
    assert len(found.dots) == 56  # every eighth was never scheduled
    assert found.dots[-1][0] == pytest.approx(55.5 / 64)
    unstored = replace(asked, sample=(*asked.sample[:3], life(9, 0, (None,) * 7)))
    (few,) = Runs(unstored, None, "x").drawn
    assert [spread.line(few, each).sample for each in spread.KINDS] == [3, 4]  # type: ignore[union-attr]  # there is one
    (after,) = Runs(optimized(scheduling=quantiles(MS, 9 * MS, count=1000)), None, "x").drawn
    known = spread.line(after, kind)
    assert known is not None
    assert known.points == ((0.5, MS), (0.9, 5 * MS), (0.99, 9 * MS), (0.999, 18 * MS))


def test_what_never_came_is_written() -> None:
    """In the picture, its title and its caption."""
    made = run_kinds.picture("spread", both())
    assert "not answered without the optimizations, 44 ms with all" in made.title
    assert "9,000 of 30,000 pods not bound in time without the optimizations" in made.caption
    found = usual("spread")
    assert "30 % not yet" in found
    assert "≤ 5 s" in found


def test_pod_start_up_is_of_its_worst_window() -> None:
    """As the objective is judged."""
    calm, bad = quantiles(S, 2 * S), quantiles(S, 9 * S)
    (one,) = Runs(optimized(slis=slis(bad, calm)), None, "x").drawn
    found = spread.line(one, spread.KINDS[1])
    assert found is not None
    assert found.quantiles == bad


@pytest.mark.parametrize("unit", ["ns", "bytes", "nodes"])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 7), (0, 600 * S), (-5000, 90), (0, 2**62)])
def test_linear_axes_have_round_ticks(low: int, high: int, unit: str) -> None:
    """Within the axis, not many, whole, in equal steps."""
    found = linear.ticks(low, high, unit)
    assert found
    assert low <= min(found) <= max(found) <= high
    assert len(found) <= linear.MOST + 1
    assert len({b - a for a, b in pairwise(found)}) <= 1
    assert len(set(linear.labels(found, unit))) == len(found)
