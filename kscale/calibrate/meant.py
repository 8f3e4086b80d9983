"""What each coefficient of the cost model means, and how it follows from what was fitted.

What is left of a measured sum after parts that only the profile knows is said to be that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from kscale.calibrate import families
from kscale.calibrate.fit import Fit
from kscale.calibrate.formula import Floats

PS = 1000  # in a ns
PPM = 1_000_000
TYPICAL_PUT_BYTES = 10_240  # of a pod: how much larger than it its pages are
TYPICAL_LIST_BYTES = 2048  # of an object, for the share of a range that only looks up and decodes

Fits = Mapping[str, Fit]  # by family
Profile = Mapping[str, int]  # the cost model that is extended


@dataclass(frozen=True, slots=True)
class Rows:
    """Fitted coefficients as columns: what was measured first, then a row for each draw of the bootstrap."""

    fits: Fits
    profile: Profile
    stated: Mapping[str, Floats] = field(default_factory=dict)  # coefficients that were made before

    def known(self, name: str) -> Floats | int:
        """Return another coefficient as the file has it: as measured, else the profile's."""
        return self.stated.get(name, self.profile[name])

    def term(self, family: str, name: str) -> Floats:
        """Return the coefficient of a term, float64[1 + draws]."""
        one = self.fits[family]
        number = next(at for at, term in enumerate(one.formula.terms) if term.name == name)
        return np.concatenate((one.coefficients[number : number + 1], one.draws[:, number]))


@dataclass(frozen=True, slots=True)
class Meant:
    """One coefficient of the cost model, and how it follows from fits."""

    name: str
    unit: str
    families: tuple[str, ...]  # whose fits it needs
    about: str  # what costs that
    how: str  # it was measured
    value: Callable[[Rows], Floats]
    term: str = ""  # of the fit, whose coefficient it is as it stands; empty: it is made of several
    factor: float = 1.0  # of that term's unit in its own


def _of_term(name: str, unit: str, term: tuple[str, str], about: str, how: str, factor: float = 1.0) -> Meant:
    """Return what is the coefficient of one term, a family's, in other units."""
    family, named = term

    def value(rows: Rows) -> Floats:
        """Return it as a column."""
        return factor * rows.term(family, named)

    return Meant(name, unit, (family,), about, how, value, named, factor)


def _round_trip(rows: Rows) -> Floats:
    """Return what one key takes, less what the mechanism counts as the server's work."""
    return rows.term("get-time", "once") - rows.known("etcd_write_cpu_ns")


def _receiving(rows: Rows) -> Floats:
    """Return the CPU of a put with many in flight, less what the profile knows of appending and applying."""
    return rows.term("put-cpu", "a put") - rows.known("etcd_append_cpu_ns") - rows.known("etcd_apply_ns")


def _alone(rows: Rows) -> Floats:
    """Return the CPU of a put that nobody shares a wake-up with."""
    return rows.term("put-cpu", "a put") + rows.term("put-cpu", "waking up for it")


def _logging(rows: Rows) -> Floats:
    """Return the time of a byte in the log: encoding it, which the profile knows, and flushing it.

    Nothing where no flush is seen to take longer for its bytes: what the profile knows is no measurement.
    """
    flushing = PS * rows.term("fsync", "a byte")
    return np.where(flushing > 0, flushing + rows.known("etcd_write_cpu_ps_per_byte"), 0.0)


def _committing(rows: Rows) -> Floats:
    """Return the time of a commit for each byte that was put, of objects of a usual size."""
    return PS * families.pages(TYPICAL_PUT_BYTES) / TYPICAL_PUT_BYTES * rows.term("commit", "a byte of pages")


def _looking_up(rows: Rows) -> Floats:
    """Return the part of a range that is left if it returns keys only."""

    def of(family: str) -> Floats:
        """Return the time of a key with a typical value."""
        return rows.term(family, "a key") + TYPICAL_LIST_BYTES * rows.term(family, "a byte")

    return PPM * np.minimum(1.0, of("list-keys-only-time") / np.maximum(of("list-time"), 1e-9))


