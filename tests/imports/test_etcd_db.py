"""An etcd database file imported: counts, sizes and free pages against those it was written with."""

import fcntl
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import read_files
from read_files import pairs, quiet
from reference import bbolt as plain

from kscale.errors import Interrupted, KscaleError
from kscale.imports import etcd_db, etcd_db_types, formats
from kscale.imports.facts import Facts
from kscale.kernels import etcd_key_table, etcd_keys

CHANGES: list[plain.Change] = [
    *((b"/registry/pods/shop/web-%d" % i, b"p" * (100 + i % 7)) for i in range(300)),
    *((b"/registry/minions/node-%d" % i, b"n" * 1000) for i in range(3)),
    *((b"/registry/leases/kube-node-lease/node-%d" % i, b"l" * 50) for i in range(3)),
    *((b"/registry/leases/kube-node-lease/node-%d" % i, b"l" * 52) for i in range(2)),
    (b"/registry/services/specs/shop/web", b"s"),
    (b"/registry/services/endpoints/shop/web", b"e" * 9000),
    (b"/registry/acme.example.com/rockets/shop/one", b"r" * 40),
    (b"/registry/health", b"ok"),
    (b"compact_rev_key", b"7"),
    (b"/registry/pods/shop/web-0", None),
    (b"/registry/pods/shop/web-1", b"p"),
]


def imported(folder: Path, data: bytes) -> Facts:
    """Return what a file of these bytes says."""
    return read_files.imported(etcd_db.read, folder / "snapshot.db", data)


def test_objects_of_a_made_file_are_exact(tmp_path: Path) -> None:
    """By type, the latest revision of each, sizes as stored."""
    facts = imported(tmp_path, plain.write(plain.etcd(CHANGES), gaps=(0, 1, 3), hashed=True))
    live = plain.latest(CHANGES)
    pods = Counter(len(value) for key, value in live.items() if key.startswith(b"/registry/pods"))
    assert {name: pairs(fact) for name, fact in facts.types.items()} == {
        "endpoints": {9000: 1},
        "leases": {50: 1, 52: 2},
        "nodes": {1000: 3},
        "other": {1: 1, 2: 1},
        "pods": pods,
        "rockets.acme.example.com": {40: 1},
        "services": {1: 1},
    }
    assert facts.types["pods"].count == 299
    values = {value.key: value.value for value in facts.values}
    assert values == {
        "counts.nodes": 3,
        "counts.pods": 299,
        "load.heartbeat.size": "1000B",
        "mechanisms.etcd-freelist.workload": "file",
    }
    assert facts.source.format == formats.of(tmp_path / "snapshot.db", "snapshot.db").id
    assert facts.source.taken is None


@pytest.mark.parametrize("page_bytes", [512, 1024, 4096, 65_536])
@pytest.mark.parametrize("saved", [False, True])
def test_free_and_live_runs_are_those_of_the_file(tmp_path: Path, page_bytes: int, saved: bool) -> None:
    """With and without a saved free list and a hash, for several sizes of pages."""
    content, gaps = plain.etcd(CHANGES), (0, 2, 0, 1)
    data = plain.write(content, page_bytes, gaps, 5, saved=saved, hashed=not saved)
    facts, found = imported(tmp_path, data), plain.read(data)
    assert facts.space is not None
    assert [tuple(run) for run in facts.space.free.tolist()] == found.free
    assert [tuple(run) for run in facts.space.live.tolist()] == found.live
    assert facts.space.page_bytes == page_bytes
    assert facts.space.file_pages == sum(pages for _, pages in found.free + found.live) + 2
    assert any("saved free list" in line for line in facts.read) == saved
    assert any("sha256" in line for line in facts.read) == (not saved)


def test_small_and_empty_etcd(tmp_path: Path) -> None:
    """Its buckets are inline; without any revision there is no object."""
    facts = imported(tmp_path, plain.write(plain.etcd([(b"/registry/pods/a/b", b"123")])))
    assert {name: pairs(fact) for name, fact in facts.types.items()} == {"pods": {3: 1}}
    facts = imported(tmp_path, plain.write(plain.etcd([])))
    assert facts.types == {}
    assert facts.values == ()
    assert "no revisions" in facts.read


def test_churn_and_compaction_are_told_without_names(tmp_path: Path) -> None:
    """Revisions a key, by public types; the rest is one."""
    facts = imported(tmp_path, plain.write(plain.etcd(CHANGES, compacted=120, first=121)))
    told = "\n".join((*facts.read, *facts.also, *facts.dropped, *facts.assumed))
    newest = 121 + len(CHANGES) - 1
    assert (
        f"315 revisions of 311 keys, 1.01 of each, 1 of them deletions: 121 to {newest}, compacted up to 120"
        in (facts.read[2])
    )
    assert "pods: 299 objects, 302 revisions kept (1.01 an object), 1 of them deletions" in facts.also
    assert "leases: 3 objects, 5 revisions kept (1.67 an object)" in facts.also
    assert "all other types: 1 object, 1 revision kept (1 an object)" in facts.also
    for word in ("acme", "rocket", "shop", "web", "node-", "compact_rev_key", "health"):
        assert word not in told
    assert "no compaction is noted" in imported(tmp_path, plain.write(plain.etcd(CHANGES))).read[2]


