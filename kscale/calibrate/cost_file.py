"""The cost-model file that a calibration makes: coefficients first, then how they were measured.

It is read back before it is written: what kscale writes, it can read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import yaml

from kscale import __version__
from kscale.calibrate import coefficients, families, figures
from kscale.calibrate.campaign import Outcome
from kscale.calibrate.coefficients import Stated
from kscale.calibrate.fit import Fit, fit, widened
from kscale.calibrate.point import Point
from kscale.calibrate.record import (
    GOAL_PCT,
    Calibration,
    CostValue,
    Endpoint,
    Family,
    FigureValue,
    LeftAs,
    Machine,
    Measured,
    rounded,
)
from kscale.measure import machine
from kscale.scenario import costs
from kscale.scenario.costs import CostModel

SCHEMA = "kscale.costs/1"
WIDTH = 110
FLAT = ("at", "range", "fingerprint")  # keys whose mapping or list stays on a line, and whose siblings do


@dataclass(frozen=True, slots=True)
class Setting:
    """What a calibration was asked, where and when."""

    date: str  # UTC, 2026-11-21
    etcd: str
    budget_s: float
    extends: CostModel
    file_system: str | None
    free_lists: tuple[str, ...]
    other_cpu_pct: float | None
    endpoint: Endpoint | None = None  # None: an etcd of our own


@dataclass(frozen=True, slots=True)
class CostFile:
    """What is written."""

    extends: CostModel
    stated: tuple[Stated, ...]
    calibration: Calibration

    @property
    def source(self) -> str:
        """Return where its coefficients come from."""
        made = self.calibration
        return f"kscale calibrate etcd, {made.etcd} {made.where}, {made.date}"


def made(outcome: Outcome, setting: Setting) -> CostFile:
    """Return the file of what was measured."""
    points = by_family(outcome.points)
    alone = {
        name: found
        for name, formula in families.FORMULAS.items()
        if name in points and (found := fit(formula, points[name])) is not None
    }
    fits = widened(coefficients.settled(alone, points, setting.extends))
    stated, left = coefficients.stated(fits, setting.extends, outcome.cut)
    calibration = Calibration(
        date=setting.date,
        etcd=setting.etcd,
        endpoint=setting.endpoint,
        kscale=__version__,
        free_lists=setting.free_lists,
        machine=_machine(setting),
        plan=outcome.plan,
        budget_s=setting.budget_s,
        seconds=outcome.seconds,
        fsync_ns=_alone(points.get("fsync", ())),
        put_ns=_mean_put(points.get("put-throughput", ())),
        experiments=tuple(outcome.done),
        left=tuple(LeftAs(name=one.name, why=one.why) for one in (*left, *coefficients.NOT_SEEN)),
        families={name: _family(found, fits.get(name)) for name, found in points.items()},
        figures={
            one.name: FigureValue.model_validate(
                {
                    "value": one.value,
                    "range": one.range,
                    "repeats": one.repeats,
                    "unit": one.unit,
                    "at": one.at,
                }
            )
            for one in figures.figures(outcome.points, fits)
        },
    )
    return CostFile(setting.extends, tuple(stated), calibration)


def taken(file: CostFile, seconds: float) -> CostFile:
    """Return a file that says how long the whole command took."""
    made = file.calibration.model_copy(update={"seconds": rounded(seconds)})
    return replace(file, calibration=made)


def by_family(points: Sequence[Point]) -> dict[str, list[Point]]:
    """Return points by their family, in the order they were measured."""
    found: dict[str, list[Point]] = {}
    for point in points:
        found.setdefault(point.family, []).append(point)
    return found


def text(file: CostFile) -> str:
    """Return the file as YAML; it is read back first, so that it can be read."""
    tree: dict[str, Any] = {
        "schema": SCHEMA,
        "extends": file.extends.name,
        "coefficients": {one.meant.name: _coefficient(one, file.source) for one in file.stated},
        "calibration": {"schema": file.calibration.schema_}
        | file.calibration.model_dump(mode="json", by_alias=True, exclude_defaults=True),
    }
    head = (
        "# What work costs on a real etcd, measured by `kscale calibrate etcd`; all else as in its profile.\n"
        "# A scenario names it with `costs:`; below `calibration:` is how good the fits are.\n"
    )
    made = head + yaml.dump(
        tree, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True, default_flow_style=False
    )
    costs.parse(made.encode(), "the calibration", "calibration")
    return made


def file_system(folder: Path) -> str | None:
    """Return the kind of file system a folder is on, as the system names it; None if it is not known."""
    target = folder.resolve()
    above = [
        (len(Path(disk.mountpoint).parts), disk.fstype)
        for disk in psutil.disk_partitions(all=True)
        if target.is_relative_to(disk.mountpoint)
    ]
    return max(above)[1] or None if above else None


def free_lists(outcome: Outcome) -> tuple[str, ...]:
    """Return the kinds of free list that were run beside each other."""
    kinds = ("array", "map")
    measured = {point.family for point in outcome.points}
    return tuple(kind for kind in kinds if f"freelist-{kind}-spill" in measured)


class _Dumper(yaml.SafeDumper):
    """Writes small mappings and lists on a line, and repeats what is equal: anchors are not read."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401 - as PyYAML has it
        """Return that nothing is written as an alias."""
        del data
        return True


