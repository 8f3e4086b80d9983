"""Coefficients drawn within their ranges, the figures that head a run, and how sets are called."""

import made_simulations as made
import pytest

from kscale.clusterwide import draws, figures, toggles, words
from kscale.clusterwide.record import STATIONS, VERBS
from kscale.scenario import costs
from kscale.scenario.costs import Coefficient

KNOWN = costs.of_profile("k8s-1.14").coefficients


def coefficient(value: int, low: int, high: int) -> Coefficient:
    """Return a coefficient."""
    return Coefficient(
        value=value, range=(low, high), unit="ns", provenance="assumed", about="work", source="guess"
    )


def test_a_draw_is_within_the_ranges() -> None:
    """All of those that have one; equal for equal seeds, other for another draw or seed."""
    found = draws.values(KNOWN, 3, 0)
    assert set(found) == {name for name, one in KNOWN.items() if one.range[0] < one.range[1]}
    assert all(KNOWN[name].range[0] <= value <= KNOWN[name].range[1] for name, value in found.items())
    assert found == draws.values(dict(reversed(list(KNOWN.items()))), 3, 0)
    assert found not in (draws.values(KNOWN, 3, 1), draws.values(KNOWN, 4, 0))


def test_a_value_is_the_median_of_its_draws() -> None:
    """However long one side of its range is; both ends are reached."""
    found = [draws.values({"a": coefficient(12, 10, 1000)}, 1, number)["a"] for number in range(4000)]
    below = sum(value <= 12 for value in found)
    assert 1880 < below < 2140
    assert {10, 11, 12} <= set(found)
    assert max(found) > 990


def test_ends_are_values_too() -> None:
    """A value at one end of its range draws from there to the other."""
    found = {draws.values({"a": coefficient(5, 5, 7)}, 1, number)["a"] for number in range(200)}
    assert found == {5, 6, 7}


def test_figures_have_one_name_each() -> None:
    """Of every indicator, station and count; None where it was not answered."""
    found = figures.figures(made.simulated())
    assert {f"{name}.p99" for name in (*VERBS, "pod-startup", "scheduling")} <= set(found)
    assert {f"{name}.busy_ppm" for name in STATIONS} <= set(found)
    assert (found["pod-startup.p99"], found["mutating.p99"]) == (None, 4200 * made.MS)
    assert found["log.bytes_per_min"] == 256_200_000
    assert found["store.peak_bytes"] == 5_400_000_000


def test_ranges_are_lowest_and_highest() -> None:
    """What was not answered is above every number."""
    runs = [made.simulated(), made.optimized()]
    found = figures.ranges(runs)
    assert found["pod-startup.p99"] == (3800 * made.MS, None)
    assert found["relists"] == (2, 44)
    assert figures.ranges([runs[0]])["scheduling.p99"] == (None, None)
    assert figures.ranges([]) == {}


@pytest.mark.parametrize(
    ("text", "label", "heading", "said"),
    [
        ("none", "none", "baseline", "without the optimizations"),
        ("all", "all", "optimized", "with all optimizations"),
        (" today ", "today", "today", "as it is today"),
        ("node-lease", "node-lease", "node-lease", "with node-lease"),
        ("watch-encode,node-lease", "node-lease,watch-encode", None, "with node-lease and watch-encode"),
        (
            "node-lease,watch-encode,list-index",
            "node-lease,watch-encode,list-index",
            None,
            "with 3 optimizations",
        ),
        ("all,-list-index", "all,-list-index", None, "with all optimizations but list-index"),
        ("all,etcd-offload", "all,etcd-offload", None, "with all optimizations and etcd-offload"),
    ],
)
def test_sets_have_names(text: str, label: str, heading: str | None, said: str) -> None:
    """The same in a heading and in a sentence, however they were asked for."""
    on = toggles.parse(text, {"node-lease": True})
    assert words.label(text, on) == label
    assert words.heading(label) == (heading or label)
    assert words.chosen(label) == said
    assert words.chosen("all", "none") == "with all of them"


def test_every_station_has_a_name() -> None:
    """For a sentence, and beside its numbers."""
    assert tuple(words.STATIONS) == STATIONS
    assert words.station("scheduler") == "scheduler"
    assert words.station("etcd-log") == "etcd's log"
