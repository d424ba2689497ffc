"""Decides the desired state of a workload from the policies that govern it.

An Enforced cluster policy with an open window takes precedence. Otherwise the most specific level that has
a policy for the workload decides, and replaces the levels below it. The levels are: policies that name
schools, other policies of the namespace, cluster policies. Policies of one level add up: each open window
pauses. Source: the reference page of SyncPausePolicy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from syncpause.api import names
from syncpause.api.policy import ActiveJobs, MissedRuns
from syncpause.domain.decision.policy import EARLIEST, Policy
from syncpause.domain.decision.policy_set import EvaluationError, PolicySet
from syncpause.domain.decision.windows import Span
from syncpause.domain.workload import Workload


class DesiredState(StrEnum):
    """What a workload should do. HOLD keeps whatever it does now, and is decided in doubt only."""

    PAUSE = "Pause"
    SYNC = "Sync"
    EXEMPT = "Exempt"
    UNGOVERNED = "Ungoverned"
    HOLD = "Hold"


@dataclass(frozen=True, slots=True)
class Exempted:
    """What exempts a workload, and why.

    ``by`` names the exemption of a policy, or the workload if its own annotation exempts it.
    ``last_day`` is the last day of the exemption; None if it is open-ended.
    """

    by: str
    reason: str
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The desired state of a workload at an instant, with the reason as a part of a sentence.

    ``policies`` are the policies of the deciding level. ``policy`` and ``span`` belong to the open window
    that pauses the workload or from which it is exempt; ``policy`` alone may be the one that cannot be
    evaluated. ``exemption`` is set if the workload is exempt. ``doubt`` says why a workload that
    should pause would not be resumed; it is empty without a doubt. ``waits`` says what a resume
    waits for where it comes without anybody's help.
    """

    desired_state: DesiredState
    reason: str
    policies: tuple[Policy, ...] = ()
    policy: Policy | None = None
    span: Span | None = None
    exemption: Exempted | None = None
    doubt: str = ""
    waits: str = ""

    @property
    def missed_runs(self) -> MissedRuns | None:
        """What happens to missed runs: Skip if any deciding policy has it; None without a deciding policy."""
        if not self.policies:
            return None
        values = {policy.missed_runs for policy in self.policies}
        return MissedRuns.SKIP if MissedRuns.SKIP in values else MissedRuns.RUN_ONCE

    @property
    def active_jobs(self) -> ActiveJobs:
        """What happens to running Jobs, from the policy with the open window."""
        return self.policy.active_jobs if self.policy else ActiveJobs.FINISH


class Level(StrEnum):
    """The levels of policies, highest precedence first. A freeze is an Enforced cluster policy."""

    FREEZE = "Freeze"
    SCHOOL = "School"
    NAMESPACE = "Namespace"
    CLUSTER = "Cluster"


def level_of(policy: Policy) -> Level:
    """Return the level on which a policy decides."""
    if policy.enforced:
        return Level.FREEZE
    if policy.ref.cluster:
        return Level.CLUSTER
    return Level.NAMESPACE if policy.schools is None else Level.SCHOOL


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """The result of one policy for a workload at an instant.

    ``span`` is its open window, ``exempt`` what exempts the workload from it, and ``held`` the sentence
    that says why the policy cannot be evaluated: then it may pause, and resumes nothing. A policy without any
    of these pauses nothing at that instant.
    """

    policy: Policy
    span: Span | None = None
    exempt: Exempted | None = None
    held: str = ""


def decide(policy_set: PolicySet, workload: Workload, now: datetime) -> Decision:
    """Return the decision for a workload at ``now``. Every workload gets exactly one; nothing is raised.

    Doubt counts in one direction: what was last known still pauses, and resumes nothing.
    """
    decision = _decide(policy_set, workload, now)
    for before in policy_set.before:
        if decision.desired_state is DesiredState.PAUSE:
            break
        earlier = _decide(before, workload, now)
        held = decision.desired_state is DesiredState.HOLD
        if earlier.desired_state is DesiredState.PAUSE and held:
            decision = replace(earlier, doubt=decision.reason)
        elif earlier.desired_state in (DesiredState.PAUSE, DesiredState.HOLD) and not held:
            waits = _waits(policy_set, before, earlier, workload.namespace)
            reason = f"{earlier.reason}; {waits}" if waits else earlier.reason
            decision = replace(earlier, reason=reason, waits=waits)
    if not policy_set.unreadable:
        return decision
    if decision.desired_state is DesiredState.PAUSE:
        return replace(decision, doubt=policy_set.unreadable)
    return Decision(DesiredState.HOLD, policy_set.unreadable)


def _waits(policy_set: PolicySet, before: PolicySet, earlier: Decision, namespace: str) -> str:
    """Return what the resume waits for that the policies of now ask for, and those of before do not."""
    if before.counts_at is None or earlier.policy is None:
        return ""
    at = f"{before.counts_at:%H:%M:%SZ}"
    if earlier.policy.ref not in policy_set.policies:
        return f"{earlier.policy.ref} was deleted, which counts for a resume at {at}"
    if before.namespaces.get(namespace) != policy_set.namespaces.get(namespace):
        return f"namespace {namespace} was changed, which counts for a resume at {at}"
    return ""


