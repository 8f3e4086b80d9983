"""Which coefficients of the cost model the fits give, and why the others stay as the profile has them.

One is stated only where what was fitted is what its mechanism means by it, with the settings it was
fitted over and the error of its fit. Coefficients of one fit go together: a source that gives one of them
and the profile that gives the other would be a pair that neither has seen (`settled`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

import numpy as np

from kscale.calibrate.fit import HIGH, LOW, Fit, fit
from kscale.calibrate.meant import MEANT, Fits, Meant, Profile, Rows
from kscale.calibrate.point import Point
from kscale.calibrate.record import GOAL_PCT


@dataclass(frozen=True, slots=True)
class Stated:
    """A coefficient as it goes into the file."""

    meant: Meant
    value: int
    low: int  # range: of the fit over resampled settings and repeats, widened by what its formula misses
    high: int
    over: Mapping[str, tuple[int, int]]  # least and most of each setting it was measured at
    error_pct: float | None  # median of the points kept back from its fits, of the worst one; None without
    once: bool  # a setting was measured only once
    cut: bool = False  # an experiment of its fits was not run to its end

    @property
    def above_goal(self) -> bool:
        """Return whether its fit predicts worse than it should."""
        return self.error_pct is not None and self.error_pct > GOAL_PCT


@dataclass(frozen=True, slots=True)
class Left:
    """A coefficient, or several, that stay as the profile has them, and why."""

    name: str
    why: str


NOT_SEEN: tuple[Left, ...] = (
    Left(
        "etcd_append_cpu_ns, etcd_apply_ns, etcd_apply_ps_per_byte, etcd_write_cpu_ps_per_byte",
        "parts of a put that cannot be told apart from outside",
    ),
    Left(
        "etcd_peer_round_trip_ns, etcd_network_ps_per_byte, etcd_quorum_read_cpu_ns, list_round_trip_ns,"
        " etcd_election_ns",
        "one member has no peers",
    ),
    Left("etcd_store_record_bytes", "whole pages hide it; the profile's is held against heartbeat-db"),
    Left("etcd_copy_ps_per_byte, etcd_snapshot_disk_ps_per_byte", "no experiment shows them apart"),
    Left(
        "etcd_freelist_scan_ps_per_page, etcd_freelist_allocate_ns, etcd_freelist_span_ps",
        "puts and commits are timed beside free pages, not the allocations in them",
    ),
    Left("all others", "they are of API servers, informers and other stores; only etcd is run"),
)


def settled(fits: Fits, points: Mapping[str, Sequence[Point]], profile: Profile) -> dict[str, Fit]:
    """Return fits, by family; where a term cannot be told from nothing, made beside the profile's.

    Only where the profile's is in the range that was found: elsewhere the term is stated as it was fitted.
    """
    made = dict(fits)
    for family in fits:
        rows = Rows(fits, profile)
        fixed = {
            one.term: profile[one.name] / one.factor
            for one in MEANT
            if one.families == (family,) and _paired(one) and _nothing(rows, one)
            if profile[one.name] <= _ends(rows, one)[2]
        }
        beside = fit(fits[family].formula, points[family], fixed) if fixed else None
        if beside is not None and fits[family].determined:
            made[family] = beside
    return made


def _paired(meant: Meant) -> bool:
    """Return whether a coefficient is a term of a fit that gives another coefficient too."""
    same = [one for one in MEANT if one.families == meant.families]
    return bool(meant.term) and len(same) > 1


def _ends(rows: Rows, meant: Meant) -> tuple[float, float, float]:
    """Return a coefficient, and the least and the most of the middle 95 % of its draws."""
    drawn = meant.value(rows)
    low, high = (float(end) for end in np.percentile(drawn[1:], (LOW, HIGH)))
    return float(drawn[0]), low, high


def _nothing(rows: Rows, meant: Meant) -> bool:
    """Return whether a coefficient cannot be told from nothing."""
    value, low, _ = _ends(rows, meant)
    return low <= 0 or round(value) <= 0


def stated(fits: Fits, profile: Profile, cut: Collection[str] = ()) -> tuple[list[Stated], list[Left]]:
    """Return the coefficients that the fits give, and those that stay with the reason.

    One that cannot be told from nothing, or whose settings do not tell it from others, stays; so does one
    whose fit nothing checks. Experiments of the families in *cut* were not run to their end.
    """
    found: list[Stated] = []
    left: list[Left] = []
    rows = Rows(fits, profile)
    for meant in MEANT:
        made = _made(meant, rows, cut)
        if isinstance(made, Stated):
            found.append(made)
            rows = replace(rows, stated={**rows.stated, meant.name: meant.value(rows)})
        else:
            left.append(Left(meant.name, made))
    return found, left


def _made(meant: Meant, rows: Rows, cut: Collection[str]) -> Stated | str:
    """Return one coefficient, or why it is none."""
    missing = [family for family in meant.families if family not in rows.fits]
    if missing:
        return f"{_listed(missing)} not measured"
    unclear = [family for family in meant.families if not rows.fits[family].determined]
    if unclear:
        return f"too few different settings of {_listed(unclear)}"
    used = [rows.fits[family] for family in meant.families]
    checked, partial = all(one.checked for one in used), any(family in cut for family in meant.families)
    if not checked:
        why = ", as its experiment was cut off" if partial else ""
        return f"measured at too few settings to check a fit{why}"
    if any(meant.term in one.fixed for one in used):
        return "cannot be told from nothing, nor from the profile's, beside which the others are fitted"
    value, low, high = _ends(rows, meant)
    if _nothing(rows, meant) and not _paired(meant):
        return f"cannot be told from nothing: {value:,.0f} {meant.unit}, {low:,.0f} to {high:,.0f}"
    whole = round(value)
    errors = [one.held_out_error for one in used if one.held_out_error is not None]
    return Stated(
        meant,
        whole,
        min(whole, floor(low)),
        max(whole, ceil(high)),
        over=_over(used),
        error_pct=100 * max(errors) if errors else None,
        once=any(one.once for one in used),
        cut=partial,
    )


def _over(used: Sequence[Fit]) -> dict[str, tuple[int, int]]:
    """Return the settings that all fits of a coefficient were made over."""
    ends = {
        key: [one.over[key] for one in used] for key in used[0].over if all(key in one.over for one in used)
    }
    shared = {
        key: (ceil(max(low for low, _ in each)), floor(min(high for _, high in each)))
        for key, each in ends.items()
    }
    return {key: (low, max(low, high)) for key, (low, high) in shared.items()}


def _listed(names: Sequence[str]) -> str:
    """Return names for a sentence."""
    return " and ".join(names)
