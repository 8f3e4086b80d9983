"""Faults of two stores against the slow twin, and against what can be seen by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import offload as twin

from kscale.kernels import offload as kernel

Longs = NDArray[np.int64]
PUT, DELETE, GET = kernel.PUT, kernel.DELETE, kernel.GET
PROTOCOLS = (kernel.INSIDE, kernel.VALUE_FIRST, kernel.INDEX_FIRST, kernel.IN_PLACE)
KINDS = {"crash": kernel.CRASH, "failover": kernel.FAILOVER, "read": kernel.READ}


def run(
    operations: list[twin.Operation], protocol: int, behind: int = 0, keys: int = 4
) -> tuple[Longs, Longs, Longs]:
    """Return answers, final values and counters; value n has 100 + n bytes."""
    n = len(operations)
    columns = np.array(operations, dtype=np.int64).reshape(n, 2)
    answers, final = np.zeros(n, dtype=np.int64), np.zeros(keys, dtype=np.int64)
    counts = np.zeros(kernel.COUNTS, dtype=np.int64)
    sizes = 100 + np.arange(n, dtype=np.int64)
    kernel.run(columns[:, 0].copy(), columns[:, 1].copy(), sizes, protocol, behind, answers, final, counts)
    return answers, final, counts


def found(counts: Longs, kind: str) -> list[int]:
    """Return trials, lost, stale and mixed of one kind."""
    first = KINDS[kind]
    return [int(count) for count in counts[first : first + 4]]


@settings(deadline=None, max_examples=300)
@given(
    operations=st.lists(st.tuples(st.sampled_from([PUT, PUT, DELETE, GET]), st.integers(0, 3)), max_size=12),
    protocol=st.sampled_from(PROTOCOLS),
    behind=st.integers(0, 4),
)
def test_it_counts_as_its_slow_twin(operations: list[twin.Operation], protocol: int, behind: int) -> None:
    """Every answer and every counter, where each trial of the twin starts from nothing."""
    slow = twin.Trials(operations, [100 + n for n in range(len(operations))], protocol, behind)
    answers, final, counts = run(operations, protocol, behind)
    none = kernel.NOTHING
    assert answers.tolist() == [none if put is None else put for put in slow.answers]
    last = slow.after(len(operations), 0)
    assert final.tolist() == [
        none if put is None else put for put in (last.value(last.entry(key)) for key in range(4))
    ]
    for kind in KINDS:
        assert found(counts, kind) == slow.counts[kind]
    assert counts[kernel.ORPHANS] == len(slow.orphans)
    assert counts[kernel.ORPHAN_BYTES] == slow.orphan_bytes
    assert (counts[kernel.STEPS], counts[kernel.WAITED]) == (slow.steps, slow.waited)


@pytest.mark.tiny
def test_one_store_has_no_window() -> None:
    """A value inside its entry is there or not: nothing to lose, whatever fails and when."""
    operations = [(PUT, 0), (PUT, 0), (GET, 0), (DELETE, 0), (GET, 0), (PUT, 1)]
    answers, final, counts = run(operations, kernel.INSIDE, behind=3)
    assert answers[[2, 4]].tolist() == [1, kernel.NOTHING]
    assert final.tolist() == [kernel.NOTHING, 5, kernel.NOTHING, kernel.NOTHING]
    for kind in KINDS:
        assert found(counts, kind)[1:] == [0, 0, 0]
    assert counts[kernel.ORPHANS] == 0


@pytest.mark.tiny
def test_index_first_loses_an_acknowledged_value_at_one_point() -> None:
    """Between entry and value: the entry of put 0 is gone, and the value of put 1 never came."""
    _, _, counts = run([(PUT, 0)], kernel.INDEX_FIRST)
    assert found(counts, "crash") == [3, 1, 0, 0]
    _, _, counts = run([(PUT, 0), (PUT, 0)], kernel.INDEX_FIRST)
    assert found(counts, "crash") == [3 + 4, 2, 0, 0]
    assert counts[kernel.ORPHANS] == 2  # put 0's value, from the new entry on until it is removed


@pytest.mark.tiny
def test_value_first_leaves_only_garbage_when_the_writer_stops() -> None:
    """A value without an entry, or an old one not yet removed; all that was acknowledged is found."""
    _, _, counts = run([(PUT, 0), (PUT, 0), (DELETE, 0)], kernel.VALUE_FIRST)
    assert found(counts, "crash") == [3 + 4 + 3, 0, 0, 0]
    assert counts[kernel.ORPHANS] == 1 + 2 + 1
    assert counts[kernel.ORPHAN_BYTES] == 100 + (101 + 100) + 101


@pytest.mark.tiny
def test_a_copy_that_is_behind_loses_what_was_acknowledged() -> None:
    """One write behind, the last value is gone, or in place is old again; not behind, nothing is."""
    operations = [(PUT, 0), (PUT, 0)]
    assert found(run(operations, kernel.VALUE_FIRST, behind=0)[2], "failover")[1:] == [0, 0, 0]
    assert found(run(operations, kernel.VALUE_FIRST, behind=1)[2], "failover")[1] > 0
    in_place = run(operations, kernel.IN_PLACE, behind=1)[2]
    assert found(in_place, "failover")[2] == 2  # after put 1's value, and after its entry: put 0's is back


@pytest.mark.tiny
def test_a_reader_between_the_steps() -> None:
    """It has to start again where an old value was removed; in place it sees one not yet announced."""
    assert found(run([(PUT, 0), (PUT, 0)], kernel.VALUE_FIRST)[2], "read")[1] > 0
    assert found(run([(PUT, 0)], kernel.VALUE_FIRST)[2], "read")[1] == 0
    assert found(run([(PUT, 0), (PUT, 0)], kernel.IN_PLACE)[2], "read")[3] > 0
    assert found(run([(PUT, 0), (PUT, 0)], kernel.IN_PLACE, behind=1)[2], "read")[2] > 0


@pytest.mark.tiny
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_to_do(protocol: int) -> None:
    """No operations, no trials."""
    _, final, counts = run([], protocol, behind=2)
    assert (final == kernel.NOTHING).all()
    assert not counts.any()
