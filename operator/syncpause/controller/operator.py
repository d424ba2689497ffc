"""The operator put together: observe, resolve, plan, apply, report; start, lead, stop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

import structlog

from syncpause.controller.cache.policies import Intake, Reach
from syncpause.controller.cache.schools import SchoolBook
from syncpause.controller.cache.workload_events import Observer
from syncpause.controller.cache.workloads import Fleet, School
from syncpause.controller.jobs.running import RunningJobs
from syncpause.controller.jobs.terminating_pods import TerminatingPods
from syncpause.controller.jobs.untracked import ForgottenJobs
from syncpause.controller.leadership import Leadership, together
from syncpause.controller.metrics import LEADING
from syncpause.controller.reconcile.drift import Contests
from syncpause.controller.reconcile.reconciler import Reconciler
from syncpause.controller.reconcile.unlabeled import Orphans
from syncpause.controller.schedule.clock import Clock, wall_clock
from syncpause.controller.schedule.limiter import Pace
from syncpause.controller.schedule.queue import WorkQueue
from syncpause.controller.schedule.scheduler import Agenda
from syncpause.controller.sight import Sight
from syncpause.controller.status.policies import Reporter
from syncpause.controller.status.schools import SchoolReporter
from syncpause.controller.status.workload_states import Ledger
from syncpause.domain.decision.decide import Verdict
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
        self.fleet = Fleet()
        self._pace = Pace(settings.workers, settings.writes_per_second)
        self.queue = WorkQueue(self._pace)
        self.ledger = Ledger(self._touch)
        self.intake = Intake(
            Policies(client), settings.scope, clock, self._world_changed, settings.relist_interval
        )
        self.agenda = Agenda(
            fleet=self.fleet,
            intake=self.intake,
            queue=self.queue,
            clock=clock,
            touch=self._touch,
            on_step_back=self._look_at_everything,
        )
        self._events = Events(client, instance=settings.name)
        self.reporter = self._build_reporter(client)
        self._forgotten = ForgottenJobs(Jobs(client), settings.scope, self._looked_back)
        self._jobs = RunningJobs(Jobs(client), self._forgotten, TerminatingPods(Pods(client)), self._stray)
        self.book = SchoolBook(lambda key: self.schools.touch_line(key))  # noqa: PLW0108 - not there yet
        self.schools = self._build_school_reporter(client)
        self.reconciler = self._build_reconciler(client)
        self._orphans = Orphans(Workloads(client), settings.scope, self.reconciler.look_up)
        self.informers = self._build_informers(client)
        self._lines = self._inform(client, map(schools_of, settings.scope), self.book)
        self._sight = Sight(
            informers=[each.watch for each in self.informers] + [each.watch for each in self._lines],
            policies=policy_watches,
            unseen=lambda: self.unseen,
            compare=self.intake.compare_soon,
        )
        self._leadership = self._build_leadership(client)
        self._workers: list[asyncio.Task[None]] = []

    def _build_reporter(self, client: Client) -> Reporter:
        return Reporter(
            policies=Policies(client),
            events=self._events,
            fleet=self.fleet,
            intake=self.intake,
            ledger=self.ledger,
            queue=self.queue,
            pace=self._pace,
            clock=self._clock,
            interval=self._settings.status_interval,
            cluster_wide=self._settings.scope == EVERYWHERE,
        )

    def _build_school_reporter(self, client: Client) -> SchoolReporter:
        return SchoolReporter(
            schools=SchoolSyncs(client),
            book=self.book,
            events=self._events,
            fleet=self.fleet,
            intake=self.intake,
            ledger=self.ledger,
            jobs=self._jobs,
            queue=self.queue,
            pace=self._pace,
            clock=self._clock,
            interval=self._settings.status_interval,
        )

    def _build_reconciler(self, client: Client) -> Reconciler:
        return Reconciler(
            workloads=Workloads(client),
            fleet=self.fleet,
            intake=self.intake,
            ledger=self.ledger,
            queue=self.queue,
            pace=self._pace,
            jobs=self._jobs,
            contests=Contests(Workloads(client)),
            book=self.book,
            clock=self._clock,
            warn=self._warn,
            on_standing=self.schools.touch,
        )

    def _build_informers(self, client: Client) -> list[Informer[Workload]]:
        observer = Observer(
            fleet=self.fleet,
            queue=self.queue,
            ledger=self.ledger,
            leading=self.leading,
            on_school=self._school_changed,
            on_lost=self.reconciler.lost_sight,
            on_relist=self._orphans.relisted,
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
        return self.intake.synced.is_set() and all(informer.synced.is_set() for informer in self.informers)

    @property
    def problem(self) -> str:
        """Why it cannot do its work just now; empty when it can."""
        found = (self.intake.world.unreadable, *self._unseen(), self.agenda.problem)
        return "; ".join(filter(None, found))

    @property
    def unseen(self) -> str:
        """What of the cluster cannot be seen, and why; empty when all of it can."""
        return "; ".join(filter(None, (self.intake.unreached, *self._unseen())))

    def _unseen(self) -> list[str]:
        """Where the API server serves no policies, nobody can watch any: it is no fault of this replica."""
        none_served = bool(self.intake.world.unreadable) and not self.intake.unreached
        informers = [each.problem for each in self.informers] + [each.problem for each in self._lines]
        return [*informers, *self._sight.problems(with_policies=not none_served)]

    async def run(self, stop: asyncio.Event, *others: Coroutine[Any, Any, None]) -> None:
        """Run until told to stop, then finish what is in flight.

        ``others`` are further tasks that must not end before. Raises what one of all these died of.
        """
        tasks = [
            self._start(self.intake.run(), "intake"),
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
        await self.intake.synced.wait()
        for informer in self.informers:
            await informer.synced.wait()
        await self._look_for_jobs()
        log.info("synced and leading", workloads=len(self.fleet), policies=len(self.intake.refs()))
        self.leading.set()
        LEADING.set(1)
        self._look_at_everything()
        count = self._settings.workers
        self._workers = [self._start(self.reconciler.work(), f"worker {n}") for n in range(count)]
        await together(
            self.agenda.run(),
            self.reporter.run(),
            self.schools.run(),
            self._forgotten.run(),
            self._orphans.run(),
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
            await self._forgotten.look()
        except ApiError as error:
            log.warning("unfinished Jobs cannot be listed", error=str(error))

    def _looked_back(self, uids: set[str]) -> None:
        """Pauses have been looked back on: what was found, or that nothing was, changes their standing."""
        for workload in self.fleet if uids else ():
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

    def _warn(self, workload: Workload, verdict: Verdict, reason: str, sentence: str) -> None:
        self.reporter.warn(verdict, reason, sentence)
        self.schools.warn(workload, reason, sentence)

    def _touch(self, ref: PolicyRef) -> None:
        self.reporter.touch(ref)

    def _world_changed(self, reach: Reach) -> None:
        """Policies or namespaces changed: what they concern is looked at again."""
        if not self.leading.is_set():
            return
        schools = self.fleet.schools_in(reach.namespace)
        keys = self.fleet.of(schools)
        self.ledger.expect(reach.policies, keys)
        self.queue.add_bulk(keys)
        self.agenda.plan([*reach.policies, *schools])

    def _look_at_everything(self) -> None:
        self._world_changed(Reach("", tuple(self.intake.refs())))

    def _school_changed(self, school: School) -> None:
        """A school got or lost a workload: its edges, and what policies say of unknown names, may change."""
        self.agenda.plan([school])
        self.schools.touch(school)
        for policy in self.intake.world.over(school.namespace):
            if policy.schools or policy.exemptions or policy.dry_run:
                self._touch(policy.ref)

    def _stray(self, workload: CronJob, job: Job, verdict: Verdict) -> None:
        sentence = (
            f"Job {job.namespace}/{job.name} of {workload.key} was started inside the pause and is suspended"
        )
        self._warn(workload, verdict, "StrayJob", sentence)
