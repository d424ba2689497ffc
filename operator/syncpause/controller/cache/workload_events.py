"""What the informers tell: workloads that appeared, changed or went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from syncpause.controller.cache.workloads import School, WorkloadCache
from syncpause.controller.schedule.queue import WorkQueue
from syncpause.controller.status.workload_states import WorkloadStates
from syncpause.domain.workload import CronJob, Key, Kind, Workload


class WorkloadEventHandler:
    """Keeps the workload cache, and once ``leading`` is set queues what a change concerns.

    ``on_school`` is told of a school that got or lost a workload, ``on_lost`` of one that left the
    informers' sight, ``on_relist`` of a complete list.
    """

    def __init__(
        self,
        *,
        workload_cache: WorkloadCache,
        queue: WorkQueue,
        workload_states: WorkloadStates,
        leading: asyncio.Event,
        on_school: Callable[[School], None],
        on_lost: Callable[[Workload], None],
        on_relist: Callable[[Kind], None],
    ) -> None:
        self._workload_cache = workload_cache
        self._queue = queue
        self._workload_states = workload_states
        self._leading = leading
        self._on_school = on_school
        self._on_lost = on_lost
        self._on_relist = on_relist

    def upsert(self, workload: Workload) -> None:
        """A workload was listed or seen to change."""
        before = self._workload_cache.get(workload.key)
        if before is not None and not self._queue.is_active(workload.key):
            self._workload_cache.remember(before, workload)
        if not self._workload_cache.put(workload, from_informer=True) or not self._leading.is_set():
            return
        for name in {workload.school} ^ ({before.school} if before else set()):
            self._on_school(School(workload.namespace, name))
        if before is None or _substance(before) != _substance(workload):
            self._queue.add_seen(workload.key, workload.resource_version)

    def removed(self, key: Key, uid: str) -> None:
        """A workload was deleted, or lost its school label: which of the two, only reading it tells."""
        known = self._workload_cache.remove(key, uid)
        if known is None:
            return
        self._workload_states.strike(key)
        if self._leading.is_set():
            self._on_school(School(known.namespace, known.school))
            self._on_lost(known)

    def relisted(self, kind: Kind) -> None:
        """A list is complete."""
        self._on_relist(kind)


def _substance(workload: Workload) -> Workload:
    """The record without what changes at every write and every run."""
    plain = replace(workload, resource_version=0)
    return replace(plain, last_schedule=None) if isinstance(plain, CronJob) else plain
