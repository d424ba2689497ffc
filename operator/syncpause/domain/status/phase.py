"""Phases of workloads: how far each is on the way to its desired state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.workload import Workload


class Phase(StrEnum):
    """The phase of a workload as statuses count it."""

    SYNCING = "Syncing"
    PAUSING = "Pausing"
    PAUSED = "Paused"
    RESUMING = "Resuming"
    EXEMPT = "Exempt"
    HELD = "Held"


def phase_of(workload: Workload, decision: Decision, still_running: int) -> Phase:
    """Return the phase. A workload is PAUSED only if none of its Jobs and Pods runs.

    ``still_running`` is the number of its Jobs or Pods that run.
    """
    if decision.desired_state is DesiredState.HOLD:
        return Phase.HELD
    if decision.desired_state is DesiredState.PAUSE:
        paused = is_written(workload, decision) and not still_running
        return Phase.PAUSED if paused else Phase.PAUSING
    if workload.marked:
        return Phase.RESUMING
    return Phase.EXEMPT if decision.desired_state is DesiredState.EXEMPT else Phase.SYNCING


def is_written(workload: Workload, decision: Decision) -> bool:
    """Whether the operator has written all that the decision needs. Its Jobs and Pods may still run."""
    if decision.desired_state is DesiredState.PAUSE:
        return workload.marked and workload.stopped
    return decision.desired_state is DesiredState.HOLD or not workload.marked


def problem_of(decision: Decision) -> str:
    """Return why somebody has to act before the workload can be resumed; empty if nobody has to."""
    if decision.waits:
        return ""
    return decision.reason if decision.desired_state is DesiredState.HOLD else decision.doubt


@dataclass(frozen=True, slots=True)
class WorkloadState:
    """One governed workload as the statuses of its policies count it.

    ``written`` is the result of `is_written`. ``reason`` says why it is held or would not be resumed, and is
    empty otherwise. ``refused`` is the API server's message if it refused a write, else empty. ``contested``
    holds the field managers that undo its pause, which may be unknown (empty); None if the pause is not
    contested.
    """

    school: str
    phase: Phase
    written: bool
    reason: str = ""
    refused: str = ""
    contested: frozenset[str] | None = None
