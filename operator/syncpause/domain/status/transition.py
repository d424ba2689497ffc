"""What comes next for some workloads: the next instant at which one of them pauses or resumes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from syncpause.api.status import Transition
from syncpause.api.zones import load_zone
from syncpause.domain.decision.decide import Stand, Verdict, decide
from syncpause.domain.decision.edges import next_edge
from syncpause.domain.decision.policy_set import Unevaluable, World
from syncpause.domain.workload import Workload

MOST_EDGES = 200
"""Edges looked at: 32 windows and 64 exemptions of one policy are 192. Further on, none is told."""
HORIZON = timedelta(days=5 * 366)
"""Annual windows repeat themselves: where edges changed nothing for so long, a later one hardly will."""

_UTC = load_zone("UTC")


@dataclass(frozen=True, slots=True)
class Prospect:
    """A transition to come. ``action`` is Pause or Resume, ``at`` in UTC, ``zone`` that of its midnight."""

    action: str
    at: datetime
    zone: ZoneInfo

    def __str__(self) -> str:
        """For people, as ``Resume 2027-08-15 00:00 MDT``."""
        return f"{self.action} {self.at.astimezone(self.zone):%Y-%m-%d %H:%M %Z}"

    @property
    def transition(self) -> Transition:
        """For the API."""
        local = self.at.astimezone(self.zone).isoformat(timespec="seconds")
        return Transition.model_validate({"action": self.action, "at": local, "timeZone": self.zone.key})


def next_transition(
    world: World, workloads: Sequence[Workload], verdicts: Sequence[Verdict], now: datetime
) -> Prospect | None:
    """The next instant after ``now`` at which any of a school's workloads pauses or resumes by itself.

    ``workloads`` are all of one school, ``verdicts`` theirs at ``now``. Where some pause and others resume at
    the same instant, it is a pause. None where nothing will change, as things stand.
    """
    if not workloads:
        return None
    namespace, school = workloads[0].namespace, workloads[0].school
    before = verdicts
    at = next_edge(world, namespace, school, now)
    for _ in range(MOST_EDGES):
        if at is None:
            return None
        after = [decide(world, workload, at) for workload in workloads]
        changes = {(_pauses(old), _pauses(new)) for old, new in zip(before, after, strict=True)}
        if (False, True) in changes:
            return Prospect("Pause", at.astimezone(UTC), zone_of(world, namespace, after))
        if (True, False) in changes:
            return Prospect("Resume", at.astimezone(UTC), zone_of(world, namespace, before))
        if at > now + HORIZON:
            return None
        before = after
        at = next_edge(world, namespace, school, at)
    return None


def zone_of(world: World, namespace: str, verdicts: Iterable[Verdict]) -> ZoneInfo:
    """The zone of a school's days: that of the policy which decides; of its namespace where none does."""
    for verdict in sorted(verdicts, key=lambda item: not _pauses(item)):
        for policy in filter(None, (verdict.policy, *verdict.policies)):
            try:
                return world.zone_for(policy, namespace)
            except Unevaluable:
                continue
    return _zone_of_namespace(world, namespace)


def _zone_of_namespace(world: World, namespace: str) -> ZoneInfo:
    known = world.namespaces.get(namespace)
    try:
        return load_zone(known.time_zone) if known and known.time_zone else _UTC
    except ValueError:
        return _UTC


def _pauses(verdict: Verdict) -> bool:
    return verdict.stand is Stand.PAUSE
