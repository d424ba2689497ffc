"""Compares two sets of policies: what changes for each school at an instant and at its next transition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from syncpause.api.school import SchoolState
from syncpause.domain.decision.decide import Decision, DesiredState, decide
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.status.school_status import most_significant, overall_state
from syncpause.domain.status.transition import NextTransition, next_transition, zone_of
from syncpause.domain.workload import Workload


@dataclass(frozen=True, slots=True)
class Forecast:
    """The state of a school under some policies after all writes, the reason, and the next transition."""

    state: SchoolState
    why: str
    next: NextTransition | None


@dataclass(frozen=True, slots=True)
class SchoolChange:
    """A school for which two sets of policies differ at the instant ``at`` (UTC).

    ``pauses`` and ``resumes`` hold the workloads that would pause or resume. Both are empty if only the next
    transition differs.
    """

    namespace: str
    school: str
    at: datetime
    before: Forecast
    after: Forecast
    pauses: tuple[Workload, ...]
    resumes: tuple[Workload, ...]


def compare(
    before: PolicySet, after: PolicySet, workloads: Iterable[Workload], at: Callable[[ZoneInfo], datetime]
) -> list[SchoolChange]:
    """Return the schools for which two policy sets differ, sorted by namespace and name.

    ``at`` returns the instant (UTC) to compare for schools of a zone. Workloads without a school are skipped.
    """
    schools: dict[tuple[str, str], list[Workload]] = defaultdict(list)
    for workload in workloads:
        if workload.school:
            schools[workload.namespace, workload.school].append(workload)
    changes = (_compare_one(before, after, schools[school], at) for school in sorted(schools))
    return [change for change in changes if change is not None]


def _compare_one(
    before: PolicySet, after: PolicySet, workloads: Sequence[Workload], at: Callable[[ZoneInfo], datetime]
) -> SchoolChange | None:
    namespace, school = workloads[0].namespace, workloads[0].school
    instant = _instant(after, workloads, at)
    old = [decide(before, workload, instant) for workload in workloads]
    new = [decide(after, workload, instant) for workload in workloads]
    pairs = list(zip(workloads, old, new, strict=True))
    change = SchoolChange(
        namespace,
        school,
        instant,
        _forecast(before, workloads, old, instant),
        _forecast(after, workloads, new, instant),
        tuple(item for item, was, now in pairs if _pauses(item, now) and not _pauses(item, was)),
        tuple(item for item, was, now in pairs if _pauses(item, was) and not _pauses(item, now)),
    )
    same = change.before.state is change.after.state and change.before.next == change.after.next
    return None if same and not change.pauses and not change.resumes else change


def _instant(
    policy_set: PolicySet, workloads: Sequence[Workload], at: Callable[[ZoneInfo], datetime]
) -> datetime:
    """Return the instant in the school's zone.

    The zone may depend on the instant, so it is computed twice.
    """
    namespace, instant = workloads[0].namespace, at(ZoneInfo("UTC"))
    for _ in range(2):
        decisions = [decide(policy_set, workload, instant) for workload in workloads]
        instant = at(zone_of(policy_set, namespace, decisions))
    return instant


def _forecast(
    policy_set: PolicySet, workloads: Sequence[Workload], decisions: Sequence[Decision], now: datetime
) -> Forecast:
    states = [_state(item, decision) for item, decision in zip(workloads, decisions, strict=True)]
    return Forecast(
        overall_state(states),
        most_significant(decisions).reason,
        next_transition(policy_set, workloads, decisions, now),
    )


def _pauses(workload: Workload, decision: Decision) -> bool:
    return _state(workload, decision) is SchoolState.PAUSED


def _state(workload: Workload, decision: Decision) -> SchoolState:
    """Return its state after the operator's writes. A held workload keeps its state."""
    match decision.desired_state:
        case DesiredState.PAUSE:
            return SchoolState.PAUSED
        case DesiredState.EXEMPT:
            return SchoolState.EXEMPT
        case DesiredState.HOLD if workload.marked:
            return SchoolState.PAUSED
        case _:
            return SchoolState.SYNCING
