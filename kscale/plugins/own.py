"""What a plugin imports: `own` says that functions are a variant of a mechanism.

    from kscale.plugins.own import own

    VARIANTS = (
        own("etcd-freelist", "mine", about="first fit over a bitmap",
            make=make, allocate=allocate, release=release),
    )

`kscale new variant MECHANISM` writes a plugin that works; `kscale check --plugin FILE` says whether it keeps
what all variants of the mechanism promise; `--plugin FILE` makes it join kscale run, sweep and compare.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kscale.errors import KscaleError
from kscale.mechanisms import registry
from kscale.mechanisms.base import Mechanism, Outcome, Variant
from kscale.plugins import fanout, freelist, scheduling
from kscale.units import quote

__all__ = ["Outcome", "Own", "own"]

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
LONGEST_ABOUT = 120  # characters: it is a line of a table
PAIR = ("build", "run")  # the functions that make a variant of any mechanism


@dataclass(frozen=True, slots=True)
class Own:
    """A variant of the user's own."""

    mechanism: str
    name: str
    variant: Variant
    parts: Mapping[str, Callable[..., Any]]  # the functions it is made of, by their names in `own`


def own(mechanism: str, name: str, *, about: str, **parts: Callable[..., Any]) -> Own:
    """Return a variant of *mechanism* called *name*, made of the functions in *parts*.

    about  one line: what it does

    Of any mechanism, two functions:
    build(workload) -> state   not timed; must not change the workload
    run(state) -> Outcome      timed; Outcome(work, answer): work is whole numbers by name, equal for equal
                               seeds, of the mechanism's metrics those that it counts; what workload and
                               answer are is said in the mechanism's module

    Of some also functions with a signature of their own, compiled by numba (plain ones are compiled too):

    etcd-freelist    make(pages, starts, sizes) -> arrays of its own, for a file of so many pages, of which
                     the runs int64[k] starts, sizes are free; not timed, and need not be compiled
                     allocate(*arrays, n, work) -> first of n free pages, free no longer; 0: no such run
                     release(*arrays, first, n, work): pages first .. first + n - 1 are free from now on
                     work[0] counts entries looked at or changed
    sched-equivalence, sched-sampling
                     place(...) as kscale.kernels.scheduling_exhaustive.place_by_scan: node_of[p] is to be
                     the node of pod p, or -1; work is counted in its cells
    watch-fanout     index(scopes, nodes, namespaces, node_count) -> arrays of its own, as make above; watcher
                     w watches namespace scopes[w], watcher len(scopes) + i node nodes[i], both ascending
                     match(*arrays, new, old, namespace, found, work) -> how many watchers an event concerns,
                     written to found; new, old: its node after and before, -1 none; work[0] counts tests

    A counter left at 0 is one that is not counted, and not reported. KscaleError if there is no such
    mechanism, the name is none or taken, or a function is missing.
    """
    found = registry.find(str(mechanism))
    check_names(found, name, about)
    for key, part in parts.items():
        if not callable(part):
            raise KscaleError(f"{found.id}: {key} must be a function, got {quote(part)}")
    for needed, variant in makers(found.id):
        if set(parts) == set(needed):
            return Own(found.id, name, variant(about, parts), parts)
    allowed = "; or ".join(", ".join(needed) for needed, _ in makers(found.id))
    raise KscaleError(f"{found.id}: own takes the functions {allowed}; got {', '.join(parts) or 'none'}")


def makers(mechanism: str) -> tuple[tuple[tuple[str, ...], Callable[..., Variant]], ...]:
    """Return the sets of functions that make a variant of *mechanism*, each with what makes it of them."""
    pair = (PAIR, lambda about, parts: Variant(about, parts["build"], parts["run"]))
    if mechanism == freelist.ID:
        return (freelist.PARTS, freelist.variant), pair
    if mechanism in scheduling.IDS:
        return (scheduling.PARTS, scheduling.variant), pair
    if mechanism == fanout.ID:
        return (fanout.PARTS, fanout.variant), pair
    return (pair,)


def check_names(mechanism: Mechanism, name: object, about: object) -> None:
    """Raise KscaleError if the variant cannot be called that."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        allowed = "1 to 40 small letters, digits, dots, dashes and underscores"
        raise KscaleError(f"{mechanism.id}: a variant's name is {allowed}, got {quote(name)}")
    if name in mechanism.variants:
        raise KscaleError(f"{mechanism.id}: has a variant {quote(name)} already; give it another name")
    if not isinstance(about, str) or not about.isprintable() or not 0 < len(about) <= LONGEST_ABOUT:
        raise KscaleError(f"{mechanism.id}: about must be one line of up to {LONGEST_ABOUT} characters")
