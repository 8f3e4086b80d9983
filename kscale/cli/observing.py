"""How much is seen of work that goes on, on standard error."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from rich.console import Console

from kscale.cli.ci import in_ci
from kscale.report import console

T = TypeVar("T")


@contextmanager
def suited(
    nothing: T,
    lines: Callable[[Console], T],
    bar: Callable[[Console], AbstractContextManager[T]],
    *,
    quiet: bool,
    color: str,
) -> Iterator[T]:
    """Yield *nothing* for --quiet, *lines* in CI and where there is no terminal, else *bar*."""
    out = console.console(stderr=True, color=color)
    if quiet:
        yield nothing
    elif not out.is_terminal or in_ci():
        yield lines(out)
    else:
        with bar(out) as drawn:
            yield drawn
