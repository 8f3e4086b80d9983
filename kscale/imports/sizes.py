"""Sizes of stored objects as readers tell them: rows of bytes and how many objects have so many."""

from collections.abc import Sequence

import numpy as np

from kscale.imports.facts import Ints


def added(parts: Sequence[Ints]) -> Ints:
    """Return the sizes in all *parts* together, each once; at least one part, in any order."""
    rows = np.concatenate(parts)
    sizes, where = np.unique_inverse(rows[:, 0])
    counts = np.zeros(len(sizes), dtype=np.int64)
    np.add.at(counts, where, rows[:, 1])
    return np.column_stack([sizes, counts])
