"""One leader among the replicas: the client library's election, made fit for a bad network."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection

from syncpause.kube.client import Client
from syncpause.kube.lease_lock import LeaseLock

log = logging.getLogger(__name__)

DURATION = 10
RENEW_DEADLINE = 7.0
RETRY_PERIOD = 2.0
"""A standby looks every 2 s and waits 10 s from when it saw the last renewal, so at worst 2 + 10 + 2 = 14 s
pass from a leader's death until another leads. A leader that cannot renew stops after 7 s, before anyone else
may start. client-go's usual 15, 10 and 2 s would need up to 19 s."""


class Lease:
    """A place that one replica holds at a time. All times are in seconds."""

    def __init__(
        self,
        client: Client,
        namespace: str,
        name: str,
        identity: str,
        *,
        duration: int = DURATION,
        renew_deadline: float = RENEW_DEADLINE,
        retry_period: float = RETRY_PERIOD,
    ) -> None:
        within = min(retry_period, renew_deadline / 3)
        self._lock = LeaseLock(client, name, namespace, identity, within)
        self._election = _Election(
            Config(self._lock, duration, renew_deadline, retry_period, _nothing, _nothing)
        )
        self._client = client
        self._holding: asyncio.Task[Any] | None = None
        self._released = False

    async def run(self, on_lead: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lead, then run ``on_lead``; returns when the lead is lost or released.

        ``on_lead`` is cancelled then. What it raises ends the run and is raised here; if it merely returns,
        the lead is kept.
        """
        self._holding = asyncio.create_task(self._election.acquire())
        if not await self._ended(self._holding) or self._released:
            return
        log.info("%s leads now", self._lock.identity)
        self._election.renewed = asyncio.get_running_loop().time()
        self._client.may_write = self.held
        lead = asyncio.create_task(_run(on_lead))
        self._holding = asyncio.create_task(self._election.renew_loop())
        try:
            await asyncio.wait([lead, self._holding], return_when=asyncio.FIRST_COMPLETED)
            if lead.done():
                await lead
            await self._ended(self._holding)
            log.info("%s leads no more", self._lock.identity)
        finally:
            for task in (lead, self._holding):
                task.cancel()
            await asyncio.gather(lead, self._holding, return_exceptions=True)

    def held(self) -> bool:
        """Whether it was renewed so lately that nobody else can have it.

        A process that was frozen may go on with its work before it sees that its lease has run out. The
        loop's clock has gone on meanwhile: CLOCK_MONOTONIC counts while a process is stopped.
        """
        age = asyncio.get_running_loop().time() - self._election.renewed
        return age < self._election.election_config.renew_deadline

    async def release(self) -> None:
        """Give the lead up, so that a standby takes over at its next look. Stop the work first."""
        self._released = True
        if self._holding is not None:
            self._holding.cancel()
            await asyncio.gather(self._holding, return_exceptions=True)
        if await self._lock.release():
            log.info("%s has given the lead up", self._lock.identity)

    async def _ended(self, task: asyncio.Task[Any]) -> bool:
        """Wait for a task of the election; False if a release has cancelled it."""
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.cancelled():
            return False
        task.result()
        return True


class _Election(LeaderElection):
    """The library's rules for who may take the Lease, with a stricter end of holding it.

    ``renewed`` is when the last renewal began, by the loop's clock.
    """

    renewed = 0.0

    async def renew_loop(self) -> None:
        """Renew until that has failed for as long as the deadline, or another holds the Lease.

        The library counts by the wall clock, which can be set back, and from the start of a round, which may
        be a retry period and two slow requests after the last renewal: the lease would have run out by then.
        """
        config = self.election_config
        loop = asyncio.get_running_loop()
        self.renewed = loop.time()
        while True:
            await asyncio.sleep(config.retry_period)
            try:
                async with asyncio.timeout_at(self.renewed + config.renew_deadline):
                    self.renewed = await self._renewed()
            except TimeoutError:
                return
            if self._lost():
                return

    async def _renewed(self) -> float:
        """When the try that succeeded began, which is before the server's write; or that it is lost."""
        while True:
            began = asyncio.get_running_loop().time()
            if await self.try_acquire_or_renew() or self._lost():
                return began
            await asyncio.sleep(self.election_config.retry_period)

    def _lost(self) -> bool:
        holder = self.observed_record.holder_identity if self.observed_record else None
        return holder != self.election_config.lock.identity


async def _run(on_lead: Callable[[], Awaitable[None]]) -> None:
    await on_lead()


async def _nothing() -> None:
    """The library's callbacks; ``Lease.run`` does their work, for theirs outlive a cancellation."""
