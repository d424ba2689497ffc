"""The next instant at which a workload of a school pauses or resumes without an edit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from syncpause.api.status import Transition
from syncpause.api.zones import load_zone
from syncpause.domain.decision.decide import Decision, DesiredState, decide
from syncpause.domain.decision.edges import next_edge
from syncpause.domain.decision.policy_set import EvaluationError, PolicySet
from syncpause.domain.workload import Workload

MAX_EDGES = 200
"""The most edges that a search evaluates. 32 windows and 64 exemptions of one policy have 192."""
HORIZON = timedelta(days=5 * 366)
"""A search ends at the first edge after this time. Annual windows repeat, so later edges seldom matter."""

_UTC = load_zone("UTC")


@dataclass(frozen=True, slots=True)
class NextTransition:
    """A future transition.

    ``action`` is Pause or Resume, ``at`` is in UTC, and its local midnight is in ``zone``.
    """

    action: str
    at: datetime
    zone: ZoneInfo

    def __str__(self) -> str:
        """Return text such as ``Resume 2027-08-15 00:00 MDT``."""
        return f"{self.action} {self.at.astimezone(self.zone):%Y-%m-%d %H:%M %Z}"

    @property
    def status(self) -> Transition:
        """The transition as the API shows it."""
        local = self.at.astimezone(self.zone).isoformat(timespec="seconds")
        return Transition.model_validate({"action": self.action, "at": local, "timeZone": self.zone.key})


def next_transition(
    policy_set: PolicySet, workloads: Sequence[Workload], decisions: Sequence[Decision], now: datetime
) -> NextTransition | None:
    """Return the first transition after ``now`` of any workload, by the current policies; None without one.

    ``workloads`` belong to one school, and ``decisions`` are theirs at ``now``, in the same order. If some
    pause and others resume at the same instant, the transition is a pause.
    """
    if not workloads:
        return None
    namespace, school = workloads[0].namespace, workloads[0].school
    before = decisions
    at = next_edge(policy_set, namespace, school, now)
    for _ in range(MAX_EDGES):
        if at is None:
            return None
        decided = [decide(policy_set, workload, at) for workload in workloads]
        after = [
            old if new.desired_state is DesiredState.HOLD else new
            for old, new in zip(before, decided, strict=True)
        ]
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
    """Return the zone of a school's days: of the policy that decides, else of its namespace, else UTC."""
    for decision in sorted(decisions, key=lambda item: not _pauses(item)):
        for policy in filter(None, (decision.policy, *decision.policies)):
            try:
                return policy_set.zone_for(policy, namespace)
            except EvaluationError as error:
                if error.zone is not None:
                    return error.zone
    return _zone_of_namespace(policy_set, namespace)


def _zone_of_namespace(policy_set: PolicySet, namespace: str) -> ZoneInfo:
    known = policy_set.namespaces.get(namespace)
    try:
        return load_zone(known.time_zone) if known and known.time_zone else _UTC
    except ValueError:
        return _UTC


def _pauses(decision: Decision) -> bool:
    return decision.desired_state is DesiredState.PAUSE
