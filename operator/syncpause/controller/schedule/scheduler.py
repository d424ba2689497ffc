"""When to look at what again: the next edge of each school and of each policy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from syncpause.controller.cache.policies import PolicyCache
from syncpause.controller.cache.workloads import School, WorkloadCache
from syncpause.controller.metrics import PLANNING_ERRORS
from syncpause.controller.schedule.clock import Clock
from syncpause.controller.schedule.queue import WorkQueue
from syncpause.controller.schedule.timer import EdgeTimer
from syncpause.domain.decision.edges import next_edge, next_edge_of
from syncpause.domain.decision.policy import PolicyRef

log = logging.getLogger(__name__)

Subject = School | PolicyRef

AT_ONCE = 50
"""Next edges that are worked out before others get their turn: thousands may pass in one instant, and the
first write must not wait until each has its next one."""
RETRY = timedelta(seconds=30)
"""When to work out a next edge again, after an error has prevented it."""


class Scheduler:
    """Queues the workloads of a school when its edge passes, and then works out its next one.

    ``touch`` is told of a policy whose edge has passed, ``on_step_back`` that the clock was set back.
    """

    def __init__(
        self,
        *,
        workload_cache: WorkloadCache,
        policy_cache: PolicyCache,
        queue: WorkQueue,
        clock: Clock,
        touch: Callable[[PolicyRef], None],
        on_step_back: Callable[[], None],
    ) -> None:
        self._workload_cache = workload_cache
        self._policy_cache = policy_cache
        self._queue = queue
        self._clock = clock
        self._touch = touch
        self._timer: EdgeTimer[Subject] = EdgeTimer(clock, self._due, on_step_back)
        self._open: dict[Subject, None] = {}
        self._failed: dict[Subject, str] = {}

    @property
    def problem(self) -> str:
        """A sentence while a next edge cannot be worked out; otherwise empty."""
        subject, error = next(iter(self._failed.items()), (None, ""))
        more = f", and of {len(self._failed) - 1} more" if len(self._failed) > 1 else ""
        return f"the next transition of {subject}{more} cannot be computed: {error}" if subject else ""

    async def run(self) -> None:
        """Keep the appointments, for ever."""
        await self._timer.run()

    def wake(self) -> None:
        """Look at the clock now."""
        self._timer.wake()

    def plan(self, subjects: Iterable[Subject]) -> None:
        """Work out the next edges of these, soon."""
        before = len(self._open)
        self._open.update(dict.fromkeys(subjects))
        if self._open and not before:
            asyncio.get_running_loop().call_soon(self._plan_some)

    def _due(self, due: list[Subject]) -> None:
        """Edges have passed."""
        self._queue.add_bulk(
            self._workload_cache.of(subject for subject in due if isinstance(subject, School))
        )
        for subject in due:
            if isinstance(subject, PolicyRef):
                self._touch(subject)
        self.plan(due)

    def _plan_some(self) -> None:
        for subject in list(self._open)[:AT_ONCE]:
            del self._open[subject]
            self._plan_one(subject)
        if self._open:
            asyncio.get_running_loop().call_soon(self._plan_some)

    def _plan_one(self, subject: Subject) -> None:
        """An error in one subject's edges delays no other's, and its workloads are looked at all the same."""
        try:
            at = self._next_edge(subject)
            self._failed.pop(subject, None)
        except Exception as error:
            PLANNING_ERRORS.inc()
            log.exception("a defect of the operator: the next transition of %s cannot be computed", subject)
            self._failed[subject] = f"{type(error).__name__}: {error}"
            at = self._clock() + RETRY
        self._timer.set(subject, at)

    def _next_edge(self, subject: Subject) -> datetime | None:
        if isinstance(subject, PolicyRef):
            seen = self._policy_cache.seen(subject)
            return next_edge_of(seen.policy, self._clock()) if seen else None
        if not self._workload_cache.has(subject):
            return None
        return next_edge(self._policy_cache.policy_set, subject.namespace, subject.name, self._clock())
