"""etcd's concurrent reads: a long range holds the backend's lock, or reads on a copied buffer.

Baseline is etcd up to 3.3: a read holds the read lock while it looks its keys up and decodes them, so
that puts, which must put themselves into the read buffer, wait for it; and as a writer that waits goes before
new readers, so do all other reads. Optimized is 3.4 (etcd#10523): a read holds the lock while it copies the
buffer, then ranges without it. From 3.5 on (etcd#12933) reads share a copy until something is written.

The locks, the buffer and its copies are executed on a virtual clock. What work takes is the cost model's.
Every read must see each put that was applied when it was sent, and nothing half-written: its checksum
must be that of the revision it saw, worked out at its end from the copy it held.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import etcd_backend as be
from kscale.kernels import etcd_reads, read_buffer
from kscale.mechanisms import etcd_reads_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.etcd_reads_load import MODES, SECOND, Longs, Params, ReadLoad
from kscale.mechanisms.latency import Latency

PUTS = Latency("put", "from sending a put to its answer")
READS = Latency("read", "from sending a short read to its answer")
SCANS = Latency("scan", "from sending a long range to its answer", headline=())
NAMES = ("put", "short read", "long range")
HARDLY = 1.1  # times as long: no gain to speak of


@dataclass(frozen=True, slots=True)
class Server:
    """An etcd before its first request."""

    load: ReadLoad
    etcd: be.Etcd


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of every request; see `rows` in kernels/etcd_backend.py."""

    rules: Longs
    rows: Longs


def build_blocking(load: ReadLoad) -> Server:
    """Return an etcd whose reads hold the lock."""
    return _server(load, "blocking", idle_ticks=load.idle_ticks)


def build_best(load: ReadLoad) -> Server:
    """Return an etcd that reads as the profile's version does, 3.4 at least."""
    return _server(load, load.best, idle_ticks=False)


def build_cached(load: ReadLoad) -> Server:
    """Return an etcd whose reads share copies."""
    return _server(load, "cached", idle_ticks=False)


def _server(load: ReadLoad, mode: str, *, idle_ticks: bool) -> Server:
    """Return an etcd that reads in that way."""
    rules = load.rules.copy()
    rules[be.MODE], rules[be.IDLE_TICKS] = MODES[mode], idle_ticks
    return Server(load, be.new(rules, load.rows.copy()))


def run(server: Server) -> Outcome:
    """Answer everything, and count."""
    etcd = server.etcd
    etcd_reads.run(etcd)
    rows, counts = etcd.rows[:-2], etcd.now
    kinds = [rows[slice(*bounds)] for bounds in _bounds(etcd.rules)]
    work: dict[str, int] = {}
    for latency, kind in zip((PUTS, READS, SCANS), kinds, strict=True):
        answered = kind[kind[:, be.DONE] > 0]
        work |= latency.work(answered[:, be.DONE] - answered[:, be.SENT])
    until = int(etcd.rules[be.UNTIL])
    for name, kind in zip(("puts", "reads", "scans"), kinds, strict=True):
        in_time = (kind[:, be.DONE] > 0) & (kind[:, be.DONE] <= until)
        work[name] = int((kind[:, be.SENT] >= 0).sum())
        if name == "scans":
            work["scans_in_time"] = int(in_time.sum())
        else:
            work[f"{name}_per_s"] = int(in_time.sum()) * SECOND // until
    work |= {
        "puts_refused": int((kinds[be.PUT][:, be.DONE] == be.REFUSED).sum()),
        "bytes_copied": int(counts[be.BYTES_COPIED]),
        "copies": int(counts[be.COPIES]),
        "read_waits": int(counts[be.READ_WAITS]),
        "read_waited_ns": int(counts[be.READ_WAITED]),
        "write_waits": int(counts[be.WRITE_WAITS]),
        "write_waited_ns": int(counts[be.WRITE_WAITED]),
        "commits": int(counts[be.COMMITS]),
    }
    return Outcome(work, Answer(etcd.rules, rows))


def _bounds(rules: Longs) -> list[tuple[int, int]]:
    """Return the first request of each kind and the end."""
    return [(int(rules[be.FIRST + kind]), int(rules[be.END + kind])) for kind in range(be.KINDS)]


def agree(load: ReadLoad, outcomes: Mapping[str, Outcome]) -> None:
    """Everything sent was answered; every read saw a whole state, and no older one than it had to."""
    sums = _checksums(int(load.rules[be.END + be.PUT]))
    for name, outcome in outcomes.items():
        answer: Answer = outcome.answer
        for kind, (first, end) in enumerate(_bounds(answer.rules)):
            rows = answer.rows[first:end]
            rows = rows[rows[:, be.SENT] >= 0]
            if kind != be.PUT:
                _check(name, kind, rows[:, be.SEEN] < rows[:, be.FLOOR], "saw less than what was applied")
                _check(name, kind, rows[:, be.SUM] != sums[rows[:, be.SEEN]], "saw a state that never was")
            _check(name, kind, rows[:, be.DONE] == 0, "was not answered")
        puts = answer.rows[slice(*_bounds(answer.rules)[be.PUT])]
        revisions = np.sort(puts[puts[:, be.DONE] > 0, be.SEEN])
        _check(name, be.PUT, revisions != np.arange(1, len(revisions) + 1), "has the revision of another")


def _check(variant: str, kind: int, wrong: np.ndarray[tuple[int], np.dtype[np.bool]], what: str) -> None:
    """Raise WrongAnswer for the first request that is *wrong*."""
    if wrong.any():
        raise WrongAnswer(
            f"etcd-concurrent-reads: {variant}: {NAMES[kind]} {int(np.flatnonzero(wrong)[0])} {what}"
            f" ({int(wrong.sum())} of {len(wrong)})"
        )


