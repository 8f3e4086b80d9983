"""The scheduler: how many nodes are looked at, and what was published of making them fewer.

Rates of whole schedulers hold API calls, queues and binding, which no kernel here runs: such rows say so.
"""

from collections.abc import Callable

from kscale.judge.claims.record import Claim, Setup, identity, order
from kscale.mechanisms.base import Work

SAMPLING, CLASSES = "sched-sampling", "sched-equivalence"
FORMULA = "k/k pkg/scheduler/schedule_one.go, numFeasibleNodesToFind (PR 66733, PR 72140)"
NODES, KINDS_OF_POD = 10_000, 64  # of the set-up sched-classes
PODS = 20_000
WHOLE = "it is the rate of a whole scheduler, API calls, queue and binding too; kscale runs the choice alone"


def _looked_at(percentage: int = 0) -> Callable[[Setup], float]:
    """Return how to read the nodes that were scored for a pod."""

    def ours(setup: Setup) -> float:
        """Return their mean."""
        work = setup.after(SAMPLING, percentage=percentage)
        return work["nodes_scored"] / work["pods"]

    return ours


def _fewer(mechanism: str, **params: object) -> Callable[[Setup], float]:
    """Return how to read by how much evaluations are fewer."""
    return lambda setup: (
        setup.before(mechanism, **params)["evaluations"] / setup.after(mechanism, **params)["evaluations"]
    )


def _after(read: Callable[[Work], float], pods_in: str) -> Callable[[Setup], float]:
    """Return how to read the work with classes, of pods in an order."""
    return lambda setup: read(setup.after(CLASSES, order=pods_in))


def _sample(number: str, nodes: int, setup: str, published: int) -> Claim:
    """Return the claim of a sample's size at so many nodes."""
    return Claim(
        id=number,
        title=f"The scheduler stops at {published:,} feasible nodes of {nodes:,}",
        kind="A",
        source=FORMULA,
        stated="percentageOfNodesToScore unset: 50 - nodes / 125 %, at least 5 %, at least 100 nodes",
        setup=setup,
        figures=(identity("nodes scored for a pod", "nodes", published, _looked_at()),),
        provenance="measured",
    )


