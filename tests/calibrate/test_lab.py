"""Where an etcd comes from: its files as they are counted, and an endpoint left as it was found."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import real_etcd
from hypothesis import given
from hypothesis import strategies as st

from kscale.calibrate import client, endpoint, exp_freelist, exp_puts, folder, lab, metrics, wire
from kscale.calibrate.experiment import Observer
from kscale.calibrate.lab import OwnLab, Server
from kscale.calibrate.process import Options
from kscale.errors import KscaleError


class Silent:
    """Is told, and says nothing."""

    def experiment_start(self, experiment_id: str, title: str, seconds: float) -> None:
        """Begin."""

    def step(self, text: str) -> None:
        """Go on."""


SILENT: Observer = Silent()
FEW_PUTS = exp_puts.Plan((2,), (256,), 1, 0.02, 2**16, 9.0)


@given(st.lists(st.integers(1, 500), max_size=20), st.integers(0, 1000))
def test_a_log_is_as_long_as_its_records_without_the_zeros_after_them(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], zeros: int
) -> None:
    data = b""
    for size in sizes:
        padding = -size % 8
        top = (0x80 | padding) << 56 if padding else 0
        data += (size | top).to_bytes(8, "little") + b"\0" * (size + padding)  # zeros within records count
    path = tmp_path_factory.mktemp("wal") / "0.wal"
    path.write_bytes(data + b"\0" * zeros)
    assert lab.wal_bytes(path) == len(data)


def test_both_types_open_the_same_store_with_the_free_pages_it_was_made_with(tmp_path: Path) -> None:
    binary = real_etcd.binary()
    with folder.temporary(1, tmp_path) as made:
        here, free = OwnLab(binary, made), []
        with here.store(partial(exp_freelist.fragment, pages=400)) as store:
            for options in (Options(freelist="array"), Options(freelist="map")):
                with here.restored(store, options) as server:
                    assert client.drive(_count(server)) == 800
                    free.append(real_etcd.settled_free_pages(server.address))
        assert abs(free[0] - free[1]) <= 4  # etcd's own commits at its start, sooner or later
        assert 400 <= free[0] <= 440
        assert [one.name for one in made.path.iterdir() if one.is_dir()] == []


async def _count(server: Server) -> int:
    """Return how many keys there are."""
    async with client.connected(server.address) as one:
        return await one.count(server.prefix)


async def _put(server: Server, key: bytes) -> None:
    """Put one key."""
    async with client.connected(server.address) as one:
        await one.call(wire.PUT, wire.put(server.prefix + key, b"x"))


def test_an_endpoint_with_keys_is_refused_unless_it_is_allowed_and_keeps_just_them() -> None:
    with real_etcd.started() as etcd:
        address = etcd.running.address
        empty = endpoint.at(f"http://{address}", 1, allow_keys=False)
        assert empty.name == etcd.running.binary.name
        etcd.put(b"/registry/pods/a", b"x")
        with pytest.raises(KscaleError, match="this etcd holds 1 keys"):
            endpoint.at(address, 1, allow_keys=False)
        allowed = endpoint.at(address, 1, allow_keys=True)
        points = list(exp_puts.run(allowed, SILENT, FEW_PUTS))
        assert {point.family for point in points} >= {"put-throughput", "put-p50"}
        assert etcd.count() == 1
        with pytest.raises(ZeroDivisionError), allowed.server() as server:  # noqa: PT012 - puts first
            client.drive(_put(server, b"one"))
            assert etcd.count() == 2
            1 / 0  # noqa: B018 - the error
        assert etcd.count() == 1
        with pytest.raises(KscaleError, match="left of its quota"):
            endpoint.at(address, 2**40, allow_keys=True)
        with pytest.raises(KscaleError, match="not ours to restart"):
            allowed.restored(Path())
        with pytest.raises(KscaleError, match="out of reach"):
            allowed.store(lambda server: None)


def test_history_of_our_keys_is_compacted_unless_others_have_some() -> None:
    with real_etcd.started() as etcd:
        address = etcd.running.address
        empty = endpoint.at(address, 1, allow_keys=False)
        assert empty.endpoint == "local"
        with empty.server() as server:
            client.drive(_put(server, b"one"))
        with pytest.raises(Exception, match="compacted"):
            etcd.compact(1)
        etcd.put(b"/registry/pods/a", b"x")
        now = etcd.revision
        with endpoint.at(address, 1, allow_keys=True).server() as server:
            client.drive(_put(server, b"one"))
        etcd.compact(now)  # still there


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("127.0.0.1:1", "local"),
        ("127.3.2.1:1", "local"),
        ("[::1]:1", "local"),
        ("localhost:1", "local"),
        ("10.0.0.1:1", "elsewhere"),
        ("localhost.example:1", "elsewhere"),
    ],
)
def test_an_address_tells_whether_it_is_this_machine(address: str, place: str) -> None:
    assert endpoint._place(address) == place


@pytest.mark.parametrize(
    "version", ["", "3.5", "3.3.25", "4.0.0", "3.5.1" + "9" * 100, "3.5.1\x1b[2J", "x" * 5000]
)
def test_a_version_that_is_none_is_refused_in_a_line(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    async def asked(address: str) -> tuple[int, str]:
        """Answer."""
        del address
        return 0, version

    with real_etcd.started() as etcd:
        monkeypatch.setattr(endpoint, "_asked", asked)
        with pytest.raises(KscaleError, match=r"3\.4 or newer can be driven$") as error:
            endpoint.at(etcd.running.address, 1, allow_keys=False)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("127.0.0.1:1", "no etcd answers there without TLS"),
        ("https://127.0.0.1:2379", "TLS is not supported"),
        ("127.0.0.1", "write it like 127.0.0.1:2379"),
        ("http://user:secret@127.0.0.1:1", "write it like"),
        ("http://127.0.0.1:1/path", "write it like"),
        ("127.0.0.1:99999", "write it like"),
        ("ftp://127.0.0.1:1", "write it like"),
        ("http://[", "write it like"),
        ("", "write it like"),
    ],
)
def test_an_endpoint_that_cannot_be_used_is_one_line(given: str, complaint: str) -> None:
    real_etcd.binary()
    with pytest.raises(KscaleError, match=complaint) as error:
        endpoint.at(given, 1, allow_keys=True)
    assert "\n" not in str(error.value)


@contextmanager
def web_server(body: bytes, status: int = 200) -> Iterator[str]:
    """Yield the address of a server that answers everything alike."""

    class Handler(http.server.BaseHTTPRequestHandler):
        """Answers."""

        def do_GET(self) -> None:
            """Answer."""
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        (b"etcd_x{", 200, "not in Prometheus"),
        (b"etcd_x one", 200, "not in Prometheus"),
        (b"", 404, "404"),
    ],
)
def test_what_is_no_etcd_is_told_apart_by_its_metrics(body: bytes, status: int, complaint: str) -> None:
    with web_server(body, status) as address, pytest.raises(KscaleError, match=complaint):
        metrics.read(address)


def test_metrics_are_summed_over_labels_without_buckets() -> None:
    body = b"""# TYPE etcd_seconds histogram
etcd_seconds_bucket{le="1"} 2
etcd_seconds_bucket{le="+Inf"} 3
etcd_seconds_sum 4.5
etcd_seconds_count 3
etcd_labelled_total{a="1"} 2
etcd_labelled_total{a="2"} 40
go_threads 9
"""
    with web_server(body) as address:
        found = metrics.read(address)
    assert dict(found) == {"etcd_seconds_sum": 4.5, "etcd_seconds_count": 3.0, "etcd_labelled_total": 42.0}
    assert metrics.since(found, {"etcd_seconds_sum": 4.0})["etcd_seconds_sum"] == 0.5
    assert metrics.since(found, {})["missing"] == 0


def test_someone_who_is_healthy_and_no_etcd_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real_etcd.binary()
    monkeypatch.setattr(client, "CONNECT_S", 0.3)
    with web_server(b'{"health":"true"}') as address, pytest.raises(KscaleError, match="is an etcd there"):
        endpoint.at(address, 1, allow_keys=True)
