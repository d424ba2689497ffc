"""Handles what the informers of workloads bring: workloads that appeared, changed or went."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from syncpause.controller.context import Context
from syncpause.controller.reconcile.reconciler import Reconciler
from syncpause.controller.reconcile.unlabeled import UnlabeledWorkloads
from syncpause.controller.schedule.scheduler import Scheduler
from syncpause.domain.school import School
from syncpause.domain.workload import CronJob, Key, Kind, Workload


class WorkloadEventHandler:
    """Keeps the workload cache, and queues what changed once ``leading`` is set."""

    def __init__(
        self,
        context: Context,
        leading: asyncio.Event,
        scheduler: Scheduler,
        reconciler: Reconciler,
        unlabeled: UnlabeledWorkloads,
    ) -> None:
        self._context = context
        self._leading = leading
        self._scheduler = scheduler
        self._reconciler = reconciler
        self._unlabeled = unlabeled

    def upsert(self, workload: Workload) -> None:
        """An informer listed a workload or saw it change."""
        cache, queue = self._context.workloads, self._context.queue
        before = cache.get(workload.key)
        if before is not None and not queue.is_active(workload.key):
            cache.remember(before, workload)
        if not cache.put(workload, from_informer=True) or not self._leading.is_set():
            return
        for name in {workload.school} ^ ({before.school} if before else set()):
            self._school_changed(School(workload.namespace, name))
        if before is None or _substance(before) != _substance(workload):
            queue.add_seen(workload.key, workload.resource_version)

    def removed(self, key: Key, uid: str) -> None:
        """A workload was deleted or lost its school label: only a read shows which."""
        known = self._context.workloads.remove(key, uid)
        if known is None:
            return
        self._context.states.forget(key)
        if self._leading.is_set():
            self._school_changed(School.of(known))
            self._reconciler.disappeared(known)

    def relisted(self, kind: Kind) -> None:
        """A list is complete."""
        self._unlabeled.relisted(kind)

    def _school_changed(self, school: School) -> None:
        """A school got or lost a workload: its edges may change, and the names that policies do not know."""
        self._scheduler.plan([school])
        stale = self._context.stale
        stale.schools.add_school(school)
        for policy in self._context.policies.policy_set.for_namespace(school.namespace):
            if policy.schools or policy.exemptions or policy.dry_run:
                stale.policies.add(policy.ref)


def _substance(workload: Workload) -> Workload:
    """The record without what changes at every write and every run."""
    plain = replace(workload, resource_version=0)
    return replace(plain, last_schedule=None) if isinstance(plain, CronJob) else plain
