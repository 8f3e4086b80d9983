"""What runs on the workers of a Dask cluster: who they are, and bundles of tasks.

Nothing heavy is imported at its head: a scheduler imports it too, and numba must come after the folder for
compiled kernels is set. Tasks and cells travel as bytes that only the two ends open.
"""

import pickle
import platform
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import kscale
from kscale.errors import KscaleError, WrongAnswer

if TYPE_CHECKING:
    from kscale.engine.task import Place, Task
    from kscale.engine.worker import Runner
    from kscale.measure.timing import Settings
    from kscale.plugins.source import Source
    from kscale.results.record import Cell
    from kscale.scenario.recorded import Recorded

MOST_KEPT = 4  # imported clusters
_BOOT = Path("/proc/sys/kernel/random/boot_id")  # one for a machine, whatever its containers are called


class Facts(TypedDict):
    """Which kscale a worker has and where it runs, as plain text: another kscale can tell it too."""

    version: str
    code: str  # hash of the sources that decide what is counted
    machine: str  # equal for all workers of one
    fingerprint: str  # of what makes times comparable
    cpu: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Tasks for one worker, and what it needs for them."""

    tasks: "tuple[Task, ...]"
    places: "Mapping[str, Place]"  # by Place.sha256, without what was recorded
    recorded_of: Mapping[str, str]  # Place.sha256 -> key of what was recorded, of imported clusters
    recorded: "Mapping[str, Recorded]"  # by key, those that the worker is not known to have
    settings: "Settings"
    plugins: "tuple[Source, ...]"
    force: bool  # whatever memory says
    long_s: float  # after which it hands over what it has


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bundle came to: the cells of its first tasks, and why it ended there."""

    cells: "tuple[Cell, ...]" = ()
    peak_rss_bytes: int = 0
    lacks: str | None = None  # key of what was recorded and must be sent again
    wrong: str | None = None  # its variants disagree
    refused: str | None = None  # it cannot be run here at all
    broke: str | None = None  # a bug: its traceback


class _Kept:
    """What a worker keeps between bundles."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.runner: Runner | None = None
        self.recorded: dict[str, Recorded] = {}


_kept = _Kept()
_alone = threading.Lock()  # one bundle at a time, however many threads the worker has


def facts() -> Facts:
    """Return who this is; from then on kernels are compiled where kscale keeps them."""
    from kscale.measure import machine  # noqa: PLC0415 - the scheduler has no use for it

    if "numba" not in sys.modules:
        machine.use_jit_cache()
    try:
        booted = _BOOT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        booted = platform.node()
    here = machine.facts()
    return {
        "version": kscale.__version__,
        "code": machine.code_stamp(),
        "machine": booted,
        "fingerprint": here.fingerprint,
        "cpu": f"{here.cpu_model}, {here.cores_logical} cores",
    }


def here() -> str:
    """Return the version: that it can be asked for says enough of a scheduler, which runs nothing."""
    return kscale.__version__


def run(data: bytes) -> bytes:
    """Return the pickled Answer to a pickled Bundle. It raises nothing."""
    with _alone:
        try:
            answer = _answer(pickle.loads(data))  # noqa: S301 - who can reach a worker can run code there anyway
        except Exception:  # noqa: BLE001 - it is raised by the one that asks
            answer = Answer(broke=traceback.format_exc())
        return pickle.dumps(answer)


def forget() -> None:
    """Give back the memory of what is kept."""
    if _alone.acquire(blocking=False):  # else another sweep is at it
        _kept.runner = None
        _kept.recorded = {}
        _alone.release()


def _answer(bundle: Bundle) -> Answer:
    """Run the tasks of a bundle in their order, until one cannot be or it takes long."""
    from kscale.engine.worker import Runner  # noqa: PLC0415 - imports numba
    from kscale.measure import machine  # noqa: PLC0415 - as above

    runner = _kept.runner = _kept.runner or Runner()
    _keep(bundle.recorded)
    began = time.monotonic()
    cells: list[Cell] = []

    def told(**why: str) -> Answer:
        """Return what there is so far."""
        return Answer(tuple(cells), machine.peak_rss_bytes(), **why)

    for task in bundle.tasks:
        if cells and time.monotonic() - began > bundle.long_s:
            break
        key = bundle.recorded_of.get(task.place)
        if key is not None and key not in _kept.recorded:
            return told(lacks=key)
        place = bundle.places[task.place]
        if key is not None:
            place = replace(place, recorded=_kept.recorded[key])
        try:
            cells.append(runner.run(place, task, bundle.settings, bundle.plugins, force=bundle.force))
        except WrongAnswer as error:
            return told(wrong=str(error))
        except KscaleError as error:
            return told(refused=str(error))
        except Exception:  # noqa: BLE001 - it is raised by the one that asks
            return told(broke=traceback.format_exc())
    return told()


def _keep(recorded: "Mapping[str, Recorded]") -> None:
    """Keep what was recorded of imported clusters, the latest few."""
    for key, one in recorded.items():
        _kept.recorded[key] = one
    for key in list(_kept.recorded)[:-MOST_KEPT]:
        if key not in recorded:
            del _kept.recorded[key]
