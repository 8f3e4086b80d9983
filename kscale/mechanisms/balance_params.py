"""How much the clients of API servers ask, what goes wrong, and how both sides answer to it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from kscale.scenario.quantities import Duration

SECOND = 1_000_000_000  # ns
DAY = 86_400 * SECOND

Time = Annotated[Duration, Field(ge=1, le=DAY)]


@dataclass(frozen=True, slots=True)
class Params:
    """How much is asked, what goes wrong, and how servers and clients answer to it."""

    fault: Annotated[
        Literal["upgrade", "loss", "none"],
        Field(
            description="At a tenth of the time: every server is restarted for an upgrade, or some are lost"
            " at once and come back, or nothing."
        ),
    ] = "upgrade"
    lose: Annotated[int, Field(ge=0, le=1000, description="Servers lost at once; 0: all but one.")] = 0
    balancer: Annotated[
        Literal["random", "least-connections"],
        Field(description="How the balancer chooses a server for a new connection."),
    ] = "random"
    requests_per_s: Annotated[
        float, Field(gt=0, le=1000, description="Requests of each client a second, watches aside; assumed.")
    ] = 0.2
    write_share: Annotated[float, Field(ge=0, le=1, description="Share of them that write; assumed.")] = 0.5
    duration_ns: Annotated[Duration, Field(ge=SECOND, le=DAY, description="How long requests are sent.")] = (
        600 * SECOND
    )
    cores: Annotated[int, Field(ge=1, le=1000, description="Cores of a server; assumed.")] = 8
    down_ns: Annotated[Time, Field(description="How long a server takes to restart; assumed.")] = 20 * SECOND
    cold_ns: Annotated[
        Duration,
        Field(ge=0, le=DAY, description="How long its watch caches take to fill after that; assumed."),
    ] = 20 * SECOND
    wait_warm: Annotated[
        bool,
        Field(
            description="Every upgrade waits until the caches of the servers it started are full before it"
            " stops the next, or the old set; assumed."
        ),
    ] = True
    retries: Annotated[
        int, Field(ge=0, le=1000, description="Of a request before it is given up; client-go: 10.")
    ] = 10
    liveness: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            description="Probes, one in 10 s, that a server fails in a row before it is restarted; 0: never."
            " kubeadm: 8.",
        ),
    ] = 8
    close_above: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000_000,
            description="Rejections of a server in a second above which it closes the connections; assumed.",
        ),
    ] = 1000
    reconnect_after: Annotated[
        int, Field(ge=1, le=1_000_000, description="Rejections after which a client reconnects; assumed.")
    ] = 3
    reconnect_window_ns: Annotated[Time, Field(description="Within this time; assumed.")] = 10 * SECOND
    reshuffle_ns: Annotated[
        Duration, Field(ge=SECOND, le=DAY, description="A client reconnects this often; assumed.")
    ] = 300 * SECOND
    goaway_ppm: Annotated[
        int,
        Field(
            ge=0,
            le=20_000,
            description="Requests in a million that are told to go away, in variant goaway; 1,000 are advised"
            " for --goaway-chance, and before 1.18 there are none.",
        ),
    ] = 1000

    def __post_init__(self) -> None:
        """Refuse restarts that do not fit into the time: ValueError."""
        step = {"down_ns": self.down_ns, "cold_ns": self.cold_ns}
        if self.fault == "upgrade" and self.wait_warm:
            step["down_ns + cold_ns"] = self.down_ns + self.cold_ns
        for name, time in step.items():
            if 3 * time > self.duration_ns:
                most = self.duration_ns / SECOND / 3
                raise ValueError(
                    f"{name} must be at most a third of duration_ns, {most:g} s, got {time / SECOND:g} s"
                )
