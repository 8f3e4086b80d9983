"""Slow twins of kernels/freelist_values.py: the file page by page, the programme row by row."""

from kscale.kernels.freelist_pages import GIVE_BACK, RELEASE, TAKE_OR_GROW

MASK = 2**64 - 1
MILLION = 1_000_000


class Numbers:
    """splitmix64, as published."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, bound: int) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return (z ^ (z >> 31)) % bound


def file_of(
    numbers: Numbers, free: int, ppm: int, leaves: int, pages: int
) -> tuple[list[int], list[int], list[list[int]], int]:
    """Return starts and sizes of free runs, the leaves, and the pages of the file."""
    runs: list[int] = []
    for page in range(free):
        if numbers.below(MILLION) < ppm or page == 0:
            runs.append(0)
        runs[-1] += 1
    starts, live, page = [], [], 2
    for number, run in enumerate(runs):
        starts.append(page)
        page += run
        behind = [leaf for leaf in range(leaves) if number == run_before(leaf, leaves, len(runs))]
        for _ in behind:
            live.append([page, pages])
            page += pages
        page += 0 if behind else 1
    return starts, runs, live, page


def run_before(leaf: int, leaves: int, runs: int) -> int:
    """Return the run a leaf lies behind: the first with which the leaves so far are more than it."""
    return next(number for number in range(runs) if (number + 1) * leaves // runs > leaf)


def programme(
    numbers: Numbers, leaves: int, pages: int, transactions: int, overwrites: int, new_ppm: int
) -> list[list[int]]:
    """Return the rows of all transactions."""
    rows = []
    for tx in range(101, 101 + transactions):
        written: dict[int, bool] = {}
        for _ in range(overwrites):
            slot, new = numbers.below(leaves), numbers.below(MILLION) < new_ppm
            written.setdefault(slot, new)
        rows.append([RELEASE, 0, 0, 0])
        rows += [[GIVE_BACK, tx, 0, slot] for slot, new in written.items() if not new]
        rows += [[TAKE_OR_GROW, tx, pages, slot] for slot in written]
    return rows
