"""What is varied, as people write it: `free_pages=10k..1M/8log`, `cluster.nodes.count=1k,2k,5k`.

A range has both its ends, as they are written. What lies between is spread evenly, or by equal factors
(`log`) and then rounded to three digits: 10k..1M/3log is 10k, 100k, 1M. Logarithms are decimal ones of 50
digits, so that a range has the same values on every machine.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import NamedTuple

from kscale import units
from kscale.errors import KscaleError

MOST_VALUES = 1000  # of an axis
FEWEST = 2  # of a range: its ends
LOG_DIGITS = 3  # of a value between the ends of a log range
EVEN_DIGITS = 4  # of one between the ends of an even range that need not be whole
LONGEST_KEY = 253
LONGEST_RANGE = 3 * units.LONGEST
LONGEST_SAID = 80  # characters of what was given, where a complaint repeats it
EXAMPLES = "write it like free_pages=1k,10k or free_pages=10k..1M/8log"
RANGES = "write a range like 10k..1M/8log (8 values by equal factors) or 10%..90%/9 (evenly)"

_RANGE = re.compile(r"(?P<low>.*?)\.\.(?P<high>.*?)(?:/(?P<count>[0-9]+) *(?P<log>log)?)?")
_PRECISE = Context(prec=50)
_KIBI = 1024

Given = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Axis:
    """One key and the values it takes.

    The key is a mechanism's parameter (etcd-freelist.free_pages, or free_pages: of every mechanism of the
    scenario that has it) or, with a dot, a place in the scenario (cluster.nodes.count).
    """

    key: str
    values: tuple[str, ...]  # as a scenario would state them
    said: str  # where it was given, as complaints name it: --over TEXT, or file:line: sweep.over.KEY


class _Kind(NamedTuple):
    """A kind of quantity that a range can be of."""

    read: Callable[[str], int | Fraction]
    write: Callable[[Fraction], str]
    whole: bool = True  # between two of its values there need not be another one


def parse(text: str, said: str) -> Axis:
    """Return the axis of `KEY=VALUES`; KscaleError, naming *said*, if it is none."""
    key, equals, values = text.partition("=")
    if not equals or not key.strip():
        raise KscaleError(f"{said}: {EXAMPLES}")
    return of(key.strip(), values, said)


def of(key: str, given: Given | Sequence[Given], said: str) -> Axis:
    """Return the axis of a key whose values are one text (`1k,10k`, `10k..1M/8log`) or a list of such."""
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise KscaleError(f"{said}: {units.quote(key)} is not a key; {EXAMPLES}")
    several = [given] if isinstance(given, str | int | float) else given
    values: dict[str, None] = {}  # equal ones are kept once
    for one in several:
        for piece in _plain(one).split(","):
            values |= dict.fromkeys(_values(piece.strip(), said))
            if len(values) > MOST_VALUES:
                raise KscaleError(f"{said}: has more than {MOST_VALUES:,} values; take fewer")
    if not values:
        raise KscaleError(f"{said}: has no values; {EXAMPLES}")
    return Axis(key, tuple(values), said)


def option(text: str) -> str:
    """Return how complaints name an axis given as *text* on the command line."""
    return f"--over {text if len(text) <= LONGEST_SAID else text[: LONGEST_SAID - 3] + '...'}"


def _plain(given: Given) -> str:
    """Return a value of a YAML file as people write it there."""
    return str(given).lower() if isinstance(given, bool) else str(given)


def _values(piece: str, said: str) -> Iterator[str]:
    """Yield the values of one piece between commas."""
    if not piece:
        raise KscaleError(f"{said}: has an empty value; {EXAMPLES}")
    found = _RANGE.fullmatch(piece) if len(piece) <= LONGEST_RANGE else None
    if found is None:
        yield piece
        return
    shown = units.quote(piece)
    if found["count"] is None:
        raise KscaleError(f"{said}: {shown} does not say how many values; {RANGES}")
    count = int(found["count"][:9])  # who asks for more digits is refused all the same
    if not FEWEST <= count <= MOST_VALUES:
        raise KscaleError(f"{said}: {shown} must be of {FEWEST} to {MOST_VALUES:,} values; {RANGES}")
    ends = found["low"].strip(), found["high"].strip()
    kind, low, high = _kind(ends, shown, said)
    if low >= high:
        raise KscaleError(f"{said}: {shown} must rise: its first end is not below its last")
    if found["log"] and low <= 0:
        raise KscaleError(f"{said}: {shown} must begin above 0 to rise by equal factors; {RANGES}")
    yield ends[0]
    for i in range(1, count - 1):
        part = Fraction(i, count - 1)
        inner = _by_factors(low, high, part, kind) if found["log"] else _evenly(low, high, part, kind)
        if low < inner < high:
            yield kind.write(inner)
    yield ends[1]


def _evenly(low: Fraction, high: Fraction, part: Fraction, kind: _Kind) -> Fraction:
    """Return what lies at *part* of the way from *low* to *high*."""
    exact = low + (high - low) * part
    return Fraction(round(exact)) if kind.whole else _rounded(exact, EVEN_DIGITS, 10)


def _by_factors(low: Fraction, high: Fraction, part: Fraction, kind: _Kind) -> Fraction:
    """Return what lies at *part* of the factors from *low* to *high*, to few digits that lie between."""
    first, last = _logarithm(low), _logarithm(high)
    way = _PRECISE.multiply(_PRECISE.subtract(last, first), _decimal(part))
    exact = Fraction(_PRECISE.exp(_PRECISE.add(first, way)))
    step = _KIBI if kind is KINDS["size"] and not high % _KIBI else 10
    for digits in range(LOG_DIGITS, _PRECISE.prec):
        rounded = _rounded(exact, digits, step)
        if low < rounded < high:
            break
    return Fraction(round(exact)) if kind.whole and rounded.denominator != 1 else rounded


def _logarithm(value: Fraction) -> Decimal:
    """Return the natural logarithm, correctly rounded to 50 digits."""
    return _PRECISE.ln(_decimal(value))


def _decimal(value: Fraction) -> Decimal:
    """Return a fraction to 50 digits."""
    return _PRECISE.divide(Decimal(value.numerator), Decimal(value.denominator))


def _rounded(value: Fraction, digits: int, step: int) -> Fraction:
    """Return a value above 0 to so many digits, of its KiB, MiB ... if *step* is 1,024."""
    unit = Fraction(1)
    while step == _KIBI and value >= unit * _KIBI:
        unit *= _KIBI
    last = unit * Fraction(10) ** (_decimal(value / unit).adjusted() + 1 - digits)
    return round(value / last) * last


def _kind(ends: tuple[str, str], shown: str, said: str) -> tuple[_Kind, Fraction, Fraction]:
    """Return of which kind both ends are, and what they come to."""
    for kind in KINDS.values():
        try:
            low, high = (Fraction(kind.read(end)) for end in ends)
        except ValueError:
            continue
        return kind, low, high
    known = "counts (10k), durations (10s), sizes (1KiB), shares (10%), rates (20/s) or numbers (0.5)"
    raise KscaleError(f"{said}: the ends of {shown} must both be {known}")


def _exactly(value: Fraction) -> str:
    """Return a number in decimals, without an exponent."""
    return f"{_decimal(value).normalize():f}"


KINDS = {  # in the order they are tried: 5m is five minutes and 0.5 a number; a size could be both
    "count": _Kind(units.parse_count, lambda value: str(round(value))),
    "duration": _Kind(units.parse_duration, lambda value: units.exact_duration(round(value))),
    "number": _Kind(units.parse_number, _exactly, whole=False),
    "size": _Kind(units.parse_bytes, lambda value: units.exact_bytes(round(value))),
    "share": _Kind(units.parse_percent, lambda value: f"{_exactly(value * 100)}%", whole=False),
    "rate": _Kind(units.parse_rate, lambda value: f"{_exactly(value)}/s", whole=False),
}
