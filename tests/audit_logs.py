"""Audit logs for tests: recorded ones, and events made for one test."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from metrics_files import quiet

from kscale.imports import audit
from kscale.imports.facts import Facts

FOLDER = Path(__file__).parent / "vectors" / "audit"
START = 1_790_000_000  # Unix seconds


def facts_of(name: str) -> Facts:
    """Return what a recorded log says."""
    return audit.read(FOLDER / name, name, quiet)


def log_of(folder: Path, *lines: object) -> Facts:
    """Return what a log of these events, or lines, says."""
    texts = [line if isinstance(line, bytes) else (json.dumps(line) + "\n").encode() for line in lines]
    return log_with(folder, b"".join(texts))


def log_with(folder: Path, data: bytes) -> Facts:
    """Return what these bytes say as a log."""
    path = folder / "log"
    path.write_bytes(data)
    return audit.read(path, "log", quiet)


def stamp(seconds: float) -> str:
    """Return so many seconds after START as an API server writes it."""
    return datetime.fromtimestamp(START + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def event(verb: str, resource: str, seconds: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return an event; *more* replaces fields."""
    one: dict[str, Any] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "stage": "ResponseStarted" if verb == "watch" else "ResponseComplete",
        "requestURI": f"/api/v1/{resource}",
        "verb": verb,
        "user": {"username": "someone"},
        "sourceIPs": ["192.0.2.1"],
        "userAgent": "test",
        "objectRef": {"resource": resource, "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": stamp(seconds),
        "stageTimestamp": stamp(seconds + 0.001),
    }
    return one | more
