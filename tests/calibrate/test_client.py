"""The client: calls are counted, errors are one line, and a signal ends the loop before it raises."""

import asyncio
import inspect
import os
import signal
import sys
from collections.abc import Iterator

import pytest
import real_etcd
from hypothesis import given
from hypothesis import strategies as st

from kscale.calibrate import client, find, wire
from kscale.calibrate.client import Driven
from kscale.errors import Interrupted, KscaleError
from kscale.measure import stopping


@pytest.fixture(scope="module")
def etcd() -> Iterator[real_etcd.RealEtcd]:
    """Yield one etcd for all tests of this file."""
    with real_etcd.started() as started:
        yield started


@pytest.fixture
def grpc() -> None:
    """Skip the test, with the reason, where there is no grpcio."""
    try:
        find.check_grpc()
    except KscaleError as error:
        pytest.skip(str(error))


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=300), st.integers(1, 100))
def test_a_quantile_is_the_least_that_so_many_do_not_exceed(took: list[int], share: int) -> None:
    found = Driven(1.0, tuple(sorted(took))).quantile(share)
    assert found in took
    assert sum(one <= found for one in took) * 100 >= share * len(took)
    assert sum(one < found for one in took) * 100 < share * len(took)


@given(st.lists(st.integers(1, 2_000_000), max_size=200))
def test_transactions_hold_every_pair_in_order_and_no_more_than_etcd_takes(sizes: list[int]) -> None:
    pairs = [(b"%d" % number, b"x" * min(size, 1000)) for number, size in enumerate(sizes)]
    groups = list(client._transactions(pairs))
    assert [pair for group in groups for pair in group] == pairs
    assert all(0 < len(group) <= 128 for group in groups)


def test_a_closed_loop_makes_as_many_calls_as_it_may(etcd: real_etcd.RealEtcd) -> None:
    requests = iter([wire.put(b"/loop/%d" % number, b"x") for number in range(100)])

    async def drive() -> tuple[Driven, Driven, int]:
        async with client.connected(etcd.running.address) as one:
            some = await client.closed_loop(one, wire.PUT, requests, 8, seconds=30.0, most=70)
            at_once = await client.closed_loop(one, wire.PUT, requests, 4, seconds=0.0, most=70)
            return some, at_once, await one.count(b"/loop/")

    some, at_once, stored = client.drive(drive())
    assert some.calls == 70
    assert at_once.calls == 4  # each client makes one, however short the time
    assert stored == 74
    assert some.took_ns == tuple(sorted(some.took_ns))


def test_what_is_loaded_is_there(etcd: real_etcd.RealEtcd) -> None:
    async def drive() -> int:
        async with client.connected(etcd.running.address) as one:
            await one.load((b"/load/%d" % number, b"x" * 20_000) for number in range(300))
            return await one.count(b"/load/")

    assert client.drive(drive()) == 300


def test_the_highest_revision_is_returned_whichever_call_ends_last(etcd: real_etcd.RealEtcd) -> None:
    class Late:
        """Answers the first call last, all with the revision of their turn."""

        turn = 0

        async def call(self, method: str, request: bytes) -> bytes:
            self.turn += 1
            revision = self.turn
            await asyncio.sleep(0.05 if revision == 1 else 0)
            return wire.message(1, wire.field(3, revision))

    one = client.Client(None)
    late = Late()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client.Client, "call", lambda self, method, request: late.call(method, request))
        assert client.drive(one.all(wire.TXN, [b""] * 9, flight=4)) == 9


def test_an_answer_that_is_an_error_is_one_line(etcd: real_etcd.RealEtcd) -> None:
    async def drive() -> None:
        async with client.connected(etcd.running.address) as one:
            await one.call(wire.COMPACT, wire.compact(10**9))

    with pytest.raises(KscaleError, match=r"etcd ended a call: OUT_OF_RANGE: .*future revision") as error:
        client.drive(drive())
    assert "\n" not in str(error.value)


@pytest.mark.usefixtures("grpc")
def test_nobody_at_an_address_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CONNECT_S", 0.2)

    async def drive() -> None:
        async with client.connected("127.0.0.1:1"):
            pass

    with pytest.raises(KscaleError, match=r"127\.0\.0\.1:1: no answer within"):
        client.drive(drive())


@pytest.mark.usefixtures("grpc")
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_the_work_and_then_raises_as_before(signum: int, code: int) -> None:
    ended: list[bool] = []

    async def drive() -> None:
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signum)
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0)  # tidying up still works
            ended.append(True)

    with pytest.raises(Interrupted) as error, stopping.stoppable():
        client.drive(drive())
    assert error.value.exit_code == code
    assert ended == [True]


@pytest.mark.usefixtures("grpc")
def test_handlers_are_as_before_when_the_work_is_done() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    async def drive() -> int:
        return 7

    assert client.drive(drive()) == 7
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_without_grpcio_the_work_is_closed_and_the_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)

    async def drive() -> None:
        """Never begins."""

    work = drive()
    with pytest.raises(KscaleError, match="grpcio"):
        client.drive(work)
    assert inspect.getcoroutinestate(work) == inspect.CORO_CLOSED
