"""Watch cache, bookmarks and resuming."""

import math
from collections.abc import Callable

from kscale.judge.claims.record import Claim, Figure, Setup, identity, ratio
from kscale.mechanisms.base import BASELINE, OPTIMIZED

ID = "watch-bookmark"
DEADLINE, PROGRESS = "deadline", "progress"
POINTS = (
    (100, 1_000),
    (100, 8_333),
    (100, 102_400),
    (30, 102_400),
)  # ppm of the events, and how many are kept
COUNTED = tuple(
    point for point in POINTS if point != (100, 102_400)
)  # where refusals are not too few to count
PRODUCTION = 8_333  # events of history at the second point of the surface
PPM = 1_000_000
TENTH = 10  # of the published watches one in so many is simulated


def _each_return(variant: str, counter: str, match_ppm: int, ring: int) -> Callable[[Setup], float]:
    """Return how to read a counter per client that came back to a history of *ring* events."""

    def ours(setup: Setup) -> float:
        """Return the quotient."""
        work = setup.cell(ID, match_ppm=match_ppm, ring=ring).works[variant]
        return work[counter] / work["returns"]

    return ours


def _point(match_ppm: int, ring: int) -> str:
    """Return one point of the closed forms as the claim names it."""
    return f"f = {match_ppm} ppm, N = {ring:,}"


def _refused(match_ppm: int, ring: int) -> Figure:
    """Return the figure: share of clients that must list again, without bookmarks."""
    published = math.exp(-match_ppm * ring / PPM)
    ours = _each_return(BASELINE, "relists", match_ppm, ring)
    return identity(f"share refused, {_point(match_ppm, ring)}", "share", published, ours)


def _scanned(match_ppm: int, ring: int) -> Figure:
    """Return the figure: events looked at for each client, those refused counting none."""
    matched = match_ppm * ring / PPM
    published = (1 - math.exp(-matched) * (1 + matched)) * PPM / match_ppm
    ours = _each_return(BASELINE, "init_events", match_ppm, ring)
    return identity(f"events looked at a return, {_point(match_ppm, ring)}", "events", published, ours)


def _spared(match_ppm: int, ring: int) -> Figure:
    """Return the figure: share of clients that must list again with bookmarks, none."""
    ours = _each_return(DEADLINE, "relists", match_ppm, ring)
    return identity(f"share refused with bookmarks, {_point(match_ppm, ring)}", "share", 0.0, ours)


def _fewer(counter: str, ring: int) -> Callable[[Setup], float]:
    """Return how to read how many times fewer of a counter a bookmark before each time-out leaves."""

    def ours(setup: Setup) -> float:
        """Return the ratio."""
        works = setup.cell(ID, ring=ring).works
        return works[BASELINE][counter] / works[DEADLINE][counter]

    return ours


def _left(setup: Setup) -> float:
    """Return the share of events that is left to catch up with, a list counting as the whole history."""
    return 1 / _fewer("resynced", PRODUCTION)(setup)


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
                "The rate and the history decide: where it reaches back to a client's own last event (n"
                " events on n nodes), what is left is what comes in 2 s and until the client is back, over n."
            ),
            (
                "5,000 nodes: 60 pod events a second (10 pods come or go, six changes each) and 250,000"
                " events of history (k/k#41013). With 20, 48, 100 and 119 a second it is 119, 50, 24 and"
                " 20.5 times; with 8,333 of history and 60 a second 20 times; with the 1,000 of 1.14 2.1"
                " times at 20 a second, and at 60 a second 1.4 times as many as before, as 82 % of the"
                " clients had listed and looked at none."
            ),
            (
                "10,000 nodes: 100 pod events a second, 8,333 events of history (--target-ram-mb=10000), a"
                " list counting as the whole history, which nobody looks at. With 20, 60 and 500 a second"
                " 0.75, 2.2 and 17.6 % are left; with 1,000 of history and 20, 60, 100 and 500 a second"
                " 4.4, 13.2, 21.9 and 99.9 %; with 102,400 and as many 0.44, 1.2, 2.1 and 10 %."
            ),
            (
                "Watches end at their time-out, or their clients come to a server with a whole history: that"
                " of a restarted server is empty."
            ),
        ),
        not_reproducible=(
            "neither source gives the rate of events or the length of the history, and both decide:"
            " from 0.4 to 119 times, and from 0.4 to 100 %"
        ),
    ),
    Claim(
        id="C13b",
        title="without bookmarks exp(-f N) of the clients must list again; with them hardly any",
        kind="A",
        source="derived from the rule by which kubernetes/apiserver (24a394e5) resumes a watch",
        stated="a watch of a share f of the events, a history of N of them: f = 100 ppm and N = 1,000,"
        " 8,333 or 102,400",
        setup="watch-closed-form",
        figures=(
            *(_refused(*point) for point in COUNTED),
            *(_scanned(*point) for point in POINTS),
            *(_spared(*point) for point in POINTS),
        ),
        assumes=(
            "350 events a second, so that the shortest watch outlasts the longest history.",
            (
                "With f = 100 ppm and N = 102,400 4 clients in 100,000 are refused, too few to count within"
                " 5 %; the share is held against the rule with f = 30 ppm, 4.6 %, and 30,000 clients."
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
