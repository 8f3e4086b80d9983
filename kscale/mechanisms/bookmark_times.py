"""When bookmarks are sent over the watches of a load, and which resource version the last of each tells."""

import numpy as np

from kscale.kernels import bookmarks
from kscale.mechanisms.bookmark_load import BookmarkLoad, Longs


def nothing(load: BookmarkLoad) -> tuple[Longs, Longs]:
    """Return how many bookmarks each watch got, and when the last one was sent: none."""
    none = np.zeros(len(load.begins), dtype=np.int64)
    return none, none + bookmarks.NONE


def each_period(load: BookmarkLoad) -> tuple[Longs, Longs]:
    """Return the same where one is sent each period, but for those after the one before the time-out."""
    end = load.watches[bookmarks.END]
    if load.foreseen:
        end = np.minimum(end, load.deadlines - load.profile.bookmark_lead_ns)
    period = load.profile.bookmark_period_ns
    sent = np.maximum(end - load.begins, 0) // period
    return sent, np.where(sent > 0, load.begins + sent * period, bookmarks.NONE)


def before_the_end(load: BookmarkLoad, sent: Longs, last: Longs) -> tuple[Longs, Longs]:
    """Return the same with one more shortly before a time-out that the server foresees and lives to see."""
    due = load.deadlines - load.profile.bookmark_lead_ns
    lives = (due > load.begins) & (due <= load.watches[bookmarks.END]) & (due != last)
    if not load.foreseen:
        return sent, last
    return sent + lives, np.where(lives, due, last)


def versions(load: BookmarkLoad, when: Longs, progress_ns: int) -> Longs:
    """Return the RV of the cache at each time, or NONE where there is none.

    It is that of its last event, or of its list if nothing has happened since, or what etcd told it last.
    """
    known = np.concatenate(([0], load.rvs()))[np.searchsorted(load.times, when, side="right")]
    lists = np.concatenate(([0], load.revisions(load.turns[::2])))
    known = np.maximum(known, lists[np.searchsorted(load.turns[1::2], load.begins, side="right")])
    if progress_ns:
        known = np.maximum(known, load.revisions(np.maximum(when, 0) // progress_ns * progress_ns))
    found: Longs = np.where(when == bookmarks.NONE, bookmarks.NONE, known)
    return found
