"""Status, events and the log: behind the work, one coalesced write per policy, none when nothing changed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import structlog

from syncpause.api.names import API_VERSION
from syncpause.api.resources import ClusterSyncPausePolicy, SyncPausePolicy
from syncpause.api.status import DryRunStatus, PolicyStatus, WouldPause
from syncpause.controller.cache.policies import PolicyCache
from syncpause.controller.cache.policy_objects import ObservedPolicy
from syncpause.controller.cache.workloads import WorkloadCache
from syncpause.controller.metrics import READABLE, WORKLOADS
from syncpause.controller.schedule.clock import Clock
from syncpause.controller.schedule.limiter import WriteLimiter
from syncpause.controller.schedule.queue import WorkQueue
from syncpause.controller.status.workload_states import WorkloadStates
from syncpause.domain.decision.decide import Decision, DesiredState, decide
from syncpause.domain.decision.edges import next_edge_of
from syncpause.domain.decision.policy import Policy, PolicyRef
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.status.announcements import Announcement, announce
from syncpause.domain.status.counts import first_few
from syncpause.domain.status.policy_status import PolicyWorkloads, status_of
from syncpause.domain.workload import Kind
from syncpause.kube.errors import ApiError, NotFound
from syncpause.kube.events import Events, ObjectRef
from syncpause.kube.policies import Policies

log = structlog.get_logger()

PROGRESS_SECONDS, PROGRESS_MOST, PROGRESS_SHARE = 2.0, 60.0, 50
"""Between two rounds while workloads are still written: so long at least and at most, and else so many times
as long as the last one took. Each looks at all that a policy governs, a tenth of a second for 100,000."""
PROGRESS = 10
"""Policies whose progress is told while workloads are still written: more would take requests from these."""
WRITERS = 8
"""Policies written at once when nothing else is to be written."""


class Reporter:
    """Writes the status of policies that were touched, at most one round per interval (seconds).

    One that is not ``cluster_wide`` sees a part of what a cluster policy governs, and says nothing of those:
    that is for whoever sees all.
    """

    def __init__(
        self,
        *,
        policies: Policies,
        events: Events,
        workload_cache: WorkloadCache,
        policy_cache: PolicyCache,
        workload_states: WorkloadStates,
        queue: WorkQueue,
        limiter: WriteLimiter,
        clock: Clock,
        interval: float,
        cluster_wide: bool,
    ) -> None:
        self._policies = policies
        self._events = events
        self._workload_cache = workload_cache
        self._policy_cache = policy_cache
        self._workload_states = workload_states
        self._queue = queue
        self._limiter = limiter
        self._clock = clock
        self._interval = interval
        self._cluster_wide = cluster_wide
        self._touched: set[PolicyRef] = set()
        self._warnings: dict[tuple[PolicyRef, str], list[str]] = defaultdict(list)
        self._changed = asyncio.Event()

    def touch(self, ref: PolicyRef) -> None:
        """The status of a policy may have to be written."""
        if self._tells(ref):
            self._touched.add(ref)
            self._changed.set()

    def warn(self, decision: Decision, reason: str, sentence: str) -> None:
        """Something about a workload that its policies' readers should know: told once per policy."""
        if not decision.policies:
            log.warning(sentence, reason=reason)
        for policy in filter(lambda policy: self._tells(policy.ref), decision.policies):
            self._warnings[policy.ref, reason].append(sentence)
            self.touch(policy.ref)

    async def run(self) -> None:
        """Report for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            began = asyncio.get_running_loop().time()
            await self.flush()
            took = asyncio.get_running_loop().time() - began
            await asyncio.sleep(self._interval - took)
            with suppress(TimeoutError):
                pause = max(PROGRESS_SECONDS, min(PROGRESS_SHARE * took, PROGRESS_MOST))
                await asyncio.wait_for(self._queue.idle(), pause)

    async def flush(self) -> None:
        """One round: every policy that was touched. Nothing while policies cannot be read."""
        READABLE.set(0 if self._policy_cache.policy_set.unreadable else 1)
        for phase, number in self._workload_states.phases().items():
            WORKLOADS.labels(phase).set(number)
        if self._policy_cache.policy_set.unreadable:
            return
        touched, self._touched = sorted(self._touched), set()
        await self._report_some(iter(touched[:PROGRESS]))
        refs = iter(touched[PROGRESS:])
        await asyncio.gather(*(self._report_some(refs, behind=True) for _ in range(WRITERS)))

    async def _report_some(self, refs: Iterator[PolicyRef], *, behind: bool = False) -> None:
        """Report one after the other; where ``behind`` is set, pauses and resumes go first."""
        for ref in refs:
            if behind:
                await self._queue.idle()
            await self._limiter.token()
            try:
                await self._report(ref)
            except NotFound:
                continue
            except ApiError as error:
                log.warning("status not written; will try again", policy=str(ref), error=str(error))
                self.touch(ref)
            except Exception:
                log.exception("a defect of the operator: the status of a policy", policy=str(ref))

    def _tells(self, ref: PolicyRef) -> bool:
        return self._cluster_wide or not ref.cluster

    async def _report(self, ref: PolicyRef) -> None:
        seen = self._policy_cache.seen(ref)
        if seen is None:
            return
        policy_workloads = self._books(seen.policy)
        status = status_of(seen.policy, policy_workloads, seen.status, self._clock())
        if status != seen.status:
            await self._write(seen, status)
        else:
            self._limiter.unused()
        news = announce(seen.status, status, policy_workloads.unknown)
        for announcement in [*news, *self._collected_warnings(ref)]:
            await self._announce(seen, announcement)

    async def _write(self, seen: ObservedPolicy, status: PolicyStatus) -> None:
        body = await self._policies.patch_status(
            _resource(seen.ref).KIND,
            seen.ref.namespace or None,
            seen.ref.name,
            before=seen.status.to_json(),
            after=status.to_json(),
        )
        self._policy_cache.policy_event("MODIFIED", body)

    async def _announce(self, seen: ObservedPolicy, announcement: Announcement) -> None:
        where = {} if seen.ref.cluster else {"namespace": seen.ref.namespace}
        write = log.warning if announcement.type == "Warning" else log.info
        write(announcement.message, policy=str(seen.ref), reason=announcement.reason, **where)
        await self._events.post(
            regarding=ObjectRef(
                API_VERSION, _resource(seen.ref).KIND, seen.ref.namespace, seen.ref.name, seen.policy.uid
            ),
            type=announcement.type,
            reason=announcement.reason,
            message=announcement.message,
        )

    def _collected_warnings(self, ref: PolicyRef) -> Iterator[Announcement]:
        for key in [key for key in self._warnings if key[0] == ref]:
            sentences = self._warnings.pop(key)
            yield Announcement("Warning", key[1], first_few(sentences))

    def _books(self, policy: Policy) -> PolicyWorkloads:
        return PolicyWorkloads(
            workload_states=dict(self._workload_states.book(policy.ref)),
            unchecked=self._workload_states.unchecked(policy.ref),
            unknown=self._unknown(policy),
            dry_run=self._dry_run(policy) if policy.dry_run else None,
        )

    def _unknown(self, policy: Policy) -> list[str]:
        """Schools and applications that the policy names and no workload in its reach carries."""
        schools = set(policy.schools or ())
        applications: set[str] = set()
        for exemption in policy.exemptions:
            schools |= exemption.schools or frozenset()
            applications |= exemption.applications or frozenset()
        if not schools and not applications:
            return []
        for school in self._workload_cache.schools_in(policy.ref.namespace):
            schools.discard(school.name)
            if applications:
                applications -= {workload.application for workload in self._workload_cache.members(school)}
        return [f"school {name}" for name in schools] + [f"application {name}" for name in applications]

    def _dry_run(self, policy: Policy) -> DryRunStatus:
        policy_set = self._policy_cache.policy_set.enforcing(policy.ref)
        now = self._clock()
        after = next_edge_of(policy, now)
        return DryRunStatus(
            today=self._would_pause(policy_set, policy, now),
            next_transition=self._would_pause(policy_set, policy, after) if after else WouldPause(),
        )

    def _would_pause(self, policy_set: PolicySet, policy: Policy, at: datetime) -> WouldPause:
        """What that policy, and no other, would pause at an instant."""
        found = []
        for workload in self._workload_cache:
            if policy.ref.cluster or workload.namespace == policy.ref.namespace:
                decision = decide(policy_set, workload, at)
                if (
                    decision.desired_state is DesiredState.PAUSE
                    and decision.policy
                    and decision.policy.ref == policy.ref
                ):
                    found.append(workload)
        return WouldPause(
            schools=len({(workload.namespace, workload.school) for workload in found}),
            cron_jobs=sum(workload.kind is Kind.CRON_JOB for workload in found),
            deployments=sum(workload.kind is Kind.DEPLOYMENT for workload in found),
        )


def _resource(ref: PolicyRef) -> type[SyncPausePolicy] | type[ClusterSyncPausePolicy]:
    return ClusterSyncPausePolicy if ref.cluster else SyncPausePolicy
