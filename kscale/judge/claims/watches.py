"""Watch cache, bookmarks and resuming."""

import math
from collections.abc import Callable

from kscale.judge.claims.record import Claim, Figure, Setup, identity, ratio
from kscale.mechanisms.base import BASELINE, OPTIMIZED

ID = "watch-bookmark"
DEADLINE, PROGRESS = "deadline", "progress"
MATCH = 1e-4  # share of the events that concerns a watch of the closed forms
RINGS = (1_000, 8_333, 102_400)  # events
TENTH = 10  # of the published watches one in so many is simulated


def _each_return(variant: str, counter: str, ring: int) -> Callable[[Setup], float]:
    """Return how to read a counter per client that came back to a history of *ring* events."""

    def ours(setup: Setup) -> float:
        """Return the quotient."""
        work = setup.cell(ID, ring=ring).works[variant]
        return work[counter] / work["returns"]

    return ours


def _refused(ring: int) -> Figure:
    """Return the figure: share of clients that must list again, without bookmarks."""
    what, published = f"share refused, {ring:,} events of history", math.exp(-MATCH * ring)
    ours = _each_return(BASELINE, "relists", ring)
    if ring < max(RINGS):
        return identity(what, "share", published, ours)
    return ratio(what, published, (0.0, 1e-4), ours, "share")


def _scanned(ring: int) -> Figure:
    """Return the figure: events looked at for each client, those refused counting none."""
    matched = MATCH * ring
    published = (1 - math.exp(-matched) * (1 + matched)) / MATCH
    what = f"events looked at a return, {ring:,} events of history"
    return identity(what, "events", published, _each_return(BASELINE, "init_events", ring))


def _fewer(counter: str, ring: int) -> Callable[[Setup], float]:
    """Return how to read how many times fewer of a counter a bookmark before each time-out leaves."""

    def ours(setup: Setup) -> float:
        """Return the ratio."""
        works = setup.cell(ID, ring=ring).works
        return works[BASELINE][counter] / works[DEADLINE][counter]

    return ours


def _left(setup: Setup) -> float:
    """Return the share of events that is left to catch up with, a list counting as the whole history."""
    return 1 / _fewer("resynced", RINGS[1])(setup)


def _init_events(setup: Setup) -> float:
    """Return the events looked at for all the published watches."""
    return TENTH * float(setup.cell(ID).works[DEADLINE]["init_events"])


def _listed(variant: str) -> Callable[[Setup], float]:
    """Return how to read the share of clients that list again after a restart."""

    def ours(setup: Setup) -> float:
        """Return the share."""
        work = setup.cell(ID).works[variant]
        return work["relists"] / (work["watchers"] * work["moves"])

    return ours


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="C13",
        title="with bookmarks, clients catch up with a fortieth or 3 % of the events",
        kind="R",
        source="k/k#73585 (prototype, 2019-02); Zeng Fansong, Alibaba Cloud, 2019",
        stated="the scalability test of 5,000 nodes, events processed when watches start; 10,000 nodes in"
        " production, events synchronised again",
        setup="watch-share",
        figures=(
            ratio("fewer events looked at, 5,000 nodes", 40, (20, 50), _fewer("init_events", 250_000)),
            ratio("share of events left, 10,000 nodes", 0.03, (0.02, 0.05), _left, "share"),
        ),
        assumes=(
            (
                "Neither source gives the rate of events or the length of the history, and both decide:"
                " where the history reaches back to a client's own last event (n events on n nodes), what"
                " is left is what comes in 2 s and until the client is back, over n."
            ),
            (
                "5,000 nodes: 60 pod events a second (10 pods come or go, six changes each) and 250,000"
                " events of history (k/k#41013); it is 20 to 50 times from 48 to 119 events a second."
            ),
            (
                "10,000 nodes: 100 pod events a second, 8,333 events of history (--target-ram-mb=10000), a"
                " list counting as the whole history. With 20 a second and 1,000 of history 4 % are left,"
                " with 100 and 1,000 a fifth; with 500 or more and 1,000 nothing is gained."
            ),
            (
                "Watches end at their time-out, or their clients come to a server with a whole history: that"
                " of a restarted server is empty."
            ),
        ),
    ),
    Claim(
        id="C13b",
        title="without bookmarks exp(-f N) of the clients must list again; with them hardly any",
        kind="A",
        source="derived from the rule by which kubernetes/apiserver (24a394e5) resumes a watch",
        stated="a watch of f = 1/10,000 of the events, a history of N = 1,000, 8,333 or 102,400 of them",
        setup="watch-closed-form",
        figures=(
            *(_refused(ring) for ring in RINGS),
            *(_scanned(ring) for ring in RINGS),
            *(
                identity(
                    f"share refused with bookmarks, {ring:,} events of history",
                    "share",
                    0.0,
                    _each_return(DEADLINE, "relists", ring),
                )
                for ring in RINGS
            ),
        ),
        assumes=(
            "350 events a second, so that the shortest watch outlasts the longest history.",
            (
                "With 102,400 events of history 4 in 100,000 clients are refused: too few to count here "
                "within 5 %, so that fewer than 1 in 10,000 is asked for."
            ),
        ),
    ),
    Claim(
        id="C14",
        title="with a bookmark 2 s before each time-out there are still 6 million events to look at in 5 h",
        kind="A",
        source="k/k#83016 (2019-09)",
        stated="watches of single secrets, 0 growing to 150,000 in 5 h, 1 secret event a second, watches of"
        " 7.5 min on average",
        setup="watch-secrets",
        figures=(identity("events looked at when watches start", "events", 6e6, _init_events),),
        assumes=(
            "A tenth of the watches is simulated and counted tenfold.",
            "Clients are back at once, so that 2 s of events are looked at.",
        ),
    ),
    Claim(
        id="C15",
        title="a quiet type's watchers all list again after restarts, with progress notify none does",
        kind="A",
        source="KEP-1904",
        stated="two types, one of which does not change; API servers restarted one after the other",
        setup="watch-quiet",
        figures=(
            identity("share that lists again, bookmarks only", "share", 1.0, _listed(OPTIMIZED)),
            identity("share that lists again, progress notify too", "share", 0.0, _listed(PROGRESS)),
        ),
        assumes=(
            "Clients come to a server started 2 min before; etcd tells each cache its revision every 5 s.",
            "A server younger than the last bookmark is old, up to a minute, refuses them nevertheless.",
        ),
    ),
)
