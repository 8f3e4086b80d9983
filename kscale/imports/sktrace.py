"""A SimKube trace (`.sktrace`): the pods and objects at its fullest moment, and how much changed a second.

A scenario's pods are all there at once, so they are those of the moment with the most of them, in the
order they came. What is there at the first event is the state the recording began with, no change.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import fields, opened, sktrace_file, sktrace_replay
from kscale.imports.arrivals import CHANGES
from kscale.imports.facts import Facts, Progress, Source, TypeFact, Value
from kscale.imports.fields import FieldError
from kscale.imports.kubectl_types import PROTOBUF_PART
from kscale.imports.pod_object import PodColumns
from kscale.imports.sktrace_replay import LATEST, Replay, Run, Stored
from kscale.scenario.document import one_line

FORMAT = "sktrace"
MOST_PODS = 2_000_000  # at one time
SIZES = (
    f"an object is stored in 1/{PROTOBUF_PART} of the bytes of its JSON, one of a custom resource in all of"
    " them; a trace has neither status nor managedFields, so that they are larger in truth"
)
EVERY = 1000  # events between two reports of progress


def read(path: Path, name: str, progress: Progress) -> Facts:
    """Return what a trace says; KscaleError, one line, says which event and what is wrong with it."""
    size = opened.size(path)
    progress(0, size)
    trace = sktrace_file.load(path, name)
    try:
        replay, ended = _replay(trace, size, progress)
        found = _facts(replay, ended, Source(FORMAT, name, size, datetime.fromtimestamp(ended, UTC)))
    except FieldError as error:
        raise KscaleError(one_line(f"{name}: {error}")) from error
    progress(size, size)
    return found


def _replay(trace: sktrace_file.Map, size: int, progress: Progress) -> tuple[Replay, int]:
    """Return what happened, and when the trace ends."""
    events = trace["events"]
    if not isinstance(events, list) or not events:
        raise FieldError("events: must be a list with one event at least")
    times = [_time(event, f"events[{i}]") for i, event in enumerate(events)]
    replay = Replay(
        sktrace_replay.lives_of(trace["pod_lifecycles"]),
        sktrace_replay.templates_of(trace["config"]),
        times[0],
    )
    for i, (event, ts) in enumerate(zip(events, times, strict=True)):
        if i and ts < times[i - 1]:
            raise FieldError(f"events[{i}].ts: is before that of the event before it")
        if i % EVERY == 0:
            progress(size * i // len(events), size)
        for key, take in (("applied_objs", replay.apply), ("deleted_objs", replay.delete)):
            things = event.get(key)
            if not isinstance(things, list):
                raise FieldError(f"events[{i}].{key}: must be a list, got {fields.got(things)}")
            for j, thing in enumerate(things):
                try:
                    if not isinstance(thing, dict):
                        raise FieldError(f"must be an object, got {fields.got(thing)}")  # noqa: TRY301
                    take(thing, ts)
                except (FieldError, RecursionError) as error:
                    why = error if isinstance(error, FieldError) else "is nested too deeply"
                    raise FieldError(f"events[{i}].{key}[{j}]: {why}") from error
    return replay, times[-1]


def _time(event: object, where: str) -> int:
    """Return the time of an event."""
    if not isinstance(event, dict):
        raise FieldError(f"{where}: must be a map, got {fields.got(event)}")
    ts = event.get("ts")
    if isinstance(ts, bool) or not isinstance(ts, int) or not 0 <= ts <= LATEST:
        raise FieldError(f"{where}.ts: must be Unix seconds, got {fields.got(ts)}")
    return ts


def _facts(replay: Replay, ended: int, source: Source) -> Facts:
    """Return what is told of a trace."""
    moment, most = _fullest(replay.runs, replay.began)
    if most > MOST_PODS:
        raise FieldError(f"events: {most:,} pods are there at one time; at most {MOST_PODS:,} are read")
    columns = _pods([run for run in replay.runs if run.start <= moment < run.end])
    types = _types([one for one in replay.stored if one.start <= moment < one.end], most)
    came, went = _changes(replay, ended)
    span = ended - replay.began
    created = sum(run.count for run in replay.runs)
    applied = units.show_many(len(replay.stored), "applied object")
    return Facts(
        source=source,
        pods=columns.facts() if most else None,
        types=types,
        values=_values(came, went, replay.updates, span),
        read=(
            f"{applied} in {units.show_ns(span * units.NS_PER_S)}",
            f"{units.show_many(created, 'pod')} in all, {most:,} at the fullest moment",
        ),
        dropped=(
            *(f"{count:,} {what}" for what, count in sorted(replay.dropped.items())),
            *(
                f"of the pods' specs: {count:,} {what}"
                for what, count in sorted(replay.asked_dropped.items())
            ),
            *([f"{units.show_many(created - most, 'pod')} of other moments"] if created > most else []),
        ),
        assumed=(SIZES,),
    )


def _fullest(runs: list[Run], began: int) -> tuple[int, int]:
    """Return the first moment at which the most pods are there, and how many."""
    steps: Counter[int] = Counter()
    for run in runs:
        if run.end > run.start:
            steps[run.start] += run.count
            steps[run.end] -= run.count
    moment, most, now = began, 0, 0
    for ts in sorted(steps):
        now += steps[ts]
        if now > most:
            moment, most = ts, now
    return moment, most


def _pods(runs: list[Run]) -> PodColumns:
    """Return the pods of *runs* one by one."""
    columns = PodColumns()
    for run in runs:
        for _ in range(run.count):
            columns.add(run.asked, run.owner, run.namespace, run.start)
    return columns


def _types(stored: list[Stored], pods: int) -> dict[str, TypeFact]:
    """Return the objects by type; sizes of pods are known only if each of them is an object of the trace."""
    sizes: dict[str, Counter[int]] = {}
    for one in stored:
        sizes.setdefault(one.type, Counter())[one.bytes] += 1
    found = {
        name: TypeFact(each.total(), np.array(sorted(each.items()), dtype=np.int64), estimate=True)
        for name, each in sorted(sizes.items())
    }
    if pods and ("pods" not in found or found["pods"].count != pods):
        found["pods"] = TypeFact(pods)
    return found


def _changes(replay: Replay, ended: int) -> tuple[int, int]:
    """Return how many pods came after the trace began, and how many went before it ended."""
    came = sum(run.count for run in replay.runs if replay.began < run.start <= ended)
    went = sum(run.count for run in replay.runs if replay.began < run.end <= ended)
    return came, went


def _values(came: int, went: int, updates: int, span: int) -> tuple[Value, ...]:
    """Return the load, if the trace says how long it took."""
    changes = came * CHANGES + went + updates
    if not span or not changes:
        return ()
    rate = float(f"{changes / span:.3g}")
    pods, changed = units.show_many(came, "pod"), units.show_many(updates, "update")
    how = f"{pods} came ({CHANGES} changes each), {went:,} went, {changed} in {span:,} s"
    return (Value("load.pod_changes", units.exact_rate(rate), how, estimate=True),)
