"""A wrong variant is refused with a case of a few steps; a right one is not refused."""

import numpy as np
import pytest
from plugin_files import BY_SIZE, FREELIST, changed, of_template, variants

from kscale.mechanisms import sched_equivalence, sched_sampling, scheduling
from kscale.mechanisms.base import Outcome, Variant
from kscale.plugins import (
    check_fanout,
    check_freelist,
    check_freelist_recorded,
    check_scheduling,
    check_small,
)
from kscale.plugins.example import Wrong
from kscale.plugins.own import Own

GIVEN = "            free[first : first + n] = 0\n"
RETURN = "            return first\n"
WRONG_LISTS = {
    "overlap": (changed(FREELIST, GIVEN, ""), "pages overlap", "page 2 is not free: it was given in step 1"),
    "leak": (
        changed(FREELIST, "+ n] = 1\n\nVARIANTS", "+ n - 1] = 1\n\nVARIANTS"),
        "pages are lost",
        "lost: 3",
    ),
    "not merged": (BY_SIZE, "spans are not merged", "pages 2-3 are free, and given one by one"),
    "one too high": (
        changed(FREELIST, RETURN, "            return first + 1\n"),
        "pages overlap",
        "in use from the start",
    ),
    "beyond": (
        changed(FREELIST, RETURN, "            return first + 9\n"),
        "pages beyond the file",
        "in a file of",
    ),
    "meta": (changed(FREELIST, RETURN, "            return first - 1\n"), "a meta page is given", "page 1:"),
    "never": (
        changed(FREELIST, "if run == n", "if run > n"),
        "pages are lost",
        "nothing found, though page 2 is free",
    ),
    "raises": (
        changed(FREELIST, "    run = 0\n", "    run = free[len(free)]\n"),
        "mine.py:12: IndexError: index 4 is out of bounds for axis 0 with size 4",
        "allocate(1)",
    ),
    "leak of a long run": (
        changed(FREELIST, "+ n] = 1\n\nVARIANTS", "+ n - (n > 200)] = 1\n\nVARIANTS"),
        "pages are lost",
        "lost: 256",
    ),
    "work falls": (
        changed(FREELIST, "    work[0] += 1\n", "    work[0] = -work[0] + 1\n"),
        "work falls",
        "a counter only grows",
    ),
}


def first(text: str) -> Own:
    """Return the variant of a plugin."""
    return variants(text)[0]


@pytest.mark.parametrize("case", WRONG_LISTS)
def test_a_wrong_free_list_is_refused(case: str) -> None:
    """In four steps at most, said in words."""
    text, what, last = WRONG_LISTS[case]
    with pytest.raises(Wrong) as caught:
        check_freelist.small("mine.py", dict(first(text).parts), 100)  # plain: nothing is compiled
    assert caught.value.what == what
    assert last in caught.value.lines[-1]
    assert caught.value.lines[0].startswith("a file of ")
    assert 2 <= len(caught.value.lines) <= 5


def test_the_case_is_the_same_every_time() -> None:
    """Nothing is drawn by chance, and nothing is remembered."""
    seen = []
    for _ in range(2):
        with pytest.raises(Wrong) as caught:
            check_freelist.small("mine.py", dict(first(BY_SIZE).parts), 100)
        seen.append(caught.value.lines)
    assert (
        seen[0]
        == seen[1]
        == (
            "a file of 4 pages; free: 2",
            "1. release(3, 1)",
            "2. allocate(2) -> 0: nothing found, though pages 2-3 are free, and given one by one",
        )
    )


def test_what_only_the_compiler_does_is_seen() -> None:
    """A sum of bytes wraps in plain Python, but numba makes it longer: compiled, no page is ever free."""
    text = changed(FREELIST, "if free[page] else", "if free[page] + np.uint8(255) == 0 else")
    with pytest.raises(Wrong) as caught:
        check_freelist.small("mine.py", check_small.ready(first(text)), 40)
    assert caught.value.what == "pages are lost, when compiled"
    assert len(caught.value.lines) == 2


