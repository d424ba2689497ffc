"""Policies in the form in which they are evaluated: days, zones and selectors instead of strings."""

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

EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Stands for the time of an event without a time, and sorts before all others."""


class PolicyRef(NamedTuple):
    """Identifies a policy in a cluster. The namespace of a cluster policy is empty."""

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
    """Workloads that keep syncing while a window is open.

    ``first_day`` and ``last_day`` are inclusive local days; None leaves that side open. ``schools`` and
    ``applications`` match everything if None.
    """

    name: str
    reason: str
    schools: frozenset[str] | None
    applications: frozenset[str] | None
    selector: Selector
    first_day: date | None
    last_day: date | None

    @classmethod
    def of(cls, exemption: ApiExemption) -> Exemption:
        """Compile an exemption of the API. Raises ValueError if a day is invalid, which the API excludes."""
        return cls(
            name=exemption.name,
            reason=exemption.reason,
            schools=None if exemption.schools is None else frozenset(exemption.schools),
            applications=None if exemption.applications is None else frozenset(exemption.applications),
            selector=Selector.of(exemption.selector),
            first_day=date.fromisoformat(exemption.from_) if exemption.from_ else None,
            last_day=date.fromisoformat(exemption.until) if exemption.until else None,
        )

    def applies_to(self, workload: Workload, now: datetime, zone: ZoneInfo) -> bool:
        """Whether it exempts the workload at ``now``, with its days in the zone."""
        return self._names(workload) and self._begins(zone) <= now and not self._is_over(now, zone)

    def edges(self, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield the instants (UTC) at which it begins and ends, if it does."""
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
        return first_instant(self.first_day, zone) if self.first_day else EARLIEST

    def _is_over(self, now: datetime, zone: ZoneInfo) -> bool:
        return self.last_day is not None and now >= day_after(self.last_day, zone)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of either kind.

    ``schools`` matches every school if None. ``spread`` is the time over which resumes are spread.
    ``invalid`` is the sentence that says why the policy cannot be evaluated, and is empty if it can. Then
    ``zone`` is None, unless this is the form in which the policy was last valid: it still pauses.
    """

    ref: PolicyRef
    zone: ZoneInfo | None
    uid: str = ""
    generation: int = 0
    created: datetime = EARLIEST
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
        """Compile a spec that the API has validated."""
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
        """Return the policy with its mode set to Enforce."""
        return replace(self, dry_run=False)

    def as_last_valid(self, invalid: str) -> Policy:
        """Return the policy as it still pauses after an edit that cannot be evaluated, for that reason."""
        return replace(self, invalid=invalid)

    def names_school(self, school: str) -> bool:
        """Whether ``schools`` includes the school."""
        return self.schools is None or school in self.schools

    def covers(self, workload: Workload) -> bool:
        """Whether it selects the workload by school and labels. The namespace is not considered."""
        return self.names_school(workload.school) and self.selector.matches(workload.labels)

    def calendar(self, zone: ZoneInfo, namespace: str, school: str) -> Calendar:
        """Return its windows in the zone, with the share of the spread of the school."""
        delay = share_of_spread(self.spread, namespace, school) if self.spread else self.spread
        return Calendar(self.windows, zone, delay)

    def exemption_for(self, workload: Workload, now: datetime, zone: ZoneInfo) -> Exemption | None:
        """Return the first exemption that applies to the workload at ``now``; None without one."""
        return next((item for item in self.exemptions if item.applies_to(workload, now, zone)), None)

    def edges(self, calendar: Calendar, now: datetime) -> Iterator[datetime]:
        """Yield the instants (UTC) at which its windows and exemptions begin and end, unsorted."""
        yield from calendar.edges(now)
        for exemption in self.exemptions:
            yield from exemption.edges(calendar.zone)


@lru_cache(maxsize=65536)
def share_of_spread(spread: timedelta, namespace: str, school: str) -> timedelta:
    """Return the delay of a school's resumes, from 0 to less than ``spread``, in whole seconds.

    It depends only on the arguments, and is spread evenly over the schools by a hash.
    """
    digest = hashlib.sha256(f"{namespace}/{school}".encode()).digest()
    seconds = int.from_bytes(digest[:8], "big") * int(spread.total_seconds()) >> 64
    return timedelta(seconds=seconds)
