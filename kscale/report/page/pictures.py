"""The pictures of the page, each with its finding and how it is read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from markupsafe import Markup

from kscale.judge.compare import Comparison
from kscale.report import svg
from kscale.report.page.view import Picture
from kscale.report.plot.asked import BASELINE, OPTIMIZED, Asked, NothingToDraw
from kscale.results.record import Result

OF_SAMPLES = ("latency", "samples")
MOST = 3  # results of a picture of samples; of more, the first and the last are drawn


def forest(results: Sequence[Result], comparison: Comparison) -> Picture | None:
    """Return every ratio of a comparison with its interval and the margin; None if there is no ratio.

    *results* are those compared: two, or the one whose variants are.
    """
    return _drawn("forest", Asked(tuple(results), comparison))


def of_mechanism(results: Sequence[Result], comparison: Comparison, mechanism: str) -> tuple[Picture, ...]:
    """Return the pictures of one mechanism, those for which there is something to draw."""
    return tuple(_each(results, comparison, mechanism))


def _each(results: Sequence[Result], comparison: Comparison, mechanism: str) -> Iterator[Picture]:
    """Return the pictures one by one: growth of each side, then the samples of both."""
    variants = (BASELINE, OPTIMIZED)
    if comparison.of == "variants":
        variants = comparison.a.name, comparison.b.name
    shown = [one for one in results if _has(one, mechanism, variants)]
    if len(shown) > MOST:
        shown = [shown[0], shown[-1]]
    asked = Asked(tuple(shown), before=variants[0], after=variants[1])
    for result in shown:
        drawn = _drawn("growth", replace(asked, results=(result,)), mechanism)
        if drawn is not None:
            whose = f"{replace(asked, results=(result,)).called[0]}: " if len(results) > 1 else ""
            yield replace(drawn, finding=f"{whose}{drawn.finding}")
    for kind in OF_SAMPLES:
        drawn = _drawn(kind, asked, mechanism) if shown else None
        if drawn is not None:
            left = f" · {len(shown)} of {len(results)} results are drawn" if len(shown) < len(results) else ""
            yield replace(drawn, caption=f"{drawn.caption}{left}")


def _has(result: Result, mechanism: str, variants: tuple[str, str]) -> bool:
    """Say whether a cell of a mechanism has both variants: nothing else is drawn of it."""
    return any(cell.mechanism == mechanism and {*variants} <= cell.variants.keys() for cell in result.cells)


def _drawn(kind: str, asked: Asked, mechanism: str | None = None) -> Picture | None:
    """Return one picture; None if there is nothing to draw. KscaleError if it was wrong to ask."""
    try:
        found = svg.described(kind, asked, mechanism)
    except NothingToDraw:
        return None
    return Picture(kind, found.title, found.caption, Markup(found.svg))  # noqa: S704 - our own SVG, its text escaped
