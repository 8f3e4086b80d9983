"""The scheduler's load: runs of equal pods, and nodes that are in use already."""

import numpy as np
import pytest
from scheduling_cases import even

from kscale.errors import KscaleError
from kscale.measure import parameters
from kscale.mechanisms import sched_sampling, scheduling, scheduling_load
from kscale.mechanisms.scheduling_load import PPM, Load


@pytest.mark.tiny
@pytest.mark.parametrize("length", [1, 2, 7, 1000])
def test_runs_keep_the_pods(length: int) -> None:
    """The same pods come, in runs of the length that is asked for; only a class's last run is shorter."""
    on = even(5, 400, kinds=7)
    klass, _ = scheduling_load.arriving(on, Load(burst=length))
    assert sorted(klass.tolist()) == sorted(on.pods.klass.tolist())
    assert np.array_equal(klass, scheduling_load.arriving(on, Load(burst=length))[0])
    runs = np.diff(
        np.flatnonzero(np.diff(klass, prepend=-1, append=-1))
    )  # neighbours of one class are one run
    short = sum(run % length != 0 for run in runs.tolist())
    assert short <= 7
    least = min(length, int(np.bincount(klass).min()))
    assert sum(run < least for run in runs.tolist()) <= 7


@pytest.mark.tiny
def test_runs_of_made_classes() -> None:
    """Any number of classes comes in runs; another seed gives another order."""
    klass, made = scheduling_load.arriving(even(5, 300), Load(classes=40, burst=3))
    assert made.count == 40
    assert np.bincount(klass, minlength=40).sum() == 300
    other, _ = scheduling_load.arriving(even(5, 300, seed=2), Load(classes=40, burst=3))
    assert not np.array_equal(klass, other)


@pytest.mark.tiny
@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.9, 0.99])
def test_use_at_the_start(share: float) -> None:
    """Every node has about that share of its cpu and memory in use, and neighbours differ."""
    on = even(200, 10)
    pending = scheduling.make(on, Load(utilisation=share))
    used = 1 - pending.state[[5, 6]] / np.stack([on.nodes.cpu_milli, on.nodes.memory_bytes])
    assert abs(used.mean() - share) < 0.01
    off = min(share, 1 - share) / 10
    assert (np.abs(used - share) <= off + 1e-4).all()
    assert len(np.unique(scheduling_load.shares_in_use(share, 200, on.seed))) > 100
    assert (pending.state[7] == pending.state[5]).all()  # what is counted with defaults is the same


@pytest.mark.tiny
def test_shares_are_whole_and_seeded() -> None:
    """Shares are ppm around the middle, each possible one about as often; none in use is none."""
    shares = scheduling_load.shares_in_use(0.5, 20_000, 3)
    assert shares.shape == (2, 20_000)
    assert shares.min() >= 0.45 * PPM
    assert shares.max() <= 0.55 * PPM
    assert abs(int(shares.mean()) - PPM // 2) < 500
    assert np.array_equal(shares, scheduling_load.shares_in_use(0.5, 20_000, 3))
    on = even(3, 3)
    empty = scheduling_load.taken(on.nodes, on.pods.classes, on.pods.klass, Load(utilisation=0.0), 1)
    assert not empty.cpu_milli.any()


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ({"burst": 3, "order": "mixed"}, "burst: pods come in runs with order arrival, not mixed"),
        ({"utilisation": "50%", "load": "nearly-full"}, "utilisation: says what is in use, and so does load"),
    ],
)
def test_what_contradicts_is_refused(raw: dict[str, str | int], text: str) -> None:
    """Two parameters that say the same thing differently are refused in one line."""
    params = parameters.read(sched_sampling.MECHANISM, raw)
    with pytest.raises(KscaleError, match=text):
        scheduling.make(even(3, 9), params)


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ({"burst": 0}, "greater than or equal to 1"),
        ({"utilisation": 1}, "less than or equal to 0.99"),
        ({"utilisation": "-1%"}, "is negative"),
        ({"strategy": "x"}, "cannot be 'x'; known: least, most"),
        ({"count": 0}, "greater than or equal to 1"),
    ],
)
def test_values_out_of_range_are_refused(raw: dict[str, str | int], text: str) -> None:
    """Each has its limits, and the message names them."""
    with pytest.raises(ValueError, match=text):
        parameters.read(sched_sampling.MECHANISM, raw)


@pytest.mark.tiny
def test_results_keep_them_where_they_are_given() -> None:
    """Cells of results saved before have the keys they had."""
    plain = parameters.values(parameters.read(sched_sampling.MECHANISM, {}))
    assert not {"burst", "utilisation", "strategy", "count", "formula"} & plain.keys()
    given = parameters.read(
        sched_sampling.MECHANISM, {"utilisation": "30%", "count": "1k", "strategy": "most"}
    )
    kept = parameters.values(given)
    assert (kept["utilisation"], kept["count"], kept["strategy"]) == (0.3, 1000, "most")
    assert parameters.kept(sched_sampling.MECHANISM, kept) == given
