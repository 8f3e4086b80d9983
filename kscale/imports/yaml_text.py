"""The text of an imported scenario: sections with where they come from, amounts as people write them.

Comments name formats, never files or names of the cluster. What was left out, assumed and contradicted
stands at the end: the file is what gets passed on.
"""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kscale.imports import settings, yaml_cluster
from kscale.imports.contradictions import Contradiction, Side
from kscale.imports.merge import Merged
from kscale.imports.yaml_values import clipped, scalar, title, why
from kscale.scenario.document import one_line
from kscale.scenario.schema import Scenario

MOST_SAID = 40  # lines of one kind at the end
LONGEST_SAID = 1000  # characters of one
WIDTH = 108  # columns of what is said at the end
MOST_REASONS = 3  # of how a mix is known


@dataclass(frozen=True, slots=True)
class Head:
    """What the file is called, and what it names."""

    name: str
    profile: str | None  # asked for; None: as read, else the default
    file: tuple[str, str] | None = None  # name and sha256 of the columns; None: nothing was recorded


def scenario(merged: Merged, parts: yaml_cluster.Parts, head: Head) -> str:
    """Return the whole file."""
    lines = [
        *_head(merged, head),
        "",
        *yaml_cluster.cluster(merged, parts, head.file),
        *_section("control_plane", _tree(merged, "control_plane")),
        *_section("load", _load(merged)),
        "",
        "# Every mechanism at its defaults, but for what was read or fits; take lines away to run fewer.",
        "mechanisms:",
        *_mechanisms(merged),
        *_said("Left out", _unnamed(merged, (*_of_sources(merged, "dropped"), *merged.dropped))),
        *_said("Assumed", _unnamed(merged, (*merged.assumed, *_of_sources(merged, "assumed")))),
        *_said("Contradictions", [_contradiction(one) for one in merged.contradictions]),
        *_said("Also read, used by nothing yet", merged.also),
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
        yield f"profile: {read.value}  # {why(merged, 'profile')}"
    else:
        yield f"profile: {Scenario.model_fields['profile'].default}  # assumed: nothing tells the version"


Tree = dict[str, Any]  # keys to trees, or to a value or a tree with its comment


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
        comment = "" if settings.mix_of(key) else f"  # {why(merged, key)}"
        inner[parts[-1]] = (settings.written(key, merged.values[key].value), comment)
    return tree


def _load(merged: Merged) -> Tree:
    """Return the load, the two mixes with the largest first."""
    tree = _tree(merged, "load")
    for prefix, noun in settings.MIXES.items():
        keys = [key for key in merged.values if key.startswith(prefix)]
        if keys:
            reasons = [
                reason for reason, _ in Counter(why(merged, key) for key in sorted(keys)).most_common()
            ]
            more = len(reasons) - MOST_REASONS
            said = "; ".join(reasons[:MOST_REASONS]) + (f"; and {more:,} more" if more > 0 else "")
            keys.sort(key=lambda key: (-settings.amount(merged.values[key].value), key))
            parts = [settings.path(key)[-1] for key in keys]
            tree[noun] = ({part: tree[noun][part] for part in parts}, f"  # {said}")
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
        value, comment = inner if isinstance(inner, tuple) else (inner, "")
        if isinstance(value, dict):
            yield f"{'  ' * depth}{scalar(key)}:{comment}"
            yield from _block(value, depth + 1)
        else:
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


def _of_sources(merged: Merged, what: str) -> list[str]:
    """Return the sentences of one kind of all sources."""
    return [line for facts in merged.sources for line in getattr(facts, what)]


def _unnamed(merged: Merged, sentences: Sequence[str]) -> list[str]:
    """Return sentences that call files by their format, as of when if they tell, not by name."""
    found = []
    for sentence in sentences:
        line = sentence
        for named in sorted(merged.files, key=len, reverse=True):
            source = merged.files[named]
            state = f" of {source.taken:%Y-%m-%d %H:%M}" if source.taken else ""
            line = line.replace(named, f"{title(source.format)}{state}")
        found.append(line)
    return found


def _contradiction(one: Contradiction) -> str:
    """Return what is used and what is not; dates of files differ from copy to copy, and are left out."""
    used, *others = (_side(side) for side in one.sides)
    return f"{one.subject}: {used}, not {' or '.join(others)}: {one.why}"


def _side(side: Side) -> str:
    """Return what one format says, and as of when if it tells."""
    words = [title(side.source.format), *([f"{side.when:%Y-%m-%d %H:%M}"] if side.dated else [])]
    return f"{side.shown} ({', '.join([*words, *(['worked out'] if side.estimate else [])])})"


def _said(heading: str, given: Sequence[str]) -> Iterator[str]:
    """Yield sentences as comments, each once; nothing if there are none."""
    lines = list(dict.fromkeys(given))
    if lines:
        yield ""
        yield f"# {heading}:"
    for line in lines[:MOST_SAID]:
        yield from textwrap.wrap(
            one_line(line)[:LONGEST_SAID],
            WIDTH,
            initial_indent="# - ",
            subsequent_indent="#   ",
            break_on_hyphens=False,
        )
    if len(lines) > MOST_SAID:
        yield f"#   and {len(lines) - MOST_SAID:,} more"
