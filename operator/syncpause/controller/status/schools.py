"""Schools' lines on the dashboard: behind the work, one write per change of what a line says."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from datetime import datetime

import structlog

from syncpause.api.names import API_VERSION
from syncpause.api.resources import SchoolSync
from syncpause.api.school import SchoolStatus
from syncpause.controller.cache.policies import PolicyCache
from syncpause.controller.cache.schools import SchoolCache, key_of
from syncpause.controller.cache.workloads import School, WorkloadCache
from syncpause.controller.jobs.running import RunningJobs
from syncpause.controller.schedule.clock import Clock
from syncpause.controller.schedule.limiter import WriteLimiter
from syncpause.controller.schedule.queue import WorkQueue
from syncpause.controller.status.workload_states import WorkloadStates
from syncpause.domain.decision.decide import decide
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.status.announcements import Announcement, announce_school
from syncpause.domain.status.counts import first_few
from syncpause.domain.status.phase import phase_of, written
from syncpause.domain.status.school_status import Member, school_status
from syncpause.domain.workload import Workload
from syncpause.kube.errors import ApiError, Conflict, NotFound
from syncpause.kube.events import Events, ObjectRef
from syncpause.kube.schools import Line, LineKey, SchoolSyncs

log = structlog.get_logger()

WRITERS = 16
"""Lines written at once, once nothing else is to be written."""
RETRY_SECONDS = 5.0
NEWS_SECONDS = 5.0
"""How long Events may wait for lines that are still to be written: these are what people look at."""


class SchoolReporter:
    """Writes the SchoolSyncs of schools that were touched, at most one round per interval (seconds)."""

    def __init__(
        self,
        *,
        schools: SchoolSyncs,
        book: SchoolCache,
        events: Events,
        workload_cache: WorkloadCache,
        policy_cache: PolicyCache,
        workload_states: WorkloadStates,
        jobs: RunningJobs,
        queue: WorkQueue,
        limiter: WriteLimiter,
        clock: Clock,
        interval: float,
        served: Callable[[], bool],
    ) -> None:
        self._served = served
        self._schools = schools
        self._school_cache = book
        self._events = events
        self._workload_cache = workload_cache
        self._policy_cache = policy_cache
        self._workload_states = workload_states
        self._jobs = jobs
        self._queue = queue
        self._limiter = limiter
        self._clock = clock
        self._interval = interval
        self._touched: set[LineKey] = set()
        self._names: dict[LineKey, School] = {}
        self._warnings: dict[LineKey, dict[str, list[str]]] = {}
        self._news: deque[tuple[Line, Announcement]] = deque()
        self._news_since = 0.0
        self._problem = ""
        self._changed = asyncio.Event()

    def touch(self, school: School) -> None:
        """What a school's line says may have changed."""
        key = key_of(school)
        self._names[key] = school
        self.touch_line(key)

    def touch_line(self, key: LineKey) -> None:
        """A line may have to be written, made or removed."""
        self._touched.add(key)
        self._changed.set()

    def warn(self, workload: Workload, reason: str, sentence: str) -> None:
        """Something about a workload that its school's readers should know."""
        if workload.school:
            school = School(workload.namespace, workload.school)
            self._warnings.setdefault(key_of(school), defaultdict(list))[reason].append(sentence)
            self.touch(school)

    async def run(self) -> None:
        """Report for ever, beginning with every school; lines of no school are removed."""
        for school in self._workload_cache.schools_in(""):
            self.touch(school)
        loop = asyncio.get_running_loop()
        while True:
            await self._changed.wait()
            await self._queue.idle()  # pauses and resumes go first
            self._changed.clear()
            began = loop.time()
            await self.flush()
            await asyncio.sleep(began + self._interval - loop.time())
            if self._problem:
                await asyncio.sleep(RETRY_SECONDS)

    async def flush(self) -> None:
        """One round: every line that was touched, then the news. Nothing while policies cannot be read."""
        if self._policy_cache.policy_set.unreadable:
            return
        if not self._served():  # the CRD is missing, which the informer reports: a request each would fail
            self._problem = "the API server does not serve SchoolSyncs"
            self._changed.set()
            return
        touched, self._touched = sorted(self._touched, key=self._awaits), set()
        problems: list[str] = []
        keys = iter(touched)
        await asyncio.gather(*(self._write_some(keys, problems) for _ in range(WRITERS)))
        waited = asyncio.get_running_loop().time() - self._news_since
        if not self._touched or waited > NEWS_SECONDS:
            await asyncio.gather(*(self._announce_some() for _ in range(WRITERS)))
        problem = problems[0] if problems else ""
        if problem != self._problem and problem:
            log.warning("SchoolSyncs not written; will try again", error=problem, schools=len(problems))
        self._problem = problem

    def _awaits(self, key: LineKey) -> bool:
        """Whether a line will be another one in a moment: those that will not are written first."""
        school = self._names.get(key)
        return school is not None and any(map(self._jobs.awaited, self._workload_cache.members(school)))

    def _in_hand(self, key: LineKey) -> bool:
        """Whether a workload of the school is being written: its line would be another one in a moment."""
        school = self._names.get(key)
        members = self._workload_cache.members(school) if school else []
        return any(self._queue.is_active(workload.key) for workload in members)

    async def _write_some(self, keys: Iterator[LineKey], problems: list[str]) -> None:
        for key in keys:
            await self._queue.idle()
            if self._in_hand(key):
                self._touched.add(key)  # its end will call for a round
                continue
            await self._limiter.token()
            try:
                await self._bring(key)
            except (NotFound, Conflict) as error:
                log.debug("someone else wrote a SchoolSync", school=str(key), error=str(error))
                self._try_again(key, error, problems)
            except ApiError as error:
                problems.append(str(error))
                self.touch_line(key)
            except Exception:
                log.exception("a defect of the operator: the status of a school", school=str(key))

    async def _bring(self, key: LineKey) -> None:
        """Bring one line to what it should say."""
        school = self._names.get(key)
        line = self._school_cache.line(key)
        if school is None or not self._workload_cache.has(school):
            self._names.pop(key, None)
            self._warnings.pop(key, None)
            if line:
                await self._schools.delete(line)
                self._school_cache.drop(line)
            return
        if line is None:
            line = await self._schools.create(key, school.name)
            self._school_cache.put(line)
        await self._write(school, line)

    async def _write(self, school: School, line: Line) -> None:
        before = SchoolStatus.from_json(line.said())
        policy_set, now = self._policy_cache.policy_set, self._clock()
        members = [
            self._member(policy_set, workload, now) for workload in self._workload_cache.members(school)
        ]
        if not members:  # the last one went while the line was being made
            self.touch_line(line.key)
            return
        after = school_status(policy_set, members, before, line.generation, now)
        if after != before:
            line = await self._schools.put_status(line, after.to_json())
            self._school_cache.put(line)
        else:
            self._limiter.unused()
        if not self._news:
            self._news_since = asyncio.get_running_loop().time()
        news = [*announce_school(before, after), *self._collected_warnings(line.key)]
        self._news.extend((line, each) for each in news)

    def _member(self, policy_set: PolicySet, workload: Workload, now: datetime) -> Member:
        decision = decide(policy_set, workload, now)
        running = self._jobs.still_running(workload)
        workload_state = self._workload_states.workload_state(workload.key)
        return Member(
            workload,
            decision,
            phase_of(workload, decision, running),
            running,
            settled=written(workload, decision),
            refused=workload_state.refused if workload_state else "",
            contested=workload_state.contested if workload_state else None,
        )

    def _try_again(self, key: LineKey, error: ApiError, problems: list[str]) -> None:
        """The line is not what it was taken for: its informer will tell; one that is gone is made anew."""
        known = self._school_cache.line(key)
        if isinstance(error, NotFound):
            if known:
                self._school_cache.drop(known)
            else:
                problems.append(str(error))  # not even the kind is there
        self.touch_line(key)

    async def _announce_some(self) -> None:
        while self._news:
            line, announcement = self._news.popleft()
            await self._limiter.token()
            await self._announce(line, announcement)

    async def _announce(self, line: Line, announcement: Announcement) -> None:
        await self._events.post(
            regarding=ObjectRef(API_VERSION, SchoolSync.KIND, line.key.namespace, line.key.name, line.uid),
            type=announcement.type,
            reason=announcement.reason,
            message=announcement.message,
        )

    def _collected_warnings(self, key: LineKey) -> Iterator[Announcement]:
        for reason, sentences in self._warnings.pop(key, {}).items():
            yield Announcement("Warning", reason, first_few(sentences))
