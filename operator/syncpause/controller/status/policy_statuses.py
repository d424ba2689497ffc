"""What the status of a policy says, and writing it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from syncpause.api.names import API_VERSION
from syncpause.api.resources import ClusterSyncPausePolicy, SyncPausePolicy
from syncpause.api.status import DryRunStatus, PolicyStatus, WouldPause
from syncpause.controller.cache.policy_objects import ObservedPolicy
from syncpause.controller.context import Context
from syncpause.controller.status.writer import Outcome
from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.edges import next_edge_of
from syncpause.domain.decision.policy import Policy, PolicyRef
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.sentences import first_few
from syncpause.domain.status.announcements import Announcement, announce
from syncpause.domain.status.policy_status import PolicyWorkloads, policy_status
from syncpause.domain.workload import Kind
from syncpause.kube.errors import NotFound
from syncpause.kube.events import ObjectRef
from syncpause.kube.policies import Policies

log = structlog.get_logger()

PROGRESS = 10
"""Policies whose progress is reported while pauses and resumes still wait."""


class PolicyStatuses:
    """The statuses of policies of both kinds, for a `StatusWriter`."""

    noun = "policies"
    progress = PROGRESS

    def __init__(self, context: Context, api: Policies) -> None:
        self._context = context
        self._api = api

    def is_served(self) -> bool:
        """Always: without the CRDs policies cannot be read, and no status is written."""
        return True

    def in_order(self, subjects: set[PolicyRef]) -> list[PolicyRef]:
        """By namespace and name, cluster policies first."""
        return sorted(subjects)

    def is_busy(self, subject: PolicyRef) -> bool:  # noqa: ARG002
        """Never: the progress of a pause is worth a write."""
        return False

    async def write(self, subject: PolicyRef) -> Outcome | None:
        """Write the status of a policy, if it changed; None for a policy that is gone. Raises ApiError."""
        observed = self._context.policies.get(subject)
        if observed is None:
            return None
        workloads = self._workloads_of(observed.policy)
        status = policy_status(observed.policy, workloads, observed.status, self._context.clock())
        if status != observed.status:
            try:
                await self._patch(observed, status)
            except NotFound:  # deleted a moment ago, as the watch will report
                return None
        announcements = [*announce(observed.status, status, workloads.unknown), *self._warnings(subject)]
        _log(subject, announcements)
        return Outcome(_object_of(observed), status != observed.status, announcements)

    async def _patch(self, observed: ObservedPolicy, status: PolicyStatus) -> None:
        ref = observed.ref
        body = await self._api.patch_status(
            _resource(ref).KIND,
            ref.namespace or None,
            ref.name,
            before=observed.status.to_json(),
            after=status.to_json(),
        )
        self._context.policies.policy_event("MODIFIED", body)

    def _warnings(self, ref: PolicyRef) -> list[Announcement]:
        found = self._context.stale.policies.take_warnings(ref)
        return [Announcement("Warning", reason, first_few(sentences)) for reason, sentences in found.items()]

    def _workloads_of(self, policy: Policy) -> PolicyWorkloads:
        states = self._context.states
        return PolicyWorkloads(
            states=dict(states.of_policy(policy.ref)),
            unchecked=states.unchecked(policy.ref),
            unknown=self._unknown(policy),
            dry_run=self._dry_run(policy) if policy.dry_run else None,
        )

    def _unknown(self, policy: Policy) -> list[str]:
        """Schools and applications that the policy names, and that no workload has as a label."""
        schools = set(policy.schools or ())
        applications: set[str] = set()
        for exemption in policy.exemptions:
            schools |= exemption.schools or frozenset()
            applications |= exemption.applications or frozenset()
        if not schools and not applications:
            return []
        cache = self._context.workloads
        for school in cache.schools_in(policy.ref.namespace):
            schools.discard(school.name)
            if applications:
                applications -= {workload.application for workload in cache.members(school)}
        return [f"school {name}" for name in schools] + [f"application {name}" for name in applications]

    def _dry_run(self, policy: Policy) -> DryRunStatus:
        policy_set = self._context.policies.policy_set.enforcing(policy.ref)
        now = self._context.clock()
        edge = next_edge_of(policy, now)
        return DryRunStatus(
            today=self._would_pause(policy_set, policy, now),
            next_transition=self._would_pause(policy_set, policy, edge) if edge else WouldPause(),
        )

    def _would_pause(self, policy_set: PolicySet, policy: Policy, at: datetime) -> WouldPause:
        """What this policy, and no other, would pause at an instant."""
        found = []
        for workload in self._context.workloads:
            if policy.ref.cluster or workload.namespace == policy.ref.namespace:
                decision = decide(policy_set, workload, at)
                paused = decision.desired_state is DesiredState.PAUSE
                if paused and decision.policy and decision.policy.ref == policy.ref:
                    found.append(workload)
        return WouldPause(
            schools=len({(workload.namespace, workload.school) for workload in found}),
            cron_jobs=sum(workload.kind is Kind.CRON_JOB for workload in found),
            deployments=sum(workload.kind is Kind.DEPLOYMENT for workload in found),
        )


def _log(ref: PolicyRef, announcements: Sequence[Announcement]) -> None:
    where = {} if ref.cluster else {"namespace": ref.namespace}
    for each in announcements:
        write = log.warning if each.type == "Warning" else log.info
        write(each.message, policy=str(ref), reason=each.reason, **where)


def _object_of(observed: ObservedPolicy) -> ObjectRef:
    ref = observed.ref
    return ObjectRef(API_VERSION, _resource(ref).KIND, ref.namespace, ref.name, observed.policy.uid)


def _resource(ref: PolicyRef) -> type[SyncPausePolicy] | type[ClusterSyncPausePolicy]:
    return ClusterSyncPausePolicy if ref.cluster else SyncPausePolicy
