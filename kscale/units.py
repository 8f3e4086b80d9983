"""Quantities to numbers and numbers to text: the only formatter.

*parse_* functions take what people write ("15KiB", "10s", "1M", 200) and return exact
integers (bytes, ns, millicores, counts) or fractions; they raise ValueError with one line
that says what was given and what would be right. *show_* functions give text for people
and may round; *exact_* functions give text that parses back to the same number.

All arithmetic is on integers and fractions: "0.1" is one tenth, and a number shows the
same on every machine.
"""

import math
import re
from dataclasses import dataclass
from fractions import Fraction

Given = str | int | float

LONGEST = 40  # characters of a quantity
LARGEST_EXPONENT = 30  # of 10, as in 1e30
LARGEST = 2**62  # of any result, in its base unit: fits an int64 with room to add

MOST_PLACES = 9  # decimals ever shown
EXACT_BELOW = 100_000  # counts are shown in full below this

NS_PER_S = 1_000_000_000

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+(?:_[0-9]+)*)?"
    r"(?:\.(?P<part>[0-9]+))?(?:[eE](?P<power>[+-]?[0-9]{1,3}))?"
)
_PIECE = re.compile(r"[0-9.,_]+[^0-9.,_\s]+")  # one piece of 1h30m
_SI = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_SECONDS = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}

