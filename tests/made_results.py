"""Results made by hand, for tests that need one without measuring."""

from typing import Any

from kscale.results import check
from kscale.results.record import Cell, Result

MACHINE = {
    "fingerprint": "f" * 16,
    "cpu_model": "made",
    "cores_physical": 2,
    "cores_logical": 2,
    "memory_bytes": 2**34,
    "os": "Linux",
    "kernel": "6.1.0",
    "arch": "x86_64",
    "python": "3.11.7",
    "numpy": "2.4.6",
    "numba": "0.68.1",
    "threads": 1,
    "governor": None,
    "turbo": None,
    "container": False,
    "cgroup_cpus": None,
    "ci": None,
}


def cell(mechanism: str = "etcd-freelist", **params: object) -> Cell:
    """Return a finished cell with one counter and no times."""
    work = {"ids_scanned": 7}
    variants: dict[str, Any] = {name: {"work": work} for name in ("baseline", "optimized")}
    return Cell.model_validate(
        {
            "mechanism": mechanism,
            "params": params,
            "label": "defaults",
            "digest": check.digest(dict.fromkeys(variants, work)),
            "seconds": 0.1,
            "variants": variants,
        }
    )


def result(run_id: str, started: str = "2026-11-21T02:54:00Z", name: str | None = None) -> Result:
    """Return a complete result of one cell."""
    return Result.model_validate(
        {
            "schema": "kscale.result/1",
            "run": {
                "id": run_id,
                "name": name,
                "started": started,
                "seconds": 1.0,
                "status": "complete",
                "argv": [],
                "kscale": "0.1.0",
                "seed": 0,
                "peak_rss_bytes": 1,
            },
            "scenario": {"name": "made", "path": "made", "sha256": "0" * 64, "resolved": {}},
            "git": None,
            "machine": MACHINE,
            "load": {"before": [], "after": [], "steal_pct": 0.0, "other_cpu_pct": 0.0},
            "mechanisms": {},
            "cells": [cell(free_pages=10)],
        }
    )
