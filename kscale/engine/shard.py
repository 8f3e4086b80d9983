"""Which tasks of a sweep are a shard's: every n-th, so that shards take about equally long."""

import re
from collections.abc import Sequence
from typing import TypeVar

from kscale.errors import KscaleError
from kscale.units import quote

T = TypeVar("T")

MOST = 10_000  # shards of a sweep
_SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})", re.ASCII)


def parse(text: str) -> tuple[int, int]:
    """Return (2, 8) of "2/8"; KscaleError if it is none."""
    found = _SHARD.fullmatch(text.strip())
    if found is None:
        raise KscaleError(f"--shard {quote(text)}: write which of how many, such as 2/8")
    number, of = int(found[1]), int(found[2])
    if not 1 <= of <= MOST:
        raise KscaleError(f"--shard {text}: a sweep is cut into 1 to {MOST:,} shards, not {of:,}")
    if not 1 <= number <= of:
        raise KscaleError(f"--shard {text}: shards are counted from 1: 1/{of} to {of}/{of}")
    return number, of


def part(tasks: Sequence[T], shard: tuple[int, int]) -> tuple[T, ...]:
    """Return the tasks of a shard, counted from 1: those at its number and every n-th from there."""
    first, of = shard
    return tuple(tasks[first - 1 :: of])
