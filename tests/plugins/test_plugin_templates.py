"""What `kscale new variant` writes works for every mechanism, and joins whole runs."""

from typing import Any

import numpy as np
import pytest
from every_mechanism import IDS
from numpy.typing import NDArray
from plugin_files import changed, of_template, source, variants

from kscale.errors import KscaleError, WrongAnswer
from kscale.measure import runner
from kscale.measure.plan import PlannedCell
from kscale.mechanisms.base import Mechanism
from kscale.mechanisms.registry import MECHANISMS, find
from kscale.plugins import check_runs, check_small, freelist, join, points, recorded, template
from kscale.plugins.checking import SMALL
from kscale.plugins.example import Wrong
from kscale.plugins.own import Own, own

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]

FEW = 30  # small cases


@pytest.fixture(autouse=True)
def small_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try variants at the tiny point only, with one seed: smoke's cells take seconds."""
    monkeypatch.setattr(points, "SEEDS", (7,))
    monkeypatch.setattr(points, "SMOKE_SEEDS", ())


def joined(text: str) -> tuple[Mechanism, Own]:
    """Return the mechanism that a plugin's one variant has joined, and the variant."""
    (mine,) = variants(text)
    found = join.joined(MECHANISMS, [(source(text), (mine,))])
    return next(one for one in found if one.id == mine.mechanism), mine


@pytest.mark.parametrize("mechanism", IDS)
def test_a_template_passes_its_check(mechanism: str) -> None:
    """Small cases, recorded outcomes where there are some, a whole run beside the baseline."""
    made, written = of_template(mechanism)
    place = of_template("sched-equivalence")[1].parts["place"]  # the same function: it compiles once
    mine = own(mechanism, "mine", about="x", place=place) if mechanism == "sched-sampling" else written
    together = join.joined(MECHANISMS, [(made, (mine,))])
    joined_to = next(one for one in together if one.id == mechanism)
    variant = joined_to.variants["mine"]
    for stage in check_small.stages(mine):
        if stage == SMALL:
            check_small.small("mine.py", mine, variant, FEW, lambda _: None)
        else:
            check_small.seen("mine.py", mine, variant)
    assert check_runs.runs(joined_to, together, "mine").startswith("1 cells")


def test_templates_are_of_this_version() -> None:
    """Every mechanism with functions of its own has a template with them; a name is checked."""
    assert {one for one in IDS if one in template.ABOUT} == {
        "etcd-freelist", "watch-fanout", "sched-equivalence", "sched-sampling",
    }  # fmt: skip
    for mechanism, (name, _) in template.ABOUT.items():
        made = template.text(mechanism, "x.py", "another")
        assert '"another"' in made
        assert ("build" in made) == (name == "any")
    with pytest.raises(KscaleError, match="has a variant 'optimized' already"):
        template.text("list-index", "x.py", "optimized")
    assert "--plugin FILE.py" in template.text("list-index", 'a"""b.py')
    assert "--plugin 'a b.py'" in template.text("list-index", "a b.py")


def test_recorded_lives_are_lives() -> None:
    """What another list is given of them is what bbolt's array did: all its answers are allowed there."""
    lives = dict(recorded.lives())
    assert len(lives) == 13
    load_of = lives["array_uniform_alt"]
    array = find("etcd-freelist").variants["baseline"]
    outcome = array.run(array.build(load_of))
    assert outcome.work["allocations"] == 987  # all that were recorded
    assert outcome.work["file_pages_end"] == 6352


def of_list(parts: dict[str, Any]) -> PlannedCell:
    """Return the tiny cell of etcd-freelist with a list of these functions."""
    made = own("etcd-freelist", "mine", about="first fit", **parts)
    found = join.joined(MECHANISMS, [(source(""), (made,))])
    return points.tiny_cell(next(one for one in found if one.id == "etcd-freelist"), "mine")


