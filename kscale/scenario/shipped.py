"""The scenarios and traces that come with kscale, and how a name is found.

They lie in the package (`kscale/shipped`) where kscale is installed from a wheel, and in the
`scenarios` folder of a source tree.
"""

import re
from pathlib import Path

from kscale.errors import KscaleError, did_you_mean, listed
from kscale.units import quote

_ABOUT = re.compile(r"^about: *(.*?) *$", re.MULTILINE)
_ENDINGS = (".yaml", ".yml")
# Folders of further set-ups, found as FOLDER/NAME and not listed: of published figures; sweeps of which maps
# are drawn; questions that users asked of Kubernetes.
CLAIMS = "claims"
FOLDERS = (CLAIMS, "maps", "questions")
LONGEST_PATH = 200  # characters of a path in a complaint


def root() -> Path:
    """Return the folder of the shipped scenarios."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "shipped"
    return installed if installed.is_dir() else package.parent / "scenarios"


def names() -> dict[str, str]:
    """Return each shipped scenario's name with its line of description, in order of name."""
    found = {}
    for path in sorted(root().glob("*.yaml")):
        about = _ABOUT.search(path.read_text(encoding="utf-8"))
        found[path.stem] = about[1].strip("'\"") if about else ""
    return found


def find(name_or_path: str) -> tuple[Path, str]:
    """Return the file that is meant and how to speak of it.

    A file that exists wins, then a shipped scenario of that name (with or without .yaml), or the
    set-up by its folder, claims/NAME; KscaleError names the nearest one if there is neither.
    """
    if not name_or_path or "\0" in name_or_path:
        raise KscaleError(f"no scenario {quote(name_or_path)}; {did_you_mean('', _known())}")
    path = Path(name_or_path)
    if _exists(path) and not path.is_dir():
        return path, name_or_path
    stem = name_or_path.removesuffix(".yaml")
    if stem in _known() or stem in setups():
        return root() / f"{stem}.yaml", stem
    said = name_or_path if len(name_or_path) <= LONGEST_PATH else quote(name_or_path)
    if _exists(path):
        raise KscaleError(f"{said}: is a folder, a scenario is a YAML file")
    if name_or_path.partition("/")[0] in FOLDERS:
        raise KscaleError(f"no set-up {quote(name_or_path)}; {did_you_mean(stem, setups())}")
    if "/" in name_or_path or name_or_path.endswith(_ENDINGS):
        raise KscaleError(f"{said}: no such file; shipped scenarios: {listed(_known())}")
    raise KscaleError(f"no scenario {quote(name_or_path)}; {did_you_mean(name_or_path, _known())}")


def _known() -> list[str]:
    """Return the names of the shipped scenarios."""
    return sorted(path.stem for path in root().glob("*.yaml"))


def setups(folders: tuple[str, ...] = FOLDERS) -> list[str]:
    """Return the set-ups in folders: claims/NAME, maps/NAME, questions/NAME."""
    return sorted(f"{name}/{path.stem}" for name in folders for path in (root() / name).glob("*.yaml"))


def _exists(path: Path) -> bool:
    """Return whether there is something at *path*; a name the system cannot even ask for is not there."""
    try:
        return path.exists()
    except OSError:
        return False
