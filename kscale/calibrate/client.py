"""Drives an etcd: raw bytes over grpc.aio, one connection, many calls in flight.

grpc is imported when a client is made: without the extra the rest of kscale works.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from types import FrameType
from typing import Any, TypeVar

from kscale.calibrate import find, wire
from kscale.errors import KscaleError

T = TypeVar("T")
Stream = Any  # a call of grpc.aio whose messages are read and written; grpc ships no types

LOAD_OPS = 128  # of a transaction; etcd's limit
LOAD_BYTES = 2**20  # of a transaction; etcd takes 1.5 MiB
LOAD_FLIGHT = 4  # transactions
CALL_S = 60.0  # until an answer counts as lost
CONNECT_S = 5.0
_OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # a full list is far above the default of 4 MB
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
]
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def drive(work: Coroutine[Any, Any, T]) -> T:
    """Return what *work* returns, run on an event loop of its own.

    A signal cancels the work and then does what it did before: raised inside the loop, its error
    would end in a callback's log instead of here. KscaleError says what etcd answered, or that there is
    no grpcio.
    """
    try:
        grpc = _grpc()
    except KscaleError:
        work.close()
        raise
    seen: list[int] = []

    async def supervised() -> T:
        """Run the work as a task that a signal can cancel."""
        task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()

        def stop(signum: int, _frame: FrameType | None) -> None:
            """Cancel the work; the loop wakes up for it."""
            seen.append(signum)
            loop.call_soon_threadsafe(task.cancel)

        with _handled(stop):
            return await task

    try:
        return asyncio.run(supervised())
    except asyncio.CancelledError:
        for signum in seen[:1]:
            signal.raise_signal(signum)  # the former handler's turn
        raise
    except grpc.RpcError as error:
        raise KscaleError(f"etcd ended a call: {_words(error)}") from None


@contextmanager
def _handled(stop: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let *stop* handle signals for the block, save those that are ignored; only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        each: signal.signal(each, stop) for each in _SIGNALS if signal.getsignal(each) != signal.SIG_IGN
    }
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler if handler is not None else signal.SIG_DFL)


def _grpc() -> Any:  # noqa: ANN401 - grpc ships no types
    """Return the module grpc.aio's errors come from; KscaleError if there is no grpcio."""
    find.check_grpc()
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its C core writes to standard error
    import grpc  # noqa: PLC0415 - optional
    import grpc.aio  # noqa: PLC0415 - optional

    return grpc


def _words(error: Any) -> str:  # noqa: ANN401 - grpc ships no types
    """Return an error of grpc in a few words."""
    code, details = error.code(), error.details()
    return f"{getattr(code, 'name', code)}: {str(details)[:200]}"


@dataclass(slots=True)
class Client:
    """The calls of one connection."""

    channel: Any
    calls: dict[str, Any] = field(default_factory=dict)

    async def call(self, method: str, request: bytes) -> bytes:
        """Return the answer to one call."""
        if method not in self.calls:
            self.calls[method] = self.channel.unary_unary(method)
        answer: bytes = await self.calls[method](request, timeout=CALL_S)
        return answer

    async def count(self, prefix: bytes) -> int:
        """Return how many keys start with *prefix*; an empty one: all keys."""
        start, end = (prefix, wire.prefix_end(prefix)) if prefix else (b"\0", b"\0")
        return wire.ranged(await self.call(wire.RANGE, wire.range_(start, end, count_only=True))).count

    async def load(self, pairs: Iterable[tuple[bytes, bytes]]) -> int:
        """Store many keys, in order within a transaction only; return the last revision."""
        requests = (wire.txn(wire.put(*pair) for pair in some) for some in _transactions(pairs))
        return await self.all(wire.TXN, requests)

    async def all(self, method: str, requests: Iterable[bytes], flight: int = LOAD_FLIGHT) -> int:
        """Make all calls, *flight* at a time; return the highest revision that was answered."""
        left, highest = iter(requests), 0

        async def work() -> None:
            """Make calls until none is left."""
            nonlocal highest
            for request in left:
                answered = wire.revision(await self.call(method, request))
                highest = max(highest, answered)  # after the wait: others raise it meanwhile

        await together(work() for _ in range(flight))
        return highest


def _transactions(pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[list[tuple[bytes, bytes]]]:
    """Yield pairs in groups that etcd takes in one transaction."""
    left = iter(pairs)
    first = list(islice(left, 1))
    while first:
        most = max(1, min(LOAD_OPS, LOAD_BYTES // (len(first[0][1]) + len(first[0][0]) + 32)))
        yield first + list(islice(left, most - 1))
        first = list(islice(left, 1))


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all of it side by side; the first error ends the rest and is raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Client]:
    """Yield a client of the etcd at host:port; KscaleError if none answers there."""
    grpc = _grpc()
    async with grpc.aio.insecure_channel(address, options=_OPTIONS) as channel:
        try:
            await asyncio.wait_for(channel.channel_ready(), CONNECT_S)
        except TimeoutError:
            raise KscaleError(f"{address}: no answer within {CONNECT_S:.0f} s; is an etcd there?") from None
        yield Client(channel)


@dataclass(frozen=True, slots=True)
class Driven:
    """What a load came to."""

    seconds: float  # from the first request to the last answer
    took_ns: tuple[int, ...]  # of each call, ascending

    @property
    def calls(self) -> int:
        """Return how many there were."""
        return len(self.took_ns)

    def quantile(self, per_cent: int) -> float:
        """Return the time that so many per cent of the calls did not exceed."""
        return float(self.took_ns[(len(self.took_ns) * per_cent + 99) // 100 - 1])


async def closed_loop(
    client: Client, method: str, requests: Iterator[bytes], clients: int, *, seconds: float, most: int
) -> Driven:
    """Keep *clients* calls in flight for so long, or until there were *most* of them."""
    call = client.channel.unary_unary(method)
    left = islice(requests, most)
    took: list[int] = []
    began = time.perf_counter()
    until = began + seconds

    async def work() -> None:
        """Make one call after the other; at least one."""
        clock = time.perf_counter_ns
        for request in left:
            start = clock()
            await call(request, timeout=CALL_S)
            took.append(clock() - start)
            if time.perf_counter() >= until:
                return

    await together(work() for _ in range(clients))
    return Driven(time.perf_counter() - began, tuple(sorted(took)))


async def paced(
    client: Client, method: str, requests: Iterator[bytes], *, every_s: float, seconds: float
) -> Driven:
    """Make one call at a time, the next one *every_s* after the last began, or at once if that is past."""
    call = client.channel.unary_unary(method)
    took: list[int] = []
    began = time.perf_counter()
    while (at := time.perf_counter()) < began + seconds:
        start = time.perf_counter_ns()
        await call(next(requests), timeout=CALL_S)
        took.append(time.perf_counter_ns() - start)
        await asyncio.sleep(max(0.0, at + every_s - time.perf_counter()))
    return Driven(time.perf_counter() - began, tuple(sorted(took)))
