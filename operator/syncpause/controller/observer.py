"""What the informers tell: workloads that appeared, changed or went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from syncpause.controller.fleet import School
from syncpause.domain.workload import CronJob, Key, Kind, Workload

if TYPE_CHECKING:
    from syncpause.controller.operator import Operator


class Observer:
    """Keeps the fleet, and queues what a change concerns."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def upsert(self, workload: Workload) -> None:
        """A workload was listed or seen to change."""
        operator = self._operator
        before = operator.fleet.get(workload.key)
        if before is not None and not operator.queue.is_active(workload.key):
            operator.fleet.remember(before, workload)
        school = School(workload.namespace, workload.school)
        is_new = not operator.fleet.has(school)
        if not operator.fleet.put(workload):
            return
        if operator.leading.is_set():
            if is_new or before is None:
                self._school_changed(school)
            if before is None or _substance(before) != _substance(workload):
                operator.queue.add(workload.key)

    def removed(self, key: Key, uid: str) -> None:
        """A workload was deleted, or lost its school label: which of the two, only reading it tells."""
        operator = self._operator
        known = operator.fleet.remove(key, uid)
        if known is None:
            return
        operator.ledger.strike(key)
        if operator.leading.is_set():
            self._school_changed(School(known.namespace, known.school))
            if known.marked:
                operator.reconciler.look_up(key)

    def relisted(self, kind: Kind) -> None:
        """A list is complete."""
        self._operator.relisted(kind)

    def _school_changed(self, school: School) -> None:
        """A school got or lost a workload: its edges, and what policies say of unknown names, may change."""
        self._operator.schedule(school)
        for policy in self._operator.intake.world.over(school.namespace):
            if policy.schools or policy.exemptions or policy.dry_run:
                self._operator.reporter.touch(policy.ref)


def _substance(workload: Workload) -> Workload:
    """The record without what changes at every write and every run."""
    plain = replace(workload, resource_version="")
    return replace(plain, last_schedule=None) if isinstance(plain, CronJob) else plain
