"""Imported pods as columns: distinct requests, apps and namespaces as numbers, names renamed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kscale.errors import KscaleError
from kscale.imports import anonymize
from kscale.imports.anonymize import Rename
from kscale.imports.facts import PodFacts
from kscale.scenario.recorded import MOST_REQUESTS, RecordedPods
from kscale.scenario.schema_cluster import MOST_PODS, RequestSpec

MOST_CPU_MILLI, MOST_BYTES, MOST_AMOUNT = 10**8, 2**50, 10**12  # of RequestSpec
OF_ONE_NODE = frozenset({"kubernetes.io/hostname", "metadata.name"})  # labels that tell nodes apart


def distinct_requests(
    pods: PodFacts, resources: frozenset[str], assumed: list[str]
) -> tuple[tuple[RequestSpec, ...], NDArray[np.int32]]:
    """Return the distinct requests in order of their first pod, and that of each pod."""
    if len(pods.request) > MOST_PODS:
        raise KscaleError(f"{len(pods.request):,} pods are more than a scenario takes, {MOST_PODS:,}")
    used, of_pod = _numbered(pods.request)
    found = [_with_resources(pods.requests[number], resources) for number in used]
    for narrow, said in (
        (
            _of_any_node,
            "selectors of single nodes are left out: pods ask for more than {most:,} different things",
        ),
        (_rounded, "requests are rounded up to two digits: pods ask for more than {most:,} different things"),
    ):
        if _distinct_number(found) > MOST_REQUESTS:
            found = [narrow(request) for request in found]
            assumed.append(said.format(most=MOST_REQUESTS))
    keys = {request.model_dump_json(): request for request in found}
    if len(keys) > MOST_REQUESTS:
        raise KscaleError(
            f"pods ask for {len(keys):,} different things; at most {MOST_REQUESTS:,} can be kept"
        )
    place = {key: number for number, key in enumerate(keys)}
    to = np.array([place[request.model_dump_json()] for request in found], dtype=np.int32)
    return tuple(keys.values()), to[of_pod]


def _with_resources(request: RequestSpec, kept: frozenset[str]) -> RequestSpec:
    """Return a request with only the extended resources that are kept."""
    extended = {
        name: min(request.extended[name], MOST_AMOUNT) for name in sorted(request.extended) if name in kept
    }
    return request.model_copy(update={"extended": extended})


def _distinct_number(requests: Sequence[RequestSpec]) -> int:
    """Return how many different requests there are."""
    return len({request.model_dump_json() for request in requests})


def _of_any_node(request: RequestSpec) -> RequestSpec:
    """Return a request that asks for no single node."""
    return request.model_copy(
        update={
            "selector": {key: value for key, value in request.selector.items() if key not in OF_ONE_NODE},
            "preferred": tuple(one for one in request.preferred if one.key not in OF_ONE_NODE),
        }
    )


def _rounded(request: RequestSpec) -> RequestSpec:
    """Return a request with cpu and memory of two digits."""
    return request.model_copy(
        update={
            "cpu": tuple(min(_two_digits(value), MOST_CPU_MILLI) for value in request.cpu),
            "memory": tuple(min(_two_digits(value), MOST_BYTES) for value in request.memory),
        }
    )


def _two_digits(value: int) -> int:
    """Return *value* rounded up to two decimal digits."""
    step = int(10 ** max(0, len(str(value)) - 2))
    return -(-value // step) * step


def make(
    pods: PodFacts, requests: Sequence[RequestSpec], of_pod: NDArray[np.int32], rename: Rename
) -> RecordedPods:
    """Return the pods; apps and namespaces are numbers in order of their first pod."""
    namespaces, namespace = _numbered(pods.namespace)
    named = {request.model_dump_json(): request for request in (_renamed(one, rename) for one in requests)}
    place = {key: number for number, key in enumerate(named)}
    to = np.array([place[_renamed(one, rename).model_dump_json()] for one in requests], dtype=np.int32)
    return RecordedPods(tuple(named.values()), to[of_pod], _numbered(pods.app)[1], namespace, len(namespaces))


def _renamed(request: RequestSpec, rename: Rename) -> RequestSpec:
    """Return a request with every name renamed."""
    value = anonymize.VALUE
    return request.model_copy(
        update={
            "extended": anonymize.by_key(
                {rename(anonymize.RESOURCE, name): n for name, n in request.extended.items()}
            ),
            "tolerations": tuple(
                one.model_copy(
                    update={
                        "key": rename(anonymize.LABEL, one.key) if one.key else "",
                        "value": rename(value, one.value),
                    }
                )
                for one in request.tolerations
            ),
            "selector": anonymize.by_key(
                {
                    rename(anonymize.LABEL, key): tuple(sorted(rename(value, one) for one in values))
                    for key, values in request.selector.items()
                }
            ),
            "preferred": tuple(
                one.model_copy(
                    update={
                        "key": rename(anonymize.LABEL, one.key),
                        "values": tuple(sorted(rename(value, each) for each in one.values)),
                    }
                )
                for one in request.preferred
            ),
        }
    )


def _numbered(column: NDArray[np.int32]) -> tuple[list[int], NDArray[np.int32]]:
    """Return the different numbers in order of first use, and each of *column* as a place among them."""
    values, first, where = np.unique(column, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return [int(value) for value in values[order]], place[where.reshape(-1)]
