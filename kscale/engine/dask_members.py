"""The workers of a Dask cluster that can run our tasks, and a line about each that cannot."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import kscale
from kscale.engine import dask_worker
from kscale.engine.dask_worker import Facts
from kscale.errors import KscaleError
from kscale.measure import machine

T = TypeVar("T")
Client = Any  # of Dask, which ships no types

CHECK_S = 60.0  # in which a worker must say who it is: it may be importing
WAIT_S = 60.0  # for a first worker, and for another one when the last is gone
LOOK_S = 0.5  # between two looks at which workers there are
LONGEST = 200  # characters of an error that is not ours
CURE = "install the same kscale for the scheduler, the workers and here"


@dataclass(eq=False, slots=True)
class Member:
    """A worker that can run our tasks."""

    address: str
    facts: Facts
    place: str | None = None  # Place.sha256 of what it built last
    size: int = 1  # of its next bundle
    has: set[str] = field(default_factory=set)  # keys of recorded clusters that it was sent


class Crew:
    """The workers, as they come and go."""

    def __init__(self, client: Client, said: str, *, timed: bool) -> None:
        """Know nobody yet; *said* begins every complaint. If *timed*, a machine has one worker for us."""
        self.client, self.said, self.timed = client, said, timed
        self.members: dict[str, Member] = {}  # by address
        self._meeting: dict[str, asyncio.Task[Facts]] = {}  # by address, workers that are asked who they are
        self._refused: dict[str, str] = {}  # by address, why they cannot run our tasks
        self._alone_since: float | None = None

    async def meet(self) -> None:
        """Wait for the first workers. KscaleError if there are none, or one that cannot run our tasks."""
        await self._heard(_scheduler_told(self.client))
        while not (addresses := await self._addresses()):
            self._check_patience()
            await asyncio.sleep(LOOK_S)
        found = await asyncio.gather(*(self._told(address) for address in addresses), return_exceptions=True)
        for address, facts in zip(addresses, found, strict=True):
            if isinstance(facts, BaseException):
                raise facts
            self.members[address] = Member(address, facts)

    async def look(self) -> list[Member]:
        """Return the members that are gone. Who is new is asked who it is, and is a member once it said so.

        KscaleError if the scheduler is gone, or nobody is left and nobody comes.
        """
        there = await self._addresses()
        gone = [self.members.pop(address) for address in list(self.members) if address not in there]
        self._refused = {address: why for address, why in self._refused.items() if address in there}
        for address in there:
            if address not in self.members and address not in self._meeting and address not in self._refused:
                self._meeting[address] = asyncio.create_task(self._told(address))
        for address, asked in list(self._meeting.items()):
            if asked.done():
                del self._meeting[address]
                error = asked.exception()
                if error is None:
                    self.members[address] = Member(address, asked.result())
                else:
                    self._refused[address] = str(error)
        self._check_patience()
        return gone

    def usable(self) -> list[Member]:
        """Return who may be given tasks: all, or one for each machine."""
        if not self.timed:
            return list(self.members.values())
        chosen: dict[str, Member] = {}
        for member in self.members.values():
            chosen.setdefault(member.facts["machine"], member)
        return list(chosen.values())

    def drop(self, member: Member) -> None:
        """Count with a worker no longer; if it is still there, it is met anew."""
        self.members.pop(member.address, None)

    async def dismiss(self) -> None:
        """Leave the workers as they were."""
        for meeting in self._meeting.values():
            meeting.cancel()
        await asyncio.gather(*self._meeting.values(), return_exceptions=True)
        if self.members:
            forget = self.client.run(dask_worker.forget, workers=list(self.members), on_error="ignore")
            asked = asyncio.ensure_future(forget)
            await asyncio.wait([asked], timeout=LOOK_S)  # who does not hear it forgets with its next sweep
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)

    def _check_patience(self) -> None:
        """KscaleError if there has been no worker for long."""
        if self.members or self._meeting:
            self._alone_since = None
            return
        now = time.monotonic()
        if self._alone_since is None:
            self._alone_since = now
        if now - self._alone_since >= WAIT_S:
            refused = next(iter(self._refused.values()), None)
            raise KscaleError(refused or f"{self.said}: there is no worker, and none came in {WAIT_S:g} s")

    async def _addresses(self) -> list[str]:
        """Return the addresses of all workers; KscaleError if the scheduler does not say."""
        try:
            return sorted(await asyncio.wait_for(self.client.nthreads(), WAIT_S))
        except OSError as error:
            raise KscaleError(f"{self.said}: the scheduler is gone ({line_of(error)})") from None

    async def _told(self, address: str) -> Facts:
        """Return who a worker is; KscaleError if it cannot run our tasks."""
        found = await self._heard(_worker_told(self.client, address))
        if self.timed and found["fingerprint"] != (here := machine.facts()).fingerprint:
            raise KscaleError(
                f"{self.said}: worker {address} is another machine than this one ({found['cpu']}; here "
                f"{here.cpu_model}, {here.cores_logical} cores): a result has the times of one; "
                "leave --timed out, or sweep there with --engine local"
            )
        return found

    async def _heard(self, question: Awaitable[T]) -> T:
        """Return an answer; a complaint begins with where it is."""
        try:
            return await question
        except KscaleError as error:
            raise KscaleError(f"{self.said}: {error}") from None


async def _scheduler_told(client: Client) -> None:
    """KscaleError if the scheduler cannot read our tasks: it looks up the function they name."""
    try:
        await asyncio.wait_for(client.run_on_scheduler(dask_worker.here), CHECK_S)
    except OSError as error:
        raise KscaleError(f"the scheduler does not answer ({line_of(error)})") from None
    except Exception as error:  # noqa: BLE001 - whatever it raised there
        raise KscaleError(f"the scheduler {_lacks(error)}") from None


async def _worker_told(client: Client, address: str) -> Facts:
    """Return who a worker is; KscaleError if it is not this kscale."""
    asked = client.run(dask_worker.facts, workers=[address], on_error="return")
    try:
        found = (await asyncio.wait_for(asked, CHECK_S))[address]
    except (OSError, KeyError) as error:
        raise KscaleError(f"worker {address} does not answer ({line_of(error)})") from None
    if isinstance(found, Exception):
        raise KscaleError(f"worker {address} {_lacks(found)}")
    if found["version"] != kscale.__version__:
        raise KscaleError(
            f"worker {address} has kscale {found['version']}, this is {kscale.__version__}; {CURE}"
        )
    if found["code"] != machine.code_stamp():
        raise KscaleError(
            f"worker {address} has other sources of kscale {kscale.__version__} than this one "
            f"({found['code']}, here {machine.code_stamp()}); {CURE}"
        )
    return found  # type: ignore[no-any-return]  # Dask's


def _lacks(error: Exception) -> str:
    """Return what is wrong where kscale cannot be imported, or has no sweeps."""
    text = str(error)  # of a worker's, Dask gives an Exception with the text of the error
    if "No module named 'kscale'" in text:
        return f"has no kscale; {CURE}: kscale-bench {kscale.__version__}"
    if "No module named 'kscale." in text or "'kscale.engine.dask_worker'" in text:
        return f"has another kscale than this one, {kscale.__version__}; {CURE}"
    return f"cannot run kscale ({line_of(error)}); {CURE}"


def line_of(error: BaseException) -> str:
    """Return an error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:LONGEST]}" if text else type(error).__name__
