"""The places of a scenario file that hold one value, and a file's tree with another value at one of them.

A place is written with dots: cluster.nodes.count. Only those that say how large, how loaded or of which
version a cluster is can be varied; entries of lists cannot.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin

from kscale import units
from kscale.errors import did_you_mean
from kscale.scenario.schema import Scenario
from kscale.scenario.spec import Spec
from kscale.scenario.yaml_tree import Loc

SECTIONS = ("profile", "cluster", "control_plane", "load", "simulation")
MANY = "cluster.objects.types."  # a dozen types with four values each, which few mean
FIXED = (  # which cluster it is, and what is known of it
    ("cluster", "trace"),
    ("cluster", "imported"),
    ("cluster", "sha256"),
    ("cluster", "holds"),
    ("control_plane", "optimizations"),
)


def places(scenario: Scenario) -> dict[str, Loc]:
    """Return the places of a scenario that can be varied, by the name they are written by."""
    found = {}
    for section in SECTIONS:
        for loc in _below((section,), getattr(scenario, section), _of_field(Scenario, section)):
            if loc[:2] not in FIXED:
                found[".".join(str(part) for part in loc)] = loc
    return found


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the tail of a complaint that there is no such place."""
    many = name.startswith(MANY)
    return did_you_mean(name[: units.LONGEST], [one for one in known if one.startswith(MANY) == many])


def value(scenario: Scenario, loc: Loc) -> Any:  # noqa: ANN401 - of any field
    """Return what is at a place: a number in its base unit, text, or a part of the file; None: nothing."""
    here: Any = scenario
    for part in loc:
        if isinstance(here, Spec):
            here = getattr(here, _name(type(here), str(part)))
        else:
            here = here.get(part) if isinstance(here, Mapping) else None
    return here


def put(tree: Mapping[str, Any], scenario: Scenario, loc: Loc, given: Any) -> dict[str, Any]:  # noqa: ANN401 - a value of a file
    """Return the tree of a file with *given* at a place of *scenario*, which was made of the tree.

    What the file does not say stays unsaid, so that other defaults follow.
    """
    changed = level = dict(tree)
    for depth, part in enumerate(loc[:-1], 1):
        inner = level.get(str(part))
        level[str(part)] = dict(inner if isinstance(inner, Mapping) else _by_default(scenario, loc[:depth]))
        level = level[str(part)]
    level[str(loc[-1])] = given
    return changed


class _Kinds(NamedTuple):
    """What a field may hold."""

    parts: tuple[type[Spec], ...]  # of a file
    several: bool  # entries, not one value


def _below(loc: Loc, held: Any, kinds: _Kinds) -> Iterator[Loc]:  # noqa: ANN401 - of any field
    """Yield the places in a part of a scenario; of one that is not given, those it could have."""
    if isinstance(held, Spec) or (held is None and kinds.parts and loc[0] == "simulation"):
        spec = type(held) if isinstance(held, Spec) else kinds.parts[0]
        for name, field in spec.model_fields.items():
            inner = (*loc, field.alias or name)
            yield from _below(inner, getattr(held, name, None), _of_field(spec, name))
    elif isinstance(held, Mapping):
        for key, entry in held.items():
            yield from _below((*loc, key), entry, _told((type(entry),)))
    elif not kinds.parts and not kinds.several:
        yield loc


@cache
def _of_field(spec: type[Spec], name: str) -> _Kinds:
    """Return what a field may hold; asked for again at every point of a sweep."""
    return _told(_kinds(spec.model_fields[name].annotation))


def _told(kinds: tuple[Any, ...]) -> _Kinds:
    """Return types as they matter here."""
    return _Kinds(
        tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Spec)),
        any(get_origin(kind) in (dict, tuple, list) for kind in kinds),
    )


def _kinds(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401 - of any field
    """Return the types that an annotation allows, but None and what only checks them."""
    if hasattr(annotation, "__metadata__"):
        return _kinds(get_args(annotation)[0])
    if annotation is type(None):
        return ()
    if isinstance(annotation, type) or get_origin(annotation) in (dict, tuple, list):
        return (annotation,)
    return tuple(kind for part in get_args(annotation) for kind in _kinds(part))


def _name(spec: type[Spec], key: str) -> str:
    """Return the field that a key of the file stands for."""
    return next(name for name, field in spec.model_fields.items() if key in (name, field.alias))


def _by_default(scenario: Scenario, loc: Loc) -> dict[str, Any]:
    """Return what a part of the file is that it does not say, as far as putting a value in it changes that.

    Of a mapping that has entries by default those: with one of them given, the others would be gone.
    """
    above = value(scenario, loc[:-1])
    if not isinstance(above, Spec):
        return {}
    entries = type(above).model_fields[_name(type(above), str(loc[-1]))].get_default()
    if not isinstance(entries, Mapping):
        return {}
    return {
        key: entry.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if isinstance(entry, Spec)
        else entry
        for key, entry in entries.items()
    }
