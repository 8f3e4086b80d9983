"""Which optimizations a cluster already has, as its scenario states them."""

from collections.abc import Iterator
from typing import Any

from kscale.report.text import clean
from kscale.results.record import Result


def said(result: Result) -> str | None:
    """Return "on in this cluster today: a, b; off: c", those of the run first; None if not stated."""
    stated = _stated(result.scenario.resolved)
    ran = {cell.mechanism for cell in result.cells}
    parts = []
    for words, wanted in (("on in this cluster today", True), ("off", False)):
        found = [name for name, on in stated.items() if on is wanted]
        found.sort(key=lambda name: name not in ran)
        if found:
            parts.append(f"{words}: {', '.join(map(clean, found))}")
    if len(parts) == 1 and parts[0].startswith("off"):
        return f"off in this cluster today{parts[0].removeprefix('off')}"
    return "; ".join(parts) or None


def _stated(resolved: dict[str, Any]) -> dict[str, Any]:
    """Return mechanism to whether it is on; nothing where a result holds something else."""
    found: Any = resolved
    for key in ("control_plane", "optimizations"):
        found = found.get(key) if isinstance(found, dict) else None
    return dict(_truths(found)) if isinstance(found, dict) else {}


def _truths(found: dict[Any, Any]) -> Iterator[tuple[str, bool]]:
    """Yield what is truly a name with true or false."""
    for name, on in found.items():
        if isinstance(name, str) and isinstance(on, bool):
            yield name, on
