"""Functions of a plugin as kernels take them."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from kscale.errors import KscaleError
from kscale.kernels._jit import uncached

Arrays = tuple[NDArray[Any], ...]
Function = Callable[..., Any]


def compiled(function: Function) -> Function:
    """Return a function that kernels can call: as it is if numba compiled it, else compiled."""
    return function if hasattr(function, "py_func") else uncached(function)


def plain(function: Function) -> Function:
    """Return the function as it was written, which knows its lines."""
    return cast("Function", getattr(function, "py_func", function))


def arrays(of: str, made: object) -> Arrays:
    """Return what the function *of* that name made: an array or several; KscaleError if it made others."""
    found = made if isinstance(made, tuple | list) else (made,)
    if not found or not all(isinstance(one, np.ndarray) and one.dtype.kind in "biuf" for one in found):
        raise KscaleError(f"{of} must return an array of numbers, or a tuple of such arrays")
    return tuple(found)
