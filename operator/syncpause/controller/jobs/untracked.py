"""Jobs that a CronJob started at the moment of its pause, and that its own status does not name.

The CronJob controller creates a Job first and writes it to ``status.active`` afterwards, on the version
of the CronJob that it has read. A pause between the two makes that write fail, and the controller never
adds the Job to ``status.active`` any more (it reports "Saw a job that the controller did not create or
forgot"). A sync that falls due at the first midnight of a window is where it happens. So the operator lists
unfinished Jobs after each pause, once for all that were paused meanwhile.
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
    """Lists unfinished Jobs soon after each pause, and once more later.

    ``scope`` names the namespaces to list, one empty name for all. ``on_checked`` is called with the UIDs of
    the CronJobs whose Jobs are known now, or of which a new one was found.
    """

    def __init__(self, api: Jobs, scope: Sequence[str], on_checked: Callable[[set[str]], None]) -> None:
        self._api = api
        self._scope = scope
        self._on_checked = on_checked
        self._pending: dict[str, float] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._changed = asyncio.Event()
        self._checking = asyncio.Lock()
        self._checked_at: float | None = None
        self._late_at: float | None = None

    def paused(self, workload: Workload) -> None:
        """A CronJob was just paused."""
        if isinstance(workload, CronJob):
            now = asyncio.get_running_loop().time()
            self._pending[workload.uid] = now
            self._late_at = now + LATE_SECONDS
            self._changed.set()

    def is_pending(self, workload: Workload) -> bool:
        """Whether the Jobs of a workload have not been listed since its pause."""
        return workload.uid in self._pending

    def names(self, workload: Workload) -> frozenset[str]:
        """The unfinished Jobs of a CronJob as last listed, whether its status names them or not."""
        return self._names.get(workload.uid, frozenset())

    def ended(self, uid: str, name: str) -> None:
        """A Job of a CronJob has ended."""
        if uid in self._names:
            self._names[uid] -= {name}

    def forget(self, uid: str) -> None:
        """The CronJob is gone or no longer paused."""
        self._names.pop(uid, None)
        self._pending.pop(uid, None)

    async def ensure_checked(self, workload: Workload) -> None:
        """List now, unless that has happened since the pause of this workload. Concurrent calls share a list.

        Raises ApiError.
        """
        asked = asyncio.get_running_loop().time()
        if self._checked_at is not None and not self.is_pending(workload):
            return
        async with self._checking:
            if self._checked_at is None or self._checked_at < asked:
                await self.check()

    async def check(self) -> None:
        """List unfinished Jobs once. Raises ApiError."""
        began = asyncio.get_running_loop().time()
        found: dict[str, set[str]] = {}
        for namespace in self._scope:
            for job in await self._api.unfinished(namespace):
                if job.owner and not job.manual:
                    found.setdefault(job.owner, set()).add(job.name)
        self._checked_at = began
        if self._late_at is not None and self._late_at <= began:
            self._late_at = None
        done = {uid for uid, since in self._pending.items() if since + SETTLE_SECONDS <= began}
        # A dict that only loses entries never frees their memory.
        self._pending = {uid: since for uid, since in self._pending.items() if uid not in done}
        before, self._names = self._names, {uid: frozenset(names) for uid, names in found.items()}
        new = {uid for uid, names in self._names.items() if names - before.get(uid, frozenset())}
        self._on_checked(done | new)

    async def run(self) -> None:
        """List after every pause, for ever."""
        while True:
            await self._until_due()
            try:
                await self.check()
            except ApiError as error:
                log.warning("unfinished Jobs cannot be listed; will try again", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    def _next(self) -> float | None:
        """When to list, by the loop's clock; None where no pause asks for it.

        The newest pause must settle first. The oldest one waits four times that at most.
        """
        if self._pending:
            newest, oldest = max(self._pending.values()), min(self._pending.values())
            return min(newest + SETTLE_SECONDS, oldest + 4 * SETTLE_SECONDS)
        return self._late_at

    async def _until_due(self) -> None:
        while True:
            at = self._next()
            seconds = None if at is None else at - asyncio.get_running_loop().time()
            if seconds is not None and seconds <= 0:
                return
            if self._pending and seconds is not None:
                await asyncio.sleep(seconds)  # more pauses can only delay it: no reason to wake up
                continue
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)
