"""Shards of one sweep to the result that a single machine would have given."""

from collections.abc import Sequence

from kscale.results.record import Result


def merge(shards: Sequence[Result], names: Sequence[str]) -> Result:
    """Return all cells in the order of the sweep.

    KscaleError, naming the files, if a shard is there twice or missing, if one was interrupted, or if they
    are not of one sweep: another scenario, other axes or seeds, another kscale.
    """
    raise NotImplementedError
