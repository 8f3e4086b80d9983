"""Pictures as pieces of a page."""

import re
from xml.etree import ElementTree as ET

import pytest
from sample_results import result

from kscale.report import svg

PLAIN_COLOR = re.compile(r"(?<!,)#[0-9a-fA-F]{6}\b")


@pytest.fixture(scope="module", params=["bars", "growth", "overview"])
def drawn(request: pytest.FixtureRequest) -> svg.Fragment:
    """Draw one kind."""
    return svg.described(request.param, [result()])


def test_colours_are_the_pages(drawn: svg.Fragment) -> None:
    """Every colour is a variable with a default, or the colour of the text."""
    assert not PLAIN_COLOR.findall(drawn.svg)
    assert "var(--baseline,#E69F00)" in drawn.svg
    assert "var(--optimized,#0072B2)" in drawn.svg


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
    other = svg.fragment("bars", [result(name="other")], mechanism="watch-fanout")
    assert not set(ids) & set(re.findall(r' id="([^"]+)"', other))


def test_the_text_stays_text(drawn: svg.Fragment) -> None:
    """A reader can search a picture."""
    assert "etcd-freelist" in "".join(
        element.text or ""
        for element in ET.fromstring(drawn.svg).iter("text")  # noqa: S314
    )
    assert len(drawn.svg) < 60_000
