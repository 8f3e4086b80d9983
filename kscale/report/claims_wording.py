"""Claims in words: amounts in the unit of the publication, factors, bands, and counts of what holds."""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from kscale.judge.claims.record import FACTOR, IDENTITY, Claim, Kind
from kscale.judge.claims.verdict import Count, Finding, Judged, Verdict, count
from kscale.units import NS_PER_S, show_count, show_ns, show_number, show_percent, show_ratio

MARKS: Mapping[Verdict, str] = {
    Verdict.REPRODUCED: "",
    Verdict.IN_BAND: "",
    Verdict.FITTED: "!",
    Verdict.UNDECIDED: "?",
    Verdict.OUTSIDE: "x",
    Verdict.NOT_REPRODUCIBLE: "-",
    Verdict.NOT_MEASURED: "-",
}
KINDS: Mapping[Kind, str] = {"A": "identity", "R": "ratio", "M": "measurement"}
PLURALS: Mapping[Kind, str] = {"A": "identities", "R": "ratios", "M": "measurements"}
HOLDS: Mapping[Kind, str] = {
    "A": f"hold within {IDENTITY:.0%}".replace("%", " %"),
    "R": "are in band",
    "M": f"are within a factor of {FACTOR:g}",
}
CALIBRATE = "kscale calibrate etcd"
LEGEND = (
    "factor: ours over the published figure; x outside its band; ? undecided: the 95 % interval of ours is"
    " partly in the band, or it was measured once; ! in band because a coefficient was fitted to it, - the"
    " set-up was not published in full, or ours was not measured here: neither counts; of a claim the worst"
    " figure decides"
)


_AMOUNTS: Mapping[str, Callable[[float], str]] = {
    "ns": lambda value: show_ns(_written(value)),
    "s": lambda value: show_ns(_written(value) * NS_PER_S),
    "x": lambda value: show_ratio(_written(value)),
    "share": lambda value: show_percent(_written(value)),
}


def amount(value: float, unit: str) -> str:
    """Return an amount as publications write it: "12.4 ms", "150 MB/min", "24.1x", "3 %"."""
    if not math.isfinite(value):
        return str(value)
    if unit in _AMOUNTS:
        return _AMOUNTS[unit](value)
    if unit == "bytes" or unit.startswith("bytes/"):
        return f"{_decimal(value)}B{unit.removeprefix('bytes')}"
    if unit.startswith("1/"):
        return f"{_plain(value)}{unit[1:]}"
    return f"{_plain(value)} {unit}".rstrip()


def ours(judged: Judged) -> str:
    """Return our amount; with its 95 % interval, where that shows: "222x (215x to 229x)"."""
    if judged.verdict is Verdict.NOT_MEASURED:
        return "not measured"
    unit = judged.figure.unit
    said = amount(judged.ours, unit)
    if judged.interval is None or not all(map(math.isfinite, judged.interval)):
        return said
    low, high = (amount(end, unit) for end in judged.interval)
    return said if low == said == high else f"{said} ({low} to {high})"


def factor(judged: Judged) -> str:
    """Return ours over the published figure: of an identity in per cent, of others as a factor."""
    found = judged.factor
    return "-" if found is None or math.isnan(found) else show_ratio(_written(found))


def band(judged: Judged) -> str:
    """Return what still counts as the same: "± 5 %", "10x to 30x", "at least 30x"."""
    figure = judged.figure
    low, high = figure.low, figure.high
    if low == high:
        return "exactly"
    if _near(low, figure.published * (1 - IDENTITY)) and _near(high, figure.published * (1 + IDENTITY)):
        return f"± {show_percent(_written(IDENTITY))}"
    if figure.open:
        return f"at least {amount(low, figure.unit)}"
    return f"{amount(low, figure.unit)} to {amount(high, figure.unit)}"


def kind_and_source(claim: Claim) -> str:
    """Return what a claim can be held to, how ours came about, and who published it."""
    ours = f", ours {claim.provenance}" if claim.figures else ""
    return f"{KINDS[claim.kind]}{ours}; {claim.source}"


def summary(findings: Sequence[Finding]) -> list[str]:
    """Return how many claims of each kind hold, a sentence each; kinds that do not occur are left out."""
    said = []
    for kind in KINDS:
        found = count(findings, kind)
        if found.of or found.fitted or found.not_reproducible:
            parts = [_counted(found, kind)] if found.of else []
            said.append(f"{PLURALS[kind]}: {'; '.join(parts + _aside(found))}")
    return [*said, *filter(None, [calibrated(findings)])]


