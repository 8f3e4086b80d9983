"""A scenario's mechanisms to the list of cells to run, in order, all checked before any work starts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from kscale import units
from kscale.errors import KscaleError, did_you_mean
from kscale.measure import parameters
from kscale.measure.parameters import ALL, VARIANTS, ParameterError
from kscale.measure.point import DEFAULTS, Point, narrow, say
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism
from kscale.scenario.load import Loaded

MOST_CELLS = 1000  # of a run


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """One mechanism at one point, to be run."""

    mechanism: Mechanism
    params: Any  # the mechanism's own record, defaults included
    variants: tuple[str, ...]  # in the mechanism's order; the baseline is always first
    label: str  # the point as people say it: "1M free pages"
    given: tuple[str, ...] = ()  # parameters that are not left to their defaults, as the label says them

    @property
    def values(self) -> dict[str, Any]:
        """Return the parameters as a result keeps them."""
        return parameters.values(self.params)

    @property
    def key(self) -> str:
        """Return the cell's identity, as `record.Cell.key` builds it."""
        point = ",".join(f"{name}={value}" for name, value in sorted(self.values.items()))
        return f"{self.mechanism.id}[{point}]"


@dataclass(frozen=True, slots=True)
class Over:
    """What a sweep varies of one mechanism: values in place of those of its scenario."""

    mechanism: str
    key: str
    values: tuple[str, ...]  # as a scenario would state them
    said: str  # where it was given, as complaints name it


@dataclass(frozen=True, slots=True)
class _Given:
    """The values of one key, and how to complain of the i-th."""

    values: Sequence[Any]
    complain: Callable[[int, str], KscaleError]


_Block = dict[str, _Given]


def plan(
    loaded: Loaded,
    mechanisms: Sequence[Mechanism],
    *,
    only: Sequence[str] = (),
    overrides: Sequence[str] = (),
    over: Sequence[Over] = (),
    most: int = MOST_CELLS,
) -> list[PlannedCell]:
    """Return the cells of a scenario in its own order; KscaleError on the first thing wrong.

    A list is a sweep, several lists their product. *overrides* are `mechanism.key=value[,value]`
    and replace what the scenario says; so does *over*, with which only its mechanisms are run. *only*
    narrows by mechanism (`etcd-*`) or by a parameter (`free_pages=1M`): patterns of one kind add up,
    different kinds narrow. There may be *most* cells.
    """
    known = {mechanism.id: mechanism for mechanism in mechanisms}
    blocks = _blocks(loaded, known)
    for text in overrides:
        _override(blocks, known, text)
    for axis in over:
        _vary(blocks, axis)
    swept = {axis.mechanism for axis in over}
    cells: dict[str, PlannedCell] = {}
    for mechanism_id, several in blocks.items():
        if swept and mechanism_id not in swept:
            continue
        for block in several:
            points = prod(len(given.values) for key, given in block.items() if key != VARIANTS)
            if points > most:
                raise _too_many(loaded, mechanism_id, most)
            for cell in _cells(known[mechanism_id], block, _complainer(loaded, mechanism_id)):
                # an override may well make two points one
                if cell.key in cells and not (overrides or over):
                    raise loaded.complain(("mechanisms", mechanism_id), f"{cell.label} is there twice")
                cells.setdefault(cell.key, cell)
            if len(cells) > most:
                raise _too_many(loaded, mechanism_id, most)
    return narrow(list(cells.values()), only, lambda cell: Point(cell.mechanism.id, cell.values, cell.label))


def _too_many(loaded: Loaded, mechanism_id: str, most: int) -> KscaleError:
    """Return the complaint that a mechanism has more cells than are run."""
    return loaded.complain(("mechanisms", mechanism_id), f"makes more than {most:,} cells; narrow the sweeps")


def params_schema(mechanism: Mechanism) -> dict[str, Any]:
    """Return the JSON Schema of what a scenario may say of *mechanism*."""
    return parameters.schema(mechanism)


def _complainer(loaded: Loaded, mechanism_id: str) -> Callable[[str], KscaleError]:
    """Return how to complain of several parameters of a mechanism together."""
    return lambda message: loaded.complain(("mechanisms", mechanism_id), message)


