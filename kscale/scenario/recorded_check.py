"""Checks of a recorded cluster's columns: every number in range, in order, and of one length."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.scenario.recorded_file import Column
from kscale.scenario.schema_cluster import MOST_OBJECTS, RequestSpec, ShapeSpec

Ints = NDArray[np.int64]

FIRST_PAGE = 2  # that can be free: 0 and 1 are bbolt's meta pages


class WrongError(Exception):
    """What no cluster has."""


def distinct(what: str, specs: Sequence[ShapeSpec | RequestSpec]) -> None:
    """Raise unless *specs* differ and none has a share: how often each occurs is in the columns."""
    if any(spec.share is not None for spec in specs):
        raise WrongError(f"{what}: one has a share")
    if len({spec.model_dump_json() for spec in specs}) < len(specs):
        raise WrongError(f"{what}: one is there twice")


def single(requests: Sequence[RequestSpec]) -> None:
    """Raise unless each asks for one cpu and one memory at most."""
    for number, one in enumerate(requests):
        if len(one.cpu) > 1 or len(one.memory) > 1:
            raise WrongError(f"requests[{number}]: has several values of cpu or memory; a pod has one")


def together(columns: Mapping[str, Column], most: int) -> None:
    """Raise unless *columns* are all of one length, 1 to *most*."""
    for name, column in columns.items():
        if not 1 <= len(column) <= most:
            raise WrongError(f"{name}: must have 1 to {most:,} rows, got {len(column):,}")
    if len({len(column) for column in columns.values()}) > 1:
        raise WrongError(f"{' and '.join(columns)}: differ in length")


def below(name: str, column: Column, end: int) -> None:
    """Raise unless every number is 0 to *end* - 1."""
    if len(column) and (int(column.min()) < 0 or int(column.max()) >= end):
        worst = int(column.min()) if int(column.min()) < 0 else int(column.max())
        raise WrongError(f"{name}: {units.show_count(worst)} is not below {end:,}, or negative")


def numbered(name: str, app: Column) -> None:
    """Raise unless each of 0, 1, 2 and so on occurs, up to the last."""
    below(name, app, len(app))
    if not np.bincount(app).all():
        raise WrongError(f"{name}: leaves a number out; apps are 0, 1, 2 and so on")


def sizes(name: str, rows: Ints, types: int, largest: int) -> None:
    """Raise unless *rows* of type, bytes and number ascend, each in range and not too many in all."""
    below(name, rows[:, 0], types)
    below(name, rows[:, 1], largest + 1)
    below(name, rows[:, 2] - 1, MOST_OBJECTS)
    place = rows[:, 0] * (largest + 1) + rows[:, 1]
    if (np.diff(place) <= 0).any():
        raise WrongError(f"{name}: must ascend by type and bytes")
    if int(rows[:, 2].sum()) > MOST_OBJECTS:
        raise WrongError(f"{name}: has more than {MOST_OBJECTS:,} objects")


def pages(runs: Mapping[str, Ints], file_pages: int) -> None:
    """Raise unless the free spans and the used runs, by name, are apart and inside a file's pages."""
    for name, rows in runs.items():
        below(name, rows[:, 0], file_pages)
        below(name, rows[:, 1] - 1, file_pages)
        if (rows.sum(axis=1) > file_pages).any():
            raise WrongError(f"{name}: a run ends behind the file's {file_pages:,} pages")
        if _overlap(rows):
            raise WrongError(f"{name}: runs must ascend and not overlap")
    (free_name, free), (live_name, live) = runs.items()
    if (free[1:, 0] == free[:-1].sum(axis=1)).any():
        raise WrongError(f"{free_name}: two spans touch; they are one")
    if len(free) and free[0, 0] < FIRST_PAGE:
        raise WrongError(f"{free_name}: pages 0 and 1 are never free")
    both = np.concatenate((free, live))
    if _overlap(both[np.argsort(both[:, 0], kind="stable")]):
        raise WrongError(f"{live_name}: a page is both free and used")


def _overlap(runs: Ints) -> bool:
    """Say whether a run begins before the one ahead of it ends."""
    return bool((runs[1:, 0] < runs[:-1].sum(axis=1)).any())
