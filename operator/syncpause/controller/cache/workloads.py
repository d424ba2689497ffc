"""The workloads as last seen, by name and by school."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import force_setattr

from syncpause.domain.change import restore
from syncpause.domain.change.restore import Values
from syncpause.domain.school import School
from syncpause.domain.workload import Key, Kind, Workload


class WorkloadCache:
    """Records of all workloads that carry the school label. Only a newer record replaces another."""

    def __init__(self) -> None:
        self._workloads: dict[Key, Workload] = {}
        self._schools: dict[School, list[Key]] = {}
        self._remembered: dict[str, Values] = {}

    def get(self, key: Key) -> Workload | None:
        """The record, if there is one."""
        return self._workloads.get(key)

    def put(self, workload: Workload, *, from_informer: bool = False) -> bool:
        """Keep a record; returns False where the cache has one that is at least as new.

        Of two records of one version the informer's stays, because the informer keeps it anyway.
        """
        known = self._workloads.get(workload.key)
        if known and known.uid == workload.uid:
            force_setattr(workload, "key", known.key)  # equal ones; two or three of them cost 0.3 KiB
            force_setattr(workload, "uid", known.uid)
            newer = workload.resource_version - known.resource_version
            if newer < 0 or (newer == 0 and not from_informer):
                return False
            if known.school == workload.school:
                self._workloads[known.key] = workload
                return newer > 0
            self._leave_school(known)
        elif known:
            self.remove(known.key, known.uid)
        self._workloads[workload.key] = workload
        self._schools.setdefault(School.of(workload), []).append(workload.key)
        return True

    def remove(self, key: Key, uid: str) -> Workload | None:
        """Forget a workload, unless a new one of that name has replaced it; returns the record, if any."""
        known = self._workloads.get(key)
        if known is None or known.uid != uid:
            return None
        del self._workloads[key]
        self._leave_school(known)
        self._remembered.pop(uid, None)
        return known

    def remember(self, before: Workload, after: Workload) -> None:
        """Keep the restore state of a paused workload from which someone removed it between two records."""
        values = restore.stored(before)
        if before.uid == after.uid and values and len(restore.stored(after)) < len(values) and after.stopped:
            self._remembered[before.uid] = values

    def remembered(self, workload: Workload) -> Values:
        """The restore state that someone removed; empty where nobody did, as far as this process saw."""
        return self._remembered.get(workload.uid, {})

    def forget_restore(self, workload: Workload) -> None:
        """The removed restore state is back on the workload, or no longer needed."""
        self._remembered.pop(workload.uid, None)

    def has(self, school: School) -> bool:
        """Whether the school has a workload."""
        return school in self._schools

    def members(self, school: School) -> list[Workload]:
        """A school's workloads."""
        return [self._workloads[key] for key in self._schools.get(school, ())]

    def schools_in(self, namespace: str) -> list[School]:
        """The schools of one namespace; of all where it is empty."""
        return [school for school in self._schools if not namespace or school.namespace == namespace]

    def keys_of(self, schools: Iterable[School]) -> list[Key]:
        """The workloads of some schools in the order of a transition: ingest first, then syncs."""
        keys = [key for school in schools for key in self._schools.get(school, ())]
        return sorted(keys, key=lambda key: (key.kind is not Kind.DEPLOYMENT, key.namespace, key.name))

    def __iter__(self) -> Iterator[Workload]:
        return iter(self._workloads.values())

    def __len__(self) -> int:
        return len(self._workloads)

    def _leave_school(self, workload: Workload) -> None:
        school = School.of(workload)
        members = self._schools.get(school, [])
        if workload.key in members:
            members.remove(workload.key)
        if not members:
            self._schools.pop(school, None)