def _mapping(dumper: _Dumper, data: Mapping[str, Any]) -> yaml.Node:
    """Return a mapping of plain values, or with a setting in it, as one on a line."""
    flat = all(not isinstance(value, dict) or key in FLAT for key, value in data.items())
    flat = flat and any(key in data for key in ("at", "range")) and "provenance" not in data
    plain = all(isinstance(value, float) for value in data.values())
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=flat or plain)


def _list(dumper: _Dumper, data: list[Any]) -> yaml.Node:
    """Return a list of plain values as one on a line."""
    flat = all(not isinstance(value, dict) for value in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)


def _float(dumper: _Dumper, data: float) -> yaml.Node:
    """Return a number as people write it: whole ones without a point."""
    if data == int(data):
        return dumper.represent_int(int(data))
    return dumper.represent_scalar("tag:yaml.org,2002:float", repr(data))


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(float, _float)


def _coefficient(one: Stated, source: str) -> dict[str, Any]:
    """Return a coefficient as the file has it."""
    return {
        "value": one.value,
        "range": [one.low, one.high],
        "unit": one.meant.unit,
        "provenance": "measured",
        "about": one.meant.about,
        "source": "; ".join([source, one.meant.how, *_warnings(one)]),
        "over": {key: list(ends) for key, ends in one.over.items()},
    }


def _warnings(one: Stated) -> Iterator[str]:
    """Yield what is to be known of a coefficient before it is relied on."""
    if one.above_goal:
        error, goal = f"{one.error_pct:.1f} %", f"{GOAL_PCT:.0f} %"
        yield f"points kept back from its fit are off by {error} (median), above the goal of {goal}"
    if one.once:
        yield "measured once at some settings"
    if one.cut:
        yield "partial: its experiment was cut off before its end"


def _machine(setting: Setting) -> Machine:
    """Return the facts of this machine that are kept."""
    found = machine.facts()
    return Machine(
        fingerprint=found.fingerprint,
        cpu=found.cpu_model,
        cores=found.cores_logical,
        memory_bytes=found.memory_bytes,
        kernel=f"{found.os} {found.kernel}",
        container=found.container,
        file_system=setting.file_system,
        other_cpu_pct=setting.other_cpu_pct,
    )


def _alone(points: Sequence[Point]) -> float | None:
    """Return the value at the least load: fewest puts or clients, whole ones, then fewest bytes."""
    if not points:
        return None
    return min(points, key=lambda point: [round(part) for part in point.at.values()]).value


def _mean_put(points: Sequence[Point]) -> float | None:
    """Return the mean ns of a put at the least load, where one is sent as soon as the last is answered."""
    per_s = _alone(points)
    return 1e9 / per_s if per_s else None


def _family(points: Sequence[Point], found: Fit | None) -> Family:
    """Return a family with its fit, if there is one."""
    if found is None:
        return Family(unit=points[0].unit, points=tuple(_measured(point) for point in points))
    terms = enumerate(found.formula.terms)
    error, worst = found.held_out_error, found.worst_error
    return Family(
        unit=points[0].unit,
        formula=found.formula.said,
        coefficients={
            term.name: CostValue(
                value=float(found.coefficients[number]), range=found.range(number), unit=term.unit
            )
            for number, term in terms
        },
        held_out_error_pct=None if error is None else 100 * error,
        worst_error_pct=None if worst is None else 100 * worst,
        points=tuple(_predicted(point, found) for point in points),
    )


def _measured(point: Point) -> Measured:
    """Return a point that nothing predicts."""
    return Measured(
        at=dict(point.at),
        measured=max(0.0, point.value),
        low=max(0.0, min(point.samples)),
        high=max(0.0, *point.samples),
        repeats=len(point.samples),
    )


def _predicted(point: Point, found: Fit) -> Measured:
    """Return a point with what the formula gives for it."""
    if point.value <= 0:
        return _measured(point)
    predicted = found.predicted(point)
    if predicted == float("inf"):
        return _measured(point)
    return Measured.model_validate(
        _measured(point).model_dump()
        | {
            "held_out": point in found.held + found.beyond,
            "predicted": predicted,
            "error_pct": 100 * found.error(point),
            "extrapolated": found.extrapolated(point),
        }
    )
