"""Which tasks of a sweep are a shard's: every n-th, so that shards take about equally long."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def parse(text: str) -> tuple[int, int]:
    """Return (2, 8) of "2/8"; KscaleError if it is none."""
    raise NotImplementedError


def part(tasks: Sequence[T], shard: tuple[int, int]) -> tuple[T, ...]:
    """Return the tasks of a shard, counted from 1: those at its number and every n-th from there."""
    first, of = shard
    return tuple(tasks[first - 1 :: of])
