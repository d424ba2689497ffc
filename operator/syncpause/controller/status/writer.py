"""Writes the statuses of one kind: behind pauses and resumes, one write per change."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Protocol

import structlog

from syncpause.controller.context import Context
from syncpause.controller.stale import StaleSet, SubjectT
from syncpause.domain.status.announcements import Announcement
from syncpause.kube.errors import ApiError
from syncpause.kube.events import Events, ObjectRef

log = structlog.get_logger()

WRITERS = 16
"""Statuses written at once while no pause or resume waits."""
RETRY_SECONDS = 5.0
EVENT_SECONDS = 5.0
"""How long Events may wait for statuses that are still to be written: people look at those first."""
PROGRESS_SECONDS, PROGRESS_MOST, PROGRESS_SHARE = 2.0, 60.0, 50
"""Seconds between two rounds while workloads are still written: at least, at most, and else so many times as
long as the last round took. A round reads all that a policy governs, a tenth of a second for 100,000."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one subject: the object, whether it was written, and the Events to publish about it."""

    regarding: ObjectRef
    written: bool
    announcements: Sequence[Announcement] = ()


class StatusKind(Protocol[SubjectT]):
    """What differs between the statuses of policies and of schools."""

    noun: str
    """The kind, in the plural, for log lines."""
    progress: int
    """How many are written while pauses and resumes still wait. More would take requests from those."""

    def is_served(self) -> bool:
        """Whether the API server knows the kind; while it does not, every write would fail."""

    def in_order(self, subjects: set[SubjectT]) -> list[SubjectT]:
        """The subjects in the order of writing."""

    def is_busy(self, subject: SubjectT) -> bool:
        """Whether the status is about to change again, so that a write now is wasted."""

    async def write(self, subject: SubjectT) -> Outcome | None:
        """Write the status, if it changed; None where there is nothing to write. Raises ApiError."""


class StatusWriter(Generic[SubjectT]):
    """Writes the statuses in ``stale``, one round per ``interval`` seconds at most, and publishes Events."""

    def __init__(
        self,
        kind: StatusKind[SubjectT],
        stale: StaleSet[SubjectT],
        context: Context,
        events: Events,
        interval: float,
    ) -> None:
        self._kind = kind
        self._stale = stale
        self._context = context
        self._events = events
        self._interval = interval
        self._unpublished: deque[tuple[ObjectRef, Announcement]] = deque()
        self._unpublished_since = 0.0
        self._error = ""

    async def run(self) -> None:
        """Write whatever becomes stale, for ever."""
        loop, queue = asyncio.get_running_loop(), self._context.queue
        while True:
            await self._stale.wait()
            if not self._kind.progress:
                await queue.idle()
            began = loop.time()
            await self.flush()
            if not self._kind.is_served():
                await asyncio.sleep(RETRY_SECONDS)
                self._stale.wake()  # they stay stale until the CRD is there
                continue
            took = loop.time() - began
            await asyncio.sleep(self._interval - took)
            with suppress(TimeoutError):
                pause = max(PROGRESS_SECONDS, min(PROGRESS_SHARE * took, PROGRESS_MOST))
                await asyncio.wait_for(queue.idle(), pause)

    async def flush(self) -> None:
        """One round: every stale status, then the Events. Nothing while policies cannot be read."""
        if self._context.policies.policy_set.unreadable or not self._kind.is_served():
            return
        subjects = self._kind.in_order(self._stale.take())
        errors: list[str] = []
        await self._write_some(iter(subjects[: self._kind.progress]), errors)
        rest = iter(subjects[self._kind.progress :])
        await asyncio.gather(*(self._write_some(rest, errors, behind=True) for _ in range(WRITERS)))
        waited = asyncio.get_running_loop().time() - self._unpublished_since
        if not self._stale or waited > EVENT_SECONDS:
            await asyncio.gather(*(self._publish_some() for _ in range(WRITERS)))
        self._log(errors)

    async def _write_some(
        self, subjects: Iterator[SubjectT], errors: list[str], *, behind: bool = False
    ) -> None:
        """Write one after the other; where ``behind`` is set, pauses and resumes go first."""
        for subject in subjects:
            if behind:
                await self._context.queue.idle()
            if self._kind.is_busy(subject):
                self._stale.add(subject)
                continue
            await self._context.limiter.token()
            try:
                outcome = await self._kind.write(subject)
            except ApiError as error:
                errors.append(str(error))
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._stale.add, subject)
            except Exception:
                log.exception(f"a defect of the operator: the status of one of the {self._kind.noun}")
            else:
                self._done(outcome)

    def _done(self, outcome: Outcome | None) -> None:
        if outcome is None or not outcome.written:
            self._context.limiter.return_token()
        if outcome is None or not outcome.announcements:
            return
        if not self._unpublished:
            self._unpublished_since = asyncio.get_running_loop().time()
        self._unpublished.extend((outcome.regarding, each) for each in outcome.announcements)

    async def _publish_some(self) -> None:
        while self._unpublished:
            regarding, announcement = self._unpublished.popleft()
            await self._context.limiter.token()
            await self._events.post(
                regarding=regarding,
                type=announcement.type,
                reason=announcement.reason,
                message=announcement.message,
            )

    def _log(self, errors: list[str]) -> None:
        """Log the first error of a round, unless it is that of the round before."""
        error = errors[0] if errors else ""
        if error and error != self._error:
            log.warning(f"statuses of {self._kind.noun} not written; retries", error=error, count=len(errors))
        self._error = error
