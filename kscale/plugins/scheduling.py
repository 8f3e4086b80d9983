"""A scheduler of the user's own: one function that places pods, as kernels/scheduling_exhaustive.py does.

What pods ask, which nodes there are and what is drawn for ties is the same as for all variants; where each
pod went is checked, and its quality measured, as theirs.
"""

from collections.abc import Mapping

import numpy as np

from kscale.errors import WrongAnswer
from kscale.kernels import scheduling_exhaustive as exhaustive
from kscale.mechanisms import sched_equivalence, sched_sampling, scheduling
from kscale.mechanisms.base import Outcome, Variant
from kscale.mechanisms.scheduling import Answer, Pending, Scan
from kscale.plugins.functions import Function, compiled

IDS = (sched_equivalence.ID, sched_sampling.ID)
PARTS = ("place",)
COUNTED = ("nodes_filtered", "nodes_scored", "evaluations")  # by the function, in the cells of work
PER_POD = "evaluations_per_pod_milli"

Job = sched_equivalence.Job | sched_sampling.Job


def variant(about: str, parts: Mapping[str, Function]) -> Variant:
    """Return the variant that places all pods by that function."""
    place = compiled(parts["place"])

    def build(job: Job) -> Scan:
        """Copy the nodes."""
        return scheduling.build_scan(job.pending)

    def run(scan: Scan) -> Outcome:
        """Place every pod; say what the function counted, and what follows from where the pods went."""
        work = np.zeros(exhaustive.WORK, dtype=np.int64)
        place(scan.state, *scheduling.problem(scan.pending), scan.scores, scan.node_of, work)
        work[exhaustive.PLACED] = np.count_nonzero(scan.node_of >= 0)
        counters = scheduling.counted(work, len(scan.node_of))
        silent = {name for name in COUNTED if not counters[name]}
        if "evaluations" in silent:
            silent.add(PER_POD)
        kept = {name: count for name, count in counters.items() if name not in silent}
        return Outcome(kept, Answer(scan.node_of))

    return Variant(about, build, run)


def check_nodes(who: str, pending: Pending, answer: object) -> None:
    """Raise WrongAnswer if a pod is put on a node that does not exist: what checks answers would follow."""
    node_of, pods, nodes = getattr(answer, "node_of", None), len(pending.klass), pending.nodes.count
    if not isinstance(node_of, np.ndarray) or node_of.dtype.kind not in "iu" or node_of.shape != (pods,):
        raise WrongAnswer(f"{who}: node_of must hold a whole number for each of {pods:,} pods")
    far = np.flatnonzero((node_of < exhaustive.PENDING) | (node_of >= nodes))
    if len(far):
        p = int(far[0])
        raise WrongAnswer(
            f"{who}: puts pod {p} on node {int(node_of[p])}; there are nodes 0 to {nodes - 1}, and -1 is none"
        )
