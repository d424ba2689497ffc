"""One replica of the operator, put together: watch, schedule, reconcile, report; start, lead, stop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

import structlog

from syncpause.api.names import GROUP
from syncpause.api.resources import SchoolSync
from syncpause.controller.cache.policies import Affected, PolicyCache
from syncpause.controller.cache.schools import SchoolCache
from syncpause.controller.cache.workload_states import WorkloadStates
from syncpause.controller.cache.workloads import WorkloadCache
from syncpause.controller.clock import Clock, wall_clock
from syncpause.controller.context import Context
from syncpause.controller.jobs.running import RunningJobs
from syncpause.controller.leadership import Leadership, run_together
from syncpause.controller.metrics import LEADING
from syncpause.controller.reconcile.reconciler import Reconciler
from syncpause.controller.reconcile.unlabeled import UnlabeledWorkloads
from syncpause.controller.reconcile.workload_events import WorkloadEventHandler
from syncpause.controller.schedule.limiter import WriteLimiter
from syncpause.controller.schedule.queue import WorkQueue
from syncpause.controller.schedule.scheduler import Scheduler
from syncpause.controller.stale import StalePolicies, StaleSchools, StaleStatuses
from syncpause.controller.status.policy_statuses import PolicyStatuses
from syncpause.controller.status.school_statuses import SchoolStatuses
from syncpause.controller.status.writer import StatusWriter
from syncpause.controller.visibility import Visibility
from syncpause.domain.workload import Kind
from syncpause.kube.client import Client
from syncpause.kube.decoding import RecordT
from syncpause.kube.errors import ApiError
from syncpause.kube.events import Events
from syncpause.kube.informer import Handler, Informer, Source, workloads_of
from syncpause.kube.jobs import Jobs
from syncpause.kube.lease import Lease
from syncpause.kube.pods import Pods
from syncpause.kube.policies import Policies
from syncpause.kube.schools import SchoolSyncs, schools_of
from syncpause.kube.watch_state import WatchState
from syncpause.kube.workloads import Workloads
from syncpause.settings import EVERYWHERE, Settings

log = structlog.get_logger()


class Operator:
    """One replica. It writes nothing before every cache has synced and it leads.

    ``policy_watches`` are the watches of policies, namespaces and CRDs, which kopf reads.

        informers ──▶ WorkloadEventHandler ──▶ workload cache ─┐
        kopf ───────▶ PolicyCache ─────────────────────────────┤
        Scheduler (edges) ─────────────────────────────────────┤
                                                               ▼
                           WorkQueue ──▶ Reconciler ──▶ one PATCH per workload
                                                               │
                           StaleStatuses ◀── WorkloadStates ◀──┘
                                 └──▶ StatusWriter ──▶ one write per changed status, Events
    """

    def __init__(
        self,
        client: Client,
        settings: Settings,
        clock: Clock = wall_clock,
        policy_watches: Sequence[WatchState] = (),
    ) -> None:
        self._settings = settings
        self.leading = asyncio.Event()
        self.context = context = self._build_context(client, clock)
        self._jobs = RunningJobs(context, Jobs(client), Pods(client), settings.scope)
        self.reconciler = Reconciler(context, Workloads(client), self._jobs)
        self._unlabeled = UnlabeledWorkloads(
            Workloads(client), settings.scope, self.reconciler.reconcile_unlabeled
        )
        self.scheduler = Scheduler(context, on_step_back=self._reconcile_everything)
        events, interval = Events(client, instance=settings.name), settings.status_interval
        self.informers = self._build_workload_informers(client)
        self._school_informers = self._build_informers(
            client, map(schools_of, settings.scope), context.schools
        )
        policies = PolicyStatuses(context, Policies(client))
        self._policy_statuses = StatusWriter(policies, context.stale.policies, context, events, interval)
        schools = SchoolStatuses(context, SchoolSyncs(client), self._jobs, lambda: not self.limitation)
        self._school_statuses = StatusWriter(schools, context.stale.schools, context, events, interval)
        self._visibility = Visibility(
            self,
            context.policies,
            informers=[each.watch for each in [*self.informers, *self._school_informers]],
            kopf_watches=policy_watches,
        )
        lease = Lease(client, settings.lease_namespace, settings.lease_name, settings.name)
        self._leadership = Leadership(
            lease if settings.leader_elect else None, self._visibility, settings.blind_timeout
        )
        self._workers: list[asyncio.Task[None]] = []

    def _build_context(self, client: Client, clock: Clock) -> Context:
        settings = self._settings
        limiter = WriteLimiter(settings.workers, settings.writes_per_second)
        stale = StaleStatuses(StalePolicies(cluster_wide=settings.scope == EVERYWHERE), StaleSchools())
        policies = PolicyCache(
            Policies(client),
            settings.scope,
            clock,
            self._policies_changed,
            interval=settings.relist_interval,
            grace=settings.deletion_grace,
        )
        return Context(
            clock=clock,
            limiter=limiter,
            queue=WorkQueue(limiter),
            workloads=WorkloadCache(),
            policies=policies,
            schools=SchoolCache(stale.schools),
            states=WorkloadStates(stale.policies),
            stale=stale,
        )

    def _build_workload_informers(self, client: Client) -> list[Informer[Any]]:
        handler = WorkloadEventHandler(
            self.context, self.leading, self.scheduler, self.reconciler, self._unlabeled
        )
        sources = (workloads_of(kind, namespace) for namespace in self._settings.scope for kind in Kind)
        return self._build_informers(client, sources, handler)

    def _build_informers(
        self, client: Client, sources: Iterable[Source[RecordT]], handler: Handler[RecordT]
    ) -> list[Informer[RecordT]]:
        size, timeout = self._settings.page_size, self._settings.watch_timeout
        return [Informer(client, each, handler, page_size=size, read_timeout=timeout) for each in sources]

    @property
    def synced(self) -> bool:
        """Whether every cache has been filled once."""
        synced = [each.synced for each in self.informers] + [self.context.policies.synced]
        return all(each.is_set() for each in synced)

    @property
    def problem(self) -> str:
        """Why it cannot do its work now; empty when it can."""
        found = (
            self.context.policies.policy_set.unreadable,
            *self._unseen(),
            self.scheduler.problem,
            self._leadership.problem,
        )
        return "; ".join(filter(None, found))

    @property
    def limitation(self) -> str:
        """What does not work although the operator pauses and resumes; empty when everything works."""
        unserved = [each.problem for each in self._school_informers if not each.served]
        crd = f"{SchoolSync.PLURAL}.{GROUP}"
        fix = f"kubectl apply -f crds/ installs the CustomResourceDefinition {crd}"
        return f"no school's status is written: {unserved[0]}; {fix}" if unserved else ""

    @property
    def unseen(self) -> str:
        """What of the cluster it cannot see, and why; empty when it sees everything."""
        return "; ".join(filter(None, (self.context.policies.unreached, *self._unseen())))

    def _unseen(self) -> list[str]:
        """Where the API server serves no policies, nobody can watch any: that is no fault of this replica."""
        policies = self.context.policies
        none_served = bool(policies.policy_set.unreadable) and not policies.unreached
        informers = [each.problem for each in self.informers]
        informers += [each.problem for each in self._school_informers if each.served]
        return [*informers, *self._visibility.problems(with_policies=not none_served)]

    async def run(self, stop: asyncio.Event, *others: Coroutine[Any, Any, None]) -> None:
        """Run until ``stop`` is set, then finish what is in flight.

        ``others`` are further tasks that must not end earlier. Raises what any of all these tasks raised.
        """
        tasks = [
            self._start(self.context.policies.run(), "policy cache"),
            *(self._start(each.run(), f"informer {each.kind}") for each in self.informers),
            *(self._start(each.run(), f"informer {each.kind}") for each in self._school_informers),
            self._start(self._visibility.run(), "visibility"),
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
        context = self.context
        await context.policies.synced.wait()
        for informer in self.informers:
            await informer.synced.wait()
        await self._list_jobs()
        log.info(
            "synced and leading", workloads=len(context.workloads), policies=len(context.policies.refs())
        )
        self.leading.set()
        LEADING.set(1)
        self._reconcile_everything()
        count = self._settings.workers
        self._workers = [self._start(self.reconciler.work(), f"worker {n}") for n in range(count)]
        await run_together(
            self.scheduler.run(),
            self._policy_statuses.run(),
            self._school_statuses.run(),
            self._jobs.untracked.run(),
            self._unlabeled.run(),
            *self._workers,
        )

    def _stop_leading(self) -> None:
        """The work has stopped: only watch, as a standby does."""
        self._workers = []
        self.leading.clear()
        LEADING.set(0)

    async def _list_jobs(self) -> None:
        """List unfinished Jobs before the first resume, because some may have been suspended with a pause."""
        try:
            await self._jobs.untracked.check()
        except ApiError as error:
            log.warning("unfinished Jobs cannot be listed", error=str(error))

    async def _drain(self) -> None:
        """Finish the writes in flight, write the last statuses, give the Lease up."""
        log.info("stopping: finishing what is in flight")
        self.context.queue.close()
        if self._workers:
            await asyncio.wait(self._workers, timeout=self._settings.drain_timeout)
            flushes = asyncio.gather(self._policy_statuses.flush(), self._school_statuses.flush())
            try:
                await asyncio.wait_for(flushes, 1.0)
            except (TimeoutError, ApiError):
                log.warning("the last status was not written")
        if self.leading.is_set():
            await self._leadership.release()
        LEADING.set(0)

    def _policies_changed(self, affected: Affected) -> None:
        """Policies or namespaces changed: reconcile what they affect."""
        if not self.leading.is_set():
            return
        context = self.context
        schools = context.workloads.schools_in(affected.namespace)
        keys = context.workloads.keys_of(schools)
        context.states.expect(affected.policies, keys)
        context.queue.add_bulk(keys)
        self.scheduler.plan([*affected.policies, *schools])

    def _reconcile_everything(self) -> None:
        for school in self.context.workloads.schools_in(""):
            self.context.stale.schools.add_school(school)
        self._policies_changed(Affected("", tuple(self.context.policies.refs())))
