"""A simulation in Chrome's trace event format, which Perfetto (https://ui.perfetto.dev) opens.

A process for each run; in it a row for each pod of the sample, with a slice for its life and one for each
stage, a counter track for each station's use and for how many are inside, and an instant for each fault.

Format: Trace Event Format, JSON object form; Perfetto's documentation, "Chrome JSON format". Slices of a row
must nest, and Perfetto reads times into ns: every time is cut to whole microseconds, so that a stage ends
exactly where the next begins in any reader. A stage's exact ns are among its arguments.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kscale import files
from kscale.clusterwide.record import LIFE, STATIONS, Pod, Simulated
from kscale.report.plot import names, runs
from kscale.report.plot.runs import STAGES, Drawn, Runs
from kscale.report.text import clean
from kscale.scenario.cluster import Fault

Event = dict[str, Any]

US = 1_000  # ns
SECOND_US = 1_000_000
PER_CENT = 10_000  # ppm
ROWS = 1_000_000  # numbers of rows kept for a process: none is that of another
USED, INSIDE = "busy_ppm", "inside"  # of a station's series
STORE = "etcd-store.inside"  # bytes
POD, STAGE, FAULT = "pod", "stage", "fault"
PIECE = 1_000  # events written at a time


def write(asked: Runs, path: Path) -> None:
    """Write the runs to *path*, all of it or nothing; KscaleError if it cannot be written.

    The bytes are equal for equal runs. What is held at a time is small, however long the runs are.
    """
    files.write_pieces(path, pieces(asked))


def pieces(asked: Runs) -> Iterator[bytes]:
    """Yield the file, piece by piece."""
    yield b'{"traceEvents":[\n'
    lines: list[str] = []
    between = ""
    for event in events(asked):
        lines.append(json.dumps(event, ensure_ascii=True, allow_nan=False, separators=(",", ":")))
        if len(lines) == PIECE:
            yield (between + ",\n".join(lines)).encode("ascii")
            lines, between = [], ",\n"
    if lines:
        yield (between + ",\n".join(lines)).encode("ascii")
    more = {"displayTimeUnit": "ms", "otherData": _about(asked)}
    yield b"\n]," + json.dumps(more, ensure_ascii=True, separators=(",", ":"))[1:].encode("ascii") + b"\n"


def _about(asked: Runs) -> Mapping[str, str]:
    """Return what the file holds; all values are texts, as the format wants."""
    return {
        "scenario": names.short(asked.name),
        "made by": f"kscale {names.short(asked.kscale)}".strip(),
        "times": "virtual, modelled from named coefficients",
    }


def events(asked: Runs) -> Iterator[Event]:
    """Yield every event, a process after the other; the times of a track never fall."""
    for pid, one in enumerate(asked.every, 1):  # 0 is the idle process to Perfetto
        yield _called("process_name", pid, pid, f"{one.name} ({names.short(asked.name)})")
        yield {"ph": "M", "name": "process_sort_index", "pid": pid, "tid": pid, "args": {"sort_index": pid}}
        yield _called("thread_name", pid, pid, "faults and stations")
        yield from _faults(pid, asked.faults, one.run)
        yield from _counters(pid, one)
        for row, pod in enumerate(one.run.sample, 1):
            yield from _pod(pid, pid * ROWS + row, row, pod, one.run)


def _called(what: str, pid: int, tid: int, name: str) -> Event:
    """Return the name of a process or of a row."""
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "args": {"name": clean(name)}}


def _faults(pid: int, faults: tuple[Fault, ...], run: Simulated) -> Iterator[Event]:
    """Yield an instant where each fault begins, and one where it ends, as far as the run came."""
    found = []
    for one in faults:
        found.append((one.at_ns, runs.fault(one)))
        over = runs.fault_end(one, run)
        if over is not None:
            found.append((over, f"over: {runs.fault(one)}"))
    for at_ns, said in sorted(found, key=lambda one: one[0]):
        if at_ns <= run.ended_ns:
            yield {
                "ph": "i",
                "name": clean(said),
                "cat": FAULT,
                "pid": pid,
                "tid": pid,
                "ts": at_ns // US,
                "s": "p",
            }


def _counters(pid: int, one: Drawn) -> Iterator[Event]:
    """Yield every series, a track each: stations in their order, then the others by name."""
    series = one.run.series
    own = {f"{name}.{what}": name for name in STATIONS for what in (USED, INSIDE)}
    for key, name in own.items():
        track = runs.station(name) + (" used" if key.endswith(USED) else "")
        if key.endswith(USED) or _counted(one.run, name, series.get(key, ())):
            yield from _counter(pid, track, key, series.get(key, ()))
    for key in sorted(series.keys() - own.keys()):
        yield from _counter(pid, clean(key), key, series[key])


def _counted(run: Simulated, name: str, values: tuple[int, ...]) -> bool:
    """Say whether somebody counts who is inside a station: nought of those who never came is no number."""
    return any(values) or bool(run.station(name).entered)


def _counter(pid: int, name: str, key: str, values: tuple[int, ...]) -> Iterator[Event]:
    """Yield a number for each second: a share from its beginning on, a count from its end on.

    A number that is the one before it is left out: a counter stays where it is.
    """
    share = key.endswith(f".{USED}")
    unit = "%" if share else INSIDE if key.endswith(f".{INSIDE}") else "number"
    unit = "bytes" if key == STORE else unit
    last = None
    for second, value in enumerate(values):
        if value != last or second == len(values) - 1:
            yield {
                "ph": "C",
                "name": name,
                "pid": pid,
                "tid": pid,
                "ts": (second if share else second + 1) * SECOND_US,
                "args": {unit: value / PER_CENT if share else value},
            }
        last = value


def _pod(pid: int, tid: int, row: int, pod: Pod, run: Simulated) -> Iterator[Event]:
    """Yield the row of a pod: its life, and in it each stage; what did not end is drawn to the run's end."""
    begin = pod.times[0]
    if begin is None:
        return
    yield _called("thread_name", pid, tid, f"pod {pod.number}")
    yield {"ph": "M", "name": "thread_sort_index", "pid": pid, "tid": tid, "args": {"sort_index": row}}
    known = [time for time in pod.times if time is not None]
    end = known[-1] if len(known) == len(pod.times) else max(run.ended_ns, known[-1])
    where = "no node" if pod.node is None else f"node {pod.node}"
    about: dict[str, Any] = {"node": where, "finished": len(known) == len(pod.times)}
    yield _slice(pid, tid, f"pod {pod.number}, {where}", POD, (begin, end), about)
    for name, start, stop in zip(LIFE[1:], pod.times, pod.times[1:], strict=False):
        if start is None:
            break
        done = stop is not None
        title = STAGES[name] if done else f"{STAGES[name]}, not {name} by the end"
        yield _slice(
            pid, tid, title, STAGE, (start, end if stop is None else stop), {"until": name, "finished": done}
        )


def _slice(pid: int, tid: int, name: str, cat: str, ends: tuple[int, int], about: Mapping[str, Any]) -> Event:
    """Return a slice of a row; its exact times in ns are among its arguments."""
    begin, end = ends
    return {
        "ph": "X",
        "name": clean(name),
        "cat": cat,
        "pid": pid,
        "tid": tid,
        "ts": begin // US,
        "dur": end // US - begin // US,
        "args": {**about, "begin ns": begin, "ns": end - begin},
    }
