"""The status of a school: state, days, applications, conditions and Events."""

from __future__ import annotations

from typing import Any

import pytest

from builders import at, ingest, policy, policy_set, sync
from syncpause.api import names
from syncpause.api.school import SchoolState, SchoolStatus
from syncpause.domain.decision.decide import decide
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.status.announcements import announce_school
from syncpause.domain.status.phase import is_written, phase_of
from syncpause.domain.status.school_status import Member, school_status
from syncpause.domain.workload import Workload

JULY = at("2027-07-01T12:00")
MARCH = at("2027-03-01T12:00")
PAUSED_IN_JUNE = {
    names.RESTORE_SUSPEND: "false",
    names.RESTORE_DEADLINE: "none",
    names.PAUSED_AT: "2027-06-15T05:00:01Z",
}
NOTHING = SchoolStatus()


def paused(name: str = "rosters", **fields: Any) -> Workload:
    return sync(
        name,
        suspend=True,
        deadline=0,
        annotations=PAUSED_IN_JUNE,
        labels={names.STATE_LABEL: names.STATE_PAUSED},
        **fields,
    )


def status(
    policies: PolicySet,
    *workloads: Workload,
    now: Any = JULY,
    before: SchoolStatus = NOTHING,
    running: int = 0,
    refused: str = "",
) -> SchoolStatus:
    members = []
    for workload in workloads:
        decision = decide(policies, workload, now)
        phase = phase_of(workload, decision, running)
        members.append(Member(workload, decision, phase, running, is_written(workload, decision), refused))
    return school_status(policies, members, before, 1, now)


def condition(found: SchoolStatus, type_: str) -> tuple[str, str]:
    return next((item.status, item.reason) for item in found.conditions or () if item.type == type_)


def test_a_paused_school_shows_its_days_and_its_next_transition() -> None:
    found = status(policy_set(policy("summer")), paused())
    assert found.state is SchoolState.PAUSED
    assert (found.since, found.until) == ("2027-06-15", "2027-08-09")
    assert (found.policy, found.next) == ("spp/summer", "Resume 2027-08-10 00:00 CDT")
    assert found.restore == {"cronjob/rosters": "suspend=false startingDeadlineSeconds=none"}
    assert condition(found, "Paused") == ("True", "Paused")
    assert condition(found, "Ready") == ("True", "Paused")


def test_since_is_the_schools_own_day() -> None:
    """Half past four in the morning in Chicago is another day's evening in Honolulu."""
    late = {**PAUSED_IN_JUNE, names.PAUSED_AT: "2027-06-15T04:30:00Z"}
    workload = sync(suspend=True, deadline=0, annotations=late, labels={names.STATE_LABEL: "paused"})
    assert status(policy_set(policy("summer")), workload).since == "2027-06-14"


def test_a_school_is_pausing_until_nothing_runs() -> None:
    found = status(policy_set(policy("summer")), paused(), running=2)
    assert found.state is SchoolState.PAUSING
    assert found.applications is not None
    assert found.applications[0].running == 2
    assert condition(found, "Paused") == ("False", "Pausing")


def test_an_exempt_application_leaves_the_school_paused() -> None:
    exemption = {"name": "e", "applications": ["summer-rosters"], "reason": "ticket", "until": "2027-07-20"}
    summer = sync("summer-rosters", application="summer-rosters")
    found = status(policy_set(policy("summer", exemptions=[exemption])), paused(), summer)
    assert found.state is SchoolState.PAUSED
    assert found.summary is not None
    assert found.summary.applications == "1 paused, 1 exempt"
    assert found.summary.by_name == "rosters Paused, summer-rosters Exempt"
    assert found.next == "Pause 2027-07-21 00:00 CDT"
    exempted = [item.exemption.by for item in found.applications or () if item.exemption]
    assert exempted == ["spp/summer, e"]


