"""The cluster of an imported scenario: the file of its columns, and in comments what is in it.

Shapes of nodes and requests of pods are told the most frequent first. Those that read alike are one line.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kscale import units
from kscale.imports import settings
from kscale.imports.merge import NODES, OBJECTS, PODS, SPACE, Merged
from kscale.imports.yaml_values import scalar, title, why
from kscale.scenario.recorded import Recorded, RecordedNodes, RecordedObjects, RecordedPods
from kscale.scenario.schema_cluster import (
    DEFAULT_TYPES,
    PreferenceSpec,
    RequestSpec,
    ShapeSpec,
    TaintSpec,
    TolerationSpec,
    TypeSpec,
)

MOST_SHOWN = 8  # node shapes, classes of pods, types
MOST_VALUES = 3  # of one label
LONGEST = 130  # characters of a shape or a request, before what is only counted

Piece = tuple[str, str]  # a label, a taint ..: its text, what it is


@dataclass(frozen=True, slots=True)
class Parts:
    """What there is of a cluster, by how well it is known."""

    recorded: Recorded
    counted: Mapping[str, int]  # objects by type whose sizes nobody knows
    invented: frozenset[str]  # types of those that nobody counted
    worked_out: frozenset[str]  # types whose recorded sizes nobody read


def cluster(merged: Merged, parts: Parts, file: tuple[str, str] | None) -> Iterator[str]:
    """Yield the section; *file*: name and sha256 of the columns, None if nothing was recorded."""
    recorded, counted = parts.recorded, parts.counted
    yield "cluster:"
    if file is not None:
        held = {NODES: recorded.node_count, PODS: recorded.pod_count, OBJECTS: recorded.object_count}
        yield f"  imported: {scalar(file[0])}"
        yield f"  sha256: {scalar(file[1])}"
        yield f"  holds: {{{', '.join(f'{name}: {number}' for name, number in held.items())}}}"
        yield "  # repeat: 2  would be a cluster twice as large"
    for kind, spec, comments in (
        (NODES, recorded.nodes, _shapes(recorded.nodes)),
        (PODS, recorded.pods, _requests(recorded.pods)),
    ):
        key = f"counts.{kind}"
        if spec is not None:
            yield f"  # {kind}{_from(merged, kind)}:"
            yield from (f"  #   {line}" for line in comments)
        elif key in merged.values:
            yield f"  {kind}: {{count: {merged.values[key].value}}}  # {why(merged, key)}"
    if recorded.objects is not None:
        yield from _stored(merged, recorded.objects, parts.worked_out)
    if counted:
        yield from _counted(counted, parts.invented, total=recorded.objects is None)
    if recorded.space is not None:
        free = recorded.space.free
        yield f"  # pages of the store{_from(merged, SPACE)}:"
        runs = units.show_many(len(free), "run")
        yield f"  #   {int(free[:, 1].sum()):,} of {recorded.space.file_pages:,} are free, in {runs}"
    if not (file or counted or any(f"counts.{kind}" in merged.values for kind in (NODES, PODS))):
        yield "  # nothing was read of it: kscale's own default"
        yield "  nodes: {}"


def _shapes(nodes: RecordedNodes | None) -> Iterator[str]:
    """Yield the most frequent shapes."""
    if nodes is not None:
        zones, shapes = units.show_many(nodes.zones, "zone"), units.show_many(len(nodes.shapes), "shape")
        yield f"{units.show_many(len(nodes.shape), 'node')} in {zones}, of {shapes}"
        yield from _most(np.bincount(nodes.shape).tolist(), [_shape(one) for one in nodes.shapes])


def _requests(pods: RecordedPods | None) -> Iterator[str]:
    """Yield the most frequent requests."""
    if pods is not None:
        apps, namespaces = (
            units.show_many(int(pods.app.max()) + 1, "app"),
            units.show_many(pods.namespaces, "namespace"),
        )
        yield (
            f"{units.show_many(len(pods.request), 'pod')} of {apps} in {namespaces}, "
            f"with {units.show_many(len(pods.requests), 'different request')}"
        )
        yield from _most(np.bincount(pods.request).tolist(), [_request(one) for one in pods.requests])


def _most(counts: Sequence[int], shown: Sequence[str]) -> Iterator[str]:
    """Yield the most frequent ones with their counts, and how many others there are."""
    number: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for count, text in zip(counts, shown, strict=True):
        number[text] += count
        kinds[text] += 1
    order = sorted(number, key=lambda text: -number[text])
    for text in order[:MOST_SHOWN]:
        alike = f" ({kinds[text]:,} that differ in what is not shown)" if kinds[text] > 1 else ""
        yield f"{number[text]:,} x {text}{alike}"
    rest = order[MOST_SHOWN:]
    if rest:
        others = units.show_many(sum(number[text] for text in rest), "other")
        yield f"{others} of {units.show_many(sum(kinds[text] for text in rest), 'kind')}"


def _shape(one: ShapeSpec) -> str:
    """Return a shape in a few words."""
    words = [f"cpu {units.exact_cpu(one.cpu)}", units.show_bytes(one.memory)]
    words += [units.show_many(one.pods, "pod"), *(["cordoned"] if one.unschedulable else [])]
    pieces = [(f"{name}: {amount:,}", "resource") for name, amount in one.extended.items()]
    pieces += [(f"{key}={value}", "label") for key, value in one.labels.items()]
    pieces += [(f"taint {_taint(taint)}", "taint") for taint in one.taints]
    return _fitted(words, pieces)


def _request(one: RequestSpec) -> str:
    """Return a request in a few words."""
    words = [f"cpu {units.exact_cpu(one.cpu[0])}" if one.cpu else "no cpu"]
    words += [units.show_bytes(one.memory[0]) if one.memory else "no memory"]
    words += [f"ephemeral {units.show_bytes(one.ephemeral)}"] if one.ephemeral else []
    pieces = [(f"{name}: {amount:,}", "resource") for name, amount in one.extended.items()]
    pieces += [(f"on {key}={_any(values)}", "label") for key, values in one.selector.items()]
    pieces += [(f"rather on {_preference(each)}", "preference") for each in one.preferred]
    pieces += [(f"tolerates {_toleration(each)}", "toleration") for each in one.tolerations]
    return _fitted(words, pieces)


def _fitted(words: Sequence[str], pieces: Sequence[Piece]) -> str:
    """Return *words* and as many of *pieces* as fit, whole; the others are counted."""
    text = ", ".join(words)
    for place, (piece, _) in enumerate(pieces):
        if len(text) + len(piece) > LONGEST:
            rest = Counter(noun for _, noun in pieces[place:])
            more = [units.show_many(number, f"more {noun}") for noun, number in rest.items()]
            return f"{text}, and {', '.join(more)}"
        text = f"{text}, {piece}"
    return text


def _taint(one: TaintSpec) -> str:
    """Return a taint as kubectl writes it."""
    return f"{one.key}{f'={one.value}' if one.value else ''}:{one.effect}"


def _toleration(one: TolerationSpec) -> str:
    """Return what is tolerated, in the form of a taint; a star is any value."""
    if not one.key:
        return f"every taint{f' that is {one.effect}' if one.effect else ''}"
    value = "=*" if one.operator == "Exists" else f"={one.value}" if one.value else ""
    return f"{one.key}{value}{f':{one.effect}' if one.effect else ''}"


def _preference(one: PreferenceSpec) -> str:
    """Return a preferred label with its weight."""
    return f"{one.key}={_any(one.values)} (weight {one.weight})"


def _any(values: Sequence[str]) -> str:
    """Return the values of a label that are allowed."""
    more = len(values) - MOST_VALUES
    return "|".join(values[:MOST_VALUES]) + (f"|{more:,} more" if more > 0 else "")


def _stored(merged: Merged, objects: RecordedObjects, worked_out: frozenset[str]) -> Iterator[str]:
    """Yield the stored objects that are in the file."""
    rows = objects.sizes
    numbers = np.bincount(rows[:, 0], weights=rows[:, 2]).astype(np.int64).tolist()
    sizes = np.zeros(len(numbers), dtype=np.int64)
    np.add.at(sizes, rows[:, 0], rows[:, 1] * rows[:, 2])
    order = sorted(range(len(numbers)), key=lambda i: (-int(sizes[i]), i))
    origins = sorted({merged.origins.get(f"{OBJECTS}.{name}", "") for name in objects.types} - {""})
    guessed = len(worked_out.intersection(objects.types))
    guess = ""
    if guessed:
        guess = "; sizes worked out" + (f" of {guessed:,} of them" if guessed < len(order) else "")
    number, types = units.show_many(sum(numbers), "object"), units.show_many(len(order), "type")
    yield f"  # objects from {', '.join(title(one) for one in origins)}:"
    yield f"  #   {number} of {types}, {units.show_bytes(int(sizes.sum()))}{guess}; those of most bytes:"
    for i in order[:MOST_SHOWN]:
        mean = units.show_bytes(int(sizes[i]) // max(1, numbers[i]))
        yield f"  #   {objects.types[i]}: {numbers[i]:,} of {mean}"


def _counted(counted: Mapping[str, int], invented: frozenset[str], *, total: bool) -> Iterator[str]:
    """Yield the stored objects without a known size; *total*: there are no others."""
    yield "  objects:  # their sizes are assumed"
    if total:
        yield f"    total: {sum(counted.values())}"
    yield "    types:"
    for name, count in counted.items():
        size = settings.size(DEFAULT_TYPES.get(name, TypeSpec()).size)
        is_invented = name in invented
        number = name if is_invented and not total else count  # by its name: as many as the cluster has
        why = "  # not read: as many as the cluster has" if is_invented else ""
        yield f"      {scalar(name)}: {{count: {number}, size: {size}}}{why}"


def _from(merged: Merged, what: str) -> str:
    """Return where something is from."""
    return f" from {title(merged.origins[what])}" if what in merged.origins else ""
