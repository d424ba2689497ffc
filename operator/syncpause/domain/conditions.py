"""What is true of a policy, as kstatus conditions: Ready, Reconciling, Stalled, and our Paused.

Source: https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from syncpause.api.status import PolicyState, WorkloadCounts
from syncpause.domain.phase import Phase
from syncpause.domain.policy import Policy
from syncpause.domain.tally import Standings, first_few, in_words, plural

READY, RECONCILING, STALLED, PAUSED = "Ready", "Reconciling", "Stalled", "Paused"

RESUMING = "Resuming"
"""Reason of Paused=False while some of what it paused is still to be resumed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition before it is stamped with a time."""

    type: str
    status: Literal["True", "False"]
    reason: str
    message: str


def findings(
    policy: Policy,
    state: PolicyState,
    counts: WorkloadCounts,
    standings: Standings,
    *,
    outstanding: int,
    unknown: Sequence[str],
) -> tuple[Finding, ...]:
    """All conditions. Being paused on schedule is healthy: Ready is True."""
    trouble = next(_troubles(policy, standings), None)
    unsettled = outstanding or sum(not standing.settled for standing in standings.values())
    message = _standing_in_words(policy, state, counts) + (f"; {typos(unknown)}" if unknown else "")
    if trouble:
        reason, message = trouble
        ready = Finding(READY, "False", reason, message)
    elif unsettled:
        reason, message = "Progressing", f"{plural(unsettled, 'workload')} still to be looked at or written"
        ready = Finding(READY, "False", reason, message)
    else:
        reason = "DryRun" if policy.dry_run else str(state)
        ready = Finding(READY, "True", reason, message)
    progressing = bool(unsettled) and trouble is None
    return (
        ready,
        Finding(RECONCILING, _bool(progressing), "Progressing" if progressing else "Settled", ""),
        Finding(STALLED, _bool(trouble is not None), reason if trouble else "NotStalled", ""),
        _paused(state, counts, bool(unsettled)),
    )


def _troubles(policy: Policy, standings: Standings) -> Iterator[tuple[str, str]]:
    """What stands in the way, worst first, as (reason, sentence)."""
    if policy.invalid:
        yield "Invalid", policy.invalid
    refused = [f"{key}: {standing.refused}" for key, standing in standings.items() if standing.refused]
    if refused:
        yield "WriteRefused", f"the API server refuses writes to {first_few(refused)}"
    held = {standing.reason for standing in standings.values() if standing.phase is Phase.HELD}
    if held:
        yield "Held", f"workloads keep the state they are in: {first_few(held)}"


def _standing_in_words(policy: Policy, state: PolicyState, counts: WorkloadCounts) -> str:
    if policy.dry_run:
        return "dry run: it governs nothing, and tells in status.dryRun what it would pause"
    if not policy.windows:
        return "it has no window: what it governs is never paused"
    if state is PolicyState.ENDED:
        return "all its windows are over"
    if not counts.schools.governed:
        return "it governs no workload"
    if counts.cron_jobs.paused or counts.deployments.paused:
        return f"{in_words(counts, 'paused')} paused"
    return f"it governs {in_words(counts, 'governed')}"


def typos(unknown: Sequence[str]) -> str:
    """A name that no workload carries is a typo more often than not."""
    return f"no workload carries {first_few(unknown)}: check the spelling"


def _paused(state: PolicyState, counts: WorkloadCounts, unsettled: bool) -> Finding:
    kinds = (counts.cron_jobs, counts.deployments)
    paused = sum(kind.paused for kind in kinds)
    all_paused = paused == sum(kind.governed - kind.exempt for kind in kinds)
    if any(kind.pausing for kind in kinds):
        return Finding(PAUSED, "False", "Pausing", f"{in_words(counts, 'pausing')} still run")
    if paused and (all_paused or not unsettled):
        return Finding(PAUSED, "True", "Paused", f"nothing runs of {in_words(counts, 'paused')}")
    if paused:
        return Finding(PAUSED, "False", RESUMING, f"{in_words(counts, 'paused')} are still paused")
    if state is PolicyState.ACTIVE:
        return Finding(PAUSED, "False", "NothingPaused", "a window is open, and no workload is paused by it")
    return Finding(PAUSED, "False", "NoOpenWindow", "no window is open")


def _bool(value: bool) -> Literal["True", "False"]:
    return "True" if value else "False"
