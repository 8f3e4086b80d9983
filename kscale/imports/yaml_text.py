"""The text of an imported scenario: sections with where they come from, amounts as people write them.

Comments name formats, never files or names of the cluster.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kscale import units
from kscale.imports import settings
from kscale.imports.formats import FORMATS
from kscale.imports.merge import NODES, OBJECTS, PODS, SPACE, Merged
from kscale.scenario.document import one_line
from kscale.scenario.recorded import Recorded, RecordedNodes, RecordedPods
from kscale.scenario.schema_cluster import DEFAULT_TYPES, RequestSpec, ShapeSpec, TypeSpec

MOST_SHOWN = 8  # node shapes, classes of pods, types
MOST_ALSO = 40  # lines at the end
LONGEST_COMMENT = 160  # characters

_UNITS = "ns|us|ms|s|min|h|m|/s|/min|/h|[KMGTPE]iB"
_PLAIN = re.compile(rf"[A-Za-z][A-Za-z0-9_./-]*|(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:{_UNITS})")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"})
TITLES = {one.id: one.title for one in FORMATS}


@dataclass(frozen=True, slots=True)
class Head:
    """What the file is called, and what it names."""

    name: str
    profile: str | None  # asked for; None: as read, else the default
    imported: str = ""  # the file of columns; empty: nothing was recorded
    sha256: str = ""


def scenario(merged: Merged, recorded: Recorded, counted: Mapping[str, int], head: Head) -> str:
    """Return the whole file."""
    lines = [
        *_head(merged, head),
        "",
        *_cluster(merged, recorded, counted, head),
        *_section("control_plane", _tree(merged, "control_plane")),
        *_section("load", _load(merged)),
        "",
        "# Every mechanism at its defaults, but for what was read; take lines away to run fewer.",
        "mechanisms:",
        *_mechanisms(merged),
        *_also(merged),
    ]
    return "\n".join(lines) + "\n"


def _head(merged: Merged, head: Head) -> Iterator[str]:
    """Yield the keys that name the scenario."""
    formats = Counter(facts.source.format for facts in merged.sources)
    names = ", ".join(title(one) if n == 1 else f"{n} x {title(one)}" for one, n in formats.items())
    state = f"; state of {merged.taken:%Y-%m-%d}" if merged.taken else ""
    read = merged.values.get("profile")
    yield "schema: kscale.scenario/1"
    yield f"name: {scalar(head.name)}"
    yield f"about: {scalar(clipped(f'Imported from {names}{state}.'))}"
    if head.profile is not None:
        yield f"profile: {head.profile}  # as asked for"
    elif read is not None:
        yield f"profile: {read.value}{_because(merged, 'profile')}"
    else:
        yield "profile: k8s-1.36  # assumed: nothing tells the version"


def _cluster(merged: Merged, recorded: Recorded, counted: Mapping[str, int], head: Head) -> Iterator[str]:
    """Yield the cluster: the file of its columns, what is in it, and what only is counted."""
    yield "cluster:"
    if head.imported:
        held = {NODES: recorded.node_count, PODS: recorded.pod_count, OBJECTS: recorded.object_count}
        yield f"  imported: {scalar(head.imported)}"
        yield f"  sha256: {scalar(head.sha256)}"
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
            yield f"  {kind}: {{count: {merged.values[key].value}}}{_because(merged, key)}"
    yield from _objects(merged, recorded, counted)
    if recorded.space is not None:
        free = recorded.space.free
        yield f"  # pages of the store{_from(merged, SPACE)}:"
        pages, runs = int(free[:, 1].sum()), len(free)
        yield f"  #   {pages:,} of {recorded.space.file_pages:,} are free, in {runs:,} runs"
    if (
        not head.imported
        and not counted
        and not any(f"counts.{kind}" in merged.values for kind in (NODES, PODS))
    ):
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
    order = sorted(range(len(counts)), key=lambda i: (-counts[i], i))
    yield from (f"{counts[i]:,} x {clipped(shown[i])}" for i in order[:MOST_SHOWN])
    if len(order) > MOST_SHOWN:
        yield f"{sum(counts[i] for i in order[MOST_SHOWN:]):,} others of {len(order) - MOST_SHOWN:,} kinds"


def _shape(one: ShapeSpec) -> str:
    """Return a shape in a few words."""
    words = [f"cpu {units.exact_cpu(one.cpu)}", units.show_bytes(one.memory), f"{one.pods:,} pods"]
    words += [f"{name}: {amount:,}" for name, amount in one.extended.items()]
    words += [f"{key}={value}" for key, value in one.labels.items()]
    words += [f"taint {taint.key}={taint.value}:{taint.effect}" for taint in one.taints]
    return ", ".join([*words, "cordoned"] if one.unschedulable else words)


def _request(one: RequestSpec) -> str:
    """Return a request in a few words."""
    words = [f"cpu {units.exact_cpu(one.cpu[0])}" if one.cpu else "no cpu"]
    words += [units.show_bytes(one.memory[0]) if one.memory else "no memory"]
    words += [f"{name}: {amount:,}" for name, amount in one.extended.items()]
    words += [f"on {key}={'|'.join(values)}" for key, values in one.selector.items()]
    return ", ".join(
        [*words, units.show_many(len(one.tolerations), "toleration")] if one.tolerations else words
    )


def _objects(merged: Merged, recorded: Recorded, counted: Mapping[str, int]) -> Iterator[str]:
    """Yield the stored objects: those in the file as comments, those only counted as keys."""
    if recorded.objects is not None:
        rows = recorded.objects.sizes
        numbers = np.bincount(rows[:, 0], weights=rows[:, 2]).astype(np.int64).tolist()
        sizes = np.zeros(len(numbers), dtype=np.int64)
        np.add.at(sizes, rows[:, 0], rows[:, 1] * rows[:, 2])
        order = sorted(range(len(numbers)), key=lambda i: (-int(sizes[i]), i))
        origins = sorted(
            {merged.origins.get(f"{OBJECTS}.{name}", "") for name in recorded.objects.types} - {""}
        )
        yield f"  # objects from {', '.join(title(one) for one in origins)}:"
        number, types = units.show_many(sum(numbers), "object"), units.show_many(len(order), "type")
        yield f"  #   {number} of {types}, {units.show_bytes(int(sizes.sum()))}; those of most bytes:"
        for i in order[:MOST_SHOWN]:
            mean = units.show_bytes(int(sizes[i]) // max(1, numbers[i]))
            yield f"  #   {recorded.objects.types[i]}: {numbers[i]:,} of {mean}"
    if counted:
        yield "  objects:  # counted only; their sizes are assumed"
        if recorded.objects is None:
            yield f"    total: {sum(counted.values())}"
        yield "    types:"
        for name, count in counted.items():
            size = units.exact_bytes(DEFAULT_TYPES.get(name, TypeSpec()).size)
            yield f"      {scalar(name)}: {{count: {count}, size: {size}}}"


Tree = dict[str, Any]  # keys to trees, or to (value, comment)


def _tree(merged: Merged, under: str) -> Tree:
    """Return what was read under a key, as nested mappings."""
    tree: Tree = {}
    for key in sorted(merged.values):
        parts = settings.path(key)
        if parts[0] != under:
            continue
        inner = tree
        for part in parts[1:-1]:
            inner = inner.setdefault(part, {})
        comment = "" if settings.mix_of(key) else _because(merged, key)
        inner[parts[-1]] = (merged.values[key].value, comment)
    return tree


def _load(merged: Merged) -> Tree:
    """Return the load, the two mixes with the largest first."""
    tree = _tree(merged, "load")
    for noun in settings.MIXES.values():
        if noun in tree:
            tree[noun] = dict(
                sorted(tree[noun].items(), key=lambda item: (-settings.amount(item[1][0]), item[0]))
            )
    return tree


def _section(key: str, tree: Tree) -> Iterator[str]:
    """Yield a part of the file, if there is anything in it."""
    if tree:
        yield ""
        yield f"{key}:"
        yield from _block(tree, 1)


def _block(tree: Tree, depth: int) -> Iterator[str]:
    """Yield nested mappings, a line for each value."""
    for key, inner in tree.items():
        if isinstance(inner, dict):
            yield f"{'  ' * depth}{scalar(key)}:"
            yield from _block(inner, depth + 1)
        else:
            value, comment = inner
            yield f"{'  ' * depth}{scalar(key)}: {scalar(value)}{comment}"


def _mechanisms(merged: Merged) -> Iterator[str]:
    """Yield every mechanism, with the parameters that were read."""
    found = _tree(merged, "mechanisms")
    for one in settings.MECHANISMS:
        if one in found:
            yield f"  {one}:"
            yield from _block(found[one], 2)
        else:
            yield f"  {one}: {{}}"


def _also(merged: Merged) -> Iterator[str]:
    """Yield what was read and is used by nothing, as comments."""
    if merged.also:
        yield ""
        yield "# Also read, used by nothing yet:"
        yield from (f"#   {clipped(line)}" for line in merged.also[:MOST_ALSO])
    if len(merged.also) > MOST_ALSO:
        yield f"#   and {len(merged.also) - MOST_ALSO:,} more"


def _because(merged: Merged, key: str) -> str:
    """Return the comment that says how a value is known."""
    one = merged.values[key]
    guess = ", worked out" if one.estimate else ""
    origin = title(merged.origins[key]) if key in merged.origins else ""
    return f"  # {clipped(one.how)}{f' ({origin}{guess})' if origin else guess}"


def _from(merged: Merged, what: str) -> str:
    """Return where something is from."""
    return f" from {title(merged.origins[what])}" if what in merged.origins else ""


def title(format_id: str) -> str:
    """Return what people call a format."""
    return TITLES.get(format_id, format_id)


def scalar(value: object) -> str:
    """Return a value so that YAML reads back the same: plain where that is safe, else in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        mantissa, e, power = repr(value).partition("e")
        return f"{mantissa}{'' if '.' in mantissa else '.0'}{e}{power}"  # YAML's floats have a point
    text = str(value)
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    """Return a character as it stands in YAML's double quotes."""
    if char in {'"', "\\"}:
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def clipped(text: str) -> str:
    """Return a sentence on one line, of a length that can be read."""
    line = one_line(text)
    return line if len(line) <= LONGEST_COMMENT else f"{line[: LONGEST_COMMENT - 3]}..."
