"""One leader among the replicas: the client library's election, with stricter rules for a bad network."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord

from syncpause.kube.client import Client
from syncpause.kube.lease_lock import LeaseLock

log = logging.getLogger(__name__)

DURATION = 10
RENEW_DEADLINE = 7.0
RETRY_PERIOD = 2.0
"""Seconds. A standby looks every 2 s and waits for 10 s after the last renewal that it saw, so at most
2 + 10 + 2 = 14 s pass from a leader's death until another replica leads. A leader that cannot renew stops
after 7 s, before another may start. client-go's defaults of 15, 10 and 2 s would need up to 19 s."""


class Lease:
    """The Lease that at most one replica holds at a time. All times are in seconds."""

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
        """Contend for the Lease, then run ``on_lead``; returns when the Lease is lost or released.

        ``on_lead`` is cancelled then. An error that it raises ends the run and is raised here; if it returns,
        the Lease is kept.
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
            log.info("%s no longer leads", self._lock.identity)
        finally:
            for task in (lead, self._holding):
                task.cancel()
            await asyncio.gather(lead, self._holding, return_exceptions=True)

    def held(self) -> bool:
        """Whether the last renewal is so recent that no other replica can hold the Lease.

        A process that was stopped may continue its work before it notices that its Lease has expired. The
        loop's clock shows it: CLOCK_MONOTONIC counts while a process is stopped.
        """
        age = asyncio.get_running_loop().time() - self._election.renewed
        return age < self._election.election_config.renew_deadline

    @property
    def problem(self) -> str:
        """Why this replica could not lead even if the Lease were free, with the fix; empty where it could."""
        return self._lock.problem

    @property
    def may_contend(self) -> Callable[[], bool]:
        """Returns whether this replica is fit to lead; where it is not, every other replica goes first."""
        return self._election.may_contend

    @may_contend.setter
    def may_contend(self, fit: Callable[[], bool]) -> None:
        self._election.may_contend = fit

    async def step_down(self) -> None:
        """Give the Lease back and stay a candidate. Stop the work first; ``run`` contends again."""
        self._election.forget()
        if await self._lock.release():
            log.info("%s has given the Lease back and stays a candidate", self._lock.identity)

    async def release(self) -> None:
        """Give the Lease back for good; a standby takes over at its next look. Stop the work first."""
        self._released = True
        if self._holding is not None:
            self._holding.cancel()
            await asyncio.gather(self._holding, return_exceptions=True)
        if await self._lock.release():
            log.info("%s has given the Lease back", self._lock.identity)

    async def _ended(self, task: asyncio.Task[Any]) -> bool:
        """Wait for a task of the election; returns False where a release has cancelled it."""
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
    """The library's rules for who may take the Lease, with a stricter rule for when it is lost.

    ``renewed`` is when the last renewal began, by the loop's clock. ``may_contend`` returns whether this
    replica is fit to lead.
    """

    renewed = float("-inf")

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.may_contend: Callable[[], bool] = lambda: True
        self._last_seen: object = None
        self._unchanged_since = 0.0

    def forget(self) -> None:
        """The Lease is given back: from this moment on it is not held."""
        self.renewed = float("-inf")
        self.observed_record = None

    async def acquire(self) -> bool:
        """Contend until the Lease is held. A replica that is not fit waits until no other one takes it."""
        while True:
            if (self.may_contend() or await self._unwanted()) and await self.try_acquire_or_renew():
                return True
            await asyncio.sleep(self.election_config.retry_period)

    async def _unwanted(self) -> bool:
        """Whether the Lease has not changed for longer than a fit candidate leaves a free one unclaimed."""
        config = self.election_config
        _, record = await config.lock.get(config.lock.name, config.lock.namespace)
        found = vars(record) if isinstance(record, LeaderElectionRecord) else None
        now = asyncio.get_running_loop().time()
        if self._unchanged_since == 0.0 or found != self._last_seen:
            self._last_seen, self._unchanged_since = found, now
        return now - self._unchanged_since > config.lease_duration + 2 * config.retry_period

    async def renew_loop(self) -> None:
        """Renew until renewals have failed for the deadline, or until another replica holds the Lease.

        The library counts by the wall clock, which can be set back. It counts from the start of an attempt,
        which may be a retry period and two slow requests after the last renewal, when the Lease has expired.
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
        """Retry until a renewal succeeds or the Lease is lost; returns when that attempt began, which is
        before the API server's write."""
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
    """The library's callbacks do nothing: what they start outlives a cancellation of ``Lease.run``."""
