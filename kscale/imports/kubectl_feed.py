"""The bytes of a file for ijson, and one line for what ijson finds wrong with them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import ijson

from kscale import units
from kscale.errors import KscaleError
from kscale.scenario.document import one_line

LARGEST = 16 * 2**20  # bytes of an object; the API server takes 3 MiB
AT_ONCE = 16 * 2**10  # bytes parsed at once; the events of more do not stay in the CPU's cache

BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")

OnRead = Callable[[], None]


class Feed:
    """The bytes of a stream for ijson; KscaleError where one object never ends."""

    def __init__(self, stream: BinaryIO, name: str, on_read: OnRead) -> None:
        """Read *stream* to its end; *on_read* is called before each piece."""
        self._stream, self._name, self._on_read = stream, name, on_read
        self.bytes = 0  # read so far
        self.begin = 0  # so many had been read when the last object was complete
        self.items = 0  # complete objects
        self.ended = False
        self.failed: KscaleError | None = None  # why reading ended early
        self.key_bytes: dict[str, int] = {}  # of keys seen, as they are written, with their colon

    def read(self, most: int) -> bytes:
        """Return the next bytes, at most *most*; none at the end, and none where reading fails.

        What failed is raised by `in_one_line`: raised here, in the middle of ijson's backend in Python, it
        would leave that one to print an error of its own.
        """
        try:
            return self._next(most)
        except KscaleError as error:
            self.failed = error
            return b""

    def _next(self, most: int) -> bytes:
        """Return the next bytes; KscaleError where the stream cannot be read, or one object never ends."""
        self._on_read()
        data = self._stream.read(most)
        if not self.bytes:
            if data.startswith(UTF_16):
                raise KscaleError(one_line(f"{self._name}: is UTF-16; save it as UTF-8"))
            if data.startswith(BOM):
                data = data.removeprefix(BOM) or b" "
        self.bytes += len(data)
        self.ended = not data
        if self.bytes - self.begin > LARGEST + 2 * AT_ONCE:
            raise self.error(f"is larger than {units.show_bytes(LARGEST)}", self.items + 1)
        return data

    def error(self, what: str, item: int) -> KscaleError:
        """Return the error that says *what* of an item, by its number and the bytes read by then."""
        return KscaleError(one_line(f"{self._name}: item {item:,}, before byte {self.bytes:,}: {what}"))


@contextmanager
def in_one_line(feed: Feed) -> Iterator[None]:
    """Turn the errors of ijson's backends into one line, and raise what ended the reading."""
    try:
        yield
    except (ijson.JSONError, ValueError, OverflowError) as error:
        if feed.failed is not None:
            raise feed.failed from None
        if feed.ended:
            what = "the file ends in the middle of it" if feed.bytes else "the file is empty"
        else:
            what = _why(str(error))
        raise feed.error(what, feed.items + 1) from error
    if feed.failed is not None:
        raise feed.failed


def _why(text: str) -> str:
    """Return in a few words what a parser of JSON complains of; its own text quotes the file."""
    if "overflow" in text:
        return "holds a number that is too large"
    return "is not valid UTF-8" if "UTF8" in text or "utf-8" in text else "is not valid JSON"
