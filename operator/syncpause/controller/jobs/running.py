"""Jobs of paused CronJobs that still run: left to finish, suspended, or strays that should not exist."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from syncpause.api.policy import ActiveJobs, MissedRuns
from syncpause.controller.jobs.terminating_pods import TerminatingPods
from syncpause.controller.jobs.untracked import UntrackedJobs
from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.workload import CronJob, Deployment, Workload
from syncpause.kube.errors import NotFound
from syncpause.kube.jobs import Job, Jobs

RECHECK_SECONDS = 1.0
"""A Job that was suspended tells in its own status, which is not watched, when its pods are gone."""


class RunningJobs:
    """Settles the Jobs that a CronJob's ``status.active`` names, each looked at once.

    ``on_stray`` is told of a Job that was scheduled inside the pause, with its CronJob and decision.
    """

    def __init__(
        self,
        jobs: Jobs,
        forgotten: UntrackedJobs,
        pods: TerminatingPods,
        on_stray: Callable[[CronJob, Job, Decision], None],
    ) -> None:
        self._jobs = jobs
        self._untracked = forgotten
        self._pods = pods
        self._on_stray = on_stray
        self._quiet: dict[str, frozenset[str]] = {}
        self._finishing: dict[str, frozenset[str]] = {}

    def still_running(self, workload: Workload) -> int:
        """How many Jobs or Pods of a workload still run; 1 while that is not known yet."""
        if isinstance(workload, Deployment):
            return self._pods.still_running(workload)
        if not isinstance(workload, CronJob):
            return workload.running
        return len(self._unfinished(workload) - self._quiet_names(workload)) or int(self.awaited(workload))

    def awaited(self, workload: Workload) -> bool:
        """Whether its pause has yet to be looked back on."""
        return self._untracked.awaited(workload)

    def paused(self, workload: Workload) -> None:
        """A workload has just been paused: Jobs that began in that moment must be looked for."""
        self._untracked.paused(workload)

    def forget(self, uid: str) -> None:
        """The workload is gone or no longer paused."""
        self._untracked.forget(uid)
        self._pods.forget(uid)
        self._quiet.pop(uid, None)
        self._finishing.pop(uid, None)

    async def settle(self, workload: Workload, decision: Decision) -> float | None:
        """Do to its active Jobs what the pause says, and count a Deployment's Pods that only a list shows.

        Returns seconds until it should be looked at again. Raises ApiError.
        """
        if isinstance(workload, Deployment):
            return await self._pods.settle(workload)
        if decision.desired_state is DesiredState.HOLD or not isinstance(workload, CronJob):
            return None
        if decision.desired_state is not DesiredState.PAUSE:
            self.forget(workload.uid)
            return None
        unfinished = self._unfinished(workload)
        self._keep_only(workload.uid, unfinished)
        again = None
        for name in unfinished - self._quiet_names(workload) - self._watched(workload):
            if await self._settle_one(workload, decision, name):
                again = RECHECK_SECONDS
        return again

    def _unfinished(self, workload: CronJob) -> frozenset[str]:
        return self._untracked.names(workload).union(workload.active)

    def _quiet_names(self, workload: CronJob) -> frozenset[str]:
        """Unfinished Jobs that are known not to run, or to be nobody's business."""
        return self._quiet.get(workload.uid, frozenset())

    def _watched(self, workload: CronJob) -> frozenset[str]:
        """Jobs that are left to finish, and whose end the CronJob's own status will tell."""
        return self._finishing.get(workload.uid, frozenset()) & frozenset(workload.active)

    async def hand_back(self, workload: Workload, missed_runs: str) -> None:
        """At the resume: let suspended Jobs go on. A stray is deleted under Skip, for its run was missed,
        also one that began so late in the pause that it was not suspended yet.

        Comes before the workload's own resume, so that a crash between the two forgets no Job.
        """
        if not isinstance(workload, CronJob):
            return
        await self._untracked.know(workload)
        for name in self._unfinished(workload):
            job = await self._get(workload, name)
            if job is None or job.manual or job.finished:
                continue
            with suppress(NotFound):  # it ended a moment ago
                if job.restore_suspend is not None:
                    await self._jobs.hand_back(job, missed_runs)
                elif missed_runs != MissedRuns.RUN_ONCE and _fell_due_since(workload.paused_at, job):
                    await self._jobs.delete(job)

    async def _settle_one(self, workload: CronJob, decision: Decision, name: str) -> bool:
        """True where the Job must be looked at again."""
        job = await self._get(workload, name)
        if job is None or job.manual or job.finished:
            self._untracked.ended(workload.uid, name)
            self._add(self._quiet, workload, name)
            return False
        stray = job.stray or _is_stray(job, decision)
        if not stray and decision.active_jobs is not ActiveJobs.SUSPEND:
            self._add(self._finishing, workload, name)
            return name not in workload.active
        if not job.suspended:
            try:
                job = await self._jobs.suspend(job, stray=stray)
            except NotFound:
                return True  # it ended a moment ago: look again
            if stray:
                self._on_stray(workload, job, decision)
        if job.active:
            return True
        self._add(self._quiet, workload, name)
        return False

    async def _get(self, workload: CronJob, name: str) -> Job | None:
        try:
            return await self._jobs.get(workload.namespace, name)
        except NotFound:
            return None

    def _keep_only(self, uid: str, names: frozenset[str]) -> None:
        for book in (self._quiet, self._finishing):
            if uid in book:
                book[uid] &= names

    @staticmethod
    def _add(book: dict[str, frozenset[str]], workload: CronJob, name: str) -> None:
        book[workload.uid] = book.get(workload.uid, frozenset()) | {name}


def _is_stray(job: Job, decision: Decision) -> bool:
    """Whether the Job fell due inside the pause: in the open window, since its policy has existed."""
    if decision.span is None or decision.policy is None:
        return False
    return _fell_due_since(max(decision.span.opens, decision.policy.created), job)


def _fell_due_since(begun: datetime | None, job: Job) -> bool:
    return begun is not None and job.scheduled is not None and job.scheduled >= begun
