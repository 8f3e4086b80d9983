"""What worker processes can be asked for in tests: functions of a module, for they must be found by name."""

import os
import signal
import time
from pathlib import Path

from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.errors import KscaleError, WrongAnswer


def answer(one: Size, asked: Asked) -> tuple[int, int, int]:
    """Return something of what was asked, and which process answers; the first seeds take longest."""
    time.sleep(0.1 / (1 + asked.seed))
    return one.nodes, asked.seed, os.getpid()


def refuse(one: Size, asked: Asked) -> int:
    """Refuse in the way that the seed says."""
    if asked.seed == 1:
        raise KscaleError("cluster.nodes: too many")
    if asked.seed == 2:
        raise WrongAnswer("pods were lost")
    if asked.seed == 3:
        raise ZeroDivisionError("a bug")
    if asked.seed == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return asked.seed


def wait_long(one: Size, asked: Asked) -> int:
    """Say that it began, then never end."""
    if asked.seed == 0:
        return 0
    Path(one.name).write_text(str(os.getpid()))
    time.sleep(600)
    return 1
