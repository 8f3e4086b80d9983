"""Scrapes of several API servers are added up; of one server at two times the newer is used."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kscale.imports import merge, sources
from kscale.imports.merge import Merged

WATCHES = 'apiserver_longrunning_requests{{verb="WATCH",resource="pods",group=""{labels}}} {number}\n'
REQUESTS = 'apiserver_request_total{{verb="{verb}",resource="pods",group="",code="200"}} {number}\n'
START = 1_790_000_000
HOUR = 3600


def _scrape(
    watches: int, *, start: float | None = None, up: int = HOUR, labels: str = "", writes: int = 0
) -> str:
    """Return a scrape: open watches, and of a process that is *up* for so many seconds also requests."""
    text = WATCHES.format(number=watches, labels=labels)
    if start is not None:
        text += f"process_start_time_seconds {start}\ngo_memstats_last_gc_time_seconds {start + up}\n"
    if writes:
        text += REQUESTS.format(verb="PUT", number=writes) + REQUESTS.format(verb="LIST", number=3 * writes)
    return text


def _merged(folder: Path, texts: Mapping[str, str]) -> Merged:
    """Return what files make together."""
    for name, text in texts.items():
        (folder / name).write_text(text)
    files = sources.found([folder / name for name in texts])
    return merge.merge([sources.read(one, lambda _done, _all: None) for one in files])


def _plain(merged: Merged, *keys: str) -> list[object]:
    """Return values as they are written."""
    return [merged.values[key].value for key in keys]


def test_watches_and_requests_of_servers_are_added_up(tmp_path: Path) -> None:
    """Each server's own rates, over its own time; what is worked out from them follows."""
    merged = _merged(
        tmp_path,
        {
            "a.prom": _scrape(101, start=START, writes=HOUR),
            "b.prom": _scrape(102, start=START + 60.5, up=2 * HOUR, writes=HOUR),
        },
    )
    assert _plain(merged, "load.watches.pods", "mechanisms.watch-bookmark.watchers") == [203, 203]
    assert _plain(merged, "load.requests.update/pods", "load.pod_changes") == ["1.5/s", "1.5/s"]
    assert _plain(merged, "load.requests.list/pods", "control_plane.apiservers") == ["4.5/s", 2]
    assert _plain(merged, "mechanisms.apiserver-balance.write_share") == [0.25]
    assert merged.contradictions == ()
    assert "watches of 2 scrapes are added up: each is of a process that was started at another time" in (
        merged.assumed
    )


def test_scrapes_of_nobody_knows_whom_are_taken_to_be_of_several(tmp_path: Path) -> None:
    """Which is said."""
    merged = _merged(tmp_path, {f"w{i}.prom": _scrape(100 + i) for i in (1, 2, 3)})
    assert _plain(merged, "load.watches.pods", "control_plane.apiservers") == [306, 3]
    assert merged.contradictions == ()
    assert (
        "watches of 3 scrapes are added up, as each is taken to be of another API server: none says of which"
        in merged.assumed
    )


def test_newer_scrape_of_one_server_is_used_and_the_older_is_named(tmp_path: Path) -> None:
    """It is told by when its process was started."""
    merged = _merged(
        tmp_path,
        {
            "a.prom": _scrape(101, start=START),
            "b.prom": _scrape(150, start=START, up=2 * HOUR),
            "c.prom": _scrape(7, start=START + 9),
        },
    )
    assert _plain(merged, "load.watches.pods", "control_plane.apiservers") == [157, 2]
    (said,) = [line for line in merged.dropped if line.startswith("watches of a.prom")]
    at = datetime.fromtimestamp(START + 2 * HOUR, UTC)
    assert said.endswith(f": an older scrape of the API server of b.prom ({at:%Y-%m-%d %H:%M})")


def test_instances_tell_servers_apart_and_are_counted_once(tmp_path: Path) -> None:
    """Their names are the same in every file; two metrics of one server are in files of their own."""

    def of(*names: str) -> str:
        return "".join(_scrape(10, labels=f',instance="{name}"') for name in names)

    request = 'apiserver_request_total{instance="x",verb="PUT",resource="pods",group="",code="200"} 9\n'
    merged = _merged(tmp_path, {"a.prom": of("x", "y"), "b.prom": of("z"), "c.prom": request})
    assert _plain(merged, "load.watches.pods", "control_plane.apiservers") == [30, 3]
    assert not any("older" in line for line in merged.dropped)


def test_answer_of_all_servers_is_added_to_nothing(tmp_path: Path) -> None:
    """A query without instances has summed already: both are shown."""
    result = {
        "metric": {"__name__": "apiserver_longrunning_requests", "verb": "WATCH", "resource": "pods"},
        "value": [START, "500"],
    }
    answer = {"status": "success", "data": {"resultType": "vector", "result": [result]}}
    merged = _merged(
        tmp_path, {"query.json": json.dumps(answer), "a.prom": _scrape(101, start=START - 9 * HOUR)}
    )
    assert _plain(merged, "load.watches.pods") == [500]
    (found,) = [one for one in merged.contradictions if one.subject == "load.watches"]
    assert [side.source.name.rpartition("/")[2] for side in found.sides] == ["query.json", "a.prom"]


@pytest.mark.parametrize("order", [1, -1])
def test_order_of_scrapes_does_not_matter(tmp_path: Path, order: int) -> None:
    """Names decide, not how files are given."""
    texts = {f"{i}.prom": _scrape(100 + i, start=START + i) for i in range(4)}
    merged = _merged(tmp_path, dict(list(texts.items())[::order]))
    assert _plain(merged, "load.watches.pods") == [406]
    assert merged.values["load.watches.pods"].how == "open watches"
