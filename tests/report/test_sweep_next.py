"""What is offered after a sweep can be drawn, and says something."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from made_sweeps import swept

from kscale.cli import app
from kscale.report import sweep_next
from kscale.results.store import Store

OFFERED = [
    ({"free_pages": (1, 2, 3)}, "kscale plot a --kind growth"),
    ({"free_pages": (1, 2)}, "kscale plot a --map"),  # two sizes have no exponent
    ({"free_pages": (1, 2, 3), "workload": ("A", "B")}, "kscale plot a --map"),
    ({"free_pages": (1,), "workload": ("A", "B", "C")}, "kscale plot a --kind bars"),  # words are no sizes
    ({"free_pages": (1,)}, "kscale show a"),
]


@pytest.mark.parametrize(("axes", "offered"), OFFERED)
def test_what_is_offered_next_can_be_drawn(
    axes: dict[str, Sequence[int | str]], offered: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one axis or more, of sizes or words."""
    monkeypatch.chdir(tmp_path)
    made = swept(axes, name="a", seeds=(0, 1))
    assert made.run.sweep is not None
    assert sweep_next.picture(made.run.sweep, "a") == offered
    Store.default().save(made)
    assert app.main(offered.split()[1:]) == 0
