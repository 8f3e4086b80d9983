"""A user's scheduler on small clusters and on recorded cases: where each pod goes, and where it must.

With equivalence classes every pod goes where looking at all nodes would put it. On a sample it must fit where
it goes, and none may be left out that a node has room for.
"""

import numpy as np

from kscale.errors import WrongAnswer
from kscale.kernels import scheduling_exhaustive as exhaustive
from kscale.mechanisms import sched_equivalence, sched_sampling, scheduling, scheduling_sample
from kscale.mechanisms.base import Variant
from kscale.mechanisms.scheduling import Pending
from kscale.plugins import execute, recorded
from kscale.plugins import scheduling as scheduling_own
from kscale.plugins.example import Hear, Wrong, smallest, unheard
from kscale.plugins.small_clusters import Case, cases, said

EXAMPLES = 200
FORMS = {"level": False, "delta": True}  # of BalancedAllocation, as the recorded cases name them
CACHE = 1 << 20  # bytes

Longs = scheduling.Groups


def small(name: str, mechanism: str, variant: Variant, examples: int = EXAMPLES, hear: Hear = unheard) -> str:
    """Place the pods of small clusters; say how many clusters. Wrong shows the smallest on which it fails."""
    smallest(cases(), lambda case: _check(name, mechanism, variant, case), examples, hear)
    return f"{examples} small clusters: {_promise(mechanism)}"


def seen(name: str, mechanism: str, variant: Variant, hear: Hear = unheard) -> str:
    """Place the pods of recorded cases; say how many. Wrong at the first that is not as recorded."""
    found = [case for file in recorded.vectors("scheduling") for case in file if case["kind"] == "sequence"]
    for one in found:
        hear(f"recorded case {one['id']}")
        for form, delta in FORMS.items():
            case = Case(one["nodes"], one["pods"], [0] * len(one["pods"]), delta)
            wanted = [-1 if at is None else _index(one, at) for at in one["expect"][form]["placements"]]
            try:
                _check(name, mechanism, variant, case, np.array(wanted, np.int32))
            except Wrong as error:
                about = f"recorded case {one['id']}, {len(one['nodes'])} nodes: {one['desc']}"
                raise Wrong(error.what, about, *error.lines[-1:]) from error
    return f"{len(found)} recorded cases of kube-scheduler: {_promise(mechanism)}"


def _promise(mechanism: str) -> str:
    """Return what was seen."""
    if mechanism == sched_equivalence.ID:
        return "every pod where it must be"
    return "every pod fits, none left out"


def _index(one: recorded.Vector, name: str) -> int:
    """Return the place of a recorded node."""
    return [node["name"] for node in one["nodes"]].index(name)


def _check(name: str, mechanism: str, variant: Variant, case: Case, wanted: Longs | None = None) -> None:
    """Place a case's pods; Wrong if one is not where it must be. Without *wanted*, that is by every node."""
    pending = case.pending()
    try:
        answer = variant.run(variant.build(_job(mechanism, pending))).answer
        scheduling_own.check_nodes(name, pending, answer)
    except WrongAnswer as error:
        raise Wrong(str(error).removeprefix(f"{mechanism}: "), *case.lines(len(case.pods))) from error
    except Exception as error:
        raise Wrong(execute.said(name, error), *case.lines(len(case.pods))) from error
    placed = answer.node_of
    if mechanism == sched_equivalence.ID:
        wanted = _everywhere(pending) if wanted is None else wanted
        differ = np.flatnonzero(placed != wanted)
        if len(differ):
            p = int(differ[0])
            goes = f"pod {p} goes to {said(int(placed[p]))}, must go to {said(int(wanted[p]))}"
            raise Wrong("different placement", *case.lines(p + 1), *_before(placed, p), goes)
    try:
        scheduling.check_feasible(mechanism, name, pending, scheduling.Answer(placed))
    except WrongAnswer as error:
        lines = *case.lines(len(case.pods)), *_before(placed, len(placed))
        raise Wrong("a placement that cannot be", *lines, str(error).partition(f"{name}: ")[2]) from error


def _before(placed: Longs, p: int) -> list[str]:
    """Return where the first *p* pods went."""
    return [f"placed before: {', '.join(f'{k} on {said(int(placed[k]))}' for k in range(p))}"] if p else []


def _job(mechanism: str, pending: Pending) -> sched_equivalence.Job | sched_sampling.Job:
    """Return a case as the mechanism's variants take it; a sample of so few nodes is all of them."""
    if mechanism == sched_equivalence.ID:
        return sched_equivalence.Job(pending, CACHE)
    order = np.arange(pending.nodes.count, dtype=np.int32)
    return sched_sampling.Job(pending, pending, order, scheduling_sample.sample_size(len(order), 0))


def _everywhere(pending: Pending) -> Longs:
    """Return where looking at every node puts the pods."""
    scan = scheduling.build_scan(pending)
    work = np.zeros(exhaustive.WORK, np.int64)
    exhaustive.place_by_scan(scan.state, *scheduling.problem(pending), scan.scores, scan.node_of, work)
    return scan.node_of