def test_facts_are_the_same_each_time(tmp_path: Path) -> None:
    """The hash has other points each time; what is counted has not."""
    data = plain.write(plain.etcd(CHANGES), gaps=(1, 0))
    one, other = imported(tmp_path, data), imported(tmp_path, data)
    assert (one.values, one.read, one.also) == (other.values, other.read, other.also)
    assert {name: pairs(fact) for name, fact in one.types.items()} == {
        name: pairs(fact) for name, fact in other.types.items()
    }


def test_buckets_in_buckets_and_many_keys(tmp_path: Path) -> None:
    """Other buckets are gone through, however deep; the table of keys grows."""
    draw = random.Random(3)  # noqa: S311 - test data
    changes = [
        (b"/registry/events/a/%d" % draw.randrange(25_000), b"e" * draw.randrange(9)) for _ in range(30_000)
    ]
    deep: plain.Tree = {b"%d" % i: {b"inner": {b"%d" % j: b"x" * 100 for j in range(90)}} for i in range(9)}
    data = plain.write({**plain.etcd(changes), b"zone": deep}, gaps=(0, 1))
    facts = imported(tmp_path, data)
    assert pairs(facts.types["events"]) == Counter(len(value) for value in plain.latest(changes).values())
    assert facts.space is not None
    assert [tuple(run) for run in facts.space.live.tolist()] == plain.read(data).live
    assert "4 other buckets of etcd (members, users ..), with 45 pages of their own" in facts.dropped
    shallow = imported(tmp_path, plain.write({**plain.etcd(changes), b"zone": {b"a": b"x"}}))
    assert "4 other buckets of etcd (members, users ..)" in shallow.dropped


def test_more_keys_than_the_table_takes_are_read_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As exactly as at once: counts, sizes, revisions; more parts than are read end with one line."""
    draw = random.Random(4)  # noqa: S311 - test data
    kinds = (b"events/a", b"pods/b", b"leases/c", b"x.example.com/things/d")
    keys = [b"/registry/%s/%d" % (draw.choice(kinds), i) for i in range(2000)]
    changes: list[plain.Change] = [
        (draw.choice(keys), None if draw.random() < 0.2 else b"e" * draw.randrange(90)) for _ in range(6000)
    ]
    data = plain.write(plain.etcd(changes), hashed=True)
    at_once = imported(tmp_path, data)
    monkeypatch.setattr(etcd_db, "FIRST_SLOTS", 64)
    monkeypatch.setattr(etcd_db, "MOST_SLOTS", 256)
    in_parts = imported(tmp_path, data)
    assert {name: pairs(one) for name, one in in_parts.types.items()} == {
        name: pairs(one) for name, one in at_once.types.items()
    }
    assert sum(one.count for one in in_parts.types.values()) == len(plain.latest(changes))
    assert (in_parts.read, in_parts.also, in_parts.values) == (at_once.read, at_once.also, at_once.values)
    monkeypatch.setattr(etcd_key_table, "MOST_PARTS", 4)
    with pytest.raises(KscaleError, match=r"snapshot\.db: has over 512 keys, more than are read"):
        imported(tmp_path, data)


def test_progress_of_a_file_that_is_read_in_parts_ascends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays at the end while a file is read again, but may stop that."""
    monkeypatch.setattr(etcd_db, "FIRST_SLOTS", 64)
    monkeypatch.setattr(etcd_db, "MOST_SLOTS", 64)
    path = tmp_path / "db"
    path.write_bytes(plain.write(plain.etcd(CHANGES)))
    told: list[int] = []
    etcd_db.read(path, "db", lambda done, total: told.append(done))
    assert told == sorted(told)
    assert told.count(path.stat().st_size) > 4


def test_second_meta_page_counts_if_it_is_later_or_the_first_is_bad(tmp_path: Path) -> None:
    """Of two good ones that of the later transaction; a bad first one says nothing of the size of pages."""
    for tx in (6, 7):
        for page_bytes in (512, 4096):
            data = bytearray(plain.write(plain.etcd(CHANGES), page_bytes, tx=tx))
            older = 1 - tx % 2
            at = older * page_bytes
            data[at : at + page_bytes] = plain.meta(older, page_bytes, 3, plain.NOT_SAVED, 4, tx - 1)
            assert imported(tmp_path, bytes(data)).types["nodes"].count == 3
    data = bytearray(plain.write(plain.etcd(CHANGES), 1024, tx=7))
    data[16:20] = b"oops"
    assert imported(tmp_path, bytes(data)).types["nodes"].count == 3


