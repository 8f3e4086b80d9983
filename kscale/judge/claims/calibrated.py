"""What a real etcd showed once, beside what it shows here: ours is read from a calibration.

The figures in the place of published ones are kscale's own, of one other machine: nobody else's, and
no more than that. Nothing of ours is a model's doing, so it counts neither for nor against the models.
"""

from collections.abc import Callable
from dataclasses import replace

from kscale.calibrate.figures import missing
from kscale.calibrate.record import Calibration, conditions
from kscale.judge.claims.record import Claim, Figure, Interval, Kind, Setup, identity, order, ratio

SOURCE = (
    "'published' is kscale's own reference measurement, of nobody else: 2026-11-21, 2 cores, ext4, etcd 3.5.1"
)
SPILLS = "puts of 15 KB, 64 in flight, on copies of one file; also with 490,000 free pages, not made here"
LISTS = "100,000 and 20,000 keys of 2 KB, linearizable unless said; client and etcd share 2 cores"
FEWER = "50,000 keys of 2 KiB here, 16,000 in the quick plan: 102 MB and 33 MB against 210 MB and 42 MB."


def _value(name: str) -> Callable[[Setup], float]:
    """Return how to read a figure of the calibration."""
    return lambda setup: setup.calibrated[name].value


def _interval(name: str) -> Callable[[Setup], Interval | None]:
    """Return how to read its interval; there is none of a figure that was measured once, and is of no fit."""
    return lambda setup: setup.calibrated[name].range


def _ratio(name: str, what: str, published: float, band: tuple[float, float], unit: str = "x") -> Figure:
    """Return a ratio of the calibration."""
    return _reading(name, ratio(what, published, band, _value(name), unit))


def _reading(name: str, figure: Figure) -> Figure:
    """Return a figure that says which one of the calibration it reads, and has its interval."""
    return replace(figure, interval=_interval(name), reads=name)


def _claim(
    claim_id: str, title: str, kind: Kind, stated: str, *figures: Figure, assumes: tuple[str, ...] = ()
) -> Claim:
    """Return a claim whose figures come from a calibration."""
    return Claim(
        id=claim_id,
        title=title,
        kind=kind,
        source=SOURCE,
        stated=stated,
        setup=None,
        figures=figures,
        provenance="measured",
        assumes=assumes,
        calibrated=True,
    )


def setup(made: Calibration) -> Setup:
    """Return a calibration as the set-up of these claims: its figures, and why others are missing."""
    head = f"kscale calibrate etcd: {made.etcd} {made.where}, {made.date}"
    known = conditions(made.plan, made.machine.other_cpu_pct)
    lacking = {
        one.reads: missing(one.reads, made)
        for claim in CLAIMS
        for one in claim.figures
        if one.reads not in made.figures
    }
    return Setup("; ".join([head, *known]), (), calibrated=made.figures, missing=lacking)