def _decide(policy_set: PolicySet, workload: Workload, now: datetime) -> Decision:
    """Decide by the policies as they are.

    A freeze that cannot be evaluated holds the workload, unless the levels below it pause the workload
    anyway.
    """
    if not workload.school:
        return Decision(
            DesiredState.UNGOVERNED, f"the workload has no label {names.SCHOOL_LABEL}: no policy governs it"
        )
    candidates = policy_set.for_namespace(workload.namespace)
    governing = [policy for policy in candidates if not policy.dry_run and policy.covers(workload)]
    freezes = [evaluate(policy_set, policy, workload, now) for policy in governing if policy.enforced]
    open_ = [freeze for freeze in freezes if freeze.span and not freeze.exempt]
    if open_:
        return _paused(open_, tuple(freeze.policy for freeze in open_))
    decision = _by_level(policy_set, governing, workload, now)
    held = next((freeze for freeze in freezes if freeze.held), None)
    if held is None or decision.desired_state is DesiredState.PAUSE:
        return decision
    return _held(held, (held.policy,))


def _by_level(
    policy_set: PolicySet, governing: Sequence[Policy], workload: Workload, now: datetime
) -> Decision:
    """Decide by the most specific level that has a policy; UNGOVERNED if none has."""
    for level in (Level.SCHOOL, Level.NAMESPACE, Level.CLUSTER):
        policies = tuple(policy for policy in governing if level_of(policy) is level)
        if policies:
            results = [evaluate(policy_set, policy, workload, now) for policy in policies]
            return _combined(results, policies, workload)
    # Both times are whole seconds: a pause in the second in which the CRD was created is older, too.
    if workload.paused_at is not None and workload.paused_at <= policy_set.api_since:
        return Decision(DesiredState.HOLD, PAUSED_BEFORE_CRD)
    return Decision(DesiredState.UNGOVERNED, f"no policy applies to school {workload.school}")


PAUSED_BEFORE_CRD = (
    "its pause is older than the CRD of the policies, so its policy was deleted with the CRD: "
    "apply the policy again, or resume the workload with syncpause release"
)


def _combined(
    results: Sequence[PolicyDecision], policies: tuple[Policy, ...], workload: Workload
) -> Decision:
    """Decide by the policies of one level. A pause takes precedence over a hold, a hold over an exemption."""
    open_ = [result for result in results if result.span]
    held = next((result for result in results if result.held), None)
    exempted = exempt_annotation(workload)
    certain = [result for result in open_ if not result.held]
    if exempted and held and not certain:
        return _held(held, policies)
    if exempted and certain:
        reason = f"exempt by its annotation {names.EXEMPT}: {exempted}"
        by_annotation = Exempted(workload.short_name, exempted)
        first = certain[0]
        return Decision(DesiredState.EXEMPT, reason, policies, first.policy, first.span, by_annotation)
    pausing = [result for result in open_ if not result.exempt]
    if pausing:
        return _paused(pausing, policies)
    if held:
        return _held(held, policies)
    if open_:
        first = open_[0]
        assert first.exempt is not None
        reason = f"exempt by {first.exempt.by}: {first.exempt.reason}"
        return Decision(DesiredState.EXEMPT, reason, policies, first.policy, first.span, first.exempt)
    refs = " and ".join(str(policy.ref) for policy in policies)
    return Decision(DesiredState.SYNC, f"no window of {refs} is open", policies)


def exempt_annotation(workload: Workload) -> str:
    """Return the reason in the exempt annotation; "" if the annotation is absent, blank or ``false``."""
    reason = workload.annotations.get(names.EXEMPT, "").strip()
    return "" if reason.lower() == "false" else reason


def evaluate(policy_set: PolicySet, policy: Policy, workload: Workload, now: datetime) -> PolicyDecision:
    """Return the result of a policy for a workload that it covers. Nothing is raised."""
    zone: ZoneInfo | None
    held = ""
    try:
        zone = policy_set.zone_for(policy, workload.namespace)
    except EvaluationError as error:
        zone, held = error.zone, f"{policy.ref} cannot be evaluated: {error}"
    span = policy.calendar(zone, workload.namespace, workload.school).open_span(now) if zone else None
    if zone is None or span is None:
        return PolicyDecision(policy, held=held)
    exemption = policy.exemption_for(workload, now, zone)
    if exemption is None:
        return PolicyDecision(policy, span, held=held)
    if held:
        return PolicyDecision(policy, held=held)
    exempted = Exempted(f"{policy.ref}, {exemption.name}", exemption.reason, exemption.last_day)
    return PolicyDecision(policy, span, exempted)


def _paused(results: Sequence[PolicyDecision], policies: tuple[Policy, ...]) -> Decision:
    """Pause by the open window that ends last."""
    last = max(results, key=lambda result: result.span.ends if result.span else EARLIEST)
    assert last.span is not None
    kind = "frozen" if last.policy.enforced else "paused"
    reason = (
        f"{kind} by {last.policy.ref}, window {last.span.window}: "
        f"{last.span.first_day} to {last.span.last_day}"
    )
    doubt = next((result.held for result in results if result.held), "")
    return Decision(DesiredState.PAUSE, reason, policies, last.policy, last.span, doubt=doubt)


def _held(result: PolicyDecision, policies: tuple[Policy, ...]) -> Decision:
    return Decision(DesiredState.HOLD, result.held, policies, result.policy)