_SHOWN_TIMES = (  # unit, ns in it, used from so many of it on
    ("d", 86400 * NS_PER_S, 2),
    ("h", 3600 * NS_PER_S, 2),
    ("min", 60 * NS_PER_S, 2),
    ("s", NS_PER_S, 1),
    ("ms", 10**6, 1),
    ("\u00b5s", 10**3, 1),
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a quantity is called, how it is written, and its units in the base unit."""

    noun: str
    examples: str
    units: dict[str, Fraction]

    def error(self, given: object) -> ValueError:
        """Return the complaint that *given* cannot be read."""
        return ValueError(f"{quote(given)} is not {self.noun}; write it like {self.examples}")


_COUNT = _Kind(
    "a count",
    "200, 10k or 1M",
    {"": Fraction(1), "K": Fraction(1000)} | {name: Fraction(factor) for name, factor in _SI.items()},
)
_BYTES = _Kind(
    "a size",
    "15KiB or 10MB",
    {"": Fraction(1), "B": Fraction(1), "m": Fraction(1, 1000), "KB": Fraction(1000)}
    | {name + tail: Fraction(factor) for name, factor in (_SI | _BINARY).items() for tail in ("", "B")},
)
_DURATION = _Kind(
    "a duration",
    "10s, 5m or 250us",
    {name: Fraction(ns) for name, ns in {"ns": 1, "us": 10**3, "\u00b5s": 10**3, "\u03bcs": 10**3}.items()}
    | {"ms": Fraction(10**6)}
    | {name: Fraction(seconds * NS_PER_S) for name, seconds in _SECONDS.items()},
)
_CPU = _Kind(
    "an amount of cpu",
    "500m, 32 or 64 cores",
    {name: Fraction(1000) for name in ("", "core", "cores", "cpu", "cpus")}
    | {"k": Fraction(10**6), "m": Fraction(1), "u": Fraction(1, 10**3), "n": Fraction(1, 10**6)},
)
_RATE = _Kind("a rate", "100/s or 6/min", _COUNT.units)
_SHARE = _Kind("a share", "0.3 or 30%", {"": Fraction(1), "%": Fraction(1, 100)})
_PERCENT = _Kind("a percentage", "5% or 0.5%", {"%": Fraction(1, 100)})
_PLAIN = _Kind("a number", "10, 0.2 or 1.5k", _COUNT.units)


def quote(given: object) -> str:
    """Return *given* in quotes for a one-line message: printable, never long."""
    if isinstance(given, list | tuple | dict):
        return "a mapping" if isinstance(given, dict) else "a list"
    if isinstance(given, int) and given.bit_length() > 4 * LONGEST:
        return "a number of very many digits"  # Python refuses to write one of over 4,300
    if given is None or isinstance(given, int | float):
        return {"None": "null", "True": "true", "False": "false"}.get(str(given), str(given))
    text = str(given)
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 3] + "...")


def parse_count(given: Given) -> int:
    """Return a whole number from 200, "10k", "1M" or "1_000"."""
    value = _parse(given, _COUNT)
    if value.denominator != 1:
        raise ValueError(f"{quote(given)} is not a whole number; write it like {_COUNT.examples}")
    return value.numerator


def parse_bytes(given: Given) -> int:
    """Return bytes from "15KiB", "8Gi", "1MB" or 512; a part of a byte is rounded up, as in Kubernetes."""
    return math.ceil(_parse(given, _BYTES))


def parse_duration(given: Given) -> int:
    """Return nanoseconds from "10s", "250us" or "1h30m"; only 0 may go without a unit."""
    if _is_zero(given):
        return 0
    if isinstance(given, str) and len(given) <= LONGEST:
        pieces = _PIECE.findall(given.strip())
        if len(pieces) > 1 and "".join(pieces) == given.strip():
            total = sum(parse_duration(piece) for piece in pieces)
            return _in_range(Fraction(total), given, _DURATION).numerator
    value = _parse(given, _DURATION)
    if value.denominator != 1:
        raise ValueError(f"{quote(given)} is not a whole number of ns; write it like {_DURATION.examples}")
    return value.numerator


def parse_cpu(given: Given) -> int:
    """Return millicores from "500m", 32, 0.5 or "64 cores"; a part of one is rounded up, as in Kubernetes."""
    return math.ceil(_parse(given, _CPU))


def parse_rate(given: Given) -> Fraction:
    """Return events per second, exactly, from "100/s" or "6/min"; only 0 may go without a unit."""
    if _is_zero(given):
        return Fraction(0)
    if not isinstance(given, str) or len(given) > LONGEST:
        raise _RATE.error(given)
    amount, slash, period = given.partition("/")
    seconds = _SECONDS.get(period.strip())
    if not slash or seconds is None:
        raise _RATE.error(given)
    try:
        return _parse(amount, _RATE) / seconds
    except ValueError as error:
        raise _RATE.error(given) from error


def parse_share(given: Given) -> Fraction:
    """Return a part of a whole, 0 to 1, exactly, from 0.3 or "30%"."""
    value = _parse(given, _SHARE)
    if value > 1:
        raise ValueError(f"{quote(given)} is more than the whole; a share is 0 to 1, or 0% to 100%")
    return value


def parse_percent(given: Given) -> Fraction:
    """Return a fraction of any size, exactly, from "5%" or "150%"; only 0 may go without the sign."""
    return Fraction(0) if _is_zero(given) else _parse(given, _PERCENT)


def parse_number(given: Given) -> Fraction:
    """Return a number that has no unit, exactly, from 10, "0.2" or "1.5k"."""
    return _parse(given, _PLAIN)


def _is_zero(given: object) -> bool:
    """Return whether *given* is a plain nought, which needs no unit."""
    return isinstance(given, str | int | float) and not isinstance(given, bool) and given in {0, "0"}


def _parse(given: object, kind: _Kind) -> Fraction:
    """Return number x unit as a fraction of the base unit, 0 to LARGEST."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise kind.error(given)
    if isinstance(given, int):
        if "" not in kind.units:
            raise kind.error(given)
        return _in_range(given * kind.units[""], given, kind)
    text = str(given).strip()  # a float's text is the shortest that reads back as itself
    match = _NUMBER.match(text) if len(text) <= LONGEST else None
    if match is None or (match["whole"] is None and match["part"] is None):
        raise kind.error(given)
    factor = kind.units.get(text[match.end() :].strip())
    if factor is None:
        raise kind.error(given)
    power = int(match["power"] or 0)
    if abs(power) > LARGEST_EXPONENT:
        raise ValueError(f"{quote(given)} is out of reach for {kind.noun}; write it like {kind.examples}")
    part = match["part"] or ""
    digits = int((match["whole"] or "0").replace("_", "").replace(",", "") + part)
    value = Fraction(digits) * Fraction(10) ** (power - len(part)) * factor
    return _in_range(-value if match["sign"] == "-" else value, given, kind)


def _in_range(value: Fraction, given: object, kind: _Kind) -> Fraction:
    """Return *value* if it is neither negative nor absurd."""
    if value < 0:
        raise ValueError(f"{quote(given)} is negative; write it like {kind.examples}")
    if value > LARGEST:
        raise ValueError(f"{quote(given)} is too large; write it like {kind.examples}")
    return value


Number = int | float | Fraction


def show_count(value: int) -> str:
    """Return 12,345 in full below 100,000; above, one decimal and a prefix: "498.2k", "1M"."""
    if abs(value) < EXACT_BELOW:
        return f"{value:,}"
    sign = "-" if value < 0 else ""
    for prefix, factor in _SI.items():
        tenths = (abs(value) * 10 + factor // 2) // factor
        if tenths < 10_000 or prefix == "E":  # noqa: PLR2004 - 1000.0 of this prefix is 1 of the next
            break
    whole, tenth = divmod(tenths, 10)
    return f"{sign}{whole:,}{f'.{tenth}' if tenth else ''}{prefix}"


def show_size(value: int) -> str:
    """Return a parameter as it is written in a scenario: "10k" for 10,000, else as show_count."""
    return f"{value // 1000}k" if value % 1000 == 0 and 0 < value < EXACT_BELOW else show_count(value)


def singular(noun: str) -> str:
    """Return one of a plural: "pod" of "pods", "query" of "queries", "put per s" of "puts per s"."""
    counted, per, unit = noun.partition(" per ")
    if counted.endswith("ies"):
        one = counted[:-3] + "y"
    elif counted.endswith(("sses", "xes", "ches", "shes")):
        one = counted[:-2]
    else:
        one = counted[:-1] if counted.endswith("s") and not counted.endswith("ss") else counted
    return f"{one}{per}{unit}"


def show_many(number: int, noun: str) -> str:
    """Return a number in full with its noun: "1 pod", "10,231 pods"."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def show_counted(number: int, noun: str) -> str:
    """Return a number as `show_count` does, with its noun: "1 cell", "150k pods"."""
    return f"{show_count(number)} {noun if number == 1 else noun + 's'}"


def show_number(value: Number) -> str:
    """Return three significant digits of any number, whole parts in full: "0.73", "12.3", "1,234", "1.2M"."""
    if not math.isfinite(value):
        return str(float(value))
    exact = Fraction(value)
    if round(abs(exact)) >= EXACT_BELOW:
        return show_count(round(exact))
    return _three_digits(exact)


def show_bytes(value: Number) -> str:
    """Return a size with one decimal: "512 B", "1.5 KiB", "8 GiB"."""
    sign, rest = ("-" if value < 0 else ""), abs(Fraction(value))
    if rest < _BINARY["Ki"]:
        return f"{sign}{_decimals(rest, 1)} B"
    for prefix, factor in _BINARY.items():
        text = _decimals(rest / factor, 1)
        if round(rest / factor, 1) < 1024 or prefix == "Ei":  # noqa: PLR2004 - 1024 KiB is 1 MiB
            break
    return f"{sign}{text} {prefix}B"


def show_ns(value: Number) -> str:
    """Return a time with three significant digits in the unit that suits: "412 µs", "1.5 s", "10 min"."""
    sign, rest = ("-" if value < 0 else ""), abs(Fraction(value))
    for name, ns, least in _SHOWN_TIMES:
        if round(rest / ns, _places(rest / ns)) >= least:
            return f"{sign}{_three_digits(rest / ns)} {name}"
    return f"{sign}{_three_digits(rest)} ns"


def show_percent(share: Number, *, signed: bool = False) -> str:
    """Return a share as per cent with three significant digits: 0.164 is "16.4 %", signed "+16.4 %"."""
    text = _three_digits(abs(Fraction(share)) * 100)
    sign = "-" if share < 0 else "+" if signed and share > 0 else ""
    return f"{sign}{text} %"


def show_ratio(value: Number) -> str:
    """Return a ratio with three significant digits: "24.1x"; a prefix before the x would be misread."""
    return f"{round(value):,}x" if value >= EXACT_BELOW else f"{show_number(value)}x"


def show_rate(per_s: Number) -> str:
    """Return events per second, minute or hour, whichever is at least one: "100/s", "6/min"."""
    for name, seconds in (("s", 1), ("min", 60)):
        if per_s * seconds >= 1:
            return f"{show_number(Fraction(per_s) * seconds)}/{name}"
    return f"{show_number(Fraction(per_s) * 3600)}/h" if per_s else "0/s"


def exact_duration(ns: int) -> str:
    """Return a duration in the largest unit that keeps it whole: "10s", "90s", "1500us"."""
    for name in ("h", "min", "s", "ms", "us"):
        factor = _DURATION.units[name].numerator
        if ns and ns % factor == 0:
            return f"{ns // factor}{name}"
    return f"{ns}ns"


def exact_bytes(value: int) -> str:
    """Return a size in the largest binary unit that keeps it whole: "15KiB", "8GiB", "1500"."""
    for prefix, factor in reversed(_BINARY.items()):
        if value and value % factor == 0:
            return f"{value // factor}{prefix}B"
    return str(value)


def exact_cpu(milli: int) -> str:
    """Return millicores as Kubernetes writes them: "32" for cores, "500m" for parts."""
    return f"{milli}m" if milli % 1000 else str(milli // 1000)


def exact_rate(per_s: float) -> str:
    """Return a rate that parses back to the same float: "100/s"."""
    return f"{int(per_s) if per_s.is_integer() else repr(per_s)}/s"


def _three_digits(value: Fraction) -> str:
    """Return three significant digits; zeros at the end stay only where the value was rounded."""
    return _decimals(value, _places(value))


def _places(value: Fraction) -> int:
    """Return how many decimals make three significant digits of what the value rounds to."""
    size = abs(value)
    places = next((places for below, places in ((1, 3), (10, 2), (100, 1)) if round(size, places) < below), 0)
    while 0 < round(size * 10**places) < 100 and places < MOST_PLACES:  # noqa: PLR2004 - three digits
        places += 1
    return places


def _decimals(value: Fraction, places: int) -> str:
    """Return *value* rounded to *places*, half to even; an exact one loses the zeros at its end."""
    scaled = value * 10**places
    digits = round(scaled)
    whole, part = divmod(abs(digits), 10**places)
    tail = f"{part:0{places}d}" if places else ""
    if digits == scaled:
        tail = tail.rstrip("0")
    return f"{'-' if digits < 0 else ''}{whole:,}{'.' + tail if tail else ''}"
