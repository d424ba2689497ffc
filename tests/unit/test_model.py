"""Checks random policies, edits and jumps of time against a model that uses only sets of days.

The test covers `decide` and `plan`. `CHAOS=full` runs more examples.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from builders import cluster_policy, ingest, patched, policy, policy_set, sync
from syncpause.domain.change.plan import plan
from syncpause.domain.change.restore import current
from syncpause.domain.decision.decide import decide
from syncpause.domain.workload import CronJob, Workload

FULL = os.environ.get("CHAOS") == "full"
SCHOOLS = ("adams", "baker", "clark")
APPLICATIONS = ("rosters", "grades")
ZONES = ("America/Chicago", "Pacific/Auckland", "Africa/Cairo")
ONE_DAY = timedelta(days=1)

days = st.dates(date(2027, 1, 1), date(2027, 12, 31))


@dataclass(frozen=True)
class Exempt:
    """An exemption of the model: schools, applications and days."""

    schools: frozenset[str]
    applications: frozenset[str]
    first: date | None
    last: date | None

    def holds(self, school: str, application: str, today: date) -> bool:
        named = (not self.schools or school in self.schools) and (
            not self.applications or application in self.applications
        )
        return named and (self.first or today) <= today <= (self.last or today)


@dataclass(frozen=True)
class Rules:
    """A policy of the model: schools and a set of days."""

    zone: str
    schools: frozenset[str]
    cluster: bool
    enforced: bool
    dry_run: bool
    days: frozenset[date]
    exempt: tuple[Exempt, ...]
    spec: Mapping[str, Any] = field(compare=False)

    def is_for(self, school: str) -> bool:
        return not self.dry_run and (not self.schools or school in self.schools)

    @property
    def rank(self) -> int:
        return 3 if self.cluster else (1 if self.schools else 2)

    def pauses(self, school: str, application: str, now: datetime) -> bool | None:
        """True: paused; False: exempt from an open window; None: no window is open."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        if today not in self.days:
            return None
        return not any(each.holds(school, application, today) for each in self.exempt)


def between(first: date, last: date) -> frozenset[date]:
    return frozenset(first + ONE_DAY * number for number in range((last - first).days + 1))


def every_year(first: date, last: date) -> frozenset[date]:
    """The dates of an annual window in four years; a window that wraps continues in the next year."""
    found: frozenset[date] = frozenset()
    for year in (2025, 2026, 2027, 2028):
        begin = date(year, first.month, first.day)
        end = date(year, last.month, last.day)
        found |= between(begin, end if end >= begin else date(year + 1, last.month, last.day))
    return found


@st.composite
def windows(draw: st.DrawFn) -> tuple[dict[str, str], frozenset[date]]:
    first, last = draw(days), draw(days)
    if draw(st.booleans()):
        return {"firstDay": f"{first:%m-%d}", "lastDay": f"{last:%m-%d}"}, every_year(first, last)
    first, last = sorted((first, last))
    return {"firstDay": first.isoformat(), "lastDay": last.isoformat()}, between(first, last)


@st.composite
def exemptions(draw: st.DrawFn) -> tuple[dict[str, Any], Exempt]:
    schools = draw(st.frozensets(st.sampled_from(SCHOOLS), max_size=2))
    applications = draw(
        st.frozensets(st.sampled_from(APPLICATIONS), min_size=0 if schools else 1, max_size=1)
    )
    first, last = sorted((draw(days), draw(days)))
    bounds = draw(st.sampled_from([(None, None), (first, None), (None, last), (first, last)]))
    spec: dict[str, Any] = {"reason": "summer school"}
    if schools:
        spec["schools"] = sorted(schools)
    if applications:
        spec["applications"] = sorted(applications)
    for name, value in zip(("from", "until"), bounds, strict=True):
        if value:
            spec[name] = value.isoformat()
    return spec, Exempt(schools, applications, *bounds)


