"""The calendar year of a school: its state on each day, and the policy behind it."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from syncpause.domain.decision.decide import Decision, DesiredState, decide
from syncpause.domain.decision.edges import next_edge
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.decision.windows import first_instant, local_day
from syncpause.domain.sentences import first_few
from syncpause.domain.status.school_status import most_significant
from syncpause.domain.status.transition import zone_of
from syncpause.domain.workload import Workload

_TICK = timedelta(microseconds=1)


class DayState(StrEnum):
    """The state of a school on a day, weakest first. If a day has several states, the strongest counts."""

    SYNCING = "syncing"
    HELD = "unknown"
    EXEMPT = "exempt"
    MIXED = "paused in part"
    PARTLY_EXEMPT = "paused, exempt in part"
    PAUSED = "paused"


STRENGTH = {state: strength for strength, state in enumerate(DayState)}


@dataclass(frozen=True, slots=True)
class Day:
    """The state of one day, the policy and window behind it, and the exempt applications; "" for none."""

    state: DayState
    policy: str = ""
    window: str = ""
    exempt: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive days that are equal, from ``first_day`` to ``last_day``, both inclusive."""

    first_day: date
    last_day: date
    day: Day


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """The days of a school from January 1 to December 31 in its zone, without a gap."""

    namespace: str
    school: str
    zone: ZoneInfo
    runs: tuple[Run, ...]

    def days(self) -> Iterator[Day]:
        """Yield each day of the year in order."""
        for run in self.runs:
            for _ in range((run.last_day - run.first_day).days + 1):
                yield run.day


def days_in(year: int) -> int:
    """Return the number of days in a year."""
    return 365 + isleap(year)


def year_of(policy_set: PolicySet, workloads: Sequence[Workload], year: int) -> SchoolYear:
    """Return the year of a school. ``workloads`` holds all of its workloads, at least one."""
    namespace, school = workloads[0].namespace, workloads[0].school
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    mid_year = datetime(year, 7, 1, 12, tzinfo=UTC)
    zone = zone_of(policy_set, namespace, [decide(policy_set, workload, mid_year) for workload in workloads])
    days = [Day(DayState.SYNCING)] * days_in(year)
    edges = _edges(policy_set, namespace, school, first_instant(first, zone), first_instant(after, zone))
    for begins, ends in pairwise(edges):
        day = _day(workloads, [decide(policy_set, workload, begins) for workload in workloads])
        for number in range(_number(begins, zone, first), _number(ends - _TICK, zone, first) + 1):
            if STRENGTH[day.state] >= STRENGTH[days[number].state]:
                days[number] = day
    return SchoolYear(namespace, school, zone, tuple(_runs(days, first)))


def _edges(
    policy_set: PolicySet, namespace: str, school: str, begins: datetime, ends: datetime
) -> list[datetime]:
    """Return the edges in the interval, with both ends. Between two of them, no decision changes."""
    edges = [begins]
    while (edge := next_edge(policy_set, namespace, school, edges[-1])) is not None and edge < ends:
        edges.append(edge)
    return [*edges, ends]


def _number(instant: datetime, zone: ZoneInfo, first: date) -> int:
    return (local_day(instant, zone) - first).days


def _day(workloads: Sequence[Workload], decisions: Sequence[Decision]) -> Day:
    desired_states = {decision.desired_state for decision in decisions}
    shown = most_significant(decisions)
    state = _state(desired_states)
    if state in (DayState.SYNCING, DayState.HELD):
        return Day(state)
    exempt = {
        workload.application or workload.name
        for workload, decision in zip(workloads, decisions, strict=True)
        if decision.desired_state is DesiredState.EXEMPT
    }
    policy = str(shown.policy.ref) if shown.policy else ""
    return Day(state, policy, shown.span.window if shown.span else "", first_few(exempt))


def _state(desired_states: set[DesiredState]) -> DayState:
    if desired_states == {DesiredState.PAUSE}:
        return DayState.PAUSED
    if DesiredState.PAUSE in desired_states:
        return (
            DayState.PARTLY_EXEMPT
            if desired_states == {DesiredState.PAUSE, DesiredState.EXEMPT}
            else DayState.MIXED
        )
    if DesiredState.HOLD in desired_states:
        return DayState.HELD
    return DayState.EXEMPT if DesiredState.EXEMPT in desired_states else DayState.SYNCING


def _runs(days: Sequence[Day], first: date) -> Iterator[Run]:
    for day, group in groupby(enumerate(days), key=lambda item: item[1]):
        numbers = [number for number, _ in group]
        yield Run(first + timedelta(numbers[0]), first + timedelta(numbers[-1]), day)
