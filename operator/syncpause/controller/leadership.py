"""Leads while it holds the Lease and sees the cluster; a blind leader lets another replica take over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from syncpause.controller.visibility import Blind, Visibility
from syncpause.kube.lease import Lease

log = structlog.get_logger()

BRIEF_SECONDS = 10.0
"""A candidate that has been blind for less contends like any other, for at its start every replica is."""
LONGEST_PATIENCE = 900.0
"""The most seconds that a leader may be blind, however often it was before."""


class LeadLost(Exception):
    """The Lease is lost: the process must end, because another replica may write."""


class Leadership:
    """Runs the work while this replica leads. ``patience`` is how many seconds a leader may be blind.

    A blind leader gives the Lease back. Where no other replica takes it, this one leads again, because the
    policies that it last read still pause at their edges; the next time it is patient for twice as long.
    Without a Lease the replica always leads.
    """

    def __init__(self, lease: Lease | None, visibility: Visibility, patience: float) -> None:
        self._lease = lease
        self._visibility = visibility
        self._patience = patience
        if lease is not None:
            lease.may_contend = lambda: visibility.blind_for < BRIEF_SECONDS

    @property
    def problem(self) -> str:
        """Why this replica can never lead, as a sentence with the fix; empty for a leader or a standby."""
        return self._lease.problem if self._lease is not None else ""

    async def run(self, work: Callable[[], Awaitable[None]], on_step_down: Callable[[], None]) -> None:
        """Contend, lead and work for ever. Raises LeadLost where another replica may lead by now.

        ``on_step_down`` is called after the work has been cancelled and before the Lease is given back.
        """
        if self._lease is None:
            await work()
            return
        patience = self._patience
        while True:
            try:
                await self._lease.run(partial(self._lead, work, patience))
                raise LeadLost("the Lease could not be renewed in time, so another replica may lead now")
            except Blind as error:
                log.warning("the Lease is given back, because this replica is blind", error=str(error))
                on_step_down()
                await self._lease.step_down()
                patience = min(2 * patience, LONGEST_PATIENCE)
            if not self._visibility.blind_for:
                patience = self._patience

    async def _lead(self, work: Callable[[], Awaitable[None]], patience: float) -> None:
        await run_together(work(), self._visibility.wait_until_blind(patience))

    async def release(self) -> None:
        """Give the Lease back for good, if it is held. Stop the work first."""
        if self._lease is not None:
            await self._lease.release()


async def run_together(*work: Awaitable[None]) -> None:
    """Run all until the first one fails; the others are cancelled and have ended when its error is raised."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
