"""Object sizes: log-normal, right mean for every type, the same on every machine."""

import hashlib
import math
from statistics import NormalDist

import numpy as np
import pytest

from kscale.scenario import load, objects
from kscale.scenario.build import build
from kscale.scenario.cluster import Objects
from kscale.scenario.schema_cluster import ObjectsSpec, TypeSpec

LARGEST = 3 * 2**19


def test_the_table_is_pinned() -> None:
    """Another libm must not change one entry: it would change every size."""
    table = objects.factors(0.5)
    assert hashlib.sha256(table.astype("<i8").tobytes()).hexdigest() == (
        "bcb7de05f133a76db54a2fd3342ba91194549bb22f2b189c592cec3f47e5260b"
    )


@pytest.mark.parametrize("sigma", [0.5, 0.25, 1.0])
def test_rounding_the_table_is_safe(sigma: float) -> None:
    """No entry is so near to a half that the last bits of exp could move it."""
    normal = NormalDist()
    raw = [
        math.exp(sigma * normal.inv_cdf(min(max(i, 0.5), objects.STEPS - 0.5) / objects.STEPS))
        for i in range(objects.STEPS + 1)
    ]
    mean = math.fsum([*raw[1:-1], raw[0] / 2, raw[-1] / 2]) / objects.STEPS
    scaled = [value / mean * objects.FRACTION for value in raw]
    assert min(abs(value % 1 - 0.5) for value in scaled) > 1e-6
    assert [math.floor(value + 0.5) for value in scaled] == objects.factors(sigma).tolist()


@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("mean", [100, 15 * 1024])
def test_the_mean_is_kept(sigma: float, mean: int) -> None:
    """The arithmetic mean is what the file says, within 1 %."""
    spec = ObjectsSpec(total=100_000, types={"a": TypeSpec(count=100_000, size=mean, spread=sigma)})
    size = objects.build(spec, 3, LARGEST).size
    assert abs(size.mean() / mean - 1) < 0.01
    if sigma:
        assert abs(np.log(size).std() / sigma - 1) < 0.03
        assert abs(np.median(size) / (mean * math.exp(-sigma * sigma / 2)) - 1) < 0.03
    else:
        assert (size == mean).all()


@pytest.mark.parametrize("count", [1000, 1523, 10_000])
def test_small_types_keep_their_mean_too(count: int) -> None:
    """A type of a thousand objects is within 1 % as well, for every seed."""
    for seed in range(20):
        spec = ObjectsSpec(total=count, types={"a": TypeSpec(count=count, size=10_240)})
        assert abs(objects.build(spec, seed, LARGEST).size.mean() / 10_240 - 1) < 0.01


def test_sizes_stay_in_bounds() -> None:
    """No object is empty, none is larger than etcd takes."""
    tiny = ObjectsSpec(total=1000, types={"a": TypeSpec(count=1000, size=1, spread=2.0)})
    huge = ObjectsSpec(total=1000, types={"a": TypeSpec(count=1000, size=2**20, spread=2.0)})
    assert objects.build(tiny, 0, LARGEST).size.min() == 1
    assert objects.build(huge, 0, LARGEST).size.max() == LARGEST


def test_pieces_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes do not depend on how many are drawn at a time."""
    types = {"a": TypeSpec(count=1000, size=900), "b": TypeSpec(count=0), "c": TypeSpec(count=777, size=99)}
    spec = ObjectsSpec(total=1777, types=types)
    whole = objects.build(spec, 5, LARGEST)
    monkeypatch.setattr(objects, "CHUNK", 2 * objects.BLOCK)
    pieces = objects.build(spec, 5, LARGEST)
    assert whole.size.tolist() == pieces.size.tolist()
    assert whole.type_of.tolist() == [0] * 1000 + [2] * 777
    assert whole.size.dtype == np.int32
    assert whole.type_of.dtype == np.uint8


@pytest.mark.tiny
def test_counts_follow_the_file() -> None:
    """Counts, words and shares make the total; what nobody names goes to other."""
    text = (
        "cluster: {nodes: {count: 10}, pods: {count: 50}, objects: {total: 1k, types: "
        "{pods: {}, nodes: {}, leases: {}, x: {count: pods}, y: {share: 10%}, z: {count: 7}}}}"
    )
    cluster = build(load.parse(text.encode(), "x", "x").scenario)
    counts = np.bincount(cluster.objects.type_of).tolist()
    assert dict(zip(cluster.objects.types, counts, strict=True)) == {
        "pods": 50, "nodes": 10, "leases": 10, "x": 50, "y": 100, "z": 7, "other": 773
    }  # fmt: skip


def test_sizes_are_those_of_one_type() -> None:
    """In their order, and none of a type that is not stored."""
    types, size = ("pods", "leases"), np.array([5, 7, 9], dtype=np.int32)
    stored = Objects(types, np.array([0, 1, 0], dtype=np.uint8), size)
    assert [stored.sizes_of(kind).tolist() for kind in (*types, "nodes")] == [[5, 9], [7], []]
