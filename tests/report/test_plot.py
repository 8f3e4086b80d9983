"""What every kind of picture keeps to."""

import os
import stat
import warnings
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from plot_requests import HOSTILE, LONG, fanout, later, of_every_kind, renamed, sample
from sample_results import result

from kscale.cli import plot as command
from kscale.errors import KscaleError
from kscale.report.plot import growth, kinds, picture, style
from kscale.report.plot.asked import Asked, NothingToDraw

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module", params=kinds.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Return each kind."""
    return str(request.param)


def draw(kind: str, asked: Asked, path: Path) -> None:
    """Draw one request."""
    picture.write(kinds.picture(kind, asked), path)


def test_one_request_gives_one_picture(kind: str, tmp_path: Path) -> None:
    """A PNG is one; an SVG is well-formed and the same bytes twice; no temporary file stays."""
    asked = of_every_kind(sample())[kind]
    for name in ("a.svg", "b.svg", "a.PNG"):
        draw(kind, asked, tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"a.svg", "b.svg", "a.PNG"}
    assert (tmp_path / "a.PNG").read_bytes().startswith(PNG)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert ET.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")  # noqa: S314 - our own file


def test_hostile_names_are_drawn_as_text(kind: str, tmp_path: Path) -> None:
    """Formulas, escapes and signs the font lacks: no error, no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(kind, of_every_kind(renamed(sample(), HOSTILE))[kind], tmp_path / "a.svg")
    ET.parse(tmp_path / "a.svg")  # noqa: S314 - our own file


@pytest.mark.parametrize("name", [None, LONG])
def test_nothing_runs_out_of_the_picture(kind: str, name: str | None) -> None:
    """Every word that is written can be read."""
    made = sample() if name is None else renamed(sample(), name)
    whole = picture.whole(kinds.picture(kind, of_every_kind(made)[kind]))
    figure = picture.drawn(whole)
    box = figure.get_tightbbox()  # inches around everything that is drawn
    assert min(box.x0, box.y0) >= -0.02
    assert box.x1 <= whole.width + 0.02
    assert box.y1 <= whole.height + 0.02
    from matplotlib.text import Text  # noqa: PLC0415 - as the pictures do

    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert all(float(text.get_fontsize()) >= style.SMALL for text in texts)


def test_nothing_to_draw(kind: str) -> None:
    """A run without cells has no picture; one line says what is missing."""
    with pytest.raises(KscaleError, match=r"nothing to (draw|compare)") as said:
        kinds.picture(kind, Asked((result([]),)))
    assert "\n" not in str(said.value)


def test_unknown_names_are_refused_with_the_nearest(kind: str) -> None:
    """A variant, a metric and a kind nobody has."""
    made = of_every_kind(sample())[kind].results
    with pytest.raises(KscaleError, match="no variant 'optimised'; did you mean 'optimized'"):
        kinds.picture(kind, Asked(made, after="optimised"))
    with pytest.raises(KscaleError, match="no metric 'ids_scaned'; did you mean 'ids_scanned'"):
        kinds.picture(kind, Asked(made, metric="ids_scaned"))
    with pytest.raises(KscaleError, match=f"did you mean '{kind}'"):
        kinds.picture(f"{kind}x", Asked(made))


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.svg.gz"])
def test_other_suffixes_are_refused(name: str, tmp_path: Path) -> None:
    """The allowed ones are named, nothing is written."""
    with pytest.raises(KscaleError, match=r"\.png or \.svg"):
        draw("bars", Asked((sample(),)), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """It is made, as for documents; where it cannot be, that is said in a line."""
    draw("bars", Asked((sample(),)), tmp_path / "new" / "a.svg")
    assert (tmp_path / "new" / "a.svg").exists()
    with pytest.raises(KscaleError, match="cannot be written: "):
        draw("bars", Asked((sample(),)), tmp_path / "new" / "a.svg" / "b.svg")


def test_too_many_results_are_refused() -> None:
    """What draws one result names what draws more."""
    many = Asked((sample(),) * 4)
    for name in ("forest", "overview", "bars", "growth", "samples", "latency", "heatmap"):
        with pytest.raises(KscaleError, match="not 4 results; forest compares two, history shows many"):
            kinds.picture(name, many)


def test_options_a_kind_does_not_have_are_refused() -> None:
    """Parameters along axes that have none; samples of a counter."""
    with pytest.raises(KscaleError, match="bars has no parameters along its axes"):
        kinds.picture("bars", Asked((sample(),), by=("free_pages",)))
    with pytest.raises(KscaleError, match="samples shows times"):
        kinds.picture("samples", Asked((sample(),), metric="ids_scanned"))


def test_the_command_knows_every_kind() -> None:
    """The shell completes them without loading any."""
    assert tuple(kinds.KINDS) == command.KINDS


def test_the_default_follows_the_number_of_results() -> None:
    """One is shown, two are compared, many are a history."""
    made = sample()
    assert [kinds.default(Asked((made,) * number)) for number in (1, 2, 3)] == [
        "overview",
        "forest",
        "history",
    ]


def test_colours_and_markers_of_a_variant_never_change() -> None:
    """Baseline and optimized look the same beside anyone; no two of six variants look alike."""
    alone, many = style.looks(["optimized"]), style.looks(["x", "y", "baseline", "z", "w", "optimized"])
    assert alone["optimized"] == many["optimized"] == (style.BLUE, "s", "///")
    assert len({look[0] for look in many.values()}) == len({look[1] for look in many.values()}) == 6


@pytest.mark.parametrize(
    ("low", "high"), [(1e-3, 1e12), (3.0, 4.0), (0.999, 1.001), (1.0, 30.0), (90.0, 1100.0), (2e-9, 9e-9)]
)
def test_every_axis_has_ticks_one_can_read_it_by(low: float, high: float) -> None:
    """Two at least, none outside, not too many."""
    ticks = style.ticks(low, high)
    assert 2 <= len(ticks) <= 10
    assert all(low * 0.999999 <= tick <= high * 1.000001 for tick in ticks)
    assert ticks == sorted(ticks)


def test_counters_have_pictures_too(tmp_path: Path) -> None:
    """An exact run: a zero has no bar and no point."""
    made = Asked((result([fanout(1, 0, watchers_tested=0), fanout(2, 0, watchers_tested=10)]),))
    for name in ("overview", "forest"):
        draw(name, made, tmp_path / f"{name}.svg")
    assert "2 exact counters changed" in kinds.picture("forest", made).title


def test_a_variant_is_not_compared_with_itself(kind: str) -> None:
    """One result has nothing to say of one variant beside itself; between results it has."""
    with pytest.raises(KscaleError, match="--variant baseline: would be compared with itself; name another"):
        kinds.picture(kind, Asked((sample(),), after="baseline"))


def test_one_variant_of_several_results_is_drawn_once() -> None:
    """It is asked for as before and after."""
    made = (sample(), later(sample(), 22))
    for name in ("samples", "history"):
        asked = Asked(made, after="baseline", variant="baseline")
        assert kinds.picture(name, asked).title


def test_nothing_to_draw_is_told_from_what_was_wrong_to_ask() -> None:
    """A page leaves the one out; the other is a mistake, which nobody may hide."""
    with pytest.raises(NothingToDraw):
        kinds.picture("growth", Asked((result([fanout(1)]),)))
    with pytest.raises(KscaleError) as said:
        kinds.picture("forest", Asked((sample(),) * 3))
    assert not isinstance(said.value, NothingToDraw)


def test_long_names_are_clipped() -> None:
    """No name fills a picture."""
    made = renamed(sample(), "y" * 5_000)
    for asked in of_every_kind(made).values():
        names = {
            *asked.called,
            *(line.variant for s in growth.sweeps(made, Asked((made,))) for line in s.lines),
        }
        assert max(map(len, names)) <= 40
    for name in ("forest", "bars", "growth", "history"):
        drawn = kinds.picture(name, of_every_kind(made)[name])
        assert "y" * 53 not in drawn.title + drawn.caption


def test_a_link_stays_a_link_and_the_umask_holds(tmp_path: Path) -> None:
    """The picture goes where the link leads, readable by whom the user lets read."""
    (tmp_path / "kept").mkdir()
    target, link = tmp_path / "kept" / "real.svg", tmp_path / "link.svg"
    target.touch()
    link.symlink_to(target)
    before = os.umask(0o077)
    try:
        draw("bars", Asked((sample(),)), link)
    finally:
        os.umask(before)
    assert link.is_symlink()
    assert b"<svg" in target.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["real.svg"]
