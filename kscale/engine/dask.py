"""The engine that hands tasks to Dask distributed: a cluster at an address, or one started here.

Nothing of Dask is imported until it is used. It runs on an event loop in a thread of its own, so that
Ctrl-C is heard by who waits for the next cell, and not lost in a callback of Dask's.
"""

import asyncio
import logging
import signal
import tempfile
import threading
import warnings
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib.util import find_spec
from multiprocessing import resource_tracker
from queue import SimpleQueue
from urllib.parse import urlsplit

from kscale.engine.base import Done
from kscale.engine.dask_members import Client, Crew, line_of
from kscale.engine.dask_sweep import Conductor
from kscale.engine.task import Work
from kscale.errors import KscaleError
from kscale.units import quote

CONNECT_S = 10.0  # for a scheduler to answer
END_S = 1.0  # for a worker of ours to end by itself
LOGGERS = (
    "distributed",
    "distributed.client",
    "tornado",
    "tornado.application",
)  # those with a level of theirs
CONFIG = {"distributed.admin.large-graph-warning-threshold": "1GiB"}  # imported clusters are sent once
OWN = {  # of a cluster of ours: nobody looks at what Dask finds out about itself, and it costs time
    "distributed.scheduler.allowed-failures": 0,  # a lost worker is told at once
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.gil.enabled": False,
}
INSTALL = "pip install 'kscale-bench[dask]'"


class Dask:
    """Runs tasks on the workers of a Dask cluster."""

    name = "dask"

    def __init__(self, address: str | None = None, workers: int = 1) -> None:
        """Keep the HOST:PORT of a scheduler, or how many *workers* to start here without one.

        KscaleError if Dask is not installed, or the address is none.
        """
        self.address = address
        self.workers = workers  # of a cluster that is there, known once it is reached
        self.said = "--engine dask" if address is None else f"--engine dask://{address}"
        if find_spec("distributed") is None:
            raise KscaleError(f"{self.said}: Dask is not installed here; {INSTALL}")
        if address is not None:
            _check_address(address)

    def run(self, work: Work) -> Generator[Done, None, None]:
        """Yield each task as it is done."""
        heard: SimpleQueue[Done | BaseException | None] = SimpleQueue()
        loop = asyncio.new_event_loop()
        enough = asyncio.Event()

        def conduct() -> None:
            """Run the loop until all is done, or enough, and say so."""
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # for processes that are started here
            try:
                loop.run_until_complete(self._conduct(work, heard, enough))
            except BaseException as error:  # noqa: BLE001 - it is raised by the one that waits
                heard.put(error)
            else:
                heard.put(None)
            finally:
                loop.close()

        resource_tracker.ensure_running()  # it would unblock the signal again when it starts
        thread = threading.Thread(target=conduct, name="kscale-dask", daemon=True)
        thread.start()
        try:
            while (one := heard.get()) is not None:
                if isinstance(one, BaseException):
                    raise one
                yield one
        finally:
            with suppress(RuntimeError):  # the loop is closed: all is done
                loop.call_soon_threadsafe(enough.set)
            thread.join()

    async def _conduct(
        self, work: Work, heard: "SimpleQueue[Done | BaseException | None]", enough: asyncio.Event
    ) -> None:
        """Run tasks until they are done or *enough* is said; what was started here ends with it."""
        with _dask(self.said, CONFIG if self.address else CONFIG | OWN):
            async with self._scheduler(1 if work.timed else self.workers) as contact:
                sweep = asyncio.create_task(self._sweep(contact, work, heard))
                stop = asyncio.create_task(enough.wait())
                await asyncio.wait({sweep, stop}, return_when=asyncio.FIRST_COMPLETED)
                stop.cancel()
                if not sweep.done():
                    sweep.cancel()
                with suppress(asyncio.CancelledError):
                    await sweep

    @asynccontextmanager
    async def _scheduler(self, workers: int) -> AsyncIterator[str]:
        """Yield where the scheduler is; one that is started here is ended, and its workers."""
        if self.address is not None:
            import dask  # noqa: PLC0415 - an extra

            secure = dask.config.get("distributed.comm.require-encryption")
            yield f"{'tls' if secure else 'tcp'}://{self.address}"
            return
        from distributed import LocalCluster  # noqa: PLC0415 - as above

        with tempfile.TemporaryDirectory(prefix="kscale-dask-", ignore_cleanup_errors=True) as folder:
            try:
                cluster = await LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    asynchronous=True,
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                    local_directory=folder,
                    memory_limit=0,  # as for other engines, the machine's
                )
            except Exception as error:  # noqa: BLE001 - Dask's own and the system's, of many kinds
                raise KscaleError(f"{self.said}: no cluster can be started here ({line_of(error)})") from None
            try:
                yield cluster.scheduler_address
            finally:
                nannies = list(cluster.workers.values())
                await asyncio.gather(*(one.close(timeout=END_S) for one in nannies), return_exceptions=True)
                await cluster.close()

    async def _sweep(
        self, contact: str, work: Work, heard: "SimpleQueue[Done | BaseException | None]"
    ) -> None:
        """Run all tasks on the workers that the scheduler at *contact* has."""
        from distributed import Client as Connected  # noqa: PLC0415 - an extra

        client: Client = Connected(contact, asynchronous=True, timeout=CONNECT_S, set_as_default=False)
        try:
            await asyncio.wait_for(client, CONNECT_S)  # what listens there may be no scheduler, and silent
        except Exception as error:  # noqa: BLE001 - as above
            why = "" if isinstance(error, TimeoutError) else f" ({line_of(error)})"
            raise KscaleError(f"{self.said}: no scheduler answers in {CONNECT_S:g} s{why}") from None
        else:
            await self._with(client, work, heard)
        finally:
            with suppress(Exception):
                await client.close(timeout=END_S)

    async def _with(
        self, client: Client, work: Work, heard: "SimpleQueue[Done | BaseException | None]"
    ) -> None:
        """Run all tasks on the workers that a client sees."""
        crew = Crew(client, self.said, timed=work.timed)
        try:
            await crew.meet()
            self.workers = len(crew.usable())
            await Conductor(client, work, crew, heard.put).run()
        finally:
            await crew.dismiss()


def _check_address(address: str) -> None:
    """KscaleError if this is no HOST:PORT."""
    try:
        found = urlsplit(f"//{address}")
        plain = found.netloc == address and "@" not in address and found.hostname and found.port
    except ValueError:
        plain = None
    if not plain:
        raise KscaleError(f"--engine {quote(f'dask://{address}')}: write dask://HOST:PORT of a scheduler")


@contextmanager
def _dask(said: str, config: Mapping[str, object]) -> Iterator[None]:
    """Have Dask there, and quiet, for the block. KscaleError if it cannot be imported."""
    try:
        import dask  # noqa: PLC0415 - an extra
        from distributed.versions import VersionMismatchWarning  # noqa: PLC0415 - as above
    except ImportError as error:
        raise KscaleError(f"{said}: Dask cannot be imported here ({line_of(error)}); {INSTALL}") from None
    warnings.filterwarnings("ignore", category=VersionMismatchWarning)  # we look at what matters ourselves
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL)
    try:
        with dask.config.set(config):
            yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)
