"""Pictures as pieces of a page."""

import re
from xml.etree import ElementTree as ET

import pytest
from plot_requests import HOSTILE, LONG, of_every_kind, renamed, sample
from sample_results import result

from kscale.report import svg
from kscale.report.plot import kinds
from kscale.report.plot.asked import Asked

PLAIN_COLOR = re.compile(r"(?<!,)#[0-9a-fA-F]{6}\b")


@pytest.fixture(scope="module", params=kinds.KINDS)
def drawn(request: pytest.FixtureRequest) -> svg.Fragment:
    """Draw one kind."""
    return svg.described(request.param, of_every_kind(sample())[request.param])


def test_colours_are_the_pages(drawn: svg.Fragment) -> None:
    """Every colour is a variable with a default, or the colour of the text."""
    assert not PLAIN_COLOR.findall(drawn.svg)
    assert "var(--" in drawn.svg


def test_variants_have_their_own_variables() -> None:
    """The page says what they look like."""
    found = svg.described("growth", Asked((result(),))).svg
    for variable in ("--baseline,#E69F00", "--optimized,#0072B2", "--variant-1,#009E73", "--grid,#DDDDDD"):
        assert f"var({variable})" in found


def test_it_is_one_element_that_says_what_it_shows(drawn: svg.Fragment) -> None:
    """No prolog, no metadata, no rule for the rest of the page; a title and a description."""
    root = ET.fromstring(drawn.svg)  # noqa: S314 - our own
    assert root.tag == "svg"
    assert {"role": "img", "width": "100%"}.items() <= root.attrib.items()
    assert [child.tag for child in root][:2] == ["title", "desc"]
    assert root[0].text == drawn.title
    assert not {"style", "metadata", "script"} & {element.tag for element in root.iter()}
    assert "http" not in drawn.svg


def test_ids_are_its_own(drawn: svg.Fragment) -> None:
    """Every reference has its target in the fragment, under a name no other fragment has."""
    ids = re.findall(r' id="([^"]+)"', drawn.svg)
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', drawn.svg))
    assert {one or other for one, other in used} == set(ids)
    assert len({name.split("-")[0] for name in ids}) == 1
    other = svg.described("bars", Asked((result(name="other"),)), mechanism="watch-fanout").svg
    assert not set(ids) & set(re.findall(r' id="([^"]+)"', other))


def test_the_text_stays_text(drawn: svg.Fragment) -> None:
    """A reader can search a picture."""
    assert "etcd-freelist" in "".join(
        element.text or ""
        for element in ET.fromstring(drawn.svg).iter("text")  # noqa: S314
    )


def test_it_is_small() -> None:
    """A page holds a dozen: five cells, one result."""
    for kind in ("forest", "bars", "growth", "samples", "latency", "heatmap"):
        assert len(svg.described(kind, Asked((sample(),))).svg) < 60_000, kind


def test_hostile_names_stay_text() -> None:
    """Nothing a name holds becomes an element or an attribute."""
    name = '"><script>alert(1)</script>' + HOSTILE
    for kind, asked in of_every_kind(renamed(sample(), name)).items():
        if kind == "heatmap":
            continue  # sweeps of one mechanism are held apart by their names
        found = svg.described(kind, asked).svg
        assert "<script" not in found
        assert "\x1b" not in found
        ET.fromstring(found)  # noqa: S314 - our own


def test_one_mechanism_of_several() -> None:
    """Only its cells are drawn, whatever its name looks like."""
    found = svg.described("bars", Asked((result(),)), mechanism="watch-fanout")
    assert "etcd-freelist" not in found.svg
    assert found.title == "Optimized is 469x faster"
    assert "watch-fanout" in svg.described("forest", Asked((result(),)), mechanism="watch-fanout").svg
    odd = renamed(sample(), LONG[:190] + "[*]")
    assert svg.described("bars", Asked((odd,)), mechanism=LONG[:190] + "[*]").title
