"""The latest revision of each key against dicts; types by the first parts of keys; what is no revision."""

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from reference import bbolt as plain
from reference import protobuf

from kscale.kernels import etcd_key_table, etcd_keys

SECRET = (77_777, 1_234_567, 2**31 - 2, 987_654_321)
Row = tuple[bytes, bytes]  # an element's key and value


class Table:
    """The tables of a reading."""

    def __init__(self, slots: int = 8, points: Sequence[int] = SECRET) -> None:
        self.slots = np.zeros((slots, etcd_key_table.SLOT), dtype=np.int64)
        self.types = np.zeros((etcd_keys.TYPE_SLOTS, etcd_keys.TYPE_ROW), dtype=np.int64)
        self.names = np.zeros((etcd_keys.MOST_TYPES + 1, 2), dtype=np.int64)
        self.tallies = np.zeros((etcd_keys.MOST_TYPES + 1, etcd_keys.TALLY), dtype=np.int64)
        self.place = np.zeros(etcd_keys.PLACE, dtype=np.int64)
        self.place[[etcd_keys.TYPES, etcd_keys.PARTS]] = 1
        self.points = np.array(points, dtype=np.int64)
        self.data = np.zeros(0, dtype=np.uint8)

    def read(self, leaves: Sequence[Sequence[Row]]) -> int:
        """Read the rows of some leaves; the table grows as it asks for it. Returns 0 or what is wrong."""
        pages = [plain.page(i, plain.LEAF, [(0, *row) for row in rows], 512) for i, rows in enumerate(leaves)]
        ends = np.cumsum([len(page) for page in pages])
        rows = np.stack([ends - [len(page) for page in pages], ends, np.arange(len(pages))], axis=1)
        self.data = np.frombuffer(b"".join(pages), dtype=np.uint8)
        while True:
            words, place = self.data.view(np.int32), self.place
            said = etcd_keys.read(
                self.data, words, rows, self.points, self.slots, self.types, self.names, self.tallies, place
            )
            if said != etcd_keys.ROOM:
                return said
            larger = np.zeros((2 * len(self.slots), etcd_key_table.SLOT), dtype=np.int64)
            etcd_key_table.enter(self.slots, larger)
            self.slots = larger

    def live(self) -> Counter[tuple[bytes, int]]:
        """Return how many objects of each type and size there are."""
        found: Counter[tuple[bytes, int]] = Counter()
        for what in self.slots[:, etcd_key_table.WHAT].tolist():
            of, size = what >> etcd_key_table.TYPE_SHIFT, what & etcd_key_table.SIZE_MASK
            if size:
                found[self.type_name(of - 1), size - 1] += 1
        return found

    def type_name(self, of: int) -> bytes:
        """Return the first parts of a type's keys; nothing for what has no type."""
        begin, end = self.names[of].tolist()
        return self.data[begin:end].tobytes()


def rows_of(changes: Sequence[plain.Change], first: int = 2) -> list[Row]:
    """Return the elements of etcd's bucket `key`."""
    return list(plain.etcd(changes, first=first)[b"key"].items())  # type: ignore[arg-type]  # all are bytes


def type_of(key: bytes) -> bytes:
    """Return the first parts of a key, plainly."""
    parts = key.split(b"/")
    if parts[0] or len(parts) < 4:
        return b""
    several = 4 if b"." in parts[2] or parts[2] == b"services" else 3
    return b"/".join(parts[:several]) if len(parts) > several else b""


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("key", "parts"),
    [
        (b"/registry/pods/shop/web-0", b"/registry/pods"),
        (b"/registry/minions/node-1", b"/registry/minions"),
        (b"/registry/services/specs/shop/web", b"/registry/services/specs"),
        (b"/registry/services/endpoints/shop/web", b"/registry/services/endpoints"),
        (b"/registry/services/web", b""),
        (b"/registry/servicesx/web", b"/registry/servicesx"),
        (b"/registry/service/web", b"/registry/service"),
        (b"/registry/example.com/widgets/blue", b"/registry/example.com/widgets"),
        (b"/registry/example.com/widgets", b""),
        (b"/registry/pods/", b"/registry/pods"),
        (b"/registry/pods", b""),
        (b"/registry/health", b""),
        (b"/registry", b""),
        (b"/", b""),
        (b"//", b""),
        (b"///", b"//"),
        (b"", b""),
        (b"compact_rev_key", b""),
        (b"registry/pods/shop/web-0", b""),
    ],
)
def test_type_of_a_key_is_told_by_its_first_parts(key: bytes, parts: bytes) -> None:
    """Root and resource, or root, group and resource; a name must follow."""
    table = Table()
    assert table.read([rows_of([(key, b"12345")])]) == 0
    assert table.live() == {(parts, 5): 1}
    assert type_of(key) == parts


