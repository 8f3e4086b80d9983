"""Every figure of the claims on one axis: ours over the published one, with its band.

A row for each figure, claims in their order. The marker's shape says how it came out, filled where
ours was measured and hollow where it was modelled; the word is written beside it. What lies
beyond the axis is drawn at its end as an arrow.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kscale.judge.claims.verdict import Finding, Judged, Verdict
from kscale.report import claims_wording as wording
from kscale.report.plot import names, style
from kscale.report.plot.asked import NothingToDraw
from kscale.report.plot.picture import EDGE, Canvas, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, HEAD, FOOT = 0.3, 0.12, 0.85  # inches
WIDTH, LABELS, WORDS = 12.8, 5.5, 3.7  # inches of the picture, and left and right of its axis
ID, KIND, FIGURE, WORD = 0.32, 0.92, 1.18, 1.3  # inches from the left edge; the last from the right
LEAST, MOST = 0.02, 50.0  # factors beyond which a figure is an arrow
NEVER_SMALLER = 4.0  # the axis reaches at least so far, both ways
LOOKS: Mapping[Verdict, tuple[str, str]] = {  # marker and colour
    Verdict.REPRODUCED: ("o", style.BETTER),
    Verdict.IN_BAND: ("o", style.BETTER),
    Verdict.FITTED: ("D", style.MUTED),
    Verdict.UNDECIDED: ("^", style.MUTED),
    Verdict.OUTSIDE: ("X", style.WORSE),
    Verdict.NOT_REPRODUCIBLE: ("s", style.MUTED),
    Verdict.NOT_MEASURED: ("s", style.MUTED),  # never drawn: it has no number
}


@dataclass(frozen=True, slots=True)
class _Row:
    """One figure, where it stands."""

    finding: Finding
    judged: Judged
    first: bool  # of its claim
    factor: float

    @property
    def band(self) -> tuple[float, float]:
        """Return the ends of the band as factors of the published figure."""
        figure = self.judged.figure
        return figure.low / figure.published, figure.high / figure.published


def picture(findings: Sequence[Finding]) -> Picture:
    """Return the picture; NothingToDraw if no figure has a factor."""
    rows = _rows(findings)
    if not rows:
        raise NothingToDraw("nothing to draw: none of these claims has a figure that could be divided")

    def draw(canvas: Canvas) -> None:
        """Draw all rows."""
        _draw(canvas, rows)

    return Picture(_title(findings), _caption(findings, rows), WIDTH, len(rows) * ROW + HEAD + FOOT, draw)


def _rows(findings: Sequence[Finding]) -> list[_Row]:
    """Return a row for each figure that has a place; a bound stands where it is published, its band open."""
    return [
        _Row(found, one, number == 0, factor)
        for found in findings
        for number, one in enumerate(_drawn(found))
        for factor in (one.ours / one.figure.published,)
    ]


def _drawn(found: Finding) -> list[Judged]:
    """Return the figures that can be divided."""
    return [one for one in found.figures if one.figure.published > 0 and math.isfinite(one.ours)]


def _title(findings: Sequence[Finding]) -> str:
    """Return what was found: of the models, then of a real etcd, then how many are not counted."""
    counted = [one for one in findings if one.counted]
    measured = [one for one in findings if one.claim.calibrated and one.verdict is not Verdict.NOT_MEASURED]
    parts = []
    if counted or not measured:
        parts.append(f"{sum(one.held for one in counted)} of {len(counted)} published claims hold")
    if measured:
        parts.append(f"{sum(one.held for one in measured)} of {len(measured)} on a real etcd hold")
    aside = len(findings) - len(counted) - len(measured)
    if aside:
        parts.append(f"{aside} more {'is' if aside == 1 else 'are'} not counted")
    return "; ".join(parts)


def _caption(findings: Sequence[Finding], rows: Sequence[_Row]) -> str:
    """Return how it is read, and what is left out."""
    figures = [one for found in findings for one in found.figures]
    open_ = sum(one.verdict is Verdict.NOT_MEASURED for one in figures)
    left = len(figures) - len(rows) - open_
    without = sum(not one.figures for one in findings)
    parts = [
        *wording.summary(findings),
        (
            "Circle: holds; cross: outside its band (grey); triangle: undecided; diamond: a coefficient was "
            "fitted to it; square: the set-up was not published in full. Filled: ours measured; hollow: "
            "modelled. A identity, R ratio, M measurement"
        ),
    ]
    zeros = wording.numbered(left, "figure of zero", "figures of zero")
    unmeasured = wording.numbered(open_, "figure that is not measured", "figures that are not measured")
    bare = wording.numbered(without, "claim without figures", "claims without figures")
    aside = [said for number, said in ((left, zeros), (open_, unmeasured), (without, bare)) if number]
    if aside:
        parts.append(f"Not drawn: {', '.join(aside)}")
    return ". ".join(parts)


def _draw(canvas: Canvas, rows: Sequence[_Row]) -> None:
    """Draw the axis and the rows."""
    axes = canvas.axes(LABELS, HEAD, WORDS, FOOT)
    low, high = _limits(rows)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows), 0)
    axes.axvline(1.0, color=style.TEXT, linewidth=1.2)
    for number, row in enumerate(rows):
        _draw_row(axes, number + 0.5, row, (low, high))
        if row.first and number:
            _line(axes, number)
    axes.set_yticks([])
    style.plain(axes, grid="x", left=False)
    places = sorted({*style.ticks(low, high), 1.0})
    axes.set_xticks(places, labels=[wording.amount(place, "x") for place in places])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(
        "← less than published · ours over the published figure · more →\nlog axis", fontsize=style.SMALL
    )


def _line(axes: "Axes", y: float) -> None:
    """Part two claims by a line over the whole width."""
    box = axes.get_position()
    width = box.width * WIDTH
    ends = (EDGE - box.x0 * WIDTH) / width, 1 + (WORDS - EDGE) / width
    axes.plot(
        ends, [y, y], color=style.GRID, linewidth=0.8, transform=axes.get_yaxis_transform(), clip_on=False
    )


def _limits(rows: Sequence[_Row]) -> tuple[float, float]:
    """Return the ends of the axis, as far one way as the other needs no more."""
    ends = [end for row in rows for end in (row.factor, *row.band) if end > 0 and math.isfinite(end)]
    low = min(1 / NEVER_SMALLER, max(LEAST, min(ends)))
    high = max(NEVER_SMALLER, min(MOST, max(ends)))
    return low / 1.15, high * 1.15


def _draw_row(axes: "Axes", y: float, row: _Row, limits: tuple[float, float]) -> None:
    """Draw one figure: its band, ours, and what is said of it."""
    low, high = limits
    marker, color = LOOKS[row.judged.verdict]
    begins, ends = (min(max(end, low), high) for end in row.band)
    axes.fill_betweenx([y - 0.34, y + 0.34], begins, ends, color=style.BAND, linewidth=0)
    axes.plot([begins, ends], [y, y], "-", color=style.MUTED, linewidth=1.0)
    beyond = "<" if row.factor < low else ">" if row.factor > high else ""
    hollow = row.finding.claim.provenance == "modelled"
    axes.plot(
        [min(max(row.factor, low * 1.05), high / 1.05)],
        [y],
        beyond or marker,
        color=color,
        markerfacecolor=style.SURFACE if hollow else color,
        markeredgewidth=1.6,
        markersize=8,
        clip_on=False,
    )
    _write(axes, y, row, color)


def _write(axes: "Axes", y: float, row: _Row, color: str) -> None:
    """Write what the figure is at the left, both amounts and the word at the right."""
    claim, one = row.finding.claim, row.judged
    name = names.short(claim.id, 12) if row.first else ""
    what = style.cut(names.short(one.figure.what, 80), style.SMALL, LABELS - FIGURE - 0.15)
    unit = one.figure.unit
    ours, published = wording.amount(one.ours, unit), wording.amount(one.figure.published, unit)
    figures = f"{ours.removesuffix(f' {unit}')} / {published}"
    room = WORDS - WORD - 0.2
    for x, said, shift, weight, ink in (
        (0.0, wording.MARKS[one.verdict], EDGE - LABELS, "bold", color),
        (0.0, name, ID - LABELS, "bold", style.TEXT),
        (0.0, claim.kind, KIND - LABELS, "normal", style.MUTED),
        (0.0, what, FIGURE - LABELS, "normal", style.TEXT),
        (1.0, style.cut(figures, style.SMALL, room), 0.12, "normal", style.TEXT),
        (1.0, _word(one), WORDS - WORD, "bold", color),
    ):
        axes.annotate(
            said,
            (x, y),
            xycoords=("axes fraction", "data"),
            xytext=(shift * 72, 0),
            textcoords="offset points",
            va="center",
            ha="left",
            fontsize=style.SMALL,
            fontweight=weight,
            color=ink,
            annotation_clip=False,
        )


def _word(one: Judged) -> str:
    """Return the verdict, as short as there is room for."""
    if one.verdict is Verdict.NOT_REPRODUCIBLE:
        return "not counted"
    return str(one.verdict)
