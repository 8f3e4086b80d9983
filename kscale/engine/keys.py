"""What the keys of axes mean: parameters of mechanisms, or places of the scenario."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kscale import units
from kscale.engine.axes import Axis
from kscale.errors import KscaleError, did_you_mean
from kscale.measure import parameters
from kscale.measure.parameters import VARIANTS
from kscale.measure.plan import Over
from kscale.measure.point import called
from kscale.mechanisms.base import Mechanism
from kscale.scenario import places
from kscale.scenario.load import Loaded

SCENARIO = "scenario."  # before a key of the scenario's top level, where cells keep it: it has no dot itself
MECHANISMS = "mechanisms."
SEEDS = ("seed", "seeds")


@dataclass(frozen=True, slots=True)
class Meant:
    """What an axis varies."""

    axis: Axis
    mechanisms: tuple[str, ...]  # whose parameter it is; none: it is a place of the scenario
    name: str  # of the parameter, or the place, as `places.places` has it

    @property
    def kept_as(self) -> str:
        """Return the name under which cells keep the value: a place has a dot there."""
        return self.name if self.mechanisms or "." in self.name else SCENARIO + self.name

    def over(self) -> Iterator[Over]:
        """Yield what is varied of each mechanism."""
        for mechanism in self.mechanisms:
            yield Over(mechanism, self.name, self.axis.values, self.axis.said)


def meant(loaded: Loaded, mechanisms: Sequence[Mechanism], axes: Sequence[Axis]) -> list[Meant]:
    """Return what each axis varies; KscaleError if its key is nothing, or is varied already."""
    known = {one.id: one for one in mechanisms}
    running = [known[name] for name in loaded.scenario.mechanisms or known if name in known]
    there = places.places(loaded.scenario)
    found: list[Meant] = []
    taken: set[tuple[str, str]] = set()
    for axis in axes:
        key = axis.key.removeprefix(SCENARIO)
        name = key.rpartition(".")[2]
        if key in SEEDS or name == VARIANTS:
            instead = "--set says which are run" if name == VARIANTS else "give --seeds N"
            raise KscaleError(f"{axis.said}: {name} cannot be varied; {instead}")
        of = tuple(_mechanisms(key, running))
        if not of and key not in there:
            raise KscaleError(f"{axis.said}: {_unknown(key, list(known), running, list(there))}")
        one = Meant(axis, of, name if of else key)
        ways = {(mechanism, one.name) for mechanism in of or ("",)}
        if ways & taken:
            raise KscaleError(f"{axis.said}: {units.quote(axis.key)} is varied already; keep one")
        taken |= ways
        found.append(one)
    return found


def _mechanisms(key: str, running: Sequence[Mechanism]) -> Iterator[str]:
    """Yield the mechanisms whose parameter a key is."""
    head, dot, name = key.rpartition(".")
    for mechanism in running:
        if name in parameters.names(mechanism) and (mechanism.id == head if dot else True):
            yield mechanism.id


def _unknown(key: str, known: Sequence[str], running: Sequence[Mechanism], there: Sequence[str]) -> str:
    """Return why a key is none, and what is near it."""
    if key.startswith(MECHANISMS):
        return f"write it without {MECHANISMS}: {units.quote(key.removeprefix(MECHANISMS))}"
    if "." in key:
        return _unknown_place(key, known, running, there)
    what = f"no mechanism of the scenario has a parameter {units.quote(key)}"
    likely = next((place for place in there if called(place) == key.replace("_", " ")), None)
    if likely:
        return f"{what}; did you mean {likely}?"
    names = {name for one in running for name in parameters.names(one)}
    return f"{what}; {did_you_mean(key[: units.LONGEST], names)}"


def _unknown_place(key: str, known: Sequence[str], running: Sequence[Mechanism], there: Sequence[str]) -> str:
    """Return why a key with a dot is none."""
    head, _, name = key.partition(".")
    if head in places.SECTIONS:
        return f"the scenario has no single value at {units.quote(key)}; {places.nearest(key, there)}"
    mechanism = next((one for one in running if one.id == head), None)
    if mechanism is not None:
        near = did_you_mean(name[: units.LONGEST], parameters.names(mechanism))
        return f"{head} has no parameter {units.quote(name)}; {near}"
    if head in known:
        return f"the scenario does not run {head}; it runs: {', '.join(one.id for one in running)}"
    likely = next((place for place in there if place.endswith(f".{key}")), None)
    near = f"did you mean {likely}?" if likely else did_you_mean(head, {*known, *places.SECTIONS})
    return f"{units.quote(head)} is neither a mechanism nor a part of the scenario; {near}"
