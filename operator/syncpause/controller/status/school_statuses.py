"""What the status of a school says, and writing it as a SchoolSync that the operator creates and deletes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from syncpause.api.names import API_VERSION
from syncpause.api.resources import SchoolSync
from syncpause.api.school import SchoolStatus
from syncpause.controller.context import Context
from syncpause.controller.jobs.running import RunningJobs
from syncpause.controller.status.writer import Outcome
from syncpause.domain.decision.edges import decide_with_care
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.sentences import first_few
from syncpause.domain.status.announcements import Announcement, announce_school
from syncpause.domain.status.phase import is_written, phase_of
from syncpause.domain.status.school_status import Member, school_status
from syncpause.domain.workload import Workload
from syncpause.kube.errors import Conflict, NotFound
from syncpause.kube.events import ObjectRef
from syncpause.kube.schools import SchoolKey, SchoolRecord, SchoolSyncs

log = structlog.get_logger()


class SchoolStatuses:
    """The statuses of schools, for a `StatusWriter`.

    A school with a workload has a SchoolSync. Any other SchoolSync is deleted.
    """

    noun = "SchoolSyncs"
    progress = 0

    def __init__(
        self, context: Context, api: SchoolSyncs, jobs: RunningJobs, is_served: Callable[[], bool]
    ) -> None:
        self._is_served = is_served
        self._context = context
        self._api = api
        self._jobs = jobs
        self._stale = context.stale.schools

    def is_served(self) -> bool:
        """Whether the CRD of SchoolSyncs is installed."""
        return self._is_served()

    def in_order(self, subjects: set[SchoolKey]) -> list[SchoolKey]:
        """Schools whose Jobs are known first: the statuses of the others change again in a moment."""
        return sorted(subjects, key=self._is_pending)

    def is_busy(self, subject: SchoolKey) -> bool:
        """Whether a worker holds a workload of the school: its state is about to be recorded anew."""
        return any(self._context.queue.is_active(workload.key) for workload in self._members(subject))

    async def write(self, subject: SchoolKey) -> Outcome | None:
        """Create, update or delete the SchoolSync of a school. Raises ApiError.

        One that someone else created, wrote or deleted a moment ago is stale again at once.
        """
        record = self._context.schools.get(subject)
        try:
            return await self._write(subject, record)
        except (NotFound, Conflict) as error:
            if isinstance(error, NotFound) and record is None:
                raise  # not even the kind or the namespace is there
            log.debug("someone else wrote a SchoolSync", school=str(subject), error=str(error))
            if isinstance(error, NotFound) and record is not None:
                self._context.schools.drop(record)
            self._stale.add(subject)
            return None

    async def _write(self, key: SchoolKey, record: SchoolRecord | None) -> Outcome | None:
        school = self._stale.school(key)
        if school is None or not self._context.workloads.has(school):
            self._stale.forget(key)
            return await self._delete(record) if record else None
        created = record is None
        if record is None:
            record = await self._api.create(key, school.name)
            self._context.schools.put(record)
        before = SchoolStatus.from_json(record.status())
        policy_set, now = self._context.policies.policy_set, self._context.clock()
        members = [self._member(policy_set, each, now) for each in self._context.workloads.members(school)]
        if not members:  # the last one went while the SchoolSync was created
            self._stale.add(key)
            return None
        after = school_status(policy_set, members, before, record.generation, now)
        if after != before:
            record = await self._api.put_status(record, after.to_json())
            self._context.schools.put(record)
        announcements = [*announce_school(before, after), *self._warnings(key)]
        return Outcome(_object_of(record), created or after != before, announcements)

    async def _delete(self, record: SchoolRecord) -> Outcome:
        await self._api.delete(record)
        self._context.schools.drop(record)
        return Outcome(_object_of(record), written=True)

    def _member(self, policy_set: PolicySet, workload: Workload, now: datetime) -> Member:
        decision = decide_with_care(policy_set, workload, now)
        running = self._jobs.still_running(workload)
        state = self._context.states.get(workload.key)
        return Member(
            workload,
            decision,
            phase_of(workload, decision, running),
            running,
            written=is_written(workload, decision),
            refused=state.refused if state else "",
            contested=state.contested if state else None,
        )

    def _is_pending(self, key: SchoolKey) -> bool:
        return any(map(self._jobs.untracked.is_pending, self._members(key)))

    def _members(self, key: SchoolKey) -> list[Workload]:
        school = self._stale.school(key)
        return self._context.workloads.members(school) if school else []

    def _warnings(self, key: SchoolKey) -> list[Announcement]:
        found = self._stale.take_warnings(key)
        return [Announcement("Warning", reason, first_few(sentences)) for reason, sentences in found.items()]


def _object_of(record: SchoolRecord) -> ObjectRef:
    return ObjectRef(API_VERSION, SchoolSync.KIND, record.key.namespace, record.key.name, record.uid)