def _blocks(loaded: Loaded, known: Mapping[str, Mechanism]) -> dict[str, list[_Block]]:
    """Return the scenario's blocks by mechanism; without any, one empty block of every mechanism."""
    for mechanism_id in loaded.scenario.control_plane.optimizations or {}:
        if mechanism_id not in known:
            message = f"no mechanism '{mechanism_id}'; {did_you_mean(mechanism_id, known)}"
            raise loaded.complain(("control_plane", "optimizations", mechanism_id), message)
    asked = loaded.scenario.mechanisms or {mechanism_id: [{}] for mechanism_id in known}
    for mechanism_id in asked:
        if mechanism_id not in known:
            message = f"no mechanism '{mechanism_id}'; {did_you_mean(mechanism_id, known)}"
            raise loaded.complain(("mechanisms", mechanism_id), message)
    return {
        mechanism_id: [
            {key: _given(loaded, ("mechanisms", mechanism_id, i, key), raw) for key, raw in block.items()}
            for i, block in enumerate(several)
        ]
        for mechanism_id, several in asked.items()
    }


def _given(loaded: Loaded, loc: tuple[str | int, ...], raw: Any) -> _Given:  # noqa: ANN401 - from the file
    """Return the values of a key in the file: a list is a sweep, and is never empty there."""
    several = raw if isinstance(raw, list) else [raw]
    return _Given(several, lambda i, message: loaded.complain((*loc, i), message))


def _override(blocks: dict[str, list[_Block]], known: Mapping[str, Mechanism], text: str) -> None:
    """Replace a key in every block of a mechanism."""
    target, equals, given = text.partition("=")
    mechanism_id, dot, key = target.strip().partition(".")
    values = [value.strip() for value in given.split(",")]
    if not (equals and dot and key and all(values)):
        raise KscaleError(f"--set {text}: write it like etcd-freelist.free_pages=10k,100k")
    if mechanism_id not in known:
        raise KscaleError(f"--set {text}: no mechanism '{mechanism_id}'; {did_you_mean(mechanism_id, known)}")
    if mechanism_id not in blocks:
        running = ", ".join(blocks)
        raise KscaleError(f"--set {text}: the scenario does not run {mechanism_id}; it runs: {running}")
    replaced = _Given(values, lambda _, message: KscaleError(f"--set {text}: {message}"))
    for block in blocks[mechanism_id]:
        block[key] = replaced


def _vary(blocks: dict[str, list[_Block]], axis: Over) -> None:
    """Replace a key in every block of a mechanism that the scenario runs."""
    replaced = _Given(axis.values, lambda _, message: KscaleError(f"{axis.said}: {message}"))
    for block in blocks[axis.mechanism]:
        block.pop(axis.key, None)
        block[axis.key] = replaced  # last, so that its points follow one another


def _cells(
    mechanism: Mechanism, block: _Block, complain: Callable[[str], KscaleError]
) -> Iterator[PlannedCell]:
    """Yield the cells of one block: the product of its sweeps, in the order they are written."""
    variants = _variants(mechanism, block.get(VARIANTS))
    sweeps = {key: given for key, given in block.items() if key != VARIANTS}
    for point in product(*(range(len(given.values)) for given in sweeps.values())):
        places = dict(zip(sweeps, point, strict=True))
        try:
            params = parameters.read(mechanism, {key: sweeps[key].values[i] for key, i in places.items()})
        except ParameterError as error:
            if error.key in sweeps:
                raise sweeps[error.key].complain(places[error.key], str(error)) from error
            raise complain(str(error)) from error
        yield PlannedCell(mechanism, params, variants, _label(params, list(sweeps)), tuple(sweeps))


def _variants(mechanism: Mechanism, given: _Given | None) -> tuple[str, ...]:
    """Return the variants to run in the mechanism's order, the baseline and a plugin's always among them."""
    wanted = {BASELINE, OPTIMIZED} if given is None else {BASELINE}
    for i, name in enumerate(given.values if given else ()):
        if name == ALL:
            wanted |= set(mechanism.variants)
        elif name in mechanism.variants:
            wanted.add(name)
        elif given:
            known = did_you_mean(str(name)[: units.LONGEST], [ALL, *mechanism.variants])
            raise given.complain(i, f"{mechanism.id} has no variant {units.quote(name)}; {known}")
    wanted |= {name for name, variant in mechanism.variants.items() if variant.own}
    if len(wanted) == 1 and given:
        raise given.complain(0, f"needs a variant beside {BASELINE}; known: {', '.join(mechanism.variants)}")
    return (BASELINE, *(name for name in mechanism.variants if name in wanted and name != BASELINE))


def _label(params: Any, given: Sequence[str]) -> str:  # noqa: ANN401 - a mechanism's own record
    """Return the point as people say it: only what was given, in the order it was."""
    values = parameters.values(params)
    return ", ".join(say(name, values[name]) for name in given) or DEFAULTS
