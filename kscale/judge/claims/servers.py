"""Balance over API servers: where clients end up after restarts, and how GOAWAY moves them."""

import math
from collections.abc import Callable

from kscale.judge.claims.record import Claim, Setup, identity, order
from kscale.mechanisms.base import BASELINE
from kscale.units import NS_PER_S

BALANCE = "apiserver-balance"
PPM = 1_000_000
THIRD = 1 / 3


def _share(variant: str, rank: str, **params: object) -> Callable[[Setup], float]:
    """Return how to read the share of clients at one server at the end."""
    return lambda setup: setup.cell(BALANCE, **params).works[variant][f"share_{rank}_ppm"] / PPM


def until_balanced(setup: Setup) -> float:
    """Return the ns after the fault in which one server has too many, endless if it has at the end."""
    work = setup.cell(BALANCE).works["goaway"]
    return work["unbalanced_ns"] if work["balanced"] else math.inf


RANDOM = {"fault": "upgrade", "balancer": "random"}
LEAST = {"fault": "upgrade", "balancer": "least-connections"}
LOSS = {"fault": "loss"}

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="C23",
        title="Restarting three servers in turn leaves 62/38/0 % of the clients, a surge 33/33/33",
        kind="A",
        source=(
            "derived from connections that stay: clients of a server that stops spread over those up, the"
            " last one restarted gets none; picture in Zeng Fansong's article of 2019, k/k#48610"
        ),
        stated="3 servers, a layer-4 balancer; restarted in turn, replaced by 3 more, or two lost at once",
        setup="balance-restart",
        figures=(
            identity("in turn, fullest server", "share", 0.625, _share(BASELINE, "1", **RANDOM)),
            identity("in turn, second", "share", 0.375, _share(BASELINE, "2", **RANDOM)),
            identity("in turn, third", "share", 0, _share(BASELINE, "3", **RANDOM)),
            identity("fewest connections first, fullest", "share", 0.5, _share(BASELINE, "1", **LEAST)),
            identity("fewest connections first, second", "share", 0.5, _share(BASELINE, "2", **LEAST)),
            identity("fewest connections first, third", "share", 0, _share(BASELINE, "3", **LEAST)),
            identity("surge, fullest", "share", THIRD, _share("surge", "1", **RANDOM)),
            identity("surge, third", "share", THIRD, _share("surge", "3", **RANDOM)),
            identity("two lost at once, fullest", "share", 1, _share(BASELINE, "1", **LOSS)),
            identity("two lost at once, third", "share", 0, _share(BASELINE, "3", **LOSS)),
        ),
        assumes=("20,000 clients: the random spread itself is then within 2.2 % (seeds 0 to 5).",),
    ),
    Claim(
        id="C24",
        title="With GOAWAY the imbalance decays with time constant 1 / (p r)",
        kind="A",
        source="derived: a connection lasts 1 / (p r) on average; chance p up to 0.02 (k/k#88567)",
        stated="chance p of a GOAWAY at each request, r requests a second and client",
        setup="balance-goaway",
        figures=(
            identity(
                "time constant at p = 0.02, r = 0.25/s",
                "ns",
                200 * NS_PER_S,
                lambda setup: setup.cell(BALANCE).works["goaway"]["excess_decay_ns"],
            ),
        ),
        assumes=(
            "The time in which the fullest server's excess falls to 1/e, from when two of three are back.",
        ),
    ),
    Claim(
        id="C24b",
        title="GOAWAY balances three servers, two of them killed, after a few minutes",
        kind="M",
        source="gardener#11551, comment of 2025-03-03",
        stated="3 replicas of gardener-apiserver, 2 killed so that all clients connect to the third",
        setup="balance-minutes",
        figures=(order("until balanced", "ns", 4 * 60 * NS_PER_S, until_balanced),),
        assumes=(
            "A few minutes are taken as four; balanced is at most 1.2 times an even share.",
            "The largest chance, 0.02, and a request of each client in 2 s.",
            (
                "Both decide: at that chance it takes 2.2 min with 1 request/s, 4.1 min with 0.5, 10 min with"
                " 0.2 and 20 min with 0.1; at the advised chance, 0.001, and 0.2 requests/s it takes 3.4 h."
            ),
        ),
        not_reproducible="the chance that was set and the clients' rate of requests were not published",
    ),
)
