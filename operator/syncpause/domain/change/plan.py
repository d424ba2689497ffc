"""Plans the one change that takes a workload to its desired state, if any.

A pause stores the restore state in the same write; a resume restores it and removes every mark.
A value that someone sets during a pause (drift) becomes the value to restore, because its owner wants it now.
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
    """One merge patch: fields of the spec, annotations and labels; None removes a field.

    ``last_schedule`` is the new status.lastScheduleTime of a CronJob (UTC), to be written before the
    patch; None leaves it alone.
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
    """Return the change that takes the workload to its desired state; None if nothing has to be written.

    ``ended`` is the instant (UTC) at which its pause ended, if that is known and before ``now``.
    ``fallback`` replaces restore values that are lost; with it, a workload without any mark counts as
    paused. Raises LookupError if restore values are lost and there is no fallback.
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
    current = restore.current(workload)
    drifted = {name: value for name, value in current.items() if value != target[name]}
    marked = workload.marked or fallback is not None
    values = {**_restore_values(workload, fallback), **drifted} if marked else current
    marks = {**_marks(workload, decision, now), **restore.as_annotations(values)}
    annotations = _changed(marks, workload.annotations)
    labels = _changed({names.STATE_LABEL: names.STATE_PAUSED}, workload.other_labels)
    if not (drifted or annotations or labels):
        return None
    spec = {name: target[name] for name in drifted}
    return Change(Action.REPAUSE if marked else Action.PAUSE, spec, annotations, labels)


def _resume(
    workload: Workload, decision: Decision, missed_until: datetime, fallback: Values | None
) -> Change:
    target = restore.PAUSED[workload.kind]
    current = restore.current(workload)
    values = _restore_values(workload, fallback)
    spec = {name: values[name] for name in target if current[name] == target[name] != values[name]}
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
        raise LookupError(f"{workload.key} has lost the values to restore: {', '.join(lost)}")
    return {**stored, **{name: (fallback or {})[name] for name in lost}}


def _marks(workload: Workload, decision: Decision, now: datetime) -> dict[str, str]:
    """Return the marks of a pause besides its restore state. Marks that exist stay as they are."""
    fresh = {
        names.MISSED_RUNS: str(decision.missed_runs or MissedRuns.SKIP),
        names.PAUSED_BY: str(decision.policy.ref) if decision.policy else "",
        names.PAUSED_AT: now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if not workload.marked:
        return fresh
    return {name: value for name, value in fresh.items() if value and name not in workload.annotations}


def _last_schedule(workload: Workload, decision: Decision, missed_until: datetime) -> datetime | None:
    """Return the new status.lastScheduleTime of a CronJob (UTC); None to leave it alone.

    It is the last second of the pause, so that no missed run starts. It never moves backwards.
    ``missed_until`` is the second before an edge that ended the pause, because a run that is due at the edge
    itself must start.
    """
    missed_runs = decision.missed_runs or workload.annotations.get(names.MISSED_RUNS)
    if not isinstance(workload, CronJob) or missed_runs == MissedRuns.RUN_ONCE:
        return None
    moved = missed_until.replace(microsecond=0)
    if workload.last_schedule is not None and workload.last_schedule >= moved:
        return None
    return moved


def _changed(desired: Mapping[str, str], current: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: value for name, value in desired.items() if current.get(name) != value}
