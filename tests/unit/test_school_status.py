"""A school's line: what it says of its state, its days, its applications and what comes next."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import at, ingest, policy, policy_set, sync
from syncpause.api import names
from syncpause.api.school import SchoolState, SchoolStatus
from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.school import object_name
from syncpause.domain.status.announcements import announce_school
from syncpause.domain.status.phase import phase_of, written
from syncpause.domain.status.school_status import Member, school_status
from syncpause.domain.status.transition import MOST_EDGES, NextTransition, next_transition
from syncpause.domain.workload import Workload

JULY = at("2027-07-01T12:00")
MARCH = at("2027-03-01T12:00")
PAUSED_IN_JUNE = {
    names.RESTORE_SUSPEND: "false",
    names.RESTORE_DEADLINE: "none",
    names.PAUSED_AT: "2027-06-15T05:00:01Z",
}
NOTHING = SchoolStatus()
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


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
    world_: PolicySet,
    *workloads: Workload,
    now: Any = JULY,
    before: SchoolStatus = NOTHING,
    running: int = 0,
    refused: str = "",
) -> SchoolStatus:
    members = []
    for workload in workloads:
        decision = decide(world_, workload, now)
        phase = phase_of(workload, decision, running)
        members.append(Member(workload, decision, phase, running, written(workload, decision), refused))
    return school_status(world_, members, before, 1, now)


def following(here: PolicySet, now: Any) -> NextTransition | None:
    """What comes next for one sync of the school."""
    return next_transition(here, [sync()], [decide(here, sync(), now)], now)


def condition(found: SchoolStatus, type_: str) -> tuple[str, str]:
    return next((item.status, item.reason) for item in found.conditions or () if item.type == type_)


def test_a_paused_school_says_since_when_until_when_and_what_comes_next() -> None:
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


def test_pausing_until_nothing_runs_any_more() -> None:
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
    told = [item.exemption.by for item in found.applications or () if item.exemption]
    assert told == ["spp/summer, e"]


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


def test_a_refused_write_is_told_in_the_api_servers_words() -> None:
    found = status(policy_set(policy("summer")), sync(), refused="denied by quota")
    ready = next(item for item in found.conditions or () if item.type == "Ready")
    assert (ready.status, ready.reason) == ("False", "WriteRefused")
    assert "cronjob d9/rosters: denied by quota" in ready.message


def test_what_is_still_to_be_written_is_reconciling() -> None:
    found = status(policy_set(policy("summer")), sync())
    assert condition(found, "Reconciling") == ("True", "Progressing")
    assert condition(found, "Ready") == ("False", "Progressing")


def test_the_same_again_changes_nothing() -> None:
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


def test_what_comes_next_skips_edges_that_change_nothing() -> None:
    """The default's edges mean nothing to a school with its own dates."""
    own = policy("own", schools=["lincoln"], windows=[{"name": "w", "firstDay": "07-01", "lastDay": "07-31"}])
    found = following(policy_set(policy("district"), own), MARCH)
    assert found is not None
    assert str(found) == "Pause 2027-07-01 00:00 CDT"
    never = following(policy_set(policy("district"), policy("own", schools=["lincoln"], windows=[])), MARCH)
    assert never is None
    assert next_transition(policy_set(), [], [], MARCH) is None


def test_a_pause_without_end_is_seen_through_in_a_few_years() -> None:
    """A window of the whole year has an edge each New Year that changes nothing; a far one is still told."""
    whole_year = [{"name": "w", "firstDay": "01-01", "lastDay": "12-31"}]
    assert following(policy_set(policy(windows=whole_year)), MARCH) is None
    far = [{"name": "w", "firstDay": "2041-07-01", "lastDay": "2041-07-31"}]
    assert str(following(policy_set(policy(windows=far)), MARCH)) == "Pause 2041-07-01 00:00 CDT"


days = st.dates(min_value=at("2026-01-01T00:00").date(), max_value=at("2028-12-31T00:00").date())


@given(st.lists(st.tuples(days, days), max_size=4), days)
def test_between_now_and_what_comes_next_nothing_changes(pairs: list[tuple[Any, Any]], today: Any) -> None:
    windows = [
        {"name": f"w{n}", "firstDay": min(pair).isoformat(), "lastDay": max(pair).isoformat()}
        for n, pair in enumerate(pairs)
    ]
    here, now = policy_set(policy("p", windows=windows)), at(f"{today}T12:00")

    def desired_state(instant: Any) -> DesiredState:
        return decide(here, sync(), instant).desired_state

    found = following(here, now)
    edges = sorted({span for window in windows for span in (window["firstDay"], window["lastDay"])})
    assert len(edges) < MOST_EDGES
    later = [at(f"{edge}T12:00") for edge in edges]
    if found is None:
        assert all(desired_state(instant) is desired_state(now) for instant in later if instant > now)
    else:
        assert desired_state(found.at) is not desired_state(now)
        assert all(
            desired_state(instant) is desired_state(now) for instant in later if now < instant < found.at
        )


labels = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", fullmatch=True)


@given(st.lists(labels, unique=True, max_size=30))
def test_every_school_gets_a_valid_name_of_its_own(schools: list[str]) -> None:
    found = [object_name(school) for school in schools]
    assert len(set(found)) == len(schools)
    assert all(SUBDOMAIN.fullmatch(name) and len(name) <= 253 for name in found)


def test_a_valid_name_is_kept_and_a_made_up_one_can_be_nobodys_own() -> None:
    assert object_name("lincoln-high") == "lincoln-high"
    made_up = object_name("Lincoln_High")
    assert re.fullmatch(r"lincoln-high\.[0-9a-f]{16}", made_up)
    assert object_name(made_up) != made_up
    assert object_name("A..B").startswith("a-b.")