CLAIMS: tuple[Claim, ...] = (
    _sample("S1", 1_000, "sched-sample-1k", 420),
    _sample("S2", 3_000, "sched-sample-3k", 780),
    _sample("S3", 5_000, "sched-sample-5k", 500),
    _sample("S4", 6_000, "sched-sample-6k", 300),
    _sample("S5", 20_000, "sched-sample-20k", 1_000),
    Claim(
        id="S6",
        title="At 10,000 nodes the scheduler looks at 500, a twentieth; set to 1 %, at 100",
        kind="A",
        source=FORMULA,
        stated="percentageOfNodesToScore unset, and 1",
        setup="sched-sample-10k",
        figures=(
            identity("nodes scored for a pod", "nodes", 500, _looked_at()),
            identity("nodes scored for a pod, at 1 %", "nodes", 100, _looked_at(1)),
            identity("evaluations, all nodes over the sample", "x", 20, _fewer(SAMPLING, percentage=0)),
        ),
        provenance="measured",
    ),
    Claim(
        id="S7",
        title="Equal pods in a row cost one filter and score each, in place of all nodes",
        kind="A",
        source="KEP-5598 and k/k PR 140289 (1.37), which scores the last node again and no other",
        stated="pods of one signature, one after another; O(1) evaluations in place of O(N)",
        setup="sched-classes",
        figures=(
            identity(
                "evaluations for a pod of a class seen before",
                "evaluations",
                1,
                _after(lambda work: work["rescores"] / work["class_hits"], "bursts"),
            ),
            identity(
                "of 20,000 pods of 64 classes in bursts, in all",
                "evaluations",
                KINDS_OF_POD * NODES + PODS - KINDS_OF_POD,
                _after(lambda work: work["evaluations"], "bursts"),
            ),
        ),
        provenance="measured",
        assumes=("kscale's classes give the placements of looking at all nodes; KEP-5598 need not.",),
    ),
    Claim(
        id="S8",
        title="With classes interleaved, a pod costs an evaluation for each pod since the last of its class",
        kind="A",
        source="derived, not published: with scores that depend on one node alone, a pod changes one node",
        stated="pods between two of a class are as many as there are classes, whatever the number of nodes",
        setup="sched-classes",
        figures=(
            identity(
                "evaluations for a pod, beside the first of each of 64 classes",
                "evaluations",
                KINDS_OF_POD,
                _after(lambda work: work["rescores"] / work["pods"], "mixed"),
            ),
        ),
        provenance="measured",
        assumes=("Fewer where one node takes several pods meanwhile, and at both ends of the queue.",),
    ),
    Claim(
        id="S9",
        title="Where all pods differ, classes gain nothing",
        kind="A",
        source="KEP-5598: without an equal signature there is no batch",
        stated="every pod a class of its own",
        setup="sched-classes",
        figures=(identity("evaluations, before over after", "x", 1, _fewer(CLASSES, order="distinct")),),
        provenance="measured",
    ),
    Claim(
        id="S10",
        title="Borg schedules a cell in a few hundred seconds, and not within 3 days without its techniques",
        kind="M",
        source="Verma et al., EuroSys 2015, section 3.4",
        stated="about 10,000 machines, the whole workload from scratch; score caching, equivalence "
        "classes and relaxed randomisation together",
        setup="sched-classes",
        figures=(
            order(
                "evaluations, before over after (time at Borg, from 3 days and 300 s)",
                "x",
                3 * 86_400 / 300,
                _fewer(CLASSES, order="bursts"),
            ),
        ),
        provenance="measured",
        assumes=("20,000 pods of 64 classes, classes only; the longer the queue, the larger the gain.",),
        not_reproducible="the workload was not published, the slow run was never finished, and three "
        "techniques were switched off at once",
    ),
    Claim(
        id="S11",
        title="Filter and score take 30 ms a pod at the 90th percentile, 60 ms at the 99th",
        kind="M",
        source="k/k issue 66627 (2018), the reason for sampling",
        stated="5,000 nodes",
        setup=None,
        figures=(),
        not_reproducible="it is the time of 16 workers and all plugins in Go, on a machine not named; "
        "kscale's kernel runs five rules, vectorised, and only its ratios mean something",
    ),
    Claim(
        id="S12",
        title="The equivalence cache of 2018 made scheduling slower: 20.1 against 18.6 ms a pod",
        kind="R",
        source="k/k PR 65714; the cache was removed after issue 71013",
        stated="5,000 nodes, 1,000 pods",
        setup=None,
        figures=(),
        not_reproducible="that cache kept single predicates under locks; kscale keeps whole rankings",
    ),
    Claim(
        id="S13",
        title="The same cache helps pods with affinity: 1,500 against about 600 a second",
        kind="R",
        source="k/k issue 63784",
        stated="pods with inter-pod affinity and many label rules",
        setup=None,
        figures=(),
        not_reproducible="inter-pod affinity is left out of kscale's scheduler",
    ),
    Claim(
        id="S14",
        title="Batching in 1.35 gains nothing for small pods",
        kind="R",
        source="KEP-5598, k/k issue 137707",
        stated="the list is dropped while the last node still fits the pod",
        setup=None,
        figures=(),
        not_reproducible="kscale's classes have no such rule; a mechanism for KEP-5598 is to come",
    ),
    Claim(
        id="S15",
        title="A change to batching brings 56.5 to 74.7 pods a second",
        kind="R",
        source="k/k PR 138926",
        stated="one workload of the scheduler's benchmark, 5,000 nodes",
        setup=None,
        figures=(),
        not_reproducible=WHOLE,
    ),
    Claim(
        id="S17",
        title="YuniKorn schedules 204 pods a second where the default scheduler does 49",
        kind="R",
        source="apache/yunikorn-site, evaluate_perf_function_with_kubemark",
        stated="2,000 hollow nodes; at 4,000: 115 and 48",
        setup=None,
        figures=(),
        not_reproducible=WHOLE,
    ),
    Claim(
        id="S18",
        title="Keeping nodes in order as they change sorts them 35 to 74 times as fast",
        kind="R",
        source="apache/yunikorn-site, evaluate_perf_function_with_kubemark",
        stated="a B-tree in place of sorting, 500 to 5,000 nodes",
        setup=None,
        figures=(),
        not_reproducible="kscale's classes keep maxima by block and sort nothing",
    ),
    Claim(
        id="S19",
        title="Godel in several shards schedules over 1,000 pods a second, the default scheduler about 300",
        kind="R",
        source="kubewharf/godel-scheduler docs/performance/best-practice.md",
        stated="30,000 nodes, 800,000 pods, KWOK",
        setup=None,
        figures=(),
        not_reproducible=WHOLE,
    ),
    Claim(
        id="S20",
        title="Firmament places 20 times as fast as Quincy",
        kind="R",
        source="OSDI 2016, abstract",
        stated="12,500 machines, sub-second placement",
        setup=None,
        figures=(),
        not_reproducible="both solve a flow problem over the whole cluster, which no mechanism here does",
    ),
)
