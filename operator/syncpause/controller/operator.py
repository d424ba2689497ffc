"""The operator put together: observe, resolve, plan, apply, report; start, lead, stop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

import structlog

from syncpause.controller.cache.policies import Affected, PolicyCache
from syncpause.controller.cache.schools import SchoolCache
from syncpause.controller.cache.workload_events import WorkloadEventHandler
from syncpause.controller.cache.workloads import School, WorkloadCache
from syncpause.controller.jobs.running import RunningJobs
from syncpause.controller.jobs.terminating_pods import TerminatingPods
from syncpause.controller.jobs.untracked import UntrackedJobs
from syncpause.controller.leadership import Leadership, run_together
from syncpause.controller.metrics import LEADING
from syncpause.controller.reconcile.drift import DriftDetector
from syncpause.controller.reconcile.reconciler import Reconciler
from syncpause.controller.reconcile.unlabeled import UnlabeledWorkloads
from syncpause.controller.schedule.clock import Clock, wall_clock
from syncpause.controller.schedule.limiter import WriteLimiter
from syncpause.controller.schedule.queue import WorkQueue
from syncpause.controller.schedule.scheduler import Scheduler
from syncpause.controller.sight import Sight
from syncpause.controller.status.policies import Reporter
from syncpause.controller.status.schools import SchoolReporter
from syncpause.controller.status.workload_states import WorkloadStates
from syncpause.domain.decision.decide import Decision
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.workload import CronJob, Kind, Workload
from syncpause.kube.client import Client
from syncpause.kube.decoding import RecordT
from syncpause.kube.errors import ApiError
from syncpause.kube.events import Events
from syncpause.kube.informer import Handler, Informer, Source, workloads_of
from syncpause.kube.jobs import Job, Jobs
from syncpause.kube.lease import Lease
from syncpause.kube.pods import Pods
from syncpause.kube.policies import Policies
from syncpause.kube.schools import SchoolSyncs, schools_of
from syncpause.kube.watch_state import WatchState
from syncpause.kube.workloads import Workloads
from syncpause.settings import EVERYWHERE, Settings

log = structlog.get_logger()


class Operator:
    """One replica of the operator. Nothing is written before every cache has synced and it leads.

    ``policy_watches`` are the watches of policies, namespaces and CRDs, which someone else reads.
    """

    def __init__(
        self,
        client: Client,
        settings: Settings,
        clock: Clock = wall_clock,
        policy_watches: Sequence[WatchState] = (),
    ) -> None:
        self._settings = settings
        self._clock = clock
        self.leading = asyncio.Event()
        self.workload_cache = WorkloadCache()
        self._limiter = WriteLimiter(settings.workers, settings.writes_per_second)
        self.queue = WorkQueue(self._limiter)
        self.workload_states = WorkloadStates(self._touch)
        self.policy_cache = PolicyCache(
            Policies(client), settings.scope, clock, self._world_changed, settings.relist_interval
        )
        self.scheduler = Scheduler(
            workload_cache=self.workload_cache,
            policy_cache=self.policy_cache,
            queue=self.queue,
            clock=clock,
            touch=self._touch,
            on_step_back=self._look_at_everything,
        )
        self._events = Events(client, instance=settings.name)
        self.reporter = self._build_reporter(client)
        self._untracked = UntrackedJobs(Jobs(client), settings.scope, self._looked_back)
        self._jobs = RunningJobs(Jobs(client), self._untracked, TerminatingPods(Pods(client)), self._stray)
        self.book = SchoolCache(lambda key: self.schools.touch_line(key))  # noqa: PLW0108 - not there yet
        self.schools = self._build_school_reporter(client)
        self.reconciler = self._build_reconciler(client)
        self._unlabeled = UnlabeledWorkloads(Workloads(client), settings.scope, self.reconciler.look_up)
        self.informers = self._build_informers(client)
        self._lines = self._inform(client, map(schools_of, settings.scope), self.book)
        self._sight = Sight(
            self,
            informers=[each.watch for each in self.informers] + [each.watch for each in self._lines],
            policies=policy_watches,
        )
        self._leadership = self._build_leadership(client)
        self._workers: list[asyncio.Task[None]] = []

    def _build_reporter(self, client: Client) -> Reporter:
        return Reporter(
            policies=Policies(client),
            events=self._events,
            workload_cache=self.workload_cache,
            policy_cache=self.policy_cache,
            workload_states=self.workload_states,
            queue=self.queue,
            limiter=self._limiter,
            clock=self._clock,
            interval=self._settings.status_interval,
            cluster_wide=self._settings.scope == EVERYWHERE,
        )

    def _build_school_reporter(self, client: Client) -> SchoolReporter:
        return SchoolReporter(
            schools=SchoolSyncs(client),
            book=self.book,
            events=self._events,
            workload_cache=self.workload_cache,
            policy_cache=self.policy_cache,
            workload_states=self.workload_states,
            jobs=self._jobs,
            queue=self.queue,
            limiter=self._limiter,
            clock=self._clock,
            interval=self._settings.status_interval,
            served=lambda: not self.limitation,
        )

    def _build_reconciler(self, client: Client) -> Reconciler:
        return Reconciler(
            workloads=Workloads(client),
            workload_cache=self.workload_cache,
            policy_cache=self.policy_cache,
            workload_states=self.workload_states,
            queue=self.queue,
            limiter=self._limiter,
            jobs=self._jobs,
            drift=DriftDetector(Workloads(client)),
            book=self.book,
            clock=self._clock,
            warn=self._warn,
            on_standing=self.schools.touch,
        )

    def _build_informers(self, client: Client) -> list[Informer[Workload]]:
        observer = WorkloadEventHandler(
            workload_cache=self.workload_cache,
            queue=self.queue,
            workload_states=self.workload_states,
            leading=self.leading,
            on_school=self._school_changed,
            on_lost=self.reconciler.lost_sight,
            on_relist=self._unlabeled.relisted,
        )
        sources = (workloads_of(kind, namespace) for namespace in self._settings.scope for kind in Kind)
        return self._inform(client, sources, observer)

    def _inform(
        self, client: Client, sources: Iterable[Source[RecordT]], handler: Handler[RecordT]
    ) -> list[Informer[RecordT]]:
        size, silence = self._settings.page_size, self._settings.watch_timeout
        return [Informer(client, each, handler, page_size=size, read_timeout=silence) for each in sources]

    def _build_leadership(self, client: Client) -> Leadership:
        chosen = self._settings
        lease = Lease(client, chosen.lease_namespace, chosen.lease_name, chosen.name)
        return Leadership(lease if chosen.leader_elect else None, self._sight, chosen.blind_timeout)

    @property
    def synced(self) -> bool:
        """Whether every cache has been filled once."""
        return self.policy_cache.synced.is_set() and all(
            informer.synced.is_set() for informer in self.informers
        )

    @property
    def problem(self) -> str:
        """Why it cannot do its work just now; empty when it can."""
        found = (
            self.policy_cache.policy_set.unreadable,
            *self._unseen(),
            self.scheduler.problem,
            self._leadership.problem,
        )
        return "; ".join(filter(None, found))

    @property
    def limitation(self) -> str:
        """What does not work although the operator pauses and resumes; empty when everything works."""
        unserved = [each.problem for each in self._lines if not each.served]
        return f"no school's status is written: {unserved[0]}; apply crds/" if unserved else ""

    @property
    def policies_read_at(self) -> float:
        """When policies and namespaces were last listed (``time.monotonic``)."""
        return self.policy_cache.read_at

    def has_namespace(self, name: str) -> bool:
        """Whether a namespace exists; true until the namespaces have been read."""
        return not self.policy_cache.synced.is_set() or name in self.policy_cache.policy_set.namespaces

    def compare_soon(self) -> None:
        """List policies and namespaces now."""
        self.policy_cache.compare_soon()

    @property
    def unseen(self) -> str:
        """What of the cluster cannot be seen, and why; empty when all of it can."""
        return "; ".join(filter(None, (self.policy_cache.unreached, *self._unseen())))

    def _unseen(self) -> list[str]:
        """Where the API server serves no policies, nobody can watch any: it is no fault of this replica."""
        none_served = bool(self.policy_cache.policy_set.unreadable) and not self.policy_cache.unreached
        informers = [each.problem for each in self.informers]
        informers += [each.problem for each in self._lines if each.served]
        return [*informers, *self._sight.problems(with_policies=not none_served)]

    async def run(self, stop: asyncio.Event, *others: Coroutine[Any, Any, None]) -> None:
        """Run until told to stop, then finish what is in flight.

        ``others`` are further tasks that must not end before. Raises what one of all these died of.
        """
        tasks = [
            self._start(self.policy_cache.run(), "intake"),
            *(self._start(informer.run(), f"informer {informer.kind}") for informer in self.informers),
            *(self._start(informer.run(), f"informer {informer.kind}") for informer in self._lines),
            self._start(self._sight.run(), "sight"),
            self._start(self._leadership.run(self._work, self._stop_leading), "lead"),
            *(self._start(other, "beside") for other in others),
        ]
        stopped = self._start(stop.wait(), "stop")
        try:
            done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._drain()
            for task in [stopped, *tasks]:
                task.cancel()
            await asyncio.gather(stopped, *tasks, return_exceptions=True)
        for task in done - {stopped}:
            task.result()
            raise RuntimeError(f"{task.get_name()} ended, which it never should")

    @staticmethod
    def _start(coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        return asyncio.create_task(coroutine, name=name)

    async def _work(self) -> None:
        """What only the leader does, once every cache has synced."""
        await self.policy_cache.synced.wait()
        for informer in self.informers:
            await informer.synced.wait()
        await self._look_for_jobs()
        log.info(
            "synced and leading", workloads=len(self.workload_cache), policies=len(self.policy_cache.refs())
        )
        self.leading.set()
        LEADING.set(1)
        self._look_at_everything()
        count = self._settings.workers
        self._workers = [self._start(self.reconciler.work(), f"worker {n}") for n in range(count)]
        await run_together(
            self.scheduler.run(),
            self.reporter.run(),
            self.schools.run(),
            self._untracked.run(),
            self._unlabeled.run(),
            *self._workers,
        )

    def _stop_leading(self) -> None:
        """The work has been stopped: only watch, as a standby does."""
        self._workers = []
        self.leading.clear()
        LEADING.set(0)

    async def _look_for_jobs(self) -> None:
        """Know the unfinished Jobs before the first resume, for some may have been suspended with a pause."""
        try:
            await self._untracked.look()
        except ApiError as error:
            log.warning("unfinished Jobs cannot be listed", error=str(error))

    def _looked_back(self, uids: set[str]) -> None:
        """Pauses have been looked back on: what was found, or that nothing was, changes their standing."""
        for workload in self.workload_cache if uids else ():
            if workload.uid in uids and workload.marked:
                self.reconciler.looked_back(workload)

    async def _drain(self) -> None:
        """Finish the writes in flight, tell the last status, give the lease up."""
        log.info("stopping: finishing what is in flight")
        self.queue.close()
        if self._workers:
            await asyncio.wait(self._workers, timeout=self._settings.drain_timeout)
            try:
                await asyncio.wait_for(asyncio.gather(self.reporter.flush(), self.schools.flush()), 1.0)
            except (TimeoutError, ApiError):
                log.warning("the last status was not written")
        if self.leading.is_set():
            await self._leadership.release()
        LEADING.set(0)

    def _warn(self, workload: Workload, decision: Decision, reason: str, sentence: str) -> None:
        self.reporter.warn(decision, reason, sentence)
        self.schools.warn(workload, reason, sentence)

    def _touch(self, ref: PolicyRef) -> None:
        self.reporter.touch(ref)

    def _world_changed(self, affected: Affected) -> None:
        """Policies or namespaces changed: what they concern is looked at again."""
        if not self.leading.is_set():
            return
        schools = self.workload_cache.schools_in(affected.namespace)
        keys = self.workload_cache.of(schools)
        self.workload_states.expect(affected.policies, keys)
        self.queue.add_bulk(keys)
        self.scheduler.plan([*affected.policies, *schools])

    def _look_at_everything(self) -> None:
        self._world_changed(Affected("", tuple(self.policy_cache.refs())))

    def _school_changed(self, school: School) -> None:
        """A school got or lost a workload: its edges, and what policies say of unknown names, may change."""
        self.scheduler.plan([school])
        self.schools.touch(school)
        for policy in self.policy_cache.policy_set.over(school.namespace):
            if policy.schools or policy.exemptions or policy.dry_run:
                self._touch(policy.ref)

    def _stray(self, workload: CronJob, job: Job, decision: Decision) -> None:
        sentence = (
            f"Job {job.namespace}/{job.name} of {workload.key} was started inside the pause and is suspended"
        )
        self._warn(workload, decision, "StrayJob", sentence)