@st.composite
def policies(draw: st.DrawFn) -> Rules:
    cluster = draw(st.booleans())
    enforced = cluster and draw(st.booleans())
    dry_run = draw(st.integers(0, 5)) == 0
    schools = draw(st.frozensets(st.sampled_from(SCHOOLS), max_size=2))
    made = draw(st.lists(windows(), max_size=3))
    exempt = draw(st.lists(exemptions(), max_size=2))
    zone = draw(st.sampled_from(ZONES))
    spec: dict[str, Any] = {
        "timeZone": zone,
        "windows": [{"name": f"w{number}", **item} for number, (item, _) in enumerate(made)],
        "exemptions": [{"name": f"e{number}", **item} for number, (item, _) in enumerate(exempt)],
        "mode": "DryRun" if dry_run else "Enforce",
    }
    if schools:
        spec["schools"] = sorted(schools)
    if cluster:
        spec["enforcement"] = "Enforced" if enforced else "Default"
    all_days = frozenset().union(*(found for _, found in made))
    found = tuple(item for _, item in exempt)
    return Rules(zone, schools, cluster, enforced, dry_run, all_days, found, spec)


def should_be_paused(rules: list[Rules], school: str, application: str, now: datetime) -> bool:
    """The rules of precedence over sets of days. Source: the reference page of SyncPausePolicy."""
    affected = [each for each in rules if each.is_for(school)]
    if any(each.enforced and each.pauses(school, application, now) for each in affected):
        return True
    normal = [each for each in affected if not each.enforced]
    level = min((each.rank for each in normal), default=0)
    open_ = [each.pauses(school, application, now) for each in normal if each.rank == level]
    return any(open_)


class Summer(RuleBasedStateMachine):
    """One cluster with random edits and jumps of time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2027, 5, 1, 12, tzinfo=UTC)
        self.rules: dict[str, Rules] = {}
        self.workloads: dict[str, Workload] = {}
        self.wanted: dict[str, dict[str, Any]] = {}
        for school in SCHOOLS:
            for application in APPLICATIONS:
                name = f"{school}-{application}"
                self._put(sync(name, school=school, application=application, deadline=100))
            self._put(ingest(school, school=school, replicas=3))

    def _put(self, workload: Workload) -> None:
        self.workloads[workload.name] = workload
        self.wanted[workload.name] = current(workload)

    @rule(name=st.sampled_from("abcde"), rules=policies())
    def set_a_policy(self, name: str, rules: Rules) -> None:
        self.rules[name] = rules

    @rule(name=st.sampled_from("abcde"))
    def delete_a_policy(self, name: str) -> None:
        self.rules.pop(name, None)

    @rule(hours=st.integers(-24 * 40, 24 * 200))
    def jump_in_time(self, hours: int) -> None:
        self.now = min(max(self.now + timedelta(hours=hours), datetime(2027, 1, 3, tzinfo=UTC)), LATEST)

    @rule(name=st.sampled_from(SCHOOLS), replicas=st.integers(1, 9))
    def the_owner_scales(self, name: str, replicas: int) -> None:
        self.workloads[name] = replace(self.workloads[name], replicas=replicas)
        self.wanted[name] = {"replicas": replicas}

    @rule(school=st.sampled_from(SCHOOLS), deadline=st.one_of(st.none(), st.integers(1, 600)))
    def the_owner_applies(self, school: str, deadline: int | None) -> None:
        name = f"{school}-rosters"
        self.workloads[name] = replace(self.workloads[name], suspend=False, deadline=deadline)
        self.wanted[name] = {"suspend": False, "startingDeadlineSeconds": deadline}

    @invariant()
    def every_workload_matches_the_model(self) -> None:
        known = [
            (cluster_policy if rules.cluster else policy)(name, **rules.spec)
            for name, rules in self.rules.items()
        ]
        policies_now = policy_set(*known)
        for name, workload in self.workloads.items():
            change = plan(workload, decide(policies_now, workload, self.now), self.now)
            after = patched(workload, change)
            self.workloads[name] = after
            self._check(after)
            assert plan(after, decide(policies_now, after, self.now), self.now) is None, (
                "nothing is written twice"
            )

    def _check(self, after: Workload) -> None:
        rules = list(self.rules.values())
        if should_be_paused(rules, after.school, after.application, self.now):
            assert after.stopped
            assert after.marked
        else:
            assert not after.marked
            assert current(after) == self.wanted[after.name]
            assert set(after.labels) <= {"syncpause.dev/school", "syncpause.dev/application"}
            assert after.annotations == {}
        assert isinstance(after, CronJob) or after.replicas in (0, self.wanted[after.name]["replicas"])


LATEST = datetime(2027, 12, 29, tzinfo=UTC)
TestSummer = Summer.TestCase
TestSummer.settings = settings(
    max_examples=2000 if FULL else 60, stateful_step_count=30, deadline=None, print_blob=True
)
