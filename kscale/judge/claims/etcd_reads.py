"""etcd's concurrent reads."""

from kscale.judge.claims.record import Claim, Setup, ratio
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.units import NS_PER_S

READS = "etcd-concurrent-reads"
SAME = (0.9, 1.1)  # "comparable"
MORE = (1 + 0.7 * 0.6, 1 + 0.7 * 1.4)  # +70 %, a change met within 40 %: 1.42 to 1.98
LOWER = (0.0, 1 - 0.9 * 0.6)  # -90 % in the same way: -54 % or lower
EVERY = NS_PER_S  # a long range a second
NEVER = 0


def _change(setup: Setup, scan_every_ns: int, counter: str) -> float:
    """Return a counter after over before, with a long range that often."""
    works = setup.cell(READS, scan_every_ns=scan_every_ns).works
    return works[OPTIMIZED][counter] / works[BASELINE][counter]


def _slowed(setup: Setup, variant: str, counter: str) -> float:
    """Return a latency beside long ranges over the one without them."""
    beside, alone = (setup.cell(READS, scan_every_ns=every).works[variant] for every in (EVERY, NEVER))
    return beside[counter] / alone[counter]


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="C19",
        title="Beside long ranges, 70 % more of all other requests and a P99 lower by 90 %; else no change",
        kind="R",
        source="etcd#10523 (2019-05); announcement of etcd 3.4, kubernetes.io blog, 2019-08-30",
        stated="one range over everything a second, 10 clients that read (10,000/s offered), 10 that put"
        " 10 KB (2,000/s offered)",
        setup="etcd-reads-10523",
        figures=(
            ratio("puts, after over before", 1.7, MORE, lambda s: _change(s, EVERY, "puts_per_s")),
            ratio("short reads, after over before", 1.7, MORE, lambda s: _change(s, EVERY, "reads_per_s")),
            ratio("P99 of a put, after over before", 0.1, LOWER, lambda s: _change(s, EVERY, "put_p99_ns")),
            ratio(
                "P99 of a short read, after over before",
                0.1,
                LOWER,
                lambda s: _change(s, EVERY, "read_p99_ns"),
            ),
            ratio("puts without long ranges", 1, SAME, lambda s: _change(s, NEVER, "puts_per_s")),
            ratio("short reads without them", 1, SAME, lambda s: _change(s, NEVER, "reads_per_s")),
            ratio("P99 of a put without them", 1, SAME, lambda s: _change(s, NEVER, "put_p99_ns")),
            ratio("P99 of a short read without them", 1, SAME, lambda s: _change(s, NEVER, "read_p99_ns")),
        ),
        assumes=(
            "Closed loops, as in the published commands: what is offered is never reached, a stall costs it.",
            "The store is that of etcd#9384, 100,000 keys of 256 B with 1 KB; its size was not repeated.",
            "A short read finds 12 keys of 10 KB: those that the tool's numbering puts between A and Z.",
            "Time outside etcd is exponential, its mean solved from the means published without long ranges.",
            "Cores, fsync and members were not published: 8, 1 ms and 3.",
            "A change is met within 40 % of itself: +42 to +98 %, and -54 % or lower; 10 % where comparable.",
            "What a range costs decides it: at its coefficients' ends puts rise by 28 or 212 %.",
            "There P99 of a put falls by 19 or 98 %, that of a read by 43 or 95 %.",
            "So does the store: with 40,000 keys puts rise by 27 %, P99 falls by 18 % (puts), 82 % (reads).",
            "With that and the cheapest range puts rise by 10 %, P99 falls by 14 % (puts) and 31 % (reads).",
            "So does the network: at a mean of 0, 3 or 6.8 ms P99 of a read falls by 6, 32 or 93 %.",
            "Puts then rise by 106 to 108 %.",
            "Latencies after are a floor: what a range still costs puts on a real etcd is left out.",
        ),
        not_reproducible="how much was stored, on what machine and over what network was not published, and"
        " they decide both figures: within what they may be puts rise by 10 to 212 %",
    ),
    Claim(
        id="C19b",
        title="A long range slows 90 % of short reads 30 times, the rest to its own 600 ms; after, 3 times",
        kind="R",
        source="etcd#9384, comment of 2019-02-12",
        stated="100,000 keys of 256 B with 1 KB; a range over all, 100 short reads and 20 puts a second",
        setup="etcd-reads-9384",
        figures=(
            ratio(
                "P90 of a short read, beside long ranges over without, before",
                30,
                (18, 42),
                lambda s: _slowed(s, BASELINE, "read_p90_ns"),
            ),
            ratio(
                "P99 of a short read, before",
                0.6e9,
                (0.36e9, 0.84e9),
                lambda s: s.before(READS, scan_every_ns=EVERY)["read_p99_ns"],
                unit="ns",
            ),
            ratio(
                "P90 of a short read, beside long ranges over without, after",
                3,
                (1.8, 4.2),
                lambda s: _slowed(s, OPTIMIZED, "read_p90_ns"),
            ),
            ratio(
                "P90 of a put, beside long ranges over without, after",
                4,
                (2.4, 5.6),
                lambda s: _slowed(s, OPTIMIZED, "put_p90_ns"),
            ),
        ),
        assumes=(
            "Requests are sent at their rates, whatever waits; 8 cores, fsync of 1 ms, 3 members.",
            "Quantiles are of all requests, those between two long ranges included.",
            "What was measured after is that of an earlier change, which read behind the buffer, not of 3.4.",
            "Clients decide it: where 1, 10 or 100 wait for answers, P90 of a read is 1, 2 or 270 times.",
            "At a rate it is 320 times; 79 or 510 times at the ends of what a range may cost.",
            "Cores decide what stays: P90 is 7 (reads) and 8 times (puts) as long after with 2, once with 8.",
        ),
        not_reproducible="how many clients sent the requests and on what machine was not said: with clients"
        " that wait few requests meet the lock, at a rate all do; and the 3 times that stay are cores, memory"
        " and garbage collection shared with the range, which the model leaves out",
    ),
)
