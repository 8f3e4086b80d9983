"""Failover of a controller: wait for the lease and list everything, or take over with warm caches.

Leader election is client-go's, event by event: another instance takes over at one of its polls, once the
record has not changed for the lease's 15 s. Then a cold one lists and decodes every object before it works.
Optimized is what Alibaba built in 2019: the standby's informers run all along, and a leader that is
upgraded releases its lease, so that the next poll finds it free. A crash still takes the lease.

The trials are executed; what listing and decoding take is worked out from the cost model, batch by batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import election, informers
from kscale.mechanisms import standby_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.latency import Latency
from kscale.mechanisms.standby_load import SECOND, Longs, Params, StandbyLoad

PPM = 1_000_000
QUICK_NS = 2 * SECOND  # the article's figure for an upgrade
RELEASE, WARM = "release", "warm"
LARGE_TYPES = ("pods", "nodes", "leases", "events")  # those with a counter of their own
INTERRUPTION = Latency(
    "interruption", "from the leader's end to a new one that works", headline=("p50", "p99")
)
TAKEOVER = Latency("takeover", "from the leader's end to a new one that has the lease", headline=())


@dataclass(frozen=True, slots=True)
class Instances:
    """A leader and its standbys, before the first trial."""

    load: StandbyLoad
    warm: bool  # standbys keep their informers running
    release: bool  # a leader that stops in order leaves its lease free
    draws: Longs


@dataclass(frozen=True, slots=True)
class Answer:
    """What each trial came to, in ns, and what the new leader knew when it began to work."""

    ended: Longs
    renewed: Longs  # when the old leader last renewed its lease
    stopped: Longs  # when it ceased to act as leader
    taken: Longs  # when the new one had the lease
    released: bool
    objects: int


def build_cold(load: StandbyLoad) -> Instances:
    """Start informers only once the lease is won; keep the lease until it expires."""
    return _instances(load, warm=False, release=False)


def build_ready(load: StandbyLoad) -> Instances:
    """Keep informers running; release the lease."""
    return _instances(load, warm=True, release=True)


def build_release(load: StandbyLoad) -> Instances:
    """Start informers once the lease is won; release the lease."""
    return _instances(load, warm=False, release=True)


def build_warm(load: StandbyLoad) -> Instances:
    """Keep informers running; keep the lease until it expires."""
    return _instances(load, warm=True, release=False)


def run(instances: Instances) -> Outcome:
    """Let the leader end in every trial, and fill the caches of the one that follows."""
    load = instances.load
    released = instances.release and load.event == "upgrade"
    ended, renewed, taken = (np.zeros(load.trials, dtype=np.int64) for _ in range(3))
    election.take_over(
        int(released), load.standbys, instances.draws, load.election_rules, ended, renewed, taken
    )
    stopped = renewed + load.gives_up_ns if load.event == "partition" else ended
    filled = _fill(load)
    objects = int(standby_load.counts_of(load.types)[filled > 0].sum())
    answer = Answer(ended, renewed, stopped, taken, released, objects)
    waited = np.zeros_like(filled) if instances.warm else filled
    return Outcome(_work(load, answer, waited, warm=instances.warm), answer)


def _instances(load: StandbyLoad, *, warm: bool, release: bool) -> Instances:
    """Return instances that all begin with the same draws."""
    return Instances(load, warm, release, standby_load.generators(load))


def _fill(load: StandbyLoad) -> Longs:
    """Return when each type is in the new leader's cache."""
    synced = np.zeros(len(load.types), dtype=np.int64)
    arrived = np.zeros(int(load.types[:, informers.BATCHES].sum()), dtype=np.int64)
    informers.fill(load.types, load.kinds, load.fill_rules, arrived, synced)
    return synced


