"""Runs of an imported cluster: its file is found wherever a cell is measured, or a line says it is gone."""

import json
import sys
from pathlib import Path

import pytest
import recorded_clusters as small

from kscale.cli.progress import Quiet
from kscale.errors import KscaleError
from kscale.measure import again, campaign, plan, together
from kscale.measure.timing import Allowance, Settings
from kscale.measure.together import Installation
from kscale.mechanisms.registry import MECHANISMS
from kscale.results.record import Result
from kscale.results.store import Store
from kscale.scenario import costs, load, recorded
from kscale.scenario.load import Loaded

COSTS = """schema: kscale.costs/1
coefficients:
  bookmark_bytes:
    value: 123
    range: [100, 150]
    unit: bytes
    provenance: measured
    about: a bookmark
    source: a calibration
"""
MORE = """
costs: costs.yaml
control_plane: {optimizations: {etcd-freelist: true}}
mechanisms:
  etcd-freelist: {workload: file, transactions: 3}
  watch-bookmark: {events_per_s: 2, duration_ns: 30min}
"""


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """Return a scenario in a folder below the present one, with its two files beside it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "sub"
    folder.mkdir()
    sha256 = recorded.save(small.everything(), folder / "mine.npz")
    (folder / "costs.yaml").write_text(COSTS, encoding="utf-8")
    holds = "{nodes: 3, pods: 5, objects: 11}"
    cluster = f"cluster: {{imported: mine.npz, sha256: '{sha256}', holds: {holds}, repeat: 20}}"
    (folder / "mine.yaml").write_text(cluster + MORE, encoding="utf-8")
    return load.load("sub/mine.yaml")


def counted(loaded: Loaded, folder: Path) -> Result:
    """Return the saved result of counting its cells."""
    cells = plan.plan(loaded, MECHANISMS)
    return campaign.run(
        loaded, cells, Settings(timing=False), Quiet(), Store(folder), campaign.Request(argv=["run"])
    )


def test_a_result_says_what_was_imported(loaded: Loaded, tmp_path: Path) -> None:
    """Its hash, its coefficients as measured, what is on today; and no folder of this machine."""
    result = counted(loaded, tmp_path / "results")
    assert result.scenario.path == "sub/mine.yaml"
    assert result.scenario.resolved["control_plane"]["optimizations"] == {"etcd-freelist": True}
    told = result.mechanisms["watch-bookmark"].costs["bookmark_bytes"]
    assert (told.value, told.range, told.provenance) == (123, (100, 150), "measured")
    others = result.mechanisms["watch-bookmark"].costs.keys() - {"bookmark_bytes"}
    shipped = costs.of_profile("k8s-1.36").coefficients
    assert all(
        result.mechanisms["watch-bookmark"].costs[name].value == shipped[name].value for name in others
    )
    (cell,) = [one for one in result.cells if one.mechanism == "etcd-freelist"]
    assert cell.params["free_pages"] is None
    assert cell.variants["baseline"].work["allocations"] == 15
    assert str(tmp_path) not in json.dumps(result.scenario.model_dump())


def test_both_sides_of_a_change_find_the_file(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes of their own read it again; so does a cell that is measured again, as long as it is there."""
    monkeypatch.setattr(again, "AMPLE", Allowance(share_s=0.1, even_s=0.1))
    store = Store(tmp_path / "results")
    pair = together.run(
        loaded,
        plan.plan(loaded, MECHANISMS, only=("etcd-freelist",)),
        Settings(timing=False),
        Quiet(),
        store,
        campaign.Request(argv=[], name="head"),
        Installation("main", sys.executable),
    )
    assert pair[0].cells[0].digest == pair[1].cells[0].digest
    keys = [pair[1].cells[0].key]
    (found,) = again.measure([pair[1]], keys, Quiet())
    assert found.cells[0].digest == pair[1].cells[0].digest
    (tmp_path / "sub" / "mine.npz").unlink()
    with pytest.raises(KscaleError) as caught:
        again.measure([pair[1]], keys, Quiet())
    assert str(caught.value).endswith(
        "cluster.imported: mine.npz: no such file; it belongs beside its scenario"
    )
    assert str(caught.value).isprintable()


def test_optimizations_are_mechanisms() -> None:
    """Another id is refused with its line and the nearest there is."""
    text = b"seed: 1\ncontrol_plane:\n  optimizations:\n    etcd-freelst: true\n"
    with pytest.raises(KscaleError) as caught:
        plan.plan(load.parse(text, "x.yaml", "x.yaml"), MECHANISMS)
    assert str(caught.value).startswith(
        "x.yaml:4: control_plane.optimizations.etcd-freelst: no mechanism 'etcd-freelst'; "
        "did you mean 'etcd-freelist'?"
    )


def test_a_file_workload_needs_an_etcd_database(tmp_path: Path) -> None:
    """The run ends before any cell is measured."""
    text = (
        b"cluster: {nodes: {count: 2}}\nmechanisms: {etcd-freelist: {workload: [A, file], variants: all}}\n"
    )
    text = text.replace(b"[A, file]", b"file")
    with pytest.raises(KscaleError, match="workload file needs a cluster imported from an etcd database"):
        counted(load.parse(text, "x.yaml", "x.yaml"), tmp_path)
    assert list(tmp_path.iterdir()) == []
