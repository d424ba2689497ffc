"""Why a workload is paused or not: the policies that were considered, and the rule that decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syncpause.domain.decision.decide import Decision, Level, PolicyDecision, ask, decide, level_of
from syncpause.domain.decision.policy import Policy, PolicyRef
from syncpause.domain.decision.policy_set import PolicySet, Unevaluable
from syncpause.domain.decision.windows import Calendar
from syncpause.domain.status.counts import first_few
from syncpause.domain.workload import Workload


@dataclass(frozen=True, slots=True)
class Considered:
    """One policy, whether it is of those that decide, and a sentence on what it has to say."""

    ref: PolicyRef
    decides: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision as `decide` gives it, the rule behind it, and every policy in reach of the namespace."""

    decision: Decision
    rule: str
    considered: tuple[Considered, ...]


def explain(policy_set: PolicySet, workload: Workload, now: datetime) -> Explanation:
    """Explain the decision for a workload."""
    decision = decide(policy_set, workload, now)
    policies = (*policy_set.local(workload.namespace), *policy_set.cluster())
    considered = (_consider(policy_set, policy, workload, decision, now) for policy in policies)
    order = sorted(considered, key=lambda item: (not item.decides, item.ref.cluster, item.ref.name))
    return Explanation(decision, _rule(policy_set, workload, decision), tuple(order))


_RULES = {
    Level.FREEZE: "an Enforced cluster policy comes before all others while its window is open",
    Level.SCHOOL: "policies that name the school are its own dates, and replace all others",
    Level.NAMESPACE: "policies of its namespace are the district's dates, and replace the cluster's",
    Level.CLUSTER: "cluster policies are everybody's default, where nothing more specific is for the school",
}


def _rule(policy_set: PolicySet, workload: Workload, decision: Decision) -> str:
    if policy_set.unreadable:
        return "while policies cannot be read, everything keeps its state"
    if not workload.school:
        return "only workloads that carry a school's name are ever paused"
    if not decision.policies:
        return "what no policy is for is never paused"
    return _RULES[level_of(decision.policies[0])]


def _consider(
    policy_set: PolicySet, policy: Policy, workload: Workload, decision: Decision, now: datetime
) -> Considered:
    decides = policy in decision.policies
    outside = _outside(policy_set, policy, workload)
    if outside:
        return Considered(policy.ref, False, outside)
    sentence = _say(policy_set, policy, workload, ask(policy_set, policy, workload, now), now)
    if not decides and level_of(policy) is not Level.FREEZE and decision.policies:
        by = first_few(str(item.ref) for item in decision.policies)
        sentence = f"counts for nothing here, for {by} comes first; by itself: {sentence}"
    return Considered(policy.ref, decides, sentence)


def _outside(policy_set: PolicySet, policy: Policy, workload: Workload) -> str:
    """Why a policy is not for a workload; empty where it is."""
    known = policy_set.namespaces.get(workload.namespace)
    if policy.ref.cluster and known and not policy.namespace_selector.matches(known.labels):
        return f"its namespaceSelector does not select {workload.namespace}"
    if not policy.names_school(workload.school):
        return f"it is for {first_few(policy.schools or ())}"
    if not policy.selector.matches(workload.labels):
        return "its selector does not match the workload's labels"
    if policy.dry_run:
        return "it is a dry run, and governs nothing"
    return ""


def _say(
    policy_set: PolicySet, policy: Policy, workload: Workload, policy_decision: PolicyDecision, now: datetime
) -> str:
    if policy_decision.held:
        return policy_decision.held
    if policy_decision.span is None:
        return _closed(policy_set, policy, workload, now)
    span = policy_decision.span
    sentence = f"its window {span.window} is open, {span.first_day} to {span.last_day}"
    if policy_decision.exempt is None:
        return sentence
    until = f" until {policy_decision.exempt.last_day}" if policy_decision.exempt.last_day else ""
    return f"{sentence}, and {policy_decision.exempt.by} exempts it{until}: {policy_decision.exempt.reason}"


def _closed(policy_set: PolicySet, policy: Policy, workload: Workload, now: datetime) -> str:
    try:
        zone = policy_set.zone_for(policy, workload.namespace)
    except Unevaluable as error:
        return str(error)
    calendar: Calendar = policy.calendar(zone, workload.namespace, workload.school)
    coming = calendar.next_span(now)
    if not policy.windows:
        return "it has no window: what it is for is never paused"
    if coming is None:
        return "all its windows are over"
    return f"none of its windows is open; next is {coming.window}, {coming.first_day} to {coming.last_day}"
