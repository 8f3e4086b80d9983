"""API-server balance: clients that stay where they are, or are moved when it is too much for one server.

A client keeps one TLS connection for all its requests, and a layer-4 balancer acts only when a connection is
made. The baseline is what client-go and API servers do: over the limit a request gets 429 and is tried again
after a second, on the same connection. Optimized is the design of the 2019 article: a second limit above
which connections are closed, clients that reconnect when they are rejected again and again and now and then
anyhow, and upgrades that start a whole new set of servers first.

The requests are the same ones for every variant. Time is virtual.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import balance, balance_servers
from kscale.mechanisms import balance_counts, balance_load
from kscale.mechanisms.balance_faults import TICKS
from kscale.mechanisms.balance_load import BalanceLoad, Ints, Longs, Policy
from kscale.mechanisms.balance_params import Params
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Outcome, Variant, Work
from kscale.scenario import draw
from kscale.scenario.draw import Stream

GOAWAY, RECONNECT, RESHUFFLE, SURGE = "goaway", "reconnect", "reshuffle", "surge"
PPM = 1_000_000
LAGS_PPM = 50_000  # of all clients, more watches than connections at one server: worth saying


@dataclass(frozen=True, slots=True)
class Servers:
    """A run that has not begun; see kernels/balance.py for what the arrays hold."""

    load: BalanceLoad
    timeline: Longs
    rules: Longs
    jobs: Ints
    finished: Longs
    clients: Longs
    servers: Longs
    heaps: tuple[Longs, Longs, Longs, Longs]
    counts: Longs
    samples: Longs
    random: Longs


@dataclass(frozen=True, slots=True)
class Answer:
    """How every request ended."""

    ends: NDArray[np.int32]  # [n] SERVED or GIVEN_UP, added up
    finished: Longs  # [n]


def build(load: BalanceLoad, policy: Policy) -> Servers:
    """Spread the clients evenly; nothing has been asked yet."""
    count, slots = len(load.arrives), 2 * load.servers
    home = np.arange(load.clients) % load.servers
    clients = np.zeros((load.clients, balance_servers.CLIENT), dtype=np.int64)
    clients[:, balance_servers.CONNECTION] = home
    clients[:, balance_servers.WATCH] = home
    clients[:, balance_servers.WATCH_END] = load.watch_ends
    servers = np.zeros((slots, balance_servers.SERVER), dtype=np.int64)
    servers[:, [balance_servers.UP, balance_servers.FIRST, balance_servers.LAST]] = -1
    servers[: load.servers, balance_servers.UP] = np.arange(load.servers)
    servers[: load.servers, balance_servers.LIST] = np.arange(load.servers)
    for column in (balance_servers.CONNECTIONS, balance_servers.WATCHES, balance_servers.HELD):
        servers[:, column] = np.bincount(home, minlength=slots)
    counts = np.zeros(balance_servers.COUNTS, dtype=np.int64)
    counts[balance_servers.SERVERS_UP] = load.servers
    counts[[balance_servers.LAST_REJECTION, balance_servers.RETRY_FIRST, balance_servers.RETRY_LAST]] = -1
    return Servers(
        load=load,
        timeline=load.timeline(surge=policy.surge),
        rules=load.policy_rules(policy),
        jobs=np.zeros((count, balance_servers.JOB), dtype=np.int32),
        finished=np.zeros(count, dtype=np.int64),
        clients=clients,
        servers=servers,
        heaps=balance_load.heaps(load),
        counts=counts,
        samples=np.zeros((TICKS + 1, balance.SAMPLES), dtype=np.int64),
        random=draw.generator(load.seed, Stream.BALANCE_CHOICES),
    )


def run(state: Servers) -> Outcome:
    """Send every request, and see each to its end."""
    load = state.load
    balance.simulate(
        load.arrives,
        load.asked,
        load.shuffled,
        state.timeline,
        state.rules,
        state.jobs,
        state.finished,
        state.clients,
        state.servers,
        *state.heaps,
        state.counts,
        state.samples,
        state.random,
    )
    ends = state.jobs[:, balance_servers.ENDS]
    work = balance_counts.work(
        load, ends, state.finished, state.counts, state.servers, state.samples, state.timeline
    )
    return Outcome(work, Answer(ends, state.finished))


def agree(load: BalanceLoad, outcomes: Mapping[str, Outcome]) -> None:
    """Every request ended once, served or given up, after it was sent; every attempt is accounted for."""
    for name, outcome in outcomes.items():
        _ended_once(load, name, outcome.answer)
        work = outcome.work
        failed = work["rejected"] + work["lost"] + work["no_server"]
        for what, got, wanted in (
            ("served and failed attempts", work["served"] + failed, work["attempts"]),
            ("retries and requests given up", work["retried"] + work["given_up"], failed),
        ):
            if got != wanted:
                raise WrongAnswer(f"apiserver-balance: {name} counts {got} {what}, must be {wanted}")


def _ended_once(load: BalanceLoad, name: str, answer: Answer) -> None:
    """Raise WrongAnswer for the first request that did not end once, or too early."""
    sent = len(load.arrives)
    if len(answer.ends) != sent:
        raise WrongAnswer(f"apiserver-balance: {name} ended {len(answer.ends)} requests, {sent} were sent")
    odd = np.flatnonzero(~np.isin(answer.ends, (balance_servers.SERVED, balance_servers.GIVEN_UP)))
    if len(odd):
        given_up, served = divmod(int(answer.ends[odd[0]]), balance_servers.GIVEN_UP)
        raise WrongAnswer(
            f"apiserver-balance: {name} served request {odd[0]} {served} times and gave it up {given_up}"
            f" times, must be one of them once ({len(odd)} of {sent} requests)"
        )
    early = np.flatnonzero(answer.finished < load.arrives)
    if len(early):
        one = int(early[0])
        raise WrongAnswer(
            f"apiserver-balance: {name} ended request {one} at {answer.finished[one]} ns, before it was"
            f" sent at {load.arrives[one]} ns"
        )


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say what is worse than before in this cell, what moving clients cost, and where it did not help."""
    before = works[BASELINE]
    said = []
    for name, work in works.items():
        if name != BASELINE:
            said += [f"{name}: {line}" for line in (*_worse(work, before), *_price(work, before))]
        if not work["balanced"]:
            share = units.show_percent(work["share_1_ppm"] / PPM)
            unbalanced = units.show_ns(work["unbalanced_ns"])
            said.append(
                f"{name}: not balanced at the end, after {unbalanced}: one server has {share} of the clients"
            )
        if name != BASELINE and work["rejected_late"]:
            late = units.show_count(work["rejected_late"])
            said.append(f"{name}: not over at the end: {late} attempts are rejected in the last tenth")
        if work["watch_share_ppm"] > work["share_1_ppm"] + LAGS_PPM:
            shares = (units.show_percent(work[key] / PPM) for key in ("share_1_ppm", "watch_share_ppm"))
            said.append(
                "{}: one server has {} of the clients' requests and {} of their watches".format(name, *shares)
            )
    if GOAWAY in works and works[GOAWAY]["sent_away"] == 0:
        said.append(
            "goaway: no request was told to go away: the chance is 0, or the flag not there (to 1.17)"
        )
    return tuple(said)


