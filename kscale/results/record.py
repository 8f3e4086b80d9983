"""The result of a run: kscale.result/1.

Raw samples only; everything derived is computed on load. SI base units: ns,
bytes, counts. No host name, user name or absolute path.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA: Final = "kscale.result/1"


# Of a core, for MachineLoad: from here on times wander, and whoever shows or judges them says so.
BUSY_PCT = 20.0  # used by others
STOLEN_PCT = 2.0  # taken by the host

Counter = Annotated[int, Field(ge=0, lt=2**63)]
Value = bool | Annotated[int, Field(ge=-(2**63), lt=2**64)] | float | str | None  # of a parameter


class Record(BaseModel):
    """A frozen piece of a result; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SweepRef(Record):
    """The sweep whose cells a result holds."""

    over: dict[str, list[bool | int | float | str]]  # each axis, values as cells keep them
    seeds: list[Counter]
    cells: Counter  # of the whole sweep, whichever of them are here
    plan: str  # hash of what is run at every point: equal in all shards of one sweep
    engine: str  # local, dask
    shard: str | None = None  # 2/8: the second of eight; null: all


class PluginRef(Record):
    """A file or package of the user's own whose variants were run."""

    name: str  # of the file, without its folder, or of the package
    sha256: str  # of its source


class Run(Record):
    """One call of `kscale run` or `kscale sweep`."""

    id: str
    name: str | None = None
    started: str  # UTC, ISO 8601
    seconds: float
    status: Literal["complete", "interrupted"]
    argv: list[str]
    kscale: str
    seed: Counter
    peak_rss_bytes: Counter  # of the whole process, compiler and harness included
    quick: bool = False  # a hurried look: too few pairs to be kept as a baseline
    code: str | None = None  # hash of the sources that decided what was counted and how it was timed
    together: str | None = None  # shared by two runs whose samples were taken in turns, see Samples
    sweep: SweepRef | None = None
    plugins: list[PluginRef] = []

    @property
    def called(self) -> str:
        """Return what people call the run: its name, else its id."""
        return self.name or self.id


class CostsRef(Record):
    """Where a scenario's coefficients come from: as the scenario says, and as their file says."""

    path: str | None = None  # of the file, from the scenario's folder; null: they are in the scenario
    coefficients: Counter  # how many take the place of the profile's
    etcd: str | None = None  # on which they were measured; null: the file does not say
    endpoint: str | None = None  # elsewhere: not on the machine that follows, which is its client's
    cpu: str | None = None
    cores: Counter | None = None
    date: str | None = None  # UTC
    fingerprint: str | None = None  # of the machine
    plan: str | None = None  # default, or quick
    other_cpu_pct: float | None = None  # of a core, used by others meanwhile


class ScenarioRef(Record):
    """What was run. `sha256` is over the canonical JSON of `resolved`."""

    name: str
    path: str
    sha256: str
    resolved: dict[str, Any]
    costs: CostsRef | None = None  # null: the profile's alone


class Git(Record):
    """The working tree the run was started in, if it was one."""

    sha: str
    branch: str
    dirty: bool


class Machine(Record):
    """Where it ran; `fingerprint` hashes what makes timings comparable."""

    fingerprint: str
    cpu_model: str
    cores_physical: int
    cores_logical: int
    memory_bytes: Counter
    os: str
    kernel: str
    arch: str
    python: str
    numpy: str
    numba: str
    threads: int
    governor: str | None
    turbo: bool | None
    container: bool
    cgroup_cpus: float | None
    ci: str | None


class MachineLoad(Record):
    """What else the machine was doing."""

    before: list[float]
    after: list[float]
    steal_pct: float
    other_cpu_pct: float


class MetricInfo(Record):
    """How a metric is judged and shown."""

    kind: Literal["exact", "timing", "resource"]
    unit: str
    better: Literal["lower", "higher", "none"]
    provenance: Literal["measured", "modelled", "published", "input"]
    about: str = ""
    headline: bool = False


class CostInfo(Record):
    """A coefficient of the cost model that a mechanism read: what its modelled numbers stand on."""

    value: Counter  # whole units
    range: tuple[Counter, Counter]
    unit: str
    provenance: Literal["published", "derived", "measured", "assumed", "fitted"]
    about: str
    source: str | None = None
    fitted_to: tuple[str, ...] = ()  # published figures it was chosen to give
    over: dict[str, tuple[Counter, Counter]] | None = None  # least and most of settings it was measured at


class MechanismInfo(Record):
    """What the report says of a mechanism without importing it."""

    title: str
    source: str
    per: str
    metrics: dict[str, MetricInfo]
    variants: dict[str, str]  # variant -> what it does
    costs: dict[str, CostInfo] = {}
    defaults: dict[str, Value] = {}  # of each parameter, where a scenario states none


class Samples(Record):
    """Wall times of one variant.

    `order` is the position of each sample in the cell's run sequence. Positions 2i
    and 2i+1 are pair i: one run of the baseline and one of the other variant. In two results of one
    `together` they are one run of this variant in each of the two installations; there each variant has
    a stretch of positions of its own.
    `values` are ns of a whole sample, which ran the variant `loops` times.
    """

    order: list[Counter]
    values: list[Counter]
    loops: int = Field(ge=1, lt=2**63)
    process: list[Counter] | None = None  # in which process each was taken, if there were several


class VariantRecord(Record):
    """What one variant did in one cell."""

    work: dict[str, Counter]
    wall_ns: Samples | None = None
    jit_compile_s: float | None = None


class Extrapolated(Record):
    """A coefficient that a cell uses beyond the settings it was measured at."""

    coefficient: str
    setting: str  # keys, value_bytes, db_bytes ...
    measured: tuple[Counter, Counter]  # least and most
    used: tuple[Counter, Counter]


class Cell(Record):
    """One mechanism at one point.

    Of a sweep, `params` holds beside the mechanism's own parameters what of the scenario was varied, under
    names with a dot: cluster.nodes.count, scenario.seed.
    """

    mechanism: str
    params: dict[str, Value]
    label: str  # the point, as people say it: "1M free pages"
    status: Literal["ok", "skipped", "failed"] = "ok"  # failed: whatever ran it was lost, each time
    notes: list[str] = []
    losses: list[str] = []
    extrapolated: list[Extrapolated] = []  # what its modelled metrics stand on
    unchecked: list[str] = []  # coefficients measured over settings of which the cell's are not known
    digest: str  # of every variant's work
    seconds: float  # spent on the cell
    variants: dict[str, VariantRecord]

    @property
    def key(self) -> str:
        """Return the cell's identity: mechanism plus sorted params."""
        point = ",".join(f"{name}={self.params[name]}" for name in sorted(self.params))
        return f"{self.mechanism}[{point}]"


class Result(Record):
    """The whole file."""

    schema_: Literal["kscale.result/1"] = Field(SCHEMA, alias="schema")
    run: Run
    scenario: ScenarioRef
    git: Git | None
    machine: Machine
    load: MachineLoad
    mechanisms: dict[str, MechanismInfo]
    cells: list[Cell]
