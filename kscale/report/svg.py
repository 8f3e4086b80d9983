"""Pictures as pieces of a page: SVG that takes its colours from the page.

A drawing is made in the colours of plot/style.py, one a role, and each is replaced by a
CSS variable with that colour as its default. The page may define, for light and dark:

    --baseline --optimized --variant-1 … --variant-4    the variants
    --worse --better                                    verdicts
    --muted --grid --band --surface                     small text, lines, bands, background

Text takes `currentColor` and the page's own sans-serif font, and stays text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from xml.etree import ElementTree as ET

from kscale.report.plot import kinds, picture, style
from kscale.report.plot.asked import BASELINE, OPTIMIZED, Asked

FONT = "system-ui,-apple-system,'Segoe UI','DejaVu Sans',Roboto,Arial,sans-serif"
PIXELS = 96 / 72  # of a page in a point of the drawing
LARGE = 10  # points from which a tenth of one is not seen, nor a hundredth below

_ROLES: Mapping[str, str] = {
    style.TEXT: "currentColor",
    style.COLORS[BASELINE]: "--baseline",
    style.COLORS[OPTIMIZED]: "--optimized",
    style.WORSE: "--worse",
    style.BETTER: "--better",
    style.MUTED: "--muted",
    style.GRID: "--grid",
    style.BAND: "--band",
    style.SURFACE: "--surface",
} | {color: f"--variant-{number}" for number, color in enumerate(style.FURTHER, 1)}
_THEME = {
    color.lower(): role if role == "currentColor" else f"var({role},{color})"
    for color, role in _ROLES.items()
}
_COLOR = re.compile(r"#[0-9a-f]{6}\b")
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+(?:e-?[0-9]+)?")
_URL = re.compile(r"url\(#([^)]+)\)")
_PLAIN = {"stroke-linejoin: miter", "fill-opacity: 1", "stroke-opacity: 1", "stroke-linecap: butt"}


@dataclass(frozen=True, slots=True)
class Fragment:
    """One picture of a page."""

    svg: str
    title: str  # the finding, in words; also inside the SVG
    caption: str  # how it is read, where it was measured, what is left out


def described(kind: str, asked: Asked, mechanism: str | None = None) -> Fragment:
    """Return a picture with its finding and its caption, of one mechanism or of all.

    NothingToDraw if there is nothing of that kind; another KscaleError if that was wrong to ask.
    """
    return fragment(kinds.picture(kind, asked if mechanism is None else _only(asked, mechanism)))


def fragment(made: picture.Picture) -> Fragment:
    """Return a picture with its finding and its caption."""
    drawn = picture.rendered(made, "svg", page=True)
    return Fragment(_themed(drawn, made), made.title, made.caption)


def _only(asked: Asked, mechanism: str) -> Asked:
    """Return the request for one mechanism, whose name may be anything."""
    results = tuple(
        result.model_copy(update={"cells": [cell for cell in result.cells if cell.mechanism == mechanism]})
        for result in asked.results
    )
    found = asked.comparison
    if found is not None:
        found = replace(found, rows=tuple(row for row in found.rows if row.mechanism == mechanism))
    return replace(asked, results=results, comparison=found)


def _themed(drawn: bytes, made: picture.Picture) -> str:
    """Return matplotlib's SVG as an element of a page."""
    root = ET.fromstring(drawn)  # noqa: S314 - drawn by us a moment ago
    for parent in list(root.iter()):
        for child in list(parent):
            if _name(child) in {"metadata", "style"}:
                parent.remove(child)
    prefix = f"k{sha256(drawn + made.title.encode('utf-8', 'replace')).hexdigest()[:6]}-"
    used = dict.fromkeys(found for element in root.iter() for found in _references(element))
    ids = {name: f"{prefix}{number}" for number, name in enumerate(used)}
    svg = ET.Element("svg", _frame(root))
    ET.SubElement(svg, "title").text = made.title
    ET.SubElement(svg, "desc").text = made.caption
    body = ET.SubElement(svg, "g", {"stroke-linejoin": "round"})
    body.extend(_plain(child, ids) for child in root)
    _share(body)
    return ET.tostring(svg, encoding="unicode").replace(" />", "/>")


