"""A simulation as a trace: what readers of the Trace Event Format demand of it."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_simulations import S, optimized, series, simulated
from plot_requests import HOSTILE

from kscale import files
from kscale.clusterwide import words
from kscale.clusterwide.record import LIFE, STATIONS, Pod
from kscale.clusterwide.saved import Labelled
from kscale.errors import KscaleError
from kscale.report import timeline
from kscale.report.plot import run_kinds, runs
from kscale.report.plot.runs import Runs
from kscale.scenario.cluster import Fault

Event = dict[str, Any]

FAULTS = (
    Fault("partition", 300 * S, 120 * S, zone=2),
    Fault("apiserver-restart", 120 * S, 0, count=3),
    Fault("controller-crash", 900 * S, 0),  # after the end: saved by another hand
)
KEYS = {  # beside ph, name, pid and tid, which all have
    "M": {"args"},
    "X": {"ts", "dur", "cat", "args"},
    "C": {"ts", "args"},
    "i": {"ts", "s", "cat"},
}
NAMES = {"process_name": str, "thread_name": str, "process_sort_index": int, "thread_sort_index": int}


def read(runs: Runs) -> dict[str, Any]:
    """Return the file as a strict reader of JSON has it: no name twice, no NaN."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    def refuse(word: str) -> None:
        raise AssertionError(word)

    data = b"".join(timeline.pieces(runs))
    found: dict[str, Any] = json.loads(data.decode("ascii"), object_pairs_hook=once, parse_constant=refuse)
    return found


def checked(runs: Runs) -> list[Event]:
    """Return the events after every rule of the format was kept."""
    document = read(runs)
    assert set(document) == {"traceEvents", "displayTimeUnit", "otherData"}
    assert document["displayTimeUnit"] in {"ms", "ns"}
    assert all(isinstance(value, str) for value in document["otherData"].values())
    found: list[Event] = document["traceEvents"]
    for event in found:
        check_keys(event)
    check_rows(found)
    check_counters(found)
    return found


def check_keys(event: Event) -> None:
    """Assert that an event has what its phase needs, of the right kind, and nothing else."""
    assert set(event) == {"ph", "name", "pid", "tid"} | KEYS[event["ph"]]
    assert event["name"].isprintable()
    assert event["name"]
    assert all(type(event[key]) is int and 0 < event[key] < 2**32 for key in ("pid", "tid"))
    assert all(type(event[key]) is int and event[key] >= 0 for key in ("ts", "dur") if key in event)
    if event["ph"] == "M":
        ((key, value),) = event["args"].items()
        assert key == ("sort_index" if event["name"].endswith("sort_index") else "name")
        assert type(value) is NAMES[event["name"]]
    if event["ph"] == "i":
        assert event["s"] == "p"
    if event["ph"] == "C":
        ((_, value),) = event["args"].items()
        assert math.isfinite(value)
        assert value >= 0


