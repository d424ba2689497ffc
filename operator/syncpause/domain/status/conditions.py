"""What is true of a policy, as kstatus conditions: Ready, Reconciling, Stalled, and our Paused and Contested.

Source: https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

from syncpause.api.status import Condition, PolicyState, WorkloadCounts
from syncpause.domain.change.drift import in_words as drift_in_words
from syncpause.domain.decision.policy import Policy
from syncpause.domain.status.counts import StatesByKey, first_few, in_words, plural
from syncpause.domain.status.phase import Phase

READY, RECONCILING, STALLED, PAUSED, CONTESTED = "Ready", "Reconciling", "Stalled", "Paused", "Contested"

RESUMING = "Resuming"
"""Reason of Paused=False while some of what it paused is still to be resumed."""


class HasConditions(Protocol):
    """The status of any of our kinds."""

    @property
    def conditions(self) -> tuple[Condition, ...] | None:
        """Its conditions."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition before it is stamped with a time."""

    type: str
    status: Literal["True", "False"]
    reason: str
    message: str


def stamped(
    found: Iterable[Finding], generation: int, before: Iterable[Condition] | None, now: datetime
) -> tuple[Condition, ...]:
    """Findings as conditions: one whose status is as before keeps the time at which it became so."""
    known = {condition.type: condition for condition in before or ()}
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = []
    for finding in found:
        last = known.get(finding.type)
        same = last is not None and last.status == finding.status
        conditions.append(
            Condition(
                type=finding.type,
                status=finding.status,
                reason=finding.reason,
                message=finding.message,
                observed_generation=generation,
                last_transition_time=last.last_transition_time if last and same else stamp,
            )
        )
    return tuple(conditions)


Trouble = tuple[str, str]
"""What stands in the way, as (reason, sentence)."""


def readiness(
    reason: str, message: str, progressing: str, trouble: Trouble | None
) -> tuple[Finding, Finding, Finding]:
    """Ready, Reconciling and Stalled. ``reason`` and ``message`` are those of Ready=True.

    ``progressing`` says what is still to be done, if anything: there waiting helps; with ``trouble``, nothing
    but a mend does.
    """
    if trouble:
        ready = Finding(READY, "False", *trouble)
    elif progressing:
        ready = Finding(READY, "False", "Progressing", progressing)
    else:
        ready = Finding(READY, "True", reason, message)
    waits = bool(progressing) and not trouble
    return (
        ready,
        Finding(RECONCILING, as_bool(waits), "Progressing" if waits else "Settled", ""),
        Finding(STALLED, as_bool(bool(trouble)), trouble[0] if trouble else "NotStalled", ""),
    )


def troubles(refused: Sequence[str], held: Collection[str]) -> Iterator[Trouble]:
    """What can be wrong with workloads, worst first: writes that are refused, and why some are held."""
    if refused:
        yield "WriteRefused", f"the API server refuses writes to {first_few(refused)}"
    if held:
        yield "Held", f"workloads keep the state they are in: {first_few(held)}"


def contested_condition(contested: Mapping[str, Collection[str] | None]) -> Finding:
    """Contested, from who undoes the pause of each workload (None: nobody)."""
    found = [(workload, managers) for workload, managers in contested.items() if managers is not None]
    if not found:
        return Finding(CONTESTED, "False", "NotContested", "")
    return Finding(CONTESTED, "True", "PauseUndone", drift_in_words(found))


def condition(status: HasConditions, type_: str) -> Condition | None:
    """One condition of a status."""
    return next((item for item in status.conditions or () if item.type == type_), None)


def is_true(status: HasConditions, type_: str) -> bool:
    """Whether a condition of a status is True."""
    found = condition(status, type_)
    return found is not None and found.status == "True"


def findings(
    policy: Policy,
    state: PolicyState,
    counts: WorkloadCounts,
    workload_states: StatesByKey,
    *,
    unchecked: int,
    unknown: Sequence[str],
) -> tuple[Finding, ...]:
    """All conditions. Being paused on schedule is healthy: Ready is True."""
    trouble = next(_troubles(policy, workload_states), None)
    unsettled = unchecked or sum(not workload_state.settled for workload_state in workload_states.values())
    message = _standing_in_words(policy, state, counts) + (f"; {typos(unknown)}" if unknown else "")
    left = f"{plural(unsettled, 'workload')} still to be looked at or written" if unsettled else ""
    return (
        *readiness("DryRun" if policy.dry_run else str(state), message, left, trouble),
        _paused(state, counts, bool(unsettled)),
        contested_condition(
            {str(key): workload_state.contested for key, workload_state in workload_states.items()}
        ),
    )


def _troubles(policy: Policy, workload_states: StatesByKey) -> Iterator[Trouble]:
    if policy.invalid:
        yield "Invalid", policy.invalid
    refused = [
        f"{key}: {workload_state.refused}"
        for key, workload_state in workload_states.items()
        if workload_state.refused
    ]
    yield from troubles(
        refused, {item.reason for item in workload_states.values() if item.phase is Phase.HELD}
    )


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


def as_bool(value: bool) -> Literal["True", "False"]:
    """A condition's status."""
    return "True" if value else "False"