def _checksums(puts: int) -> Longs:
    """Return the checksum of the store after each number of puts, 0 to *puts*; see kernels/read_buffer.py."""
    revisions = np.arange(puts + 1, dtype=np.int64)
    return np.cumsum((revisions * read_buffer.PRIME) & read_buffer.MASK) & read_buffer.MASK


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say what was copied for nothing, how much a copy costs, and that a commit still keeps reads out."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    before, after = works[BASELINE], works[OPTIMIZED]
    found = []
    copied = f"{units.show_bytes(after['bytes_copied'])} in {units.show_count(after['copies'])} copies"
    slower = ("put_p99_ns", "read_p99_ns")
    known = [name for name in slower if name in before and name in after]
    if all(before[name] < HARDLY * after[name] for name in known) and after["copies"]:
        found.append(f"no read held the lock for long: nothing is gained, and {copied} were for nothing")
    elif after["bytes_copied"] > before["reads"] * 100 * 1024:
        each = units.show_bytes(after["bytes_copied"] // after["copies"])
        found.append(f"{each} a copy, {copied}: a full buffer is dear for reads of a few keys")
    if after["read_waits"]:
        found.append(
            f"bbolt's commit still keeps reads out: {units.show_count(after['read_waits'])} of"
            f" {units.show_count(after['reads'] + after['scans'])} waited,"
            f" {units.show_ns(after['read_waited_ns'] // after['read_waits'])} each"
        )
    return tuple(found)


METRICS = (
    *PUTS.metrics(),
    *READS.metrics(),
    *SCANS.metrics(),
    Metric(
        "bytes_copied",
        "bytes",
        about="of read buffers, really copied; how often and how full follows the virtual clock",
        headline=True,
        provenance="modelled",
    ),
    Metric("copies", "copies", about="of the read buffer, as bytes_copied", provenance="modelled"),
    Metric(
        "read_waits", "waits", about="reads that found the lock taken or asked for", provenance="modelled"
    ),
    Metric("read_waited_ns", "ns", about="time all reads waited for the lock", provenance="modelled"),
    Metric("write_waits", "waits", about="puts and commits that waited for readers", provenance="modelled"),
    Metric("write_waited_ns", "ns", about="time they waited", provenance="modelled"),
    Metric("puts_per_s", "puts/s", "higher", "answered in the time simulated", provenance="modelled"),
    Metric("reads_per_s", "reads/s", "higher", "as puts_per_s, short reads", provenance="modelled"),
    Metric("scans_in_time", "ranges", "higher", "answered in the time simulated", provenance="modelled"),
    Metric("puts_refused", "puts", about="too many entries were not applied yet", provenance="modelled"),
    Metric("commits", "commits", "none", "of bbolt's transaction", provenance="modelled"),
    Metric(
        "puts", "puts", "none", "sent; by clients that wait, as many as they come to", provenance="modelled"
    ),
    Metric("reads", "reads", "none", "short reads sent, as puts", provenance="modelled"),
    Metric("scans", "ranges", "none", "long ranges sent, as puts", provenance="modelled"),
)

MECHANISM = Mechanism(
    id="etcd-concurrent-reads",
    title="etcd concurrent reads",
    panel="etcd",
    about=(
        "A list of all pods read etcd under a lock that every write needs: puts and, behind them, all other"
        " reads stood still for hundreds of milliseconds. etcd 3.4 copies its small read buffer when a read"
        " begins and needs no lock after it; 3.5 shares a copy until something is written."
    ),
    source=(
        "etcd-io/etcd server/mvcc: kvstore_txn.go, backend/{backend,batch_tx,read_tx,tx_buffer}.go, 3.2 to"
        " 3.5; etcd#9296, #10523, #12933"
    ),
    left_out=(
        "Followers, message windows and leases (one log that batches stands for them), deletes, compaction,"
        " buckets beside the keys', garbage collection, memory bandwidth shared by cores. Puts are of one"
        " size. The log, bbolt's commit and the network take no core, and scans alone give way to others."
        " Of 3.5, that transactions with writes read without a copy (etcd#12896). So latencies after the"
        " change are a floor: beside full lists of 100,000 keys of 2 KB the P99 of a put still rose from 4.7"
        " to 24 ms on a real etcd 3.4.23 and from 1.4 to 18 ms on 3.5.1; etcd and its client shared 2 cores,"
        " and what part was whose was not told apart. The 2019 profile ran etcd 3.3: what is optimized here"
        " came with 3.4."
    ),
    loses=(
        "Without long ranges nothing waits for reads, and every copy is for nothing.",
        "Many small reads beside many writes: each copies a whole buffer; 3.5 saves that between writes.",
        "bbolt's commit holds the lock as before: reads wait for it.",
    ),
    params=Params,
    prepare=etcd_reads_load.make,
    variants={
        BASELINE: Variant("a read holds the lock while it looks its keys up (to 3.3)", build_blocking, run),
        OPTIMIZED: Variant(
            "it copies the read buffer, then needs no lock (3.4; the profile's)", build_best, run
        ),
        "cached": Variant("reads share a copy until something is written (3.5)", build_cached, run),
    },
    agree=agree,
    metrics=METRICS,
    per="reads",
    losses=losses,
    memory=etcd_reads_load.memory,
    cost_ns=etcd_reads_load.cost_ns,
    claims=("C19", "C19b"),
    costs=etcd_reads_load.COSTS,
    settings=etcd_reads_load.settings,
    simulated=True,
)