@pytest.mark.tiny
def test_latest_revision_of_a_key_counts() -> None:
    """Overwritten, deleted, deleted and made again, with an empty value."""
    table = Table()
    changes = [
        (b"/r/pods/a", b"1"),
        (b"/r/pods/b", b"22"),
        (b"/r/pods/a", b"333"),
        (b"/r/pods/b", None),
        (b"/r/pods/c", b"1"),
        (b"/r/pods/c", None),
        (b"/r/pods/c", b""),
    ]
    rows = rows_of(changes)
    assert table.read([rows[:3], [], rows[3:]]) == 0
    assert table.live() == {(b"/r/pods", 3): 1, (b"/r/pods", 0): 1}
    assert table.tallies[1].tolist() == [7, 2, 1 + 2 + 3 + 1]
    assert table.place[[etcd_keys.KEYS, etcd_keys.OLDEST, etcd_keys.NEWEST]].tolist() == [3, 2, 8]


@pytest.mark.parametrize("points", [SECRET, (2**16,) * 4])
def test_latest_revisions_agree_with_dicts(points: Sequence[int]) -> None:
    """Random changes in random leaves, the table growing from 8 rows; any points of the hash will do."""
    draw = random.Random(7)  # noqa: S311 - test data
    for _ in range(10):
        known = [random_key(draw) for _ in range(300)]
        changes = [
            (draw.choice(known), None if draw.random() < 0.2 else draw.randbytes(draw.randint(0, 200)))
            for _ in range(1000)
        ]
        rows = rows_of(changes)
        cuts = sorted(draw.sample(range(len(rows)), 20))
        table = Table(points=points)
        assert table.read([rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]) == 0
        live = plain.latest(changes)
        assert table.live() == Counter((type_of(key), len(value)) for key, value in live.items())
        assert table.place[etcd_keys.KEYS] == len({key for key, _ in changes})
        assert by_type(table, etcd_keys.REVISIONS) == Counter(type_of(key) for key, _ in changes)
        assert by_type(table, etcd_keys.TOMBSTONES) == Counter(
            type_of(key) for key, value in changes if value is None
        )


@pytest.mark.tiny
def test_parts_of_the_keys_are_all_keys() -> None:
    """Each key is in one part; types and tallies are of all keys in every one."""
    draw = random.Random(8)  # noqa: S311 - test data
    changes = [(random_key(draw), draw.randbytes(draw.randint(0, 9))) for _ in range(600)]
    tables = []
    for part in range(8):
        table = Table()
        table.place[[etcd_keys.PART, etcd_keys.PARTS]] = part, 8
        assert table.read([rows_of(changes)]) == 0
        tables.append(table)
    live = plain.latest(changes)
    expected = Counter((type_of(key), len(value)) for key, value in live.items())
    assert sum((table.live() for table in tables), Counter()) == expected
    assert sum(int(table.place[etcd_keys.KEYS]) for table in tables) == len(live)
    assert all(0 < len(+table.live()) < len(live) for table in tables)
    for table in tables:
        assert by_type(table, etcd_keys.REVISIONS) == Counter(type_of(key) for key, _ in changes)


@pytest.mark.tiny
@pytest.mark.parametrize("points", [SECRET, (2**16, 2**16 + 1, 2**17, 2**20 + 3)])
def test_keys_that_differ_in_one_byte_are_in_all_parts(points: Sequence[int]) -> None:
    """Names that are numbered: no part may have nearly all of them."""
    changes = [(b"/registry/pods/shop/web-%03d" % i, b"v") for i in range(1000)]
    for part in (0, 5, 15):
        table = Table(points=points)
        table.place[[etcd_keys.PART, etcd_keys.PARTS]] = part, 16
        assert table.read([rows_of(changes)]) == 0
        assert 20 < table.place[etcd_keys.KEYS] < 150  # 62.5 on average


@pytest.mark.tiny
def test_a_part_of_a_table_is_kept_and_entered_anew() -> None:
    """As where a table may not grow: what is left of it is that part of the keys, as if read alone."""
    changes = [(b"/r/pods/%d" % i, b"v" * (i % 50)) for i in range(200)]
    whole, alone = Table(), Table()
    assert whole.read([rows_of(changes)]) == 0
    for table in (whole, alone):
        table.place[[etcd_keys.PART, etcd_keys.PARTS]] = 1, 4
    assert alone.read([rows_of(changes)]) == 0
    kept = whole.slots[: etcd_key_table.keep(whole.slots, 1, 4)].copy()
    whole.slots[:] = 0
    etcd_key_table.enter(kept, whole.slots)
    assert whole.live() == alone.live()
    assert len(kept) == alone.place[etcd_keys.KEYS]
    rows = {tuple(row) for row in whole.slots.tolist() if row[etcd_key_table.WHAT]}
    assert rows == {tuple(row) for row in alone.slots.tolist() if row[etcd_key_table.WHAT]}


