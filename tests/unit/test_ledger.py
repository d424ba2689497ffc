"""Where every governed workload stands, counted per policy."""

from __future__ import annotations

from builders import policy, sync
from syncpause.controller.status.workload_states import Ledger
from syncpause.domain.decision.decide import Stand, Verdict
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.status.phase import Phase, Standing

PAUSED = Standing("lincoln", Phase.PAUSED, settled=True)
SYNCING = Standing("lincoln", Phase.SYNCING, settled=True)
WORKLOADS = [sync(f"sync-{number}") for number in range(3)]
KEYS = [workload.key for workload in WORKLOADS]
OWN, OTHER = policy("own"), policy("other")


def verdict(*policies: object) -> Verdict:
    return Verdict(Stand.PAUSE, "paused", tuple(policies))  # type: ignore[arg-type]


def test_what_policies_wait_for_together_is_met_once_for_all() -> None:
    told: list[PolicyRef] = []
    ledger = Ledger(told.append)
    ledger.expect([OWN.ref, OTHER.ref], KEYS)
    ledger.enter(KEYS[0], verdict(OWN), PAUSED)
    assert (ledger.outstanding(OWN.ref), ledger.outstanding(OTHER.ref)) == (2, 2)
    ledger.strike(KEYS[1])
    told.clear()
    ledger.enter(KEYS[2], verdict(OWN), PAUSED)
    assert (ledger.outstanding(OWN.ref), ledger.outstanding(OTHER.ref)) == (0, 0)
    assert set(told) == {OWN.ref, OTHER.ref}, "both are right from now on, which their status tells"


def test_a_policy_that_waits_anew_waits_for_that_alone() -> None:
    ledger = Ledger(lambda _: None)
    ledger.expect([OWN.ref, OTHER.ref], KEYS)
    ledger.expect([OWN.ref], KEYS[:1])
    assert (ledger.outstanding(OWN.ref), ledger.outstanding(OTHER.ref)) == (1, 3)
    ledger.expect([OTHER.ref], [])
    assert ledger.outstanding(OTHER.ref) == 0
    ledger.enter(KEYS[0], verdict(OWN), PAUSED)
    assert ledger.outstanding(OWN.ref) == 0


def test_a_workload_stands_in_the_books_of_its_deciding_policies_only() -> None:
    ledger = Ledger(lambda _: None)
    ledger.enter(KEYS[0], verdict(OWN, OTHER), PAUSED)
    assert ledger.book(OWN.ref) == ledger.book(OTHER.ref) == {KEYS[0]: PAUSED}
    ledger.enter(KEYS[0], verdict(OTHER), SYNCING)
    assert (ledger.book(OWN.ref), ledger.book(OTHER.ref)) == ({}, {KEYS[0]: SYNCING})
    assert ledger.phases()[Phase.SYNCING] == 1
    ledger.strike(KEYS[0])
    assert ledger.book(OTHER.ref) == {}
    assert ledger.standing(KEYS[0]) is None


def test_a_change_that_is_none_is_not_told() -> None:
    told: list[PolicyRef] = []
    ledger = Ledger(told.append)
    ledger.enter(KEYS[0], verdict(OWN), PAUSED)
    told.clear()
    ledger.enter(KEYS[0], verdict(OWN), Standing("lincoln", Phase.PAUSED, settled=True))
    assert told == []


def test_a_pause_is_over_with_its_last_job() -> None:
    ledger = Ledger(lambda _: None)
    pausing = Standing("lincoln", Phase.PAUSING, settled=True)
    for key, standing in zip(
        KEYS, (pausing, Standing("lincoln", Phase.PAUSING, settled=False), SYNCING), strict=True
    ):
        ledger.enter(key, verdict(OWN), standing)
        ledger.quiet(key)
    assert ledger.book(OWN.ref) == {
        KEYS[0]: PAUSED,
        KEYS[1]: Standing("lincoln", Phase.PAUSING, settled=False),
        KEYS[2]: SYNCING,
    }, "what is still to be written, or is not paused at all, stands as it stood"
    ledger.quiet(sync("stranger").key)
    assert len(ledger.book(OWN.ref)) == 3
