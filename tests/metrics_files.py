"""Metrics for tests: recorded ones, and files written for one test."""

from pathlib import Path

from kscale.imports import prometheus
from kscale.imports.facts import Facts, Value

FOLDER = Path(__file__).parent / "vectors" / "metrics"


def quiet(done: int, in_all: int) -> None:
    """Take progress and say nothing."""
    assert 0 <= done <= in_all or in_all == 0


def facts_of(name: str) -> Facts:
    """Return what a recorded file says."""
    return prometheus.read(FOLDER / name, name, quiet)


def facts_in(folder: Path, text: str | bytes) -> Facts:
    """Return what *text* says as a file named metrics."""
    path = folder / "metrics"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return prometheus.read(path, "metrics", quiet)


def value_of(facts: Facts, key: str) -> Value | None:
    """Return the one value of a key."""
    found = [one for one in facts.values if one.key == key]
    assert len(found) < 2, found
    return found[0] if found else None


def plain(facts: Facts, key: str) -> object:
    """Return the one value of a key as it is written."""
    found = value_of(facts, key)
    return None if found is None else found.value
