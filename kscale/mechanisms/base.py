"""The records every mechanism is made of.

A mechanism is one place in the control plane where an optimization was made. It
prepares a workload from a cluster, runs it through variants that all start from
the same workload, and says what the variants must agree on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from kscale.scenario.cluster import Cluster

Kind = Literal["exact", "timing", "resource"]
Better = Literal["lower", "higher", "none"]
Provenance = Literal["measured", "modelled", "published", "input"]
Work = Mapping[str, int]
Settings = Mapping[str, Mapping[str, tuple[int, int]]]  # coefficient -> keys, value_bytes ... -> least, most

BASELINE = "baseline"
OPTIMIZED = "optimized"

# Metadata of a parameter that came when results were saved without it: results keep it only where it is
# given, so that the keys of their cells stay what they were. Its default is None.
LATER: Mapping[str, bool] = MappingProxyType({"later": True})


@dataclass(frozen=True, slots=True)
class Metric:
    """One number a variant reports, with the rule by which it is judged."""

    name: str  # key in Outcome.work; left out of it where there is no such figure
    unit: str  # "pages", "bytes", "nodes", "ppm" ...
    better: Better = "lower"
    about: str = ""  # what is counted, in one line
    headline: bool = False  # shown in the short table; the others with -v
    kind: Kind = "exact"
    provenance: Provenance = "measured"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a variant returns."""

    work: Work  # exact integers, equal for equal seeds on every machine, JIT on or off
    answer: Any  # read by the mechanism's agree, never printed


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to do the work. *build* is never timed; *run* is, and may use its state up."""

    about: str
    build: Callable[[Any], Any]  # workload -> fresh state
    run: Callable[[Any], Outcome]  # state -> outcome
    own: bool = False  # of a plugin: it runs wherever its mechanism does


@dataclass(frozen=True, slots=True)
class Mechanism:
    """An optimization, before and after.

    *prepare(cluster, params)* is deterministic in (scenario, seed, params). *agree(workload,
    outcomes)* checks the promise the variants share and raises WrongAnswer, naming the first
    difference. *losses(works)* gets each variant's work by variant name and returns, in
    sentences with the figures of this very cell, where an optimization lost; often empty.
    *memory(cluster, params)* is the peak in bytes that prepare, build and run will need, *cost_ns(cluster,
    params)* about what one run of the baseline takes on a core of 3 GHz: a plan, never a result.
    *quality(workload, outcome)* returns further exact work of a variant, worked out once from its
    answer and never timed. A *simulated* mechanism runs on a virtual clock: what the simulation itself
    takes says nothing about either variant, so it is counted and never timed. *settings(cluster, params)*
    is where it uses coefficients that `kscale calibrate` measures, by the names it measures them at: beyond
    what was measured is said; {} of one that a cell does not use, none of one of which it is not known.
    """

    id: str  # kebab-case
    title: str
    panel: str  # heading it is listed under
    about: str  # what the optimization does, for `kscale show`
    source: str  # repository, commit, paper
    left_out: str  # what of the real thing is not executed
    loses: tuple[str, ...]  # where the optimization is known to lose, for `kscale show`
    params: type[Any]  # frozen dataclass; every field annotated, documented and with a default
    prepare: Callable[[Cluster, Any], Any]
    variants: Mapping[str, Variant]  # BASELINE and OPTIMIZED always, sometimes more
    agree: Callable[[Any, Mapping[str, Outcome]], None]
    metrics: tuple[Metric, ...]
    per: str  # name of the work counter by which time is divided in the table ("pods")
    losses: Callable[[Mapping[str, Work]], tuple[str, ...]]
    memory: Callable[[Cluster, Any], int]
    cost_ns: Callable[[Cluster, Any], float]
    quality: Callable[[Any, Outcome], Work] | None = None  # see above
    claims: tuple[str, ...] = ()  # ids of published figures that `kscale claims` lays beside it
    costs: tuple[str, ...] = ()  # every coefficient of the cost model that prepare, build or run reads
    simulated: bool = False  # see above
    settings: Callable[[Cluster, Any], Settings] | None = None  # see above
