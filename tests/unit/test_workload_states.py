"""The state of every governed workload, by policy."""

from __future__ import annotations

from builders import policy, sync
from syncpause.controller.cache.workload_states import WorkloadStates
from syncpause.controller.stale import StalePolicies
from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.status.phase import Phase, WorkloadState

PAUSED = WorkloadState("lincoln", Phase.PAUSED, written=True)
SYNCING = WorkloadState("lincoln", Phase.SYNCING, written=True)
WORKLOADS = [sync(f"sync-{number}") for number in range(3)]
KEYS = [workload.key for workload in WORKLOADS]
OWN, OTHER = policy("own"), policy("other")


def decision(*policies: object) -> Decision:
    return Decision(DesiredState.PAUSE, "paused", tuple(policies))  # type: ignore[arg-type]


def test_a_workload_that_several_policies_wait_for_is_checked_once() -> None:
    stale = StalePolicies()
    states = WorkloadStates(stale)
    states.expect([OWN.ref, OTHER.ref], KEYS)
    states.record(KEYS[0], decision(OWN), PAUSED)
    assert (states.unchecked(OWN.ref), states.unchecked(OTHER.ref)) == (2, 2)
    states.forget(KEYS[1])
    stale.take()
    states.record(KEYS[2], decision(OWN), PAUSED)
    assert (states.unchecked(OWN.ref), states.unchecked(OTHER.ref)) == (0, 0)
    assert stale.take() == {OWN.ref, OTHER.ref}, "both counts are right from now on"


def test_an_operator_of_some_namespaces_reports_no_cluster_policy() -> None:
    stale = StalePolicies(cluster_wide=False)
    stale.add(PolicyRef("", "summer"))
    stale.warn(PolicyRef("", "summer"), "StrayJob", "a Job was suspended")
    stale.add(OWN.ref)
    assert stale.take() == {OWN.ref}
    assert stale.take_warnings(PolicyRef("", "summer")) == {}


def test_a_policy_that_changes_again_waits_for_its_new_workloads_alone() -> None:
    states = WorkloadStates(StalePolicies())
    states.expect([OWN.ref, OTHER.ref], KEYS)
    states.expect([OWN.ref], KEYS[:1])
    assert (states.unchecked(OWN.ref), states.unchecked(OTHER.ref)) == (1, 3)
    states.expect([OTHER.ref], [])
    assert states.unchecked(OTHER.ref) == 0
    states.record(KEYS[0], decision(OWN), PAUSED)
    assert states.unchecked(OWN.ref) == 0


def test_a_workload_counts_for_its_deciding_policies_only() -> None:
    states = WorkloadStates(StalePolicies())
    states.record(KEYS[0], decision(OWN, OTHER), PAUSED)
    assert states.of_policy(OWN.ref) == states.of_policy(OTHER.ref) == {KEYS[0]: PAUSED}
    states.record(KEYS[0], decision(OTHER), SYNCING)
    assert (states.of_policy(OWN.ref), states.of_policy(OTHER.ref)) == ({}, {KEYS[0]: SYNCING})
    assert states.total(Phase.SYNCING) == 1
    states.forget(KEYS[0])
    assert states.of_policy(OTHER.ref) == {}
    assert states.get(KEYS[0]) is None


def test_an_equal_state_makes_no_status_stale() -> None:
    stale = StalePolicies()
    states = WorkloadStates(stale)
    states.record(KEYS[0], decision(OWN), PAUSED)
    stale.take()
    states.record(KEYS[0], decision(OWN), WorkloadState("lincoln", Phase.PAUSED, written=True))
    assert stale.take() == set()


def test_a_workload_is_paused_when_its_last_job_ends() -> None:
    states = WorkloadStates(StalePolicies())
    pausing = WorkloadState("lincoln", Phase.PAUSING, written=True)
    for key, state in zip(
        KEYS, (pausing, WorkloadState("lincoln", Phase.PAUSING, written=False), SYNCING), strict=True
    ):
        states.record(key, decision(OWN), state)
        states.nothing_runs(key)
    assert states.of_policy(OWN.ref) == {
        KEYS[0]: PAUSED,
        KEYS[1]: WorkloadState("lincoln", Phase.PAUSING, written=False),
        KEYS[2]: SYNCING,
    }, "a workload that is still to be written, or that syncs, keeps its state"
    states.nothing_runs(sync("stranger").key)
    assert len(states.of_policy(OWN.ref)) == 3
