"""The formula of each family of points: few costs, each one that an etcd really has.

A closed loop of n clients: a put that finds the log idle takes a round trip and its own turn; one of
many also waits for the turn that is under way, the likelier the more there are (1 - 1/n), and then for
everything in flight, put after put. One in a hundred waits for a commit too, whose length follows
bytes. CPU per put falls with the load because fewer wake-ups are left for each (1/n). Lists pay for
each key and each byte, up to 16 MiB: for longer responses the client has to be given fresh memory each
time (two page faults a page of a response of 33 MB and more, none or one of shorter ones), and shares the
cores with etcd; lists of keys alone stay on their line. A walk over keys only to count them takes three
times as long a key at 64,000 as at 16,000, which no longer fit into a cache. An array of free pages is
walked from end to end, a map is counted at every commit (bbolt 1.3): both grow with the free pages, at
slopes of their own.

A formula has a reach where it was seen to end, or where more is of no use for a control plane. Points
beyond it have no part in the fit: they show what extrapolating comes to.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Final

import numpy as np

from kscale.calibrate.formula import At, Formula, Term
from kscale.mechanisms import lease_store
from kscale.scenario import costs

NS, PER_BYTE = "ns", "ns/byte"
RECORD_BYTES: Final = costs.of_profile("k8s-1.36")["etcd_store_record_bytes"]  # of every profile
PUT_REACH: Final = {"value_bytes": 16_384.0}  # a node status; larger objects are few
FLUSH_REACH: Final = {"wal_bytes": 65_536.0}  # four statuses; of more a byte takes less and less
LIST_REACH: Final = {"list_bytes": 2.0**24}  # of a response
WALK_REACH: Final = {"keys": 16_384.0}
WATCH_REACH: Final = {"watchers": 100.0}


def _each(*names: str) -> Callable[[At], float]:
    """Return the product of those parts of a setting; 1 for none."""
    return lambda at: float(prod(at[name] for name in names))


def pages(value_bytes: float) -> float:
    """Return the bytes by which a put grows the store: it is written in whole pages."""
    return float(lease_store.grown(np.array([round(value_bytes)]), RECORD_BYTES)[0])


def _in_flight(at: At, value: float) -> float:
    """Return latency for a rate and rate for a latency, of clients in a closed loop (Little's law)."""
    return at["clients"] * 1e9 / value


def _per_second(at: At, value: float) -> float:
    """Return ns for a rate a second, and a rate for ns."""
    del at
    return 1e9 / value


FIXED = "once"
TURN = Term("waiting for the turn under way", NS, lambda at: 1 - 1 / at["clients"])
WAKING = Term("waking up for it", NS, lambda at: 1 / at["clients"])
LATENCY = (
    Term("round trip", NS, _each()),
    TURN,
    Term("a put in flight", NS, _each("clients")),
    Term("a byte in flight", PER_BYTE, _each("clients", "value_bytes")),
)
LATENCY_SAID = "round trip + (1 - 1/clients) x wait + clients x (put + bytes x byte)"
LIST = (
    Term(FIXED, NS, _each()),
    Term("a key", NS, _each("keys")),
    Term("a byte", PER_BYTE, _each("keys", "value_bytes")),
)
LIST_SAID = "once + keys x (key + bytes x byte)"
KEYS = (Term(FIXED, NS, _each()), Term("a key", NS, _each("keys")))
KEYS_SAID = "once + keys x key"
FREE = (Term(FIXED, NS, _each()), Term("a free page", NS, _each("free_pages")))
FREE_SAID = "once + free pages x page"
COMMIT = (
    Term(FIXED, NS, _each()),
    Term("a put", NS, _each("puts")),
    Term("a byte of pages", PER_BYTE, lambda at: at["puts"] * pages(at["bytes"] / at["puts"])),
)
COMMIT_SAID = "once + puts x (put + bytes of its pages x byte)"
VALUE = (Term(FIXED, NS, _each()), Term("a byte", PER_BYTE, _each("value_bytes")))
VALUE_SAID = "once + bytes x byte"

_LISTS: Mapping[str, At] = {  # and their reach; etcd reads values even to return keys only
    "list": LIST_REACH,
    "list-serializable": LIST_REACH,
    "list-keys-only": {},
}
_WALKS = ("list-count-only",)
_FREE = ("array", "map")

FORMULAS: Mapping[str, Formula] = {
    one.family: one
    for one in (
        Formula("put-throughput", f"clients / ({LATENCY_SAID})", LATENCY, _in_flight, reach=PUT_REACH),
        Formula("put-p50", LATENCY_SAID, LATENCY, reach=PUT_REACH),
        Formula(
            "put-p99",
            "once + bytes x byte of a commit + clients x (put + bytes x byte)",
            (
                Term(FIXED, NS, _each()),
                Term("a byte of a commit", PER_BYTE, _each("value_bytes")),
                *LATENCY[2:],
            ),
            reach=PUT_REACH,
        ),
        Formula(
            "put-cpu",
            "put + waking / clients + bytes x byte",
            (Term("a put", NS, _each()), WAKING, Term("a byte", PER_BYTE, _each("value_bytes"))),
            reach=PUT_REACH,
        ),
        Formula(
            "fsync",
            "flush + puts x put + bytes x byte",
            (
                Term("a flush", NS, _each()),
                Term("a put", NS, _each("puts")),  # who waits for the disk also waits for a core
                Term("a byte", PER_BYTE, _each("wal_bytes")),
            ),
            reach=FLUSH_REACH,
        ),
        *(Formula(f"commit{part}", COMMIT_SAID, COMMIT) for part in ("", "-spill", "-write")),
        *(Formula(f"get-{what}", VALUE_SAID, VALUE) for what in ("time", "cpu")),
        *(
            Formula(f"{kind}-{what}", LIST_SAID, LIST, reach=reach)
            for kind, reach in _LISTS.items()
            for what in ("time", "cpu")
        ),
        *(
            Formula(f"{kind}-{what}", KEYS_SAID, KEYS, reach=WALK_REACH)
            for kind in _WALKS
            for what in ("time", "cpu")
        ),
        Formula(
            "watch-cpu",
            "put + bytes x byte + watchers x (event + bytes x byte of an event)",
            (
                Term("a put", NS, _each()),
                Term("a byte", PER_BYTE, _each("value_bytes")),
                Term("an event for a watcher", NS, _each("watchers")),
                Term("a byte of an event", PER_BYTE, _each("watchers", "value_bytes")),
            ),
            reach=WATCH_REACH,
        ),
        Formula(
            "heartbeat-wal",
            "bytes + record",
            (Term("a record", "bytes", _each()),),
            known=_each("value_bytes"),
        ),
        Formula(  # nothing to fit: the pages of the mechanism node-lease
            "heartbeat-db",
            f"whole pages of two values at least, {RECORD_BYTES} bytes beside each",
            (),
            known=lambda at: pages(at["value_bytes"]),
        ),
        Formula("heartbeat-cpu", VALUE_SAID, VALUE),
        *(Formula(f"freelist-{kind}-{what}", FREE_SAID, FREE) for what in ("spill", "p99") for kind in _FREE),
        *(Formula(f"freelist-{kind}-puts", f"1 / ({FREE_SAID})", FREE, _per_second) for kind in _FREE),
        Formula(
            "open-time",
            "start + bytes x byte",
            (Term("a start", NS, _each()), Term("a byte", PER_BYTE, _each("db_bytes"))),
        ),
    )
}
