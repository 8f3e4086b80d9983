"""The smallest case in which something goes wrong, by Hypothesis: the same one every time."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, configuration
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
Hear = Callable[[object], None]  # is told of each case before it is tried


class Wrong(Exception):
    """Something a variant did that it must not: what it is called, and what led to it, a line each."""

    def __init__(self, what: str, *lines: str) -> None:
        """Keep both."""
        super().__init__(what)
        self.what = what
        self.lines = lines


def unheard(_: object) -> None:
    """Hear of a case, and do nothing."""


def smallest(
    cases: SearchStrategy[T], test: Callable[[T], None], examples: int, hear: Hear = unheard
) -> None:
    """Run *test* on so many cases; raise Wrong for the smallest that it was raised for.

    The cases are the same in every call, and nothing is kept between calls. *hear* is told of each case
    before it is tried.
    """
    settings = hypothesis.settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )

    def tried(case: Any) -> None:  # noqa: ANN401 - whatever the strategy makes
        """Run the test."""
        hear(case)
        test(case)

    with _own_folder():
        settings(hypothesis.given(cases)(tried))()


@contextmanager
def _own_folder() -> Iterator[None]:
    """Keep Hypothesis from leaving a folder of its own in the current one."""
    with tempfile.TemporaryDirectory(prefix="kscale-check-") as folder:
        configuration.set_hypothesis_home_dir(Path(folder))
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(None)
