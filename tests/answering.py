"""What worker processes answer in tests: functions of a module, for they must be found by name."""

import os
import signal
import time
from collections.abc import Callable

from kscale.errors import KscaleError, WrongAnswer


def begin() -> Callable[[int], int]:
    """Return what counts the questions of its process and answers, refuses or ends."""
    asked = 0

    def answer(question: int) -> int:
        """Return the process and how often it was asked, if the question is 0."""
        nonlocal asked
        asked += 1
        if question == 1:
            raise KscaleError("cluster.nodes: too many")
        if question == 2:
            raise WrongAnswer("pods were lost")
        if question == 3:
            raise ZeroDivisionError("a bug")
        if question == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        if question == 5:
            os._exit(7)
        if question == 6:
            os.kill(os.getpid(), signal.SIGINT)
        if question == 7:
            time.sleep(600)
        return asked

    return answer


def refuse() -> Callable[[int], int]:
    """Do not begin at all."""
    os._exit(3)
