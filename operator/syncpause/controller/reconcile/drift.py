"""Corrections of drift, within a budget per workload, and the field managers that make them necessary."""

from __future__ import annotations

from asyncio import get_running_loop

from syncpause.domain.change.drift import DriftRecord
from syncpause.domain.change.managers import managers_of_spec
from syncpause.domain.change.plan import Action, Change
from syncpause.domain.workload import Workload
from syncpause.kube.workloads import Workloads


class DriftDetector:
    """The `DriftRecord` of each paused workload that was corrected, by UID."""

    def __init__(self, api: Workloads) -> None:
        self._api = api
        self._records: dict[str, DriftRecord] = {}

    def delay(self, workload: Workload, change: Change | None) -> float:
        """Seconds that a change must wait for its budget; 0 for all but corrections of drift."""
        known = self._records.get(workload.uid)
        return known.delay(_now()) if known and change and _corrects(change) else 0.0

    async def managers(self, workload: Workload, change: Change) -> set[str]:
        """Who set the fields that a change is about to correct, read only where that is reported.

        Call this before the change is written: the write takes the fields over. Raises ApiError.
        """
        known = self._records.get(workload.uid)
        if known is None or not known.next_is_contested or not _corrects(change):
            return set()
        by_field = managers_of_spec(await self._api.get_object(workload.key))
        return set().union(*(by_field.get(name, ()) for name in change.spec))

    def written(self, workload: Workload, change: Change, managers: set[str]) -> None:
        """A change was written. A resume ends the record."""
        if change.action is Action.RESUME:
            self.forget(workload.uid)
        elif _corrects(change):
            self._records.setdefault(workload.uid, DriftRecord()).record_correction(_now(), managers)

    def contested_for(self, workload: Workload) -> float:
        """Seconds until that is over if nobody undoes its pause again; 0 if not contested."""
        known = self._records.get(workload.uid)
        return known.contested_for(_now()) if known else 0.0

    def contested_by(self, workload: Workload) -> frozenset[str] | None:
        """The field managers that undo its pause again and again, as far as known; None where none does."""
        return self._records[workload.uid].managers if self.contested_for(workload) else None

    def forget(self, uid: str) -> None:
        """The workload is gone or no longer paused."""
        self._records.pop(uid, None)


def _corrects(change: Change) -> bool:
    return change.action is Action.REPAUSE and bool(change.spec)


def _now() -> float:
    return get_running_loop().time()
