"""Pods become columns: in order of creation, their requests numbered, no more of them than a file takes."""

from collections import Counter

import kubectl_objects as made
import numpy as np
import pytest

from kscale.imports import pod_object
from kscale.imports.fields import FieldError
from kscale.imports.pod_object import PodColumns, pod_of
from kscale.imports.pod_request import Asked, request_spec


def test_columns_are_in_order_of_creation() -> None:
    """Numbers are given as they come in it; a pod without owner is an app of its own; ties stay in order."""
    columns = PodColumns()
    small, large = Asked(100, None, 0, ()), Asked(900, None, 0, ())
    for one, owner, namespace, created in (
        (large, "b", "y", 30),
        (small, "a", "x", 10),
        (large, "", "x", 20),
        (small, "", "x", 20),
        (small, "b", "y", 5),
    ):
        columns.add(one, owner, namespace, created)
    facts = columns.facts()
    assert facts.requests == (request_spec(small), request_spec(large))
    assert facts.created_s.tolist() == [5, 10, 20, 20, 30]
    assert facts.request.tolist() == [0, 0, 1, 0, 1]
    assert facts.app.tolist() == [0, 1, 2, 3, 0]
    assert facts.namespace.tolist() == [0, 1, 1, 1, 0]
    assert facts.app.dtype == facts.request.dtype == facts.namespace.dtype == np.int32


def test_no_pods_are_no_columns() -> None:
    """Empty, not broken."""
    assert PodColumns().facts().request.shape == (0,)


def test_requests_beyond_the_limit_are_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones stay exact; amounts of the others go up to a power of two, rules are left out."""
    monkeypatch.setattr(pod_object, "MOST_EXACT", 2)
    columns = PodColumns()
    rules = (("pool", ("a",)),)
    for cpu, memory in ((100, 10), (200, 20), (300, 30), (500, 17), (100, 10)):
        columns.add(Asked(cpu, memory, 3, (("a/gpu", 3),), selector=rules), "", "x")
    facts = columns.facts()
    assert columns.merged == 2
    assert [(one.cpu, one.memory, bool(one.selector)) for one in facts.requests] == [
        ((100,), (10,), True),
        ((200,), (20,), True),
        ((512,), (32,), False),
    ]
    assert facts.requests[2].extended == {"a/gpu": 4}
    assert facts.request.tolist() == [0, 1, 2, 2, 0]


def test_too_many_requests_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """If they are distinct even when rounded."""
    monkeypatch.setattr(pod_object, "MOST_EXACT", 1)
    monkeypatch.setattr(pod_object, "MOST_REQUESTS", 2)
    columns = PodColumns()
    columns.add(Asked(1, None, 0, ()), "", "x")
    columns.add(Asked(2, None, 0, ()), "", "x")
    with pytest.raises(FieldError, match="more than 2 distinct requests"):
        columns.add(Asked(4, None, 0, ()), "", "x")


def test_columns_agree_with_a_plain_count() -> None:
    """Twenty pods an app, ten apps a namespace."""
    columns = PodColumns()
    for number in reversed(range(500)):
        pod = pod_of(made.pod(number), Counter(), Counter())
        assert pod is not None
        columns.add(*pod)
    facts, order = columns.facts(), np.arange(500)
    assert (facts.app == order // 20).all()
    assert (facts.namespace == order // 200).all()
    assert (facts.created_s == made.BORN + 40 * order).all()
