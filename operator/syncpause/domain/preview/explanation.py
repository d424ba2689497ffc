"""Explains the decision for a workload: the rule behind it, and the part of each policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syncpause.api import names
from syncpause.domain.decision.decide import Decision, Level, PolicyDecision, decide, evaluate, level_of
from syncpause.domain.decision.policy import Policy, PolicyRef
from syncpause.domain.decision.policy_set import EvaluationError, PolicySet
from syncpause.domain.sentences import first_few
from syncpause.domain.workload import Workload


@dataclass(frozen=True, slots=True)
class Considered:
    """One policy, whether it is one of the deciding policies, and a sentence about its part."""

    ref: PolicyRef
    decides: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision that `decide` returns, the rule behind it, and all policies of namespace and cluster."""

    decision: Decision
    rule: str
    considered: tuple[Considered, ...]


def explain(policy_set: PolicySet, workload: Workload, now: datetime) -> Explanation:
    """Return the explanation of the decision for a workload at ``now``, deciding policies first."""
    decision = decide(policy_set, workload, now)
    policies = (*policy_set.local(workload.namespace), *policy_set.cluster())
    considered = (_consider(policy_set, policy, workload, decision, now) for policy in policies)
    order = sorted(considered, key=lambda item: (not item.decides, item.ref.cluster, item.ref.name))
    return Explanation(decision, _rule(policy_set, workload, decision), tuple(order))


_RULES = {
    Level.FREEZE: "an Enforced cluster policy takes precedence over all others while its window is open",
    Level.SCHOOL: "policies that name the school are its own dates, and replace all others",
    Level.NAMESPACE: "policies of its namespace are the district's dates, and replace the cluster's",
    Level.CLUSTER: "cluster policies are the default, where no more specific policy applies to the school",
}


def _rule(policy_set: PolicySet, workload: Workload, decision: Decision) -> str:
    if policy_set.unreadable:
        return "while policies cannot be read, they pause as last read, and nothing resumes"
    if not workload.school:
        return f"only a workload with the label {names.SCHOOL_LABEL} is ever paused"
    if not decision.policies:
        return "a workload to which no policy applies is never paused"
    return _RULES[level_of(decision.policies[0])]


def _consider(
    policy_set: PolicySet, policy: Policy, workload: Workload, decision: Decision, now: datetime
) -> Considered:
    decides = policy in decision.policies
    mismatch = _mismatch(policy_set, policy, workload)
    if mismatch:
        return Considered(policy.ref, False, mismatch)
    sentence = _result_sentence(
        policy_set, policy, workload, evaluate(policy_set, policy, workload, now), now
    )
    if not decides and level_of(policy) is not Level.FREEZE and decision.policies:
        refs = first_few(str(item.ref) for item in decision.policies)
        sentence = f"no effect here, because {refs} takes precedence; {sentence}"
    return Considered(policy.ref, decides, sentence)


def _mismatch(policy_set: PolicySet, policy: Policy, workload: Workload) -> str:
    """Return why a policy does not govern a workload; "" if it matches."""
    known = policy_set.namespaces.get(workload.namespace)
    if policy.ref.cluster and known and not policy.namespace_selector.matches(known.labels):
        return f"its namespaceSelector does not select {workload.namespace}"
    if not policy.names_school(workload.school):
        return f"it applies only to {first_few(policy.schools or ())}"
    if not policy.selector.matches(workload.labels):
        return "its selector does not match the workload's labels"
    if policy.dry_run:
        return "its mode is DryRun: it pauses nothing"
    return ""


def _result_sentence(
    policy_set: PolicySet, policy: Policy, workload: Workload, result: PolicyDecision, now: datetime
) -> str:
    if result.held and result.span is None:
        return result.held
    if result.span is None:
        return _closed_sentence(policy_set, policy, workload, now)
    sentence = f"its window {result.span.window} is open, {result.span.first_day} to {result.span.last_day}"
    if result.exempt is None:
        return f"{sentence}, and it resumes nothing: {result.held}" if result.held else sentence
    until = f" until {result.exempt.last_day}" if result.exempt.last_day else ""
    return f"{sentence}, and {result.exempt.by} exempts it{until}: {result.exempt.reason}"


def _closed_sentence(policy_set: PolicySet, policy: Policy, workload: Workload, now: datetime) -> str:
    try:
        zone = policy_set.zone_for(policy, workload.namespace)
    except EvaluationError as error:
        return str(error)
    calendar = policy.calendar(zone, workload.namespace, workload.school)
    following = calendar.next_span(now)
    if not policy.windows:
        return "it has no window: it never pauses a workload"
    if following is None:
        return "all its windows are over"
    return f"no window is open; the next is {following.window}, {following.first_day} to {following.last_day}"
