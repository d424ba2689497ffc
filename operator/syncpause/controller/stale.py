"""Policies and schools whose status may have to be written again, and warnings about them.

Whoever learns something adds here. The status writers take from here.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from syncpause.domain.decision.decide import Decision
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.school import School, object_name
from syncpause.domain.workload import Workload
from syncpause.kube.schools import SchoolKey

log = structlog.get_logger()

SubjectT = TypeVar("SubjectT", bound=Hashable)


class StaleSet(Generic[SubjectT]):
    """Subjects whose status may be out of date, each at most once, with warnings by reason."""

    def __init__(self) -> None:
        self._subjects: set[SubjectT] = set()
        self._warnings: dict[SubjectT, dict[str, list[str]]] = {}
        self._changed = asyncio.Event()

    def add(self, subject: SubjectT) -> None:
        """The status of a subject may be out of date."""
        self._subjects.add(subject)
        self._changed.set()

    def warn(self, subject: SubjectT, reason: str, sentence: str) -> None:
        """The readers of a subject's Events should know this; sentences of one reason share an Event."""
        self._warnings.setdefault(subject, defaultdict(list))[reason].append(sentence)
        self.add(subject)

    async def wait(self) -> None:
        """Wait until something was added since the last `wait`."""
        await self._changed.wait()
        self._changed.clear()

    def wake(self) -> None:
        """Let `wait` return once more, for subjects that were not taken out."""
        self._changed.set()

    def take(self) -> set[SubjectT]:
        """Take all subjects out."""
        subjects, self._subjects = self._subjects, set()
        return subjects

    def take_warnings(self, subject: SubjectT) -> dict[str, list[str]]:
        """Take a subject's warnings out, by reason."""
        return self._warnings.pop(subject, {})

    def __len__(self) -> int:
        return len(self._subjects)


class StalePolicies(StaleSet[PolicyRef]):
    """The same for policies.

    An operator that is not ``cluster_wide`` sees only a part of what a cluster policy governs, so it ignores
    those: the operator that sees all of it reports them.
    """

    def __init__(self, *, cluster_wide: bool = True) -> None:
        super().__init__()
        self._cluster_wide = cluster_wide

    def add(self, subject: PolicyRef) -> None:
        if self._reports(subject):
            super().add(subject)

    def warn(self, subject: PolicyRef, reason: str, sentence: str) -> None:
        if self._reports(subject):
            super().warn(subject, reason, sentence)

    def _reports(self, ref: PolicyRef) -> bool:
        return self._cluster_wide or not ref.cluster


class StaleSchools(StaleSet[SchoolKey]):
    """The same for SchoolSyncs, by the key of the object: that of a school that is gone is stale too."""

    def __init__(self) -> None:
        super().__init__()
        self._schools: dict[SchoolKey, School] = {}

    def add_school(self, school: School) -> None:
        """The status of a school may be out of date."""
        key = key_of(school)
        self._schools[key] = school
        self.add(key)

    def school(self, key: SchoolKey) -> School | None:
        """The school whose SchoolSync has that key; None for one that was never added."""
        return self._schools.get(key)

    def forget(self, key: SchoolKey) -> None:
        """The school is gone."""
        self._schools.pop(key, None)
        self.take_warnings(key)


def key_of(school: School) -> SchoolKey:
    """The key of a school's SchoolSync."""
    return SchoolKey(school.namespace, object_name(school.name))


@dataclass(frozen=True, slots=True)
class StaleStatuses:
    """Both kinds."""

    policies: StalePolicies
    schools: StaleSchools

    def warn(self, workload: Workload, decision: Decision, reason: str, sentence: str) -> None:
        """Warn about a workload, in Events of the policies that decide about it and of its school."""
        if not decision.policies:
            log.warning(sentence, reason=reason)
        for policy in decision.policies:
            self.policies.warn(policy.ref, reason, sentence)
        if workload.school:
            school = School.of(workload)
            self.schools.warn(key_of(school), reason, sentence)
            self.schools.add_school(school)
