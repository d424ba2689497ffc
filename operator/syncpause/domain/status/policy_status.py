"""The status of a policy, from its windows and the states of its workloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from syncpause.api.status import (
    DryRunStatus,
    PolicyState,
    PolicyStatus,
    Transition,
    WindowStatus,
)
from syncpause.domain.decision.policy import Policy
from syncpause.domain.decision.windows import Calendar, Span
from syncpause.domain.status.conditions import findings, stamped
from syncpause.domain.status.counts import StatesByKey, count, summarize


@dataclass(frozen=True, slots=True)
class PolicyWorkloads:
    """What the operator knows about the workloads of a policy.

    ``unchecked`` is the number of workloads that were not reconciled since the policy changed. ``unknown``
    holds the schools and applications that the policy names and no workload has. ``dry_run`` is None unless
    its mode is DryRun.
    """

    states: StatesByKey = field(default_factory=dict)
    unchecked: int = 0
    unknown: Sequence[str] = ()
    dry_run: DryRunStatus | None = None


def policy_status(
    policy: Policy, workloads: PolicyWorkloads, before: PolicyStatus, now: datetime
) -> PolicyStatus:
    """Return the status at ``now``. It equals ``before``, the current one, if nothing changed."""
    counts = count(workloads.states)
    state, span, transition = _state_at(policy, now)
    found = findings(
        policy,
        state,
        counts,
        workloads.states,
        unchecked=workloads.unchecked,
        unknown=workloads.unknown,
    )
    return PolicyStatus(
        observed_generation=policy.generation,
        state=state,
        window=window_status(span),
        next_transition=transition,
        next=_next_column(transition),
        counts=counts,
        summary=summarize(counts),
        dry_run=workloads.dry_run,
        conditions=stamped(found, policy.generation, before.conditions, now),
    )


def _state_at(policy: Policy, now: datetime) -> tuple[PolicyState, Span | None, Transition | None]:
    if policy.invalid or policy.zone is None:
        return PolicyState.INVALID, None, None
    calendar = Calendar(policy.windows, policy.zone)
    span = calendar.open_span(now)
    if span:
        resumes = calendar.resumes_at(now)
        return PolicyState.ACTIVE, span, _transition("Resume", resumes, policy.zone)
    span = calendar.next_span(now)
    if span:
        return PolicyState.SCHEDULED, span, _transition("Pause", span.opens, policy.zone)
    return PolicyState.ENDED, None, None


def _transition(action: str, at: datetime | None, zone: ZoneInfo) -> Transition | None:
    if at is None:
        return None
    local = at.astimezone(zone).isoformat(timespec="seconds")
    return Transition.model_validate({"action": action, "at": local, "timeZone": zone.key})


def _next_column(transition: Transition | None) -> str | None:
    if transition is None:
        return None
    return f"{transition.action} {datetime.fromisoformat(transition.at):%Y-%m-%d %H:%M}"


def window_status(span: Span | None) -> WindowStatus | None:
    """Return a span as the API shows it."""
    if span is None:
        return None
    return WindowStatus(
        name=span.window, first_day=span.first_day.isoformat(), last_day=span.last_day.isoformat()
    )
