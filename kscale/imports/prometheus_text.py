"""Metrics as text (Prometheus' own format, or OpenMetrics) to the samples that are read.

A scrape of a large API server has hundreds of thousands of lines, nearly all of them of histograms that
nobody asks here: lines are chosen by their metric's name before prometheus_client parses them, one by one.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from prometheus_client import parser

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import opened, prometheus_metrics
from kscale.imports.facts import Progress
from kscale.imports.prometheus_sample import LONGEST_NAME, Sample
from kscale.scenario.document import one_line

LONGEST_LINE = 256 * 2**10  # bytes
LONGEST_SAMPLE = 4 * 2**10  # bytes of a line that is parsed: its cost grows with the square of this
LINES_AT_ONCE = 50_000  # between two reports of progress
IN_MS = 1e11  # a time from here on is in ms (since 1973); below, in s as OpenMetrics has it (until 5138)
MS = 1000

_NAME = re.compile(rb"[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t{]")
_EXEMPLAR = re.compile(r'#[ \t]*\{(?:[^"{}\\]|"(?:[^"\\]|\\.)*")*\}[ \t]+[^\s"{}]+(?:[ \t]+[^\s"{}]+)?[ \t]*')


def samples(stream: BinaryIO, name: str, progress: Progress, size: int) -> Iterator[Sample]:
    """Return the samples of metrics that are read, in the order of lines; KscaleError names the line."""
    for number, line in enumerate(_lines(stream, name, progress, size), start=1):
        if line[:1] in b"#\r\n":  # also the empty line
            continue
        match = _NAME.match(line)
        if match is None:
            if line.strip() and not line.lstrip().startswith(
                (b"#", b"{")
            ):  # {: a name in quotes, none of ours
                raise KscaleError(one_line(f"{name}:{number}: is no sample; a line is name{{label}} value"))
            continue
        metric = match[1].decode("ascii")
        if metric in prometheus_metrics.READ or (
            ":" in metric and prometheus_metrics.recorded(metric) is not None
        ):
            yield _sample(line, f"{name}:{number}: {metric[:LONGEST_NAME]}")


def _lines(stream: BinaryIO, name: str, progress: Progress, size: int) -> Iterator[bytes]:
    """Return lines, none of them absurdly long; the last may lack its end."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            raise KscaleError(
                one_line(f"{name}:{number}: is longer than {units.show_bytes(LONGEST_LINE)}: no metric is")
            )
        if number % LINES_AT_ONCE == 0:
            progress(opened.at(stream), size)
        yield line


def _sample(line: bytes, place: str) -> Sample:
    """Return what one line says."""
    if not line.endswith(b"\n"):
        raise KscaleError(one_line(f"{place}: the line does not end: the file was cut off here"))
    if len(line) > LONGEST_SAMPLE:
        raise KscaleError(
            one_line(f"{place}: is longer than {units.show_bytes(LONGEST_SAMPLE)}: no sample of it is")
        )
    try:
        text = _without_exemplar(line.decode("utf-8"))
        found = [one for family in parser.text_string_to_metric_families(text) for one in family.samples]
    except (ValueError, IndexError, OverflowError) as error:  # of the parser, at lines that are no samples
        raise KscaleError(one_line(f"{place}: {_what(error)}")) from error
    if len(found) != 1:
        raise KscaleError(one_line(f"{place}: is no sample; a line is name{{label}} value"))
    one = found[0]
    return Sample(one.name, one.labels, _number(one.value, place), _time(one.timestamp), place)


def _what(error: Exception) -> str:
    """Return what is wrong with a line, without its text."""
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8"
    return "is no sample; a line is name{label} value"


def _without_exemplar(line: str) -> str:
    """Return a line of OpenMetrics without the example at its end."""
    at = line.rfind(" # {") + 1
    return line[:at] if at and _EXEMPLAR.fullmatch(line.rstrip("\r\n"), at) else line


def _number(value: object, place: str) -> float:
    """Return a value as a float; integers of many digits are refused, not rounded to infinity."""
    if isinstance(value, int) and abs(value) > units.LARGEST:
        raise KscaleError(one_line(f"{place}: {units.quote(value)} is more than any metric counts"))
    return float(value) if isinstance(value, int | float) else float("nan")


def _time(stamp: object) -> float | None:
    """Return a timestamp in Unix seconds; the parser took it for ms."""
    if not isinstance(stamp, int | float):
        return None
    given = float(stamp) * MS
    return given / MS if abs(given) >= IN_MS else given