def calibrated(findings: Sequence[Finding]) -> str:
    """Return how many claims hold by a calibration, which are counted apart; nothing if there are none."""
    found = [one for one in findings if one.claim.calibrated]
    measured = [one for one in found if one.verdict is not Verdict.NOT_MEASURED]
    if not found:
        return ""
    beyond = [one.claim.id for one in measured if one.verdict is Verdict.OUTSIDE]
    unclear = [one for one in measured if one.verdict is Verdict.UNDECIDED]
    once = [one.claim.id for one in unclear if _once(one)]
    across = [one.claim.id for one in unclear if not _once(one)]
    without = any(one.setup is None for one in found)
    parts = [
        f"{sum(one.held for one in measured)} of {len(measured)} are in band" if measured else "",
        f"undecided, as ours reaches into the band and out of it: {' '.join(across)}" if across else "",
        f"undecided, as measured once: {' '.join(once)}" if once else "",
        f"outside: {' '.join(beyond)}" if beyond else "",
        f"{len(found) - len(measured)} not measured here{f' ({CALIBRATE})' if without else ''}"
        if len(measured) < len(found)
        else "",
    ]
    return f"a real etcd, counted apart: {'; '.join(filter(None, parts))}"


def _once(finding: Finding) -> bool:
    """Return whether what is undecided of a calibration is only so because it was measured once."""
    open_ = [one for one in finding.figures if one.verdict is Verdict.UNDECIDED]
    return all(one.interval is None for one in open_)


def not_measured(finding: Finding) -> str:
    """Return why a calibration did not answer a claim, or only in part; without one, what makes one."""
    part = ", in part" if finding.figures else ""
    known = finding.setup.missing if finding.setup else {}
    why = dict.fromkeys(known[one.reads] for one in finding.claim.figures if one.reads in known)
    return f"{finding.verdict}{part}: {'; '.join(why) or CALIBRATE}"


def outside(findings: Sequence[Finding]) -> str:
    """Return the claims that are outside, by kind: "outside: C7 (R), F6 F7 (M)"; nothing if none is."""
    parts = []
    for kind in KINDS:
        ids = [one.claim.id for one in _modelled(findings, kind) if one.verdict is Verdict.OUTSIDE]
        if ids:
            parts.append(f"{' '.join(ids)} ({kind})")
    return f"outside: {', '.join(parts)}" if parts else ""


def _modelled(findings: Sequence[Finding], kind: Kind) -> list[Finding]:
    """Return the claims of a kind that the models answer."""
    return [one for one in findings if one.claim.kind == kind and not one.claim.calibrated]


def numbered(number: int, noun: str, plural: str = "") -> str:
    """Return "1 claim", "10 claims"."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _counted(found: Count, kind: Kind) -> str:
    """Return how many of those that count hold, apart those whose band is not that of their kind."""
    share = f" ({show_percent(_written(round(found.share, 3)))})" if kind == "R" and found.of else ""
    held, of = found.held - found.own_held, found.of - found.own_of
    bands = "a band of its own" if found.own_of == 1 else "bands of their own"
    own = f"{found.own_held} of {found.own_of} in {bands}"
    parts = [f"{held} of {of} {HOLDS[kind]}{share}"] if of or not found.own_of else []
    return ", ".join([*parts, *([own] if found.own_of else [])])


def _aside(found: Count) -> list[str]:
    """Return what is not counted."""
    parts = [
        f"{number} {word}"
        for number, word in ((found.fitted, "fitted"), (found.not_reproducible, "not reproducible as stated"))
        if number
    ]
    return [f"not counted: {', '.join(parts)}"] if parts else []


def _decimal(value: float) -> str:
    """Return an amount with a decimal prefix and three digits: "838 M", "1.3 G"."""
    for prefix, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{show_number(_written(value) / round(size))} {prefix}"
    return f"{show_number(_written(value))} "


def _plain(value: float) -> str:
    """Return a number with three digits, or a count with a prefix."""
    whole = round(value)
    return show_count(whole) if abs(value) >= 1000 else show_number(_written(value))  # noqa: PLR2004 - digits


def _written(value: float) -> Fraction:
    """Return a number as it is written, so that 0.17 has two digits and not fifty."""
    return Fraction(repr(float(value)))


def _near(a: float, b: float) -> bool:
    """Say whether two ends are the same but for rounding."""
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b))
