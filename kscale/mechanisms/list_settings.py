"""Where coefficients of lists are used: as `kscale calibrate` calls the settings that it measures them at."""

from collections.abc import Sequence


def of(lists: Sequence[tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Return the least and most keys of *lists*, bytes of their values and of all values; {} for none.

    Each list is its keys and the bytes of each value.
    """
    if not lists:
        return {}
    keys, sizes, both = zip(*((keys, size, keys * size) for keys, size in lists), strict=True)
    return {
        "keys": (min(keys), max(keys)),
        "value_bytes": (min(sizes), max(sizes)),
        "list_bytes": (min(both), max(both)),
    }
