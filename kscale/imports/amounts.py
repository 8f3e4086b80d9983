"""Kubernetes' quantities as exact integers (apimachinery pkg/api/resource/quantity.go).

A number, then nothing, a decimal (n u m k M G T P E) or a binary (Ki to Ei) suffix, or an exponent. What
is finer than a billionth is rounded up, as Kubernetes does. Kept in billionths, so that sums are exact.
"""

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from kscale import units
from kscale.imports import vocabulary
from kscale.imports.fields import FieldError, Object, checked_name, mapping

NANO = 10**9
NANO_PER_MILLI = 10**6

LARGEST = 2**63 - 1  # of a resource, as in Kubernetes
MOST_NAMES = 64  # resources of one container or node

CPU, MEMORY, EPHEMERAL, PODS = "cpu", "memory", "ephemeral-storage", "pods"
KNOWN = frozenset({CPU, MEMORY, EPHEMERAL, PODS}) | vocabulary.EXTENDED  # may be named in a complaint

_QUANTITY = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]*))?(?P<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,3})?",
    re.ASCII,
)
_FACTORS = {
    "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1),
    "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12),
    "P": Fraction(10**15), "E": Fraction(10**18),
    "Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30), "Ti": Fraction(2**40),
    "Pi": Fraction(2**50), "Ei": Fraction(2**60),
}  # fmt: skip
_LIKE = "write it like 250m, 2, 128Mi or 1e9"


def nano(given: object) -> int:
    """Return a quantity in billionths; ValueError with one line if it is none, negative or absurd."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError(f"{units.quote(given)} is not a quantity; {_LIKE}")  # noqa: TRY004 - one error for callers
    if isinstance(given, int) and abs(given) > LARGEST:
        raise ValueError(f"{units.quote(given)} is out of reach; {_LIKE}")
    return _nano(str(given))


@lru_cache(maxsize=10_000)
def _nano(given: str) -> int:
    """Return a quantity's text in billionths."""
    match = _QUANTITY.fullmatch(given) if len(given) <= units.LONGEST else None
    if match is None or not (match["whole"] or match["part"]):
        raise ValueError(f"{units.quote(given)} is not a quantity; {_LIKE}")
    part, suffix = match["part"] or "", match["suffix"] or ""
    power = 0 if suffix in _FACTORS else int(suffix[1:])
    if abs(power) > units.LARGEST_EXPONENT:
        raise ValueError(f"{units.quote(given)} is out of reach; {_LIKE}")
    factor = _FACTORS.get(suffix, Fraction(10) ** power)
    value = Fraction(int(match["whole"] + part or "0")) / 10 ** len(part) * factor
    if match["sign"] == "-" and value:
        raise ValueError(f"{units.quote(given)} is negative; {_LIKE}")
    if value > LARGEST:
        raise ValueError(f"{units.quote(given)} is too large; {_LIKE}")
    return int(-(-value.numerator * NANO // value.denominator))


def resources(of: Object, key: str, at: str = "") -> dict[str, int]:
    """Return the mapping of resources to quantities *key*, in billionths; FieldError where it is none."""
    given = mapping(of, key, at)
    if len(given) > MOST_NAMES:
        raise FieldError(f"{at}{key}: must have at most {MOST_NAMES} resources, got {len(given):,}")
    return {
        checked_name(name, f"{at}{key}"): _amount(value, f"{at}{key}.{_shown(name)}")
        for name, value in given.items()
    }


def whole(amount: int) -> int:
    """Return whole units, a part of one rounded up, as Kubernetes' Value()."""
    return -(-amount // NANO)


def milli(amount: int) -> int:
    """Return thousandths, a part of one rounded up, as Kubernetes' MilliValue()."""
    return -(-amount // NANO_PER_MILLI)


def cpu_milli(amounts: Mapping[str, int]) -> int | None:
    """Return millicores, None if *amounts* have no cpu."""
    amount = amounts.get(CPU)
    return None if amount is None else milli(amount)


def size(amounts: Mapping[str, int], name: str) -> int | None:
    """Return bytes of the resource *name*, None if *amounts* have none."""
    amount = amounts.get(name)
    return None if amount is None else whole(amount)


def extended(amounts: Mapping[str, int], without: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Return all resources but those *without*, and but those of which there is none; sorted."""
    return tuple(
        sorted((name, whole(amount)) for name, amount in amounts.items() if amount and name not in without)
    )


def _amount(given: Any, where: str) -> int:  # noqa: ANN401 - whatever the file holds
    """Return billionths."""
    try:
        return nano(given)
    except ValueError as error:
        raise FieldError(f"{where}: {error}") from error


def _shown(name: str) -> str:
    """Return what a resource is called in a place: one that is not public may be named like its owner."""
    return name if name in KNOWN else "(extended resource)"
