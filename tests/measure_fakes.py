"""Mechanisms small enough to reason about, and a clock that stands still unless told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from kscale.errors import WrongAnswer
from kscale.mechanisms.base import Mechanism, Metric, Outcome, Variant
from kscale.scenario import build, load
from kscale.scenario.cluster import Cluster
from kscale.scenario.load import Loaded
from kscale.scenario.quantities import Bytes, Share

MS = 1_000_000  # ns


@dataclass(frozen=True, slots=True)
class Params:
    """Of the fake mechanism."""

    free_pages: Annotated[int, Field(ge=1, le=10**9)] = 1000
    workload: Literal["A", "B", "C"] = "C"
    value_bytes: Bytes = 1024
    share: Share = 0.5
    churn: bool = False


@dataclass
class Clock:
    """Nanoseconds that pass only when somebody works."""

    now: int = 0

    def __call__(self) -> int:
        """Return the time."""
        return self.now


@dataclass
class Script:
    """What each variant does: cost of a run and of a build in ns, its work, its answer; keeps a log."""

    clock: Clock = field(default_factory=Clock)
    run_ns: dict[str, Callable[[int], int]] = field(default_factory=dict)  # variant -> call number -> ns
    build_ns: int = 0
    works: dict[str, Callable[[int], dict[str, int]]] = field(default_factory=dict)
    answers: dict[str, object] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    on_run: Callable[[str, int], object] = field(default=lambda name, call: None)

    def variant(self, name: str) -> Variant:
        """Return a variant that follows the script."""

        def build_(workload: object) -> str:
            self.clock.now += self.build_ns
            self.log.append(f"build {name}")
            return name

        def run(state: object) -> Outcome:
            call = self.log.count(name)
            self.log.append(name)
            self.on_run(name, call)
            self.clock.now += self.run_ns[name](call) if name in self.run_ns else 20 * MS
            steps = 10 if name == "baseline" else 1
            work = self.works[name](call) if name in self.works else {"steps": steps}
            return Outcome(work, self.answers.get(name, "same"))

        return Variant(f"does {name}", build_, run)

    def runs(self) -> list[str]:
        """Return the variants in the order they were run."""
        return [line for line in self.log if not line.startswith("build")]


def agree(workload: object, outcomes: Mapping[str, Outcome]) -> None:
    """Every answer is the same."""
    if len({str(one.answer) for one in outcomes.values()}) > 1:
        raise WrongAnswer("the answers differ")


def mechanism(
    script: Script | None = None, mechanism_id: str = "fake-search", variants: Sequence[str] = ()
) -> Mechanism:
    """Return a mechanism of the fake family."""
    script = script or Script()
    return Mechanism(
        id=mechanism_id,
        title="Fake search",
        panel="tests",
        about="",
        source="",
        left_out="",
        loses=(),
        params=Params,
        prepare=lambda cluster, params: (cluster.seed, params),
        variants={name: script.variant(name) for name in ("baseline", "optimized", *variants)},
        agree=agree,
        metrics=(Metric("steps", "steps"),),
        per="steps",
        losses=lambda works: ("takes more steps",) if works["optimized"]["steps"] > 10 else (),
        memory=lambda cluster, params: 1000,
        cost_ns=lambda cluster, params: 1e6,
    )


TINY = """\
schema: kscale.scenario/1
name: tiny
cluster:
  nodes: {count: 4}
  pods: {count: 8}
  objects: {total: 100}
"""


def loaded(mechanisms: str = "", text: str = TINY) -> Loaded:
    """Return a tiny scenario with that `mechanisms:` section."""
    return load.parse((text + mechanisms).encode(), "tiny.yaml", "tiny.yaml", "tiny")


def cluster() -> Cluster:
    """Return the tiny cluster."""
    return build.build(loaded().scenario)
