"""Which mechanisms have small cases and recorded outcomes for a user's variant, and how they are tried."""

from kscale.mechanisms.base import Variant
from kscale.plugins import (
    check_fanout,
    check_freelist,
    check_freelist_recorded,
    check_scheduling,
    fanout,
    freelist,
    scheduling,
)
from kscale.plugins.checking import SEEN, SMALL
from kscale.plugins.example import Hear, unheard
from kscale.plugins.functions import Function, compiled
from kscale.plugins.own import Own


def stages(own: Own) -> tuple[str, ...]:
    """Return which of the two there are for a variant."""
    if own.mechanism in scheduling.IDS or set(own.parts) == set(freelist.PARTS):
        return (SMALL, SEEN)
    return (SMALL,) if set(own.parts) == set(fanout.PARTS) else ()


def small(name: str, own: Own, variant: Variant, examples: int | None, hear: Hear) -> str:
    """Try a variant of plugin *name* on small cases; say how many. Wrong shows the smallest it fails on."""
    if own.mechanism in scheduling.IDS:
        return check_scheduling.small(
            name, own.mechanism, variant, examples or check_scheduling.EXAMPLES, hear
        )
    if own.mechanism == freelist.ID:
        return check_freelist.small(name, ready(own), examples or check_freelist.EXAMPLES, hear)
    return check_fanout.small(name, ready(own), examples or check_fanout.EXAMPLES, hear)


def smallest(name: str, own: Own, hear: Hear) -> str:
    """Try a variant on the very smallest cases, after it did not come back from one that was drawn."""
    if set(own.parts) == set(freelist.PARTS):
        check_freelist.smallest_of_all(name, own.parts, hear)
    return "nothing"


def seen(name: str, own: Own, variant: Variant, hear: Hear = unheard) -> str:
    """Try a variant of plugin *name* on what was recorded; say on how much. Wrong at the first difference."""
    if own.mechanism in scheduling.IDS:
        return check_scheduling.seen(name, own.mechanism, variant, hear)
    return check_freelist_recorded.seen(name, variant, ready(own), hear)


def ready(own: Own) -> dict[str, Function]:
    """Return the functions of a variant, compiled but for the one that makes its arrays."""
    made = {freelist.PARTS[0], fanout.PARTS[0]}
    return {part: one if part in made else compiled(one) for part, one in own.parts.items()}
