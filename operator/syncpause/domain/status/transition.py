"""What comes next for some workloads: the next instant at which one of them pauses or resumes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from syncpause.api.status import Transition
from syncpause.api.zones import load_zone
from syncpause.domain.decision.decide import Decision, DesiredState, decide
from syncpause.domain.decision.edges import next_edge
from syncpause.domain.decision.policy_set import PolicySet, Unevaluable
from syncpause.domain.workload import Workload

MOST_EDGES = 200
"""Edges looked at: 32 windows and 64 exemptions of one policy are 192. Further on, none is told."""
HORIZON = timedelta(days=5 * 366)
"""Annual windows repeat themselves: where edges changed nothing for so long, a later one hardly will."""

_UTC = load_zone("UTC")


@dataclass(frozen=True, slots=True)
class NextTransition:
    """A transition to come. ``action`` is Pause or Resume, ``at`` in UTC, ``zone`` that of its midnight."""

    action: str
    at: datetime
    zone: ZoneInfo

    def __str__(self) -> str:
        """For people, as ``Resume 2027-08-15 00:00 MDT``."""
        return f"{self.action} {self.at.astimezone(self.zone):%Y-%m-%d %H:%M %Z}"

    @property
    def status(self) -> Transition:
        """For the API."""
        local = self.at.astimezone(self.zone).isoformat(timespec="seconds")
        return Transition.model_validate({"action": self.action, "at": local, "timeZone": self.zone.key})


def next_transition(
    policy_set: PolicySet, workloads: Sequence[Workload], decisions: Sequence[Decision], now: datetime
) -> NextTransition | None:
    """The next instant after ``now`` at which any of a school's workloads pauses or resumes by itself.

    ``workloads`` are all of one school, and ``decisions`` are theirs at ``now``. Where some pause and others
    resume at the same instant, it is a pause. None where nothing changes, as the policies stand.
    """
    if not workloads:
        return None
    namespace, school = workloads[0].namespace, workloads[0].school
    before = decisions
    at = next_edge(policy_set, namespace, school, now)
    for _ in range(MOST_EDGES):
        if at is None:
            return None
        after = [decide(policy_set, workload, at) for workload in workloads]
        changes = {(_pauses(old), _pauses(new)) for old, new in zip(before, after, strict=True)}
        if (False, True) in changes:
            return NextTransition("Pause", at.astimezone(UTC), zone_of(policy_set, namespace, after))
        if (True, False) in changes:
            return NextTransition("Resume", at.astimezone(UTC), zone_of(policy_set, namespace, before))
        if at > now + HORIZON:
            return None
        before = after
        at = next_edge(policy_set, namespace, school, at)
    return None


def zone_of(policy_set: PolicySet, namespace: str, decisions: Iterable[Decision]) -> ZoneInfo:
    """The zone of a school's days: that of the policy which decides; of its namespace where none does."""
    for decision in sorted(decisions, key=lambda item: not _pauses(item)):
        for policy in filter(None, (decision.policy, *decision.policies)):
            try:
                return policy_set.zone_for(policy, namespace)
            except Unevaluable:
                continue
    return _zone_of_namespace(policy_set, namespace)


def _zone_of_namespace(policy_set: PolicySet, namespace: str) -> ZoneInfo:
    known = policy_set.namespaces.get(namespace)
    try:
        return load_zone(known.time_zone) if known and known.time_zone else _UTC
    except ValueError:
        return _UTC


def _pauses(decision: Decision) -> bool:
    return decision.desired_state is DesiredState.PAUSE
