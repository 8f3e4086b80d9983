"""Files of simulations: they come back as they were, and nothing harmful is taken for one."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_simulations as made
import pytest
from made_results import result
from made_saved import FAULT, labelled, saved_simulation

from kscale.clusterwide import saved
from kscale.errors import KscaleError
from kscale.results import simulations, store
from kscale.results.store import Store

Tree = dict[str, Any]


def test_a_simulation_comes_back(tmp_path: Path) -> None:
    """Byte for byte as it was written, run for run as it was made."""
    found = saved_simulation()
    path = simulations.save(Store(tmp_path), found)
    again = saved.load(path)
    assert again == found
    assert simulations.dumps(again) == path.read_text(encoding="utf-8")
    assert saved.runs(again) == labelled("none", "all", draws=True)
    assert saved.faults_of(again) == (FAULT,)


def test_a_name_belongs_to_one_thing(tmp_path: Path) -> None:
    """A simulation does not take the name of a result, nor a result that of a simulation, unless forced."""
    folder = Store(tmp_path)
    folder.save(result("20261121T025400Z-1", name="wall"))
    with pytest.raises(KscaleError, match="there is a result of that name; --force replaces it"):
        simulations.save(folder, saved_simulation())
    simulations.save(folder, saved_simulation(), replace=True)
    with pytest.raises(KscaleError, match="there is a result of that name"):
        folder.save(result("20261121T025400Z-1", name="wall"))


def test_a_packed_one_is_replaced(tmp_path: Path) -> None:
    """There is one file of a name."""
    (tmp_path / "wall.json.gz").write_bytes(gzip.compress(simulations.dumps(saved_simulation()).encode()))
    assert store.is_simulation(tmp_path / "wall.json.gz")
    simulations.save(Store(tmp_path), saved_simulation(), replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["wall.json"]


def test_latest_is_a_result(tmp_path: Path) -> None:
    """Simulations have names; `latest` counts what was measured, and so does the list of results."""
    folder = Store(tmp_path)
    simulations.save(folder, saved_simulation())
    with pytest.raises(KscaleError, match="has simulations, and no result yet"):
        folder.load("latest")
    folder.save(result("20261121T025400Z-1", name="main"))
    assert folder.load("latest").run.name == "main"
    assert folder.names() == ["main"]
    assert set(folder.saved()) == {"main", "wall"}


def test_a_simulation_is_no_result(tmp_path: Path) -> None:
    """Who wants to compare it is told so."""
    path = simulations.save(Store(tmp_path), saved_simulation())
    with pytest.raises(
        KscaleError, match="is a simulation, of which nothing was measured; kscale show, plot"
    ):
        store.load(path)
    kept = Store(tmp_path).save(result("20261121T025400Z-1", name="main"))
    with pytest.raises(
        KscaleError, match=r"not a simulation of kscale: it has no schema kscale.simulation/1"
    ):
        saved.load(kept)
    assert not store.is_simulation(kept)
    assert not store.is_simulation(tmp_path / "none.json")


def _set(*path: str | int, to: object) -> Callable[[Tree], None]:
    """Return what puts a value in a place."""

    def change(tree: Tree) -> None:
        """Go there and put it."""
        here: Any = tree
        for part in path[:-1]:
            here = here[part]
        here[path[-1]] = to

    return change


DEEP: Any = []
for _ in range(60):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("runs", to=[]), "'runs'"),
        (_set("runs", 0, "nodes", to=-1), "'runs.0.nodes'"),
        (_set("runs", 0, "nodes", to=2**70), "'runs.0.nodes'"),
        (_set("runs", 0, "label", to="x" * 1000), "'runs.0.label'"),
        (_set("runs", 0, "sample", to=[{"number": 0, "node": 0, "times": [0]}]), "a pod's life is not whole"),
        (_set("runs", 0, "blame", to="somebody"), "the station to blame is none"),
        (_set("runs", 0, "stations", to=[]), "its stations are not clients, "),
        (_set("runs", 0, "slis", to=[]), "its indicators are not mutating, "),
        (_set("runs", 0, "stages", "bad", to=None), "'runs.0.stages.bad'"),
        (_set("runs", 0, "ended_ns", to=made.RUN + 1), "it ended after its end"),
        (_set("runs", 0, "stations", 0, "left", to=1), "a station lost something"),
        (_set("runs", 1, "label", to="none"), "two runs of one name"),
        (_set("runs", 0, "series", to={"x": [0.5]}), "'runs.0.series.x.0'"),
        (_set("more", to=1), "'more'"),
        (_set("schema", to="kscale.simulation/2"), "a newer kscale wrote it"),
        (_set("schema", to=7), "it has no schema"),
        (_set("scenario", "resolved", "deep", to=DEEP), "nested too deeply"),
        (_set("kscale", to="\ud800"), "not plain text"),
    ],
)
def test_a_damaged_simulation_is_one_line(change: Callable[[Tree], None], said: str) -> None:
    """It names the file and the place."""
    tree = json.loads(simulations.dumps(saved_simulation()))
    change(tree)
    with pytest.raises(KscaleError) as error:
        saved.parse(json.dumps(tree).encode(), "x.json")
    assert str(error.value).startswith("x.json: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b'{"schema": NaN}', b"\xff\xfe", b'{"a":1,"a":2}']
)
def test_what_is_no_json_is_no_simulation(data: bytes) -> None:
    """Nor is any other."""
    with pytest.raises(KscaleError, match=r"x\.json: "):
        saved.parse(data, "x.json")
