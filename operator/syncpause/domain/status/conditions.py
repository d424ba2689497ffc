"""Conditions: Ready, Reconciling and Stalled of kstatus, and our own Paused and Contested.

Source: https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

from syncpause.api.status import Condition, PolicyState, WorkloadCounts
from syncpause.domain.change.drift import contested_message
from syncpause.domain.decision.policy import Policy
from syncpause.domain.sentences import first_few, plural
from syncpause.domain.status.counts import StatesByKey, describe

READY, RECONCILING, STALLED, PAUSED, CONTESTED = "Ready", "Reconciling", "Stalled", "Paused", "Contested"

RESUMING = "Resuming"
"""The reason of Paused=False while workloads that the policy paused are not resumed yet."""

# These messages are in the status of every school, of which there are tens of thousands: keep them short.
WRITTEN = "all workloads are written"
SEE_READY = "see the message of Ready"
NOT_STALLED = "nothing has to be fixed"
NOT_CONTESTED = "nobody undoes the pause"


class HasConditions(Protocol):
    """The status of a policy or a school."""

    @property
    def conditions(self) -> tuple[Condition, ...] | None:
        """Its conditions; None before the first write."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition without its time and generation."""

    type: str
    status: Literal["True", "False"]
    reason: str
    message: str


def stamped(
    found: Iterable[Finding], generation: int, before: Iterable[Condition] | None, now: datetime
) -> tuple[Condition, ...]:
    """Return findings as conditions. One whose status is that of ``before`` keeps its transition time."""
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


Problem = tuple[str, str]
"""What a person has to fix, as the reason and the message of a condition."""


def readiness(
    reason: str, message: str, progressing: str, problem: Problem | None
) -> tuple[Finding, Finding, Finding]:
    """Return Ready, Reconciling and Stalled. ``reason`` and ``message`` are those of Ready=True.

    ``progressing`` says what the operator has yet to do, and is empty if nothing. With ``problem``, waiting
    does not help: Stalled is True and Reconciling is False.
    """
    if problem:
        return (
            Finding(READY, "False", *problem),
            Finding(RECONCILING, "False", "Settled", SEE_READY),
            Finding(STALLED, "True", problem[0], SEE_READY),
        )
    stalled = Finding(STALLED, "False", "NotStalled", NOT_STALLED)
    if progressing:
        return (
            Finding(READY, "False", "Progressing", progressing),
            Finding(RECONCILING, "True", "Progressing", progressing),
            stalled,
        )
    return Finding(READY, "True", reason, message), Finding(RECONCILING, "False", "Settled", WRITTEN), stalled


def workload_problems(refused: Sequence[str], held: Collection[str]) -> Iterator[Problem]:
    """Yield the problems of workloads, worst first.

    Each item of ``refused`` is a workload and the API server's message. ``held`` holds the reasons of held
    workloads.
    """
    if refused:
        yield "WriteRefused", f"the API server refuses writes to {first_few(refused)}"
    if held:
        yield "Held", f"some workloads keep their current state: {first_few(held)}"


def contested_condition(contested: Mapping[str, Collection[str] | None]) -> Finding:
    """Return Contested, from `WorkloadState.contested` of each workload."""
    found = [(workload, managers) for workload, managers in contested.items() if managers is not None]
    if not found:
        return Finding(CONTESTED, "False", "NotContested", NOT_CONTESTED)
    return Finding(CONTESTED, "True", "PauseUndone", contested_message(found))


def condition(status: HasConditions, type_: str) -> Condition | None:
    """Return the condition of a type; None if the status has none."""
    return next((item for item in status.conditions or () if item.type == type_), None)


def is_true(status: HasConditions, type_: str) -> bool:
    """Whether the condition of a type is True."""
    found = condition(status, type_)
    return found is not None and found.status == "True"


def findings(
    policy: Policy,
    state: PolicyState,
    counts: WorkloadCounts,
    states: StatesByKey,
    *,
    unchecked: int,
    unknown: Sequence[str],
) -> tuple[Finding, ...]:
    """Return all conditions of a policy. A policy that pauses on schedule is healthy: Ready is True.

    ``unchecked`` and ``unknown`` are those of `PolicyWorkloads`.
    """
    problem = next(_problems(policy, states), None)
    pending = unchecked or sum(not item.written for item in states.values())
    message = _ready_message(policy, state, counts)
    if unknown:
        message = f"{message}; {unknown_names_message(unknown)}"
    progressing = f"{plural(pending, 'workload')} not yet evaluated or written" if pending else ""
    return (
        *readiness("DryRun" if policy.dry_run else str(state), message, progressing, problem),
        _paused(state, counts, bool(pending)),
        contested_condition({str(key): item.contested for key, item in states.items()}),
    )


def _problems(policy: Policy, states: StatesByKey) -> Iterator[Problem]:
    if policy.invalid:
        yield "Invalid", policy.invalid
    refused = [f"{key}: {item.refused}" for key, item in states.items() if item.refused]
    held = {item.reason for item in states.values() if item.reason}
    yield from workload_problems(refused, held)


def _ready_message(policy: Policy, state: PolicyState, counts: WorkloadCounts) -> str:
    if policy.dry_run:
        return "the mode is DryRun: the policy pauses nothing, and status.dryRun lists what it would pause"
    if not policy.windows:
        return "the policy has no window: it never pauses a workload"
    if state is PolicyState.ENDED:
        return "all windows of the policy are over"
    if not counts.schools.governed:
        return (
            "the policy governs no workload: check its schools and selectors, "
            "and whether a more specific policy replaces it"
        )
    if counts.cron_jobs.paused or counts.deployments.paused:
        return f"{describe(counts, 'paused')} paused"
    return f"the policy governs {describe(counts, 'governed')}"


def unknown_names_message(unknown: Sequence[str]) -> str:
    """Return the sentence about names that no workload has. Most often they are misspelled."""
    return f"no workload is labeled with {first_few(unknown)}: check the spelling"


def _paused(state: PolicyState, counts: WorkloadCounts, pending: bool) -> Finding:
    kinds = (counts.cron_jobs, counts.deployments)
    paused = sum(kind.paused for kind in kinds)
    all_paused = paused == sum(kind.governed - kind.exempt for kind in kinds)
    if any(kind.pausing for kind in kinds):
        return Finding(PAUSED, "False", "Pausing", f"Jobs or Pods of {describe(counts, 'pausing')} still run")
    if paused and (all_paused or not pending):
        return Finding(PAUSED, "True", "Paused", f"no Job or Pod of {describe(counts, 'paused')} runs")
    if paused:
        return Finding(PAUSED, "False", RESUMING, f"still paused: {describe(counts, 'paused')}")
    if state is PolicyState.ACTIVE:
        return Finding(
            PAUSED, "False", "NothingPaused", "a window is open, but the policy pauses no workload"
        )
    return Finding(PAUSED, "False", "NoOpenWindow", "no window is open")


def as_bool(value: bool) -> Literal["True", "False"]:
    """Return a bool as the status of a condition."""
    return "True" if value else "False"
