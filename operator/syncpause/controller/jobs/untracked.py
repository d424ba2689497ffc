"""Jobs that a CronJob started in the moment it was paused, and then forgot.

The CronJob controller creates a Job first and writes it to ``status.active`` afterwards, on the version
of the CronJob that it has read. A pause between the two makes that write fail, and the controller never
takes the Job into ``status.active`` any more (it tells "Saw a job that the controller did not create or
forgot"). A sync that falls due at the first midnight of a window is where it happens. So each pause is
looked back on, with one list for all.
Source: k8s.io/kubernetes v1.37, pkg/controller/cronjob/cronjob_controllerv2.go, syncCronJob.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from syncpause.domain.workload import CronJob, Workload
from syncpause.kube.errors import ApiError
from syncpause.kube.jobs import Jobs

log = structlog.get_logger()

SETTLE_SECONDS = 0.5
"""The CronJob controller may act on what it read before the pause while its cache lags: milliseconds."""

LATE_SECONDS = 5.0
"""Its writes are held back by its own client's limit, seconds where thousands of runs fall due at once."""

RETRY_SECONDS = 1.0


class UntrackedJobs:
    """Looks after each pause, soon and once more later, for Jobs that the CronJob's own status does not name.

    ``on_found`` is told the UID of every CronJob that has been looked back on, or of which a Job was found.
    """

    def __init__(self, jobs: Jobs, scope: Sequence[str], on_found: Callable[[set[str]], None]) -> None:
        self._jobs = jobs
        self._scope = scope
        self._on_found = on_found
        self._awaited: dict[str, float] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._changed = asyncio.Event()
        self._looking = asyncio.Lock()
        self._looked_at: float | None = None
        self._late_at: float | None = None

    def paused(self, workload: Workload) -> None:
        """A CronJob has just been paused."""
        if isinstance(workload, CronJob):
            now = asyncio.get_running_loop().time()
            self._awaited[workload.uid] = now
            self._late_at = now + LATE_SECONDS
            self._changed.set()

    def awaited(self, workload: Workload) -> bool:
        """Whether its pause has yet to be looked back on."""
        return workload.uid in self._awaited

    def names(self, workload: Workload) -> frozenset[str]:
        """Its unfinished Jobs, whether its status names them or not."""
        return self._names.get(workload.uid, frozenset())

    def ended(self, uid: str, name: str) -> None:
        """A Job of a CronJob has ended."""
        if uid in self._names:
            self._names[uid] -= {name}

    def forget(self, uid: str) -> None:
        """The CronJob is gone or no longer paused."""
        self._names.pop(uid, None)
        self._awaited.pop(uid, None)

    async def know(self, workload: Workload) -> None:
        """Look now, where the pause that ends has not been looked back on; those that wait share one look.

        Raises ApiError.
        """
        asked = asyncio.get_running_loop().time()
        if self._looked_at is not None and not self.awaited(workload):
            return
        async with self._looking:
            if self._looked_at is None or self._looked_at < asked:
                await self.look()

    async def look(self) -> None:
        """List unfinished Jobs once, and note them. Raises ApiError."""
        began = asyncio.get_running_loop().time()
        found: dict[str, set[str]] = {}
        for namespace in self._scope:
            for job in await self._jobs.unfinished(namespace):
                if job.owner and not job.manual:
                    found.setdefault(job.owner, set()).add(job.name)
        self._looked_at = began
        if self._late_at is not None and self._late_at <= began:
            self._late_at = None
        done = {uid for uid, since in self._awaited.items() if since + SETTLE_SECONDS <= began}
        # A dict that only loses entries never gives their memory back.
        self._awaited = {uid: since for uid, since in self._awaited.items() if uid not in done}
        before, self._names = self._names, {uid: frozenset(names) for uid, names in found.items()}
        new = {uid for uid, names in self._names.items() if names - before.get(uid, frozenset())}
        self._on_found(done | new)

    def _next(self) -> float | None:
        """When to look, by the loop's clock; None without a pause to look back on.

        The newest pause is to settle first; the oldest one does not wait much longer than that.
        """
        if self._awaited:
            newest, oldest = max(self._awaited.values()), min(self._awaited.values())
            return min(newest + SETTLE_SECONDS, oldest + 4 * SETTLE_SECONDS)
        return self._late_at

    async def run(self) -> None:
        """Look back on every pause, for ever; many at once cost one list."""
        while True:
            await self._until_due()
            try:
                await self.look()
            except ApiError as error:
                log.warning("unfinished Jobs cannot be listed; will try again", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _until_due(self) -> None:
        while True:
            at = self._next()
            seconds = None if at is None else at - asyncio.get_running_loop().time()
            if seconds is not None and seconds <= 0:
                return
            if self._awaited and seconds is not None:
                await asyncio.sleep(seconds)  # more pauses can only put it off: nothing to wake up for
                continue
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)
