"""The status of a school, from the decisions and phases of its workloads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from syncpause.api.school import (
    NO_APPLICATION,
    ApplicationStatus,
    ExemptionStatus,
    SchoolState,
    SchoolStatus,
    SchoolSummary,
)
from syncpause.domain.change import restore
from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.decision.policy import EARLIEST
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.decision.windows import local_day
from syncpause.domain.sentences import plural
from syncpause.domain.status.conditions import (
    PAUSED,
    Finding,
    as_bool,
    contested_condition,
    readiness,
    stamped,
    workload_problems,
)
from syncpause.domain.status.phase import Phase, problem_of
from syncpause.domain.status.policy_status import window_status
from syncpause.domain.status.transition import next_transition, zone_of
from syncpause.domain.workload import Kind, Workload


@dataclass(frozen=True, slots=True)
class Member:
    """One workload of a school, with its decision and its phase.

    ``running`` is the number of its Jobs or Pods that run. ``written``, ``refused`` and ``contested`` are
    those of `WorkloadState`.
    """

    workload: Workload
    decision: Decision
    phase: Phase
    running: int = 0
    written: bool = True
    refused: str = ""
    contested: frozenset[str] | None = None

    @property
    def state(self) -> SchoolState:
        """Its state. The state of a held workload is what the workload does now."""
        if self.phase is not Phase.HELD:
            return SchoolState(self.phase)
        if not (self.workload.marked and self.workload.stopped):
            return SchoolState.SYNCING
        return SchoolState.PAUSING if self.running else SchoolState.PAUSED


def school_status(
    policy_set: PolicySet, members: Sequence[Member], before: SchoolStatus, generation: int, now: datetime
) -> SchoolStatus:
    """Return the status of a school at ``now``. It equals ``before``, the current one, if nothing changed.

    ``members`` holds all workloads of the school, at least one. ``generation`` is that of the SchoolSync.
    """
    workloads = [member.workload for member in members]
    decisions = [member.decision for member in members]
    decision = most_significant(decisions)
    zone = zone_of(policy_set, workloads[0].namespace, [decision])
    applications = _applications(members)
    state = overall_state([item.state for item in applications])
    transition = next_transition(policy_set, workloads, decisions, now)
    policies = (decision.policy,) if decision.policy else decision.policies
    return SchoolStatus(
        observed_generation=generation,
        school=workloads[0].school,
        state=state,
        since=_since(members, state, before, zone, now),
        until=decision.span.last_day.isoformat() if decision.span else None,
        policy=", ".join(str(policy.ref) for policy in policies) or None,
        window=window_status(decision.span),
        time_zone=zone.key,
        reason=decision.reason,
        next_transition=transition.status if transition else None,
        next=str(transition) if transition else None,
        applications=applications,
        summary=_summary(applications),
        restore=restore_copies(workloads, before.restore or {}) or None,
        conditions=stamped(_findings(members, state, decision), generation, before.conditions, now),
    )


def restore_copies(workloads: Sequence[Workload], before: Mapping[str, str]) -> dict[str, str]:
    """Return the copies of restore state by short name.

    A workload that lost its annotations keeps its old copy.
    """
    copies = {}
    for workload in sorted(workloads, key=lambda item: item.key):
        name = workload.short_name
        kept = before.get(name, "")
        if workload.marked and not restore.is_incomplete(workload):
            copies[name] = restore.as_copy(workload)
        elif workload.marked or restore.looks_stripped(workload, restore.from_copy(workload.kind, kept)):
            copies[name] = kept
    return {name: copy for name, copy in copies.items() if copy}


def most_significant(decisions: Sequence[Decision]) -> Decision:
    """Return the decision that a status shows: the pause that ends last, else a hold, else an exemption."""
    ranks = {
        DesiredState.PAUSE: 4,
        DesiredState.HOLD: 3,
        DesiredState.EXEMPT: 2,
        DesiredState.SYNC: 1,
        DesiredState.UNGOVERNED: 0,
    }
    return max(
        decisions, key=lambda item: (ranks[item.desired_state], item.span.ends if item.span else EARLIEST)
    )


def _applications(members: Sequence[Member]) -> tuple[ApplicationStatus, ...]:
    groups: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        groups[member.workload.application or NO_APPLICATION].append(member)
    return tuple(_application(name, groups[name]) for name in sorted(groups))


def _application(name: str, members: Sequence[Member]) -> ApplicationStatus:
    kinds = Counter(member.workload.kind for member in members)
    states = [member.state for member in members]
    partly_exempt = {SchoolState.EXEMPT, SchoolState.PAUSED} <= set(states)
    return ApplicationStatus(
        name=name,
        state=SchoolState.MIXED if partly_exempt else overall_state(states),
        cron_jobs=kinds[Kind.CRON_JOB],
        deployments=kinds[Kind.DEPLOYMENT],
        paused=states.count(SchoolState.PAUSED),
        running=sum(member.running for member in members if member.state is SchoolState.PAUSING),
        exemption=next(_exemptions(members), None),
    )


def _exemptions(members: Sequence[Member]) -> Iterator[ExemptionStatus]:
    for member in members:
        exemption = member.decision.exemption
        if exemption:
            until = exemption.last_day.isoformat() if exemption.last_day else None
            yield ExemptionStatus(by=exemption.by, reason=exemption.reason, until=until)


def overall_state(states: Collection[SchoolState]) -> SchoolState:
    """Return the state of a group from those of its parts, at least one.

    The group is paused if all parts are that are not exempt.
    """
    for state in (SchoolState.PAUSING, SchoolState.RESUMING, SchoolState.MIXED):
        if state in states:
            return state
    if {SchoolState.PAUSED, SchoolState.SYNCING} <= set(states):
        return SchoolState.MIXED
    order = (SchoolState.PAUSED, SchoolState.SYNCING, SchoolState.EXEMPT)
    return next(state for state in order if state in states)


def _summary(applications: Sequence[ApplicationStatus]) -> SchoolSummary:
    states = Counter(item.state for item in applications)
    order = sorted(states, key=list(_ORDER).index)
    return SchoolSummary(
        applications=", ".join(f"{states[state]} {state.lower()}" for state in order),
        by_name=", ".join(f"{item.name} {item.state}" for item in applications),
    )


_ORDER = (
    SchoolState.PAUSED,
    SchoolState.PAUSING,
    SchoolState.RESUMING,
    SchoolState.MIXED,
    SchoolState.SYNCING,
    SchoolState.EXEMPT,
)


def _since(
    members: Sequence[Member], state: SchoolState, before: SchoolStatus, zone: ZoneInfo, now: datetime
) -> str:
    """Return the local day on which its state began.

    The day of a pause comes from the workloads' annotations.
    """
    if state in (SchoolState.PAUSED, SchoolState.PAUSING):
        begins = [member.workload.paused_at for member in members if member.workload.paused_at]
        return local_day(min(begins, default=now).astimezone(UTC), zone).isoformat()
    if state is before.state and before.since:
        return before.since
    return local_day(now, zone).isoformat()


def _findings(members: Sequence[Member], state: SchoolState, decision: Decision) -> tuple[Finding, ...]:
    refused = [f"{member.workload.key}: {member.refused}" for member in members if member.refused]
    held = set(filter(None, (problem_of(member.decision) for member in members)))
    pending = sum(not member.written for member in members)
    waits = next((member.decision.waits for member in members if member.decision.waits), "")
    progressing = f"{plural(pending, 'workload')} not yet written" if pending else waits
    paused = as_bool(state is SchoolState.PAUSED)
    return (
        *readiness(str(state), decision.reason, progressing, next(workload_problems(refused, held), None)),
        Finding(PAUSED, paused, str(state), _paused_message(members, state)),
        contested_condition({str(member.workload.key): member.contested for member in members}),
    )


def _paused_message(members: Sequence[Member], state: SchoolState) -> str:
    if state is SchoolState.PAUSED:
        return "no Job or Pod runs"
    running = sum(member.running for member in members if member.state is SchoolState.PAUSING)
    if running:
        return f"{plural(running, 'Job or Pod', 'Jobs or Pods')} still running"
    if state is SchoolState.PAUSING:
        return "not all workloads are paused yet"
    return f"the school is {state.lower()}"