def test_a_free_list_counts_what_it_can() -> None:
    """What is known of any list, and what its functions count; first fit ends as bbolt's array does."""
    cell, cluster = of_list(dict(of_template("etcd-freelist")[1].parts)), points.tiny_cluster()
    works = runner.agreed_works(cell, runner.subjects_of(cell, cluster, lambda: 0))
    array, mine = works["baseline"], works["mine"]
    assert set(mine) == set(array) - set(freelist.UNKNOWN) | {"distinct_spans_end"}
    same = set(mine) - {"bytes_held", "entries_touched"}
    assert {name: mine[name] for name in same} == {name: array[name] for name in same}
    assert mine["entries_touched"] > mine["allocations"]


def test_a_leak_is_seen_at_the_end_of_a_run() -> None:
    """Though no answer was wrong: the longest free runs must be given when they are asked for."""
    parts = dict(of_template("etcd-freelist")[1].parts)

    def without_the_last(pages: int, starts: Ints, sizes: Ints) -> Flags:
        free: Flags = parts["make"](pages, starts, sizes)
        free[starts[-1] + sizes[-1] - 1] = 0
        return free

    cell, cluster = of_list({**parts, "make": without_the_last}), points.tiny_cluster()
    with pytest.raises(WrongAnswer, match="mine: free pages at the end are not those its answers leave"):
        runner.agreed_works(cell, runner.subjects_of(cell, cluster, lambda: 0))


LEASE = template.text("node-lease", "mine.py")
RETURN = "    return Outcome(dict(outcome.work), outcome.answer)\n"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            RETURN,
            "    return Outcome({**outcome.work, 'speed': 7}, outcome.answer)\n",
            "work has 'speed', which is no metric",
        ),
        (
            RETURN,
            "    work = {**outcome.work, 'nodes': 0.5}\n    return Outcome(work, outcome.answer)\n",
            "nodes: must be a whole number",
        ),
        (
            "    outcome =",
            "    import time\n    time.perf_counter()\n    outcome =",
            "reads time.perf_counter",
        ),
        (
            "    outcome =",
            "    import os\n    os.urandom(3)\n    outcome =",
            "reads os.urandom: work must be equal",
        ),
        ("    return BASELINE.build(workload)\n", "    return None\n", "AttributeError"),
    ],
)
def test_what_whole_runs_show(old: str, new: str, says: str) -> None:
    """Work that is no metric, or not whole; a clock; an error: with where it was seen."""
    with check_runs.clocks_watched():
        mechanism, mine = joined(changed(LEASE, old, new))
        with pytest.raises(Wrong, match=says) as caught:
            check_runs.runs(mechanism, MECHANISMS, mine.name)
    assert caught.value.lines[0] == "tiny, seed 7"


def test_work_that_does_not_repeat() -> None:
    """A counter that depends on how often it was run is no counter of the work."""
    text = changed(LEASE, "def run(state):\n", "calls = []\n\n\ndef run(state):\n    calls.append(1)\n")
    text = changed(
        text, RETURN, RETURN.replace("dict(outcome.work)", "{**outcome.work, 'nodes': len(calls)}")
    )
    mechanism, _ = joined(text)
    with pytest.raises(Wrong, match="does not keep what all variants promise") as caught:
        check_runs.runs(mechanism, MECHANISMS, "mine")
    assert "mine: nodes is not reproducible" in caught.value.lines[-1]


def test_a_workload_that_is_written() -> None:
    """The other variants start from it too."""
    text = template.text("node-lease", "mine.py")
    text = changed(text, "    return BASELINE.build(workload)\n", WRITES)
    mechanism, _ = joined(text)
    with pytest.raises(Wrong, match="changes its workload") as caught:
        check_runs.runs(mechanism, MECHANISMS, "mine")
    assert caught.value.lines == ("tiny, seed 7",)


WRITES = """\
    state = BASELINE.build(workload)
    for name in workload.__slots__:
        value = getattr(workload, name)
        if hasattr(value, "flat"):
            value.flat[0] += 1
    return state
"""
