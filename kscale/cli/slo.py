"""Objectives as an option names them: the official ones, or with other bounds, in words or in a file."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from kscale import units
from kscale.clusterwide import objectives
from kscale.clusterwide.objectives import Objective
from kscale.errors import KscaleError
from kscale.scenario import document
from kscale.scenario.profiles import Profile

OFFICIAL = "official"
OPTION = "--slo"
SUFFIXES = (".yaml", ".yml")
LEAST = "the least is one line: pod-startup: 10s"
MOST_NS = 86_400 * units.NS_PER_S


def parse(text: str, profile: Profile) -> tuple[Objective, ...]:
    """Return the objectives that *text* names; KscaleError says what is allowed.

    Words with commas, each `official` or a bound, as `pod-startup=10s` or `lost<=0.1%`; or a YAML file that
    maps objectives to bounds. What is not named stays official.
    """
    known = objectives.official(profile)
    if text.endswith(SUFFIXES):
        return _of_file(Path(text), known)
    given: dict[str, str] = {}
    for word in text.split(","):
        if word.strip() == OFFICIAL:
            continue
        name, sign, bound = word.partition("=")
        if not sign:
            said = units.quote(word.strip())
            raise KscaleError(f"{OPTION}: {said} is not known; write {OFFICIAL}, KEY=BOUND or a .yaml file")
        known_as = name.strip().removesuffix("<").strip()
        if known_as in given:
            raise KscaleError(f"{OPTION}: {units.quote(known_as)} is given twice; leave one of them out")
        given[known_as] = bound.strip()
    try:
        return _changed(known, given)
    except KscaleError as error:
        raise KscaleError(f"{OPTION}: {error}") from None


def shown(chosen: tuple[Objective, ...], profile: Profile) -> str:
    """Return what objectives are called in a line: those that are not as the official ones are named."""
    usual = {one.id: one.at_most for one in objectives.official(profile)}
    other = [f"{one.id} <= {_amount(one)}" for one in chosen if usual.get(one.id) != one.at_most]
    return f"official objectives but {', '.join(other)}" if other else "official objectives"


def _of_file(path: Path, known: tuple[Objective, ...]) -> tuple[Objective, ...]:
    """Return the objectives of a file."""
    tree = document.tree(document.read(path, str(path)), str(path), LEAST)
    for name, bound in tree.value.items():
        try:
            known = _changed(known, {str(name): bound})
        except KscaleError as error:
            raise document.complaint(str(path), (name,), str(error), tree.lines) from None
    return known


def _changed(known: tuple[Objective, ...], given: Mapping[str, object]) -> tuple[Objective, ...]:
    """Return objectives with other bounds."""
    by_id = {one.id: one for one in known}
    bounds = {name: _bound(by_id[name], bound) if name in by_id else 0 for name, bound in given.items()}
    return objectives.changed(known, bounds)


def _bound(one: Objective, given: object) -> int:
    """Return a bound in the objective's unit."""
    if not isinstance(given, str | int | float) or isinstance(given, bool):
        raise KscaleError(f"{one.id}: {units.quote(given)} is no bound; write it like {_amount(one)}")
    try:
        if one.unit == "ppm":
            return int(units.parse_share(given) * objectives.PPM)
        found = units.parse_duration(given)
    except ValueError as error:
        raise KscaleError(f"{one.id}: {error}") from error
    if not 0 < found <= MOST_NS:
        raise KscaleError(f"{one.id}: must be more than 0 and at most 24h, got {given}")
    return found


def _amount(one: Objective) -> str:
    """Return a bound as it can be written."""
    if one.unit == "ppm":
        return units.show_percent(Fraction(one.at_most, objectives.PPM))
    return units.exact_duration(one.at_most)
