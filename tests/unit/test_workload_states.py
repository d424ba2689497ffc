"""Where every governed workload stands, counted per policy."""

from __future__ import annotations

from builders import policy, sync
from syncpause.controller.status.workload_states import WorkloadStates
from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.status.phase import Phase, WorkloadState

PAUSED = WorkloadState("lincoln", Phase.PAUSED, settled=True)
SYNCING = WorkloadState("lincoln", Phase.SYNCING, settled=True)
WORKLOADS = [sync(f"sync-{number}") for number in range(3)]
KEYS = [workload.key for workload in WORKLOADS]
OWN, OTHER = policy("own"), policy("other")


def decision(*policies: object) -> Decision:
    return Decision(DesiredState.PAUSE, "paused", tuple(policies))  # type: ignore[arg-type]


def test_what_policies_wait_for_together_is_met_once_for_all() -> None:
    told: list[PolicyRef] = []
    workload_states = WorkloadStates(told.append)
    workload_states.expect([OWN.ref, OTHER.ref], KEYS)
    workload_states.enter(KEYS[0], decision(OWN), PAUSED)
    assert (workload_states.unchecked(OWN.ref), workload_states.unchecked(OTHER.ref)) == (2, 2)
    workload_states.strike(KEYS[1])
    told.clear()
    workload_states.enter(KEYS[2], decision(OWN), PAUSED)
    assert (workload_states.unchecked(OWN.ref), workload_states.unchecked(OTHER.ref)) == (0, 0)
    assert set(told) == {OWN.ref, OTHER.ref}, "both are right from now on, which their status tells"


def test_a_policy_that_waits_anew_waits_for_that_alone() -> None:
    workload_states = WorkloadStates(lambda _: None)
    workload_states.expect([OWN.ref, OTHER.ref], KEYS)
    workload_states.expect([OWN.ref], KEYS[:1])
    assert (workload_states.unchecked(OWN.ref), workload_states.unchecked(OTHER.ref)) == (1, 3)
    workload_states.expect([OTHER.ref], [])
    assert workload_states.unchecked(OTHER.ref) == 0
    workload_states.enter(KEYS[0], decision(OWN), PAUSED)
    assert workload_states.unchecked(OWN.ref) == 0


def test_a_workload_stands_in_the_books_of_its_deciding_policies_only() -> None:
    workload_states = WorkloadStates(lambda _: None)
    workload_states.enter(KEYS[0], decision(OWN, OTHER), PAUSED)
    assert workload_states.book(OWN.ref) == workload_states.book(OTHER.ref) == {KEYS[0]: PAUSED}
    workload_states.enter(KEYS[0], decision(OTHER), SYNCING)
    assert (workload_states.book(OWN.ref), workload_states.book(OTHER.ref)) == ({}, {KEYS[0]: SYNCING})
    assert workload_states.phases()[Phase.SYNCING] == 1
    workload_states.strike(KEYS[0])
    assert workload_states.book(OTHER.ref) == {}
    assert workload_states.workload_state(KEYS[0]) is None


def test_a_change_that_is_none_is_not_told() -> None:
    told: list[PolicyRef] = []
    workload_states = WorkloadStates(told.append)
    workload_states.enter(KEYS[0], decision(OWN), PAUSED)
    told.clear()
    workload_states.enter(KEYS[0], decision(OWN), WorkloadState("lincoln", Phase.PAUSED, settled=True))
    assert told == []


def test_a_pause_is_over_with_its_last_job() -> None:
    workload_states = WorkloadStates(lambda _: None)
    pausing = WorkloadState("lincoln", Phase.PAUSING, settled=True)
    for key, workload_state in zip(
        KEYS, (pausing, WorkloadState("lincoln", Phase.PAUSING, settled=False), SYNCING), strict=True
    ):
        workload_states.enter(key, decision(OWN), workload_state)
        workload_states.quiet(key)
    assert workload_states.book(OWN.ref) == {
        KEYS[0]: PAUSED,
        KEYS[1]: WorkloadState("lincoln", Phase.PAUSING, settled=False),
        KEYS[2]: SYNCING,
    }, "what is still to be written, or is not paused at all, stands as it stood"
    workload_states.quiet(sync("stranger").key)
    assert len(workload_states.book(OWN.ref)) == 3
