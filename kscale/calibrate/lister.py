"""Lists a prefix again and again, in a process of its own, so that it does not slow the client that writes.

Run as: python -m kscale.calibrate.lister HOST:PORT START END (keys in hex). Says "ready" once the
first list has arrived; ends with its standard input, that is with whoever started it.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kscale
from kscale.calibrate import client, folder, wire
from kscale.calibrate.lab import Server
from kscale.errors import KscaleError
from kscale.measure import machine


@contextmanager
def listing(server: Server, prefix: bytes) -> Iterator[None]:
    """Let another process list all of *prefix* for the block."""
    arguments = [server.address, prefix.hex(), wire.prefix_end(prefix).hex()]
    other = subprocess.Popen(  # noqa: S603 - this module
        [sys.executable, "-m", "kscale.calibrate.lister", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=machine.environment(Path(kscale.__file__).parent.parent),
        start_new_session=True,  # Ctrl-C on the terminal is for us alone
    )
    try:
        if other.stdout is None or not other.stdout.readline():
            raise KscaleError("the process that lists beside the writer ended before its first list")
        yield
    finally:
        folder.end_keeper(other)


async def _list(address: str, request: bytes) -> None:
    """List for ever."""
    async with client.connected(address) as one:
        await one.call(wire.RANGE, request)
        print("ready", flush=True)  # noqa: T201 - for `listing`
        while True:
            await one.call(wire.RANGE, request)


def _end_with_input() -> None:
    """End this process when its standard input does; nothing of it needs tidying up."""
    sys.stdin.buffer.read()
    os._exit(0)


def main(address: str, start: str, end: str) -> None:
    """List all from *start* to before *end*, in hex, until standard input ends."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    client.drive(_list(address, wire.range_(bytes.fromhex(start), bytes.fromhex(end))))


if __name__ == "__main__":
    main(*sys.argv[1:])
