"""What pyproject.toml promises about versions and files."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import kscale
from kscale.plugins import recorded

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def lower_bounds() -> dict[str, str]:
    """Return name -> lowest version of everything the suite needs at run time."""
    project = PROJECT["project"]
    wanted = (
        project["dependencies"]
        + project["optional-dependencies"]["etcd"]
        + project["optional-dependencies"]["dask"]
        + PROJECT["dependency-groups"]["dev"]
    )
    found = dict(re.findall(r"^([\w-]+)[>=]=([\d.]+)(?:[,;].*)?$", "\n".join(wanted), re.MULTILINE))
    assert len(found) == len(wanted)
    tools = {"ruff", "mypy", "import-linter", "types-psutil", "types-pyyaml"}  # do not run the code
    return {name: version for name, version in found.items() if name not in tools}


def test_lowest_constraints_are_the_lower_bounds() -> None:
    """`make test-lowest` installs exactly the oldest versions that are promised."""
    lines = (ROOT / "tests" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert pinned == lower_bounds()


def test_every_requirement_has_an_upper_bound() -> None:
    """A new major version is tried before it is let in."""
    assert all("<" in line for line in PROJECT["project"]["dependencies"])


def test_version_has_a_changelog_entry() -> None:
    """The version of the package is the newest one in the changelog."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+?),? ", text, re.MULTILINE)
    assert newest
    assert newest[1] == kscale.__version__


def test_the_source_distribution_holds_all_that_is_kept() -> None:
    """What is unpacked can run its own tests and benchmarks."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: what is kept is not to be told from what is lying about")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607 - where git is
    kept = {line.split("/")[0] for line in listed.stdout.splitlines()}
    packed = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {f"/{name}" for name in kept - {"pyproject.toml", ".gitignore"}} == set(packed)  # those always are


def test_recorded_outcomes_are_part_of_the_package() -> None:
    """`kscale check` reads them, with what says where they are from, wherever kscale is installed."""
    forced = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for subject in ("freelist", "scheduling"):
        assert forced[f"tests/vectors/{subject}"] == f"kscale/vectors/{subject}"
        assert (ROOT / "tests" / "vectors" / subject / "README.md").is_file()
        assert len(list(recorded.vectors(subject))) >= 6
