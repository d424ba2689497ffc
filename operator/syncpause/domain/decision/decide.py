"""Which policy governs a workload, and what that means for it now.

An Enforced cluster policy with an open window comes first. Otherwise the most specific level that
has a policy for the workload decides, and replaces the levels below: the school's own dates, the
district's, everybody's default. Several policies of one level add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from syncpause.api import names
from syncpause.api.policy import ActiveJobs, MissedRuns
from syncpause.domain.decision.policy import ALWAYS, Policy
from syncpause.domain.decision.policy_set import PolicySet, Unevaluable
from syncpause.domain.decision.windows import Span
from syncpause.domain.workload import Workload


class DesiredState(StrEnum):
    """What a workload should be doing."""

    PAUSE = "Pause"
    SYNC = "Sync"
    EXEMPT = "Exempt"
    UNGOVERNED = "Ungoverned"
    HOLD = "Hold"


@dataclass(frozen=True, slots=True)
class Exempted:
    """Who leaves a workload running: a policy's exemption, or the workload's own annotation; and why."""

    by: str
    reason: str
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The one answer for a workload at an instant, with a reason that a person understands.

    ``policies`` are those of the deciding level; ``policy`` and ``span`` are of the open window that
    pauses it or that it is exempt from; ``exemption`` is what it is exempt by.
    """

    desired_state: DesiredState
    reason: str
    policies: tuple[Policy, ...] = ()
    policy: Policy | None = None
    span: Span | None = None
    exemption: Exempted | None = None

    @property
    def missed_runs(self) -> MissedRuns | None:
        """The deciding policies' wish; where they differ the careful one wins. None where none decides."""
        if not self.policies:
            return None
        wishes = {policy.missed_runs for policy in self.policies}
        return MissedRuns.SKIP if MissedRuns.SKIP in wishes else MissedRuns.RUN_ONCE

    @property
    def active_jobs(self) -> ActiveJobs:
        """What becomes of running Jobs: as the policy with the open window says."""
        return self.policy.active_jobs if self.policy else ActiveJobs.FINISH


class Level(StrEnum):
    """How specific a policy is for the schools it is for; a freeze stands above all."""

    FREEZE = "Freeze"
    SCHOOL = "School"
    NAMESPACE = "Namespace"
    CLUSTER = "Cluster"


def level_of(policy: Policy) -> Level:
    """The level on which a policy decides."""
    if policy.enforced:
        return Level.FREEZE
    if policy.ref.cluster:
        return Level.CLUSTER
    return Level.NAMESPACE if policy.schools is None else Level.SCHOOL


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """What one policy says of a workload at an instant: an open window, what lifts it, or why it holds."""

    policy: Policy
    span: Span | None = None
    exempt: Exempted | None = None
    held: str = ""


def decide(policy_set: PolicySet, workload: Workload, now: datetime) -> Decision:
    """The decision for a workload. Total: every workload gets exactly one.

    A freeze that cannot be evaluated holds, unless the rules below it pause anyway.
    """
    if policy_set.unreadable:
        return Decision(DesiredState.HOLD, policy_set.unreadable)
    if not workload.school:
        return Decision(
            DesiredState.UNGOVERNED, f"it carries no label {names.SCHOOL_LABEL}: nothing governs it"
        )
    if workload.namespace not in policy_set.namespaces and policy_set.cluster():
        return Decision(DesiredState.HOLD, f"namespace {workload.namespace} has not been read yet")
    in_reach = [p for p in policy_set.over(workload.namespace) if not p.dry_run and p.covers(workload)]
    freezes = [ask(policy_set, policy, workload, now) for policy in in_reach if policy.enforced]
    open_ = [freeze for freeze in freezes if freeze.span and not freeze.exempt]
    if open_:
        return _paused(open_, tuple(freeze.policy for freeze in open_))
    decision = _by_level(policy_set, in_reach, workload, now)
    held = next((freeze for freeze in freezes if freeze.held), None)
    if held is None or decision.desired_state is DesiredState.PAUSE:
        return decision
    return _held(held, (held.policy,))


