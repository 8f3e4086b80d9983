"""Watch encoding: each event encoded for every watcher, or once for all that ask for the same encoding.

The baseline is apiserver to 1.16: every watcher copies and encodes the object itself. Optimized follows
the wrapper of 1.17 and later (KEP-1152): the first watcher of an encoding makes it, the others copy its
bytes, and it is dropped when the event has been served; with fewer than three watchers an event is not
wrapped, since the wrapper itself costs. What is kept depends on the profile, as do the wrapper's copies;
k8s-1.14 has no wrapper, so its optimized variant is the upstream change of 1.17.

The encoders are executed and real, but without Go's allocations and reflection: a byte costs some 0.1 ns
here and some 20 there. Encodings and bytes are the finding, and the CPU that follows from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import encoding
from kscale.mechanisms import encode_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.encode_load import EncodeLoad, Longs, Octets, Params

ALWAYS = "always-wrapped"
PPM = 1_000_000
PS = 1000  # in a ns
MUCH = 1 << 20  # bytes held that are worth a sentence
SAID = ("{} frames", "{} bytes", "frames in the order {:x}")
COSTS = (
    "watch_encode_cpu_ps_per_byte",
    "watch_copy_share_ppm",
    "watch_encode_json_ppm",
    "watch_copy_bytes_ps_per_byte",
    "watch_encode_lookup_ns",
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server, its buffers, and what its watchers got; see kernels/encoding.py."""

    load: EncodeLoad
    shared: NDArray[np.bool_]  # [e] the event is wrapped
    raw: Octets
    held: Octets
    places: Longs
    out: Octets
    got: Longs
    done: Longs


def build_each(load: EncodeLoad) -> Server:
    """Wrap nothing."""
    return _server(load, np.zeros(len(load.init), dtype=np.bool_))


def build_shared(load: EncodeLoad) -> Server:
    """Wrap what goes to three watchers or more, except events sent on resuming."""
    enough = load.watchers >= load.cluster.profile.watch_encode_from
    return _server(load, ~load.init & enough)


def build_always(load: EncodeLoad) -> Server:
    """Wrap every event, except those sent on resuming."""
    return _server(load, ~load.init)


def _server(load: EncodeLoad, shared: NDArray[np.bool_]) -> Server:
    """Return a server whose watchers have got nothing."""
    encodings = len(load.encodings)
    return Server(
        load=load,
        shared=shared,
        raw=np.empty(load.room, dtype=np.uint8),
        held=np.empty(load.room * max(encodings, 1), dtype=np.uint8),
        places=np.zeros((encodings, 2), dtype=np.int64),
        out=np.empty(load.room, dtype=np.uint8),
        got=np.zeros((encoding.GOT, load.watchers), dtype=np.int64),
        done=np.zeros((len(load.init), encoding.DONE), dtype=np.int64),
    )


def run(server: Server) -> Outcome:
    """Serve every event in order, those in a row that are wrapped or not in one call."""
    load = server.load
    objects = (load.kinds, load.wanted, load.encodings, load.objects, load.labels, load.text)
    whole = load.cluster.profile.watch_encode_kept == "frame"
    numbers = np.arange(len(server.shared), dtype=np.int64)
    for events in np.split(numbers, np.flatnonzero(np.diff(server.shared)) + 1):
        if len(events) and server.shared[events[0]]:
            kept = (server.raw, server.held, server.places, server.out, server.got, server.done)
            encoding.serve_shared(events, *objects, whole, *kept)
        else:
            encoding.serve_each(events, *objects, server.raw, server.out, server.got, server.done)
    return Outcome(_work(server), server.got)


