"""What every mechanism owes: counters that repeat anywhere, under each profile, from named coefficients."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from every_mechanism import IDS, TINY, all_works, cluster, works

from kscale.judge import rows
from kscale.measure import parameters
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.mechanisms.registry import find
from kscale.scenario import profiles
from kscale.scenario.costs import CostModel

SCRIPT = Path(__file__).parents[1] / "every_mechanism.py"


class Noted(Mapping[str, int]):
    """A cost model that notes what is read."""

    def __init__(self, model: CostModel) -> None:
        """Wrap *model*."""
        self.model = model
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> int:
        """Note and return a coefficient."""
        self.read.add(name)
        return self.model[name]

    def __iter__(self) -> Iterator[str]:
        """Return the names."""
        return iter(self.model)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.model)


def test_each_has_a_tiny_cell() -> None:
    """None is left out below."""
    assert sorted(TINY) == sorted(IDS)


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_each_runs_under_every_profile(name: str, profile: str) -> None:
    """The variants agree, count the same twice, and count what the metrics say."""
    mechanism = find(name)
    found = works(mechanism, cluster(profile))
    assert {BASELINE, OPTIMIZED} <= found.keys()
    assert found == works(mechanism, cluster(profile))
    if mechanism.quality is None:
        for work in found.values():
            assert work.keys() == {metric.name for metric in mechanism.metrics}
    assert all(count >= 0 for work in found.values() for count in work.values())


@pytest.mark.parametrize("name", IDS)
def test_parameters_can_be_written_and_read_again(name: str) -> None:
    """As a worker gets them, and as results name them; no counter takes the name of the measured time."""
    mechanism = find(name)
    for params in (mechanism.params(), mechanism.params(**TINY[name])):
        assert parameters.read(mechanism, parameters.written(params)) == params
        assert parameters.kept(mechanism, parameters.values(params)) == params
    assert rows.WALL not in {metric.name for metric in mechanism.metrics}


@pytest.mark.parametrize("name", IDS)
def test_coefficients_are_declared(name: str) -> None:
    """What is read from the cost model under any profile is what the mechanism says it reads."""
    mechanism = find(name)
    read: set[str] = set()
    for profile in profiles.PROFILES:
        on = cluster(profile)
        noted = Noted(on.costs)
        works(mechanism, replace(on, costs=noted))  # type: ignore[arg-type]
        read |= noted.read
    assert read == set(mechanism.costs)


@pytest.mark.parametrize("jit", ["0", "1"])
def test_counters_are_equal_in_another_process(jit: str) -> None:
    """With the JIT and without it, in processes of their own, every counter is the same."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "NUMBA_DISABLE_JIT": jit},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == all_works()