def _by_level(
    policy_set: PolicySet, in_reach: Sequence[Policy], workload: Workload, now: datetime
) -> Decision:
    """Rule 2: the most specific level that has a policy for it decides; rule 3: none."""
    for level in (Level.SCHOOL, Level.NAMESPACE, Level.CLUSTER):
        policies = tuple(policy for policy in in_reach if level_of(policy) is level)
        if policies:
            return _add_up(
                [ask(policy_set, policy, workload, now) for policy in policies], policies, workload
            )
    # Both are in whole seconds: a pause of the very second in which the CRD was made is older, too.
    if workload.paused_at is not None and workload.paused_at <= policy_set.api_since:
        return Decision(DesiredState.HOLD, OLDER_THAN_API)
    return Decision(DesiredState.UNGOVERNED, f"no policy is for school {workload.school}: it is never paused")


OLDER_THAN_API = (
    "its pause is older than the policies' CRD, so its policy was wiped with the CRD rather than deleted: "
    "apply the policy again, or hand it back with: syncpause release"
)


def _add_up(
    policy_decisions: list[PolicyDecision], policies: tuple[Policy, ...], workload: Workload
) -> Decision:
    open_ = [policy_decision for policy_decision in policy_decisions if policy_decision.span]
    exempted = exempt_annotation(workload)
    if open_ and exempted:
        reason = f"exempt by its annotation {names.EXEMPT}: {exempted}"
        who = Exempted(workload.short_name, exempted)
        return Decision(DesiredState.EXEMPT, reason, policies, open_[0].policy, open_[0].span, who)
    pausing = [policy_decision for policy_decision in open_ if not policy_decision.exempt]
    if pausing:
        return _paused(pausing, policies)
    held = next((policy_decision for policy_decision in policy_decisions if policy_decision.held), None)
    if held:
        return _held(held, policies)
    if open_:
        first = open_[0]
        assert first.exempt is not None
        reason = f"exempt by {first.exempt.by}: {first.exempt.reason}"
        return Decision(DesiredState.EXEMPT, reason, policies, first.policy, first.span, first.exempt)
    by = " and ".join(str(policy.ref) for policy in policies)
    return Decision(DesiredState.SYNC, f"no window of {by} is open", policies)


def exempt_annotation(workload: Workload) -> str:
    """The reason in the exempt annotation; "" without one. ``false`` and nothing at all exempt nobody."""
    reason = workload.annotations.get(names.EXEMPT, "").strip()
    return "" if reason.lower() == "false" else reason


def ask(policy_set: PolicySet, policy: Policy, workload: Workload, now: datetime) -> PolicyDecision:
    """What a policy that is for a workload says of it."""
    try:
        zone = policy_set.zone_for(policy, workload.namespace)
    except Unevaluable as error:
        return PolicyDecision(policy, held=f"{policy.ref} cannot be evaluated: {error}")
    span = policy.calendar(zone, workload.namespace, workload.school).open_span(now)
    if span is None:
        return PolicyDecision(policy)
    exemption = policy.exemption_for(workload, now, zone)
    if exemption is None:
        return PolicyDecision(policy, span)
    by = Exempted(f"{policy.ref}, {exemption.name}", exemption.reason, exemption.last_day)
    return PolicyDecision(policy, span, by)


def _paused(policy_decisions: list[PolicyDecision], policies: tuple[Policy, ...]) -> Decision:
    """Of several open windows, the one that ends last is named."""
    last = max(
        policy_decisions,
        key=lambda policy_decision: policy_decision.span.ends if policy_decision.span else ALWAYS,
    )
    assert last.span is not None
    kind = "frozen" if last.policy.enforced else "paused"
    reason = (
        f"{kind} by {last.policy.ref}, window {last.span.window}: "
        f"{last.span.first_day} to {last.span.last_day}"
    )
    return Decision(DesiredState.PAUSE, reason, policies, last.policy, last.span)


def _held(policy_decision: PolicyDecision, policies: tuple[Policy, ...]) -> Decision:
    return Decision(DesiredState.HOLD, policy_decision.held, policies, policy_decision.policy)
