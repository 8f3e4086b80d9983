"""Shards give the result of one machine, or a line that says what is wrong with them."""

from collections.abc import Callable
from typing import Any

import pytest
from made_results import cell
from made_shards import CELLS, shards, whole

from kscale.engine.merge import merge
from kscale.errors import KscaleError
from kscale.results.record import Result, VariantRecord

OWN = {"id", "started", "seconds", "argv", "name"}  # of a run, whatever it ran


def merged(parts: list[Result]) -> Result:
    """Return what shards give, their files named by their places."""
    return merge(parts, [f"{place}.json" for place in range(len(parts))])


def changed(part: Result, where: str, **values: Any) -> Result:  # noqa: ANN401 - whatever a result holds
    """Return a shard with other *values* in a piece of it: run, run.sweep, machine ..."""
    tree = part.model_dump(by_alias=True)
    piece = tree
    for key in filter(None, where.split(".")):
        piece = piece[key]
    piece |= values
    return Result.model_validate(tree)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 9])
def test_shards_give_what_one_machine_would_have(count: int) -> None:
    """Whatever their number and order: the cells, their order and all facts but ids and times."""
    one, found = whole(), merged(shards(count)[::-1])
    assert found.cells == one.cells
    assert found.run.model_dump(exclude=OWN) == one.run.model_dump(exclude=OWN)
    assert found.model_dump(exclude={"run"}) == one.model_dump(exclude={"run"})
    assert found.run.seconds == count


def test_cells_that_were_not_run_stay() -> None:
    """Skipped and failed ones, with their reasons."""
    lost = CELLS[3].model_copy(update={"status": "failed", "notes": ["its worker ended"], "variants": {}})
    found = merged(shards(2, [*CELLS[:3], lost, *CELLS[4:]]))
    assert found.cells[3] == lost


def test_machines_may_differ_if_nothing_was_timed() -> None:
    """The first one's is kept, and where commits differ none."""
    first, second = shards(2)
    other = changed(second, "machine", fingerprint="0" * 16, cpu_model="another")
    other = changed(other, "", git={"sha": "f" * 40, "branch": "main", "dirty": False})
    found = merged([other, first])
    assert found.machine == first.machine
    assert found.git is None


def test_what_else_a_machine_did_is_told_at_its_worst() -> None:
    """So that whoever judges times is warned."""
    first, second = shards(2)
    first = changed(first, "load", before=[1.0, 0, 0], after=[2.0, 0, 0], steal_pct=3.0)
    second = changed(second, "load", before=[3.0, 0, 0], after=[4.0, 0, 0], other_cpu_pct=30.0)
    found = merged([second, first]).load
    assert (found.before[0], found.after[0], found.steal_pct, found.other_cpu_pct) == (1.0, 4.0, 3.0, 30.0)


def test_engines_may_differ() -> None:
    """What ran a shard does not change what it counted."""
    first, second = shards(2)
    sweep = merged([first, changed(second, "run.sweep", engine="dask")]).run.sweep
    assert sweep is not None
    assert sweep.engine == "dask, local"