@pytest.mark.tiny
def test_live_objects_are_brought_to_the_beginning() -> None:
    """Deleted keys are not among them; a full table and an empty one are no matter."""
    for count in (0, 1, 7, 100):
        changes: list[plain.Change] = [(b"/r/pods/%d" % i, b"v" * i) for i in range(count)]
        table = Table()
        assert table.read([rows_of([*changes, (b"/r/pods/0", None)])]) == 0
        expected = sorted(
            what for what in table.slots[:, etcd_key_table.WHAT].tolist() if what & etcd_key_table.SIZE_MASK
        )
        found = etcd_key_table.live(table.slots)
        assert sorted(table.slots.reshape(-1)[:found].tolist()) == expected
        assert found == max(0, count - 1)


def by_type(table: Table, column: int) -> Counter[bytes]:
    """Return a column of the tallies, by the first parts of the keys."""
    known = table.place[etcd_keys.TYPES]
    return +Counter({table.type_name(i): int(table.tallies[i, column]) for i in range(known)})


def random_key(draw: random.Random) -> bytes:
    """Return a key of an object, or of something else."""
    parts = [b"registry", b"pods", b"services", b"a.b", b"", b"x" * draw.randint(1, 30)]
    return b"/".join([b"" if draw.random() < 0.9 else b"no", *draw.choices(parts, k=draw.randint(1, 5))])


@pytest.mark.tiny
def test_keys_that_differ_in_length_or_place_alone_are_different() -> None:
    """Zeros at the end, bytes moved from one word to the next, first parts of other lengths."""
    keys = [
        b"",
        b"\0",
        b"\0\0",
        b"\0\0\0",
        b"\0\0\0\0",
        b"a\0",
        b"\0a",
        b"/a/b/c",
        b"/a/b/c\0",
        b"/a/b.c/d/e",
    ]
    table = Table()
    assert table.read([rows_of([(key, b"v") for key in keys])]) == 0
    assert table.place[etcd_keys.KEYS] == len(keys)


def test_types_beyond_the_most_have_none() -> None:
    """The 10,001st type and all after it are counted as what has no type; the known ones go on."""
    changes = [(b"/r/t%d/a" % i, b"v") for i in range(etcd_keys.MOST_TYPES + 50)]
    table = Table()
    assert table.read([rows_of([*changes, (b"/r/t0/b", b"v")])]) == 0
    assert table.place[etcd_keys.TYPES] == etcd_keys.MOST_TYPES + 1
    assert table.tallies[[0, 1], etcd_keys.REVISIONS].tolist() == [50, 2]
    assert table.live()[b"/r/t0", 1] == 2


def good(value: bytes = b"v") -> bytes:
    """Return a sound value."""
    return plain.key_value(b"/r/pods/a", value, 5)


@pytest.mark.tiny
@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"12345678_1234567",
        plain.revision(5) + b"x",
        plain.revision(5) + b"tt",
        plain.revision(5).replace(b"_", b"-"),
        b"\x80" + plain.revision(5)[1:],
    ],
)
def test_key_that_is_no_revision_is_said(key: bytes) -> None:
    """With the leaf and the element where it is."""
    table = Table()
    assert table.read([[(plain.revision(2), good())], [(plain.revision(3), good()), (key, good())]]) == (
        etcd_keys.NO_REVISION
    )
    assert table.place[[etcd_keys.LEAF, etcd_keys.ITEM]].tolist() == [1, 1]


@pytest.mark.tiny
@pytest.mark.parametrize(
    "value",
    [
        b"\0",
        good()[:-1],
        protobuf.field(1, 5),
        protobuf.field(5, 5),
        protobuf.varint(8 + 2) + protobuf.varint(2**62),
        protobuf.varint(8 + 2) + b"\xff" * 10,
        protobuf.varint(2 << 3 | 3),
        b"\xff" * 11,
        b"\x0a",
        b"\x11\0\0\0",
        b"\x0d1234",
        b"\x29" + bytes(8),
        b"\x10\x80",
    ],
)
def test_value_that_is_no_key_value_is_said(value: bytes) -> None:
    """Field 0, cut off, of another wire type, longer than there are bytes, groups."""
    table = Table()
    assert table.read([[(plain.revision(2), value)]]) == etcd_keys.NO_KEY_VALUE


@pytest.mark.tiny
def test_unknown_fields_are_skipped_and_the_last_of_equal_ones_counts() -> None:
    """As protobuf has it."""
    extra = protobuf.field(9, 7) + protobuf.field(10, b"x" * 40) + b"\x5d1234" + b"\x5912345678"
    value = extra + good(b"short") + protobuf.field(5, b"longer") + protobuf.field(6, 2**62) + extra
    table = Table()
    assert table.read([[(plain.revision(2), value)]]) == 0
    assert table.live() == {(b"/r/pods", 6): 1}


@pytest.mark.tiny
def test_table_is_never_more_than_seven_eighths_full() -> None:
    """It asks for room before the key that would not fit, and nothing is counted twice."""
    table = Table(slots=8)
    assert table.read([rows_of([(b"%d" % i, b"v") for i in range(100)])]) == 0
    assert len(table.slots) == 128
    assert table.tallies[0, etcd_keys.REVISIONS] == 100
