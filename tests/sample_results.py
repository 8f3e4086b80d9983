"""Results made by hand, as a run of alibaba-10k could leave them: same bytes on every machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from kscale.results.record import (
    Cell,
    Git,
    Machine,
    MachineLoad,
    MechanismInfo,
    MetricInfo,
    Result,
    Run,
    Samples,
    ScenarioRef,
    VariantRecord,
)

Better = Literal["lower", "higher", "none"]


@dataclass(frozen=True)
class Made:
    """One variant of a made cell: median time of a run, jitter in permille, counters."""

    ns: int
    jitter: int
    work: Mapping[str, int]


def _exact(unit: str, about: str, better: Better = "lower", *, headline: bool = False) -> MetricInfo:
    return MetricInfo(
        kind="exact", unit=unit, better=better, provenance="measured", about=about, headline=headline
    )


MECHANISMS = {
    "etcd-freelist": MechanismInfo(
        title="etcd free-page search",
        source="etcd-io/bbolt 4e65d8f",
        per="transactions",
        metrics={
            "transactions": _exact("transactions", "write transactions", "none"),
            "ids_scanned": _exact("ids", "free page ids looked at", headline=True),
            "ids_moved": _exact("ids", "ids shifted to close a gap"),
            "file_pages": _exact("pages", "pages in the file at the end", headline=True),
            "bytes_held": _exact("bytes", "memory of the free list"),
        },
        variants={
            "baseline": "one sorted array: scan and move",
            "optimized": "spans by size",
            "array-simd": "the array, searched with vector instructions",
        },
    ),
    "watch-fanout": MechanismInfo(
        title="watch fan-out",
        source="kubernetes v1.20",
        per="events",
        metrics={
            "events": _exact("events", "events sent in", "none"),
            "watchers_tested": _exact("watchers", "filters run", headline=True),
            "deliveries": _exact("events", "events handed to watchers", "none"),
        },
        variants={"baseline": "every event against every watcher", "optimized": "index by trigger value"},
    ),
    "sched-equivalence": MechanismInfo(
        title="scheduling by equivalence class",
        source="kube-scheduler v1.36",
        per="pods",
        metrics={
            "pods": _exact("pods", "pods placed", "none"),
            "evaluations": _exact("nodes", "nodes filtered and scored", headline=True),
            "class_hits": _exact("pods", "pods served from a cached class", "higher"),
            "cached_bytes": _exact("bytes", "memory of cached classes"),
        },
        variants={"baseline": "every node for every pod", "optimized": "once a class, then what changed"},
    ),
    "sched-sampling": MechanismInfo(
        title="scheduling on a sample of nodes",
        source="kube-scheduler v1.36",
        per="pods",
        metrics={
            "pods": _exact("pods", "pods placed", "none"),
            "nodes_scored": _exact("nodes", "nodes scored", headline=True),
            "score_loss": _exact("ppm", "mean score lost against the best node", headline=True),
            "startup_p99": MetricInfo(
                kind="exact",
                unit="ns",
                better="lower",
                provenance="modelled",
                about="99th percentile of pod start, from the cost model",
                headline=True,
            ),
        },
        variants={"baseline": "every node for every pod", "optimized": "enough feasible nodes"},
    ),
}


def cell(mechanism: str, label: str, params: dict[str, Any], sides: dict[str, Made], **more: Any) -> Cell:  # noqa: ANN401 - fields of the record
    """Make a cell of pairs in ABBA order; every variant but the first is paired with the first."""
    pairs = more.pop("pairs", 20)
    drift = Random(f"{mechanism} {label} {more.pop('seed', 0)}")  # noqa: S311 - noise, not a secret
    order: dict[str, list[int]] = {name: [] for name in sides}
    values: dict[str, list[int]] = {name: [] for name in sides}
    first, *others = sides
    place = 0
    for number in range(pairs):
        for other in others:
            for name in (first, other) if number % 2 == 0 else (other, first):
                made = sides[name]
                noise = drift.randint(-made.jitter, made.jitter) + drift.randint(-made.jitter, made.jitter)
                order[name].append(place)
                values[name].append(made.ns * 3 * (1000 + noise) // 1000)
                place += 1
    variants = {
        name: VariantRecord(
            work=dict(made.work),
            wall_ns=Samples(order=order[name], values=values[name], loops=3) if pairs else None,
            jit_compile_s=0.8,
        )
        for name, made in sides.items()
    }
    return Cell(
        mechanism=mechanism,
        params=params,
        label=label,
        digest="0" * 16,
        seconds=4.1,
        variants=variants,
        **more,
    )


def freelist(pages: int, label: str, scanned: int, ns: tuple[int, int, int], **more: Any) -> Cell:  # noqa: ANN401 - fields of the record
    """Make one cell of the free list, with its third variant."""
    workload = more.pop("workload", "C")
    grown = more.pop("grown", 0)
    size = pages * 8
    old, new, simd = ns
    works = (
        {"ids_scanned": scanned, "ids_moved": scanned // 3, "file_pages": pages * 2, "bytes_held": size},
        {"ids_scanned": 0, "ids_moved": 0, "file_pages": pages * 2 + grown, "bytes_held": size * 3},
        {"ids_scanned": scanned, "ids_moved": scanned // 3, "file_pages": pages * 2, "bytes_held": size},
    )
    base, optimized, vector = (dict(work, transactions=100) for work in works)
    return cell(
        "etcd-freelist",
        label,
        {"free_pages": pages, "workload": workload, "transactions": 100},
        {
            "baseline": Made(old * 100, 12, base),
            "optimized": Made(new * 100, 9, optimized),
            "array-simd": Made(simd * 100, 14, vector),
        },
        **more,
    )


def scheduling(mechanism: str, label: str, case: str, sides: Sequence[Made], **more: Any) -> Cell:  # noqa: ANN401 - fields of the record
    """Make one cell of a scheduler mechanism."""
    return cell(
        mechanism,
        label,
        {"case": case, "nodes": 10_000},
        dict(zip(("baseline", "optimized"), sides, strict=True)),
        **more,
    )


def cells() -> list[Cell]:
    """Make ten cells of four mechanisms: gains, losses, one sweep, one noisy cell."""
    pods = 200_000
    return [
        freelist(10_000, "10k free pages", 9_120_400, (4_310, 2_010, 2_900), grown=212),
        freelist(100_000, "100k free pages", 98_310_004, (41_200, 2_230, 15_400), grown=1_930),
        freelist(1_000_000, "1M free pages", 982_340_112, (412_000, 2_440, 131_000), grown=14_200),
        freelist(
            1_000_000,
            "1M free pages, workload A",
            200_000,
            (90, 131, 91),
            workload="A",
            losses=["single-page allocations take 1.5x the time of the array, which finds them at once"],
        ),
        freelist(
            1_000_000,
            "1M free pages, workload churn",
            1_204_000_311,
            (520_000, 3_900, 160_000),
            workload="churn",
            grown=310_000,
            losses=["the file ends 15.5 % larger: any fit leaves more remainders than first fit"],
        ),
        cell(
            "watch-fanout",
            "1M events, 10,050 watchers",
            {"events": 1_000_000, "watchers": 10_050},
            {
                "baseline": Made(
                    8_440_000_000,
                    10,
                    {"events": 1_000_000, "watchers_tested": 10_050_000_000, "deliveries": 51_000_000},
                ),
                "optimized": Made(
                    18_100_000,
                    25,
                    {"events": 1_000_000, "watchers_tested": 51_000_000, "deliveries": 51_000_000},
                ),
            },
            pairs=10,
        ),
        scheduling(
            "sched-equivalence",
            "200k pods, 64 classes",
            "mixed",
            (
                Made(
                    1_910_000_000,
                    15,
                    {"pods": pods, "evaluations": 2_000_000_000, "class_hits": 0, "cached_bytes": 0},
                ),
                Made(
                    71_000_000,
                    20,
                    {
                        "pods": pods,
                        "evaluations": 1_310_200,
                        "class_hits": 199_936,
                        "cached_bytes": 10_485_760,
                    },
                ),
            ),
            pairs=15,
        ),
        scheduling(
            "sched-equivalence",
            "200k pods, all different",
            "distinct",
            (
                Made(
                    1_930_000_000,
                    15,
                    {"pods": pods, "evaluations": 2_000_000_000, "class_hits": 0, "cached_bytes": 0},
                ),
                Made(
                    2_270_000_000,
                    20,
                    {"pods": pods, "evaluations": 2_000_000_000, "class_hits": 0, "cached_bytes": 10_485_760},
                ),
            ),
            losses=["every pod is a class of its own: 17.6 % slower for caching what is never used again"],
            pairs=15,
        ),
        scheduling(
            "sched-sampling",
            "200k pods",
            "mixed",
            (
                Made(
                    1_900_000_000,
                    12,
                    {
                        "pods": pods,
                        "nodes_scored": 2_000_000_000,
                        "score_loss": 0,
                        "startup_p99": 4_100_000_000,
                    },
                ),
                Made(
                    310_000_000,
                    12,
                    {
                        "pods": pods,
                        "nodes_scored": 100_000_000,
                        "score_loss": 18_300,
                        "startup_p99": 1_220_000_000,
                    },
                ),
            ),
            losses=["mean score 1.8 % below the best node's"],
        ),
        scheduling(
            "sched-sampling",
            "200k pods, nearly full",
            "full",
            (
                Made(
                    1_920_000_000,
                    80,
                    {
                        "pods": pods,
                        "nodes_scored": 210_000_000,
                        "score_loss": 0,
                        "startup_p99": 4_100_000_000,
                    },
                ),
                Made(
                    1_880_000_000,
                    80,
                    {
                        "pods": pods,
                        "nodes_scored": 188_000_000,
                        "score_loss": 900,
                        "startup_p99": 4_020_000_000,
                    },
                ),
            ),
            losses=["a full cluster: nearly every node must be looked at, whatever the sample"],
            notes=["not settled: warm-up calls still differed by 5 % after 10"],
        ),
    ]


MACHINE = Machine(
    fingerprint="9b1d",
    cpu_model="Example CPU @ 2.90GHz",
    cores_physical=2,
    cores_logical=2,
    memory_bytes=8 * 2**30,
    os="Linux",
    kernel="6.1.0",
    arch="x86_64",
    python="3.11.7",
    numpy="2.4.6",
    numba="0.68.1",
    threads=1,
    governor="performance",
    turbo=None,
    container=True,
    cgroup_cpus=2.0,
    ci=None,
)


def result(made: Sequence[Cell] | None = None, name: str | None = None, **more: Any) -> Result:  # noqa: ANN401 - fields of the record
    """Make a whole result; *more* replaces fields of the run."""
    run = {
        "id": "20261121T025400Z-1f0c9ab",
        "name": name,
        "started": "2026-11-21T02:54:00Z",
        "seconds": 41.7,
        "status": "complete",
        "argv": ["run", "alibaba-10k"],
        "kscale": "0.3.0",
        "seed": 0,
        "peak_rss_bytes": 512 * 2**20,
    }
    return Result(
        schema="kscale.result/1",
        run=Run(**(run | more)),
        scenario=ScenarioRef(
            name="alibaba-10k",
            path="alibaba-10k.yaml",
            sha256="ab" * 32,
            resolved={"cluster": {"nodes": 10_000}},
        ),
        git=Git(sha="1f0c9ab" + "0" * 33, branch="main", dirty=False),
        machine=MACHINE,
        load=MachineLoad(before=[0.1, 0.1, 0.1], after=[1.0, 0.4, 0.2], steal_pct=0.0, other_cpu_pct=0.8),
        mechanisms=MECHANISMS,
        cells=list(cells() if made is None else made),
    )
