"""What is varied, as people write it: `free_pages=10k..1M/8log`, `cluster.nodes.count=1k,2k,5k`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """One key and the values it takes.

    The key is a mechanism's parameter (etcd-freelist.free_pages, or free_pages: of every mechanism of the
    scenario that has it) or, with a dot, a place in the scenario (cluster.nodes.count).
    """

    key: str
    values: tuple[str, ...]  # as a scenario would state them
    said: str  # where it was given, as complaints name it: --over TEXT, or file:line: sweep.over.KEY