def test_all_exempt_is_exempt_and_half_an_application_is_mixed() -> None:
    everyone = {"name": "e", "schools": ["lincoln"], "reason": "ticket"}
    assert (
        status(policy_set(policy("p", exemptions=[everyone])), sync(), ingest()).state is SchoolState.EXEMPT
    )
    half = sync("other", annotations={names.EXEMPT: "just this one"})
    found = status(policy_set(policy("p")), paused(), half)
    assert found.state is SchoolState.MIXED
    assert [item.exemption.by for item in found.applications or () if item.exemption] == ["cronjob/other"]


def test_workloads_without_an_application_are_listed_under_none() -> None:
    found = status(policy_set(), ingest(), now=MARCH)
    assert [item.name for item in found.applications or ()] == ["(none)"]
    assert (found.state, found.policy, found.next, found.until) == (SchoolState.SYNCING, None, None, None)
    assert found.time_zone == "UTC"


def test_a_school_without_a_policy_has_its_namespaces_zone() -> None:
    assert status(policy_set(d9="Asia/Tokyo"), sync(), now=MARCH).time_zone == "Asia/Tokyo"
    assert status(policy_set(d9="Mars/Olympus"), sync(), now=MARCH).time_zone == "UTC"


def test_held_workloads_show_what_they_do_and_the_school_is_stalled() -> None:
    unreadable = PolicySet(unreadable="policies cannot be read")
    found = status(unreadable, paused())
    assert found.state is SchoolState.PAUSED
    assert condition(found, "Stalled") == ("True", "Held")
    assert status(unreadable, sync()).state is SchoolState.SYNCING


def test_a_refused_write_is_reported_with_the_api_servers_message() -> None:
    found = status(policy_set(policy("summer")), sync(), refused="denied by quota")
    ready = next(item for item in found.conditions or () if item.type == "Ready")
    assert (ready.status, ready.reason) == ("False", "WriteRefused")
    assert "cronjob d9/rosters: denied by quota" in ready.message


def test_a_school_is_reconciling_until_all_is_written() -> None:
    found = status(policy_set(policy("summer")), sync())
    assert condition(found, "Reconciling") == ("True", "Progressing")
    assert condition(found, "Ready") == ("False", "Progressing")


def test_an_unchanged_school_keeps_its_status() -> None:
    summer = policy_set(policy("summer"))
    first = status(summer, paused(), now=JULY)
    assert status(summer, paused(), now=at("2027-07-20T00:00"), before=first) == first
    syncing = status(summer, sync(), now=MARCH)
    assert status(summer, sync(), now=at("2027-04-20T00:00"), before=syncing) == syncing


def test_a_copy_outlives_the_annotations_that_were_stripped() -> None:
    summer = policy_set(policy("summer"))
    before = status(summer, paused())
    lost = sync(suspend=True, deadline=0, labels={names.STATE_LABEL: names.STATE_PAUSED})
    assert status(summer, lost, before=before).restore == before.restore
    stripped = sync(suspend=True, deadline=0)
    assert status(summer, stripped, before=before).restore == before.restore
    assert status(summer, sync(), before=before).restore is None


@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        (SchoolState.SYNCING, SchoolState.PAUSED, ["Paused"]),
        (SchoolState.PAUSED, SchoolState.SYNCING, ["Resumed"]),
        (SchoolState.RESUMING, SchoolState.SYNCING, ["Resumed"]),
        (SchoolState.PAUSED, SchoolState.EXEMPT, ["Exempt"]),
        (None, SchoolState.SYNCING, []),
        (SchoolState.SYNCING, SchoolState.PAUSING, []),
    ],
)
def test_transitions_are_announced_once(
    before: SchoolState | None, after: SchoolState, reasons: list[str]
) -> None:
    def of(state: SchoolState | None) -> SchoolStatus:
        held = "True" if state is SchoolState.PAUSED else "False"
        stamp = {"type": "Paused", "status": held, "reason": "x", "lastTransitionTime": "t"}
        return SchoolStatus.from_json({"state": state, "conditions": [stamp]})

    assert [item.reason for item in announce_school(of(before), of(after))] == reasons
    assert list(announce_school(of(after), of(after))) == []
