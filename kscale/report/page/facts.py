"""What ran where, how to run it again, and what the words of the page mean."""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from kscale.judge import verdict, wording
from kscale.judge.compare import Comparison, same_machine
from kscale.judge.decision import Judgement
from kscale.report import calibrated, today
from kscale.report.page.view import Fact
from kscale.report.table_run import cautions
from kscale.report.text import clean
from kscale.results.record import Machine, Result
from kscale.units import NS_PER_S, show_bytes, show_ns, show_number

UNKNOWN = "not known"

LEGEND = (
    ("measured", "timed or counted here, on executed code"),
    ("modelled", "computed from coefficients that the result names, not measured"),
    ("modelled *", "in a cell that uses coefficients beyond where they were measured"),
    ("published", "someone's figure, with its source"),
    ("input", "the scenario's own"),
    ("exact", "counted work: equal to the last digit on every machine for one seed, so any change is real"),
    (
        "timing",
        "wall time: a median, ± half the interquartile range; the change has a 95 % interval",
    ),
    ("resource", "memory, compile time or file size: sampled once a process, shown and never judged alone"),
    (
        "worse, better",
        "the whole interval lies beyond the margin; of a counter, any change for the worse or better",
    ),
    ("same", "the whole interval lies within the margin: a statement with evidence"),
    ("unclear", "anything else; not the same as “same”"),
)


def names(results: Sequence[Result], comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """Return what each result is called: as the comparisons call it, else by its own name."""
    if comparisons[0].of == "results":
        return (clean(comparisons[0].a.name), *(clean(one.b.name) for one in comparisons))
    return tuple(clean(result.run.called) for result in results)


def runs(results: Sequence[Result]) -> tuple[Fact, ...]:
    """Return what was run; what must be equal for counters to be compared is marked where it differs."""
    free: tuple[tuple[str, Callable[[Result], str]], ...] = (
        ("started", lambda one: clean(one.run.started)),
        ("took", lambda one: show_ns(round(one.run.seconds * NS_PER_S))),
        ("status", _status),
        ("peak memory of the process", lambda one: show_bytes(one.run.peak_rss_bytes)),
    )
    bound: tuple[tuple[str, Callable[[Result], str]], ...] = (
        ("scenario", lambda one: clean(one.scenario.name)),
        ("scenario content", lambda one: clean(one.scenario.sha256[:12])),
        ("seed", lambda one: str(one.run.seed)),
        ("commit", _commit),
        ("kscale", lambda one: clean(one.run.kscale)),
    )
    if any(today.said(one) for one in results):
        bound = (*bound, ("optimizations", lambda one: today.said(one) or "not stated"))
    if any(calibrated.said(one) for one in results):
        bound = (*bound, ("costs", lambda one: calibrated.said(one) or "the profile's"))
    return (
        *(_fact(name, say, results, marked=True) for name, say in bound),
        *_extrapolated(results),
        *(_fact(name, say, results, marked=False) for name, say in free),
    )


def _extrapolated(results: Sequence[Result]) -> Iterator[Fact]:
    """Yield a fact for each line of what is extrapolated; nothing if nothing is."""
    lines = zip_longest(*(calibrated.beyond(one) for one in results), fillvalue="")
    for number, values in enumerate(lines):
        yield Fact("extrapolated (*)" if number == 0 else "", values, differs=False)


def machines(results: Sequence[Result]) -> tuple[Fact, ...]:
    """Return every machine and its versions, marked where they differ, and what else it was doing."""
    lasting: tuple[tuple[str, Callable[[Machine], str]], ...] = (
        ("processor", lambda one: clean(one.cpu_model)),
        ("cores", lambda one: f"{one.cores_physical} physical, {one.cores_logical} logical"),
        ("memory", lambda one: show_bytes(one.memory_bytes)),
        ("system", lambda one: clean(f"{one.os} {one.kernel}, {one.arch}")),
        ("python", lambda one: clean(one.python)),
        ("numpy", lambda one: clean(one.numpy)),
        ("numba", lambda one: clean(one.numba)),
        ("threads of the kernels", lambda one: str(one.threads)),
        ("CPU governor", lambda one: UNKNOWN if one.governor is None else clean(one.governor)),
        ("turbo", lambda one: UNKNOWN if one.turbo is None else "yes" if one.turbo else "no"),
        ("container", lambda one: "yes" if one.container else "no"),
        ("limit of the container", _limit),
        ("CI", lambda one: "no" if one.ci is None else clean(one.ci)),
    )
    load: tuple[tuple[str, Callable[[Result], str]], ...] = (
        ("load before and after", _load),
        ("other programs", lambda one: f"{wording.percent(one.load.other_cpu_pct / 100)} of a core"),
        ("taken by the host (steal)", lambda one: f"{wording.percent(one.load.steal_pct / 100)} of a core"),
    )
    return (
        *(_fact(name, lambda one, say=say: say(one.machine), results, marked=True) for name, say in lasting),  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        *(_fact(name, say, results, marked=False) for name, say in load),
    )


def alike(results: Sequence[Result]) -> str:
    """Return in one sentence whether times may be compared."""
    first, *others = (result.machine for result in results)
    if not others:
        return "Both variants ran in turns in one process, so they met the same machine."
    if all(same_machine(first, other) for other in others):
        return "The same machine, as far as its description tells: times may be compared."
    return "Not the same machine: times are shown, not judged; counters are judged all the same."


def warned(results: Sequence[Result], called: Sequence[str]) -> Iterator[str]:
    """Return what may have disturbed each run, named where there are several."""
    for name, result in zip(called, results, strict=True):
        for said in cautions(result):
            yield f"{name}: {said}" if len(results) > 1 else said


def margins(judgement: Judgement | None) -> str:
    """Return what the verdicts went by where no policy decided."""
    if judgement is not None and judgement.comparison is not None:
        return ""
    side, apart, resource = (
        wording.percent(one) for one in (verdict.MARGIN, verdict.MARGIN_APART, verdict.MARGIN_RESOURCE)
    )
    why = (
        "No policy was given: the defaults decided."
        if judgement is None
        else "The policy was asked only for what it requires; the verdicts on this page are by the defaults."
    )
    return (
        f"{why} A time is judged with a margin of {side} if both sides were measured in turns, of {apart} if "
        f"they were not; it is widened to twice what equal code surely differs by (of times not taken in "
        f"pairs: to twice the noise floor). Counters have tolerance 0. Resources have a margin of {resource} "
        f"and are not judged on one process."
    )


def _fact(name: str, say: Callable[[Result], str], results: Sequence[Result], *, marked: bool) -> Fact:
    """Return one line."""
    values = tuple(say(result) for result in results)
    return Fact(name, values, marked and len(set(values)) > 1)


def _status(result: Result) -> str:
    """Return whether a run was finished, and whether it took its time."""
    return f"{result.run.status}, quick" if result.run.quick else result.run.status


def _commit(result: Result) -> str:
    """Return the commit a run was started in."""
    if result.git is None:
        return "none"
    dirty = ", uncommitted changes" if result.git.dirty else ""
    return f"{clean(result.git.sha[:7])} on {clean(result.git.branch)}{dirty}"


def _limit(machine: Machine) -> str:
    """Return the cores a container may use."""
    return "none" if machine.cgroup_cpus is None else f"{show_number(machine.cgroup_cpus)} cores"


def _load(result: Result) -> str:
    """Return the load averages of a minute."""
    before, after = (
        f"{side[0]:.2f}" if side else UNKNOWN for side in (result.load.before, result.load.after)
    )
    return f"{before} → {after}"
