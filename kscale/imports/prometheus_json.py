"""Answers of Prometheus' HTTP API (/api/v1/query and /query_range) to samples.

Of a range the newest sample is taken, and by how much each series grew in it: a counter that falls was
reset, and has grown by what it shows since.
"""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import json_events
from kscale.imports.facts import Progress
from kscale.imports.json_events import KINDS, Events
from kscale.imports.prometheus_sample import LONGEST_NAME, Sample
from kscale.scenario.document import one_line

LONGEST_WHY = 200  # characters of Prometheus' own error
MOST_LABELS = 100
LONGEST_NUMBER = 64  # characters
NAME = "__name__"


@dataclass(slots=True)
class _Series:
    """One series while it is read."""

    labels: dict[str, str] = field(default_factory=dict)
    first: float = 0.0  # Unix seconds
    time: float = 0.0
    value: float = 0.0
    grown: float = 0.0
    least: float = math.inf
    most: float = -math.inf
    no_number: bool = False  # one of the values is NaN
    samples: int = 0

    def add(self, time: float, value: float) -> bool:
        """Take the next sample; False if it is not newer than the last."""
        if self.samples == 0:
            self.first = time
        elif time <= self.time:
            return False
        else:
            self.grown += value - self.value if value >= self.value else value
        self.time, self.value, self.samples = time, value, self.samples + 1
        self.least, self.most = min(self.least, value), max(self.most, value)
        self.no_number = self.no_number or math.isnan(value)
        return True

    def beside(self) -> tuple[float, ...]:
        """Return those of the values that are wrong if any is."""
        return (math.nan,) if self.no_number else (self.least, self.most)


def samples(stream: BinaryIO, name: str, progress: Progress, size: int) -> Iterator[Sample]:
    """Return a sample for each series; KscaleError names the result, from 1, or Prometheus' own error."""
    found = json_events.events(stream, name, progress, size)
    for event, _ in found:
        if event != "start_map":
            raise KscaleError(one_line(f"{name}: must be an answer of Prometheus, got {KINDS[event]}"))
        yield from _answer(found, name)


def _answer(found: Events, name: str) -> Iterator[Sample]:
    """Return the samples of one answer."""
    said: dict[str, str] = {}
    answered = False
    for event, key in found:
        if event == "end_map":
            break
        after, value = next(found)
        if key == "data" and after == "start_map":
            answered = yield from _data(found, name)
        elif key in {"status", "errorType", "error"} and after == "string":
            said[key] = value
        else:
            json_events.skip(found, after)
    if said.get("status") == "error":
        kind, why = said.get("errorType", "unknown")[: units.LONGEST], said.get("error", "")[:LONGEST_WHY]
        raise KscaleError(one_line(f"{name}: Prometheus answered with an error, {kind}: {why}"))
    if not answered:
        raise KscaleError(one_line(f"{name}: data.result: is needed; give the answer of a query"))


def _data(found: Events, name: str) -> Generator[Sample, None, bool]:
    """Return the samples under `data`; the generator's value is whether there was a result."""
    answered = False
    for event, key in found:
        if event == "end_map":
            return answered
        after, _ = next(found)
        if key == "result" and after == "start_array":
            answered = True
            yield from _result(found, name)
        else:
            json_events.skip(found, after)
    return answered


def _result(found: Events, name: str) -> Iterator[Sample]:
    """Return a sample for each series; a scalar has no labels that say what it is."""
    number = 0
    for event, value in found:
        if event == "end_array":
            return
        if event != "start_map":
            if event not in {"number", "string"}:
                raise KscaleError(
                    one_line(f"{name}: result {number + 1}: must be a series, got {KINDS[event]}")
                )
            del value
            continue
        number += 1
        one = _series(found, f"{name}: result {number}")
        metric = one.labels.pop(NAME, "")
        if one.samples:
            ranged = one.samples > 1
            yield Sample(
                metric,
                one.labels,
                one.value,
                one.time,
                f"{name}: result {number}: {metric[:LONGEST_NAME] or 'no name'}",
                one.grown if ranged else None,
                one.first if ranged else None,
                one.beside(),
            )


def _series(found: Events, place: str) -> _Series:
    """Return one series."""
    one = _Series()
    for event, key in found:
        if event == "end_map":
            break
        after, _ = next(found)
        if key == "metric":
            one.labels = _labels(found, after, place)
        elif key == "value":
            _pair(found, after, one, place)
        elif key == "values":
            if after != "start_array":
                raise KscaleError(one_line(f"{place}: values: must be a list, got {KINDS[after]}"))
            for event_in, _ in found:
                if event_in == "end_array":
                    break
                _pair(found, event_in, one, place)
        else:
            json_events.skip(found, after)
    return one


def _labels(found: Events, event: str, place: str) -> dict[str, str]:
    """Return the labels of a series."""
    if event != "start_map":
        raise KscaleError(one_line(f"{place}: metric: must map labels to text, got {KINDS[event]}"))
    labels: dict[str, str] = {}
    for after, key in found:
        if after == "end_map":
            break
        kind, value = next(found)
        if kind != "string":
            raise KscaleError(
                one_line(f"{place}: metric.{key[: units.LONGEST]}: must be text, got {KINDS[kind]}")
            )
        if key in labels:
            raise KscaleError(one_line(f"{place}: metric.{key[: units.LONGEST]}: is there twice"))
        if len(labels) == MOST_LABELS:
            raise KscaleError(one_line(f"{place}: metric: must have at most {MOST_LABELS} labels"))
        labels[key] = value
    return labels


def _pair(found: Events, event: str, one: _Series, place: str) -> None:
    """Take [time, "value"] into a series."""
    parts: list[tuple[str, Any]] = []
    if event == "start_array":
        for after, value in found:
            if after == "end_array":
                break
            if after in json_events.ENDS:
                json_events.skip(found, after)
            if len(parts) < 3:  # noqa: PLR2004 - one more than there may be
                parts.append((after, value))
    if [kind for kind, _ in parts] != ["number", "string"]:
        raise KscaleError(one_line(f'{place}: must have samples like [1700000000.0, "12"]'))
    number = _number(parts[1][1])
    if number is None:
        raise KscaleError(one_line(f"{place}: {units.quote(parts[1][1])} is not a number"))
    if not one.add(float(parts[0][1]), number):
        raise KscaleError(one_line(f"{place}: samples must be in order of time"))


def _number(text: str) -> float | None:
    """Return a value as Prometheus writes it: 12, 1e+06, NaN, +Inf."""
    if len(text) > LONGEST_NUMBER or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return math.nan if text == "NaN" else None
