"""When to look at what again: the next edge of each school and of each policy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from syncpause.controller.context import Context
from syncpause.controller.metrics import PLANNING_ERRORS
from syncpause.controller.schedule.timer import EdgeTimer
from syncpause.domain.decision.edges import next_edge, next_edge_of
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.school import School

log = logging.getLogger(__name__)

Subject = School | PolicyRef

AT_ONCE = 50
"""Next edges that are computed in one turn of the event loop. Thousands may pass in one instant, and the
first write must not wait until each has its next one."""
RETRY = timedelta(seconds=30)
"""When to compute a next edge again after an error."""


class Scheduler:
    """Queues the workloads of a school when its edge passes, and then computes its next one.

    A policy whose edge has passed is added to ``stale``. ``on_step_back`` is called when the clock was set
    back.
    """

    def __init__(self, context: Context, on_step_back: Callable[[], None]) -> None:
        self._context = context
        self._timer: EdgeTimer[Subject] = EdgeTimer(context.clock, self._passed, on_step_back)
        self._unplanned: dict[Subject, None] = {}
        self._failed: dict[Subject, str] = {}

    @property
    def problem(self) -> str:
        """A sentence while a next edge cannot be computed; otherwise empty."""
        subject, error = next(iter(self._failed.items()), (None, ""))
        more = f", and of {len(self._failed) - 1} more" if len(self._failed) > 1 else ""
        return f"the next transition of {subject}{more} cannot be computed: {error}" if subject else ""

    async def run(self) -> None:
        """Queue workloads at their edges, for ever."""
        await self._timer.run()

    def wake(self) -> None:
        """Read the clock now."""
        self._timer.wake()

    def plan(self, subjects: Iterable[Subject]) -> None:
        """Compute the next edges of these, soon."""
        idle = not self._unplanned
        self._unplanned.update(dict.fromkeys(subjects))
        if self._unplanned and idle:
            asyncio.get_running_loop().call_soon(self._plan_some)

    def _passed(self, subjects: list[Subject]) -> None:
        """The edges of these have passed."""
        schools = (subject for subject in subjects if isinstance(subject, School))
        self._context.queue.add_bulk(self._context.workloads.keys_of(schools))
        for subject in subjects:
            if isinstance(subject, PolicyRef):
                self._context.stale.policies.add(subject)
        self.plan(subjects)

    def _plan_some(self) -> None:
        for subject in list(self._unplanned)[:AT_ONCE]:
            del self._unplanned[subject]
            self._plan_one(subject)
        if self._unplanned:
            asyncio.get_running_loop().call_soon(self._plan_some)

    def _plan_one(self, subject: Subject) -> None:
        """An error in one subject's edges delays no other's, and its own are computed again after `RETRY`."""
        try:
            at = self._next_edge(subject)
            self._failed.pop(subject, None)
        except Exception as error:
            PLANNING_ERRORS.inc()
            log.exception("a defect of the operator: the next transition of %s cannot be computed", subject)
            self._failed[subject] = f"{type(error).__name__}: {error}"
            at = self._context.clock() + RETRY
        self._timer.set(subject, at)

    def _next_edge(self, subject: Subject) -> datetime | None:
        context = self._context
        if isinstance(subject, PolicyRef):
            observed = context.policies.get(subject)
            return next_edge_of(observed.policy, context.clock()) if observed else None
        if not context.workloads.has(subject):
            return None
        return next_edge(context.policies.policy_set, subject.namespace, subject.name, context.clock())
