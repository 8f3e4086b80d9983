"""The rows of a simulation's table: the same in a terminal, in Markdown, in CSV and on a page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kscale.clusterwide import words
from kscale.clusterwide.figures import Range, log_bytes_per_min
from kscale.clusterwide.record import LIFE, STATIONS, Quantiles, Simulated, Station, Verdict
from kscale.clusterwide.saved import Labelled
from kscale.report import simulate_wording as said
from kscale.report.plot import runs as drawn
from kscale.report.simulate_entries import BETTER, NOTHING, WORSE, Entry, count_change, time_change
from kscale.report.text import clean
from kscale.units import show_bytes, show_count

QUANTILES = "P50 / P99 / largest"
TO = " … "
COUNTS: Mapping[str, tuple[str, bool]] = {  # counter -> what it counts, and whether more is better
    "refused-429": ("requests refused (429)", False),
    "gone-410": ("watches too old (410)", False),
    "relists": ("relists", False),
    "failovers": ("failovers", False),
    "nodes-dead": ("times a live node was taken for dead", False),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a number for each run, and what changed from the first to the last."""

    title: str
    entries: tuple[Entry, ...]
    change: Entry = NOTHING


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under a heading."""

    title: str
    rows: tuple[Row, ...]


def groups(shown: Sequence[Labelled], *, draws: int = 0, verbose: bool = False) -> tuple[Group, ...]:
    """Return the groups of a table; *verbose*: every stage of a pod's life, every counter and setting."""
    found = [
        Group("objectives, worst 5 minutes", tuple(_objectives(shown))),
        Group(f"latency, {QUANTILES}", tuple(_latencies(shown))),
        Group("stations, used / most inside", tuple(_stations(shown))),
        Group("volumes", tuple(_volumes(shown))),
    ]
    if verbose:
        found += [
            Group(f"a pod's life, {QUANTILES}", tuple(_life(shown))),
            Group("counters", tuple(_counters(shown, lambda run: run.counts))),
            Group("settings", tuple(_counters(shown, lambda run: run.settings))),
        ]
    if draws:
        title = f"range over {show_count(draws)} draws of coefficients within their ranges"
        found.append(Group(title, (_breaks(shown, draws), *_ranges(shown))))
    return tuple(group for group in found if group.rows)


def losses(found: Sequence[Group]) -> tuple[str, ...]:
    """Return what got worse from the first run to the last, each number once."""
    lost: dict[str, str] = {}
    for row in (row for group in found for row in group.rows if row.change.tone == WORSE):
        before, after = row.entries[0].text, row.entries[-1].text
        lost[row.title] = f"{row.title}: {before} before, {after} after ({row.change.text})"
    return tuple(lost.values())


def _row(title: str, entries: Sequence[Entry], change: Entry = NOTHING) -> Row:
    """Return a row."""
    return Row(title, tuple(entries), change)


def _objectives(shown: Sequence[Labelled]) -> Iterator[Row]:
    """Yield a row for each objective that any run has."""
    objectives = {one.objective: one for each in shown for one in each.run.verdicts}
    for objective, known_as in objectives.items():
        found = [_verdict(each.run, objective) for each in shown]
        entries = [
            Entry(said.NONE_ASKED)
            if one is None
            else Entry(
                said.worst(each.run, one),
                said.KEPT if one.holds else said.BROKEN,
                BETTER if one.holds else WORSE,
            )
            for each, one in zip(shown, found, strict=True)
        ]
        first, last = found[0], found[-1]
        both = len(shown) > 1 and first is not None and last is not None
        change = _of_verdicts(first, last) if both and first and last else NOTHING
        yield _row(said.objective(known_as), entries, change)


def _verdict(run: Simulated, objective: str) -> Verdict | None:
    """Return what became of an objective; None if the run does not have it, or nothing was asked of it."""
    sli = next((one for one in run.slis if one.name == objective), None)
    if sli is not None and sli.worst is None:
        return None
    return next((one for one in run.verdicts if one.objective == objective), None)


def _of_verdicts(first: Verdict, last: Verdict) -> Entry:
    """Return what became of an objective's figure, smaller is better."""
    if first.unit == "ns":
        return time_change(first.worst, last.worst)
    return count_change([first.worst or 0, last.worst or 0], _points)


def _points(ppm: int) -> str:
    """Return a difference of shares."""
    return f"{said.share(ppm).removesuffix(' %')} points"


def _latencies(shown: Sequence[Labelled]) -> Iterator[Row]:
    """Yield how long pods wait and start, and requests of each verb take."""

    def row(title: str, of: Callable[[Simulated], Quantiles | None]) -> Iterator[Row]:
        """Yield a row if any run was asked."""
        found = [of(one.run) for one in shown]
        if any(one is not None and one.count for one in found):
            yield _row(title, [Entry(said.quantiles(one)) for one in found], _of_p99(found))

    yield from row("scheduling, stored to bound", lambda run: run.scheduling)
    for name, title in words.OBJECTIVES.items():
        yield from row(title, lambda run, name=name: _worst(run, name))  # type: ignore[misc]  # a default binds it


def _worst(run: Simulated, name: str) -> Quantiles | None:
    """Return the worst window of an indicator."""
    return next((one.worst for one in run.slis if one.name == name), None)


def _of_p99(found: Sequence[Quantiles | None]) -> Entry:
    """Return what changed of the P99, from the first run to the last."""
    first, last = found[0], found[-1]
    if len(found) < 2 or not (first and last and first.count and last.count):  # noqa: PLR2004 - a first and a last
        return NOTHING
    return time_change(first.p99, last.p99)


