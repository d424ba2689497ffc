"""What a change of policies would change for each school: now, and in what comes next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from syncpause.api.school import SchoolState
from syncpause.domain.decision.decide import Stand, Verdict, decide
from syncpause.domain.decision.policy_set import World
from syncpause.domain.status.school_status import telling, together
from syncpause.domain.status.transition import Prospect, next_transition, zone_of
from syncpause.domain.workload import Workload


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a school stands under some policies: its state once all is written, why, and what comes next."""

    state: SchoolState
    why: str
    next: Prospect | None


@dataclass(frozen=True, slots=True)
class SchoolChange:
    """A school for which a change of policies changes something.

    ``pauses`` and ``resumes`` are the workloads that would; both are empty where only the future changes.
    """

    namespace: str
    school: str
    at: datetime
    before: Outlook
    after: Outlook
    pauses: tuple[Workload, ...]
    resumes: tuple[Workload, ...]


def compare(
    before: World, after: World, workloads: Iterable[Workload], at: Callable[[ZoneInfo], datetime]
) -> list[SchoolChange]:
    """The schools for which anything differs between two worlds, sorted by name.

    ``at`` gives the instant to look at for a school of some zone.
    """
    schools: dict[tuple[str, str], list[Workload]] = defaultdict(list)
    for workload in workloads:
        if workload.school:
            schools[workload.namespace, workload.school].append(workload)
    changes = (_compare_one(before, after, schools[school], at) for school in sorted(schools))
    return [change for change in changes if change is not None]


def _compare_one(
    before: World, after: World, workloads: Sequence[Workload], at: Callable[[ZoneInfo], datetime]
) -> SchoolChange | None:
    namespace, school = workloads[0].namespace, workloads[0].school
    instant = _instant(after, workloads, at)
    old = [decide(before, workload, instant) for workload in workloads]
    new = [decide(after, workload, instant) for workload in workloads]
    pairs = list(zip(workloads, old, new, strict=True))
    change = SchoolChange(
        namespace,
        school,
        instant,
        _outlook(before, workloads, old, instant),
        _outlook(after, workloads, new, instant),
        tuple(item for item, was, now in pairs if _pauses(item, now) and not _pauses(item, was)),
        tuple(item for item, was, now in pairs if _pauses(item, was) and not _pauses(item, now)),
    )
    same = change.before.state is change.after.state and change.before.next == change.after.next
    return None if same and not change.pauses and not change.resumes else change


def _instant(world: World, workloads: Sequence[Workload], at: Callable[[ZoneInfo], datetime]) -> datetime:
    """Which policy decides, and so which zone, may itself depend on the instant: the second look tells."""
    namespace, instant = workloads[0].namespace, at(ZoneInfo("UTC"))
    for _ in range(2):
        verdicts = [decide(world, workload, instant) for workload in workloads]
        instant = at(zone_of(world, namespace, verdicts))
    return instant


def _outlook(
    world: World, workloads: Sequence[Workload], verdicts: Sequence[Verdict], now: datetime
) -> Outlook:
    states = [_state(item, verdict) for item, verdict in zip(workloads, verdicts, strict=True)]
    return Outlook(
        together(states), telling(verdicts).reason, next_transition(world, workloads, verdicts, now)
    )


def _pauses(workload: Workload, verdict: Verdict) -> bool:
    return _state(workload, verdict) is SchoolState.PAUSED


def _state(workload: Workload, verdict: Verdict) -> SchoolState:
    """Where it stands once the operator has done its work; what is held stays as it is."""
    match verdict.stand:
        case Stand.PAUSE:
            return SchoolState.PAUSED
        case Stand.EXEMPT:
            return SchoolState.EXEMPT
        case Stand.HOLD if workload.marked:
            return SchoolState.PAUSED
        case _:
            return SchoolState.SYNCING
