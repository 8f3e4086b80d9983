"""The only door to the compiler, so that its options are set once.

numba's cache is used where it has a folder to write to; where it has none (a
read-only install without a home) the kernel is compiled anew in each process.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit
from numba.core.options import DefaultOptions

P = ParamSpec("P")
R = TypeVar("R")

BORROWS = hasattr(DefaultOptions, "_nrt")


def kernel(fn: Callable[P, R]) -> Callable[P, R]:
    """Compile *fn* in nopython mode, without the GIL, and keep its type for the checker.

    Division follows numpy (no check for zero in each iteration, so guard zero
    yourself), and floating point is IEEE: no fast-math, no contraction.
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return cast("Callable[P, R]", njit(cache=True, **options)(fn))
    except RuntimeError:  # numba: "cannot cache function: no locator available"
        return cast("Callable[P, R]", njit(**options)(fn))


def uncached(fn: Callable[P, R]) -> Callable[P, R]:
    """Compile *fn* as `kernel` does, without keeping it on disk: for functions that are not of kscale.

    One that takes functions is compiled anew for each of them, as if they were written in it.
    """
    return cast("Callable[P, R]", njit(nogil=True, error_model="numpy")(fn))


def lean(fn: Callable[P, R]) -> Callable[P, R]:
    """Compile *fn* as `kernel` does, but without counting who holds an array: it borrows its caller's.

    For what is called for each event: taking and giving back a dozen arrays costs more than the event. It
    must not create an array (numba says so) nor return one (it would not be kept alive). Where numba does
    not know the option, which it does not document, the kernel counts and is slower.
    """
    options = {"nogil": True, "error_model": "numpy"} | ({"_nrt": False} if BORROWS else {})
    try:
        return cast("Callable[P, R]", njit(cache=True, **options)(fn))
    except RuntimeError:  # as above
        return cast("Callable[P, R]", njit(**options)(fn))


def inline(fn: Callable[P, R]) -> Callable[P, R]:
    """Compile a small helper that is always inlined into the kernel that calls it."""
    return cast("Callable[P, R]", njit(nogil=True, error_model="numpy", forceinline=True)(fn))


def lean_inline(fn: Callable[P, R]) -> Callable[P, R]:
    """Compile a small helper of a `lean` kernel that is always inlined into it."""
    options = {"nogil": True, "error_model": "numpy"} | ({"_nrt": False} if BORROWS else {})
    return cast("Callable[P, R]", njit(forceinline=True, **options)(fn))
