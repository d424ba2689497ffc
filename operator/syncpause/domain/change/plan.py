"""From a workload and its decision to the one change that should be written, or none.

Pausing stores what undoes it in the same write; resuming puts it back and removes every trace.
A field that someone set to another value during a pause (drift) is what its owner wants now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from syncpause.api import names
from syncpause.api.policy import MissedRuns
from syncpause.domain.change import restore
from syncpause.domain.change.restore import Values
from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.workload import PAUSE_MARKS, CronJob, Workload

_ONE_SECOND = timedelta(seconds=1)


class Action(StrEnum):
    """What a change does."""

    PAUSE = "Pause"
    RESUME = "Resume"
    REPAUSE = "Repause"


@dataclass(frozen=True, slots=True)
class Change:
    """One PATCH: fields of the spec, annotations and labels; None removes one.

    ``last_schedule`` is what the CronJob's status.lastScheduleTime must be moved to first (UTC).
    """

    action: Action
    spec: Values = field(default_factory=dict)
    annotations: dict[str, str | None] = field(default_factory=dict)
    labels: dict[str, str | None] = field(default_factory=dict)
    last_schedule: datetime | None = None


def plan(
    workload: Workload,
    decision: Decision,
    now: datetime,
    *,
    ended: datetime | None = None,
    fallback: Values | None = None,
) -> Change | None:
    """The change that takes the workload to its decision; None where it is there already.

    ``ended`` is when its pause ended, if known to be before now; ``fallback`` replaces restore values
    that were lost, also where every mark was stripped. Raises LookupError where restore state is
    missing and no fallback is given.
    """
    marked = workload.marked or fallback is not None
    if decision.desired_state is DesiredState.PAUSE or (
        decision.desired_state is DesiredState.HOLD and marked
    ):
        return _pause(workload, decision, now, fallback)
    if decision.desired_state is DesiredState.HOLD or not marked:
        return None
    return _resume(workload, decision, ended - _ONE_SECOND if ended else now, fallback)


def _pause(workload: Workload, decision: Decision, now: datetime, fallback: Values | None) -> Change | None:
    target = restore.PAUSED[workload.kind]
    seen = restore.current(workload)
    drift = {name: value for name, value in seen.items() if value != target[name]}
    marked = workload.marked or fallback is not None
    kept = {**_restore_values(workload, fallback), **drift} if marked else seen
    wanted = {**_marks(workload, decision, now), **restore.as_annotations(kept)}
    annotations = _changed(wanted, workload.annotations)
    labels = _changed({names.STATE_LABEL: names.STATE_PAUSED}, workload.other_labels)
    if not (drift or annotations or labels):
        return None
    spec = {name: target[name] for name in drift}
    return Change(Action.REPAUSE if marked else Action.PAUSE, spec, annotations, labels)


def _resume(
    workload: Workload, decision: Decision, missed_until: datetime, fallback: Values | None
) -> Change:
    target = restore.PAUSED[workload.kind]
    seen = restore.current(workload)
    back = _restore_values(workload, fallback)
    spec = {name: back[name] for name in target if seen[name] == target[name] != back[name]}
    return Change(
        Action.RESUME,
        spec,
        {mark: None for mark in PAUSE_MARKS if mark in workload.annotations},
        {names.STATE_LABEL: None} if names.STATE_LABEL in workload.other_labels else {},
        _last_schedule(workload, decision, missed_until),
    )


def _restore_values(workload: Workload, fallback: Values | None) -> Values:
    stored = restore.stored(workload)
    lost = [name for name in restore.PAUSED[workload.kind] if name not in stored]
    if lost and fallback is None:
        raise LookupError(f"{workload.key} has lost what to restore {', '.join(lost)} to")
    return {**stored, **{name: (fallback or {})[name] for name in lost}}


def _marks(workload: Workload, decision: Decision, now: datetime) -> dict[str, str]:
    """What a pause notes beside the restore state. Once written it stays: an edited date rewrites nothing."""
    fresh = {
        names.MISSED_RUNS: str(decision.missed_runs or MissedRuns.SKIP),
        names.PAUSED_BY: str(decision.policy.ref) if decision.policy else "",
        names.PAUSED_AT: now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if not workload.marked:
        return fresh
    return {name: value for name, value in fresh.items() if value and name not in workload.annotations}


def _last_schedule(workload: Workload, decision: Decision, missed_until: datetime) -> datetime | None:
    """The last second of the pause, so that no run which fell due inside it starts; never backwards.

    At an edge that is the second before it, for a run that falls due at the edge itself is wanted.
    """
    missed_runs = decision.missed_runs or workload.annotations.get(names.MISSED_RUNS)
    if not isinstance(workload, CronJob) or missed_runs == MissedRuns.RUN_ONCE:
        return None
    moved = missed_until.replace(microsecond=0)
    if workload.last_schedule is not None and workload.last_schedule >= moved:
        return None
    return moved


def _changed(wanted: Mapping[str, str], seen: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: value for name, value in wanted.items() if seen.get(name) != value}
