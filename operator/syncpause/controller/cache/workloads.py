"""The workloads as last seen, by name and by school."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from msgspec.structs import force_setattr

from syncpause.domain.change import restore
from syncpause.domain.change.restore import Values
from syncpause.domain.workload import Key, Kind, Workload


@dataclass(frozen=True, slots=True, order=True)
class School:
    """A school: the value of a label within one namespace."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"school {self.namespace}/{self.name}"


class WorkloadCache:
    """Records of all workloads that carry the school label. Newer records replace older ones only."""

    def __init__(self) -> None:
        self._workloads: dict[Key, Workload] = {}
        self._schools: dict[School, list[Key]] = {}
        self._remembered: dict[str, Values] = {}

    def get(self, key: Key) -> Workload | None:
        """The record, if there is one."""
        return self._workloads.get(key)

    def put(self, workload: Workload, *, from_informer: bool = False) -> bool:
        """Keep a record; False if one at least as new is there.

        Of two of the same version the informer's is kept, which keeps it anyway.
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
            self._leave(known)
        elif known:
            self.remove(known.key, known.uid)
        self._workloads[workload.key] = workload
        self._schools.setdefault(School(workload.namespace, workload.school), []).append(workload.key)
        return True

    def remove(self, key: Key, uid: str) -> Workload | None:
        """Forget a workload, unless another of the same name has taken its place; returns what was known."""
        known = self._workloads.get(key)
        if known is None or known.uid != uid:
            return None
        del self._workloads[key]
        self._leave(known)
        self._remembered.pop(uid, None)
        return known

    def remember(self, before: Workload, after: Workload) -> None:
        """Keep the restore state that someone stripped from a paused workload."""
        values = restore.stored(before)
        if before.uid == after.uid and values and len(restore.stored(after)) < len(values) and after.stopped:
            self._remembered[before.uid] = values

    def remembered(self, workload: Workload) -> Values:
        """The restore state that was seen before it was stripped; empty if it was not."""
        return self._remembered.get(workload.uid, {})

    def forget_restore(self, workload: Workload) -> None:
        """The stripped restore state is back on the workload, or no longer needed."""
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

    def of(self, schools: Iterable[School]) -> list[Key]:
        """The workloads of some schools in the order of a transition: ingest first, then syncs."""
        keys = [key for school in schools for key in self._schools.get(school, ())]
        return sorted(keys, key=lambda key: (key.kind is not Kind.DEPLOYMENT, key.namespace, key.name))

    def __iter__(self) -> Iterator[Workload]:
        return iter(self._workloads.values())

    def __len__(self) -> int:
        return len(self._workloads)

    def _leave(self, workload: Workload) -> None:
        school = School(workload.namespace, workload.school)
        members = self._schools.get(school, [])
        if workload.key in members:
            members.remove(workload.key)
        if not members:
            self._schools.pop(school, None)
