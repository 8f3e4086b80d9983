"""Small free lists, to see what a user's functions do with them: nothing given twice, nothing lost.

A file of a few pages, allocations and releases; a set of pages says what is allowed. At the end every free
run must be given when it is asked for, the longest first. The life of pages (pending, readers) is not tried
here: it is ours.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from operator import index
from typing import Any

import numpy as np
from hypothesis import strategies as st

from kscale.kernels.freelist import Ints, spans_of
from kscale.plugins import execute
from kscale.plugins.example import Hear, Wrong, smallest, unheard
from kscale.plugins.freelist import FIRST_PAGE, ID
from kscale.plugins.functions import Arrays, Function, arrays, plain

MAKE, ALLOCATE, RELEASE = "make", "allocate", "release"
EXAMPLES = 200
BORDERS = (31, 32, 33, 63, 64, 65, 127, 128, 129)  # sizes around which packed lists go wrong

Step = tuple[str, int]  # allocate so many pages; release the k-th of the runs that are held


@dataclass(frozen=True, slots=True)
class Case:
    """A file in which free runs of these sizes stand a used page apart, and what is done."""

    free: tuple[int, ...]
    steps: tuple[Step, ...]

    @property
    def pages(self) -> int:
        """Return how many pages the file has: the last one is in use."""
        return FIRST_PAGE + sum(self.free) + len(self.free)

    def spans(self) -> tuple[Ints, Ints]:
        """Return the free runs."""
        sizes = np.array(self.free, np.int64)
        return FIRST_PAGE + np.cumsum(sizes + 1) - (sizes + 1), sizes

    def about(self) -> str:
        """Return the file in words."""
        runs = zip(*self.spans(), strict=True)
        free = ", ".join(_short(range(s, s + n)) for s, n in ((int(s), int(n)) for s, n in runs))
        return f"a file of {self.pages} pages; free: {free}"

    def lines(self) -> list[str]:
        """Return it in words, as far as it is known before it is played."""
        said = {ALLOCATE: "allocate({})", RELEASE: "release run {} of those in use"}
        steps = [said[what].format(number) for what, number in self.steps]
        return [
            self.about(),
            *(f"{number}. {step}" for number, step in enumerate(steps, 1)),
            "then all the rest",
        ]


LONG = tuple(  # runs longer than are drawn: given and back; then in another size, and back with a page more
    Case((n,), ((ALLOCATE, n), (RELEASE, 1), *more))
    for more in ((), ((ALLOCATE, 200), (RELEASE, 1), (RELEASE, 0)))
    for n in (*(middle + by for middle in (256, 512, 1024) for by in (-1, 0, 1)), 5000)
)
TINIEST = (
    *(Case((n,), ()) for n in (1, 2, 3)),
    *(Case((1,), steps) for steps in (((RELEASE, 0),), ((ALLOCATE, 2),), ((ALLOCATE, 1), (RELEASE, 1)))),
    *(Case((2,), ((ALLOCATE, n), (RELEASE, 1))) for n in (1, 2, 3)),
    *(
        Case((1, 1), steps)
        for steps in ((), ((ALLOCATE, 2),), ((RELEASE, 0),), ((ALLOCATE, 1), (RELEASE, 0)))
    ),
    *(Case((n,), ((ALLOCATE, n),)) for n in (4, 8, 16, 32, 64)),
)
SIZES = st.integers(1, 8) | st.sampled_from(BORDERS)
STEPS = st.tuples(st.just(ALLOCATE), SIZES) | st.tuples(st.just(RELEASE), st.integers(0, 9))
CASES = st.builds(
    Case,
    free=st.lists(SIZES, min_size=1, max_size=6).map(tuple),
    steps=st.lists(STEPS, max_size=24).map(tuple),
)


@dataclass(slots=True)
class Life:
    """A case being played: what is free, what is held, what was said."""

    name: str  # of the plugin
    case: Case
    parts: dict[str, Function]
    free: set[int] = field(default_factory=set)
    held: list[tuple[int, int, int]] = field(default_factory=list)  # first page, pages, the step that took it
    told: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    state: Arrays = ()
    work: Ints = field(default_factory=lambda: np.zeros(1, np.int64))

    def play(self) -> None:
        """Do every step, then ask for all that is free; Wrong if an answer is not allowed."""
        starts, sizes = self.case.spans()
        self.free = {int(s) + k for s, n in zip(starts, sizes, strict=True) for k in range(n)}
        self.held = [(int(s + n), 1, 0) for s, n in zip(starts, sizes, strict=True)]
        self.state = self._called(MAKE, self.case.pages, starts, sizes)
        for what, number in self.case.steps:
            if what == ALLOCATE:
                self._allocate(number)
            elif self.held:
                self._release(number % len(self.held))
        while self.free:
            self._allocate(int(self.runs()[1].max()))

    def runs(self) -> tuple[Ints, Ints]:
        """Return the runs that are free."""
        return spans_of(np.array(sorted(self.free), np.int64))

    def _allocate(self, n: int) -> None:
        """Ask for pages and see that the answer is allowed."""
        first = self._called(ALLOCATE, *self.state, n, self.work)
        self.told.append(f"allocate({n}) -> {first}")
        self.answers.append(first)
        starts, sizes = self.runs()
        if first == 0:
            if (sizes >= n).any():
                k = int(np.flatnonzero(sizes >= n)[0])
                raise self._refused(int(starts[k]), int(sizes[k]))
            return
        pages = range(first, first + n)
        taken = next((page for page in pages if page not in self.free), None)
        if taken is not None:
            raise self._not_free(taken, pages)
        self.free.difference_update(pages)
        self.held.append((first, n, len(self.told)))

    def _release(self, k: int) -> None:
        """Hand a run back."""
        first, n, _ = self.held.pop(k)
        self._called(RELEASE, *self.state, first, n, self.work)
        self.told.append(f"release({first}, {n})")
        self.free.update(range(first, first + n))

    def _refused(self, first: int, size: int) -> Wrong:
        """Return what is wrong with an answer of 0, by whether the pages come when asked for one by one."""
        wanted = set(range(first, first + size))
        for _ in range(self.case.pages):
            page = self._called(ALLOCATE, *self.state, 1, self.work)
            if page == 0:
                break
            wanted.discard(page)
        run = _pages(range(first, first + size))
        if wanted:
            lost = _short(sorted(wanted))
            return self.wrong("pages are lost", f"nothing found, though {run} free; lost: {lost}")
        return self.wrong("spans are not merged", f"nothing found, though {run} free, and given one by one")

    def _not_free(self, page: int, pages: range) -> Wrong:
        """Return what is wrong with a page that was given and is not free."""
        if pages[-1] >= self.case.pages:
            return self.wrong(
                "pages beyond the file", f"{_pages(pages)} in a file of pages 0 to {self.case.pages - 1}"
            )
        if page < FIRST_PAGE:
            return self.wrong("a meta page is given", f"page {page}: 0 and 1 are never free")
        holder = next((step for first, n, step in self.held if first <= page < first + n), None)
        by = f"it was given in step {holder}" if holder else "it was in use from the start"
        return self.wrong("pages overlap", f"page {page} is not free: {by}")

    def _called(self, part: str, *given: object) -> Any:  # noqa: ANN401 - arrays, a page, or nothing
        """Return what a function returns; Wrong if it raises, or if what it counts falls."""
        before = int(self.work[0])
        try:
            found = self.parts[part](*given)
            answer = (
                arrays(f"{ID}: make", found) if part == MAKE else None if part == RELEASE else index(found)
            )
        except Exception as error:
            self._tell(part, given)
            raise self.wrong(execute.said(self.name, error)) from error
        if self.work[0] < before:
            self._tell(part, given)
            raise self.wrong(
                "work falls", f"work[0] is {self.work[0]}, before {before}: a counter only grows"
            )
        return answer

    def _tell(self, part: str, given: Sequence[object]) -> None:
        """Say what was called, without the list's own arrays."""
        ours = 0 if part == MAKE else len(self.state)
        self.told.append(f"{part}({', '.join(map(str, given[ours : -1 if ours else 1]))})")

    def wrong(self, what: str, why: str = "") -> Wrong:
        """Return an error with all that led to it."""
        steps = [f"{number}. {said}" for number, said in enumerate(self.told, 1)]
        why = f": {why}" if why else ""
        steps[-1:] = [f"{steps[-1]}{why}"] if steps else []
        return Wrong(what, self.case.about(), *steps)


