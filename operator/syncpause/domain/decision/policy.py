"""Policies made ready to evaluate: the API's strings turned into days, zones and selectors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syncpause.api.exemptions import Exemption as ApiExemption
from syncpause.api.policy import ActiveJobs, ClusterPolicySpec, Enforcement, MissedRuns, Mode, PolicySpec
from syncpause.domain.decision.selectors import EVERYTHING, Selector
from syncpause.domain.decision.windows import Calendar, Window, day_after, first_instant, parse_day
from syncpause.domain.workload import Workload

ALWAYS = datetime.min.replace(tzinfo=UTC)


class PolicyRef(NamedTuple):
    """What names a policy in a cluster; a cluster policy has no namespace."""

    namespace: str
    name: str

    @property
    def cluster(self) -> bool:
        """Whether it is a ClusterSyncPausePolicy."""
        return not self.namespace

    def __str__(self) -> str:
        return f"{'cspp' if self.cluster else 'spp'}/{self.name}"


@dataclass(frozen=True, slots=True)
class Exemption:
    """What goes on syncing while a window is open; days inclusive, None is open-ended."""

    name: str
    reason: str
    schools: frozenset[str] | None
    applications: frozenset[str] | None
    selector: Selector
    first_day: date | None
    last_day: date | None

    @classmethod
    def of(cls, exemption: ApiExemption) -> Exemption:
        """Compile the API's form."""
        return cls(
            name=exemption.name,
            reason=exemption.reason,
            schools=None if exemption.schools is None else frozenset(exemption.schools),
            applications=None if exemption.applications is None else frozenset(exemption.applications),
            selector=Selector.of(exemption.selector),
            first_day=date.fromisoformat(exemption.from_) if exemption.from_ else None,
            last_day=date.fromisoformat(exemption.until) if exemption.until else None,
        )

    def lifts(self, workload: Workload, now: datetime, zone: ZoneInfo) -> bool:
        """Whether it leaves the workload running now."""
        return self._names(workload) and self._begins(zone) <= now and not self._is_over(now, zone)

    def edges(self, zone: ZoneInfo) -> Iterator[datetime]:
        """The instants at which it begins and is over."""
        if self.first_day:
            yield first_instant(self.first_day, zone)
        if self.last_day:
            yield day_after(self.last_day, zone)

    def _names(self, workload: Workload) -> bool:
        return (
            (self.schools is None or workload.school in self.schools)
            and (self.applications is None or workload.application in self.applications)
            and self.selector.matches(workload.labels)
        )

    def _begins(self, zone: ZoneInfo) -> datetime:
        return first_instant(self.first_day, zone) if self.first_day else ALWAYS

    def _is_over(self, now: datetime, zone: ZoneInfo) -> bool:
        return self.last_day is not None and now >= day_after(self.last_day, zone)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of either kind. ``invalid`` is a sentence where it cannot be evaluated."""

    ref: PolicyRef
    zone: ZoneInfo | None
    uid: str = ""
    generation: int = 0
    created: datetime = ALWAYS
    schools: frozenset[str] | None = None
    selector: Selector = EVERYTHING
    namespace_selector: Selector = EVERYTHING
    windows: tuple[Window, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    missed_runs: MissedRuns = MissedRuns.SKIP
    active_jobs: ActiveJobs = ActiveJobs.FINISH
    spread: timedelta = timedelta()
    dry_run: bool = False
    enforced: bool = False
    invalid: str = ""

    @classmethod
    def of(cls, ref: PolicyRef, spec: PolicySpec, zone: ZoneInfo) -> Policy:
        """Compile a spec that the API has already checked."""
        cluster = spec if isinstance(spec, ClusterPolicySpec) else None
        return cls(
            ref=ref,
            zone=zone,
            schools=None if spec.schools is None else frozenset(spec.schools),
            selector=Selector.of(spec.selector),
            namespace_selector=Selector.of(cluster.namespace_selector if cluster else None),
            windows=tuple(
                Window(item.name, parse_day(item.first_day), parse_day(item.last_day))
                for item in spec.windows
            ),
            exemptions=tuple(Exemption.of(item) for item in spec.exemptions),
            missed_runs=spec.missed_runs,
            active_jobs=spec.active_jobs,
            spread=timedelta(seconds=spec.resume_spread_seconds),
            dry_run=spec.mode is Mode.DRY_RUN,
            enforced=cluster is not None and cluster.enforcement is Enforcement.ENFORCED,
        )

    def enforcing(self) -> Policy:
        """The same policy as if its mode were Enforce."""
        return replace(self, dry_run=False)

    def names_school(self, school: str) -> bool:
        """Whether the school is among those it is for."""
        return self.schools is None or school in self.schools

    def covers(self, workload: Workload) -> bool:
        """Whether the workload is among those it is for, its namespace aside."""
        return self.names_school(workload.school) and self.selector.matches(workload.labels)

    def calendar(self, zone: ZoneInfo, namespace: str, school: str) -> Calendar:
        """Its windows as one school's zone sees them, with the school's share of the spread."""
        delay = share_of_spread(self.spread, namespace, school) if self.spread else self.spread
        return Calendar(self.windows, zone, delay)

    def exemption_for(self, workload: Workload, now: datetime, zone: ZoneInfo) -> Exemption | None:
        """The first exemption that leaves the workload running now."""
        return next((item for item in self.exemptions if item.lifts(workload, now, zone)), None)

    def edges(self, calendar: Calendar, now: datetime) -> Iterator[datetime]:
        """Every instant at which it may change what runs, in the calendar's zone."""
        yield from calendar.edges(now)
        for exemption in self.exemptions:
            yield from exemption.edges(calendar.zone)


@lru_cache(maxsize=65536)
def share_of_spread(spread: timedelta, namespace: str, school: str) -> timedelta:
    """A school's delay: the same in every process, even over the schools, below the spread."""
    digest = hashlib.sha256(f"{namespace}/{school}".encode()).digest()
    seconds = int.from_bytes(digest[:8], "big") * int(spread.total_seconds()) >> 64
    return timedelta(seconds=seconds)
