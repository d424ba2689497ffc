"""Edges: the instants (UTC) at which a decision may change without an edit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from syncpause.api import names
from syncpause.domain.decision.decide import Decision, DesiredState, decide
from syncpause.domain.decision.policy import Policy
from syncpause.domain.decision.policy_set import EvaluationError, PolicySet
from syncpause.domain.workload import Workload

_JUST_BEFORE = timedelta(microseconds=1)


def next_edge(policy_set: PolicySet, namespace: str, school: str, now: datetime) -> datetime | None:
    """Return the first edge after ``now`` for the workloads of a school; None if there is none."""
    return min((edge for edge in _edges(policy_set, namespace, school, now) if edge > now), default=None)


def decide_with_care(policy_set: PolicySet, workload: Workload, now: datetime) -> Decision:
    """Return the decision about a workload, for an operator that may have just started.

    It does not know what was deleted before its start, and must not resume what a tool is about to pause
    again. So it holds a pause that ended at no edge until ``policy_set.starts_until``. Where the policy that
    began it still decides, that was edited, and an edit counts at once.
    """
    decision = decide(policy_set, workload, now)
    resumes = decision.desired_state in (DesiredState.SYNC, DesiredState.UNGOVERNED) and workload.marked
    if policy_set.starts_until is None or not resumes or not workload.school:
        return decision
    if pause_ended(policy_set, workload, now) or _was_edited(policy_set, workload, decision):
        return decision
    waits = (
        f"the operator has just started, and the pause ended at no edge: the workload resumes at "
        f"{policy_set.starts_until:%H:%M:%SZ} unless a policy that pauses it is applied"
    )
    return Decision(DesiredState.HOLD, f"{decision.reason}; {waits}", decision.policies, waits=waits)


def _was_edited(policy_set: PolicySet, workload: Workload, decision: Decision) -> bool:
    """Whether the policy that paused the workload still decides, in a zone that nobody can have taken off."""
    paused_by = workload.annotations.get(names.PAUSED_BY)
    policy = next((policy for policy in decision.policies if str(policy.ref) == paused_by), None)
    if policy is None:
        return False
    namespace = policy_set.namespaces.get(workload.namespace)
    return not policy.ref.cluster or (namespace is not None and namespace.time_zone is not None)


def pause_ended(policy_set: PolicySet, workload: Workload, now: datetime) -> datetime | None:
    """Return the edge (UTC) that ended the pause of a workload that should run now, by the current policies.

    None if no edge since the pause began explains it: an edit ended the pause, at ``now``.
    """
    since = workload.paused_at
    past_edges = {
        edge
        for edge in _edges(policy_set, workload.namespace, workload.school, now)
        if edge <= now and (since is None or edge > since)
    }
    for edge in sorted(past_edges, reverse=True):
        if decide(policy_set, workload, edge - _JUST_BEFORE).desired_state is DesiredState.PAUSE:
            return edge
    return None


def next_edge_of(policy: Policy, now: datetime) -> datetime | None:
    """Return the first edge of a policy after ``now``, in its own zone; None if it has no zone or no edge."""
    if policy.zone is None:
        return None
    edges = policy.edges(policy.calendar(policy.zone, policy.ref.namespace, ""), now)
    return min((edge for edge in edges if edge > now), default=None)


def policy_edges(
    policy_set: PolicySet, policy: Policy, namespace: str, school: str, now: datetime
) -> list[datetime]:
    """Return the edges of one policy for one school; empty if the policy pauses nothing."""
    try:
        zone = policy_set.zone_for(policy, namespace)
    except EvaluationError as error:
        if error.zone is None:
            return []
        zone = error.zone
    return list(policy.edges(policy.calendar(zone, namespace, school), now))


def _edges(policy_set: PolicySet, namespace: str, school: str, now: datetime) -> Iterator[datetime]:
    for each in (policy_set, *policy_set.before):
        for policy in each.for_namespace(namespace):
            if policy.names_school(school):
                yield from policy_edges(each, policy, namespace, school, now)
