"""How the figures of etcd's free pages are read from what their set-ups came to."""

import math
from collections.abc import Callable

from kscale.judge.claims.record import Interval, Ran, Setup
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Work

ID = "etcd-freelist"
PAGE = 4096  # bytes
METAS = 2  # pages at the front of the file that are never free


def cell(workload: str, free_pages: int) -> Callable[[Setup], Ran]:
    """Return how to find the cell of a workload."""
    return lambda setup: setup.cell(ID, workload=workload, free_pages=free_pages)


def speedup(workload: str, free_pages: int) -> Callable[[Setup], float]:
    """Return how to read time with the array over time with the hashmap, of a whole run."""
    found = cell(workload, free_pages)
    return lambda setup: 1 / found(setup).ratios[OPTIMIZED].value


def interval(workload: str, free_pages: int) -> Callable[[Setup], Interval]:
    """Return how to read its interval."""
    found = cell(workload, free_pages)

    def read(setup: Setup) -> Interval:
        """Return both ends; no end of too few pairs."""
        ratio = found(setup).ratios[OPTIMIZED]
        return 1 / ratio.high, 1 / ratio.low if ratio.low else math.inf

    return read


def slower(variant: str, few: int, many: int) -> Callable[[Setup], float]:
    """Return how to read what a transaction of workload C takes with many free pages over one with few."""

    def a_write(setup: Setup, free_pages: int) -> float:
        """Return the time of a transaction, in ns."""
        ran = cell("C", free_pages)(setup)
        return ran.times[variant] / ran.works[variant]["transactions"]

    return lambda setup: a_write(setup, many) / a_write(setup, few)


def _each(work: Work, counter: str) -> float:
    """Return a counter per allocation."""
    return work[counter] / work["allocations"]


def allocated(counter: str, free_pages: int) -> Callable[[Setup], float]:
    """Return how to read a counter of the array, per allocation of workload C."""
    found = cell("C", free_pages)
    return lambda setup: _each(found(setup).works[BASELINE], counter)


def grown(variant: str, counter: str) -> Callable[[Setup], float]:
    """Return how to read what a counter grows by from 10,000 free pages to a million, per allocation."""
    few, many = cell("C", 10_000), cell("C", 1_000_000)
    return lambda setup: (
        _each(many(setup).works[variant], counter) / _each(few(setup).works[variant], counter)
    )


def merged(setup: Setup) -> float:
    """Return how many more ids a release copies at a million free pages than at 10,000."""
    few, many = (cell("C", pages)(setup).works[BASELINE] for pages in (10_000, 1_000_000))
    return (many["ids_merged"] / many["transactions"]) / (few["ids_merged"] / few["transactions"])


def saved_pages(free_pages: int) -> Callable[[Setup], float]:
    """Return how to read the pages that a saved list takes."""
    found = cell("A", free_pages)
    return lambda setup: found(setup).works[BASELINE]["saved_form_bytes"] // PAGE + 1


def beyond(variant: str) -> Callable[[Setup], float]:
    """Return how to read the part of the file, at the end of churn, that is beyond its live pages."""

    def ours(setup: Setup) -> float:
        """Return pages that are free or pending over live ones."""
        work = setup.cell(ID, workload="churn").works[variant]
        idle = work["free_pages_end"] + work["pending_end"]
        return idle / (work["file_pages_end"] - METAS - idle)

    return ours


def memory(setup: Setup) -> float:
    """Return bytes held with spans by size over those with the array, of a million free pages."""
    works = cell("C", 1_000_000)(setup).works
    return works[OPTIMIZED]["bytes_held"] / works[BASELINE]["bytes_held"]