WRONG: dict[str, tuple[Callable[[list[Result]], list[Result]], str]] = {
    "none": (lambda parts: [], "no shard is given"),
    "twice": (
        lambda parts: [*parts, parts[1]],
        "1.json and 3.json are both shard 2/3; leave one out",
    ),
    "missing": (lambda parts: parts[1:2], "shard 1/3, 3/3 are missing: 1 of 3 are given"),
    "one missing": (lambda parts: parts[:2], "shard 3/3 is missing: 2 of 3 are given"),
    "interrupted": (
        lambda parts: [*parts[:2], changed(parts[2], "run", status="interrupted")],
        "2.json: shard 3/3 was interrupted: 2 of 2 cells",
    ),
    "cut short": (
        lambda parts: [changed(parts[0], "", cells=[]), *parts[1:]],
        "0.json: shard 1/3 was interrupted: 0 of 3 cells; its command, typed again, goes on with it",
    ),
    "too many cells": (
        lambda parts: [*parts[:2], changed(parts[2], "", cells=[one.model_dump() for one in CELLS])],
        "2.json: shard 3/3: damaged: it has 7 cells, its part of the sweep is 2",
    ),
    "a cell in two": (
        lambda parts: [parts[0], changed(parts[1], "", cells=[c.model_dump() for c in CELLS[:2]]), parts[2]],
        "1.json: damaged: etcd-freelist[free_pages=10] is in 0.json too",
    ),
    "no sweep": (
        lambda parts: [parts[0], changed(parts[1], "run", sweep=None)],
        "1.json: is not of a sweep",
    ),
    "a whole sweep": (lambda parts: [whole()], "0.json: is a whole sweep, not a shard of one"),
    "no such shard": (
        lambda parts: [changed(parts[0], "run.sweep", shard="8/3\n")],
        r"0.json: damaged: '8/3\n' is no shard",
    ),
    "another number": (
        lambda parts: [parts[0], shards(4)[1]],
        "1.json: another number of shards than 0.json: 4 and 3; they are not of one sweep",
    ),
    "another scenario": (
        lambda parts: [parts[0], changed(parts[1], "scenario", sha256="1" * 64)],
        "1.json: another scenario than 0.json; they are not of one sweep",
    ),
    "a changed scenario": (
        lambda parts: [parts[0], changed(parts[1], "scenario", resolved={"seed": 1})],
        "1.json: another scenario than 0.json",
    ),
    "other axes": (
        lambda parts: [parts[0], changed(parts[1], "run.sweep", over={"free_pages": [1]})],
        "1.json: other axes than 0.json",
    ),
    "other seeds": (
        lambda parts: [parts[0], changed(parts[1], "run.sweep", seeds=[0, 1])],
        "1.json: other seeds than 0.json",
    ),
    "another kscale": (
        lambda parts: [parts[0], changed(parts[1], "run", kscale="0.0.9")],
        "1.json: another kscale than 0.json: '0.0.9' and '0.1.0'",
    ),
    "other code": (
        lambda parts: [parts[0], changed(parts[1], "run", code="d" * 12)],
        "1.json: other code of kscale than 0.json",
    ),
    "other plugins": (
        lambda parts: [parts[0], changed(parts[1], "run", plugins=[{"name": "x.py", "sha256": "0"}])],
        "1.json: other plugins than 0.json",
    ),
    "another plan": (
        lambda parts: [parts[0], changed(parts[1], "run.sweep", plan="q" * 64)],
        "1.json: another plan than 0.json",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_one_sweep_is_refused_in_a_line(name: str) -> None:
    """The line names the files and what is wrong."""
    spoil, says = WRONG[name]
    with pytest.raises(KscaleError) as refused:
        merged(spoil(shards(3)))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def timed(part: Result) -> Result:
    """Return a shard whose variants have a pair of times."""
    wall = {"order": [0, 1], "values": [5, 6], "loops": 1}
    cells = []
    for one in part.cells:
        variants = {
            name: VariantRecord.model_validate({"work": of.work, "wall_ns": wall})
            for name, of in one.variants.items()
        }
        cells.append(one.model_copy(update={"variants": variants}))
    return part.model_copy(update={"cells": cells})


def test_times_of_unlike_machines_are_not_put_together() -> None:
    """Of one machine they are; of two, a result would have to tell of both."""
    first, second = map(timed, shards(2))
    assert merged([first, second]).cells[0].variants["baseline"].wall_ns is not None
    with pytest.raises(KscaleError) as refused:
        merged([first, changed(second, "machine", fingerprint="0" * 16, cpu_model="another")])
    assert "1.json: timed on another machine than 0.json: 'another', 2 cores" in str(refused.value)


def test_mechanisms_are_told_of_in_the_order_of_the_cells() -> None:
    """Also where a shard has cells of only one of them; what two tell must be the same."""
    info = {"title": "t", "source": "s", "per": "p", "metrics": {}, "variants": {}}
    cells = [cell("b"), cell("a", free_pages=1), cell("b", free_pages=2)]
    made = [one.model_copy(update={"params": {"free_pages": 0, **one.params}}) for one in cells]
    first, second = shards(2, made)
    first = changed(first, "", mechanisms={"b": info})
    second = changed(second, "", mechanisms={"a": info, "b": info})
    assert list(merged([first, second]).mechanisms) == ["b", "a"]
    with pytest.raises(KscaleError, match="tells of 'b' otherwise than 0"):
        merged([first, changed(second, "mechanisms.b", title="other")])
