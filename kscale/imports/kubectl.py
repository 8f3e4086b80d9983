"""`kubectl get ... -o json`: nodes, pods, leases, any other list, in any mixture and shape.

Streamed: what is kept are columns of pods, each distinct request once, each node, and counts by size.
"""

from pathlib import Path

from kscale.imports import kubectl_stream, kubectl_told, opened
from kscale.imports.facts import Facts, Progress
from kscale.imports.fields import FieldError
from kscale.imports.kubectl_feed import Feed
from kscale.imports.kubectl_reading import Reading
from kscale.imports.kubectl_stream import Head


def read(path: Path, name: str, progress: Progress) -> Facts:
    """Return what a file says; KscaleError, one line that begins with *name*, if it cannot be."""
    reading = Reading()
    with opened.open_stream(path, name) as stream:
        size = path.stat().st_size
        feed = Feed(stream, name, lambda: progress(opened.at(stream), size))
        late: list[dict[int, Head]] = []

        def ahead() -> dict[int, Head]:
            """Return the heads of all lists, which takes reading the file once more."""
            if not late:
                with opened.open_stream(path, name) as again:
                    late.append(
                        kubectl_stream.heads(Feed(again, name, lambda: progress(opened.at(stream), size)))
                    )
            return late[0]

        for item in kubectl_stream.items(feed, ahead):
            try:
                reading.take(item)
            except FieldError as error:
                raise feed.error(str(error), feed.items) from error
    return kubectl_told.facts(reading, str(path), size)
