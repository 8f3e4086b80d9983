"""Shipped scenarios are found by name from any folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from kscale.errors import KscaleError
from kscale.scenario import load, shipped


def test_every_shipped_scenario_loads_under_its_name() -> None:
    """Name, file name and the description in the list agree."""
    names = shipped.names()
    assert list(names) == ["alibaba-10k", "k8s-5k", "mega-100k", "openb", "smoke"]
    for name, about in names.items():
        scenario = load.load(name).scenario
        assert (scenario.name, scenario.about) == (name, about)
        assert about
        assert set(scenario.mechanisms) >= {
            "etcd-freelist",
            "watch-fanout",
            "sched-equivalence",
            "sched-sampling",
        }


def test_names_work_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without .yaml, even beside a folder of that name; a file of that name wins."""
    monkeypatch.chdir(tmp_path)
    Path("smoke").mkdir()
    assert load.load("smoke").path == "smoke"
    assert load.load("smoke.yaml").scenario.name == "smoke"
    Path("openb").write_text("seed: 7", encoding="utf-8")
    assert load.load("openb").scenario.seed == 7
    assert load.load("./openb").path == "./openb"


def test_a_wheel_is_looked_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed from a wheel, scenarios lie inside the package."""
    package = tmp_path / "kscale"
    (package / "scenario").mkdir(parents=True)
    monkeypatch.setattr(shipped, "__file__", str(package / "scenario" / "shipped.py"))
    assert shipped.root() == tmp_path / "scenarios"
    (package / "shipped").mkdir()
    assert shipped.root() == package / "shipped"
    assert shipped.names() == {}


def test_listing_needs_no_yaml() -> None:
    """kscale list stays quick."""
    code = "import sys; from kscale.scenario import shipped; shipped.names(); print('yaml' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 5000 + ".yaml", "a\0b"])
def test_a_long_or_odd_name_is_a_short_line(name: str) -> None:
    """What was given is told in part, what there is in full."""
    with pytest.raises(KscaleError) as caught:
        shipped.find(name)
    said = str(caught.value)
    assert "smoke" in said
    assert len(said) < 250
    assert said.isprintable()
