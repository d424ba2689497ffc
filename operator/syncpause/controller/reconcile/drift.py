"""Corrections of drift, within a budget per workload, and who makes them necessary."""

from __future__ import annotations

from asyncio import get_running_loop

from syncpause.domain.change.drift import DriftRecord
from syncpause.domain.change.managers import managers_of_spec
from syncpause.domain.change.plan import Action, Change
from syncpause.domain.workload import Workload
from syncpause.kube.workloads import Workloads


class DriftDetector:
    """The contest of each workload, by UID, while it is paused."""

    def __init__(self, workloads: Workloads) -> None:
        self._workloads = workloads
        self._drift: dict[str, DriftRecord] = {}

    def patience(self, workload: Workload, change: Change) -> float:
        """Seconds that a change must wait; only corrections of drift ever do."""
        known = self._drift.get(workload.uid)
        return known.patience(_now()) if known and _corrects(change) else 0.0

    async def managers(self, workload: Workload, change: Change) -> set[str]:
        """Who set the fields that a change is about to correct, asked once it matters. Raises ApiError.

        To be asked before the change is written, for the write takes the fields over.
        """
        known = self._drift.get(workload.uid)
        if known is None or not known.repeated or not _corrects(change):
            return set()
        by_field = managers_of_spec(await self._workloads.get_object(workload.key))
        return set().union(*(by_field.get(name, ()) for name in change.spec))

    def written(self, workload: Workload, change: Change, managers: set[str]) -> None:
        """A change was written; a resume ends every contest."""
        if change.action is Action.RESUME:
            self.forget(workload.uid)
        elif _corrects(change):
            self._drift.setdefault(workload.uid, DriftRecord()).corrected(_now(), managers)

    def lasts(self, workload: Workload) -> float:
        """Seconds until its contest is over if nothing is undone any more; 0 where there is none."""
        known = self._drift.get(workload.uid)
        return known.lasts(_now()) if known else 0.0

    def between(self, workload: Workload) -> frozenset[str] | None:
        """Who undoes its pause again and again, as far as that is recorded; None while nobody does."""
        return self._drift[workload.uid].managers if self.lasts(workload) else None

    def forget(self, uid: str) -> None:
        """The workload is gone or no longer paused."""
        self._drift.pop(uid, None)


def _corrects(change: Change) -> bool:
    return change.action is Action.REPAUSE and bool(change.spec)


def _now() -> float:
    return get_running_loop().time()
