"""Jobs and Pods of paused workloads that still run: those left to finish, those suspended, and strays."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from syncpause.api.policy import ActiveJobs, MissedRuns
from syncpause.controller.context import Context
from syncpause.controller.jobs.terminating_pods import TerminatingPods
from syncpause.controller.jobs.untracked import UntrackedJobs
from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.school import School
from syncpause.domain.workload import CronJob, Deployment, Workload
from syncpause.kube.errors import NotFound
from syncpause.kube.jobs import Job, Jobs
from syncpause.kube.pods import Pods

RECHECK_SECONDS = 1.0
"""Jobs are not watched, so the end of a suspended Job's Pods is found by another read."""


class RunningJobs:
    """What still runs of paused workloads, and what the pause does to it.

    ``scope`` names the namespaces whose Jobs are listed, one empty name for all.
    """

    def __init__(self, context: Context, jobs: Jobs, pods: Pods, scope: Sequence[str]) -> None:
        self._context = context
        self._api = jobs
        self._pods = TerminatingPods(pods)
        self.untracked = UntrackedJobs(jobs, scope, self._checked)
        self._stopped: dict[str, frozenset[str]] = {}
        """Unfinished Jobs by the UID of their CronJob that run nothing, or that the operator leaves alone."""
        self._finishing: dict[str, frozenset[str]] = {}
        """Jobs that are left to finish, whose end the CronJob's own status reports."""

    def still_running(self, workload: Workload) -> int:
        """How many Jobs or Pods of a workload still run; 1 while that is not known yet."""
        if isinstance(workload, Deployment):
            return self._pods.still_running(workload)
        if not isinstance(workload, CronJob):
            return workload.running
        running = self._unfinished(workload) - self._stopped_names(workload)
        return len(running) or int(self.untracked.is_pending(workload))

    def forget(self, uid: str) -> None:
        """The workload is gone or no longer paused."""
        self.untracked.forget(uid)
        self._pods.forget(uid)
        self._stopped.pop(uid, None)
        self._finishing.pop(uid, None)

    async def enforce(self, workload: Workload, decision: Decision) -> float | None:
        """Suspend what a paused CronJob must not run any more, and count the Pods of a paused Deployment.

        Returns the seconds until this is needed again, None where it is not. Raises ApiError.
        """
        if isinstance(workload, Deployment):
            return await self._pods.recount(workload)
        if decision.desired_state is DesiredState.HOLD or not isinstance(workload, CronJob):
            return None
        if decision.desired_state is not DesiredState.PAUSE:
            self.forget(workload.uid)
            return None
        unfinished = self._unfinished(workload)
        self._keep_only(workload.uid, unfinished)
        again = None
        for name in unfinished - self._stopped_names(workload) - self._reported(workload):
            if await self._enforce_one(workload, decision, name):
                again = RECHECK_SECONDS
        return again

    async def resume(self, workload: Workload, missed_runs: str) -> None:
        """Let suspended Jobs go on, and delete strays under Skip, because their run was missed.

        That includes a stray that started so late in the pause that it is not suspended yet. Call this before
        the workload's own resume: a crash between the two then loses no Job. Raises ApiError.
        """
        if not isinstance(workload, CronJob):
            return
        await self.untracked.ensure_checked(workload)
        for name in self._unfinished(workload):
            job = await self._get(workload, name)
            if job is None or job.manual or job.finished:
                continue
            with suppress(NotFound):  # it ended a moment ago
                if job.restore_suspend is not None:
                    await self._api.hand_back(job, missed_runs)
                elif missed_runs != MissedRuns.RUN_ONCE and _scheduled_since(workload.paused_at, job):
                    await self._api.delete(job)

    def _checked(self, uids: set[str]) -> None:
        """The Jobs of these workloads were listed: what runs is to be enforced, or nothing runs any more."""
        context = self._context
        for workload in context.workloads if uids else ():
            if workload.uid not in uids or not workload.marked:
                continue
            if self.still_running(workload):
                context.queue.add_bulk([workload.key])
            else:
                context.states.nothing_runs(workload.key)
                context.stale.schools.add_school(School.of(workload))

    def _unfinished(self, workload: CronJob) -> frozenset[str]:
        return self.untracked.names(workload).union(workload.active)

    def _stopped_names(self, workload: CronJob) -> frozenset[str]:
        return self._stopped.get(workload.uid, frozenset())

    def _reported(self, workload: CronJob) -> frozenset[str]:
        """Jobs that are left to finish, and whose end the CronJob's own status will report."""
        return self._finishing.get(workload.uid, frozenset()) & frozenset(workload.active)

    async def _enforce_one(self, workload: CronJob, decision: Decision, name: str) -> bool:
        """True where the Job must be read again."""
        job = await self._get(workload, name)
        if job is None or job.manual or job.finished:
            self.untracked.ended(workload.uid, name)
            self._add(self._stopped, workload, name)
            return False
        stray = job.stray or _is_stray(job, decision)
        if not stray and decision.active_jobs is not ActiveJobs.SUSPEND:
            self._add(self._finishing, workload, name)
            return name not in workload.active
        if not job.suspended:
            try:
                job = await self._api.suspend(job, stray=stray)
            except NotFound:
                return True  # it ended a moment ago: read it again
            if stray:
                self._warn(workload, job, decision)
        if job.active:
            return True
        self._add(self._stopped, workload, name)
        return False

    def _warn(self, workload: CronJob, job: Job, decision: Decision) -> None:
        sentence = (
            f"Job {job.namespace}/{job.name} of {workload.key} was started inside the pause and is suspended"
        )
        self._context.stale.warn(workload, decision, "StrayJob", sentence)

    async def _get(self, workload: CronJob, name: str) -> Job | None:
        try:
            return await self._api.get(workload.namespace, name)
        except NotFound:
            return None

    def _keep_only(self, uid: str, names: frozenset[str]) -> None:
        for by_uid in (self._stopped, self._finishing):
            if uid in by_uid:
                by_uid[uid] &= names

    @staticmethod
    def _add(by_uid: dict[str, frozenset[str]], workload: CronJob, name: str) -> None:
        by_uid[workload.uid] = by_uid.get(workload.uid, frozenset()) | {name}


def _is_stray(job: Job, decision: Decision) -> bool:
    """Whether the Job was scheduled inside the pause: in the open window, and since its policy exists."""
    if decision.span is None or decision.policy is None:
        return False
    return _scheduled_since(max(decision.span.opens, decision.policy.created), job)


def _scheduled_since(instant: datetime | None, job: Job) -> bool:
    return instant is not None and job.scheduled is not None and job.scheduled >= instant