def _frame(root: ET.Element) -> dict[str, str]:
    """Return the attributes of the outer element: as wide as its place, no wider than its text is large."""
    box = root.get("viewBox", "0 0 1 1")
    width = round(float(box.split()[2]) * PIXELS)
    return {
        "viewBox": box,
        "width": "100%",
        "role": "img",
        "style": f"max-width:{width}px;height:auto;font-family:{FONT}",
        "fill": "currentColor",
    }


def _plain(element: ET.Element, ids: Mapping[str, str]) -> ET.Element:
    """Return an element without namespaces, needless digits and ids; colours by role."""
    made = ET.Element(_name(element))
    made.text, made.tail = (text if text and text.strip() else None for text in (element.text, element.tail))
    for key, value in element.attrib.items():
        name = key.rpartition("}")[2]
        if name == "id":
            if value in ids:
                made.set("id", ids[value])
        elif name == "style":
            made.attrib.update(_style(value, ids))
        elif name == "href":
            made.set("href", f"#{ids[value.removeprefix('#')]}")
        elif name in {"fill", "stroke"}:
            made.attrib.update(_style(f"{name}:{value}", ids))
        elif name in {"clip-path", "d", "transform", "x", "y", "width", "height", "points"}:
            made.set(name, _short(value, ids))
        else:
            made.set(name, value)
    made.extend(_plain(child, ids) for child in element)
    return made


def _share(element: ET.Element) -> None:
    """Give a style that all parts of a group have to the group, and take groups of nothing away."""
    for child in list(element):
        _share(child)
        if child.tag in {"g", "defs"} and not len(child):
            element.remove(child)
    styles = {child.get("style", "") for child in element}
    if element.tag == "g" and len(element) > 1 and len(styles) == 1 and "style" not in element.attrib:
        shared = styles.pop()
        if shared:
            element.set("style", shared)
            for child in element:
                del child.attrib["style"]


def _style(value: str, ids: Mapping[str, str]) -> dict[str, str]:
    """Return a style without its defaults, colours by role, the page's font."""
    kept: list[str] = []
    for part in (piece.strip() for piece in value.split(";")):
        if not part or part in _PLAIN:
            continue
        key, _, given = part.partition(":")
        if key == "font":
            kept.extend(_font(given))
            continue
        if key == "font-family":
            continue
        themed = _COLOR.sub(lambda found: _THEME.get(found[0], found[0]), _short(given.strip(), ids))
        kept.append(f"{key}:{themed}")
    return {"style": ";".join(kept)} if kept else {}


def _font(given: str) -> Iterator[str]:
    """Return the size and weight of a font; its family is the page's."""
    for word in given.replace("'DejaVu Sans'", "").split():
        if word.endswith("px"):
            yield f"font-size:{word}"
        elif word.isdigit() or word == "bold":
            yield f"font-weight:{word}"


def _short(value: str, ids: Mapping[str, str]) -> str:
    """Return coordinates with few digits, and references to this picture's own ids."""
    shorter = _DECIMAL.sub(lambda found: _rounded(float(found[0])), value)
    return " ".join(_URL.sub(lambda found: f"url(#{ids[found[1]]})", shorter).split())


def _rounded(value: float) -> str:
    """Return a coordinate with as many digits as can be seen."""
    return f"{round(value, 1 if abs(value) >= LARGE else 2):g}"


def _references(element: ET.Element) -> Iterator[str]:
    """Return the ids an element refers to."""
    for key, value in element.attrib.items():
        yield from _URL.findall(value)
        if key.endswith("href"):
            yield value.removeprefix("#")


def _name(element: ET.Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]
