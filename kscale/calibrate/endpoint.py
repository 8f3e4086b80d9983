"""An etcd that the user names: throwaway, not ours to restart, and not to be left with our keys."""

import contextlib
import http.client
import ipaddress
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kscale import units
from kscale.calibrate import client, find, metrics, process, wire
from kscale.calibrate.lab import PREFIX, Server
from kscale.calibrate.process import Options
from kscale.calibrate.record import Endpoint
from kscale.errors import KscaleError

QUOTA = "etcd_server_quota_backend_bytes"
ALLOW = "--allow-keys"
_VERSION = re.compile(r"3\.(?:[4-9]|[1-9][0-9]{1,3})\.[0-9]{1,4}[0-9A-Za-z.+-]{0,20}")


@dataclass(frozen=True, slots=True)
class EndpointLab:
    """Uses the etcd at host:port as it is."""

    address: str
    name: str
    endpoint: Endpoint
    empty: bool  # it held no keys

    @contextlib.contextmanager
    def server(self, options: Options | None = None) -> Iterator[Server]:
        """Yield it with a prefix of its own, whose keys are deleted at the end; *options* cannot be had.

        Their history is compacted if all of it is ours; the file keeps its size until it is defragmented.
        """
        del options
        prefix = PREFIX + secrets.token_hex(8).encode() + b"/"
        try:
            yield Server(self.address, prefix)
        finally:
            client.drive(_delete(self.address, prefix, compact=self.empty))

    def store(self, fill: Callable[[Server], None]) -> contextlib.AbstractContextManager[Path]:
        """Raise KscaleError: its files are out of reach."""
        del fill
        raise KscaleError(f"{self.address}: the files of an etcd at an endpoint are out of reach")

    def restored(
        self, store: Path, options: Options | None = None
    ) -> contextlib.AbstractContextManager[Server]:
        """Raise KscaleError: it is not ours to restart."""
        del store, options
        raise KscaleError(f"{self.address}: an etcd at an endpoint is not ours to restart")


def at(endpoint: str, room: int, *, allow_keys: bool) -> EndpointLab:
    """Return the lab at "host:port" or "http://host:port".

    KscaleError if nobody answers there, if it asks for TLS or a password, if it holds keys and that is
    not allowed, or if its quota has not *room* bytes left.
    """
    find.check_grpc()
    address = _address(endpoint)
    if not process.healthy(address):
        raise KscaleError(f"--endpoint {endpoint}: {_unhealthy(address)}")
    counted = metrics.read(address)
    keys, version = client.drive(_asked(address))
    if not _VERSION.fullmatch(version):
        raise KscaleError(
            f"--endpoint {endpoint}: it says it is {units.quote(version)}; etcd 3.4 or newer can be driven"
        )
    if keys and not allow_keys:
        raise KscaleError(
            f"--endpoint {endpoint}: this etcd holds {keys:,} keys; calibrate loads it to its limits"
            f" and is for a throwaway one only ({ALLOW} takes it all the same)"
        )
    quota = counted[QUOTA] or 2 * 2**30
    left = quota - counted[metrics.SIZE]
    if left < room:
        raise KscaleError(
            f"--endpoint {endpoint}: {units.show_bytes(max(0, left))} left of its quota, the experiments"
            f" write up to {units.show_bytes(room)}; raise --quota-backend-bytes, or give --quick"
        )
    return EndpointLab(address, f"etcd {version}", _place(address), keys == 0)


def _address(endpoint: str) -> str:
    """Return host:port; KscaleError for anything else."""
    try:
        url = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
        port = url.port
    except ValueError:
        raise _unclear(endpoint) from None
    if url.scheme == "https":
        raise KscaleError(f"--endpoint {endpoint}: TLS is not supported; a throwaway etcd can do without")
    if url.scheme != "http" or not url.hostname or not port or url.path.strip("/") or url.username:
        raise _unclear(endpoint)
    return url.netloc


def _place(address: str) -> Endpoint:
    """Return whether host:port is on this machine, as far as its address tells."""
    host = urlsplit(f"http://{address}").hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return "local" if local else "elsewhere"


def _unclear(endpoint: str) -> KscaleError:
    """Return the complaint that this is no host and port."""
    return KscaleError(f"--endpoint {units.quote(endpoint)}: write it like 127.0.0.1:2379")


def _unhealthy(address: str) -> str:
    """Return why the etcd at host:port cannot be used."""
    connection = http.client.HTTPConnection(address, timeout=2)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no etcd answers there without TLS ({str(error) or type(error).__name__})"
    finally:
        connection.close()
    return f"what answers there says it is not healthy (GET /health: {status})"


async def _asked(address: str) -> tuple[int, str]:
    """Return how many keys it holds, and its version."""
    async with client.connected(address) as one:
        return await one.count(b""), wire.version(await one.call(wire.STATUS, b""))


async def _delete(address: str, prefix: bytes, *, compact: bool) -> None:
    """Delete all keys of a prefix, with all history if that is to be compacted."""
    async with client.connected(address) as one:
        answer = await one.call(wire.DELETE, wire.delete(prefix, wire.prefix_end(prefix)))
        if compact:
            await one.call(wire.COMPACT, wire.compact(wire.revision(answer), physical=True))
