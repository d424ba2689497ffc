"""The status of a policy: conditions and Events."""

from __future__ import annotations

from dataclasses import replace

from builders import at, policy
from syncpause.api.status import PolicyState, PolicyStatus
from syncpause.domain.decision.policy import Policy
from syncpause.domain.status.announcements import announce
from syncpause.domain.status.conditions import condition
from syncpause.domain.status.phase import Phase, WorkloadState
from syncpause.domain.status.policy_status import PolicyWorkloads, policy_status
from syncpause.domain.workload import Key, Kind

JULY, MARCH = at("2027-07-01T12:00"), at("2027-03-01T12:00")


def policy_workloads(*phases: Phase, written: bool = True, **more: object) -> PolicyWorkloads:
    states = {
        Key(Kind.CRON_JOB, "d9", f"sync-{number}"): WorkloadState("lincoln", phase, written)
        for number, phase in enumerate(phases)
    }
    return PolicyWorkloads(states=states, **more)  # type: ignore[arg-type]


def conditions(status: PolicyStatus) -> dict[str, tuple[str, str]]:
    return {item.type: (item.status, item.reason) for item in status.conditions or ()}


def status(
    of: Policy, found: PolicyWorkloads, before: PolicyStatus | None = None, now: object = JULY
) -> PolicyStatus:
    return policy_status(of, found, before or PolicyStatus(), now)  # type: ignore[arg-type]


def test_a_policy_that_pauses_on_schedule_is_ready() -> None:
    seen = status(policy(), policy_workloads(Phase.PAUSED, Phase.EXEMPT))
    assert conditions(seen) == {
        "Ready": ("True", "Active"),
        "Reconciling": ("False", "Settled"),
        "Stalled": ("False", "NotStalled"),
        "Paused": ("True", "Paused"),
        "Contested": ("False", "NotContested"),
    }
    assert seen.summary is not None
    assert (seen.summary.schools, seen.summary.cron_jobs) == ("1", "1/1")
    assert seen.next == "Resume 2027-08-10 00:00"


def test_paused_is_false_while_anything_runs() -> None:
    seen = status(policy(), policy_workloads(Phase.PAUSED, Phase.PAUSING))
    assert conditions(seen)["Paused"] == ("False", "Pausing")
    assert conditions(seen)["Ready"] == ("True", "Active")


def test_ready_waits_for_every_workload_that_a_change_concerns() -> None:
    seen = status(policy(), policy_workloads(Phase.PAUSED, unchecked=1))
    assert conditions(seen)["Ready"] == ("False", "Progressing")
    assert conditions(seen)["Reconciling"][0] == "True"


def test_a_refused_write_is_reported_with_the_api_servers_message() -> None:
    key = Key(Kind.CRON_JOB, "d9", "rosters")
    refused = WorkloadState("lincoln", Phase.PAUSING, False, refused="admission webhook says no")
    seen = status(policy(), PolicyWorkloads(states={key: refused}))
    ready = condition(seen, "Ready")
    assert ready is not None
    assert ready.reason == "WriteRefused"
    assert ready.message == ("the API server refuses writes to cronjob d9/rosters: admission webhook says no")


def test_an_invalid_policy_is_stalled() -> None:
    seen = status(
        replace(policy(), zone=None, invalid="spec.timeZone: unknown"), policy_workloads(Phase.HELD)
    )
    assert seen.state is PolicyState.INVALID
    assert conditions(seen)["Stalled"] == ("True", "Invalid")


def test_identical_findings_make_an_identical_status() -> None:
    first = status(policy(), policy_workloads(Phase.PAUSED))
    again = status(policy(), policy_workloads(Phase.PAUSED), first, at("2027-07-02T12:00"))
    assert again == first


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    first = status(policy(), policy_workloads(Phase.PAUSING))
    later = status(policy(), policy_workloads(Phase.PAUSED), first, at("2027-07-02T12:00"))
    times = {item.type: item.last_transition_time for item in later.conditions or ()}
    assert times["Ready"] == "2027-07-01T12:00:00Z"
    assert times["Paused"] == "2027-07-02T12:00:00Z"


def test_a_window_makes_one_event_for_each_transition() -> None:
    scheduled = status(policy(), policy_workloads(Phase.SYNCING), now=MARCH)
    pausing = status(policy(), policy_workloads(Phase.PAUSING, written=False), scheduled)
    paused = status(policy(), policy_workloads(Phase.PAUSED), pausing)
    autumn = at("2027-09-01T12:00")
    resuming = status(policy(), policy_workloads(Phase.PAUSED, Phase.RESUMING, written=False), paused, autumn)
    over = status(policy(), policy_workloads(Phase.SYNCING), resuming, autumn)
    steps = [scheduled, pausing, paused, resuming, over]
    events = [
        [item.reason for item in announce(before, after)]
        for before, after in zip(steps, [*steps[1:], over], strict=True)
    ]
    assert events == [["WindowOpened"], ["Paused"], ["WindowEnded"], ["Resumed"], []]


def test_an_unknown_name_makes_one_event() -> None:
    first = status(policy(schools=["lincon"]), policy_workloads(unknown=["school lincon"]))
    events = list(announce(PolicyStatus(), first, ["school lincon"]))
    assert [item.reason for item in events if item.type == "Warning"] == ["UnknownName"]
    assert list(announce(first, first, ["school lincon"])) == []
