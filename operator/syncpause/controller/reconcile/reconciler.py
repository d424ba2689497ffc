"""Reconciles one workload at a time: decide, plan, write, and record its state."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime

from syncpause.api import names
from syncpause.controller.context import Context
from syncpause.controller.jobs.running import RunningJobs
from syncpause.controller.metrics import ERRORS, WRITES
from syncpause.controller.reconcile.drift import DriftDetector
from syncpause.controller.reconcile.restore_recovery import lost_values
from syncpause.domain.change.plan import Action, Change, plan
from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.decision.edges import pause_ended
from syncpause.domain.school import School
from syncpause.domain.status.phase import WorkloadState, is_written, phase_of, problem_of
from syncpause.domain.workload import Key, Workload
from syncpause.kube.errors import ApiError, Conflict, Forbidden, Invalid, NotFound, TooManyRequests
from syncpause.kube.workloads import Workloads

log = logging.getLogger(__name__)


class Reconciler:
    """Brings workloads to their desired state, one write each. One that fails never stops the others."""

    def __init__(self, context: Context, api: Workloads, jobs: RunningJobs) -> None:
        self._context = context
        self._api = api
        self._jobs = jobs
        self._drift = DriftDetector(api)
        self._unlabeled: dict[Key, str] = {}
        """UIDs of workloads that are in no cache and must be read; empty for an unknown one."""

    def reconcile_unlabeled(self, key: Key, uid: str = "") -> None:
        """Queue a workload that may have lost its school label: only a read shows that."""
        self._unlabeled[key] = uid
        self._context.queue.add(key)

    def disappeared(self, workload: Workload) -> None:
        """The informer saw that a workload was deleted or lost its school label.

        Only an informer is believed here: a 404 to a write may be a proxy's, and is retried.
        """
        if workload.marked:
            self.reconcile_unlabeled(workload.key, workload.uid)
        else:
            self._forget(workload.uid)

    async def work(self) -> None:
        """Reconcile until the queue is closed. Runs once per worker."""
        while await self._next():
            pass

    async def _next(self) -> bool:
        """Reconcile one workload; False where the queue is closed."""
        limiter, queue = self._context.limiter, self._context.queue
        await limiter.acquire()
        try:
            key = await queue.take()
            if key is None:
                return False
            version = 0
            try:
                version = await self._attempt(key)
            finally:
                queue.done(key, version)
        finally:
            limiter.release()
        return True

    async def _attempt(self, key: Key) -> int:
        """Returns the resource version that it learned; 0 for none."""
        queue = self._context.queue
        try:
            workload = await self._find(key)
            version = await self._reconcile(workload) if workload is not None else 0
            queue.succeeded(key)
            return version
        except Conflict:
            await self._read_again(key)
        except (Forbidden, Invalid) as error:
            self._failed(key, error, refused=error.message)
            queue.retry(key)
        except ApiError as error:
            self._failed(key, error)
            if isinstance(error, TooManyRequests):
                self._context.limiter.throttled()
            delay = queue.retry(key, error.retry_after if isinstance(error, TooManyRequests) else None)
            log.debug("%s: will try again in %.1f s: %s", key, delay, error)
        except Exception:
            log.exception("a defect of the operator; will try again: %s", key)
            queue.retry(key)
        return 0

    def _forget(self, uid: str) -> None:
        """A workload is gone, and what was kept about its pause with it."""
        self._jobs.forget(uid)
        self._drift.forget(uid)

    async def _find(self, key: Key) -> Workload | None:
        workload = self._context.workloads.get(key)
        if workload is None and key in self._unlabeled:
            try:
                workload = await self._api.get(key)
            except NotFound:  # it was deleted, and lost no label
                self._forget(self._unlabeled[key])
        self._unlabeled.pop(key, None)
        return workload

    async def _reconcile(self, workload: Workload) -> int:
        context = self._context
        decision = context.decide(workload)
        change = await self._plan(workload, decision)
        delay = self._drift.delay(workload, change)
        if change and not delay:
            workload = await self._apply(workload, decision, change)
        else:
            context.limiter.return_token()
        recheck = await self._jobs.enforce(workload, decision)
        waits = [wait for wait in (delay, recheck, self._drift.contested_for(workload)) if wait]
        if waits:
            context.queue.later(workload.key, min(waits))
        self._record(workload, decision)
        return workload.resource_version

    async def _plan(self, workload: Workload, decision: Decision) -> Change | None:
        now = self._context.clock()
        lost = await lost_values(self._context, self._api, workload)
        fallback = None
        if lost is not None:
            fallback, source = lost
            sentence = f"{workload.key} had lost what to restore it to; taken from {source}: {fallback}"
            self._context.stale.warn(workload, decision, "RestoreStateLost", sentence)
        return plan(workload, decision, now, ended=self._ended(workload, decision), fallback=fallback)

    def _ended(self, workload: Workload, decision: Decision) -> datetime | None:
        """When the pause ended: at an edge that has passed, unless its policies changed after that edge."""
        if decision.desired_state is DesiredState.PAUSE or not workload.marked:
            return None
        policies = self._context.policies
        ended = pause_ended(policies.policy_set, workload, self._context.clock())
        changed = policies.changed_at([policy.ref for policy in decision.policies], workload.namespace)
        return None if ended and changed and ended < changed else ended

    async def _apply(self, workload: Workload, decision: Decision, change: Change) -> Workload:
        """Write a change, and what must be written before it."""
        cache = self._context.workloads
        if change.action is Action.RESUME:
            missed_runs = decision.missed_runs or workload.annotations.get(names.MISSED_RUNS, "")
            await self._jobs.resume(workload, missed_runs)
        managers = await self._drift.managers(workload, change)
        workload = await self._write(workload, change)
        if workload.school:
            cache.put(workload)
        self._drift.written(workload, change, managers)
        if "suspend" in change.spec and change.action is not Action.RESUME:
            self._jobs.untracked.paused(workload)
        WRITES.labels(change.action).inc()
        log.debug("%s: %s written, for it is %s", workload.key, change.action, decision.reason)
        cache.forget_restore(workload)
        return workload

    async def _write(self, workload: Workload, change: Change) -> Workload:
        began = asyncio.get_running_loop().time()
        workload = await self._api.apply(workload, change)
        requests = 1 if change.last_schedule is None else 2
        self._context.limiter.completed(asyncio.get_running_loop().time() - began, requests)
        return workload

    def _record(self, workload: Workload, decision: Decision, refused: str = "") -> None:
        if not workload.school:
            return
        state = WorkloadState(
            workload.school,
            phase_of(workload, decision, self._jobs.still_running(workload)),
            written=is_written(workload, decision),
            reason=problem_of(decision),
            refused=refused,
            contested=self._drift.contested_by(workload),
        )
        self._context.states.record(workload.key, decision, state)
        self._context.stale.schools.add_school(School.of(workload))

    async def _read_again(self, key: Key) -> None:
        """Someone else wrote a moment ago: read the workload, and plan again."""
        with suppress(ApiError):
            fresh = await self._api.get(key)
            if fresh.school:
                self._context.workloads.put(fresh)
            else:
                self._unlabeled[key] = fresh.uid
        self._context.queue.retry(key)

    def _failed(self, key: Key, error: ApiError, refused: str = "") -> None:
        """Record that the workload is still to be written; ``refused`` is the API server's message.

        A refused write is retried too, because rights can be granted.
        """
        ERRORS.labels(error.status).inc()
        workload = self._context.workloads.get(key)
        if workload is not None:
            self._record(workload, self._context.decide(workload), refused)
