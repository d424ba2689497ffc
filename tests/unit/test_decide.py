"""Which policies govern a workload, rule by rule, and its desired state."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from builders import at, cluster_policy, policy, policy_set, sync
from strategies import instants, policies, workloads
from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.edges import next_edge

JULY = at("2027-07-01T12:00")
MARCH = at("2027-03-01T12:00")
NEVER: list[dict[str, str]] = []
SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]


def desired_state(
    *policies: object, now: object = JULY, workload: object = None, **namespaces: str | None
) -> DesiredState:
    return decide(policy_set(*policies, **namespaces), workload or sync(), now).desired_state  # type: ignore[arg-type]


def test_the_default_pauses_every_school_from_june_15_to_august_9() -> None:
    default = cluster_policy()
    assert desired_state(default, now=at("2027-06-15T04:59")) is DesiredState.SYNC
    assert desired_state(default, now=at("2027-06-15T05:00")) is DesiredState.PAUSE
    assert desired_state(default, now=at("2027-08-10T04:59")) is DesiredState.PAUSE
    assert desired_state(default, now=at("2027-08-10T05:00")) is DesiredState.SYNC


def test_without_a_policy_nothing_is_paused() -> None:
    assert desired_state() is DesiredState.UNGOVERNED


def test_own_dates_replace_the_default() -> None:
    own = policy(schools=["lincoln"], windows=SPRING)
    assert desired_state(cluster_policy(), own) is DesiredState.SYNC
    assert desired_state(cluster_policy(), own, now=MARCH) is DesiredState.PAUSE


def test_a_districts_dates_give_way_to_the_schools_own() -> None:
    district = policy("district", windows=SPRING)
    own = policy("own", schools=["lincoln"], windows=NEVER)
    assert desired_state(district, now=MARCH) is DesiredState.PAUSE
    assert desired_state(district, own, now=MARCH) is DesiredState.SYNC
    assert desired_state(district, own, now=MARCH, workload=sync(school="roosevelt")) is DesiredState.PAUSE


def test_no_windows_means_never_paused_and_still_replaces_the_default() -> None:
    assert desired_state(cluster_policy(), policy(windows=NEVER)) is DesiredState.SYNC


def test_policies_of_one_level_add_up() -> None:
    first, second = policy("a", windows=SPRING), policy("b")
    assert desired_state(first, second, now=MARCH) is DesiredState.PAUSE
    assert desired_state(first, second) is DesiredState.PAUSE


def test_a_freeze_beats_own_dates_and_the_exempt_annotation() -> None:
    freeze = cluster_policy("freeze", enforcement="Enforced")
    exempt = sync(annotations={"syncpause.dev/exempt": "summer school"})
    assert desired_state(freeze, policy(schools=["lincoln"], windows=NEVER)) is DesiredState.PAUSE
    assert desired_state(freeze, workload=exempt) is DesiredState.PAUSE


def test_only_its_own_exemption_lifts_a_freeze_and_then_the_other_rules_decide() -> None:
    exemption = {"name": "x", "schools": ["lincoln"], "reason": "agreed"}
    freeze = cluster_policy("freeze", enforcement="Enforced", exemptions=[exemption])
    assert desired_state(freeze) is DesiredState.UNGOVERNED
    assert desired_state(freeze, cluster_policy()) is DesiredState.PAUSE


def test_an_exemption_leaves_one_application_running_on_its_days() -> None:
    exemption = {
        "name": "summer",
        "applications": ["rosters"],
        "from": "2027-06-20",
        "until": "2027-07-20",
        "reason": "ticket 4711",
    }
    own = policy(exemptions=[exemption])
    decision = decide(policy_set(own), sync(), JULY)
    assert decision.desired_state is DesiredState.EXEMPT
    assert "ticket 4711" in decision.reason
    assert desired_state(own, workload=sync(application="grades")) is DesiredState.PAUSE
    assert desired_state(own, now=at("2027-06-19T12:00")) is DesiredState.PAUSE
    assert desired_state(own, now=at("2027-07-21T05:00")) is DesiredState.PAUSE
    assert desired_state(own, now=at("2027-07-21T04:59")) is DesiredState.EXEMPT


def test_every_open_policy_of_the_level_must_exempt() -> None:
    exemption = {"name": "x", "schools": ["lincoln"], "reason": "agreed"}
    assert desired_state(policy("a", exemptions=[exemption]), policy("b")) is DesiredState.PAUSE


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ticket 1", DesiredState.EXEMPT), ("  ", DesiredState.PAUSE), ("false", DesiredState.PAUSE)],
)
def test_the_exempt_annotation_needs_a_reason(text: str, expected: DesiredState) -> None:
    assert desired_state(policy(), workload=sync(annotations={"syncpause.dev/exempt": text})) is expected


def test_a_dry_run_takes_no_part() -> None:
    assert desired_state(policy(mode="DryRun")) is DesiredState.UNGOVERNED
    assert (
        desired_state(policy(mode="DryRun", schools=["lincoln"], windows=NEVER), cluster_policy())
        is DesiredState.PAUSE
    )


def test_a_namespace_is_paused_at_its_own_midnight() -> None:
    default = cluster_policy(timeZone="America/New_York")
    midnight_in_new_york = at("2027-06-15T04:30")
    assert desired_state(default, now=midnight_in_new_york) is DesiredState.PAUSE
    assert desired_state(default, now=midnight_in_new_york, d9="America/Denver") is DesiredState.SYNC
    assert desired_state(default, now=at("2027-06-15T06:00"), d9="America/Denver") is DesiredState.PAUSE


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "x" * 40_000])
def test_an_unknown_zone_of_a_namespace_pauses_by_the_policys_own_and_resumes_nothing(zone: str) -> None:
    known = policy_set(cluster_policy(), d9=zone)
    opens = next_edge(known, "d9", "lincoln", MARCH)
    assert opens == at("2027-06-15T05:00"), "the edges are those of the policy's own zone"
    before = decide(known, sync(), opens - timedelta(seconds=1))
    assert before.desired_state is DesiredState.HOLD
    decision = decide(known, sync(), opens)
    assert decision.desired_state is DesiredState.PAUSE
    assert "namespace d9" in decision.doubt
    assert decide(known, sync(), at("2027-08-10T05:00")).desired_state is DesiredState.HOLD


def test_an_exemption_in_a_namespace_with_an_unknown_zone_holds() -> None:
    exemption = {"name": "x", "schools": ["lincoln"], "reason": "agreed"}
    known = policy_set(cluster_policy(exemptions=[exemption]), d9="Mars/Olympus")
    assert decide(known, sync(), JULY).desired_state is DesiredState.HOLD
    exempt = sync(school="roosevelt", annotations={"syncpause.dev/exempt": "summer school"})
    assert decide(known, exempt, JULY).desired_state is DesiredState.HOLD


def test_a_policy_of_a_namespace_that_is_not_read_yet_pauses_and_one_of_the_cluster_holds() -> None:
    new = sync(namespace="new")
    assert decide(policy_set(cluster_policy()), new, JULY).desired_state is DesiredState.HOLD
    own = policy(namespace="new")
    assert decide(policy_set(cluster_policy(), own), new, JULY).desired_state is DesiredState.PAUSE


def test_an_invalid_policy_holds_what_it_governs_and_nothing_else() -> None:
    broken = replace(policy(schools=["lincoln"]), zone=None, invalid="spec.timeZone: unknown")
    assert desired_state(broken, cluster_policy()) is DesiredState.HOLD
    assert desired_state(broken, cluster_policy(), workload=sync(school="roosevelt")) is DesiredState.PAUSE


def test_a_broken_freeze_holds_unless_the_rules_below_pause_anyway() -> None:
    broken = replace(cluster_policy("freeze", enforcement="Enforced"), zone=None, invalid="?")
    assert desired_state(broken, cluster_policy()) is DesiredState.PAUSE
    assert desired_state(broken, cluster_policy(), now=MARCH) is DesiredState.HOLD


def test_unreadable_policies_pause_as_last_read_and_resume_nothing() -> None:
    assert decide(replace(policy_set(), unreadable="403"), sync(), JULY).desired_state is DesiredState.HOLD
    known = replace(policy_set(cluster_policy()), unreadable="403")
    assert next_edge(known, "d9", "lincoln", MARCH) == at("2027-06-15T05:00")
    assert decide(known, sync(), MARCH).desired_state is DesiredState.HOLD
    decision = decide(known, sync(), JULY)
    assert (decision.desired_state, decision.doubt) == (DesiredState.PAUSE, "403")
    exempt = sync(annotations={"syncpause.dev/exempt": "summer school"})
    assert decide(known, exempt, JULY).desired_state is DesiredState.HOLD


def test_a_policy_that_became_invalid_pauses_by_its_last_valid_form_and_resumes_nothing() -> None:
    valid = policy(schools=["lincoln"])
    broken = replace(valid, zone=None, windows=(), schools=frozenset(["roosevelt"]), invalid="?")
    known = replace(policy_set(broken), before=(policy_set(valid.as_last_valid("?")),))
    assert next_edge(known, "d9", "lincoln", MARCH) == at("2027-06-15T05:00")
    found = {
        (school, when): decide(known, sync(school=school), when).desired_state
        for school in ("lincoln", "roosevelt", "franklin")
        for when in (MARCH, JULY)
    }
    assert found == {
        ("lincoln", MARCH): DesiredState.HOLD,
        ("lincoln", JULY): DesiredState.PAUSE,
        ("roosevelt", MARCH): DesiredState.HOLD,
        ("roosevelt", JULY): DesiredState.HOLD,
        ("franklin", MARCH): DesiredState.UNGOVERNED,
        ("franklin", JULY): DesiredState.UNGOVERNED,
    }


def test_a_pause_older_than_the_crd_is_held() -> None:
    marks = {"syncpause.dev/restore-suspend": "false", "syncpause.dev/paused-at": "2027-06-15T05:00:00Z"}
    recreated = replace(policy_set(), api_since=at("2027-06-20T00:00"))
    assert decide(recreated, sync(annotations=marks), JULY).desired_state is DesiredState.HOLD
    assert decide(policy_set(), sync(annotations=marks), JULY).desired_state is DesiredState.UNGOVERNED


def test_a_selector_and_names_are_anded() -> None:
    narrow = policy(schools=["lincoln"], selector={"matchLabels": {"tier": "a"}})
    assert desired_state(narrow) is DesiredState.UNGOVERNED
    assert desired_state(narrow, workload=sync(labels={"tier": "a"})) is DesiredState.PAUSE


def test_a_spread_delays_each_school_within_it_and_only_at_the_end() -> None:
    spread = cluster_policy(resumeSpread="1h")
    ends = set()
    for number in range(50):
        workload = sync(school=f"school-{number}")
        assert desired_state(spread, now=at("2027-06-15T05:00"), workload=workload) is DesiredState.PAUSE
        end = next_edge(policy_set(spread), "d9", f"school-{number}", JULY)
        assert end is not None
        assert at("2027-08-10T05:00") <= end < at("2027-08-10T06:00")
        ends.add(end)
    assert len(ends) > 40


@given(policies, workloads, instants)
def test_every_workload_gets_one_decision_and_a_reason(found: list, workload: object, now: object) -> None:  # type: ignore[type-arg]
    decision = decide(policy_set(*found), workload, now)  # type: ignore[arg-type]
    assert isinstance(decision.desired_state, DesiredState)
    assert len(decision.reason) > 10
    assert (decision.desired_state is DesiredState.PAUSE) == (
        decision.span is not None and decision.desired_state is not DesiredState.EXEMPT
    )