def _worse(work: Work, before: Work) -> Iterator[str]:
    """Yield how requests fare worse than in the baseline."""
    for key, what in (("rejected", "{} attempts are rejected"), ("given_up", "{} requests are given up")):
        if work[key] > before[key]:
            yield f"{what.format(units.show_count(work[key]))}, before {units.show_count(before[key])}"
    for key, what in (
        ("request_p99_ns", "p99 of a request is"),
        ("request_max_ns", "the longest request took"),
    ):
        if _clearly_more(work.get(key, 0), before.get(key, 0)):
            yield f"{what} {units.show_ns(work[key])}, before {units.show_ns(before[key])}"


def _price(work: Work, before: Work) -> Iterator[str]:
    """Yield what a variant needs more than the baseline: connections and servers."""
    opened, once = work["connections_opened"], before["connections_opened"]
    if _clearly_more(opened, once):
        why = ""
        if work["servers"] == 1:
            why = "there is one server only, and clients still moved: "
        elif once == 0:
            why = "nothing was wrong, and clients still moved: "
        cpu = units.show_ns(work["tls_cpu_ns"])
        pair = (units.show_count(one) for one in (opened, once))
        yield why + "{} connections opened, {cpu} of CPU, before {}".format(*pair, cpu=cpu)
    if work["extra_server_ns"]:
        time = units.show_ns(work["extra_server_ns"] // work["servers"])
        yield f"twice the servers, {2 * work['servers']} in place of {work['servers']}, for {time}"


def _clearly_more(this: int, than: int) -> bool:
    """Say whether *this* is more by at least a 20th."""
    return 20 * this > 21 * than


MECHANISM = Mechanism(
    id="apiserver-balance",
    title="API-server balance",
    panel="API server",
    about=(
        "Clients keep the connection they have, so that after a rolling upgrade the last server restarted has"
        " none of them, and after two of three servers failed the third keeps all. Servers that close"
        " connections above a second limit, clients that reconnect after repeated rejections and now and"
        " then, and upgrades with a whole new set of servers bring the load back to even shares."
    ),
    source=(
        "Zeng Fansong, Alibaba Cloud, 2019 (the design); kubernetes/apiserver pkg/server/filters:"
        " maxinflight.go, goaway.go (k/k#88567); client-go rest/request.go at 1de307a3; k/k#48610, #48616,"
        " #57405"
    ),
    left_out=(
        "Priority and fairness beyond its seats and queue (levels, flows, widths); readiness and shutdown"
        " delay; balancers that watch health; the network. Requests of all clients are of one kind at one"
        " rate, and wait for a core in one line. A client that lost its server connects again at once."
        " Watches cost work when they begin, not while they last. A liveness probe fails when it would be"
        " rejected, not when it waits too long. How much is rejected hangs on the assumed"
        " request_with_events_cpu_ns: in an upgrade of three servers for 10,000 nodes (alibaba-10k) the"
        " baseline rejects nothing at 0.8 to 3 ms, 13,849 attempts at 5 ms and 2.4M at 8 ms."
    ),
    loses=(
        "GOAWAY with one server: the same server again, for a handshake.",
        "A 429 without reconnecting: nobody moves, the servers that came back stay empty.",
        "Watches: after a GOAWAY they stay until their own end, 5 to 10 minutes.",
        "Too little for everyone: reconnecting adds handshakes, and the storm goes on.",
        "High use: reconnecting costs as much as a request; after a loss the storm can feed itself.",
        "An upgrade that waits for no cache (wait_warm: false): a whole new set is cold for all at once.",
        "Nothing wrong: the periodic reshuffle costs its handshakes all the same.",
    ),
    params=Params,
    prepare=balance_load.make,
    variants={
        BASELINE: Variant("stay connected, try again after a 429", partial(build, policy=Policy()), run),
        OPTIMIZED: Variant(
            "close, reconnect, reshuffle, and upgrade with a whole new set",
            partial(build, policy=Policy(surge=True, close=True, reconnect=True, reshuffle=True)),
            run,
        ),
        SURGE: Variant("only upgrade with a whole new set", partial(build, policy=Policy(surge=True)), run),
        RECONNECT: Variant(
            "only reconnect after repeated rejections", partial(build, policy=Policy(reconnect=True)), run
        ),
        RESHUFFLE: Variant("only reconnect now and then", partial(build, policy=Policy(reshuffle=True)), run),
        GOAWAY: Variant("only GOAWAY by chance (1.18+)", partial(build, policy=Policy(goaway=True)), run),
    },
    agree=agree,
    metrics=balance_counts.METRICS,
    per="requests",
    losses=losses,
    memory=balance_load.memory,
    cost_ns=balance_load.cost_ns,
    claims=("C23", "C24", "C24b"),
    costs=(
        "request_with_events_cpu_ns",
        "tls_handshake_cpu_ns",
        "watch_resume_cpu_ns",
        "cold_read_cpu_ppm",
    ),
    simulated=True,
)
