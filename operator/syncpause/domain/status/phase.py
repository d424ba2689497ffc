"""Where a workload is on its way to its verdict, for counting and showing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from syncpause.domain.decision.decide import Stand, Verdict
from syncpause.domain.workload import Workload


class Phase(StrEnum):
    """A workload's state as status shows it."""

    SYNCING = "Syncing"
    PAUSING = "Pausing"
    PAUSED = "Paused"
    RESUMING = "Resuming"
    EXEMPT = "Exempt"
    HELD = "Held"


def phase_of(workload: Workload, verdict: Verdict, still_running: int) -> Phase:
    """The phase. Paused is said only when nothing runs any more: no Job, no Pod."""
    if verdict.stand is Stand.HOLD:
        return Phase.HELD
    if verdict.stand is Stand.PAUSE:
        quiet = workload.marked and workload.stopped and not still_running
        return Phase.PAUSED if quiet else Phase.PAUSING
    if workload.marked:
        return Phase.RESUMING
    return Phase.EXEMPT if verdict.stand is Stand.EXEMPT else Phase.SYNCING


def written(workload: Workload, verdict: Verdict) -> bool:
    """Whether the operator's own writes for the verdict are done, whatever still runs."""
    if verdict.stand is Stand.PAUSE:
        return workload.marked and workload.stopped
    return verdict.stand is Stand.HOLD or not workload.marked


@dataclass(frozen=True, slots=True)
class Standing:
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
