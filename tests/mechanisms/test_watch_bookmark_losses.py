"""The mechanism watch-bookmark: where bookmarks lose or cost, and what is said of it."""

from typing import Any

import pytest
from bookmark_works import CLUSTER, VARIANTS, cluster, works_of

from kscale import units
from kscale.mechanisms import watch_bookmark
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.mechanisms.bookmark_size import HOUR


def test_who_sees_everything_gains_nothing() -> None:
    """Losing regime: what unselective clients hold is fresh; bookmarks only cost."""
    works = works_of(match_ppm=1_000_000, events_per_s=50.0)
    assert works[BASELINE]["relists"] == works[OPTIMIZED]["relists"] == 0
    assert works[BASELINE]["resynced"] == works[OPTIMIZED]["resynced"]
    said = watch_bookmark.losses(works)
    assert any("hardly less" in line for line in said)
    assert any("save 0 events" in line for line in said)


def test_a_restart_of_a_quiet_type_makes_all_list_again() -> None:
    """Losing regime: bookmarks cannot tell what the cache does not know; progress notify can (KEP-1904)."""
    quiet: dict[str, Any] = {"ends": "restart", "events_per_s": 1e-5, "duration_ns": HOUR}
    works = works_of(**quiet)
    moved = works[BASELINE]["watchers"] * works[BASELINE]["moves"]
    assert moved > 0
    assert [works[name]["relists"] for name in (BASELINE, "deadline", OPTIMIZED)] == [moved] * 3
    assert works["progress"]["relists"] == 0
    assert any("still list everything" in line for line in watch_bookmark.losses(works))
    newest = works_of(cluster("k8s-1.36"), **quiet)
    assert newest[OPTIMIZED] == newest["progress"]
    assert newest[OPTIMIZED]["relists"] == 0


def test_a_server_just_started_refuses_all_the_same() -> None:
    """Losing regime: nor does progress notify help where the server is younger than the last bookmark."""
    works = works_of(ends="restart", events_per_s=1e-5, restarted_ns=0, duration_ns=HOUR)
    work = works["progress"]
    assert work["relists"] == work["watchers"] * work["moves"]


def test_a_history_shorter_than_two_seconds_refuses_the_newest_bookmark() -> None:
    """Losing regime: more than N events come in 2 s."""
    short, long = (works_of(ring=ring, events_per_s=100.0, duration_ns=HOUR // 4) for ring in (150, 400))
    assert short[OPTIMIZED]["relists"] > 0.8 * short[OPTIMIZED]["returns"]
    assert long[OPTIMIZED]["relists"] == 0
    assert any("still list everything" in line for line in watch_bookmark.losses(short))


def test_bookmarks_are_traffic() -> None:
    """Losing regime: about one a minute and client, whether anything happens or not."""
    work = works_of(events_per_s=1e-4)[OPTIMIZED]
    a_minute = work["bookmarks"] / work["watchers"] / 60
    assert 0.95 < a_minute < 1.15
    assert work["bookmark_bytes"] == work["bookmarks"] * CLUSTER.costs["bookmark_bytes"]


def test_who_resumes_looks_at_the_history() -> None:
    """Losing regime: a client that lists looks at nothing, so with bookmarks more of the history is read."""
    works = works_of(events_per_s=100.0, ring=1000, duration_ns=HOUR // 2, watchers=3000)
    before, after = works[BASELINE], works[OPTIMIZED]
    assert after["relists"] == 0
    assert after["init_events"] > 1.2 * before["init_events"]
    assert after["init_cpu_ns"] > 1.2 * before["init_cpu_ns"]
    (said,) = (line for line in watch_bookmark.losses(works) if "to look at" in line)
    for figure in (before["init_events"], after["init_events"], before["relists"]):
        assert units.show_count(figure) in said
    for figure in (before["init_cpu_ns"], after["init_cpu_ns"]):
        assert units.show_ns(figure) in said
    fewer = works_of(events_per_s=5.0, ring=10_000, duration_ns=HOUR // 2)
    assert not any("to look at" in line for line in watch_bookmark.losses(fewer))


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("profile", "upstream"),
    [("k8s-1.14", [1, 0, 0, 0]), ("k8s-1.20", [0, 1, 0, 0]), ("k8s-1.36", [0, 1, 0, 1])],
)
def test_what_the_version_of_the_profile_does(profile: str, upstream: list[int]) -> None:
    """1.14 sends no bookmarks, so that the optimized variant is a later version, and that is said."""
    works = works_of(cluster(profile, nodes=20), events_per_s=1.0, duration_ns=HOUR // 6)
    assert [works[name]["upstream"] for name in VARIANTS] == upstream
    said = any("this profile's version sends none" in line for line in watch_bookmark.losses(works))
    assert said == (profile == "k8s-1.14")