MEANT: tuple[Meant, ...] = (
    Meant(
        "etcd_write_cpu_ns",
        "ns",
        ("put-cpu",),
        "CPU of the leader to receive a put, decode it and answer, on any core",
        "CPU of a put with many in flight, less etcd_append_cpu_ns and etcd_apply_ns of the profile",
        _receiving,
    ),
    Meant(
        "etcd_client_round_trip_ns",
        "ns",
        ("get-time",),
        "round trip between a client of etcd and the leader, with what gRPC waits for",
        "one key at a time, less etcd_write_cpu_ns as measured here (the profile's, where it is not)",
        _round_trip,
    ),
    Meant(
        "etcd_put_cpu_ns",
        "ns",
        ("put-cpu",),
        "CPU of an etcd member for a put that shares no wake-up with others, beside its bytes",
        "puts one after another, the line over 1 / clients and bytes at 1 client",
        _alone,
    ),
    _of_term(
        "etcd_put_cpu_ps_per_byte",
        "ps/byte",
        ("put-cpu", "a byte"),
        "CPU of an etcd member for each byte of a put",
        "the slope over bytes of CPU per put",
        PS,
    ),
    Meant(
        "etcd_log_ps_per_byte",
        "ps/byte",
        ("fsync",),
        "encoding a byte of the log and writing it to disk",
        "the slope of a flush over its bytes, up to 64 KiB, and etcd_write_cpu_ps_per_byte of the profile to"
        " encode them",
        _logging,
    ),
    _of_term(
        "etcd_wal_record_bytes",
        "bytes",
        ("heartbeat-wal", "a record"),
        "Bytes of etcd's log for a put beside its value",
        "length of the log without its zero tail; keys of about 25 bytes",
    ),
    Meant(
        "etcd_commit_ps_per_byte",
        "ps/byte",
        ("commit",),
        "spilling and writing a byte at bbolt's commit, beside its two fsyncs; nothing is applied meanwhile",
        "the slope of etcd's own clock of commits over the bytes of their pages; a value of 10 KiB takes 1.2"
        " times its bytes of pages",
        _committing,
    ),
    _of_term(
        "list_etcd_cpu_ns_per_object",
        "ns",
        ("list-cpu", "a key"),
        "CPU of etcd for each object of a range",
        "linearizable lists of whole prefixes up to 16 MiB, by keys and bytes",
    ),
    _of_term(
        "list_etcd_cpu_ps_per_byte",
        "ps/byte",
        ("list-cpu", "a byte"),
        "CPU of etcd for each byte of a range",
        "as list_etcd_cpu_ns_per_object",
        PS,
    ),
    _of_term(
        "list_walk_ns_per_key",
        "ns",
        ("list-count-only-time", "a key"),
        "time and CPU of etcd to walk over a key that a page does not return, to count what is left",
        "the slope over keys of ranges that return their number alone, up to 16,384 keys: of more"
        " each takes longer",
    ),
    _of_term(
        "list_fetch_ns_per_object",
        "ns",
        ("list-time", "a key"),
        "Time to get an object of a page from etcd, beside its bytes",
        "linearizable lists of whole prefixes up to 16 MiB, until the last byte is at a client that does not"
        " decode them; longer ones take more, for the memory of the response",
    ),
    _of_term(
        "list_fetch_ps_per_byte",
        "ps/byte",
        ("list-time", "a byte"),
        "Time to get a byte of a page from etcd",
        "as list_fetch_ns_per_object",
        PS,
    ),
    Meant(
        "etcd_range_locked_ppm",
        "ppm",
        ("list-keys-only-time", "list-time"),
        "share of a range's work that looks keys up and decodes them, under the lock to etcd 3.3; the rest"
        " encodes and sends",
        "a range that returns keys only looks up and decodes the same; a key with a value of 2 KiB in both",
        _looking_up,
    ),
    _of_term(
        "etcd_open_ps_per_byte",
        "ps/byte",
        ("open-time", "a byte"),
        "opening each byte of a store, when its free pages and its index are rebuilt",
        "the slope of the time to be healthy over the bytes of the file; files just read, so in memory",
        PS,
    ),
)
