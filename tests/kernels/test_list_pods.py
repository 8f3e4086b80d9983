"""Lists of pods against plain selection: by decoding, by walking a cache, by an index; names and groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import lists, protobuf
from reference.lists import Pod
from reference.protobuf import Thing

from kscale.kernels import list_pods, protobuf_read, protobuf_write

NODES = (b"node-a", b"node-b", b"node-c")


def ring(each: int) -> list[Thing]:
    """Return a ring of pods: of three nodes, some with the label app, some without."""
    return [
        Thing(
            name=b"pod-%d" % i,
            namespace=b"shop",
            revision=i,
            labels=((b"team", b"x"), (b"app", b"web" if i % 2 else b"db"))[: 1 + i % 3],
            node=NODES[i * i % 3],
            spec=b"s" * i,
            status=b"",
        )
        for i in range(each)
    ]


def listed(
    things: list[Thing], pods: int, key: tuple[int, bytes], wants: list[bytes], reply_bytes: int = 400
) -> list[tuple[list[int], list[int]]]:
    """Return what decoding and walking find, and what they counted."""
    data = [protobuf.encode(thing) for thing in things]
    starts = np.cumsum([0, *(len(one) for one in data)]).astype(np.int64)
    whole = np.frombuffer(b"".join(data), dtype=np.uint8).copy()
    names = np.frombuffer(b"".join(wants) + key[1] + b"?", dtype=np.uint8).copy()
    ends = np.cumsum([0, *(len(want) for want in wants)])
    asked = np.column_stack((ends[:-1], np.diff(ends))).astype(np.int64)
    selector = np.array([key[0], ends[-1], len(key[1])], dtype=np.int64)
    objects = np.zeros((len(things), protobuf_write.OBJECT), dtype=np.int64)
    labels, text = np.zeros((2 * len(things), 4), dtype=np.int64), np.zeros(len(whole), dtype=np.uint8)
    place = np.zeros(protobuf_read.PLACE, dtype=np.int64)
    assert protobuf_read.read_all(whole, starts, objects, labels, text, place) == 0
    results = []
    for walk in (False, True):
        counted = np.zeros(list_pods.COUNTED, dtype=np.int64)
        found, reply = np.zeros(pods, dtype=np.int32), np.zeros(reply_bytes, dtype=np.uint8)
        asks, out = (selector, asked, names), (reply, found, counted)
        if walk:
            list_pods.by_walking(pods, whole, starts, *asks, objects, labels, text, *out)
        else:
            row, some = np.zeros(protobuf_write.OBJECT, dtype=np.int64), np.zeros((2, 4), dtype=np.int64)
            for first in range(0, pods, 7):  # in pages
                end = min(first + 7, pods)
                one = row, some, np.zeros(max(map(len, data)), dtype=np.uint8)
                assert list_pods.by_decoding(first, end, whole, starts, *asks, *one, *out) == 0
        assert list_pods.send_off(reply, counted) == counted[list_pods.SUM]
        assert list_pods.send_off(reply, counted) == counted[list_pods.SUM]  # nothing is left
        results.append((found[: counted[list_pods.FOUND]].tolist(), counted.tolist()))
    return results


@pytest.mark.tiny
@pytest.mark.parametrize("pods", [1, 5, 6, 20])
def test_a_list_by_node_returns_what_plain_selection_does(pods: int) -> None:
    """In each round another node is asked for, and only its pods of that round match."""
    things, wants = ring(5), [NODES[0], NODES[1], b"node", NODES[2]]
    every = [Pod(thing.node, {}, len(protobuf.encode(thing))) for thing in things]
    whole = [
        Pod(b"yes" if every[i % 5].node == wants[i // 5] else b"", {}, every[i % 5].size) for i in range(pods)
    ]
    chosen, size = lists.select(whole, lambda pod: pod.node == b"yes")
    for found, counted in listed(things, pods, (list_pods.BY_NODE, b""), wants):
        assert found == chosen
        assert counted[list_pods.SENT] == size
        assert counted[list_pods.TESTS] == pods


@pytest.mark.tiny
@pytest.mark.parametrize("key", [b"app", b"team", b"ap", b"absent"])
def test_a_list_by_label_needs_key_and_value(key: bytes) -> None:
    """A label is found by its whole key, wherever it stands, and compared by its whole value."""
    things = ring(6)
    whole = [Pod(thing.node, dict(thing.labels), len(protobuf.encode(thing))) for thing in things]
    chosen, _ = lists.select(whole, lambda pod: pod.labels.get(key) == b"web")
    assert bool(chosen) == (key == b"app")
    for found, _ in listed(things, 6, (list_pods.BY_LABEL, key), [b"web"]):
        assert found == chosen


def parts(data: list[bytes], room: int) -> list[bytes]:
    """Return what is sent off at a time: whole objects, as many as have room."""
    found = [b""]
    for one in data:
        found[-1:] = [found[-1] + one] if len(found[-1]) + len(one) <= room else [found[-1], one]
    return found


@pytest.mark.tiny
def test_a_full_reply_is_sent_off() -> None:
    """Everything is returned, in pieces of as many objects as have room, byte for byte."""
    things = ring(6)
    data = [protobuf.encode(thing) for thing in things]
    size = len(data[4]) + len(data[5])
    for found, counted in listed(things, 6, (list_pods.EVERYTHING, b""), [b""], size):
        assert found == list(range(6))
        assert counted[list_pods.SENT] == sum(map(len, data))
        assert counted[list_pods.SENDS] == 3
        assert counted[list_pods.SUM] == lists.checksum([*parts(data, size)])


@pytest.mark.tiny
def test_decoding_is_counted_as_it_is_done() -> None:
    """Pods, their bytes and the bytes of their strings, in pages; a cache that is walked reads nothing."""
    things = ring(5)
    sizes = [len(protobuf.encode(thing)) for thing in things]
    strings = [
        sum(map(len, (one.name, one.namespace, one.node, one.spec, one.status, *sum(one.labels, ()))))
        for one in things
    ]
    read = (list_pods.READ, list_pods.READ_BYTES, list_pods.TEXT_BYTES)
    (_, decoded), (_, walked) = listed(things, 13, (list_pods.BY_NODE, b""), [b"x", b"y", b"z"])
    whole = [sum(each[i % 5] for i in range(13)) for each in (sizes, strings)]
    assert [decoded[i] for i in read] == [13, *whole]
    assert [walked[i] for i in read] == [0, 0, 0]
    assert decoded[list_pods.TESTS] == walked[list_pods.TESTS] == 13


@pytest.mark.tiny
def test_the_checksum_holds_every_byte_and_its_place() -> None:
    """Two bytes that change places, or lists cut elsewhere, have another one."""
    sums = set()
    for text in (b"abcd", b"abdc", b"abce", b"\0\0\0\0"):
        counted = np.zeros(list_pods.COUNTED, dtype=np.int64)
        counted[list_pods.IN_REPLY] = 4
        sums.add(list_pods.send_off(np.frombuffer(text, dtype=np.uint8), counted))
        assert counted[list_pods.SUM] == lists.checksum([text])
    assert len(sums) == 4


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.integers(0, 6), max_size=40), st.integers(7, 9))
def test_groups_are_in_order(values: list[int], count: int) -> None:
    """Pods of one value keep their order; a value without pods has an empty place."""
    firsts, indexed = np.zeros(count + 1, dtype=np.int32), np.full(len(values), -1, dtype=np.int32)
    used = list_pods.group(np.array(values, dtype=np.int32), firsts, indexed)
    assert used == len(set(values))
    for value in range(count):
        place = slice(firsts[value], firsts[value + 1])
        assert indexed[place].tolist() == [i for i, one in enumerate(values) if one == value]


@pytest.mark.tiny
def test_every_name_is_found() -> None:
    """By its bytes, in a table that is nearly full; other names, shorter and longer ones are not."""
    known = [b"node-%02d" % i for i in range(15)]
    others = [b"node-15", b"node-1", b"node-010", b""]
    names = np.frombuffer(b"".join(known + others), dtype=np.uint8).copy()
    slots = np.empty(16, dtype=np.int32)
    assert list_pods.hash_names(names, 7, 15, slots) >= 15
    assert [list_pods.find_name(7 * i, 7, names, 7, slots) for i in range(15)] == list(range(15))
    at = 7 * 15
    for other in others:
        assert list_pods.find_name(at, len(other), names, 7, slots) == list_pods.NONE
        at += len(other)


@pytest.mark.tiny
def test_a_page_counts_what_is_left() -> None:
    """Keys from the page's first on, those written later left out."""
    revisions = np.array([5, 1, 9, 3, 7], dtype=np.int64)
    assert [list_pods.count_keys(revisions, first, 7) for first in range(6)] == [4, 3, 2, 2, 1, 0]
