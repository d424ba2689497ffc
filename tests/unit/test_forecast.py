"""A preview lists exactly the changes of the operator's decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from builders import at, cluster_policy, ingest, policy, policy_set, sync
from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.preview.forecast import compare

JULY = at("2027-07-01T12:00")
SCHOOLS = [sync(), ingest(), sync("grades", application="grades"), sync("other", school="roosevelt")]


def on(instant: datetime) -> Any:
    return lambda _zone: instant


def test_the_same_policies_change_nothing() -> None:
    here = policy_set(cluster_policy())
    assert compare(here, here, SCHOOLS, on(JULY)) == []


def test_a_new_policy_lists_what_pauses_why_and_the_next_transition() -> None:
    (change,) = compare(policy_set(), policy_set(policy("own", schools=["lincoln"])), SCHOOLS, on(JULY))
    assert (change.school, str(change.before.state), str(change.after.state)) == (
        "lincoln",
        "Syncing",
        "Paused",
    )
    assert len(change.pauses) == 3
    assert change.resumes == ()
    assert change.before.next is None
    assert str(change.after.next) == "Resume 2027-08-10 00:00 CDT"
    assert change.after.why.startswith("paused by spp/own")


def test_other_dates_change_the_next_transition_though_nothing_changes_now() -> None:
    march = at("2027-03-01T00:00")
    other = cluster_policy(windows=[{"name": "summer", "firstDay": "06-12", "lastDay": "08-09"}])
    first, second = compare(policy_set(cluster_policy()), policy_set(other), SCHOOLS, on(march))
    assert (first.school, second.school) == ("lincoln", "roosevelt")
    assert first.pauses == first.resumes == ()
    assert [str(item.next) for item in (first.before, first.after)] == [
        "Pause 2027-06-15 00:00 CDT",
        "Pause 2027-06-12 00:00 CDT",
    ]


def test_a_day_begins_at_each_schools_own_midnight() -> None:
    zones: list[ZoneInfo] = []

    def midnight(zone: ZoneInfo) -> datetime:
        zones.append(zone)
        return JULY

    compare(policy_set(), policy_set(policy("own", timeZone="Asia/Tokyo")), SCHOOLS[:1], midnight)
    assert zones[-1].key == "Asia/Tokyo"


days = st.integers(min_value=1, max_value=28).map(lambda day: f"2027-07-{day:02}")
windows = st.lists(st.tuples(days, days), max_size=2)


def _policies(pairs: list[tuple[str, str]]) -> PolicySet:
    spans = [{"name": f"w{n}", "firstDay": min(p), "lastDay": max(p)} for n, p in enumerate(pairs)]
    return policy_set(policy("own", schools=["lincoln"], windows=spans))


@given(windows, windows, days)
def test_a_pause_or_resume_is_listed_exactly_where_the_decisions_differ(
    before: list[tuple[str, str]], after: list[tuple[str, str]], day: str
) -> None:
    old, new, instant = _policies(before), _policies(after), at(f"{day}T12:00")
    listed = {
        item.key: kind
        for change in compare(old, new, SCHOOLS, on(instant))
        for kind, items in (("pause", change.pauses), ("resume", change.resumes))
        for item in items
    }
    for workload in SCHOOLS:
        desired_states = [
            decide(here, workload, instant).desired_state is DesiredState.PAUSE for here in (old, new)
        ]
        expected = {(False, True): "pause", (True, False): "resume"}.get(
            (desired_states[0], desired_states[1])
        )
        assert listed.get(workload.key) == expected
