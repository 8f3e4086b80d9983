"""Who stands in a line of requests: for the proof that each is in one place. See cluster_rules.py."""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import cluster_rules as cr
from kscale.kernels._jit import kernel

Longs = NDArray[np.int64]


@kernel
def follow(first: int, most: int, slots: Longs, places: Longs) -> int:
    """Count one place more for each request in a line, *most* at most, and return how many there are.

    first   the request in front, or NONE; each is linked to the next by LINK
    places  int64[s]  in how many places each request was found; a line that meets itself ends there
    """
    slot, found = first, 0
    while slot != cr.NONE and found < most:
        places[slot] += 1
        found += 1
        if places[slot] > 1:
            break
        slot = slots[slot, cr.LINK]
    return found