def _stations(shown: Sequence[Labelled]) -> Iterator[Row]:
    """Yield how much each station was used, and how many were inside at most; the one to blame is marked."""
    for name in STATIONS:
        entries = [_station(one.run, one.run.station(name)) for one in shown]
        yield _row(words.station(name), entries)


def _station(run: Simulated, one: Station) -> Entry:
    """Return a station's use."""
    used = said.share(one.utilisation_ppm)
    if one.name == "etcd-store":
        text = f"{used} of {show_bytes(one.capacity_ns)}"
    elif one.peak:
        text = f"{used} / {show_count(one.peak)}"
    else:  # nobody counted who was inside
        text = used
    return Entry(text, said.BLAMED, WORSE) if run.blame == one.name else Entry(text)


def _volumes(shown: Sequence[Labelled]) -> Iterator[Row]:
    """Yield what is written, refused, lost and reached."""
    log = [log_bytes_per_min(one.run) for one in shown]
    yield _row(
        "etcd log a minute", [Entry(show_bytes(value)) for value in log], count_change(log, show_bytes)
    )
    peak = [one.run.station("etcd-store").busy_ns for one in shown]
    yield _row(
        "etcd store, most", [Entry(show_bytes(value)) for value in peak], count_change(peak, show_bytes)
    )
    for name, (title, more) in COUNTS.items():
        values = [one.run.counts[name] for one in shown if name in one.run.counts]
        if len(values) == len(shown):
            entries = [Entry(show_count(value)) for value in values]
            change = count_change(values, more_is_better=more) if _as_long(shown) else NOTHING
            yield _row(title, entries, change)
    yield from _pods(shown)


def _as_long(shown: Sequence[Labelled]) -> bool:
    """Say whether the first and the last run took as long: else what they counted says nothing."""
    return shown[0].run.ended_ns == shown[-1].run.ended_ns


def _pods(shown: Sequence[Labelled]) -> Iterator[Row]:
    """Yield how many pods run of those that were asked for."""
    values = [
        (one.run.counts["pods-running"], one.run.counts["pods-asked"])
        for one in shown
        if {"pods-running", "pods-asked"} <= one.run.counts.keys()
    ]
    if len(values) == len(shown):
        entries = [Entry(f"{show_count(runs)} of {show_count(asked)}") for runs, asked in values]
        running = [runs for runs, _ in values]
        change = count_change(running, more_is_better=True) if _as_long(shown) else NOTHING
        yield _row("pods running of those asked for", entries, change)


def _life(shown: Sequence[Labelled]) -> Iterator[Row]:
    """Yield each stage of a pod's life."""
    for name in LIFE[1:]:
        found = [one.run.stages.get(name) for one in shown]
        if any(found):
            entries = [Entry(said.quantiles(one)) for one in found]
            yield _row(f"{drawn.STAGES[name]} ({name})", entries, _of_p99(found))


def _counters(shown: Sequence[Labelled], of: Callable[[Simulated], Mapping[str, int]]) -> Iterator[Row]:
    """Yield every number that any run has, in the order of the first that has it."""
    for name in dict.fromkeys(name for one in shown for name in of(one.run)):
        values = [of(one.run).get(name) for one in shown]
        yield _row(clean(name), [Entry(_counted(name, value)) for value in values])


def _counted(name: str, value: int | None) -> str:
    """Return a counter or a setting, in the unit that its name ends with."""
    if value is None:
        return said.NONE_ASKED
    if name.endswith("-ns"):
        return said.amount(value, "ns")
    return show_bytes(value) if name.endswith("-bytes") else show_count(value)


def _breaks(shown: Sequence[Labelled], draws: int) -> Row:
    """Return in how many draws an objective breaks."""
    entries = [
        Entry(said.of_draws(one.broken_draws, draws), tone=WORSE if one.broken_draws else BETTER)
        for one in shown
    ]
    return _row("an objective breaks in", entries)


def _ranges(shown: Sequence[Labelled]) -> Iterator[Row]:
    """Yield how far each figure goes over the draws, those that move at all."""
    for name in dict.fromkeys(name for one in shown for name in one.ranges):
        found = [one.ranges.get(name) for one in shown]
        entries = [Entry(said.NONE_ASKED if each is None else _range(name, each)) for each in found]
        if any(TO in one.text for one in entries):
            yield _row(figure_title(name), entries)


def figure_title(name: str) -> str:
    """Return what a figure of `clusterwide.figures` is called."""
    what, _, part = name.partition(".")
    if part == "p99":
        return f"{words.OBJECTIVES.get(what, clean(what))} P99"
    if part == "busy_ppm" and what in STATIONS:
        return f"{words.station(what)}, used"
    if name in COUNTS:
        return COUNTS[name][0]
    known = {"log.bytes_per_min": "etcd log a minute", "store.peak_bytes": "etcd store, most"}
    return known.get(name, clean(name).replace("-", " "))


def figure(name: str, value: int | None) -> str:
    """Return a figure of `clusterwide.figures` in its unit."""
    if value is None:
        return said.UNKNOWN
    if name.endswith(".p99"):
        return said.amount(value, "ns")
    if name.endswith("_ppm"):
        return said.share(value)
    return show_bytes(value) if "bytes" in name else show_count(value)


def _range(name: str, ends: Range) -> str:
    """Return lowest … highest."""
    low, high = (figure(name, end) for end in ends)
    return low if low == high else f"{low}{TO}{high}"