def _work(load: StandbyLoad, answer: Answer, filled: Longs, *, warm: bool) -> dict[str, int]:
    """Return what was counted, and what it costs."""
    fill_ns = int(filled.max(initial=0))
    takeover = answer.taken - answer.ended
    interruption = takeover + fill_ns
    ordered = np.sort(takeover)
    copies = load.standbys if warm else 0
    return {
        "trials": load.trials,
        "interruption_mean_ns": int(interruption.sum()) // load.trials,
        **INTERRUPTION.work(interruption),
        "below_2s_ppm": int((interruption < QUICK_NS).sum()) * PPM // load.trials,
        "takeover_mean_ns": int(takeover.sum()) // load.trials,
        "takeover_min_ns": int(ordered[0]),
        "takeover_p5_ns": int(ordered[(load.trials - 1) // 20]),
        "takeover_p95_ns": int(ordered[(load.trials - 1) * 19 // 20]),
        **TAKEOVER.work(takeover),
        "leaderless_mean_ns": int((answer.taken - answer.stopped).sum()) // load.trials,
        "fill_ns": fill_ns,
        **_fill_by_type(load, filled),
        "objects": load.objects,
        "listed_bytes": 0 if warm else load.encoded_bytes,
        "standby_bytes": copies * load.decoded_bytes,
        "watch_events_per_min": load.events_per_min * (1 + copies),
    }


def _fill_by_type(load: StandbyLoad, filled: Longs) -> dict[str, int]:
    """Return when the large types are in the cache, the one in JSON, and the last of the others."""
    work = dict.fromkeys((*LARGE_TYPES, "json", "others"), 0)
    for name, kind, at in zip(load.names, load.types[:, informers.KIND], filled.tolist(), strict=True):
        if name in LARGE_TYPES:
            work[name] = at
        if kind == standby_load.JSON:
            work["json"] = at
        elif name not in LARGE_TYPES:
            work["others"] = max(work["others"], at)
    return {f"fill_{name}_ns": at for name, at in work.items()}


def agree(load: StandbyLoad, outcomes: Mapping[str, Outcome]) -> None:
    """At no time two leaders; a lease that was not released ran out; the new leader knows every object.

    All variants have the same trials, and those that release alike take over at the same moments.
    """
    first: dict[bool, tuple[str, Answer]] = {}
    for name, outcome in outcomes.items():
        answer: Answer = outcome.answer
        _refuse(name, answer.taken < answer.stopped, answer, "takes over before the old leader has stopped")
        if not answer.released:
            early = answer.taken < answer.renewed + load.lease_ns
            _refuse(
                name, early, answer, f"takes over before the lease of {units.show_ns(load.lease_ns)} ran out"
            )
        other, same = first.setdefault(answer.released, (name, answer))
        _refuse(name, answer.taken != same.taken, answer, f"takes over at another moment than {other}")
        _refuse(
            name, answer.ended != outcomes[BASELINE].answer.ended, answer, "has another end of the leader"
        )
        if answer.objects != load.objects:
            raise WrongAnswer(
                f"controller-standby: {name} works with {answer.objects} objects, there are {load.objects}"
            )


def _refuse(variant: str, wrong: NDArray[np.bool_], answer: Answer, said: str) -> None:
    """Raise WrongAnswer for the first trial where *wrong* holds."""
    places = np.flatnonzero(wrong)
    if len(places):
        trial = int(places[0])
        after = units.show_ns(int(answer.taken[trial] - answer.ended[trial]))
        raise WrongAnswer(
            f"controller-standby: {variant} {said} in trial {trial}, {after} after its end"
            f" ({len(places)} of {len(wrong)} trials)"
        )


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say what a crash still takes, how often an upgrade is slower than 2 s, and what warm copies cost."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    before, after = works[BASELINE], works[OPTIMIZED]
    waits, mean = units.show_ns(after["takeover_mean_ns"]), after["interruption_mean_ns"]
    found = []
    if after["takeover_mean_ns"] == before["takeover_mean_ns"]:
        found.append(
            f"nobody releases the lease: {waits} until the next leader, on average, in every variant"
        )
    elif after["below_2s_ppm"] < PPM * 9 // 10:
        share = units.show_percent(after["below_2s_ppm"] / PPM)
        found.append(f"{share} of the failovers are over in 2 s: the others wait for the standby's next poll")
    if before["fill_ns"] * 10 < before["takeover_mean_ns"]:
        cold = units.show_ns(before["fill_ns"])
        found.append(f"a cold start takes {cold} longer than a warm one: warm caches gain next to nothing")
    if after["standby_bytes"] > 0:
        size, events = units.show_bytes(after["standby_bytes"]), after["watch_events_per_min"]
        more = units.show_ratio(events / max(1, before["watch_events_per_min"]))
        found.append(
            f"warm copies hold {size} all the time, and watches carry {units.show_rate(events / 60)} events,"
            f" {more} as many, for a mean interruption of {units.show_ns(mean)}"
        )
    return tuple(found)


METRICS = (
    Metric(
        "interruption_mean_ns",
        "ns",
        about="from the leader's end to a new one that works: mean",
        provenance="modelled",
    ),
    *INTERRUPTION.metrics(),
    Metric("below_2s_ppm", "ppm", "higher", "trials with an interruption below 2 s", provenance="modelled"),
    Metric("takeover_mean_ns", "ns", about="of that, until a new leader: mean", provenance="modelled"),
    Metric("takeover_min_ns", "ns", about="until a new leader: least", provenance="modelled"),
    Metric("takeover_p5_ns", "ns", about="until a new leader: p5", provenance="modelled"),
    Metric("takeover_p95_ns", "ns", about="until a new leader: p95", provenance="modelled"),
    *TAKEOVER.metrics(),
    Metric(
        "leaderless_mean_ns",
        "ns",
        about="from the old leader's last act to a new leader",
        provenance="modelled",
    ),
    Metric(
        "fill_ns",
        "ns",
        about="of the interruption, until all caches are filled",
        headline=True,
        provenance="modelled",
    ),
    *(
        Metric(f"fill_{name}_ns", "ns", about=f"of that, until {about} filled", provenance="modelled")
        for name, about in (
            *((name, f"the cache of {name} is") for name in LARGE_TYPES),
            ("json", "that of json_type is"),
            ("others", "those of all other types are"),
        )
    ),
    Metric("listed_bytes", "bytes", about="sent to the new leader before it works", provenance="modelled"),
    Metric(
        "standby_bytes",
        "bytes",
        about="memory of the standbys' warm copies",
        headline=True,
        provenance="modelled",
    ),
    Metric(
        "watch_events_per_min", "events", about="to the leader and to warm standbys", provenance="modelled"
    ),
    Metric("objects", "objects", "none", "that the new leader knows", provenance="input"),
    Metric("trials", "trials", "none", "failovers", provenance="input"),
)

MECHANISM = Mechanism(
    id="controller-standby",
    title="controller failover",
    panel="Controllers",
    about=(
        "Only the instance of a controller that holds the lease works. When it ends, another one must notice,"
        " take the lease, and list every object before it can work. A standby whose informers run all along"
        " need not list, and a leader that is upgraded can release its lease at once."
    ),
    source=(
        "kubernetes/client-go 32ce75a7 tools/leaderelection, tools/cache; component-base config/v1alpha1;"
        " KEP-5366 (release on exit), KEP-3157 (streamed lists), k/k#141221 (warm standby asked for)"
    ),
    left_out=(
        "Requests for the lease always take the same time and never fail. A warm cache is taken to be up to"
        " date (k/k#137308: it may lag the old leader's last writes). Several components that fail over"
        " together do not compete. An API server's cache is warm. Of watch events only changes of pods, nodes"
        " and leases are counted."
    ),
    loses=(
        "A crash: nobody releases the lease, and it must run out.",
        "Warm copies double memory and watch load for every type, all the time.",
        "Small clusters: filling takes next to nothing beside the lease.",
        "Slow requests for the lease: each poll comes later, however warm the caches are.",
    ),
    params=Params,
    prepare=standby_load.make,
    variants={
        BASELINE: Variant("cold caches, and a lease that runs out", build_cold, run),
        OPTIMIZED: Variant("warm caches, and a lease that is released on exit", build_ready, run),
        RELEASE: Variant("cold caches, and a lease that is released on exit", build_release, run),
        WARM: Variant("warm caches, and a lease that runs out", build_warm, run),
    },
    agree=agree,
    metrics=METRICS,
    per="trials",
    losses=losses,
    memory=standby_load.memory,
    cost_ns=standby_load.cost_ns,
    claims=("C21", "C21b", "C22"),
    costs=standby_load.COSTS,
    settings=standby_load.settings,
    simulated=True,
)
