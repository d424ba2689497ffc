"""When decisions change with time alone: the next edge, and when a pause that is over ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.policy import Policy
from syncpause.domain.decision.policy_set import PolicySet, Unevaluable
from syncpause.domain.workload import Workload

_JUST_BEFORE = timedelta(microseconds=1)


def next_edge(policy_set: PolicySet, namespace: str, school: str, now: datetime) -> datetime | None:
    """The next instant (UTC) at which the decision of a workload of the school may change by itself."""
    return min((edge for edge in _edges(policy_set, namespace, school, now) if edge > now), default=None)


def pause_ended(policy_set: PolicySet, workload: Workload, now: datetime) -> datetime | None:
    """When the pause of a workload that should run now ended, as the policies stand.

    None where no edge after its pause explains the change: then a person's edit did, and it ends now.
    """
    since = workload.paused_at
    passed = {
        edge
        for edge in _edges(policy_set, workload.namespace, workload.school, now)
        if edge <= now and (since is None or edge > since)
    }
    for edge in sorted(passed, reverse=True):
        if decide(policy_set, workload, edge - _JUST_BEFORE).desired_state is DesiredState.PAUSE:
            return edge
    return None


def next_edge_of(policy: Policy, now: datetime) -> datetime | None:
    """The next instant (UTC) at which a policy may change what it says, by its own zone; None without one."""
    if policy.zone is None:
        return None
    edges = policy.edges(policy.calendar(policy.zone, policy.ref.namespace, ""), now)
    return min((edge for edge in edges if edge > now), default=None)


def policy_edges(
    policy_set: PolicySet, policy: Policy, namespace: str, school: str, now: datetime
) -> list[datetime]:
    """The edges of one policy as one school sees them; none where it cannot be evaluated."""
    try:
        zone = policy_set.zone_for(policy, namespace)
    except Unevaluable:
        return []
    return list(policy.edges(policy.calendar(zone, namespace, school), now))


def _edges(policy_set: PolicySet, namespace: str, school: str, now: datetime) -> Iterator[datetime]:
    for policy in policy_set.over(namespace):
        if policy.names_school(school):
            yield from policy_edges(policy_set, policy, namespace, school, now)
