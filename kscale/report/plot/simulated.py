"""Latencies on a mechanism's virtual clock: a line through the quantiles that its counters keep."""

import re
from collections.abc import Iterator

from kscale.report.plot import names
from kscale.report.plot.asked import Asked
from kscale.report.text import words
from kscale.results.record import Cell, VariantRecord

PLACES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999}  # the largest has no place on the axis
_QUANTILE = re.compile(rf"(?P<what>.+)_(?P<place>{'|'.join(PLACES)})_ns")

Line = tuple[str, list[float], list[float]]  # variant, quantiles, ns
MODELLED = "latency, modelled"
NOTHING = 1.0  # ns; 0 has no place on a log axis and is drawn there


def lines(cell: Cell, asked: Asked) -> Iterator[tuple[str, list[Line]]]:
    """Yield each kind of latency of a cell, with the quantiles of both variants; none that is always 0."""
    sides = [(names.short(name), cell.variants[name]) for name in (asked.before, asked.after)]
    for what in dict.fromkeys(kind for _, record in sides for kind in _kinds(record)):
        found = [(name, *_points(record, what)) for name, record in sides]
        drawn = [line for line in found if any(value > NOTHING for value in line[2])]
        if drawn:
            yield words(what), drawn


def _kinds(record: VariantRecord) -> Iterator[str]:
    """Yield what a variant has latencies of."""
    for name in record.work:
        match = _QUANTILE.fullmatch(name)
        if match:
            yield match["what"]


def _points(record: VariantRecord, what: str) -> tuple[list[float], list[float]]:
    """Return the quantiles of one kind of latency, and the times there."""
    kept = {place: record.work.get(f"{what}_{name}_ns") for name, place in PLACES.items()}
    known = [(place, value) for place, value in kept.items() if value is not None]
    return [place for place, _ in known], [max(float(value), NOTHING) for _, value in known]
