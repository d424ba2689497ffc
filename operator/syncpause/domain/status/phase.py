"""Where a workload is on its way to its decision, for counting and showing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.workload import Workload


class Phase(StrEnum):
    """A workload's state as status shows it."""

    SYNCING = "Syncing"
    PAUSING = "Pausing"
    PAUSED = "Paused"
    RESUMING = "Resuming"
    EXEMPT = "Exempt"
    HELD = "Held"


def phase_of(workload: Workload, decision: Decision, still_running: int) -> Phase:
    """The phase. Paused is said only when nothing runs any more: no Job, no Pod."""
    if decision.desired_state is DesiredState.HOLD:
        return Phase.HELD
    if decision.desired_state is DesiredState.PAUSE:
        quiet = workload.marked and workload.stopped and not still_running
        return Phase.PAUSED if quiet else Phase.PAUSING
    if workload.marked:
        return Phase.RESUMING
    return Phase.EXEMPT if decision.desired_state is DesiredState.EXEMPT else Phase.SYNCING


def written(workload: Workload, decision: Decision) -> bool:
    """Whether the operator's own writes for the decision are done, whatever still runs."""
    if decision.desired_state is DesiredState.PAUSE:
        return workload.marked and workload.stopped
    return decision.desired_state is DesiredState.HOLD or not workload.marked


@dataclass(frozen=True, slots=True)
class WorkloadState:
    """One governed workload as a policy's status counts it.

    ``settled`` is False while the operator still has to write; ``reason`` says why it is held; ``refused``
    holds the API server's words if it refused a write for good; ``contested`` names who undoes its pause
    again and again, as far as that is recorded, and is None where nobody does.
    """

    school: str
    phase: Phase
    settled: bool
    reason: str = ""
    refused: str = ""
    contested: frozenset[str] | None = None
