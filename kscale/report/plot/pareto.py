"""Quality against work: every variant at every size of it, and the front that nothing beats.

A way is beaten if another one costs no more, is no worse, and is better in one of both. Medians over seeds
decide; the bars show how far seeds differ, so that neighbours whose bars overlap are told apart by little.
"""

import math
from collections.abc import Sequence

from kscale.errors import KscaleError, did_you_mean
from kscale.report.plot import chosen, names, ways
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.pareto_draw import Axis, axes_of, draw, front
from kscale.report.plot.picture import WIDE, Canvas, Picture
from kscale.report.plot.ways import Metrics, Problem
from kscale.report.text import clean_prose
from kscale.results.record import MetricInfo
from kscale.units import LONGEST, quote

WORK, QUALITY = "evaluations_per_pod_milli", "score_loss_milli"
MOST_PANELS, MOST_WAYS, MOST_NAMED = 6, 40, 5
MOST_BESIDE = 10  # ways of panels that stand beside each other
ALONE, SEVERAL = 6.0, 4.9  # inches: height of one panel, of each of several
MOST_ABOUT = 80  # columns of what a variant does
HOW_READ = (
    "lower left is better; the line joins what nothing beats by medians, pale ways are beaten; bars: 95 %"
    " interval of the median over seeds, below six seeds least to most"
)


def picture(asked: Asked) -> Picture:
    """Return a panel of each problem; KscaleError if the metrics asked for are not two that can be better."""
    metrics = _metrics(asked)
    found = [one for one in ways.problems(asked, metrics) if len(one.ways) > 1]
    if not found:
        raise NothingToDraw(
            f"{', '.join(asked.called)}: nothing to draw: no cell has {' and '.join(metrics)}"
        )
    shown = found[:MOST_PANELS]
    for one in shown:
        if len(one.ways) > MOST_WAYS:
            raise KscaleError(
                f"{len(one.ways)} ways cannot be told apart, {MOST_WAYS} can; narrow them with --filter"
            )
    infos = [_info(asked, metric) for metric in metrics]
    columns = 2 if len(shown) > 1 and max(len(one.ways) for one in shown) <= MOST_BESIDE else 1
    height = ALONE if len(shown) == 1 else SEVERAL

    def draw_all(canvas: Canvas) -> None:
        """Draw the panels from left to right and down."""
        for place, one in zip(canvas.grid(len(shown), columns, height), shown, strict=True):
            draw(place, one, axes_of(one, metrics, infos))

    caption = _caption(asked, found, len(found) - len(shown))
    rows = math.ceil(len(shown) / columns)
    axes = axes_of(found[0], metrics, infos)
    return Picture(finding(found, axes), caption, WIDE, height * rows, draw_all)


def finding(found: Sequence[Problem], axes: Sequence[Axis]) -> str:
    """Return what is on the front, of the first problems if there are several."""
    told = [_told(one, axes, named=len(found) > 1) for one in found[:2]]
    return "; ".join(told) + (f"; {len(found) - 2} more" if len(found) > len(told) else "")


def _told(one: Problem, axes: Sequence[Axis], *, named: bool) -> str:
    """Return what nothing beats in one problem, and which of it is best at what."""
    best = front(one.ways, axes)
    labels = [way.label for way in best]
    said = ", ".join(labels[:MOST_NAMED]) + (
        f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
    )
    total = f"{len(one.ways)} ways" if len(best) > 1 else f"of {len(one.ways)} ways"
    start = f"{names.short(one.result.scenario.name)}{one.at and f' ({one.at})'}: " if named else ""
    if len(best) == 1:
        return f"{start}{said} beats all others {total}"
    ends = "; ".join(
        f"{'most' if axis.sign < 0 else 'least'} {axis.name}: {label}"
        for axis, label in ((axes[0], labels[0]), (axes[1], labels[-1]))
    )
    return f"{start}{len(best)} of {total} are beaten by none: {said}" + ("" if named else f"; {ends}")


def _metrics(asked: Asked) -> Metrics:
    """Return which counters are drawn; KscaleError if there is none of that name, or not two."""
    works = [one.work for result in asked.results for cell in result.cells for one in cell.variants.values()]
    known = dict.fromkeys(name for work in works for name in work)
    if asked.by and (len(asked.by) != 2 or len(set(asked.by)) != 2):  # noqa: PLR2004 - two axes
        raise KscaleError(f"--by {quote(','.join(asked.by))}: a Pareto plot has two counters, as in --by X,Y")
    x, y = asked.by or (WORK, asked.metric or QUALITY)
    for name in asked.by or ([asked.metric] if asked.metric else []):
        if name not in known:
            raise KscaleError(f"{quote(name)}: no such counter; {did_you_mean(name[:LONGEST], known)}")
    if x not in known or y not in known:
        some = ", ".join(names.short(name) for name in list(known)[:12])
        raise NothingToDraw(
            f"{', '.join(asked.called)}: nothing to draw: no cell counts {x if x not in known else y};"
            f" name two counters with --by X,Y: {some}"
        )
    for metric in (x, y):
        if _info(asked, metric).better == "none":
            raise KscaleError(
                f"{quote(metric)}: neither less nor more of it is better; name another with --by"
            )
    return x, y


def _info(asked: Asked, metric: str) -> MetricInfo:
    """Return how a metric is judged, as the first mechanism that has it declares."""
    return next(
        (
            info.metrics[metric]
            for result in asked.results
            for info in result.mechanisms.values()
            if metric in info.metrics
        ),
        MetricInfo(kind="exact", unit="", better="lower", provenance="measured"),
    )


def _caption(asked: Asked, found: Sequence[Problem], left_out: int) -> str:
    """Return what was run over how many seeds, what the ways are, and how it is read."""
    parts = list(dict.fromkeys(chosen.facts(result) for result in asked.results))
    abouts = {way.base: clean_prose(way.about) for one in found for way in one.ways if way.about}
    parts += [f"{base}: {names.clipped(about, MOST_ABOUT)}" for base, about in abouts.items()]
    parts.append(HOW_READ)
    if left_out:
        parts.append(f"{left_out} more problems are not drawn: narrow them with --filter")
    return " · ".join(parts)