def test_a_list_that_is_not_repeatable_is_refused() -> None:
    """It keeps something between two lists."""
    text = changed(FREELIST, "def make", "calls = []\n\ndef make")
    text = changed(text, "    work[0] += 1\n", "    calls.append(1)\n    work[0] += len(calls)\n")
    with pytest.raises(Wrong, match=r"^other work (when compiled|the second time)$"):
        check_freelist.small("mine.py", dict(first(text).parts), 20)


def test_what_bbolt_was_seen_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A right list gives an allowed answer in each recorded state; one that wastes room does not."""
    monkeypatch.setattr("kscale.plugins.recorded.lives", list)  # those compile the list: see test_templates
    said = check_freelist_recorded.seen("mine.py", first(FREELIST).variant, first(FREELIST).parts)
    assert said.startswith("362 recorded states")
    wasting = first(changed(FREELIST, "if run == n", "if run == n + 1"))
    with pytest.raises(Wrong, match="an answer that is not allowed") as caught:
        check_freelist_recorded.seen("mine.py", wasting.variant, wasting.parts)
    assert "bbolt's lists gave" in caught.value.lines[-1]


def misplacing(change: str) -> Variant:
    """Return a scheduler that does as looking at every node does, and then changes where pods go."""

    def run(scan: scheduling.Scan) -> Outcome:
        answer, _ = scheduling.run_scan(scan)
        node_of, nodes = answer.node_of, scan.state.shape[1]
        if change == "next node" and nodes > 1:
            node_of[:] = np.where(node_of >= 0, (node_of + 1) % nodes, node_of)
        elif change == "second pod out":
            node_of[1:2] = -1
        elif change == "all on the first":
            node_of[:] = 0
        return Outcome({}, answer)

    return Variant(change, lambda job: scheduling.build_scan(job.pending), run)


@pytest.mark.parametrize(
    ("mechanism", "change", "what", "last"),
    [
        (sched_equivalence.ID, "next node", "different placement", "pod 0 goes to node 1, must go to node 0"),
        (
            sched_equivalence.ID,
            "second pod out",
            "different placement",
            "pod 1 goes to no node, must go to node ",
        ),
        (
            sched_sampling.ID,
            "second pod out",
            "a placement that cannot be",
            "pod 1 (class 0) is left out, but a node has room",
        ),
        (
            sched_sampling.ID,
            "all on the first",
            "a placement that cannot be",
            "pod 0 (class 0) is put on node 0, which cannot take it",
        ),
    ],
)
def test_a_wrong_scheduler_is_refused(mechanism: str, change: str, what: str, last: str) -> None:
    """With the nodes and pods of a small cluster."""
    with pytest.raises(Wrong) as caught:
        check_scheduling.small("mine.py", mechanism, misplacing(change), 100)
    assert caught.value.what == what
    assert caught.value.lines[-1].startswith(last)
    assert caught.value.lines[0].startswith("node")
    assert len(caught.value.lines) <= 5
    with pytest.raises(Wrong) as caught:
        check_scheduling.seen("mine.py", mechanism, misplacing(change))
    assert caught.value.lines[0].startswith("recorded case seq-0")


def test_the_baseline_is_a_right_scheduler() -> None:
    """The rule it is measured by is its own, and kube-scheduler's."""
    variant = sched_equivalence.MECHANISM.variants["optimized"]
    assert check_scheduling.small("mine.py", sched_equivalence.ID, variant, 40).endswith(
        "every pod where it must be"
    )
    assert check_scheduling.seen("mine.py", sched_equivalence.ID, variant).startswith("4 recorded cases")


@pytest.mark.parametrize(
    ("old", "new", "last"),
    [
        (" or nodes[w] == old", "", "match returns 0 and names nobody, must name 0"),
        ("scopes[w] == namespace", "True", "match returns 1 and names 0, must name nobody"),
        ("    return listed\n", "    return listed + 1\n", "match returns 1 and names -2, must name nobody"),
    ],
)
def test_a_wrong_fan_out_is_refused(old: str, new: str, last: str) -> None:
    """With the watchers, the event, and who was named."""
    made, _ = of_template("watch-fanout")
    wrong = first(changed(str(made.text), old, new).replace("@njit\n", ""))
    with pytest.raises(Wrong, match="others are named than the event concerns") as caught:
        check_fanout.small("mine.py", dict(wrong.parts), 100)
    assert caught.value.lines[-1] == last
    assert len(caught.value.lines) <= 3
