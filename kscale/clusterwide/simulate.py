"""One run of the whole control plane, from a size and a set of toggles to what it came to."""

from dataclasses import dataclass
from typing import Protocol

from kscale.clusterwide.record import Simulated
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles


class Observer(Protocol):
    """Is told how far a run is."""

    def at(self, virtual_ns: int, of_ns: int, events: int) -> None:
        """Hear the virtual time, after every second of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to run."""

    toggles: Toggles
    seed: int
    duration_ns: int = 0  # 0: the scenario's
    early: bool = False  # end as soon as an objective can no longer be kept
    sample: int = 64  # pods whose lives are kept


def simulate(size: Size, asked: Asked, observer: Observer | None = None) -> Simulated:
    """Return what a run came to; equal for equal (size, asked) on every machine.

    KscaleError if it is too large to run; WrongAnswer if something was lost, or happened twice.
    """
    raise NotImplementedError