def check_rows(found: list[Event]) -> None:
    """Assert that every row has one process and one name, and that its slices nest, in the file's order."""
    processes = {event["pid"] for event in found}
    named = [(event["name"], event["pid"], event["tid"]) for event in found if event["ph"] == "M"]
    assert len(named) == len(set(named))
    assert {pid for name, pid, _ in named if name == "process_name"} == processes
    owner: dict[int, int] = {}
    for event in found:
        assert owner.setdefault(event["tid"], event["pid"]) == event["pid"]
    assert {tid for name, _, tid in named if name == "thread_name"} == set(owner)
    rows = defaultdict(list)
    for event in found:
        if event["ph"] == "X":
            rows[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for slices in rows.values():
        assert slices == sorted(slices, key=lambda one: one[0])
        open_: list[int] = []
        for begin, end in slices:
            while open_ and open_[-1] <= begin:
                open_.pop()
            assert not open_ or end <= open_[-1]
            open_.append(end)


def check_counters(found: list[Event]) -> None:
    """Assert that the times of a track rise and that a track has one unit."""
    tracks = defaultdict(list)
    for event in found:
        if event["ph"] == "C":
            tracks[event["pid"], event["name"]].append((event["ts"], *event["args"]))
    for points in tracks.values():
        times = [time for time, _ in points]
        assert times == sorted(set(times))
        assert len({unit for _, unit in points}) == 1


@pytest.fixture(scope="module")
def both() -> list[Event]:
    """Return the events of a run that breaks and one that does not."""
    return checked(Runs(simulated(), optimized(), "alibaba-10k", FAULTS, "1.0"))


def of(found: list[Event], phase: str, pid: int = 1) -> Iterator[Event]:
    """Yield the events of a phase of a process."""
    return (event for event in found if (event["ph"], event["pid"]) == (phase, pid))


def test_the_runs_are_processes_named_for_what_was_on(both: list[Event]) -> None:
    """Before and after, in this order."""
    names = [event["args"]["name"] for event in both if event["name"] == "process_name"]
    assert names == [f"{words.chosen(one)} (alibaba-10k)" for one in ("none", "all")]
    assert [e["args"]["sort_index"] for e in both if e["name"] == "process_sort_index"] == [1, 2]


def test_every_pod_of_the_sample_is_a_row_with_its_stages(both: list[Event]) -> None:
    """Exact times among the arguments add up to the pod's own."""
    slices = list(of(both, "X", 2))
    pods = [event for event in slices if event["cat"] == "pod"]
    sample = optimized().sample
    assert len(pods) == len(sample)
    for event, pod in zip(pods, sample, strict=True):
        stages = [one for one in slices if one["cat"] == "stage" and one["tid"] == event["tid"]]
        assert [one["args"]["until"] for one in stages] == list(LIFE[1:])
        assert [one["args"]["begin ns"] for one in stages] == list(pod.times[:-1])
        assert sum(one["args"]["ns"] for one in stages) == event["args"]["ns"]
        assert event["args"]["ns"] == (pod.times[-1] or 0) - (pod.times[0] or 0)
        assert event["args"]["finished"] is True


def test_what_did_not_end_goes_to_the_end_of_the_run_and_says_so(both: list[Event]) -> None:
    """A pod that waits for the scheduler when the run ends."""
    row = [event for event in of(both, "X") if event["tid"] == 1_000_001]  # the made sample's first
    assert [event["args"]["finished"] for event in row] == [False, True, True, False]
    assert row[0]["name"] == "pod 0, no node"
    assert row[-1]["name"] == "queue and scheduling, not scheduled by the end"
    assert row[0]["ts"] + row[0]["dur"] == row[-1]["ts"] + row[-1]["dur"] == 600_000_000


def test_every_series_is_a_counter_that_reads_back(both: list[Event]) -> None:
    """A share from the beginning of its second, a count from its end; what did not change is left out."""
    kept = simulated().series
    for name, key, unit, shift in (
        ("scheduler used", "scheduler.busy_ppm", "%", 0),
        ("scheduler", "scheduler.inside", "inside", 1),
        ("pods-running", "pods-running", "number", 1),
    ):
        found = {e["ts"]: e["args"][unit] for e in of(both, "C") if e["name"] == name}
        value = None
        for second, expected in enumerate(kept[key]):
            value = found.get((second + shift) * 1_000_000, value)
            assert value == (expected / 10_000 if unit == "%" else expected)
    tracks = {event["name"] for event in of(both, "C")}
    assert len(tracks) == len(kept)
    assert len(tracks) >= 2 * len(STATIONS)


def test_faults_are_instants_in_the_order_of_their_time(both: list[Event]) -> None:
    """Where they begin and where they end; none after the run's end."""
    for pid in (1, 2):
        said = [(event["ts"], event["name"]) for event in of(both, "i", pid)]
        assert said == [
            (120_000_000, "API server restart of 3, one after the other at 2 min"),
            (300_000_000, "zone 2 cut off for 2 min at 5 min"),
            (420_000_000, "over: zone 2 cut off for 2 min at 5 min"),
        ]


def test_equal_runs_give_equal_bytes() -> None:
    """Whatever the order in which the series are kept; one run alone is one process."""
    run = simulated()
    turned = replace(run, series={key: run.series[key] for key in sorted(run.series, reverse=True)})
    assert b"".join(timeline.pieces(Runs(run, None, "x"))) == b"".join(
        timeline.pieces(Runs(turned, None, "x"))
    )
    assert {event["pid"] for event in checked(Runs(run, None, "x"))} == {1}


def test_hostile_names_are_texts() -> None:
    """Of the scenario, a series, a fault, a station: no control sign, no other encoding than ASCII."""
    run = simulated(series=series(3, 1) | {HOSTILE: (1, 2)}, stopped=HOSTILE, blame=HOSTILE)
    found = checked(Runs(run, None, HOSTILE, (Fault(HOSTILE, 1, 1),), HOSTILE, (HOSTILE,)))
    assert sum("\\u202e" in event["name"] for event in found) == 2 + 2  # of the series, of the fault


def test_a_run_without_anything_is_a_file_too() -> None:
    """No sample, no series."""
    assert {event["ph"] for event in checked(Runs(simulated(sample=(), series={}), None, "x"))} == {"M"}


TIMES = st.lists(st.integers(0, 10**13), min_size=len(LIFE), max_size=len(LIFE)).map(sorted)


@given(st.lists(st.tuples(TIMES, st.integers(0, len(LIFE))), max_size=5))
def test_any_lives_nest(lives: list[tuple[list[int], int]]) -> None:
    """Times of any ns, cut to microseconds, pods that stop anywhere, some after the run's end."""
    sample = tuple(
        Pod(number, None, tuple(time if place < known else None for place, time in enumerate(times)))
        for number, (times, known) in enumerate(lives)
    )
    found = checked(Runs(simulated(sample=sample, series={}), None, "x"))
    rows = {event["tid"] for event in found if event["ph"] == "X"}
    assert len(rows) == sum(known > 0 for _, known in lives)


def test_the_file_is_written_in_pieces_and_at_once(tmp_path: Path) -> None:
    """A thousand events at a time; what was there is replaced, nothing else stays."""
    runs = Runs(simulated(), optimized(), "x")
    path = tmp_path / "new" / "out.json"
    for _ in range(2):
        timeline.write(runs, path)
        assert [one.name for one in path.parent.iterdir()] == ["out.json"]
    assert path.read_bytes() == b"".join(timeline.pieces(runs))
    events = sum(1 for _ in timeline.events(runs))
    assert len(list(timeline.pieces(runs))) == math.ceil(events / timeline.PIECE) + 2


def test_nothing_is_left_of_a_file_that_broke_off(tmp_path: Path) -> None:
    """What was there stays, whether the pieces or the disk fail."""

    def breaks() -> Iterator[bytes]:
        yield b"new"
        raise KscaleError("broke off")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(KscaleError, match="broke off"):
        files.write_pieces(path, breaks())
    with pytest.raises(KscaleError, match="cannot be written"):
        timeline.write(Runs(simulated(), None, "x"), path / "below")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("file", b"old")]


