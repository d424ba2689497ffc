"""One workload at a time: resolve, plan, apply, and write down where it stands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from syncpause.api import names
from syncpause.controller.cache.policies import PolicyCache
from syncpause.controller.cache.schools import SchoolCache
from syncpause.controller.cache.workloads import School, WorkloadCache
from syncpause.controller.jobs.running import RunningJobs
from syncpause.controller.metrics import ERRORS, WRITES
from syncpause.controller.reconcile.drift import DriftDetector
from syncpause.controller.reconcile.restore_recovery import lost_values
from syncpause.controller.schedule.clock import Clock
from syncpause.controller.schedule.limiter import WriteLimiter
from syncpause.controller.schedule.queue import WorkQueue
from syncpause.controller.status.workload_states import WorkloadStates
from syncpause.domain.change.plan import Action, Change, plan
from syncpause.domain.decision.decide import Decision, DesiredState, decide
from syncpause.domain.decision.edges import pause_ended
from syncpause.domain.status.phase import WorkloadState, phase_of, written
from syncpause.domain.workload import Key, Workload
from syncpause.kube.errors import ApiError, Conflict, Forbidden, Invalid, NotFound, TooManyRequests
from syncpause.kube.workloads import Workloads

log = logging.getLogger(__name__)

Warn = Callable[[Workload, Decision, str, str], None]
"""Reports a warning (workload concerned, its decision, reason, sentence) on its school and its policies."""


class Reconciler:
    """Brings workloads to their decisions, one write each, and never lets one stop the others."""

    def __init__(
        self,
        *,
        workloads: Workloads,
        workload_cache: WorkloadCache,
        policy_cache: PolicyCache,
        workload_states: WorkloadStates,
        queue: WorkQueue,
        limiter: WriteLimiter,
        jobs: RunningJobs,
        drift: DriftDetector,
        book: SchoolCache,
        clock: Clock,
        warn: Warn,
        on_standing: Callable[[School], None],
    ) -> None:
        self._workloads = workloads
        self._workload_cache = workload_cache
        self._policy_cache = policy_cache
        self._workload_states = workload_states
        self._queue = queue
        self._limiter = limiter
        self._jobs = jobs
        self._drift = drift
        self._clock = clock
        self._school_cache = book
        self._warn = warn
        self._on_standing = on_standing
        self._unlabeled: dict[Key, str] = {}

    def look_up(self, key: Key, uid: str = "") -> None:
        """Reconcile a workload that may have lost its school label: it must be read to know."""
        self._unlabeled[key] = uid
        self._queue.add(key)

    def lost_sight(self, workload: Workload) -> None:
        """A workload was deleted, or lost its school label: a paused one must be read to know which.

        Only an informer's word counts for that: a 404 to a write may be a proxy's, and is tried again.
        """
        if workload.marked:
            self.look_up(workload.key, workload.uid)
        else:
            self._forget(workload.uid)

    async def work(self) -> None:
        """Reconcile until the queue is closed."""
        while await self._next():
            pass

    async def _next(self) -> bool:
        """Reconcile one; False where the queue is closed."""
        await self._limiter.enter()
        try:
            key = await self._queue.take()
            if key is None:
                return False
            version = 0
            try:
                version = await self._attempt(key)
            finally:
                self._queue.done(key, version)
        finally:
            self._limiter.leave()
        return True

    async def _attempt(self, key: Key) -> int:
        """Returns the version that it came to know; 0 for none."""
        try:
            workload = await self._find(key)
            version = await self._reconcile(workload) if workload is not None else 0
            self._queue.succeeded(key)
            return version
        except Conflict:
            await self._read_again(key)
        except (Forbidden, Invalid) as error:
            self._failed(key, error, refused=error.message)
            self._queue.retry(key)
        except ApiError as error:
            self._failed(key, error)
            if isinstance(error, TooManyRequests):
                self._limiter.refused()
            after = error.retry_after if isinstance(error, TooManyRequests) else None
            delay = self._queue.retry(key, after)
            log.debug("%s: will try again in %.1f s: %s", key, delay, error)
        except Exception:
            log.exception("a defect of the operator; will try again: %s", key)
            self._queue.retry(key)
        return 0

    def _forget(self, uid: str) -> None:
        """A workload is gone, and what was noted of its pause with it."""
        self._jobs.forget(uid)
        self._drift.forget(uid)

    async def _find(self, key: Key) -> Workload | None:
        workload = self._workload_cache.get(key)
        if workload is None and key in self._unlabeled:
            try:
                workload = await self._workloads.get(key)
            except NotFound:  # it was deleted, and lost no label
                self._forget(self._unlabeled[key])
        self._unlabeled.pop(key, None)
        return workload

    async def _reconcile(self, workload: Workload) -> int:
        decision = decide(self._policy_cache.policy_set, workload, self._clock())
        change = await self._plan(workload, decision)
        patience = self._drift.patience(workload, change) if change else 0.0
        if change and not patience:
            workload = await self._apply(workload, decision, change)
        else:
            self._limiter.unused()
        again = await self._jobs.settle(workload, decision)
        waits = [wait for wait in (patience, again, self._drift.lasts(workload)) if wait]
        if waits:
            self._queue.later(workload.key, min(waits))
        self._enter(workload, decision)
        return workload.resource_version

    async def _plan(self, workload: Workload, decision: Decision) -> Change | None:
        now = self._clock()
        lost = await lost_values(workload, self._workload_cache, self._school_cache, self._workloads)
        fallback = None
        if lost is not None:
            fallback, source = lost
            sentence = f"{workload.key} had lost what to restore it to; taken from {source}: {fallback}"
            self._warn(workload, decision, "RestoreStateLost", sentence)
        return plan(workload, decision, now, ended=self._ended(workload, decision), fallback=fallback)

    def _ended(self, workload: Workload, decision: Decision) -> datetime | None:
        """When the pause ended: at an edge that has passed, unless its policies changed after that edge."""
        if decision.desired_state is DesiredState.PAUSE or not workload.marked:
            return None
        ended = pause_ended(self._policy_cache.policy_set, workload, self._clock())
        refs = [policy.ref for policy in decision.policies]
        changed = self._policy_cache.changed_at(refs, workload.namespace)
        return None if ended and changed and ended < changed else ended

    async def _apply(self, workload: Workload, decision: Decision, change: Change) -> Workload:
        """Write a change, and what must be written before it."""
        if change.action is Action.RESUME:
            request = decision.missed_runs or workload.annotations.get(names.MISSED_RUNS, "")
            await self._jobs.hand_back(workload, request)
        managers = await self._drift.managers(workload, change)
        workload = await self._write(workload, change)
        if workload.school:
            self._workload_cache.put(workload)
        self._drift.written(workload, change, managers)
        if "suspend" in change.spec and change.action is not Action.RESUME:
            self._jobs.paused(workload)
        WRITES.labels(change.action).inc()
        log.debug("%s: %s written, for it is %s", workload.key, change.action, decision.reason)
        self._workload_cache.forget_restore(workload)
        return workload

    async def _write(self, workload: Workload, change: Change) -> Workload:
        began = asyncio.get_running_loop().time()
        workload = await self._workloads.apply(workload, change)
        requests = 1 if change.last_schedule is None else 2
        self._limiter.answered(asyncio.get_running_loop().time() - began, requests)
        return workload

    def looked_back(self, workload: Workload) -> None:
        """The Jobs of a workload that was paused are known now: they are seen to, or nothing of it runs."""
        if self._jobs.still_running(workload):
            self._queue.add_bulk([workload.key])
        else:
            self._workload_states.quiet(workload.key)
            self._on_standing(School(workload.namespace, workload.school))

    def _enter(self, workload: Workload, decision: Decision, refused: str = "") -> None:
        if not workload.school:
            return
        phase = phase_of(workload, decision, self._jobs.still_running(workload))
        reason = decision.reason if decision.desired_state is DesiredState.HOLD else ""
        workload_state = WorkloadState(
            workload.school,
            phase,
            settled=written(workload, decision),
            reason=reason,
            refused=refused,
            contested=self._drift.between(workload),
        )
        self._workload_states.enter(workload.key, decision, workload_state)
        self._on_standing(School(workload.namespace, workload.school))

    async def _read_again(self, key: Key) -> None:
        """Someone else wrote a moment ago: take what is there now, and plan again."""
        with suppress(ApiError):
            fresh = await self._workloads.get(key)
            if fresh.school:
                self._workload_cache.put(fresh)
            else:
                self._unlabeled[key] = fresh.uid
        self._queue.retry(key)

    def _failed(self, key: Key, error: ApiError, refused: str = "") -> None:
        """Still to be written, which its policies and its school tell; a refusal in the API server's words.

        A refused write is tried again too, for rights can be given.
        """
        ERRORS.labels(error.status).inc()
        workload = self._workload_cache.get(key)
        if workload is not None:
            self._enter(workload, decide(self._policy_cache.policy_set, workload, self._clock()), refused)
