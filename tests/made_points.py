"""Points of an etcd that follows its formulas exactly, or nearly: what a calibration would measure."""

import math
from collections.abc import Iterator, Mapping

from kscale.calibrate import families
from kscale.calibrate.formula import Formula, Term
from kscale.calibrate.point import Point

SETTINGS: Mapping[str, tuple[float, ...]] = {  # of each part of a setting
    "clients": (1, 4, 16, 64),
    "value_bytes": (256, 2048, 15_360),
    "puts": (1, 10, 100),
    "wal_bytes": (400, 20_000, 500_000),
    "list_bytes": (),  # keys x value_bytes
    "bytes": (3000, 60_000, 4_000_000),
    "keys": (1000, 4000, 16_000),
    "store_keys": (20_000, 40_000, 80_000),
    "watchers": (0, 1, 10, 100),
    "free_pages": (10_000, 50_000, 100_000),
    "db_bytes": (1000, 10_000, 100_000),
}
PARTS: Mapping[str, tuple[str, ...]] = {  # of the settings of a family
    "put": ("clients", "value_bytes"),
    "fsync": ("puts", "wal_bytes"),
    "commit": ("puts", "bytes"),
    "get": ("store_keys", "value_bytes"),
    "list": ("keys", "value_bytes"),
    "watch": ("watchers", "value_bytes"),
    "heartbeat": ("value_bytes",),
    "freelist": ("free_pages",),
    "open": ("db_bytes",),
}


def coefficients(formula: Formula) -> list[float]:
    """Return a cost for each term, all different and none too small to be seen."""
    return [_cost(term, number) for number, term in enumerate(formula.terms)]


def _cost(term: Term, number: int) -> float:
    """Return 1,000 and more; of a free page 0.5, of a byte 1 and more."""
    if term.name == "a free page":
        return 0.5
    return 1.0 + number if term.unit == families.PER_BYTE else 1000.0 * (number + 1)


def settings(family: str) -> Iterator[dict[str, float]]:
    """Yield every setting of a family."""
    parts = PARTS[family.partition("-")[0]]
    for number in range(math.prod(len(SETTINGS[part]) for part in parts)):
        at, rest = {}, number
        for part in parts:
            rest, place = divmod(rest, len(SETTINGS[part]))
            at[part] = float(SETTINGS[part][place])
        if family.startswith("list"):
            at["list_bytes"] = at["keys"] * at["value_bytes"]
        yield at


def points(formula: Formula, noise: float = 0.0) -> list[Point]:
    """Return the points that a formula gives, with repeats that are off by *noise* both ways."""
    import numpy as np  # noqa: PLC0415 - of this function alone

    made = np.array(coefficients(formula))
    values = [(at, formula.predicted(made, at)) for at in settings(formula.family)]
    unit = "1/s" if formula.family.endswith(("throughput", "puts")) else "ns"
    return [
        Point(formula.family, at, unit, (value * (1 - noise), value, value * (1 + noise)))
        for at, value in values
    ]


def every() -> list[Point]:
    """Return the points of all families."""
    return [point for formula in families.FORMULAS.values() for point in points(formula, 0.05)]
