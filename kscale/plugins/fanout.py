"""Watch fan-out of the user's own: one function that says whom an event concerns, and perhaps its index.

Channels, slow clients and the time budget are the same code as for all variants.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kscale.errors import WrongAnswer
from kscale.kernels import fanout_own
from kscale.mechanisms import watch_fanout, watch_server
from kscale.mechanisms.base import Outcome, Variant
from kscale.mechanisms.watch_load import Longs, WatchLoad
from kscale.mechanisms.watch_server import Server
from kscale.plugins.functions import Arrays, Function, arrays, compiled

ID = "watch-fanout"
PARTS = ("index", "match")
TESTED = "watchers_tested"  # what the function counts itself


@dataclass(frozen=True, slots=True)
class State:
    """A server, and what the user's function looks watchers up in."""

    server: Server
    index: Arrays
    work: Longs


def variant(about: str, parts: Mapping[str, Function]) -> Variant:
    """Return the variant that finds watchers by that function."""
    match = compiled(parts["match"])

    def build(load: WatchLoad) -> State:
        """Start a server and make the index."""
        made = parts["index"](load.scopes, load.nodes, load.namespace_count, load.node_count)
        return State(watch_server.new(load), arrays(f"{ID}: index", made), np.zeros(1, np.int64))

    def run(state: State) -> Outcome:
        """Deliver every event."""
        server, load = state.server, state.server.load
        watchers = len(load.scopes) + len(load.nodes)

        def matched(part: slice) -> int:
            count = fanout_own.by_own(
                match, state.index, state.work, load.new[part], load.old[part], load.namespace[part],
                len(load.scopes), watchers, server.found, server.scope_ends, server.node_ends,
            )  # fmt: skip
            if count < 0:
                event = part.start - 1 - count
                raise WrongAnswer(
                    f"{ID}: event {event}: match names a watcher twice, or one that is none of {watchers}"
                )
            return count

        watch_server.dispatch(server, matched)
        held = sum(one.nbytes for one in state.index)
        outcome = watch_fanout.outcome_of(server, tested=int(state.work[0]), index_bytes=held)
        work = {name: count for name, count in outcome.work.items() if name != TESTED or count}
        return Outcome(work, outcome.answer)

    return Variant(about, build, run)