CLAIMS: tuple[Claim, ...] = (
    _claim(
        "K1",
        "A node status leaves 38.8 times as much in etcd's log as a lease",
        "R",
        "puts of 15 KiB and 300 B, 1,000/s over 1,000 keys; length of the log without its zero tail",
        _ratio("wal-ratio", "log a put, 15 KiB over 300 B", 38.8, (36.0, 42.0)),
    ),
    _claim(
        "K2",
        "A put leaves 15,453 bytes in the log with a node status, 398 with a lease",
        "A",
        "as K1",
        _reading(
            "wal-status-bytes", identity("log a put of 15 KiB", "bytes", 15_453, _value("wal-status-bytes"))
        ),
        _reading("wal-lease-bytes", identity("log a put of 300 B", "bytes", 398, _value("wal-lease-bytes"))),
        assumes=("Keys are of other lengths here: a byte of key is a byte of log.",),
    ),
    _claim(
        "K3",
        "The store grows by 16.4 KB a node status and by 0.46 KB a lease",
        "R",
        "as K1; growth of the database file before any compaction",
        _ratio("db-status-bytes", "store a put of 15 KiB", 16_400, (15_580, 17_220), "bytes"),
        _ratio("db-lease-bytes", "store a put of 300 B", 460, (414, 506), "bytes"),
        _ratio("db-ratio", "15 KiB over 300 B", 35.0, (31.5, 38.5)),
    ),
    _claim(
        "K4",
        "On a saturated etcd a put of 15 KB takes twice the CPU of one of 300 B",
        "R",
        "64 puts in flight: 97 us against 48 us",
        _ratio("put-cpu-ratio", "CPU a put, 15 KiB over small", 2.0, (1.0, 4.0)),
        assumes=("The small value is of 256 B here.",),
    ),
    _claim(
        "K5",
        "64 clients get six times as many puts done as one",
        "R",
        "values of 256 B: 11,000 to 13,000 puts/s against 1,700 to 2,300",
        _ratio("put-clients-ratio", "puts/s, 64 clients over 1", 6.0, (3.0, 12.0)),
        assumes=("The client is the same program, on the same cores: it is part of the figure.",),
    ),
    _claim(
        "K6",
        "With 10,000 free pages that are single holes, the array's spill takes 1.5 times the map's",
        "R",
        SPILLS,
        _ratio("spill-ratio-10k", "spill a put, 10k free pages", 1.5, (0.75, 3.0)),
    ),
    _claim(
        "K7",
        "A key of a full list takes a 26th to a 34th of the time of reading it alone",
        "R",
        f"{LISTS}; 223 ms against 0.29 ms, 1,044 ms against 0.36 ms",
        _ratio("list-key-alone-ratio", "time of a key, in a list over alone", 0.034, (0.0145, 0.077)),
        assumes=(FEWER,),
    ),
    _claim(
        "K8",
        "Full lists take their keys' share of time: 1.2 to 1.4 times what a small prefix takes a key",
        "R",
        f"{LISTS}; a prefix of a 200th of the keys in 0.78 ms and 4.5 ms",
        _ratio("list-key-prefix-ratio", "time a key, whole over small list", 1.3, (0.58, 2.86)),
        assumes=(FEWER, "The small prefix is a 200th of the keys here too."),
    ),
    _claim(
        "K9",
        "Keys alone take a fifth to a third of a full list, their number alone a 48th to an 18th",
        "R",
        f"{LISTS}; 206 ms and 33 ms against 1,044 ms (600 ms serializable, which ran second), 39 ms and"
        " 4.6 ms against 223 ms",
        _ratio("list-keys-only-ratio", "time, keys only over full list", 0.2, (0.1, 0.68)),
        _ratio("list-count-only-ratio", "time, number only over full list", 0.032, (0.0103, 0.11)),
        assumes=(FEWER,),
    ),
    _claim(
        "K10",
        "Beside full lists the 99th percentile of a small put is 13 times as long",
        "R",
        "a put of 300 B every 5 ms, while one client lists 100,000 keys of 2 KB again and again",
        _ratio("beside-p99-ratio", "p99 of a put, beside lists over alone", 13.0, (4.0, 40.0)),
        assumes=(
            "A put every 2 ms here; 64,000 keys in the default plan, too few for this in the quick one.",
        ),
    ),
    _claim(
        "K11",
        "etcd delivers an event to a watcher with 4 to 5 us of CPU",
        "M",
        "256 B, each watcher on a stream of its own; CPU an event, less that without watchers",
        _reading(
            "watch-delivery-ns",
            order("CPU a delivery", "ns", 4700, _value("watch-delivery-ns")),
        ),
    ),
    _claim(
        "K12",
        "With 100,000 free pages that are single holes, the array's spill takes 9 times the map's",
        "R",
        SPILLS,
        _ratio("spill-ratio-100k", "spill a put, 100k free pages", 9.0, (4.5, 18.0)),
        assumes=("The default plan measures it; the quick one goes to 10,000 free pages.",),
    ),
)