def _work(server: Server) -> Work:
    """Return what was counted, and the CPU that follows from it."""
    load, done = server.load, server.done
    copies = _deep_copies(server)
    cpu, chain = _cpu(server, copies)
    held = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(done[:, encoding.HELD])))
    first = np.maximum(np.arange(len(held)) - 1 - load.params.lag, 0)
    deliveries = len(load.init) * load.watchers
    return {
        "encodings": int(done[:, encoding.ENCODINGS].sum()),
        "encoded_bytes": int(done[:, [encoding.PROTOBUF_BYTES, encoding.JSON_BYTES]].sum()),
        "json_bytes": int(done[:, encoding.JSON_BYTES].sum()),
        "copied_bytes": int(done[:, encoding.COPIED].sum()),
        "lookups": int(done[:, encoding.LOOKUPS].sum()),
        "wrapped": int(server.shared.sum()),
        "deep_copies": int(copies.sum()),
        "held_bytes": int((held - held[first]).max()),
        "cpu_ns": int(cpu.sum()),
        "busy_ns": int(np.maximum(cpu // load.params.cores, chain).max(initial=0)),
        "sent_bytes": int(server.got[encoding.BYTES].sum()),
        "events": len(load.init),
        "deliveries": deliveries,
        "init_deliveries": int(load.init.sum()) * load.watchers,
        "formats": len(load.encodings),
    }


def _deep_copies(server: Server) -> Longs:
    """Return how often each event's object is copied before it is encoded.

    Each encoding works on a copy of its own; the wrapper makes one more to 1.23, and later only of a
    deleted object, whose version it has to set.
    """
    load = server.load
    copies: Longs = server.done[:, encoding.ENCODINGS].copy()
    if load.cluster.profile.watch_encode_wrap == "copy":
        copies += server.shared
    else:
        copies += server.shared & (load.kinds == encoding.DELETED)
    return copies


def _cpu(server: Server, copies: Longs) -> tuple[Longs, Longs]:
    """Return the modelled CPU of each event in ns, and the part of it that no other core can take over.

    That part is the wrapper's copy, and then copy and encoding of the slower format.
    """
    load, done = server.load, server.done
    both, share, json_ppm, move_ps, lookup_ns = (load.cluster.costs[name] for name in COSTS)
    copy_ps = both * share // PPM
    copy = load.sizes * copy_ps // PS
    protobuf = done[:, encoding.PROTOBUF_BYTES] * (both - copy_ps) // PS
    json = done[:, encoding.JSON_BYTES] * ((both - copy_ps) * json_ppm // PPM) // PS
    moved = done[:, encoding.COPIED] * move_ps // PS + done[:, encoding.LOOKUPS] * lookup_ns
    made, made_json = done[:, encoding.ENCODINGS], _json_encodings(server)
    slower = np.maximum(protobuf // np.maximum(made - made_json, 1), json // np.maximum(made_json, 1))
    chain = copy * (copies - made + np.minimum(made, 1)) + slower
    return copies * copy + protobuf + json + moved, chain


def _json_encodings(server: Server) -> Longs:
    """Return how many objects were encoded as JSON for each event."""
    load = server.load
    forms = load.encodings[:, encoding.FORMAT]
    each, once = (int(np.count_nonzero(found == encoding.JSON)) for found in (forms[load.wanted], forms))
    return np.where(server.shared, once, each)


def agree(load: EncodeLoad, outcomes: Mapping[str, Outcome]) -> None:
    """Every watcher got each event once and in order, and the same bytes as whoever asks for the same."""
    for name, outcome in outcomes.items():
        got = outcome.answer
        _same(load, name, got[:1], np.full_like(got[:1], len(load.init)), "the events")
        _same(load, name, got, got[:, _first_of_its_encoding(load)], "the first watcher of its encoding")
        _same(load, name, got, outcomes[BASELINE].answer, BASELINE)


def _first_of_its_encoding(load: EncodeLoad) -> NDArray[np.intp]:
    """Return for each watcher the first that asks for the same encoding."""
    _, first, which = np.unique(load.wanted, return_index=True, return_inverse=True)
    return first[which.reshape(-1)]


def _same(load: EncodeLoad, variant: str, got: Longs, wanted: Longs, by: str) -> None:
    """Raise WrongAnswer for the first watcher that did not get what is *wanted* by another."""
    rows, differ = np.nonzero(got != wanted)
    if len(differ):
        w = int(differ.min())
        row = int(rows[differ == w].min())
        said = SAID[row].format(int(got[row, w]))
        form = "JSON" if load.encodings[load.wanted[w], encoding.FORMAT] == encoding.JSON else "protobuf"
        raise WrongAnswer(
            f"watch-encode: {variant} gives watcher {w} ({form}) {said},"
            f" {by}: {SAID[row].format(int(wanted[row, w]))} ({len(set(differ.tolist()))} of"
            f" {load.watchers} watchers differ)"
        )


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say where encoding once did not help, or cost."""
    if not {BASELINE, OPTIMIZED} <= works.keys() or works[BASELINE]["deliveries"] == 0:
        return ()
    before, after = works[BASELINE], works[OPTIMIZED]
    found = []
    if after["wrapped"] == 0 and before["init_deliveries"] < before["deliveries"]:
        found.append(_few(before, works.get(ALWAYS)))
    elif after["encodings"] * 2 > before["encodings"]:
        why = f": watchers ask for {after['formats']} different ones" if after["formats"] > 1 else ""
        left, of = (units.show_count(work["encodings"]) for work in (after, before))
        found.append(f"{left} of {of} encodings are left{why}")
    if before["init_deliveries"]:
        share = units.show_percent(before["init_deliveries"] / before["deliveries"])
        found.append(f"{share} of the deliveries are events sent on resuming, which are never shared")
    if after["held_bytes"] >= MUCH:
        held = units.show_bytes(after["held_bytes"])
        found.append(f"{held} of encodings are held until the slowest watcher is served")
    return tuple(found)


def _few(before: Work, always: Work | None) -> str:
    """Say that watchers are too few for wrapping, and what it would cost or save if that was counted too."""
    watchers = before["deliveries"] // before["events"]
    said = f"{watchers} watcher{'s' * (watchers > 1)} an event, too few to wrap it: encoded for each"
    if always is None:
        return said
    ratio = units.show_ratio(always["cpu_ns"] / max(before["cpu_ns"], 1))
    if always["cpu_ns"] >= before["cpu_ns"]:
        return f"{said}; wrapping would take {ratio} the CPU (modelled)"
    return f"{said}; wrapping would take only {ratio} the CPU (modelled), which the threshold gives up"


METRICS = (
    Metric("encodings", "encodings", about="objects encoded", headline=True),
    Metric("encoded_bytes", "bytes", about="bytes that the encoders wrote", headline=True),
    Metric("json_bytes", "bytes", about="of those, JSON"),
    Metric(
        "cpu_ns",
        "ns",
        about="CPU of the API server: deep copies, encoding, copying bytes, look-ups",
        headline=True,
        provenance="modelled",
    ),
    Metric("busy_ns", "ns", about="longest time that one event keeps all cores busy", provenance="modelled"),
    Metric("held_bytes", "bytes", about="most kept for later watchers", headline=True, provenance="modelled"),
    Metric("copied_bytes", "bytes", about="encoded bytes copied from one buffer into another"),
    Metric("deep_copies", "copies", about="copies of an object before it is encoded", provenance="modelled"),
    Metric("lookups", "lookups", about="asked the wrapper of an event for an encoding"),
    Metric("wrapped", "events", "none", "events encoded once for all"),
    Metric("sent_bytes", "bytes", "none", "bytes of the frames that watchers got"),
    Metric("events", "events", "none", "changes that every watcher gets", provenance="input"),
    Metric("deliveries", "events", "none", "events times watchers", provenance="input"),
    Metric("init_deliveries", "events", "none", "of those, events sent on resuming", provenance="input"),
    Metric("formats", "encodings", "none", "different encodings asked for", provenance="input"),
)

MECHANISM = Mechanism(
    id="watch-encode",
    title="watch encoding",
    panel="API server",
    about=(
        "An API server sends each change to every client that watches it. From 1.17 it encodes the object"
        " once per encoding and not once per client: one write of a large Endpoints object that 5,000"
        " kube-proxies watch no longer stops the server. Under k8s-1.14, optimized is that later change."
    ),
    source=(
        "KEP-1152; kubernetes/apiserver pkg/storage/cacher/caching_object.go and pkg/endpoints/handlers,"
        " k/k#81914 (1.17), #84043 (from three watchers), #108252 (1.24), #120300 (1.29)"
    ),
    left_out=(
        "Deep copies of objects (counted, their CPU modelled, not executed: there is no graph of pointers"
        " here), allocations and the garbage collector, compression, TLS and the network: a frame is read"
        " once instead. Watchers are served one after the other on one core, so nobody waits for the first"
        " to finish an encoding. Fields are text of one length under names of the core API. JSON frames of"
        " 1.17 to 1.28 also check the object's text again for each watcher."
    ),
    loses=(
        "One watcher: nothing is saved; a wrapper would copy the bytes once more and, to 1.23, the object.",
        "Two watchers: the threshold of three leaves them as they were.",
        "Every watcher another encoding (format or API version): each is still made, and kept.",
        "Events sent on resuming, or from resourceVersion 0: never shared.",
        "Memory: encodings of an event are held until its slowest watcher is served.",
    ),
    params=Params,
    prepare=encode_load.make,
    variants={
        BASELINE: Variant("encode each event for each watcher", build_each, run),
        OPTIMIZED: Variant("encode each event once per encoding, from three watchers on", build_shared, run),
        ALWAYS: Variant("the same for any number of watchers", build_always, run),
    },
    agree=agree,
    metrics=METRICS,
    per="deliveries",
    losses=losses,
    memory=encode_load.memory,
    cost_ns=encode_load.cost_ns,
    claims=("C16", "C16b", "C17", "C18", "E1"),
    costs=COSTS,
)
