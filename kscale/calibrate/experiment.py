"""What an experiment is, and whom it tells how far it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from kscale.calibrate.lab import Lab
from kscale.calibrate.point import Point


class OutOfTimeError(Exception):
    """There is no time for another step: an experiment yields what it has, and ends."""


class Observer(Protocol):
    """Is told what is being measured."""

    def step(self, text: str) -> None:
        """Say what is being done now: "round 1 of 3: 16 clients, 4 KiB".

        Raises OutOfTimeError where no time is left to do it.
        """


@dataclass(frozen=True, slots=True)
class Experiment:
    """Some points of a real etcd, and what it takes to get them."""

    id: str
    title: str
    families: tuple[str, ...]  # of the points it yields
    seconds: float  # it takes about so long on two cores
    room: int  # bytes of disk it needs at most at a time
    own: bool  # needs an etcd that it may restart, and its files: not one at an endpoint
    run: Callable[[Lab, Observer], Iterator[Point]]