def test_a_timeline_has_every_run_and_a_picture_says_which_it_lacks() -> None:
    """Those between the first and the last are processes too; pictures count them."""
    labelled = [Labelled("none", simulated()), Labelled("today", simulated()), Labelled("all", optimized())]
    asked = Runs.of(labelled, "x")
    names = [event["args"]["name"] for event in checked(asked) if event["name"] == "process_name"]
    assert names == [f"{words.chosen(one)} (x)" for one in ("none", "today", "all")]
    assert "1 run between is not drawn" in run_kinds.picture("life", asked).caption
    assert [one.name for one in asked.drawn] == [words.chosen(one) for one in ("none", "all")]
    assert "not drawn" not in run_kinds.picture("life", Runs.of(labelled[:2], "x")).caption


@pytest.mark.parametrize(
    ("kind", "on", "end"),
    [
        ("apiserver-restart", (), 150),
        ("apiserver-restart", ("apiserver-balance",), None),
        ("partition", ("apiserver-balance",), 130),
    ],
)
def test_servers_restart_one_after_the_other(kind: str, on: tuple[str, ...], end: int | None) -> None:
    """So that the last is back after as many times as there are; with balanced ones no server is missed."""
    fault = Fault(kind, 120 * S, 10 * S, count=5)
    run = replace(simulated(), toggles=on)  # of three servers
    assert runs.fault_end(fault, run) == (None if end is None else end * S)
    said = [event["ts"] for event in checked(Runs(run, None, "x", (fault,))) if event["ph"] == "i"]
    assert said == [one * 1_000_000 for one in (120, end) if one is not None]


def test_the_text_of_restarts_says_how_long_each_takes() -> None:
    """It is not the time of all."""
    fault = Fault("apiserver-restart", 120 * S, 10 * S, count=3)
    assert runs.fault(fault) == "API server restart of 3, one after the other for 10 s each at 2 min"


def test_who_is_inside_is_no_track_where_nobody_counts() -> None:
    """Nought of a dispatcher whose events are not counted is no number; of a queue that many passed it is."""
    base = simulated()
    idle: dict[str, Any] = {"entered": 0, "left": 0, "inside": 0, "peak": 0, "area_ns": 0, "sojourn_ns": 0}
    changed = tuple(replace(one, **idle) if one.name == "watch-dispatch" else one for one in base.stations)
    none = {f"{name}.inside": (0,) * 600 for name in ("watch-dispatch", "clients")}
    run = replace(base, stations=changed, series=dict(base.series) | none)
    tracks = {event["name"] for event in checked(Runs(run, None, "x")) if event["ph"] == "C"}
    assert "watch dispatcher used" in tracks
    assert "watch dispatcher" not in tracks
    assert "clients' QPS limits" in tracks
