"""The pictures of the page, each with its finding and how it is read."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from kscale.errors import KscaleError
from kscale.judge.compare import Comparison
from kscale.report import svg
from kscale.report.page.view import Picture
from kscale.results.record import Result

OF_A_MECHANISM = ("growth", "latency", "samples")


def forest(results: Sequence[Result], comparison: Comparison) -> Picture | None:
    """Return every ratio of a comparison with its interval and the margin; None if there is no ratio."""
    return _drawn("forest", results, comparison)


def of_mechanism(results: Sequence[Result], comparison: Comparison, mechanism: str) -> tuple[Picture, ...]:
    """Return the pictures of one mechanism, those for which there is something to draw."""
    return tuple(_each(results, comparison, mechanism))


def _each(results: Sequence[Result], comparison: Comparison, mechanism: str) -> Iterator[Picture]:
    """Return the pictures one by one."""
    for kind in OF_A_MECHANISM:
        drawn = _drawn(kind, results, comparison, mechanism)
        if drawn is not None:
            yield drawn


def _drawn(
    kind: str, results: Sequence[Result], comparison: Comparison, mechanism: str | None = None
) -> Picture | None:
    """Return one picture; None if there is nothing to draw."""
    try:
        found = svg.described(kind, results, comparison, mechanism)
    except KscaleError:
        return None
    return Picture(kind, found.title, found.caption, Markup(found.svg))  # noqa: S704 - our own SVG, its text escaped
