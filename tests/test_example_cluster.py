"""The small cluster that `kscale import` is shown on: the script makes its lists, and can be run."""

import gzip
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import real_etcd
from command import kscale

from kscale.imports import etcd_db

FOLDER = Path(__file__).parents[1] / "examples" / "import"


@pytest.fixture
def make() -> ModuleType:
    """Return the script, as it is run."""
    spec = importlib.util.spec_from_file_location("example_make", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_shipped_lists_are_what_the_script_makes(make: ModuleType) -> None:
    for name, document in make.lists():
        assert gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()) == document


def test_the_script_makes_a_cluster_that_can_be_imported(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A tenth of it, for a third of its life, in a real etcd."""
    if real_etcd.binary().beside("etcdctl") is None:
        pytest.skip("no etcdctl beside the etcd")
    for name, value in {"HERE": tmp_path, "EVERY_NODE": 480, "EVERY_POD": 340, "ROUNDS": 12}.items():
        monkeypatch.setattr(make, name, value)
    make.main()
    nodes, pods = len(make.nodes()), len(make.pods())
    assert 0 < nodes < 10 < pods
    facts = etcd_db.read(tmp_path / "snapshot.db", "snapshot.db", lambda _done, _total: None)
    assert facts.types["nodes"].count == nodes
    assert facts.types["pods"].count == pods
    assert facts.types["widgets.example.com"].count == make.SERVICES
    assert facts.space is not None
    assert len(facts.space.free)
    files = ("snapshot.db", "nodes.json.gz", "pods.json.gz")
    ran = kscale(tmp_path, "import", *files, "-o", "mine.yaml", XDG_DATA_HOME=str(tmp_path / "data"))
    assert ran.code == 0, ran.err
    assert f"{nodes} nodes, {pods} pods" in ran.out