def test_a_file_longer_than_its_pages_is_read(tmp_path: Path) -> None:
    """bbolt makes room ahead of its high water mark."""
    data = plain.write(plain.etcd(CHANGES)) + bytes(40_960)
    assert imported(tmp_path, data).types["nodes"].count == 3


def test_progress_is_told_and_may_stop_the_reading(tmp_path: Path) -> None:
    """It ascends to at most all bytes, which are read twice where there is a hash."""
    path = tmp_path / "db"
    path.write_bytes(plain.write(plain.etcd(CHANGES), hashed=True))
    told: list[tuple[int, int]] = []
    etcd_db.read(path, "db", lambda done, total: told.append((done, total)))
    done = [one for one, _ in told]
    assert done == sorted(done)
    assert {total for _, total in told} == {2 * path.stat().st_size}
    assert done[-1] > path.stat().st_size

    def stop(done: int, total: int) -> None:
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        etcd_db.read(path, "db", stop)


def test_a_file_that_etcd_writes_is_refused(tmp_path: Path) -> None:
    """It holds bbolt's lock; what to do is said."""
    path = tmp_path / "db"
    path.write_bytes(plain.write(plain.etcd(CHANGES)))
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(KscaleError, match="a running etcd writes it; take a snapshot"):
            etcd_db.read(path, "db", quiet)
    assert etcd_db.read(path, "db", quiet).types["nodes"].count == 3


@pytest.mark.parametrize(
    ("prefixes", "types"),
    [
        ([b"/registry/pods", b"/registry/minions"], ["pods", "nodes"]),
        ([b"/registry/controllers", b"/registry/ingress"], ["replicationcontrollers", "ingresses"]),
        ([b"/registry/podsecuritypolicy"], ["podsecuritypolicies"]),
        ([b"/registry/services/specs", b"/registry/services/endpoints"], ["services", "endpoints"]),
        ([b"/registry/services/other"], ["other"]),
        ([b"/registry/apiregistration.k8s.io/apiservices"], ["apiservices"]),
        ([b"/registry/apiextensions.k8s.io/customresourcedefinitions"], ["customresourcedefinitions"]),
        ([b"/registry/snapshot.storage.k8s.io/volumesnapshots"], ["volumesnapshots.snapshot.storage.k8s.io"]),
        ([b"/kubernetes.io/pods", b"/openshift.io/routes"], ["pods", "routes"]),
        ([b"/calico/v1", b"/coreos.com/network"], ["other", "other"]),
        ([b"/mine/pods", b"/mine/secrets"], ["other", "other"]),
        ([b"/mine/pods", b"/mine/secrets", b"/mine/leases"], ["pods", "secrets", "leases"]),
        ([b"/registry/Pods", b"/registry/", b"/registry/-a", b"/registry/a_b"], ["other"] * 4),
        ([b"/registry/.x/y", b"/registry/a..b/y", b"/registry/a.b/", b"/registry/a.b/c.d"], ["other"] * 4),
        ([b"/registry/\xff\xfe", b"/registry/\x1b[31m", b"/registry/pods\n"], ["other"] * 3),
        ([b"/registry/" + b"x" * 63, b"/registry/" + b"x" * 64], ["x" * 63, "other"]),
        ([b"/registry/" + b"x." * 200 + b"y/z"], ["other"]),
    ],
)
def test_types_are_named_as_kubernetes_names_them(prefixes: Sequence[bytes], types: Sequence[str]) -> None:
    """Older names, groups, other roots; what is no name is other."""
    assert etcd_db_types.name_types(prefixes) == types


def test_types_that_are_stored_in_two_places_are_one(tmp_path: Path) -> None:
    """Sizes add up."""
    changes = [
        (b"/registry/events/a/1", b"12"),
        (b"/kubernetes.io/events/a/1", b"12"),
        (b"/kubernetes.io/events/a/2", b"1"),
    ]
    assert pairs(imported(tmp_path, plain.write(plain.etcd(changes))).types["events"]) == {1: 1, 2: 2}


def test_types_beyond_the_most_are_other_and_said(tmp_path: Path) -> None:
    """No more than 10,000; a file with fewer does not speak of it."""
    changes = [(b"/registry/t%d/a" % i, b"v") for i in range(etcd_keys.MOST_TYPES + 5)]
    facts = imported(tmp_path, plain.write(plain.etcd(changes)))
    assert pairs(facts.types["other"]) == {1: 5}
    assert "types after the first 10,000: their objects count as other" in facts.dropped
    facts = imported(tmp_path, plain.write(plain.etcd(changes[:-6])))
    assert not any("10,000" in line for line in facts.dropped)
