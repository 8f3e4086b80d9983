import warnings
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sample_results import MECHANISMS, Made, cell, cells, result

from kscale.errors import KscaleError
from kscale.report.plot import bars, growth, kinds, picture
from kscale.report.plot.asked import Asked
from kscale.results.record import Cell, Result

PNG = b"\x89PNG\r\n\x1a\n"
HOSTILE = "$x^$ \\frac [red]\x1b[31m\u202e <b>&amp; -- 節"


def hostile() -> Result:
    """Return a result whose every name tries something."""
    bad = [one.model_copy(update={"mechanism": HOSTILE, "label": HOSTILE}) for one in cells()[:2]]
    variants = {("_x" if name == "array-simd" else name): one for name, one in bad[1].variants.items()}
    bad[1] = bad[1].model_copy(update={"variants": variants})
    made = result(bad)
    scenario = made.scenario.model_copy(update={"name": HOSTILE})
    return made.model_copy(
        update={"mechanisms": {HOSTILE: MECHANISMS["etcd-freelist"]}, "scenario": scenario}
    )


def draw(made: Result, path: Path, kind: str = "overview") -> None:
    """Draw one result."""
    picture.write(kinds.picture(kind, Asked((made,))), path)


def shown(made: Result) -> list[bars.Bars]:
    """Return the bars of one result."""
    return bars.bars(made, Asked((made,)))


def fanout(optimized_ns: int, pairs: int = 20, **work: int) -> Cell:
    """Make a small cell."""
    old = {"events": 10, "watchers_tested": 1000}
    sides = {"baseline": Made(100_000, 5, old), "optimized": Made(optimized_ns, 5, old | work)}
    return cell("watch-fanout", "x", {"events": 10 + optimized_ns}, sides, pairs=pairs)


@pytest.mark.parametrize("made", [result(), hostile(), result([fanout(1, 0, watchers_tested=0)])])
def test_pictures_parse_and_leave_nothing_behind(made: Result, tmp_path: Path) -> None:
    """SVG is well-formed, PNG is PNG, no temporary file stays."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(made, tmp_path / "a.svg")
        draw(made, tmp_path / "a.PNG")
    assert ET.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")  # noqa: S314 - our own file
    assert (tmp_path / "a.PNG").read_bytes().startswith(PNG)
    assert {path.name for path in tmp_path.iterdir()} == {"a.svg", "a.PNG"}


def test_one_result_gives_one_svg(tmp_path: Path) -> None:
    """The same bytes twice: no date, no random ids."""
    for name in ("a.svg", "b.svg"):
        draw(result(), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.svg.gz"])
def test_other_suffixes_are_refused(name: str, tmp_path: Path) -> None:
    """The allowed ones are named, nothing is written."""
    with pytest.raises(KscaleError, match=r"\.png or \.svg"):
        draw(result(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """One line."""
    with pytest.raises(KscaleError, match="cannot be written: No such file"):
        draw(result(), tmp_path / "no" / "a.svg")


def test_nothing_to_draw(tmp_path: Path) -> None:
    """A run without cells has no picture."""
    with pytest.raises(KscaleError, match="nothing to draw"):
        draw(result([]), tmp_path / "a.svg")


def test_the_title_states_gains_losses_and_the_undecided() -> None:
    """Every cell is in the sentence."""
    assert bars.finding(shown(result()), "optimized") == (
        "Optimized is 2.15x to 469x faster in 7 of 10 cells;"
        " 1.17x to 1.45x slower in 2; no clear difference in 1"
    )


@pytest.mark.parametrize(
    ("ns", "said"),
    [(50_000, "2.00x faster"), (200_000, "2.00x slower"), (100_000, "makes no clear difference")],
)
def test_the_title_of_one_cell(ns: int, said: str) -> None:
    """A loss is said as plainly as a gain."""
    drawn = shown(result([fanout(ns)]))
    assert bars.finding(drawn, "optimized").startswith("Optimized ")
    assert said.partition(" ")[2] in bars.finding(drawn, "optimized")


def test_growth_is_found_where_only_one_parameter_differs() -> None:
    """Three sizes of one workload are a line; other workloads are not on it."""
    (sweep,) = growth.sweeps(result(), Asked((result(),)))
    assert (sweep.mechanism, sweep.parameter) == ("etcd-freelist", "free pages")
    assert [line.variant for line in sweep.lines] == ["baseline", "optimized", "array-simd"]
    assert list(sweep.lines[0].sizes) == [10_000, 100_000, 1_000_000]
    fitted = sweep.lines[0].growth
    assert fitted is not None
    assert fitted.exponent == pytest.approx(0.99, abs=0.01)


def test_counters_are_drawn_where_no_time_was_taken() -> None:
    """An exact run has a picture too; zero has no bar and no point."""
    made = result([fanout(1, 0, watchers_tested=0), fanout(2, 0, watchers_tested=10)])
    drawn = shown(made)
    assert [one.said for one in drawn] == ["1,000 less", "100x less"]
    assert bars.finding(drawn, "optimized") == "Optimized does at least 100x less work"
    assert bars.finding(drawn[:1], "optimized") == "Optimized does less work"
    assert [one.metric for one in drawn] == ["watchers tested"] * 2
    (sweep,) = growth.sweeps(made, Asked((made,)))
    assert [line.variant for line in sweep.lines] == ["baseline"]
