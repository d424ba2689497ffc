"""Leads while it holds the Lease and sees the cluster; a blind leader lets a replica that sees take over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from syncpause.controller.sight import Blind, Sight
from syncpause.kube.lease import Lease

log = structlog.get_logger()

BRIEF_SECONDS = 10.0
"""A candidate that has been blind for less contends like any other: at its start each one is."""
LONGEST_PATIENCE = 900.0


class LeadLost(Exception):
    """The Lease is lost; the process must end, for another replica may be writing."""


class Leadership:
    """Runs the work while this replica leads. ``patience`` is the seconds that a leader may be blind.

    Where no other replica takes the Lease, this one leads again, for what it last knew still pauses at its
    edges; it then waits twice as long before the next attempt.
    """

    def __init__(self, lease: Lease | None, sight: Sight, patience: float) -> None:
        self._lease = lease
        self._sight = sight
        self._patience = patience
        if lease is not None:
            lease.may_contend = lambda: sight.blind_for < BRIEF_SECONDS

    async def run(self, work: Callable[[], Awaitable[None]], on_step_down: Callable[[], None]) -> None:
        """Lead and work, for ever. Raises LeadLost where another replica may lead by now."""
        if self._lease is None:
            await work()
            return
        patience = self._patience
        while True:
            try:
                await self._lease.run(lambda: run_together(work(), self._sight.lose(patience)))  # noqa: B023
                raise LeadLost("another replica may lead now: the lease could not be renewed in time")
            except Blind as error:
                log.warning("the lease is given back: a leader must see the cluster", error=str(error))
                on_step_down()
                await self._lease.step_down()
                patience = min(2 * patience, LONGEST_PATIENCE)
            if not self._sight.blind_for:
                patience = self._patience

    async def release(self) -> None:
        """Give the Lease up for good, if it is held. Stop the work first."""
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