def small(name: str, parts: dict[str, Function], examples: int = EXAMPLES, hear: Hear = unheard) -> str:
    """Play small cases with the functions of a plugin; say how many. Wrong shows the smallest that fails."""
    plainly = {part: plain(function) for part, function in parts.items()}

    def test(case: Case) -> None:
        """Play a case without the compiler, which tells lines of errors, with it, and once more."""
        lives = [Life(name, case, using) for using in (plainly, parts, parts)]
        for life, how in zip(lives, ("", "when compiled", "the second time"), strict=True):
            try:
                with np.errstate(all="ignore"):  # integers that wrap show as other answers
                    life.play()
            except Wrong as error:
                raise Wrong(f"{error.what}, {how}" if how else error.what, *error.lines) from error
            _same(lives[0], life, how)

    smallest(CASES, test, examples, hear)
    for case in LONG:
        hear(case)
        test(case)
    cases = f"{examples} small lists, {len(LONG)} long runs"
    return f"{cases}: every answer allowed, every free page found again"


def smallest_of_all(name: str, parts: Mapping[str, Function], hear: Hear) -> None:
    """Play the fewest steps there are, not compiled: from one of them it may never come back."""
    plainly = {part: plain(function) for part, function in parts.items()}
    for case in TINIEST:
        hear(case)
        with suppress(Wrong), np.errstate(all="ignore"):
            Life(name, case, plainly).play()


def _same(one: Life, other: Life, how: str) -> None:
    """Raise Wrong if a case played again gave other answers, or counted something else."""
    differ = next(
        (k for k, pair in enumerate(zip(one.answers, other.answers, strict=False)) if pair[0] != pair[1]),
        None,
    )
    if differ is not None:
        raise other.wrong(f"other answers {how}", f"{other.answers[differ]}, before {one.answers[differ]}")
    if one.work[0] != other.work[0]:
        raise other.wrong(f"other work {how}", f"work[0] is {other.work[0]}, before {one.work[0]}")


def _pages(pages: Sequence[int]) -> str:
    """Return pages as the subject of a sentence."""
    if len(pages) == 1:
        return f"page {pages[0]} is"
    return f"pages {_short(pages)} are"


def _short(pages: Sequence[int]) -> str:
    """Return pages in a few characters."""
    if len(pages) == 1:
        return str(pages[0])
    if len(pages) == pages[-1] - pages[0] + 1:
        return f"{pages[0]}-{pages[-1]}"
    return ", ".join(map(str, pages))
